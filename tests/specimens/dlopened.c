/* Loads the library named by its first argument while it runs, and spends its time in there. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 300;
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void (*work)(void) = NULL;

	if (library)
		*(void **)&work = dlsym(library, "plugin_work");
	if (!work) {
		fprintf(stderr, "dlopened: %s\n", argc > 1 ? dlerror() : "which library?");
		return 1;
	}
	for (unsigned long i = 0; i < rounds; i++)
		work();
	dlclose(library);
	return 0;
}
