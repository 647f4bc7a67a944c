/* Conditions become steps, and globs machines that decide as fnmatch does. */
#include "live.h"
#include <fnmatch.h>
#include <evprof/collect_bpf.h>
#include "bpf_filter.h"

static bool is_in_seven(void *context, uint64_t id)
{
	(void)context;
	return id == 7;
}

static void waits_are_chosen_by_their_length(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool wanted[3]; /* of 5 ms, 20 µs, and what is on a CPU */
	} cases[] = {
		{ "latency > 1ms", { true, false, false } },
		{ "latency >= 20us", { true, true, false } },
		{ "latency == 20000 || latency == 0ns", { false, true, true } },
		{ "latency < 1s && comm ~ re*", { true, true, true } },
		{ "latency < 1s && comm ~ no*", { false, false, false } },
		{ "tid == 9 && !(latency > 1ms)", { false, true, true } },
	};
	static const uint64_t lengths[] = { 5000000, 20000, 0 };
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_bpf_filter filter;
		struct ev_err err = { 0 };
		if (ev_bpf_filter_parse(&filter, cases[i].text, &err))
			fail_msg("%s", err.text);
		uint32_t facts = ev_bpf_filter_facts(&filter, "redis-io", is_in_seven, NULL);
		assert_true(filter.by_latency);
		for (unsigned k = 0; k < EV_LENGTH(lengths); k++) {
			uint64_t fields[] = { [EV_COUNT_TID] = 9, [EV_COUNT_LATENCY] = lengths[k] };
			if (ev_bpf_filter_passes(&filter, fields, facts) != cases[i].wanted[k])
				fail_msg("'%s' decides otherwise in case %u", cases[i].text, k);
		}
	}
}

static void a_cgroup_is_a_fact_of_the_thread(void **state)
{
	(void)state;
	struct ev_bpf_filter filter = { .step_count = 2,
					.steps = { { .kind = EV_COUNT_CGROUP, .value = 7 },
						   { .kind = EV_COUNT_CGROUP, .value = 8 } } };
	assert_int_equal(ev_bpf_filter_facts(&filter, "x", is_in_seven, NULL), 1);
}

static void what_a_filter_cannot_ask_here_is_refused_with_the_cure(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	assert_int_equal(ev_bpf_filter_check("latency > 1ms", EV_BPF_FILTERED_SAMPLES, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "--off-cpu or --wall"));
	assert_int_equal(ev_bpf_filter_check("period > 1", EV_BPF_FILTERED_WALL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "latency"));
	assert_int_equal(ev_bpf_filter_check("period > 1", EV_BPF_FILTERED_WAITS, &err), 0);
	assert_int_equal(ev_bpf_filter_check("latency > 5 ms", EV_BPF_FILTERED_WAITS, &err),
			 -EINVAL);
	assert_int_equal(ev_bpf_filter_check("latency > 5min", EV_BPF_FILTERED_WAITS, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "a time: 5ms"));
}

static void conditions_decide_as_they_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool wanted[4]; /* cpu 0 or 1 (bit 0), tid 7 or 9 (bit 1); the name is redis-io */
	} cases[] = {
		{ "cpu == 1", { false, true, false, true } },
		{ "cpu != 1", { true, false, true, false } },
		{ "tid > 7", { false, false, true, true } },
		{ "tid >= 7", { true, true, true, true } },
		{ "tid < 9", { true, true, false, false } },
		{ "tid <= 6", { false, false, false, false } },
		{ "cpu==1&&tid==9", { false, false, false, true } },
		{ "cpu == 1 || tid == 9", { false, true, true, true } },
		{ "!(cpu == 1 || tid == 9)", { true, false, false, false } },
		{ "cpu == 0 && tid == 7 || cpu == 1 && tid == 9", { true, false, false, true } },
		{ "cpu == 0 && (tid == 7 || cpu == 1) && tid == 9", { false } },
		{ "comm ~ \"redis*\" && cpu == 0", { true, false, true, false } },
		{ "comm == redis-io", { true, true, true, true } },
		{ "comm == 'redis*'", { false } },
		{ "comm != redis*", { true, true, true, true } },
		{ "comm !~ *-io", { false } },
		{ "! ! comm ~ r????*-?o", { true, true, true, true } },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_bpf_filter filter;
		struct ev_err err = { 0 };
		if (ev_bpf_filter_parse(&filter, cases[i].text, &err))
			fail_msg("%s", err.text);
		uint32_t facts = ev_bpf_filter_facts(&filter, "redis-io", is_in_seven, NULL);
		for (unsigned k = 0; k < 4; k++) {
			uint64_t fields[] = { [EV_COUNT_CPU] = k & 1,
					      [EV_COUNT_TID] = k & 2 ? 9 : 7,
					      [EV_COUNT_LATENCY] = 0 };
			if (ev_bpf_filter_passes(&filter, fields, facts) != cases[i].wanted[k])
				fail_msg("'%s' decides otherwise in case %u", cases[i].text, k);
		}
	}
}

/* As many as a word has room for: behind them is nothing that may be read. */
static void a_bracket_at_the_end_of_a_glob_is_a_character(void **state)
{
	(void)state;
	struct ev_bpf_filter filter;
	char text[300] = "comm ~ ";
	size_t length = strlen(text);
	memset(text + length, '*', 254);
	text[length + 254] = '[';
	assert_int_equal(ev_bpf_filter_parse(&filter, text, NULL), 0);
	assert_true(ev_bpf_glob_matches(&filter.globs[0], "redis["));
	assert_false(ev_bpf_glob_matches(&filter.globs[0], "redis]"));
}

static void what_is_no_condition_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "at 'the end'" },
		{ "cpu", "==, !=" },
		{ "cpu ==", "a value is missing" },
		{ "cpu == x", "number" },
		{ "cpu ~ 1", "number" },
		{ "size == 1", "at 'size == 1'" },
		{ "cpu == 1 tid == 2", "&& or ||" },
		{ "(cpu == 1", "')' is missing" },
		{ "cpu == 1 &&", "at 'the end'" },
		{ "comm < a", "names are compared" },
		{ "comm == \"a", "no end" },
		{ "comm == abcdefghijklmnop", "at most 15" },
		{ "cgroup ~ a", "cgroups are compared" },
		{ "cpu == 18446744073709551616", "number" },
		{ "\x1b[2J == 1", "\\" },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_err err = { 0 };
		assert_int_equal(ev_bpf_filter_check(cases[i].text, EV_BPF_FILTERED_SAMPLES, &err),
				 -EINVAL);
		if (!strstr(err.text, cases[i].says))
			fail_msg("'%s' says: %s", cases[i].text, err.text);
		assert_null(strchr(err.text, '\x1b'));
	}
}

static void conditions_without_end_are_refused(void **state)
{
	(void)state;
	struct ev_buffer text = { 0 };
	struct ev_err err = { 0 };
	for (int i = 0; i < 20; i++)
		ev_buffer_printf(&text, "%scpu == %d", i ? " || " : "", i);
	assert_int_equal(ev_bpf_filter_check((char *)text.bytes, EV_BPF_FILTERED_SAMPLES, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "too long"));
	text.size_bytes = 0;
	for (int i = 0; i < 10000; i++)
		ev_buffer_printf(&text, "(");
	assert_int_equal(ev_bpf_filter_check((char *)text.bytes, EV_BPF_FILTERED_SAMPLES, &err),
			 -EINVAL);
	text.size_bytes = 0;
	for (int i = 0; i < 10000; i++)
		ev_buffer_printf(&text, "!");
	assert_int_equal(ev_bpf_filter_check((char *)text.bytes, EV_BPF_FILTERED_SAMPLES, &err),
			 -EINVAL);
	text.size_bytes = 0;
	for (int i = 0; i < 9; i++)
		ev_buffer_printf(&text, "%scomm == a%d", i ? "||" : "", i);
	assert_int_equal(ev_bpf_filter_check((char *)text.bytes, EV_BPF_FILTERED_SAMPLES, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "8 are the most"));
	ev_buffer_done(&text);
}

/* All patterns and names of up to four of the characters that matter. */
static void globs_match_what_fnmatch_matches(void **state)
{
	(void)state;
	static const char *const parts[] = { "", "a", "b", "?", "*", "[ab]", "[!a]", "[a-c]" };
	static const char *const names[] = {
		"", "a", "b", "c", "ab", "ba", "aa", "abc", "cab", "abab", "zzzz", "aabbccaabbccaab"
	};
	enum { PARTS = EV_LENGTH(parts) };
	for (unsigned i = 0; i < PARTS * PARTS * PARTS * PARTS; i++) {
		struct ev_bpf_filter filter;
		char pattern[64], text[96];
		snprintf(pattern, sizeof(pattern), "%s%s%s%s", parts[i % PARTS],
			 parts[i / PARTS % PARTS], parts[i / PARTS / PARTS % PARTS],
			 parts[i / PARTS / PARTS / PARTS]);
		snprintf(text, sizeof(text), "comm ~ \"%s\"", pattern);
		assert_int_equal(ev_bpf_filter_parse(&filter, text, NULL), 0);
		for (size_t k = 0; k < EV_LENGTH(names); k++)
			if (ev_bpf_glob_matches(&filter.globs[0], names[k]) !=
			    !fnmatch(pattern, names[k], 0))
				fail_msg("'%s' and '%s'", pattern, names[k]);
	}
}

static void a_cgroup_is_its_inode(void **state)
{
	(void)state;
	struct ev_bpf_filter filter;
	struct ev_err err = { 0 };
	int root = ev_cgroup_open("/", &err);
	if (root < 0)
		SKIP("a_cgroup_is_its_inode", err.text);
	close(root);
	assert_int_equal(ev_bpf_filter_parse(&filter, "cgroup != /", &err), 0);
	assert_int_equal(filter.steps[0].kind, EV_COUNT_CGROUP);
	assert_true(filter.steps[0].value > 0);
	assert_int_equal(filter.steps[1].kind, EV_COUNT_NOT);
	assert_int_equal(ev_bpf_filter_check("cgroup == no/such/one", EV_BPF_FILTERED_SAMPLES,
					     &err),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_are_chosen_by_their_length),
		cmocka_unit_test(a_cgroup_is_a_fact_of_the_thread),
		cmocka_unit_test(what_a_filter_cannot_ask_here_is_refused_with_the_cure),
		cmocka_unit_test(conditions_decide_as_they_read),
		cmocka_unit_test(a_bracket_at_the_end_of_a_glob_is_a_character),
		cmocka_unit_test(what_is_no_condition_is_refused_with_its_place),
		cmocka_unit_test(conditions_without_end_are_refused),
		cmocka_unit_test(globs_match_what_fnmatch_matches),
		cmocka_unit_test(a_cgroup_is_its_inode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
