/* Probes get their places, found here by a table. */
#include <errno.h>
#include "tree.h"

static int with_probes(void **state)
{
	int rc = tree_open(state);
	if (!rc)
		tree_probes(*state);
	return rc;
}

/* f* is fa, fb and fc; m:* has a marker in two places and another with a semaphore; "many" is too
 * much; "none" is not there. */
static int find(void *context, const struct ev_probe *probe, struct ev_probe_places *places,
		struct ev_err *err)
{
	static const struct {
		const char *pattern, *name;
		uint64_t offset, semaphore;
	} known[] = {
		{ "f*", "fa", 0x10, 0 },       { "f*", "fb", 0x20, 0 },
		{ "f*", "fc", 0x30, 0 },       { "one", "one", 0x40, 0 },
		{ "twin", "twin", 0x50, 0 },   { "twin", "twin", 0x60, 0 },
		{ "m*", "p:ma", 0x70, 0 },     { "m*", "p:ma", 0x80, 0 },
		{ "m*", "p:mb", 0x90, 0x400 },
	};
	unsigned *calls = context;
	++*calls;
	for (size_t i = 0; i < EV_LENGTH(known); i++)
		if (!strcmp(known[i].pattern, probe->name))
			*ev_array_add(places) = (struct ev_probe_place){
				.path = "/bin/prog",
				.name = known[i].name,
				.offset = known[i].offset,
				.semaphore = known[i].semaphore,
				.into_bytes = known[i].offset == 0x40 ? 4 : 0,
				.note = "there",
			};
	for (unsigned i = 0; i < 1001 && !strcmp(probe->name, "many"); i++)
		*ev_array_add(places) = (struct ev_probe_place){ .path = "/p", .name = "x" };
	if (!strcmp(probe->path, "/gone"))
		return ev_fail(err, ENOENT, "'/gone' can not be probed");
	return places->count ? 0 : ev_fail(err, ENOENT, "'%s' is not there\nlook", probe->name);
}

static struct ev_event_list placed(const char *root, const char *text)
{
	struct ev_event_list list = parsed(root, text);
	struct ev_err err = { 0 };
	unsigned calls = 0;
	if (ev_event_place_probes(&list, find, &calls, &err))
		fail_msg("%s", err.text);
	return list;
}

static void a_probe_points_into_its_file(void **state)
{
	struct ev_event_list list = placed(*state, "uprobe:./prog:one:u");
	const struct ev_event *event = &list.items[0];
	assert_int_equal(list.count, 1);
	assert_string_equal(event->name, "uprobe:./prog:one:u");
	assert_string_equal(event->resolved, "uprobe:/bin/prog:one+0x4");
	assert_string_equal(event->probe_path, "/bin/prog");
	assert_ptr_equal((void *)(uintptr_t)event->attr.config1, event->probe_path);
	assert_int_equal(event->attr.config2, 0x40);
	assert_string_equal(event->placed, "there");
	ev_event_list_done(&list);
}

static void a_glob_becomes_an_event_for_each_function(void **state)
{
	struct ev_event_list list = placed(*state, "task-clock,uprobe:./prog:f*:u,page-faults");
	static const char *const names[] = { "task-clock", "uprobe:./prog:fa:u",
					     "uprobe:./prog:fb:u", "uprobe:./prog:fc:u",
					     "page-faults" };
	static const unsigned written[] = { 0, 1, 1, 1, 4 };
	assert_int_equal(list.count, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_string_equal(list.items[i].name, names[i]);
		assert_int_equal(list.items[i].written, written[i]);
		assert_int_equal(list.items[i].leader, i);
		assert_int_equal(list.items[i].summed, i);
	}
	ev_event_list_done(&list);
}

static void a_group_stays_one_group(void **state)
{
	struct ev_event_list list =
		placed(*state, "uprobe:p:f*,{uprobe:p:f*,page-faults,uprobe:p:one}:D");
	assert_int_equal(list.count, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(list.items[i].leader, i < 3 ? i : 3);
		assert_int_equal(list.items[i].attr.pinned, i == 3);
	}
	ev_event_list_done(&list);
}

static void places_of_one_name_have_one_count(void **state)
{
	struct ev_event_list list =
		placed(*state, "cs,uprobe:p:twin,usdt:p:*:m*,uprobe:p:f*/name=x/");
	static const unsigned summed[] = { 0, 1, 1, 3, 3, 5, 6, 6, 6 };
	assert_int_equal(list.count, 9);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(list.items[i].summed, summed[i]);
	assert_string_equal(list.items[3].name, "usdt:p:p:ma");
	assert_int_equal(list.items[3].attr.config, 0);
	assert_int_equal(list.items[5].attr.config, (uint64_t)0x400 << 32);
	assert_string_equal(list.items[8].name, "x");
	ev_event_list_done(&list);
}

static void what_has_a_place_keeps_it(void **state)
{
	struct ev_event_list list = placed(*state, "usdt:p:*:m*");
	struct ev_err err = { 0 };
	unsigned calls = 0;
	assert_int_equal(ev_event_place_probes(&list, find, &calls, &err), 0);
	assert_int_equal(calls, 0);
	assert_int_equal(ev_event_parse_at(&list, *state, "uprobe:p:f*", &err), 0);
	assert_int_equal(ev_event_place_probes(&list, find, &calls, &err), 0);
	assert_int_equal(calls, 1);
	assert_int_equal(list.count, 6);
	assert_int_equal(list.items[1].summed, 0);
	assert_int_equal(list.items[5].written, 3);
	ev_event_list_done(&list);
}

static void what_can_not_be_placed_leaves_the_list_alone(void **state)
{
	static const char *const refusals[][2] = {
		{ "uprobe:p:f*,uprobe:p:none", "'none' is not there" },
		{ "uprobe:p:many", "means 1001 places, and no more than 1000" },
	};
	for (size_t i = 0; i < EV_LENGTH(refusals); i++) {
		struct ev_event_list list = parsed(*state, refusals[i][0]);
		size_t count = list.count;
		struct ev_err err = { 0 };
		unsigned calls = 0;
		assert_true(ev_event_place_probes(&list, find, &calls, &err) < 0);
		assert_non_null(strstr(err.text, refusals[i][1]));
		assert_int_equal(list.count, count);
		assert_null(list.items[0].probe_path);
		ev_event_list_done(&list);
	}
}

static void a_caret_stands_under_what_is_not_there(void **state)
{
	static const char *const faults[][2] = {
		{ "uprobe:/p:nosuch",
		  "'nosuch' is not there\nuprobe:/p:nosuch\n          ^\nlook" },
		{ "cs,uprobe:/gone:main:u",
		  "'/gone' can not be probed\nuprobe:/gone:main:u\n       ^" },
	};
	for (size_t i = 0; i < EV_LENGTH(faults); i++) {
		struct ev_event_list list = parsed(*state, faults[i][0]);
		struct ev_err err = { 0 };
		unsigned calls = 0;
		assert_int_equal(ev_event_place_probes(&list, find, &calls, &err), -ENOENT);
		assert_string_equal(err.text, faults[i][1]);
		assert_int_equal(ev_event_place_probes(&list, find, &calls, NULL), -ENOENT);
		ev_event_list_done(&list);
	}
}

static void a_kernel_that_raises_no_semaphores_is_told(void **state)
{
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	unsigned calls = 0;
	char *root = ev_printf("%s/old", (char *)*state);
	described_file(*state, "old/" PMUS "uprobe/type", "8\n");
	assert_int_equal(ev_event_parse_at(&list, root, "usdt:p:*:m*", &err), 0);
	assert_int_equal(ev_event_place_probes(&list, find, &calls, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "semaphore"));
	ev_event_list_done(&list);
	assert_int_equal(ev_event_parse_at(&list, root, "uretprobe:p:one", &err), -ENOENT);
	ev_event_list_done(&list);
	free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe_points_into_its_file),
		cmocka_unit_test(a_glob_becomes_an_event_for_each_function),
		cmocka_unit_test(a_group_stays_one_group),
		cmocka_unit_test(places_of_one_name_have_one_count),
		cmocka_unit_test(what_has_a_place_keeps_it),
		cmocka_unit_test(what_can_not_be_placed_leaves_the_list_alone),
		cmocka_unit_test(a_caret_stands_under_what_is_not_there),
		cmocka_unit_test(a_kernel_that_raises_no_semaphores_is_told),
	};
	return cmocka_run_group_tests(tests, with_probes, tree_close);
}
