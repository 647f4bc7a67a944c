/* Files of an imaginary machine below a folder. */
#ifndef TESTS_DESCRIBED_H
#define TESTS_DESCRIBED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Writes one with the folders above it, below `root`. Gives up the program where it cannot. */
static inline void described_file(const char *root, const char *path, const char *text)
{
	char whole[512];
	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(whole, 0777);
		*slash = '/';
	}
	FILE *file = fopen(whole, "w");
	if (!file || fputs(text, file) < 0 || fclose(file)) {
		perror(whole);
		abort();
	}
}

#endif
