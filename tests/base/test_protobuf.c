/* Google's wire format, by the examples of its description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <evprof/protobuf.h>

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

static struct ev_cursor cursor_of(const struct ev_buffer *buffer)
{
	return ev_cursor_of(buffer->bytes, buffer->size_bytes, false);
}

static void fields_come_back_as_they_were_written(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	struct ev_protobuf_field field;
	ev_protobuf_number(&out, 1, UINT64_MAX);
	ev_protobuf_bytes(&out, 536870911, "testing", 7);
	ev_buffer_add(&out, "\x19\x08\7\6\5\4\3\2\1\x25\4\3\2\1", 14);
	ev_protobuf_packed(&out, 6, (const uint64_t[]){ 3, 86942 }, 2);
	struct ev_cursor message = cursor_of(&out);
	assert_true(ev_protobuf_next(&message, &field));
	assert_int_equal(field.number, 1);
	assert_int_equal(field.wire, EV_PROTOBUF_NUMBER);
	assert_true(field.value == UINT64_MAX);
	assert_true(ev_protobuf_next(&message, &field));
	assert_int_equal(field.number, 536870911);
	assert_int_equal(field.wire, EV_PROTOBUF_BYTES);
	assert_int_equal(ev_cursor_left(&field.bytes), 7);
	assert_memory_equal(ev_cursor_bytes(&field.bytes, 7), "testing", 7);
	assert_true(ev_protobuf_next(&message, &field));
	assert_int_equal(field.wire, EV_PROTOBUF_FIXED64);
	assert_true(field.value == 0x0102030405060708);
	assert_true(ev_protobuf_next(&message, &field));
	assert_int_equal(field.number, 4);
	assert_int_equal(field.wire, EV_PROTOBUF_FIXED32);
	assert_true(field.value == 0x01020304);
	assert_true(ev_protobuf_next(&message, &field));
	assert_int_equal(ev_cursor_varint(&field.bytes), 3);
	assert_int_equal(ev_cursor_varint(&field.bytes), 86942);
	assert_int_equal(ev_cursor_left(&field.bytes), 0);
	assert_false(ev_protobuf_next(&message, &field));
	assert_false(message.bad);
	ev_buffer_done(&out);
}

/* A number that does not end, one too long, field 0, a field beyond the last, texts longer than the
 * message (of all lengths one), a group, and fixed numbers that are cut. */
static void bytes_that_make_no_sense_end_a_message(void **state)
{
	(void)state;
	static const struct {
		size_t size_bytes;
		const char *bytes;
	} wrong[] = {
		{ 2, "\x08\x96" },   { 12, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1" },
		{ 2, "\0\1" },       { 6, "\x80\x80\x80\x80\x10\1" },
		{ 4, "\x12\3ab" },   { 11, "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\1" },
		{ 2, "\x0b\x0c" },   { 8, "\x09\1\2\3\4\5\6\7" },
		{ 4, "\x0d\1\2\3" },
	};
	for (size_t i = 0; i < EV_LENGTH(wrong); i++) {
		struct ev_buffer copy = { 0 };
		struct ev_protobuf_field field;
		ev_buffer_add(&copy, wrong[i].bytes, wrong[i].size_bytes);
		struct ev_cursor message = cursor_of(&copy);
		assert_false(ev_protobuf_next(&message, &field));
		assert_true(message.bad);
		assert_false(ev_protobuf_next(&message, &field));
		ev_buffer_done(&copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_in_groups_of_seven_bits),
		cmocka_unit_test(messages_and_lists_have_their_length_in_front),
		cmocka_unit_test(fields_come_back_as_they_were_written),
		cmocka_unit_test(bytes_that_make_no_sense_end_a_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
