/* The mappings of a process -> where its Python interpreter is, and of which version. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <evprof/collect_stopped.h>
#include "synthesize.h"

struct search {
	uint32_t pid;
	char program[4096]; /* its executable, as maps have it */
	const char *maps;
	char found[4096];
	struct ev_python_file file;
	uint64_t bias;         /* address in memory less that in the file */
	uint32_t path_version; /* as far as names of mapped files tell it */
	uint64_t last_inode;
	int trouble;   /* of a file that looked like it, -errno */
	bool stripped; /* a file has such a name, but does not say where its interpreter is */
};

/* Opens what is mapped, not what has its name by now. */
static int read_mapped(const struct search *search, const struct ev_mmap *mmap,
		       struct ev_python_file *file)
{
	char path[4400];
	struct stat status;
	snprintf(path, sizeof(path), "/proc/%u/root%s", search->pid, mmap->path);
	if (!stat(path, &status) && status.st_ino == mmap->inode)
		return ev_python_file_read(path, file);
	if (!strcmp(mmap->path, search->program))
		snprintf(path, sizeof(path), "/proc/%u/exe", search->pid);
	else
		snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, search->pid,
			 mmap->start, mmap->start + mmap->length);
	return ev_python_file_read(path, file);
}

static void look_at(struct search *search, const struct ev_mmap *mmap)
{
	struct ev_python_file file;
	const char *name = strrchr(mmap->path, '/');
	uint32_t version = ev_python_path_version(mmap->path);
	if (!name || (!strstr(name, "python") && strcmp(mmap->path, search->program)) ||
	    mmap->inode == search->last_inode)
		return;
	search->last_inode = mmap->inode;
	int rc = read_mapped(search, mmap, &file);
	if (rc == -ENOENT)
		search->stripped |=
			!strncmp(name, "/python", 7) || !strncmp(name, "/libpython", 10);
	else if (rc)
		search->trouble = rc;
	if (rc || mmap->file_offset != (file.load_offset & ~(uint64_t)4095))
		return;
	/* A library's before a program's: that may hold a copy of the symbol. */
	if (search->found[0] && !strcmp(mmap->path, search->program))
		return;
	snprintf(search->found, sizeof(search->found), "%s", mmap->path);
	search->file = file;
	search->bias = mmap->start + file.load_offset - mmap->file_offset - file.load_address;
	if (version)
		search->path_version = version;
}

/* What is mapped beside a program that does not tell its version: its own modules. */
static void search_maps(struct search *search)
{
	char path[4096];
	struct ev_mmap mmap;
	uint32_t version = 0;
	for (const char *line = search->maps, *end; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		if (!ev_maps_parse(line, (size_t)(end - line), &mmap, path, sizeof(path)) ||
		    mmap.path[0] != '/' || !mmap.inode)
			continue;
		look_at(search, &mmap);
		if (!version && strstr(path, ".cpython-"))
			version = ev_python_path_version(path);
	}
	if (!search->path_version)
		search->path_version = version;
}

static int answer(const struct search *search, struct ev_python_runtime *runtime,
		  struct ev_err *err)
{
	uint32_t pid = search->pid, version = search->path_version;
	const struct ev_python_file *file = &search->file;
	if (file->python2)
		return ev_fail(err, ENOTSUP,
			       "it is Python 2, whose frames are not read; those of "
			       "CPython " EV_PYTHON_VERSIONS " are");
	if (file->old)
		return ev_fail(err, ENOTSUP,
			       "it is a Python before 3.7, whose frames are not read; those of "
			       "CPython " EV_PYTHON_VERSIONS " are");
	if (file->version &&
	    ev_process_memory(&pid, file->version + search->bias, &version, sizeof(version)))
		return ev_fail(err, EFAULT, "the memory of its interpreter can't be read");
	if (!version)
		return ev_fail(err, ENOTSUP,
			       "which version of Python it is can't be told from '%s', and none is "
			       "guessed",
			       search->found);
	*runtime = (struct ev_python_runtime){
		.version = version,
		.address = file->runtime + search->bias,
		.code_type = file->code_type ? file->code_type + search->bias : 0,
		.range_count = file->range_count,
	};
	for (uint32_t i = 0; i < file->range_count; i++) {
		runtime->ranges[i] = file->ranges[i];
		runtime->ranges[i].start += search->bias;
		runtime->ranges[i].end += search->bias;
	}
	return 0;
}

int ev_python_find(uint32_t pid, struct ev_python_runtime *runtime, char *path, size_t path_bytes,
		   struct ev_err *err)
{
	char link[64], *maps;
	struct search *search = ev_alloc(sizeof(*search));
	search->pid = pid;
	snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	ssize_t length = readlink(link, search->program, sizeof(search->program) - 1);
	search->program[length > 0 ? length : 0] = 0;
	snprintf(link, sizeof(link), "/proc/%u/maps", pid);
	int rc = ev_file_read(link, &maps, NULL);
	if (rc) {
		free(search);
		return ev_fail(err, -rc, "its mappings can't be read: %s", strerror(-rc));
	}
	search->maps = maps;
	search_maps(search);
	snprintf(path, path_bytes, "%s", search->found);
	if (search->found[0])
		rc = answer(search, runtime, err);
	else if (search->trouble == -ENOTSUP)
		rc = ev_fail(err, ENOTSUP, "its Python is of another kind of machine");
	else if (search->stripped)
		rc = ev_fail(err, ENOTSUP,
			     "it looks like Python, but does not tell where its interpreter is: no "
			     "_PyRuntime is among its symbols");
	else
		rc = -ENOENT;
	free(maps);
	free(search);
	return rc;
}
