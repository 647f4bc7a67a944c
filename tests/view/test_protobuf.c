/* Google's wire format, by the examples of its description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "protobuf.h"

static void numbers_are_in_groups_of_seven_bits(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	ev_protobuf_number(&out, 1, 150);
	assert_int_equal(out.size_bytes, 3);
	assert_memory_equal(out.bytes, "\x08\x96\x01", 3);
	out.size_bytes = 0;
	ev_protobuf_number(&out, 2, UINT64_MAX);
	assert_int_equal(out.size_bytes, 11);
	out.size_bytes = 0;
	ev_protobuf_number(&out, 3, 0);
	assert_int_equal(out.size_bytes, 0);
	ev_buffer_done(&out);
}

static void messages_and_lists_have_their_length_in_front(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 }, inner = { 0 };
	ev_protobuf_number(&inner, 1, 150);
	ev_protobuf_message(&out, 3, &inner);
	assert_int_equal(inner.size_bytes, 0);
	assert_int_equal(out.size_bytes, 5);
	assert_memory_equal(out.bytes, "\x1a\x03\x08\x96\x01", 5);
	out.size_bytes = 0;
	ev_protobuf_packed(&out, 6, (const uint64_t[]){ 3, 270, 86942 }, 3);
	assert_int_equal(out.size_bytes, 8);
	assert_memory_equal(out.bytes, "\x32\x06\x03\x8e\x02\x9e\xa7\x05", 8);
	out.size_bytes = 0;
	ev_protobuf_packed(&out, 6, NULL, 0);
	assert_int_equal(out.size_bytes, 0);
	ev_protobuf_bytes(&out, 2, "testing", 7);
	assert_memory_equal(out.bytes, "\x12\x07testing", 9);
	ev_buffer_done(&out);
	ev_buffer_done(&inner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_in_groups_of_seven_bits),
		cmocka_unit_test(messages_and_lists_have_their_length_in_front),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
