/* The name of a command becomes the file that is executed, and the programs that are in its place:
 * the first is the file itself, and where that is a script the next is what it names. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/base.h>
#include "command_programs.h"

enum { SCRIPTS_MAX = 4 }; /* the kernel's limit: scripts that scripts name */

char *command_find(const char *name)
{
	const char *search = getenv("PATH");
	if (strchr(name, '/') || !search)
		return access(name, X_OK) ? NULL : ev_strdup(name);
	for (const char *at = search; *at; at += *at == ':') {
		size_t length = strcspn(at, ":"); /* 0: the current folder */
		char *path = ev_printf("%.*s%s%s", (int)length, at, length ? "/" : "./", name);
		if (!access(path, X_OK))
			return path;
		free(path);
		at += length;
	}
	return NULL;
}

bool command_script_line(const char *path, char *line, size_t room_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, line, room_bytes - 1);
	if (fd >= 0)
		close(fd);
	if (length < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[length] = 0;
	line[strcspn(line, "\n")] = 0;
	memmove(line, line + 2, strlen(line + 2) + 1);
	return true;
}

void command_programs(const char *name, void (*take)(void *context, const char *path),
		      void *context)
{
	char line[256], *rest;
	char *path = command_find(name);
	for (unsigned i = 0; path && i < SCRIPTS_MAX; i++) {
		take(context, path);
		const char *next = NULL;
		if (command_script_line(path, line, sizeof(line))) {
			next = strtok_r(line, " \t", &rest);
			const char *base = next ? strrchr(next, '/') : NULL;
			if (base && !strcmp(base, "/env")) {
				take(context, next);
				next = strtok_r(NULL, " \t", &rest);
			}
		}
		free(path);
		path = next ? command_find(next) : NULL;
	}
	free(path);
}
