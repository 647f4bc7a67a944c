/* Names of cgroups become folders of the hierarchy by which events know them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cgroups.h"

enum { DEEPEST = 64 };

/* ---- the hierarchy ----------------------------------------------------------------------------
 */

/* The kernel writes blanks and backslashes in paths as \040 and the like. */
static void unescape(char *path)
{
	char *to = path;
	for (const char *from = path; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

static bool has_option(const char *options, const char *wanted)
{
	size_t length = strlen(wanted);
	for (const char *at = options; *at;) {
		size_t word = strcspn(at, ",");
		if (word == length && !strncmp(at, wanted, length))
			return true;
		at += word + (at[word] == ',');
	}
	return false;
}

bool ev_cgroup_mount(const char *mounts, char *path, size_t size_bytes)
{
	char *copy = ev_strdup(mounts), *rest;
	bool found = false, first = false;
	for (char *line = strtok_r(copy, "\n", &rest); line && !first;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *words;
		strtok_r(line, " ", &words);
		char *folder = strtok_r(NULL, " ", &words), *type = strtok_r(NULL, " ", &words),
		     *options = strtok_r(NULL, " ", &words);
		if (!options)
			continue;
		/* Mounted as a hierarchy of its own (version 1), perf_event is nowhere else. */
		first = !strcmp(type, "cgroup") && has_option(options, "perf_event");
		if (!first && (found || strcmp(type, "cgroup2")))
			continue;
		unescape(folder);
		found = strlen(folder) < size_bytes;
		snprintf(path, size_bytes, "%s", folder);
	}
	free(copy);
	return found;
}

static int find_mount(char *path, size_t size_bytes, struct ev_err *err)
{
	char *mounts;
	int rc = ev_file_read("/proc/mounts", &mounts, NULL);
	if (rc)
		return ev_fail(err, -rc, "cannot read /proc/mounts: %s", strerror(-rc));
	bool found = ev_cgroup_mount(mounts, path, size_bytes);
	free(mounts);
	return found ? 0
		     : ev_fail(err, ENOENT,
			       "no cgroup hierarchy that events know is mounted here: "
			       "sudo mount -t cgroup2 none /sys/fs/cgroup");
}

int ev_cgroup_open(const char *name, struct ev_err *err)
{
	char mount[4096];
	int rc = find_mount(mount, sizeof(mount), err);
	if (rc)
		return rc;
	name += strspn(name, "/");
	char *path = ev_printf("%s/%s", mount, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = errno;
	if (fd >= 0 && faccessat(fd, "cgroup.procs", F_OK, 0)) {
		error = ENOENT;
		close(fd);
		fd = -1;
	}
	struct ev_arena arena = { 0 };
	if (fd < 0 && error == ENOENT)
		rc = ev_fail(err, error, "there is no cgroup '%s' under %s",
			     ev_text_safe(&arena, name), ev_text_safe(&arena, mount));
	else if (fd < 0)
		rc = ev_fail(err, error, "cannot open the cgroup '%s': %s",
			     ev_text_safe(&arena, name), strerror(error));
	ev_arena_done(&arena);
	free(path);
	return fd < 0 ? rc : fd;
}

/* The process' own folder in the hierarchy: "0::/a/b" of version 2, "3:perf_event:/a/b" of 1. */
static char *cgroup_of(uint32_t pid)
{
	char *path = ev_printf("/proc/%u/cgroup", pid), *text, *rest, *found = NULL;
	int rc = ev_file_read(path, &text, NULL);
	free(path);
	if (rc)
		return NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *list = strchr(line, ':'), *name = list ? strchr(list + 1, ':') : NULL;
		if (!name)
			continue;
		*name++ = 0;
		bool own = has_option(list + 1, "perf_event");
		if (own || (!list[1] && !found)) {
			free(found);
			found = ev_strdup(name);
		}
		if (own)
			break;
	}
	free(text);
	return found;
}

bool ev_process_in_cgroup(uint32_t pid, uint64_t id)
{
	char mount[4096], *name = cgroup_of(pid);
	bool in = false;
	if (name && !find_mount(mount, sizeof(mount), NULL))
		for (bool more = true; more && !in;) {
			struct stat folder;
			char *path = ev_printf("%s%s", mount, name), *slash = strrchr(name, '/');
			in = !stat(path, &folder) && folder.st_ino == id;
			free(path);
			more = *name && slash;
			if (slash)
				*slash = 0;
		}
	free(name);
	return in;
}

/* ---- names by a pattern -----------------------------------------------------------------------
 */

struct walk {
	const regex_t *regex;
	struct ev_arena *arena;
	EV_ARRAY(const char *) names;
};

/* Takes the descriptor. */
static void walk_folder(struct walk *walk, int fd, const char *name, unsigned depth)
{
	DIR *folder = fdopendir(fd);
	if (!folder) {
		close(fd);
		return;
	}
	if (!regexec(walk->regex, name, 0, NULL, 0))
		*ev_array_add(&walk->names) =
			ev_arena_text(walk->arena, *name ? name : "/", strlen(*name ? name : "/"));
	for (struct dirent *entry; depth && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type))
			continue;
		int inner = openat(dirfd(folder), entry->d_name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0)
			continue;
		char *longer = ev_printf("%s%s%s", name, *name ? "/" : "", entry->d_name);
		walk_folder(walk, inner, longer, depth - 1);
		free(longer);
	}
	closedir(folder);
}

static int by_name(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

int ev_cgroup_match(const char *pattern, struct ev_arena *arena, const char ***names, size_t *count,
		    struct ev_err *err)
{
	regex_t regex;
	struct walk walk = { .regex = &regex, .arena = arena };
	char why[128];
	int root = ev_cgroup_open("/", err);
	if (root < 0)
		return root;
	int rc = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (rc) {
		regerror(rc, &regex, why, sizeof(why));
		close(root);
		return ev_fail(err, EINVAL, "'%s' is no regular expression: %s",
			       ev_text_safe(arena, pattern), why);
	}
	walk_folder(&walk, root, "", DEEPEST);
	regfree(&regex);
	if (!walk.names.count)
		return ev_fail(err, ENOENT, "no cgroup matches '%s'", ev_text_safe(arena, pattern));
	qsort(walk.names.items, walk.names.count, sizeof(*walk.names.items), by_name);
	*names = walk.names.items;
	*count = walk.names.count;
	return 0;
}
