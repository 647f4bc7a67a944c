/* The list of the kernel's symbols becomes the extents of a few of its functions. */
#include <stdlib.h>
#include <string.h>
#include "kernel_functions.h"

/* "ffffffff813a8510 T try_to_wake_up", perhaps with a module behind it. */
static bool parse(const char *line, uint64_t *address, const char **name, size_t *length)
{
	char *end;
	*address = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !*address || !end[1] || !strchr("tTwW", end[1]) ||
	    end[2] != ' ')
		return false;
	*name = end + 3;
	*length = strcspn(*name, " \t\n");
	return true;
}

static bool is_called(const struct ev_kernel_function *function, const char *name, size_t length)
{
	return !strncmp(function->name, name, length) && !function->name[length];
}

/* Addresses stand in any order: first the beginnings, then what comes next behind each. */
void ev_kernel_functions_find(const char *path, struct ev_kernel_function *functions, size_t count)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	const char *name;
	size_t room = 0, length;
	uint64_t address;
	for (size_t i = 0; i < count; i++)
		functions[i].from = functions[i].to = 0;
	for (int pass = 0; file && pass < 2; pass++) {
		rewind(file);
		while (getline(&line, &room, file) > 0) {
			if (!parse(line, &address, &name, &length))
				continue;
			for (size_t i = 0; i < count; i++) {
				struct ev_kernel_function *function = &functions[i];
				if (!pass && !function->from && is_called(function, name, length))
					function->from = address;
				else if (pass && function->from && address > function->from &&
					 (!function->to || address < function->to))
					function->to = address;
			}
		}
	}
	free(line);
	if (file)
		fclose(file);
}
