/* Names of generated code, and whose word is taken for them. */
#include <errno.h>
#include <sys/stat.h>
#include "compiled.h"
#include "perf_map.h"

static void parse(struct perf_map *map_of, const char *text)
{
	ev_perf_map_parse(map_of, ev_strdup(text), strlen(text));
}

static const char *name_at(const struct perf_map *map_of, uint64_t address)
{
	const struct perf_map_entry *entry = ev_perf_map_find(map_of, address);
	return entry ? entry->name : "-";
}

static void names_reach_to_the_end_of_the_line(void **state)
{
	(void)state;
	struct perf_map m;
	parse(&m, "7f0010 20 py::f one:/a b.py\n7F0030 8 LazyCompile:*x a.js:1\n0x100 0x10 y\n");
	assert_string_equal(name_at(&m, 0x7f0010), "py::f one:/a b.py");
	assert_string_equal(name_at(&m, 0x7f002f), "py::f one:/a b.py");
	assert_string_equal(name_at(&m, 0x7f0030), "LazyCompile:*x a.js:1");
	assert_string_equal(name_at(&m, 0x7f0038), "-");
	assert_string_equal(name_at(&m, 0x10f), "y");
	ev_perf_map_done(&m);
}

static void a_later_line_wins_where_it_overlaps(void **state)
{
	(void)state;
	struct perf_map m;
	parse(&m, "1000 100 old\n1040 20 new\n");
	assert_string_equal(name_at(&m, 0x103f), "old");
	assert_string_equal(name_at(&m, 0x1040), "new");
	assert_string_equal(name_at(&m, 0x1060), "old");
	assert_int_equal(ev_perf_map_find(&m, 0x1060)->start, 0x1000);
	ev_perf_map_done(&m);
}

static void broken_and_unfinished_lines_are_skipped(void **state)
{
	(void)state;
	struct perf_map m;
	parse(&m, "\nx\n10 \n10 10\n10 10 \n10 0 empty\nffffffffffffffff 10 wraps\n"
		  "11111111111111111 1 long\n2000 10 good\n3000 10 unfinis");
	assert_int_equal(m.entries.count, 1);
	assert_string_equal(name_at(&m, 0x2000), "good");
	assert_string_equal(name_at(&m, 0x3000), "-");
	ev_perf_map_done(&m);
}

/* --symfs: the folder stands for the file system of the machine that was recorded. */
static void a_map_is_read_only_from_its_owner_and_a_regular_file(void **state)
{
	struct perf_map m;
	run_in(state, "mkdir tmp");
	const struct process_view root = { .symfs = ((struct folder *)*state)->path };
	assert_string_equal(ev_perf_map_read(&m, 77, &root), "generated code without a perf map");
	ev_perf_map_done(&m);
	write_file(in_folder(state, "tmp/perf-77.map"), "1000 10 f\n", 10);
	assert_null(ev_perf_map_read(&m, 77, &root));
	assert_string_equal(name_at(&m, 0x1000), "f");
	ev_perf_map_done(&m);
	assert_int_equal(symlink("/dev/zero", in_folder(state, "tmp/perf-78.map")), 0);
	assert_string_equal(ev_perf_map_read(&m, 78, &root), "the perf map is no regular file");
	ev_perf_map_done(&m);
	assert_int_equal(mkfifo(in_folder(state, "tmp/perf-79.map"), 0600), 0); /* must not wait */
	assert_string_equal(ev_perf_map_read(&m, 79, &root), "the perf map is no regular file");
	ev_perf_map_done(&m);
	write_file(in_folder(state, "tmp/perf-80.map"), "", 0);
	assert_string_equal(ev_perf_map_read(&m, 80, &root), "the perf map is empty");
	ev_perf_map_done(&m);
}

static void a_map_of_another_user_is_refused(void **state)
{
	struct perf_map m;
	const struct process_view root = { .symfs = ((struct folder *)*state)->path };
	const char *path = in_folder(state, "tmp/perf-81.map");
	write_file(path, "1000 10 f\n", 10);
	if (chown(path, 12345, 12345)) {
		print_message("SKIP a_map_of_another_user_is_refused: needs root to make one\n");
		skip();
	}
	assert_string_equal(ev_perf_map_read(&m, 81, &root),
			    "the perf map belongs to another user");
	ev_perf_map_done(&m);
}

static void the_map_of_a_living_process_is_found(void **state)
{
	(void)state;
	struct perf_map m;
	const struct process_view here = { 0 };
	char path[64];
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	write_file(path, "1000 10 mine\n", 13);
	const char *trouble = ev_perf_map_read(&m, (uint32_t)getpid(), &here);
	unlink(path);
	assert_null(trouble);
	assert_string_equal(name_at(&m, 0x1004), "mine");
	ev_perf_map_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_reach_to_the_end_of_the_line),
		cmocka_unit_test(a_later_line_wins_where_it_overlaps),
		cmocka_unit_test(broken_and_unfinished_lines_are_skipped),
		cmocka_unit_test(a_map_is_read_only_from_its_owner_and_a_regular_file),
		cmocka_unit_test(a_map_of_another_user_is_refused),
		cmocka_unit_test(the_map_of_a_living_process_is_found),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
