/* The part of a file that was mapped as code. */
#include "records.h"
#include "space.h"

static void the_lowest_mapping_that_holds_a_place_begins_it_and_the_last_one_ends_it(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 1, 7, 0x400000, 0x3000, 0x1000, "/bin/a");
	map(set, 2, 8, 0x700000, 0x1000, 0x6000, "/bin/a");
	map(set, 3, 9, 0x500000, 0x1000, 0x0, "/bin/a"); /* of headers: no place is there */
	map(set, 4, 7, 0x900000, 0x1000, 0x2000, "/lib/b");
	ev_space_set_ready(set);
	uint32_t count = ev_space_set_object_count(set);
	uint64_t *offsets = ev_alloc(count * sizeof(*offsets));
	struct ev_extent *extents = ev_alloc(count * sizeof(*extents));
	for (uint32_t i = 0; i < count; i++)
		offsets[i] = 0x1100;
	ev_space_set_mapped(set, offsets, extents);
	for (uint32_t i = 0; i < count; i++) {
		bool of_a = !strcmp(ev_space_set_object(set, i)->name, "a");
		assert_int_equal(extents[i].from, of_a ? 0x1000 : 0);
		assert_int_equal(extents[i].to, of_a ? 0x7000 : 0);
	}
	free(offsets);
	free(extents);
	ev_space_set_close(set);
}

static void offsets_at_the_end_of_all_numbers_do_not_go_round(void **state)
{
	(void)state;
	struct ev_space_set *set = ev_space_set_open();
	map(set, 1, 7, 0x400000, 0x3000, UINT64_MAX - 0xfff, "/bin/a");
	ev_space_set_ready(set);
	uint32_t count = ev_space_set_object_count(set);
	uint64_t *offsets = ev_alloc(count * sizeof(*offsets));
	struct ev_extent *extents = ev_alloc(count * sizeof(*extents));
	for (uint32_t i = 0; i < count; i++)
		offsets[i] = UINT64_MAX - 0x10;
	ev_space_set_mapped(set, offsets, extents);
	for (uint32_t i = 0; i < count; i++)
		assert_true(extents[i].from <= extents[i].to);
	free(offsets);
	free(extents);
	ev_space_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_lowest_mapping_that_holds_a_place_begins_it_and_the_last_one_ends_it),
		cmocka_unit_test(offsets_at_the_end_of_all_numbers_do_not_go_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
