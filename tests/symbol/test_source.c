/* Source files by the paths that debug info names: where they are looked for, and what is refused.
 */
#include <sys/stat.h>
#include "compiled.h"

static const char *line_of(const struct ev_source *source, uint32_t number)
{
	static char line[256];
	size_t length = 0;
	const char *text = ev_source_line(source, number, &length);
	if (!text)
		return NULL;
	snprintf(line, sizeof(line), "%.*s", (int)length, text);
	return line;
}

static void lines_are_counted_from_one_and_end_before_their_ends(void **state)
{
	static const char text[] = "first\n\nthird\r\nlast without an end";
	write_file(in_folder(state, "a.c"), text, sizeof(text) - 1);
	struct ev_sources *sources = ev_sources_open(NULL);
	const struct ev_source *source = ev_sources_find(sources, in_folder(state, "a.c"));
	assert_null(source->trouble);
	assert_int_equal(source->line_count, 4);
	assert_string_equal(line_of(source, 1), "first");
	assert_string_equal(line_of(source, 2), "");
	assert_string_equal(line_of(source, 3), "third");
	assert_string_equal(line_of(source, 4), "last without an end");
	assert_null(line_of(source, 0));
	assert_null(line_of(source, 5));
	assert_true(source->changed_s > 0);
	/* Asked for again it is the same. */
	assert_ptr_equal(ev_sources_find(sources, in_folder(state, "a.c")), source);
	ev_sources_close(sources);
}

static void a_file_that_is_not_there_says_so_and_where_it_was_looked_for(void **state)
{
	(void)state;
	struct ev_sources *sources = ev_sources_open(NULL);
	const struct ev_source *source = ev_sources_find(sources, "/nowhere/of/mine.c");
	assert_string_equal(source->trouble, "not found");
	assert_string_equal(source->path, "/nowhere/of/mine.c");
	assert_int_equal(source->line_count, 0);
	assert_null(line_of(source, 1));
	assert_string_equal(ev_sources_find(sources, "")->trouble, "not found");
	ev_sources_close(sources);
}

static void only_regular_files_are_opened(void **state)
{
	struct ev_sources *sources = ev_sources_open(NULL);
	assert_int_equal(mkfifo(in_folder(state, "fifo"), 0600), 0);
	assert_string_equal(ev_sources_find(sources, in_folder(state, "fifo"))->trouble,
			    "not a regular file");
	assert_string_equal(ev_sources_find(sources, "/dev/zero")->trouble, "not a regular file");
	assert_string_equal(ev_sources_find(sources, "/dev")->trouble, "not a regular file");
	ev_sources_close(sources);
}

static void files_beyond_the_limit_are_not_read(void **state)
{
	struct ev_sources *sources = ev_sources_open(NULL);
	write_file(in_folder(state, "large.c"), "x", 1);
	assert_int_equal(truncate(in_folder(state, "large.c"), (64 << 20) + 1), 0);
	assert_string_equal(ev_sources_find(sources, in_folder(state, "large.c"))->trouble,
			    "too large");
	ev_sources_close(sources);
}

static void a_prefix_stands_before_what_is_left_of_the_path(void **state)
{
	run_in(state,
	       "mkdir -p src/lib && printf 'here\\n' >src/lib/a.c && printf 'top\\n' >src/b.c");
	struct ev_source_options options = { .prefix = in_folder(state, "src") };
	struct ev_sources *sources = ev_sources_open(&options);
	/* Without a number as many folders are taken off as it takes. */
	assert_string_equal(line_of(ev_sources_find(sources, "/build/x/lib/a.c"), 1), "here");
	assert_string_equal(line_of(ev_sources_find(sources, "../lib/a.c"), 1), "here");
	assert_string_equal(line_of(ev_sources_find(sources, "/build/b.c"), 1), "top");
	assert_non_null(ev_sources_find(sources, "/build/c.c")->trouble);
	ev_sources_close(sources);

	options.prefix_strip_given = true;
	options.prefix_strip = 2;
	sources = ev_sources_open(&options);
	assert_string_equal(line_of(ev_sources_find(sources, "/build/x/lib/a.c"), 1), "here");
	assert_non_null(ev_sources_find(sources, "/build/lib/a.c")->trouble);
	assert_non_null(ev_sources_find(sources, "/b.c")->trouble);
	ev_sources_close(sources);
}

static void symfs_is_looked_into_before_the_path_itself(void **state)
{
	run_in(state, "mkdir -p root/tmp && printf 'other\\n' >root/tmp/evprof-source.c");
	struct ev_source_options options = { .symfs = in_folder(state, "root") };
	struct ev_sources *sources = ev_sources_open(&options);
	assert_string_equal(line_of(ev_sources_find(sources, "/tmp/evprof-source.c"), 1), "other");
	write_file(in_folder(state, "own.c"), "own\n", 4);
	assert_string_equal(line_of(ev_sources_find(sources, in_folder(state, "own.c")), 1), "own");
	ev_sources_close(sources);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_counted_from_one_and_end_before_their_ends),
		cmocka_unit_test(a_file_that_is_not_there_says_so_and_where_it_was_looked_for),
		cmocka_unit_test(only_regular_files_are_opened),
		cmocka_unit_test(files_beyond_the_limit_are_not_read),
		cmocka_unit_test(a_prefix_stands_before_what_is_left_of_the_path),
		cmocka_unit_test(symfs_is_looked_into_before_the_path_itself),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
