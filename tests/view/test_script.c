/* One sample becomes one line, column by column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include "script.h"

struct scene {
	struct ev_recording recording;
	struct ev_space_set *spaces;
	struct ev_symbolizer *symbolizer;
	struct ev_script_options options;
	struct ev_record record;
};

static void open_scene(struct scene *scene, uint32_t type, uint64_t sample_type)
{
	*scene = (struct scene){ .spaces = ev_space_set_open() };
	struct ev_recorded_event *event = ev_recording_add_event(&scene->recording);
	event->name = "page-faults";
	event->attr.type = type;
	event->attr.sample_period = 50;
	event->attr.sample_type = sample_type;
	struct ev_record comm = { .type = PERF_RECORD_COMM,
				  .pid = 7,
				  .tid = 7,
				  .comm = { .pid = 7, .tid = 7, .comm = "a\033b c" } };
	ev_space_set_add(scene->spaces, &comm);
	ev_space_set_ready(scene->spaces);
	scene->symbolizer = ev_symbolizer_open(scene->spaces, &scene->recording, NULL);
	ev_script_fields_usual(&scene->options.fields);
	scene->record = (struct ev_record){
		.type = PERF_RECORD_SAMPLE,
		.misc = PERF_RECORD_MISC_USER,
		.pid = 7,
		.tid = 7,
		.cpu = 3,
		.time_ns = 12345678901,
		.sample = { .has = sample_type, .ip = 0x4010, .period = 9 },
	};
}

static void expect_lines(struct scene *scene, const char *expected)
{
	char *text = NULL;
	size_t size_bytes = 0;
	FILE *out = open_memstream(&text, &size_bytes);
	ev_script_fields_fit(&scene->options.fields, &scene->recording, true, NULL);
	struct ev_script *script = ev_script_open(out, &scene->recording, scene->spaces,
						  scene->symbolizer, NULL, &scene->options);
	if (scene->record.type == PERF_RECORD_SAMPLE)
		ev_script_sample(script, &scene->record);
	else
		assert_true(ev_script_other(script, &scene->record));
	assert_true(ev_script_flush(script));
	ev_script_close(script);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void close_scene(struct scene *scene)
{
	ev_symbolizer_close(scene->symbolizer);
	ev_space_set_close(scene->spaces);
	ev_recording_done(&scene->recording);
}

#define USUAL                                                                                      \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD)

static void the_usual_columns_are_perfs(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, PERF_TYPE_SOFTWARE, USUAL);
	expect_lines(&scene, "        a\\x1bb c     7 [003]    12.345678:          9 page-faults: "
			     "             4010 [unknown] ([unknown])\n");
	scene.options.nanoseconds = true;
	assert_int_equal(ev_script_fields_parse(&scene.options.fields, "pid,tid,time,period,misc",
						NULL),
			 0);
	expect_lines(&scene, "    7/7     U        12.345678901:          9 \n");
	close_scene(&scene);
}

static void a_chain_stands_below_its_sample(void **state)
{
	static const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_USER, 0x4010, 0x5020 };
	struct scene scene;
	(void)state;
	open_scene(&scene, PERF_TYPE_SOFTWARE, USUAL | PERF_SAMPLE_CALLCHAIN);
	scene.record.sample.chain = chain;
	scene.record.sample.chain_count = EV_LENGTH(chain);
	expect_lines(&scene, "a\\x1bb c     7 [003]    12.345678:          9 page-faults: \n"
			     "\t            4010 [unknown] ([unknown])\n"
			     "\t            5020 [unknown] ([unknown])\n\n");
	scene.options.max_depth = 1;
	expect_lines(&scene, "a\\x1bb c     7 [003]    12.345678:          9 page-faults: \n"
			     "\t            4010 [unknown] ([unknown])\n\n");
	close_scene(&scene);
}

static void a_side_that_comes_later_is_not_taken_for_an_address(void **state)
{
	static const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_USER, 0x4010, (uint64_t)-640, 77 };
	struct scene scene;
	(void)state;
	open_scene(&scene, PERF_TYPE_SOFTWARE, USUAL | PERF_SAMPLE_CALLCHAIN);
	scene.record.sample.chain = chain;
	for (size_t count = 2; count <= EV_LENGTH(chain); count++) {
		scene.record.sample.chain_count = count;
		expect_lines(&scene,
			     "a\\x1bb c     7 [003]    12.345678:          9 page-faults: \n"
			     "\t            4010 [unknown] ([unknown])\n\n");
	}
	close_scene(&scene);
}

static void fixed_periods_and_unknown_threads_are_told(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, PERF_TYPE_HARDWARE, USUAL & ~(uint64_t)PERF_SAMPLE_PERIOD);
	scene.record.pid = scene.record.tid = 99;
	expect_lines(&scene, "             :99    99 [003]    12.345678:         50 page-faults: "
			     "             4010 [unknown] ([unknown])\n");
	close_scene(&scene);
}

static void branches_registers_and_page_sizes_follow(void **state)
{
	static const struct ev_branch branches[] = { { 0x10, 0x20, 2 | 4 | 300 << 4 },
						     { 0x30, 0x40, 1 | 8 } };
	static const uint64_t registers[] = { 0x1, 0x2 };
	struct scene scene;
	(void)state;
	open_scene(&scene, PERF_TYPE_HARDWARE,
		   USUAL | PERF_SAMPLE_BRANCH_STACK | PERF_SAMPLE_REGS_USER |
			   PERF_SAMPLE_DATA_PAGE_SIZE);
	scene.record.sample.branches = branches;
	scene.record.sample.branch_count = 2;
	scene.record.sample.user_regs_abi = 2;
	scene.record.sample.user_regs_mask = 1 | 1 << 8;
	scene.record.sample.user_regs = registers;
	scene.record.sample.data_page_size = 2 << 20;
	assert_int_equal(ev_script_fields_parse(&scene.options.fields,
						"tid,uregs,brstack,data_page_size", NULL),
			 0);
	expect_lines(&scene, "    7  ABI:2    AX:0x1    IP:0x2  0x10/0x20/P/X/-/300/  "
			     "0x30/0x40/M/-/A/0/  2M\n");
	close_scene(&scene);
}

static void other_records_are_lines_too(void **state)
{
	struct scene scene;
	(void)state;
	open_scene(&scene, PERF_TYPE_SOFTWARE, USUAL);
	scene.record = (struct ev_record){ .type = PERF_RECORD_EXIT,
					   .pid = 7,
					   .tid = 7,
					   .time_ns = 1000000000,
					   .task = { 7, 1, 8, 1, 0 } };
	expect_lines(&scene, "        a\\x1bb c     7 [000]     1.000000: "
			     "PERF_RECORD_EXIT(7:8):(1:1)\n");
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_columns_are_perfs),
		cmocka_unit_test(a_chain_stands_below_its_sample),
		cmocka_unit_test(a_side_that_comes_later_is_not_taken_for_an_address),
		cmocka_unit_test(fixed_periods_and_unknown_threads_are_told),
		cmocka_unit_test(branches_registers_and_page_sizes_follow),
		cmocka_unit_test(other_records_are_lines_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
