/* A command line -> whether it is a Python program: by the interpreter in its file, by the first
 * line of a script, or by its name. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "record_agent.h"

enum { LINE_MAX_BYTES = 512 };

/* "python", "python3.11", "pypy" is none. */
static bool is_python_name(const char *path)
{
	const char *name = strrchr(path, '/');
	name = name ? name + 1 : path;
	if (strncmp(name, "python", 6))
		return false;
	for (name += 6; isdigit((unsigned char)*name) || *name == '.'; name++)
		;
	return !*name || !strcmp(name, "d") || !strcmp(name, "-dbg");
}

/* As execvp(3) would find it; false when it would not. */
static bool find_program(const char *name, char *path, size_t size_bytes)
{
	const char *folders = getenv("PATH");
	if (strchr(name, '/'))
		return (size_t)snprintf(path, size_bytes, "%s", name) < size_bytes;
	for (const char *at = folders ? folders : "/bin:/usr/bin", *end; *at;
	     at = *end ? end + 1 : end) {
		end = strchrnul(at, ':');
		int length = snprintf(path, size_bytes, "%.*s/%s", (int)(end - at), at, name);
		if (end > at && (size_t)length < size_bytes && !access(path, X_OK))
			return true;
	}
	return false;
}

/* "#!/usr/bin/python3 -s", "#!/usr/bin/env -S python3 -s" */
static bool is_python_script(const char *path)
{
	char line[LINE_MAX_BYTES], *rest = line + 2, *word;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	if (fd >= 0)
		close(fd);
	if (got < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[got] = 0;
	rest[strcspn(rest, "\n")] = 0;
	word = strsep(&rest, " \t");
	while (word && !*word)
		word = strsep(&rest, " \t");
	if (!word)
		return false;
	const char *name = strrchr(word, '/');
	if (strcmp(name ? name + 1 : word, "env"))
		return is_python_name(word);
	while ((word = strsep(&rest, " \t")))
		if (*word && *word != '-' && !strchr(word, '='))
			return is_python_name(word);
	return false;
}

bool record_command_is_python(char *const *command)
{
	char path[4096];
	struct ev_python_file file;
	if (is_python_name(command[0]))
		return true;
	if (!find_program(command[0], path, sizeof(path)))
		return false;
	return is_python_script(path) || (!ev_python_file_read(path, &file) && file.runtime);
}
