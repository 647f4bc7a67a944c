/* Bytes at hand, files and pipes become the same lines, however they are cut into pieces. */
#include <fcntl.h>
#include <unistd.h>
#include "imported.h"

enum { LINES = 100000 };

/* A file without a name, read from its beginning. */
static int file_of(const char *text, size_t length, unsigned times)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fflush(file), 0);
	int fd = dup(fileno(file));
	fclose(file);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void lines_are_whole_and_little_of_a_long_text_is_held(void **state)
{
	static const char text[] = "main;reader;parser (file.py:12) 3\n";
	struct import_source source;
	struct ev_import import = { 0 };
	const char *line;
	size_t length, count = 0;
	(void)state;
	int fd = file_of(text, strlen(text), LINES);
	ev_import_source_file(&source, fd);
	while (ev_import_next(&import, &source, &line, &length)) {
		assert_int_equal(length, strlen(text) - 1);
		assert_memory_equal(line, text, length);
		assert_int_equal(source.number, ++count);
	}
	assert_int_equal(count, LINES);
	assert_int_equal(source.passed_bytes, LINES * strlen(text));
	assert_int_equal(source.room_bytes, 1 << 20);
	ev_import_source_done(&source);
	close(fd);
}

static void a_line_of_many_megabytes_is_told_and_those_behind_it_are_read(void **state)
{
	struct ev_import_options how = { .format = EV_IMPORT_FOLDED };
	struct ev_import *import = NULL;
	struct ev_err err;
	(void)state;
	size_t length = 20 << 20;
	char *text = ev_alloc(length);
	memset(text, 'x', length);
	memcpy(text, "a;b 1\n", 6);
	memcpy(text + length - 8, " 7\na;c 2", 8);
	int fd = file_of(text, length, 1);
	assert_int_equal(ev_import_open_file(&import, fd, &how, &err), 0);
	assert_string_equal(ev_import_trouble(import), "line 2 is longer than 16 MB");
	assert_int_equal(import->samples.count, 2);
	assert_int_equal(ev_import_samples(import), 3);
	ev_import_close(import);
	close(fd);
	free(text);
}

static void what_cannot_be_read_is_no_profile(void **state)
{
	struct ev_import_options how = { .format = EV_IMPORT_FOLDED };
	struct ev_import *import = NULL;
	struct ev_err err;
	(void)state;
	int fd = open("/", O_RDONLY | O_CLOEXEC);
	assert_int_equal(ev_import_open_file(&import, fd, &how, &err), -EISDIR);
	assert_non_null(strstr(err.text, "cannot be read"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_whole_and_little_of_a_long_text_is_held),
		cmocka_unit_test(a_line_of_many_megabytes_is_told_and_those_behind_it_are_read),
		cmocka_unit_test(what_cannot_be_read_is_no_profile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
