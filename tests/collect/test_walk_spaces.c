/* Records in any order become what each process has mapped now. */
#include "live.h"
#include "walk_spaces.h"

/* Objects are the number in a mapping's path; how often each is kept. */
static int kept[16];

static uint32_t find(void *context, const struct ev_record *record)
{
	(void)context;
	return (uint32_t)strtoul(record->mmap.path, NULL, 10);
}

static void keep(void *context, uint32_t object)
{
	(void)context;
	kept[object]++;
}

static void let_go(void *context, uint32_t object)
{
	(void)context;
	kept[object]--;
	assert_true(kept[object] >= 0);
}

static struct walk_spaces spaces;

static int begin(void **state)
{
	(void)state;
	memset(kept, 0, sizeof(kept));
	spaces = (struct walk_spaces){ .objects = { find, keep, let_go, NULL } };
	return 0;
}

static int finish(void **state)
{
	(void)state;
	ev_walk_spaces_done(&spaces);
	for (size_t i = 0; i < EV_LENGTH(kept); i++)
		if (kept[i])
			return -1;
	return 0;
}

static void map(uint32_t pid, uint64_t time_ns, uint64_t start, uint64_t end, const char *object)
{
	struct ev_record record = { .type = PERF_RECORD_MMAP2, .time_ns = time_ns };
	record.mmap.pid = pid;
	record.mmap.start = start;
	record.mmap.length = end - start;
	record.mmap.executable = true;
	record.mmap.path = object;
	ev_walk_spaces_note(&spaces, &record);
}

static void task(uint32_t type, uint32_t pid, uint32_t tid, uint32_t parent, uint64_t time_ns)
{
	struct ev_record record = { .type = type, .time_ns = time_ns };
	record.task = (struct ev_task){ .pid = pid, .tid = tid, .parent_pid = parent };
	ev_walk_spaces_note(&spaces, &record);
}

static void exec(uint32_t pid, uint64_t time_ns)
{
	struct ev_record record = { .type = PERF_RECORD_COMM, .time_ns = time_ns };
	record.comm = (struct ev_comm){ .pid = pid, .tid = pid, .exec = true, .comm = "" };
	ev_walk_spaces_note(&spaces, &record);
}

/* "100-200:1 300-400:2" */
static void expect(uint32_t pid, const char *wanted)
{
	const struct walk_space *space = ev_walk_space_find(&spaces, pid);
	struct ev_buffer text = { 0 };
	for (size_t i = 0; space && i < space->mappings.count; i++) {
		const struct walk_mapping *mapping = &space->mappings.items[i];
		ev_buffer_printf(&text, "%s%llu-%llu:%u", i ? " " : "",
				 (unsigned long long)mapping->start,
				 (unsigned long long)mapping->end, mapping->object);
	}
	ev_buffer_u8(&text, 0);
	assert_string_equal((char *)text.bytes, wanted);
	ev_buffer_done(&text);
}

static void mappings_are_sorted_and_cut_by_later_ones(void **state)
{
	(void)state;
	map(1, 10, 300, 400, "2");
	map(1, 11, 100, 200, "1");
	map(1, 12, 150, 350, "3");
	ev_walk_spaces_apply(&spaces);
	expect(1, "100-150:1 150-350:3 350-400:2");
	assert_int_equal(ev_walk_space_find(&spaces, 1)->mappings.items[2].file_offset, 50);
	map(1, 13, 200, 300, "4");
	ev_walk_spaces_apply(&spaces);
	expect(1, "100-150:1 150-200:3 200-300:4 300-350:3 350-400:2");
	assert_int_equal(kept[3], 2);
	map(1, 14, 0, 1000, "5");
	ev_walk_spaces_apply(&spaces);
	expect(1, "0-1000:5");
}

static void what_comes_late_gives_way_to_later_times(void **state)
{
	(void)state;
	map(1, 20, 100, 200, "2");
	ev_walk_spaces_apply(&spaces);
	map(1, 10, 100, 200, "1");
	ev_walk_spaces_apply(&spaces);
	expect(1, "100-200:2");
	assert_int_equal(kept[1], 0);
}

static void a_child_has_its_parents_mappings_until_its_exec(void **state)
{
	(void)state;
	map(1, 10, 100, 200, "1");
	task(PERF_RECORD_FORK, 2, 2, 1, 20);
	ev_walk_spaces_apply(&spaces);
	expect(2, "100-200:1");
	assert_int_equal(kept[1], 2);
	map(2, 32, 500, 600, "3");
	exec(2, 31);
	ev_walk_spaces_apply(&spaces);
	expect(2, "500-600:3");
	expect(1, "100-200:1");
	assert_true(ev_walk_space_find(&spaces, 2)->begun);
}

static void a_fork_that_comes_behind_its_exec_changes_nothing(void **state)
{
	(void)state;
	map(1, 10, 100, 200, "1");
	exec(2, 31);
	map(2, 32, 500, 600, "3");
	ev_walk_spaces_apply(&spaces);
	task(PERF_RECORD_FORK, 2, 2, 1, 20);
	ev_walk_spaces_apply(&spaces);
	expect(2, "500-600:3");
}

static void a_process_is_over_when_its_last_thread_is(void **state)
{
	(void)state;
	map(1, 10, 100, 200, "1");
	task(PERF_RECORD_FORK, 1, 7, 1, 11);
	task(PERF_RECORD_EXIT, 1, 1, 1, 12);
	ev_walk_spaces_apply(&spaces);
	ev_walk_spaces_forget(&spaces);
	expect(1, "100-200:1");
	task(PERF_RECORD_EXIT, 1, 7, 1, 13);
	ev_walk_spaces_apply(&spaces);
	ev_walk_spaces_forget(&spaces);
	assert_null(ev_walk_space_find(&spaces, 1));
	assert_int_equal(kept[1], 0);
}

static void a_number_is_used_again_by_another_process(void **state)
{
	(void)state;
	map(1, 5, 700, 800, "4");
	map(2, 10, 100, 200, "1");
	task(PERF_RECORD_EXIT, 2, 2, 1, 12);
	task(PERF_RECORD_FORK, 2, 2, 1, 13);
	ev_walk_spaces_apply(&spaces);
	ev_walk_spaces_forget(&spaces);
	expect(2, "700-800:4");
}

static void thousands_that_came_and_went_leave_nothing(void **state)
{
	(void)state;
	map(1, 1, 100, 200, "1");
	for (uint32_t pid = 2; pid < 100002; pid++) {
		task(PERF_RECORD_FORK, pid, pid, 1, pid * 10ull);
		exec(pid, pid * 10ull + 1);
		map(pid, pid * 10ull + 2, 100, 200, "2");
		task(PERF_RECORD_EXIT, pid, pid, 1, pid * 10ull + 3);
		if (pid % 100)
			continue;
		ev_walk_spaces_apply(&spaces);
		ev_walk_spaces_forget(&spaces);
	}
	ev_walk_spaces_apply(&spaces);
	ev_walk_spaces_forget(&spaces);
	assert_int_equal(spaces.list.count, 1);
	assert_int_equal(kept[2], 0);
	assert_int_equal(spaces.by_pid.count, 1);
	assert_true(spaces.by_pid.room <= 256);
}

static void nonsense_is_left_out(void **state)
{
	(void)state;
	map(1, 10, 100, 100, "1");
	map(1, 10, UINT64_MAX - 10, 50, "1");
	map(UINT32_MAX, 10, 100, 200, "1");
	task(PERF_RECORD_EXIT, 99, 99, 1, 10);
	ev_walk_spaces_apply(&spaces);
	expect(1, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mappings_are_sorted_and_cut_by_later_ones),
		TEST(what_comes_late_gives_way_to_later_times),
		TEST(a_child_has_its_parents_mappings_until_its_exec),
		TEST(a_fork_that_comes_behind_its_exec_changes_nothing),
		TEST(a_process_is_over_when_its_last_thread_is),
		TEST(a_number_is_used_again_by_another_process),
		TEST(thousands_that_came_and_went_leave_nothing),
		TEST(nonsense_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
