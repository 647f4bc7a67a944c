/* Touches memory in two ways: first_touch takes a page fault for every page of a fresh mapping,
 * touch_again walks over pages that are already there. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUNCTION static __attribute__((noinline))

FUNCTION void first_touch(volatile char *memory, size_t size_bytes, size_t page_bytes)
{
	for (size_t at = 0; at < size_bytes; at += page_bytes)
		memory[at] = 1;
}

FUNCTION void touch_again(volatile char *memory, size_t size_bytes, size_t page_bytes)
{
	for (size_t at = 0; at < size_bytes; at += page_bytes)
		memory[at] = 2;
}

int main(int argc, char **argv)
{
	char *end = "";
	unsigned long megabytes = argc > 1 ? strtoul(argv[1], &end, 10) : 64;

	if (argc > 2 || *end || megabytes < 1 || megabytes > 65536) {
		fputs("usage: pagefaults [megabytes]\n", stderr);
		return 2;
	}
	size_t size_bytes = megabytes << 20, page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("pagefaults");
		return 1;
	}
	/* Small pages, so that the number of faults is the number of pages. */
	madvise(memory, size_bytes, MADV_NOHUGEPAGE);
	first_touch(memory, size_bytes, page_bytes);
	for (int i = 0; i < 10; i++)
		touch_again(memory, size_bytes, page_bytes);
	munmap(memory, size_bytes);
	printf("%zu pages touched\n", size_bytes / page_bytes);
	return 0;
}
