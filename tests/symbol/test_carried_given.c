/* Names that are given become a section that says the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "carried.h"

static const struct ev_given_frame frames[] = {
	{ "inlined", "a.h", 3 }, { "work", "a.c", 7 }, { "work", NULL, 0 },
	{ "main", NULL, 0 },     { NULL, "b.c", 9 },
};
static const struct ev_given_place places[] = {
	{ 100, 4, &frames[0], 2 },
	{ 104, 4, &frames[2], 1 },
	{ 108, 4, &frames[3], 1 },
	{ 200, 1, &frames[4], 1 },
};
static const uint8_t id[] = { 1, 2, 3 };

static void a_section_says_what_was_given(void **state)
{
	const struct ev_given_object object = { .kind = EV_OBJECT_FILE,
						.path = "/x",
						.build_id = id,
						.build_id_bytes = sizeof(id),
						.places = places,
						.place_count = EV_LENGTH(places) };
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	(void)state;
	ev_symbols_encode_given(&object, 1, &bytes);
	ev_carried_decode(&carried, bytes.bytes, bytes.size_bytes);
	assert_int_equal(carried.objects.count, 1);
	const struct carried_object *found = &carried.objects.items[0];
	assert_string_equal(found->path, "/x");
	assert_memory_equal(found->build_id, id, sizeof(id));
	assert_int_equal(found->functions.count, 2);
	const struct carried_function *work = ev_carried_function(found, 107);
	assert_string_equal(work->function, "work");
	assert_int_equal(work->start, 100);
	assert_string_equal(ev_carried_function(found, 108)->function, "main");
	assert_null(ev_carried_function(found, 200));
	const struct carried_place *place = ev_carried_place(found, 103);
	assert_int_equal(place->frame_count, 2);
	assert_string_equal(carried.frames.items[place->first_frame].function, "inlined");
	assert_int_equal(carried.frames.items[place->first_frame + 1].line, 7);
	place = ev_carried_place(found, 200);
	assert_null(carried.frames.items[place->first_frame].function);
	assert_string_equal(carried.frames.items[place->first_frame].file, "b.c");
	assert_null(ev_carried_place(found, 150));
	ev_carried_done(&carried);
	ev_buffer_done(&bytes);
}

static void nothing_given_is_an_empty_section(void **state)
{
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	(void)state;
	ev_symbols_encode_given(NULL, 0, &bytes);
	ev_carried_decode(&carried, bytes.bytes, bytes.size_bytes);
	assert_int_equal(carried.objects.count, 0);
	assert_int_equal(carried.flags, EV_SYMBOL_LINES | EV_SYMBOL_INLINES);
	ev_carried_done(&carried);
	ev_buffer_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_says_what_was_given),
		cmocka_unit_test(nothing_given_is_an_empty_section),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
