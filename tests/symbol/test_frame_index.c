/* The table of where functions begin: searched, and believed only where it is there whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "frame_index.h"

enum { AT = 0x10000 };

static struct {
	uint8_t form[4];
	int32_t frames, count;
	int32_t table[3][2];
} header;

static bool open_header(struct frame_index *index, size_t size_bytes)
{
	static char name[] = ".eh_frame_hdr";
	struct section section = {
		.name = name, .type = SHT_PROGBITS, .address = AT, .size_bytes = size_bytes
	};
	struct image image = { .memory = (const uint8_t *)&header,
			       .size_bytes = sizeof(header),
			       .sections = &section,
			       .section_count = 1 };
	return ev_frame_index_open(index, &image);
}

static int make_header(void **state)
{
	(void)state;
	memset(&header, 0, sizeof(header));
	memcpy(header.form, (const uint8_t[]){ 1, 0x1b, 0x03, 0x3b }, 4);
	header.count = 3;
	for (int i = 0; i < 3; i++) {
		header.table[i][0] = -0x3000 + 0x1000 * i;
		header.table[i][1] = 0x100 * (i + 1);
	}
	return 0;
}

static void the_last_function_that_begins_before_is_found(void **state)
{
	(void)state;
	struct frame_index index;
	assert_true(open_header(&index, sizeof(header)));
	assert_int_equal(ev_frame_index_before(&index, AT - 0x3001), 0);
	assert_int_equal(ev_frame_index_before(&index, AT - 0x3000), 1);
	assert_int_equal(ev_frame_index_before(&index, AT - 0x2001), 1);
	assert_int_equal(ev_frame_index_before(&index, AT - 0x2000), 2);
	assert_int_equal(ev_frame_index_before(&index, UINT64_MAX), 3);
	assert_int_equal(ev_frame_index_start(&index, 2), AT - 0x1000);
	struct frame_section empty = { .address = AT };
	struct frame_function function;
	assert_false(ev_frame_index_function(&index, 2, &empty, &function));
	ev_frame_index_close(&index);
}

static void one_that_is_not_there_whole_is_none(void **state)
{
	(void)state;
	struct frame_index index;
	assert_false(open_header(&index, sizeof(header) - 1));
	header.count = 1 << 30;
	assert_false(open_header(&index, sizeof(header)));
	assert_false(open_header(&index, 11));
	assert_null(index.bytes);
}

static void another_form_is_none(void **state)
{
	(void)state;
	struct frame_index index;
	for (size_t i = 0; i < sizeof(header.form); i++) {
		header.form[i] ^= 1;
		assert_false(open_header(&index, sizeof(header)));
		assert_null(index.bytes);
		header.form[i] ^= 1;
	}
	assert_true(open_header(&index, sizeof(header)));
	ev_frame_index_close(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_last_function_that_begins_before_is_found, make_header),
		cmocka_unit_test_setup(one_that_is_not_there_whole_is_none, make_header),
		cmocka_unit_test_setup(another_form_is_none, make_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
