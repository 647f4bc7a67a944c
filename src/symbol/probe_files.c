/* What a person calls a program or library becomes the files that are meant. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "image.h"
#include "probe_files.h"

#define MOST_FILES 1000

static bool is_glob(const char *text)
{
	return strpbrk(text, "*?[");
}

struct search {
	const char *wanted;
	struct ev_arena *arena;
	struct probe_files *files;
	uint16_t machine; /* a library must be of evprof's own kind; 0 = not known */
	bool wide;
	EV_ARRAY(struct stat) seen;
};

/* A regular file that wasn't found yet. */
static bool add(struct search *search, const char *path)
{
	struct stat status;
	char whole[PATH_MAX];
	if (search->files->count >= MOST_FILES || stat(path, &status) || !S_ISREG(status.st_mode) ||
	    !realpath(path, whole))
		return false;
	for (size_t i = 0; i < search->seen.count; i++)
		if (search->seen.items[i].st_ino == status.st_ino &&
		    search->seen.items[i].st_dev == status.st_dev)
			return true;
	*ev_array_add(&search->seen) = status;
	*ev_array_add(search->files) = ev_arena_text(search->arena, whole, strlen(whole));
	return true;
}

static bool is_own_kind(const struct search *search, const char *path)
{
	struct image image;
	if (ev_image_open(&image, path))
		return false;
	bool same = !search->machine ||
		    (image.machine == search->machine && image.wide == search->wide);
	ev_image_close(&image);
	return same;
}

static bool add_library(struct search *search, const char *path)
{
	return is_own_kind(search, path) && add(search, path);
}

/* ---- folders ----------------------------------------------------------------------------------
 */

/* Every file of a folder that the glob matches. */
static void add_matching(struct search *search, const char *folder)
{
	DIR *open = opendir(folder);
	struct dirent *entry;
	while (open && (entry = readdir(open))) {
		if (entry->d_name[0] == '.' || !ev_glob_match_exact(search->wanted, entry->d_name))
			continue;
		char *path = ev_printf("%s/%s", folder, entry->d_name);
		if (is_own_kind(search, path))
			add(search, path);
		free(path);
	}
	if (open)
		closedir(open);
}

/* The folders of a list such as PATH, in order: the first that has the file, or all for a glob. */
static void add_from_folders(struct search *search, const char *folders, bool program)
{
	bool glob_wanted = is_glob(search->wanted);
	while (folders && *folders) {
		size_t length = strcspn(folders, ":");
		char *folder = ev_printf("%.*s", length ? (int)length : 1, length ? folders : ".");
		char *path = ev_printf("%s/%s", folder, search->wanted);
		bool found = false;
		if (glob_wanted)
			add_matching(search, folder);
		else if (program)
			found = !access(path, X_OK) && add(search, path);
		else
			found = add_library(search, path);
		free(path);
		free(folder);
		if (found)
			return;
		folders += length + (folders[length] == ':');
	}
}

/* ---- the loader's cache -----------------------------------------------------------------------
 */

int ev_library_cache_read(const void *cache, size_t size_bytes, ev_take_library take, void *context)
{
	static const char old_magic[] = "ld.so-1.7.0", magic[] = "glibc-ld.so.cache1.1";
	const uint8_t *bytes = cache;
	const size_t old_entry = 12, entry = 24, header = 48;
	size_t start = 0;
	/* An older table may stand in front of the one that counts. */
	if (size_bytes >= 16 && !memcmp(bytes, old_magic, sizeof(old_magic) - 1)) {
		struct ev_cursor at = ev_cursor_of(bytes + 12, 4, false);
		uint64_t count = ev_cursor_u32(&at);
		if (count > size_bytes / old_entry)
			return -EINVAL;
		start = (16 + (size_t)count * old_entry + 7) & ~(size_t)7;
	}
	if (start > size_bytes || size_bytes - start < header ||
	    memcmp(bytes + start, magic, sizeof(magic) - 1))
		return -EINVAL;
	struct ev_cursor at = ev_cursor_of(bytes + start, size_bytes - start, false);
	ev_cursor_skip(&at, sizeof(magic) - 1);
	uint32_t count = ev_cursor_u32(&at);
	ev_cursor_skip(&at, header - (sizeof(magic) - 1) - 4);
	if (count > ev_cursor_left(&at) / entry)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		ev_cursor_skip(&at, 4); /* flags: the file itself tells what it is */
		uint64_t name_at = ev_cursor_u32(&at), path_at = ev_cursor_u32(&at);
		ev_cursor_skip(&at, entry - 12);
		if (name_at >= size_bytes - start || path_at >= size_bytes - start)
			return -EINVAL;
		struct ev_cursor text =
			ev_cursor_of(bytes + start + name_at, size_bytes - start - name_at, false);
		const char *name = ev_cursor_text(&text);
		text = ev_cursor_of(bytes + start + path_at, size_bytes - start - path_at, false);
		const char *path = ev_cursor_text(&text);
		int rc = name && path ? take(context, name, path) : -EINVAL;
		if (rc)
			return rc;
	}
	return 0;
}

/* libc.so.6 to the letter; "libc" means libc.so and libc.so.N. */
static int consider_library(void *context, const char *name, const char *path)
{
	struct search *search = context;
	size_t length = strlen(search->wanted);
	bool glob_wanted = is_glob(search->wanted);
	bool same = glob_wanted ? ev_glob_match_exact(search->wanted, name)
				: !strncmp(name, search->wanted, length) &&
					  (!name[length] || !strcmp(name + length, ".so") ||
					   !strncmp(name + length, ".so.", 4));
	return same && add_library(search, path) && !glob_wanted;
}

static void add_libraries(struct search *search)
{
	static const char folders[] = "/lib:/usr/lib:/lib64:/usr/lib64:/usr/local/lib"
#ifdef __x86_64__
				      ":/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu"
#elif defined(__aarch64__)
				      ":/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu"
#elif defined(__riscv)
				      ":/lib/riscv64-linux-gnu:/usr/lib/riscv64-linux-gnu"
#endif
		;
	struct image own;
	char *cache;
	size_t size;
	if (!ev_image_open(&own, "/proc/self/exe")) {
		search->machine = own.machine;
		search->wide = own.wide;
		ev_image_close(&own);
	}
	add_from_folders(search, getenv("LD_LIBRARY_PATH"), false);
	if (search->files->count && !is_glob(search->wanted))
		return;
	if (!ev_file_read("/etc/ld.so.cache", &cache, &size)) {
		ev_library_cache_read(cache, size, consider_library, search);
		free(cache);
	}
	if (!search->files->count)
		add_from_folders(search, folders, false);
}

const char *ev_library_find(const char *name, struct ev_arena *arena)
{
	struct probe_files files = { 0 };
	struct search search = { .wanted = name, .arena = arena, .files = &files };
	if (*name == '/')
		add(&search, name);
	else if (!is_glob(name))
		add_libraries(&search);
	const char *found = files.count ? files.items[0] : NULL;
	ev_array_done(&files);
	ev_array_done(&search.seen);
	return found;
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void add_globbed(struct search *search)
{
	glob_t found;
	if (glob(search->wanted, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (is_own_kind(search, found.gl_pathv[i]))
			add(search, found.gl_pathv[i]);
	globfree(&found);
}

int ev_probe_files(const char *wanted, struct ev_arena *arena, struct probe_files *files,
		   struct ev_err *err)
{
	struct search search = { .wanted = wanted, .arena = arena, .files = files };
	bool bare = !strchr(wanted, '/');
	struct stat status;
	if (is_glob(wanted))
		add_globbed(&search);
	else
		add(&search, wanted);
	if (!files->count && bare) {
		add_from_folders(&search, getenv("PATH"), true);
		if (!files->count)
			add_libraries(&search);
	}
	ev_array_done(&search.seen);
	if (files->count)
		return 0;
	const char *shown = ev_text_safe(arena, wanted);
	if (is_glob(wanted))
		return ev_fail(err, ENOENT, "no program or library matches '%s'", shown);
	if (bare && stat(wanted, &status))
		return ev_fail(err, ENOENT,
			       "'%s' is neither a file here, nor a program of PATH, nor a library "
			       "that the loader finds",
			       shown);
	if (stat(wanted, &status))
		return ev_fail(err, errno, "'%s' can not be probed: %s", shown, strerror(errno));
	return ev_fail(err, EINVAL, "'%s' can not be probed: it is no regular file", shown);
}
