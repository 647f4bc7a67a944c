/* A folder of its own for a test, and programs compiled into it. */
#ifndef TESTS_SYMBOL_COMPILED_H
#define TESTS_SYMBOL_COMPILED_H

#include <ftw.h>
#include <unistd.h>
#include "records.h"

struct folder {
	char path[64];
};

static inline int folder_make(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	strcpy(folder->path, "/tmp/evprof-test-XXXXXX");
	if (!folder || !mkdtemp(folder->path))
		return -1;
	*state = folder;
	return 0;
}

static inline int folder_remove_one(const char *path, const struct stat *status, int type,
				    struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

static inline int folder_remove(void **state)
{
	struct folder *folder = *state;
	nftw(folder->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(folder);
	return 0;
}

/* Path of a file in the folder; good until four more were asked for. */
static inline const char *in_folder(void **state, const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, 256, "%s/%s", ((struct folder *)*state)->path, name);
	return path;
}

static inline void write_file(const char *path, const void *bytes, size_t size_bytes)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size_bytes, file), size_bytes);
	assert_int_equal(fclose(file), 0);
}

static inline bool has_program(const char *name)
{
	char *command = ev_printf("command -v %s >/dev/null 2>&1", name);
	bool found = !system(command);
	free(command);
	return found;
}

#define needs_program(name)                                                                        \
	do {                                                                                       \
		if (!has_program(name)) {                                                          \
			print_message("SKIP %s: %s is not installed\n", __func__, name);           \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* Run a shell command inside the folder; it must succeed. */
static inline void run_in(void **state, const char *command)
{
	char *whole =
		ev_printf("cd %s && { %s; } >log 2>&1", ((struct folder *)*state)->path, command);
	int status = system(whole);
	if (status)
		print_message("failed: %s\n", whole);
	free(whole);
	assert_int_equal(status, 0);
}

/* First line that a shell command prints inside the folder. */
static inline void output_of(void **state, const char *command, char *line, int size)
{
	char *whole = ev_printf("cd %s && { %s; }", ((struct folder *)*state)->path, command);
	FILE *pipe = popen(whole, "r");
	assert_non_null(pipe);
	*line = 0;
	if (fgets(line, size, pipe))
		line[strcspn(line, "\n")] = 0;
	pclose(pipe);
	free(whole);
}

#endif
