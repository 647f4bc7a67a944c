/* The notes that markers are made of. */
#include <errno.h>
#include "compiled.h"
#include "stapsdt.h"

static void note_word(struct ev_buffer *out, uint64_t value, bool wide)
{
	if (wide)
		ev_buffer_u64(out, value);
	else
		ev_buffer_u32(out, (uint32_t)value);
}

static void add_note(struct ev_buffer *out, uint64_t address, uint64_t base, uint64_t semaphore,
		     const char *names, size_t names_bytes, bool wide)
{
	struct ev_buffer description = { 0 };
	note_word(&description, address, wide);
	note_word(&description, base, wide);
	note_word(&description, semaphore, wide);
	ev_buffer_add(&description, names, names_bytes);
	ev_buffer_u32(out, 8);
	ev_buffer_u32(out, (uint32_t)description.size_bytes);
	ev_buffer_u32(out, 3);
	ev_buffer_add(out, "stapsdt", 8);
	ev_buffer_add(out, description.bytes, description.size_bytes);
	ev_buffer_zero(out, -description.size_bytes & 3);
	ev_buffer_done(&description);
}
#define NAMES(text) text "\0", sizeof(text) + 1

static void markers_are_read_and_moved_with_their_base(void **state)
{
	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		struct ev_buffer notes = { 0 };
		struct markers markers = { 0 };
		add_note(&notes, 0x1000, 0x2000, 0, NAMES("p\0one"), wide);
		ev_buffer_u32(&notes, 4); /* somebody else's */
		ev_buffer_u32(&notes, 2);
		ev_buffer_u32(&notes, 3);
		ev_buffer_add(&notes, "GNU\0xx\0\0", 8);
		add_note(&notes, 0x1010, 0x2000, 0x3000, NAMES("p\0two\0-4@%eax"), wide);
		assert_int_equal(ev_markers_parse(&markers, notes.bytes, notes.size_bytes, 0x2500,
						  wide, false),
				 0);
		assert_int_equal(markers.count, 2);
		assert_string_equal(markers.items[0].provider, "p");
		assert_string_equal(markers.items[0].name, "one");
		assert_int_equal(markers.items[0].address, 0x1500);
		assert_int_equal(markers.items[0].semaphore, 0);
		assert_int_equal(markers.items[1].address, 0x1510);
		assert_int_equal(markers.items[1].semaphore, 0x3500);
		ev_markers_done(&markers);
		assert_int_equal(ev_markers_parse(&markers, notes.bytes, notes.size_bytes, 0, wide,
						  false),
				 0);
		assert_int_equal(markers.items[0].address, 0x1000);
		ev_markers_done(&markers);
		ev_buffer_done(&notes);
	}
}

static void broken_notes_are_refused_at_every_length(void **state)
{
	(void)state;
	struct ev_buffer notes = { 0 };
	add_note(&notes, 0x1000, 0x2000, 0, NAMES("provider\0name\0args"), true);
	for (size_t size = 1; size < notes.size_bytes; size++) {
		struct markers markers = { 0 };
		uint8_t *exact = malloc(size);
		memcpy(exact, notes.bytes, size);
		int rc = ev_markers_parse(&markers, exact, size, 0, true, false);
		/* Only what pads the last note may be missing. */
		assert_true(rc == -ENOEXEC || (!rc && size + 4 > notes.size_bytes));
		ev_markers_done(&markers);
		free(exact);
	}
	struct markers markers = { 0 };
	notes.bytes[7] = 0xff; /* a description of gigabytes */
	assert_int_equal(ev_markers_parse(&markers, notes.bytes, notes.size_bytes, 0, true, false),
			 -ENOEXEC);
	assert_int_equal(ev_markers_parse(&markers, "", 0, 0, true, false), -ENOENT);
	ev_buffer_done(&notes);
}

static void a_name_without_end_is_refused(void **state)
{
	(void)state;
	struct ev_buffer notes = { 0 };
	struct markers markers = { 0 };
	add_note(&notes, 1, 2, 3, "provider\0name", 13, true);
	assert_int_equal(ev_markers_parse(&markers, notes.bytes, notes.size_bytes, 0, true, false),
			 -ENOEXEC);
	ev_markers_done(&markers);
	ev_buffer_done(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markers_are_read_and_moved_with_their_base),
		cmocka_unit_test(broken_notes_are_refused_at_every_length),
		cmocka_unit_test(a_name_without_end_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
