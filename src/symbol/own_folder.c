/* Files in a folder of the user's: opened when they are nobody else's, replaced whole, and removed
 * when there are too many. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "own_folder.h"

static bool is_own(const struct stat *status)
{
	return status->st_uid == geteuid() && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

int ev_own_folder_open(const char *path)
{
	struct stat status;
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && is_own(&status))
		return fd;
	close(fd);
	return -EPERM;
}

int ev_own_file_open(int folder, const char *name, struct stat *status)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, status) && S_ISREG(status->st_mode) && is_own(status))
		return fd;
	close(fd);
	return -EPERM;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size_bytes)
{
	while (size_bytes) {
		ssize_t done = write(fd, bytes, size_bytes);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		size_bytes -= (size_t)done;
	}
	return true;
}

int ev_own_file_write(int folder, const char *name, const void *bytes, size_t size_bytes)
{
	char other[160];
	snprintf(other, sizeof(other), "%s.%d", name, getpid());
	int code = 0,
	    fd = openat(folder, other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (!write_all(fd, bytes, size_bytes) || renameat(folder, other, folder, name)) {
		code = -EIO;
		unlinkat(folder, other, 0);
	}
	close(fd);
	return code;
}

/* ---- what is too much --------------------------------------------------------------------------
 */

struct kept {
	char name[128];
	uint64_t bytes;
	struct timespec touched;
};

static int by_time(const void *one, const void *other)
{
	const struct timespec *a = &((const struct kept *)one)->touched;
	const struct timespec *b = &((const struct kept *)other)->touched;
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? 1 : -1;
	return (a->tv_nsec < b->tv_nsec) - (a->tv_nsec > b->tv_nsec);
}

void ev_own_files_prune(int folder, const char *front, const char *kept, uint64_t limit_bytes)
{
	EV_ARRAY(struct kept) files = { 0 };
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = again < 0 ? NULL : fdopendir(again);
	uint64_t sum = 0;
	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		struct stat status;
		if (strncmp(entry->d_name, front, strlen(front)) ||
		    strlen(entry->d_name) >= sizeof(files.items->name) ||
		    fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!strcmp(entry->d_name, kept)) {
			sum += (uint64_t)status.st_size;
			continue;
		}
		struct kept *file = ev_array_add(&files);
		snprintf(file->name, sizeof(file->name), "%s", entry->d_name);
		file->bytes = (uint64_t)status.st_size;
		file->touched = status.st_mtim;
	}
	if (files.count)
		qsort(files.items, files.count, sizeof(*files.items), by_time);
	for (size_t i = 0; i < files.count; i++) {
		sum += files.items[i].bytes;
		if (sum > limit_bytes)
			unlinkat(folder, files.items[i].name, 0);
	}
	ev_array_done(&files);
	if (entries)
		closedir(entries);
	else if (again >= 0)
		close(again);
}
