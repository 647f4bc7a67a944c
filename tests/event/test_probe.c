/* The words for probes of programs. */
#include <errno.h>
#include "tree.h"

static int with_probes(void **state)
{
	int rc = tree_open(state);
	if (!rc)
		tree_probes(*state);
	return rc;
}

static void a_word_names_a_file_and_what_is_in_it(void **state)
{
	static const struct {
		const char *text;
		enum ev_probe_kind kind;
		const char *path, *provider, *name, *front, *back;
		uint64_t config;
	} known[] = {
		{ "uprobe:./prog:main", EV_PROBE_FUNCTION, "./prog", NULL, "main",
		  "uprobe:./prog:", "", 0 },
		{ "uretprobe:libc.so.6:malloc:u", EV_PROBE_RETURN, "libc.so.6", NULL, "malloc",
		  "uretprobe:libc.so.6:", ":u", 1 },
		{ "usdt:python3:python:gc__*", EV_PROBE_MARKER, "python3", "python", "gc__*",
		  "usdt:python3:", "", 0 },
		{ "usdt:/bin/p:*", EV_PROBE_MARKER, "/bin/p", "*", "*", "usdt:/bin/p:", "", 0 },
		{ "UPROBE:a:b/name=x/", EV_PROBE_FUNCTION, "a", NULL, "b", "UPROBE:a:", "/name=x/",
		  0 },
	};
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct ev_event_list list = parsed(*state, known[i].text);
		const struct ev_event *event = &list.items[0];
		const struct ev_probe *probe = event->probe;
		assert_int_equal(list.count, 1);
		assert_non_null(probe);
		assert_int_equal(probe->kind, known[i].kind);
		assert_string_equal(probe->path, known[i].path);
		assert_string_equal(probe->name, known[i].name);
		if (known[i].provider)
			assert_string_equal(probe->provider, known[i].provider);
		assert_string_equal(probe->front, known[i].front);
		assert_string_equal(probe->back, known[i].back);
		assert_int_equal(event->attr.type, 8);
		assert_int_equal(event->attr.config, known[i].config);
		assert_int_equal(event->attr.sample_period, 1);
		assert_int_equal(event->fixed & ~(unsigned)EV_FIXED_LEVEL,
				 EV_FIXED_PERIOD | EV_NATURAL_PERIOD);
		assert_null(event->probe_path);
		ev_event_list_done(&list);
	}
}

static void colons_brackets_and_operators_belong_to_a_name(void **state)
{
	static const char *const names[][2] = {
		{ "uprobe:p:ns::f(int, std::pair<int, int>)", "ns::f(int, std::pair<int, int>)" },
		{ "uprobe:p:vec<int, 3>::at", "vec<int, 3>::at" },
		{ "uprobe:p:ns::operator<", "ns::operator<" },
		{ "uprobe:p:f::operator()(int, int)", "f::operator()(int, int)" },
		{ "uprobe:p:a\\:b\\,c\\/d", "a:b,c/d" },
		{ "uprobe:p:operator+", "operator+" },
		{ "uprobe:p:f\\*", "f[*]" },
		{ "uprobe:p:main::\\{lambda()#1\\}", "main::{lambda()#1}" },
	};
	for (size_t i = 0; i < EV_LENGTH(names); i++) {
		char *text = ev_printf("%s:u,task-clock", names[i][0]);
		struct ev_event_list list = parsed(*state, text);
		assert_int_equal(list.count, 2);
		assert_string_equal(list.items[0].probe->name, names[i][1]);
		assert_true(list.items[0].attr.exclude_kernel);
		ev_event_list_done(&list);
		free(text);
	}
}

static void a_path_takes_any_sign_behind_a_backslash(void **state)
{
	struct ev_event_list list = parsed(*state, "uprobe:/a\\:b\\,c\\{d:f,uprobe:./x y/z:g");
	assert_string_equal(list.items[0].probe->path, "/a:b,c{d");
	assert_string_equal(list.items[0].resolved, "uprobe:/a\\:b\\,c\\{d:f");
	assert_string_equal(list.items[1].probe->path, "./x y/z");
	ev_event_list_done(&list);
}

static void an_offset_stands_behind_a_plus(void **state)
{
	struct ev_event_list list = parsed(*state, "uprobe:p:f+0x10,uprobe:p:g+4:u,uprobe:p:h+0");
	assert_string_equal(list.items[0].probe->name, "f");
	assert_int_equal(list.items[0].probe->offset_bytes, 16);
	assert_int_equal(list.items[1].probe->offset_bytes, 4);
	assert_true(list.items[2].probe->has_offset && !list.items[2].probe->offset_bytes);
	assert_string_equal(list.items[0].resolved, "uprobe:p:f+0x10");
	ev_event_list_done(&list);
}

static void terms_and_modifiers_follow(void **state)
{
	struct ev_event_list list =
		parsed(*state, "uprobe:p:f/name=calls,period=7,call-graph=no/u,{uprobe:p:u,cs}:u");
	assert_string_equal(list.items[0].name, "calls");
	assert_int_equal(list.items[0].attr.sample_period, 7);
	assert_false(list.items[0].fixed & EV_NATURAL_PERIOD);
	assert_int_equal(list.items[0].call_graph, EV_CALL_GRAPH_NONE);
	assert_true(list.items[0].attr.exclude_kernel);
	assert_string_equal(list.items[1].name, "uprobe:p:u:u");
	assert_int_equal(list.items[2].leader, 1);
	ev_event_list_done(&list);
}

static void a_fault_is_shown_in_its_place(void **state)
{
	static const struct {
		const char *text, *words;
		int column; /* of the caret, -1 = not looked at */
	} faults[] = {
		{ "uprobe:", "the file to probe is missing", 7 },
		{ "uprobe::f", "the file to probe is missing", 7 },
		{ "uprobe:p", "the function is missing", 8 },
		{ "uprobe:p:", "the function is missing", 9 },
		{ "uprobe:p:+4", "missing before '+'", 9 },
		{ "uprobe:p:f+0xzz", "a number of bytes", 11 },
		{ "uprobe:p:f+4x", "a number of bytes", 11 },
		{ "uretprobe:p:f+4", "only uprobe: takes an offset", 13 },
		{ "uprobe:p:f/name=x", "the '/' that ends the terms", 11 },
		{ "uprobe:p:f/nonsense=1/", "take no term 'nonsense'", 11 },
		{ "uprobe:p:f:", "modifiers are missing", 11 },
		{ "uprobe:p:f:q", "unknown modifier 'q'", 11 },
		{ "uprobe:p:f:k", "in user space only", 11 },
		{ "{uprobe:p:f}:k", "in user space only", -1 },
		{ "usdt:p", "the provider of the marker", 6 },
		{ "usdt:p:", "the provider of the marker", 7 },
		{ "usdt:p:x", "the marker's name is missing", 8 },
		{ "usdt:p:x:y+3", "only uprobe: takes an offset", 10 },
	};
	for (size_t i = 0; i < EV_LENGTH(faults); i++) {
		struct ev_err err;
		assert_int_equal(refused(*state, faults[i].text, &err), -EINVAL);
		if (!strstr(err.text, faults[i].words))
			fail_msg("'%s': %s", faults[i].text, err.text);
		const char *caret = strrchr(err.text, '\n');
		assert_non_null(caret);
		if (faults[i].column >= 0 && strcspn(caret + 1, "^") != (size_t)faults[i].column)
			fail_msg("'%s': %s", faults[i].text, err.text);
	}
}

static void a_kernel_without_probes_says_so(void **state)
{
	(void)state;
	refused_with("/nowhere", "uprobe:p:f", -ENOENT, "this kernel has no probes of programs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_names_a_file_and_what_is_in_it),
		cmocka_unit_test(colons_brackets_and_operators_belong_to_a_name),
		cmocka_unit_test(a_path_takes_any_sign_behind_a_backslash),
		cmocka_unit_test(an_offset_stands_behind_a_plus),
		cmocka_unit_test(terms_and_modifiers_follow),
		cmocka_unit_test(a_fault_is_shown_in_its_place),
		cmocka_unit_test(a_kernel_without_probes_says_so),
	};
	return cmocka_run_group_tests(tests, with_probes, tree_close);
}
