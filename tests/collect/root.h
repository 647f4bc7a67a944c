/* The files of an imaginary machine under a new folder, and their removal. */
#ifndef TESTS_COLLECT_ROOT_H
#define TESTS_COLLECT_ROOT_H

#include <ftw.h>
#include <sys/stat.h>
#include "described.h"
#include "live.h"

static char root[64];

static inline void put(const char *path, const char *text)
{
	described_file(root, path, text);
}

static inline int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/evprof-machine-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static inline int delete_one(const char *path, const struct stat *status, int kind,
			     struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(path);
}

static inline int delete_root(void **state)
{
	(void)state;
	return nftw(root, delete_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
