/* Details of tags: interned, merged from other profiles, and the names of the places in them. */
#include <evprof/tables.h>
#include "invented.h"

static uint32_t branch_tag(struct invented *it, struct ev_profile *profile, const char *from,
			   uint64_t flags)
{
	uint64_t numbers[EV_DETAIL_COUNT] = { 0 };
	struct ev_tag tag = { 0 };
	numbers[EV_DETAIL_FROM_PLACE] = ev_profile_place(profile, invented_place(it, from));
	numbers[EV_DETAIL_BRANCH_FLAGS] = flags;
	numbers[EV_DETAIL_CGROUP] = ev_strings_add_text(profile->strings, "/group");
	numbers[EV_DETAIL_WEIGHT] = 999; /* not asked for */
	tag.detail = ev_profile_detail(profile, numbers);
	return ev_profile_tag(profile, &tag);
}

static struct ev_profile *profile_of_branches(struct invented *it, bool more)
{
	struct ev_profile *profile = ev_profile_open();
	profile->detail_mask = EV_DETAIL_BIT(FROM) | EV_DETAIL_BIT(FROM_PLACE) |
			       EV_DETAIL_BIT(BRANCH_FLAGS) | EV_DETAIL_BIT(CGROUP);
	if (more) /* ids differ */
		ev_profile_place(profile, invented_place(it, "other"));
	ev_profile_add(profile, branch_tag(it, profile, "k:entry", 1),
		       invented_stack_in(it, profile, "main"), 1, 1);
	ev_profile_add(profile, branch_tag(it, profile, "main@7", 2),
		       invented_stack_in(it, profile, "lib:read"), 1, 1);
	ev_profile_add(profile, branch_tag(it, profile, "k:entry", 1),
		       invented_stack_in(it, profile, "main"), 1, 1);
	return profile;
}

static const char *rows(struct invented *it, struct ev_profile *profile)
{
	static const enum ev_key keys[] = { EV_KEY_SYMBOL_FROM, EV_KEY_OBJECT_FROM,
					    EV_KEY_SYMBOL_TO,   EV_KEY_MISPREDICT,
					    EV_KEY_CGROUP,      EV_KEY_SRCLINE_FROM };
	struct ev_namer namer = { .symbolize = invented_symbolize,
				  .object = invented_object,
				  .object_count = 4,
				  .context = it };
	struct ev_named *named = ev_named_open_with(profile, &namer, 0, true);
	struct ev_table table;
	const char *text = "";
	assert_int_equal(ev_table_build(&table, named, keys, EV_LENGTH(keys), false, NULL, NULL),
			 0);
	for (size_t i = 0; i < table.row_count; i++) {
		text = ev_arena_printf(&it->arena, "%s%s%lu %c%c", text, i ? ", " : "",
				       (unsigned long)table.rows[i].period[0],
				       ev_row_level(&table, named, &table.rows[i], 0),
				       ev_row_level(&table, named, &table.rows[i], 2));
		for (size_t k = 0; k < EV_LENGTH(keys); k++)
			text = ev_arena_printf(&it->arena, "%s %s", text,
					       ev_row_text(&table, named, &table.rows[i], k));
	}
	ev_table_done(&table);
	ev_named_close(named);
	return text;
}

#define EXPECTED                                                                                   \
	"k. entry [kernel.kallsyms] main Y /group prog.c:1, 1 .. main prog read N /group prog.c:7"

static void equal_numbers_are_one_detail(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_profile *profile = profile_of_branches(&it, false);
	assert_int_equal(profile->tags.count, 1 + 2);
	assert_int_equal(profile->details.count, 2 * 4);
	assert_int_equal(ev_tag_detail(profile, &profile->tags.items[2], EV_DETAIL_BRANCH_FLAGS),
			 2);
	assert_int_equal(ev_tag_detail(profile, &profile->tags.items[2], EV_DETAIL_WEIGHT), 0);
	ev_profile_close(profile);
	invented_done(&it);
}

static void many_details_are_found_again(void **state)
{
	(void)state;
	struct ev_profile *profile = ev_profile_open();
	uint64_t numbers[EV_DETAIL_COUNT] = { 0 };
	profile->detail_mask = EV_DETAIL_BIT(ADDRESS) | EV_DETAIL_BIT(WEIGHT);
	for (unsigned turn = 0; turn < 2; turn++)
		for (uint64_t i = 0; i < 5000; i++) {
			numbers[EV_DETAIL_ADDRESS] = i << 6;
			numbers[EV_DETAIL_WEIGHT] = i % 3;
			assert_int_equal(ev_profile_detail(profile, numbers), i + 1);
		}
	profile->detail_mask = 0;
	assert_int_equal(ev_profile_detail(profile, numbers), 0);
	ev_profile_close(profile);
}

static void places_in_details_have_names(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_profile *profile = profile_of_branches(&it, false);
	assert_string_equal(rows(&it, profile), "2 " EXPECTED);
	ev_profile_close(profile);
	invented_done(&it);
}

static void details_of_several_profiles_are_merged(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_profile *into = ev_profile_open();
	for (unsigned i = 0; i < 2; i++) {
		struct ev_profile *part = profile_of_branches(&it, i);
		ev_profile_merge(into, part);
		ev_profile_close(part);
	}
	assert_int_equal(into->details.count, 2 * 4);
	const char *expected = "4 k. entry [kernel.kallsyms] main Y /group prog.c:1, "
			       "2 .. main prog read N /group prog.c:7";
	assert_string_equal(rows(&it, into), expected);
	ev_profile_close(into);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_numbers_are_one_detail),
		cmocka_unit_test(many_details_are_found_again),
		cmocka_unit_test(places_in_details_have_names),
		cmocka_unit_test(details_of_several_profiles_are_merged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
