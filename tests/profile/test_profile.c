/* Samples added to a profile: what is unique, what is added up, which laws hold. */
#include "invented.h"

static void equal_places_stacks_and_tags_have_one_number(void **state)
{
	(void)state;
	struct ev_profile *profile = ev_profile_open();
	struct ev_place place = { 1, 0x1000 }, unknown = { 0, 0 };
	struct ev_tag tag = { .pid = 3 }, other = { .pid = 4 };
	uint32_t a = ev_profile_place(profile, place), b = ev_profile_place(profile, unknown);
	assert_true(a && b && a != b);
	assert_int_equal(ev_profile_place(profile, place), a);
	assert_int_equal(ev_profile_place(profile, unknown), b);
	uint32_t root = ev_profile_stack(profile, 0, a), leaf = ev_profile_stack(profile, root, a);
	assert_int_equal(ev_profile_stack(profile, 0, a), root);
	assert_int_equal(ev_profile_stack(profile, root, a), leaf);
	assert_true(root && leaf > root);
	uint32_t tag_id = ev_profile_tag(profile, &tag);
	assert_int_not_equal(ev_profile_tag(profile, &other), tag_id);
	assert_int_equal(ev_profile_tag(profile, &tag), tag_id);
	ev_profile_close(profile);
	ev_profile_close(NULL);
}

static void weights_of_one_stack_and_tag_are_added_up(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main work", 1, 10);
	invented_add(&it, "main", 1, 5);
	invented_add(&it, "main work", 2, 30);
	assert_int_equal(it.profile->cells.count, 2);
	assert_int_equal(it.profile->cells.items[0].samples, 3);
	assert_int_equal(it.profile->cells.items[0].period, 40);
	invented_done(&it);
}

static void one_stack_keeps_the_weights_of_many_tags_apart(void **state)
{
	(void)state;
	struct invented it = invented_open();
	uint32_t stack = invented_stack(&it, "k:idle");
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t pid = 0; pid < 5000; pid++)
			ev_profile_add(it.profile, invented_tag_in(it.profile, 0, "t", pid), stack,
				       1, pid);
	assert_int_equal(it.profile->cells.count, 5000);
	for (uint32_t pid = 0; pid < 5000; pid++) {
		assert_int_equal(it.profile->cells.items[pid].samples, 2);
		assert_int_equal(it.profile->cells.items[pid].period, 2 * pid);
	}
	invented_done(&it);
}

static void the_highest_event_of_a_tag_is_counted(void **state)
{
	(void)state;
	struct ev_profile *profile = ev_profile_open();
	assert_int_equal(profile->event_count, 0);
	invented_tag_in(profile, 2, "x", 1);
	invented_tag_in(profile, 0, "x", 1);
	assert_int_equal(profile->event_count, 3);
	ev_profile_close(profile);
}

/* Many stacks in an order without locality, all found again, parents before their children. */
static void many_stacks_are_found_again(void **state)
{
	(void)state;
	struct ev_profile *profile = ev_profile_open();
	enum { COUNT = 300000 };
	uint32_t *ids = ev_alloc(COUNT * sizeof(*ids));
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t place =
			ev_profile_place(profile, (struct ev_place){ i % 7, ev_hash64(i % 50000) });
		ids[i] = ev_profile_stack(profile, i ? ids[ev_hash64(i) % i] : 0, place);
	}
	size_t count = profile->stacks.count, places = profile->places.count;
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t place =
			ev_profile_place(profile, (struct ev_place){ i % 7, ev_hash64(i % 50000) });
		assert_int_equal(ev_profile_stack(profile, i ? ids[ev_hash64(i) % i] : 0, place),
				 ids[i]);
	}
	assert_int_equal(profile->stacks.count, count);
	assert_int_equal(profile->places.count, places);
	for (size_t i = 1; i < count; i++)
		assert_true(profile->stacks.items[i].parent < i);
	free(ids);
	ev_profile_close(profile);
}

/* A live view names what there is and goes on adding. */
static void samples_can_be_added_after_naming(void **state)
{
	(void)state;
	struct invented it = invented_open();
	uint32_t other = invented_tag_in(it.profile, 0, "other", 8);
	invented_add(&it, "main work", 1, 10);
	ev_profile_add(it.profile, other, invented_stack(&it, "main work"), 1, 1);
	ev_named_close(invented_name_all(&it, 0, false));
	invented_add(&it, "main work", 1, 10);
	ev_profile_add(it.profile, other, invented_stack(&it, "main work"), 1, 1);
	assert_int_equal(it.profile->stacks.count, 3);
	assert_int_equal(it.profile->places.count, 3);
	assert_int_equal(it.profile->cells.count, 2);
	assert_int_equal(it.profile->cells.items[0].period, 20);
	assert_int_equal(it.profile->cells.items[1].period, 2);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_places_stacks_and_tags_have_one_number),
		cmocka_unit_test(weights_of_one_stack_and_tag_are_added_up),
		cmocka_unit_test(one_stack_keeps_the_weights_of_many_tags_apart),
		cmocka_unit_test(the_highest_event_of_a_tag_is_counted),
		cmocka_unit_test(many_stacks_are_found_again),
		cmocka_unit_test(samples_can_be_added_after_naming),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
