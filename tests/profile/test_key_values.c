/* The texts of keys that details give, and the filters by them. */
#include <errno.h>
#include <evprof/tables.h>
#include "invented.h"

static uint32_t tag_with(struct ev_profile *profile, enum ev_detail detail, uint64_t number)
{
	uint64_t numbers[EV_DETAIL_COUNT] = { 0 };
	struct ev_tag tag = { 0 };
	numbers[detail] = number;
	tag.detail = ev_profile_detail(profile, numbers);
	return ev_profile_tag(profile, &tag);
}

/* What a key shows of a detail. */
static const char *text_of(struct invented *it, enum ev_key key, enum ev_detail detail,
			   uint64_t number)
{
	*it = invented_open();
	it->profile->detail_mask = ev_keys[key].details;
	ev_profile_add(it->profile, tag_with(it->profile, detail, number),
		       invented_stack(it, "main"), 1, 1);
	struct ev_named *named = invented_name_all(it, 0, false);
	struct ev_table table;
	assert_int_equal(ev_table_build(&table, named, &key, 1, false, NULL, NULL), 0);
	const char *text = ev_row_text(&table, named, &table.rows[0], 0);
	text = ev_arena_printf(&it->arena, "%s", text);
	ev_table_done(&table);
	ev_named_close(named);
	return text;
}

static void details_are_shown_as_perf_shows_them(void **state)
{
	(void)state;
	static const struct {
		enum ev_key key;
		enum ev_detail detail;
		uint64_t number;
		const char *text;
	} cases[] = {
		{ EV_KEY_ADDRESS, EV_DETAIL_IP, 0x401000, "0x0000000000401000" },
		{ EV_KEY_CACHE_LINE, EV_DETAIL_ADDRESS, 0x40107f, "0x0000000000401040" },
		{ EV_KEY_SYMBOL_DATA, EV_DETAIL_ADDRESS, 0x40107f, "0x000000000040107f" },
		{ EV_KEY_PHYSICAL, EV_DETAIL_PHYSICAL, 16, "0x0000000000000010" },
		{ EV_KEY_WEIGHT, EV_DETAIL_WEIGHT, 33, "33" },
		{ EV_KEY_LOCAL_LATENCY, EV_DETAIL_LATENCY, 7, "7" },
		{ EV_KEY_STAGE_CYCLES, EV_DETAIL_STAGE_CYCLES, 8, "8" },
		{ EV_KEY_SOCKET, EV_DETAIL_SOCKET, 2, "001" },
		{ EV_KEY_SOCKET, EV_DETAIL_SOCKET, 0, "" },
		{ EV_KEY_CODE_PAGE, EV_DETAIL_CODE_PAGE, 4096, "4K" },
		{ EV_KEY_DATA_PAGE, EV_DETAIL_DATA_PAGE, 2 << 20, "2M" },
		{ EV_KEY_DATA_PAGE, EV_DETAIL_DATA_PAGE, 0, "N/A" },
		{ EV_KEY_MISPREDICT, EV_DETAIL_BRANCH_FLAGS, EV_BRANCH_PREDICTED, "N" },
		{ EV_KEY_MISPREDICT, EV_DETAIL_BRANCH_FLAGS, EV_BRANCH_MISPREDICTED, "Y" },
		{ EV_KEY_MISPREDICT, EV_DETAIL_BRANCH_FLAGS, 0, "N/A" },
		{ EV_KEY_IN_TRANSACTION, EV_DETAIL_BRANCH_FLAGS, EV_BRANCH_IN_TRANSACTION, "T" },
		{ EV_KEY_ABORT, EV_DETAIL_BRANCH_FLAGS, EV_BRANCH_ABORT, "A" },
		{ EV_KEY_CYCLES, EV_DETAIL_BRANCH_FLAGS, 42141 << 4, "42141" },
		{ EV_KEY_CYCLES, EV_DETAIL_BRANCH_FLAGS, 15, "-" },
		{ EV_KEY_CGROUP, EV_DETAIL_CGROUP, 0, "N/A" },
		{ EV_KEY_CGROUP_ID, EV_DETAIL_CGROUP_SPACE, 0, "0/0x0" },
		{ EV_KEY_PARENT, EV_DETAIL_PARENT, 0, "[other]" },
		{ EV_KEY_SYMBOL_FROM, EV_DETAIL_FROM_PLACE, UINT64_MAX, "[unknown]" },
		{ EV_KEY_OBJECT_DATA, EV_DETAIL_DATA_OBJECT, UINT64_MAX, "[unknown]" },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct invented it;
		assert_string_equal(text_of(&it, cases[i].key, cases[i].detail, cases[i].number),
				    cases[i].text);
		invented_done(&it);
	}
}

/* Names of the rows that a filter lets through. */
static const char *passing(struct invented *it, struct ev_named *named, const char *text)
{
	static const enum ev_key keys[] = { EV_KEY_PID, EV_KEY_SYMBOL };
	struct ev_key_filter key_filter;
	struct ev_err err = { 0 };
	assert_int_equal(ev_key_filter_parse(text, &key_filter, &err), 0);
	struct ev_filter filter = { .keys = &key_filter, .key_count = 1 };
	struct ev_table table;
	const char *names = "";
	assert_int_equal(ev_table_build(&table, named, keys, 2, false, &filter, &err), 0);
	for (size_t i = 0; i < table.row_count; i++)
		names = ev_arena_printf(&it->arena, "%s%s%s", names, i ? " " : "",
					ev_row_text(&table, named, &table.rows[i], 1));
	ev_table_done(&table);
	return names;
}

static void any_key_can_be_filtered_by(void **state)
{
	(void)state;
	struct invented it = invented_open();
	it.profile->detail_mask = EV_DETAIL_BIT(WEIGHT);
	uint64_t numbers[EV_DETAIL_COUNT] = { [EV_DETAIL_WEIGHT] = 7 };
	struct ev_tag tag = { .pid = 12, .tid = 12, .cpu = 3 + 1 };
	tag.comm = ev_strings_add_text(it.profile->strings, "sort");
	tag.detail = ev_profile_detail(it.profile, numbers);
	ev_profile_add(it.profile, ev_profile_tag(it.profile, &tag),
		       invented_stack(&it, "main memcpy"), 1, 9);
	tag.pid = tag.tid = 1200;
	tag.cpu = 30 + 1;
	tag.comm = ev_strings_add_text(it.profile->strings, "other");
	numbers[EV_DETAIL_WEIGHT] = 70;
	tag.detail = ev_profile_detail(it.profile, numbers);
	ev_profile_add(it.profile, ev_profile_tag(it.profile, &tag),
		       invented_stack(&it, "main lib:memset"), 1, 8);
	ev_profile_add(it.profile, ev_profile_tag(it.profile, &tag), invented_stack(&it, "main"), 1,
		       7);
	ev_profile_add(it.profile, 0, invented_stack(&it, "f(a,b)"), 1, 6);
	struct ev_named *named = invented_name_all(&it, 0, false);
	static const struct {
		const char *filter, *names;
	} cases[] = {
		{ "sym=memcpy", "memcpy" },     { "sym~mem*", "memcpy memset" },
		{ "sym!~mem*", "main f(a,b)" }, { "sym!=memcpy,main", "memset f(a,b)" },
		{ "symbol=nothing", "" },       { "dso=lib.so", "memset" },
		{ "pid=12", "memcpy" },         { "pid=other", "memset main" },
		{ "pid~*sort", "memcpy" },      { "comm=other,sort", "memcpy memset main" },
		{ "cpu=3", "memcpy" },          { "cpu=030", "memset main" },
		{ "local_weight=7", "memcpy" }, { "local_weight!=7", "memset main f(a,b)" },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++)
		assert_string_equal(passing(&it, named, cases[i].filter), cases[i].names);
	ev_named_close(named);
	invented_done(&it);
}

static void what_is_no_filter_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "KEY=VALUE" },    { "sym", "KEY=VALUE" },   { "sym=", "KEY=VALUE" },
		{ "=x", "KEY=VALUE" },  { "sym!x", "KEY=VALUE" }, { "symbl=x", "symbol" },
		{ "n\033=x", "\\x1b" },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_key_filter filter;
		struct ev_err err = { 0 };
		assert_int_equal(ev_key_filter_parse(cases[i].text, &filter, &err), -EINVAL);
		assert_non_null(strstr(err.text, cases[i].why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(details_are_shown_as_perf_shows_them),
		cmocka_unit_test(any_key_can_be_filtered_by),
		cmocka_unit_test(what_is_no_filter_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
