/* Files that are kept for the next time, in a folder of the user's. Whoever else could write there
 * could make evprof show what is not so: folder and files have to be the user's alone. */
#ifndef SYMBOL_OWN_FOLDER_H
#define SYMBOL_OWN_FOLDER_H

#include <sys/stat.h>
#include <evprof/base.h>

/* A descriptor of the folder, which is made when it is not there (not those above it), or -errno;
 * -EPERM when others can write there. */
int ev_own_folder_open(const char *path);
/* A descriptor for reading, or -errno; -EPERM for what is no regular file of the user's alone.
 * *status is its. */
int ev_own_file_open(int folder, const char *name, struct stat *status);
/* Takes the name's place at once and whole, or not at all: 0 or -errno. */
int ev_own_file_write(int folder, const char *name, const void *bytes, size_t size_bytes);
/* Removes files whose names begin so, those first that were not touched for longest, until the rest
 * has at most so many bytes; never the one called `kept`. */
void ev_own_files_prune(int folder, const char *front, const char *kept, uint64_t limit_bytes);

#endif
