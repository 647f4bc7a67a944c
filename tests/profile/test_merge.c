/* Profiles of parts of a recording, merged, are the profile of the whole. */
#include <evprof/tables.h>
#include "invented.h"

static void add_some(struct invented *it, struct ev_profile *profile, unsigned from, unsigned to)
{
	static const char *const stacks[] = { "main a b", "main a",     "main b a",
					      "k:idle",   "main a b c", "lib:x ?1" };
	static const char *const comms[] = { "one", "two", "three" };
	for (unsigned i = from; i < to; i++) {
		uint64_t dice = ev_hash64(i);
		uint32_t tag =
			invented_tag_in(profile, dice % 2, comms[dice / 2 % 3], dice / 8 % 4);
		ev_profile_add(profile, tag, invented_stack_in(it, profile, stacks[dice / 64 % 6]),
			       1, i);
		profile->quality.samples++;
		profile->quality.lost += i % 3;
		uint64_t time_ns = 1000 + i;
		if (!profile->first_time_ns || time_ns < profile->first_time_ns)
			profile->first_time_ns = time_ns;
		if (time_ns > profile->last_time_ns)
			profile->last_time_ns = time_ns;
	}
}

static void rows_of(struct invented *it, struct ev_profile *profile, struct ev_buffer *out)
{
	static const enum ev_key keys[] = { EV_KEY_COMM, EV_KEY_OBJECT, EV_KEY_SYMBOL };
	struct ev_namer namer = { .symbolize = invented_symbolize,
				  .object = invented_object,
				  .object_count = 4,
				  .context = it };
	struct ev_named *named = ev_named_open_with(profile, &namer, 0, false);
	struct ev_table table;
	assert_int_equal(ev_table_build(&table, named, keys, 3, true, NULL, NULL), 0);
	for (size_t i = 0; i < table.row_count; i++)
		for (unsigned e = 0; e < 2; e++)
			ev_buffer_printf(out, "%s %s %s %lu %lu %lu %lu\n",
					 ev_row_text(&table, named, &table.rows[i], 0),
					 ev_row_text(&table, named, &table.rows[i], 1),
					 ev_row_text(&table, named, &table.rows[i], 2),
					 (unsigned long)table.rows[i].samples[e],
					 (unsigned long)table.rows[i].period[e],
					 (unsigned long)table.rows[i].children_samples[e],
					 (unsigned long)table.rows[i].children[e]);
	ev_table_done(&table);
	ev_named_close(named);
}

static void merged_parts_are_the_whole(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_profile *parts[3] = { ev_profile_open(), ev_profile_open(), ev_profile_open() };
	struct ev_profile *merged = ev_profile_open();
	struct ev_buffer whole = { 0 }, sum = { 0 };
	add_some(&it, it.profile, 0, 999);
	for (unsigned i = 0; i < 3; i++) {
		/* Ids differ from part to part. */
		invented_tag_in(parts[i], 0, i ? "three" : "two", 1);
		add_some(&it, parts[i], i * 333, (i + 1) * 333);
	}
	for (unsigned i = 3; i-- > 0;)
		ev_profile_merge(merged, parts[i]);
	assert_int_equal(merged->cells.count, it.profile->cells.count);
	assert_int_equal(merged->stacks.count, it.profile->stacks.count);
	assert_int_equal(merged->quality.samples, 999);
	assert_int_equal(merged->quality.lost, it.profile->quality.lost);
	assert_int_equal(merged->first_time_ns, 1000);
	assert_int_equal(merged->last_time_ns, 1998);
	assert_int_equal(merged->event_count, 2);
	rows_of(&it, it.profile, &whole);
	rows_of(&it, merged, &sum);
	assert_true(whole.size_bytes > 500);
	assert_int_equal(whole.size_bytes, sum.size_bytes);
	assert_memory_equal(whole.bytes, sum.bytes, sum.size_bytes);
	ev_buffer_done(&whole);
	ev_buffer_done(&sum);
	for (unsigned i = 0; i < 3; i++)
		ev_profile_close(parts[i]);
	ev_profile_close(merged);
	invented_done(&it);
}

static void merging_nothing_changes_nothing(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_profile *empty = ev_profile_open();
	invented_add(&it, "main", 1, 1);
	it.profile->first_time_ns = 5;
	ev_profile_merge(it.profile, empty);
	assert_int_equal(it.profile->cells.count, 1);
	assert_int_equal(it.profile->first_time_ns, 5);
	ev_profile_merge(empty, it.profile);
	assert_int_equal(empty->cells.count, 1);
	assert_int_equal(empty->first_time_ns, 5);
	ev_profile_close(empty);
	invented_done(&it);
}

static uint64_t samples_of(const struct ev_profile *profile)
{
	uint64_t samples = 0;
	for (size_t i = 0; i < profile->cells.count; i++)
		samples += profile->cells.items[i].samples;
	return samples;
}

static void a_part_of_a_profile_fades_until_nothing_is_left(void **state)
{
	(void)state;
	struct invented it = invented_open();
	add_some(&it, it.profile, 0, 999);
	it.profile->quality.with_stack = 333;
	struct ev_profile *half = ev_profile_open();
	ev_profile_merge_part(half, it.profile, 1, 2);
	/* Each cell is rounded. */
	assert_true(samples_of(half) >= 450 && samples_of(half) <= 550);
	assert_int_equal(half->quality.samples, samples_of(half));
	assert_true(half->quality.with_stack >= 150 && half->quality.with_stack <= 183);
	assert_int_equal(half->quality.lost, it.profile->quality.lost);
	assert_int_equal(half->last_time_ns, it.profile->last_time_ns);
	/* More parts than one, and back, are the same. */
	struct ev_profile *many = ev_profile_open(), *back = ev_profile_open();
	ev_profile_merge_part(many, half, 64, 1);
	assert_int_equal(samples_of(many), 64 * samples_of(half));
	ev_profile_merge_part(back, many, 1, 64);
	assert_int_equal(samples_of(back), samples_of(half));
	assert_int_equal(back->stacks.count, half->stacks.count);
	assert_int_equal(back->quality.with_stack, half->quality.with_stack);
	/* Not a place or stack of what has no sample any more. */
	struct ev_profile *nothing = ev_profile_open();
	ev_profile_merge_part(nothing, half, 1, 100000);
	assert_int_equal(nothing->cells.count, 0);
	assert_true(nothing->stacks.count <= 1 && nothing->places.count <= 1 &&
		    nothing->tags.count <= 1);
	assert_int_equal(nothing->quality.samples, 0);
	ev_profile_close(nothing);
	ev_profile_close(back);
	ev_profile_close(many);
	ev_profile_close(half);
	invented_done(&it);
}

static void no_count_overflows(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_profile *much = ev_profile_open(), *more = ev_profile_open();
	uint32_t tag = invented_tag_in(much, 0, "one", 1);
	ev_profile_add(much, tag, invented_stack_in(&it, much, "main a"), 3, UINT64_MAX / 4);
	ev_profile_merge_part(more, much, 64, 1);
	assert_int_equal(more->cells.items[0].samples, 192);
	assert_true(more->cells.items[0].period >= UINT64_MAX / 4);
	ev_profile_close(more);
	ev_profile_close(much);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_parts_are_the_whole),
		cmocka_unit_test(merging_nothing_changes_nothing),
		cmocka_unit_test(a_part_of_a_profile_fades_until_nothing_is_left),
		cmocka_unit_test(no_count_overflows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
