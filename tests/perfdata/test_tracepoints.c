/* TRACING_DATA gives formats by their ids, in either byte order, however it is cut. */
#include "tracepoint_samples.h"

#define PRINT FIELDS "\"small=%d text=%s\", REC->small, REC->pointer\n"

static void put32(struct ev_buffer *out, uint32_t value, bool big)
{
	ev_buffer_u32(out, big ? ev_swap32(value) : value);
}

static void put_file(struct ev_buffer *out, const char *text, bool big)
{
	uint64_t size = strlen(text);
	ev_buffer_u64(out, big ? ev_swap64(size) : size);
	ev_buffer_add(out, text, size);
}

static struct ev_buffer section_of(bool big)
{
	static const char texts[] = "0xffff800012345678 : \"Start context\"\n0x12 : broken\n";
	struct ev_buffer out = { 0 };
	ev_buffer_add(&out, "\x17\x08\x44tracing0.6", 14);
	ev_buffer_u8(&out, big);
	ev_buffer_u8(&out, 8);
	put32(&out, 4096, big);
	ev_buffer_add(&out, "header_page", 12);
	put_file(&out, "page", big);
	ev_buffer_add(&out, "header_event", 13);
	put_file(&out, "event", big);
	put32(&out, 0, big);
	put32(&out, 1, big);
	ev_buffer_add(&out, "mine", 5);
	put32(&out, 1, big);
	put_file(&out, PRINT, big);
	put32(&out, 0, big);
	put32(&out, sizeof(texts) - 1, big);
	ev_buffer_add(&out, texts, sizeof(texts) - 1);
	ev_buffer_zero(&out, 8);
	return out;
}

static void a_payload_is_printed_by_the_format_of_its_id(void **state)
{
	struct ev_buffer section = section_of(false), out = { 0 };
	struct ev_recording recording = { 0 };
	const char *system, *name, *failure;
	(void)state;
	ev_recording_set_section(&recording, EV_FEATURE_TRACING_DATA, section.bytes,
				 section.size_bytes);
	struct ev_tracepoints *tracepoints = ev_tracepoints_open(&recording);
	assert_false(ev_tracepoints_know(tracepoints, 76, &system, &name, &failure));
	assert_true(ev_tracepoints_know(tracepoints, 77, &system, &name, &failure));
	assert_string_equal(system, "mine");
	assert_string_equal(name, "thing");
	assert_null(failure);
	assert_true(ev_tracepoints_print(tracepoints, 77, &usual, sizeof(usual), NULL, NULL, &out));
	ev_buffer_u8(&out, 0);
	assert_string_equal((const char *)out.bytes, "small=-3 text=Start context");
	assert_false(ev_tracepoints_print(tracepoints, 5, &usual, sizeof(usual), NULL, NULL, &out));
	ev_tracepoints_close(tracepoints);
	ev_recording_done(&recording);
	ev_buffer_done(&section);
	ev_buffer_done(&out);
}

static void assert_field(struct ev_tracepoints *tracepoints, const char *name, bool plain,
			 const char *expected)
{
	struct ev_buffer out = { 0 };
	assert_true(
		ev_tracepoints_field(tracepoints, 77, name, plain, &usual, sizeof(usual), &out));
	ev_buffer_u8(&out, 0);
	assert_string_equal((const char *)out.bytes, expected);
	ev_buffer_done(&out);
}

static void a_field_is_told_as_printed_or_as_stored(void **state)
{
	struct ev_buffer section = section_of(false), out = { 0 };
	struct ev_recording recording = { 0 };
	const char *name;
	(void)state;
	ev_recording_set_section(&recording, EV_FEATURE_TRACING_DATA, section.bytes,
				 section.size_bytes);
	struct ev_tracepoints *tracepoints = ev_tracepoints_open(&recording);
	assert_field(tracepoints, "small", false, "-3");
	assert_field(tracepoints, "small", true, "-3");
	assert_field(tracepoints, "comm", false, usual.comm);
	assert_false(
		ev_tracepoints_field(tracepoints, 77, "none", false, &usual, sizeof(usual), &out));
	assert_false(
		ev_tracepoints_field(tracepoints, 5, "small", false, &usual, sizeof(usual), &out));
	/* Nothing of the payload is there. */
	assert_true(ev_tracepoints_field(tracepoints, 77, "small", false, NULL, 0, &out));
	name = ev_tracepoints_field_name(tracepoints, 77, 0);
	assert_string_equal(name, "comm");
	assert_string_equal(ev_tracepoints_field_name(tracepoints, 77, 8), "mask");
	assert_null(ev_tracepoints_field_name(tracepoints, 77, 9));
	assert_null(ev_tracepoints_field_name(tracepoints, 5, 0));
	ev_tracepoints_close(tracepoints);
	ev_buffer_done(&section);
	ev_buffer_done(&out);
	ev_recording_done(&recording);
}

static void the_other_byte_order_is_read_too(void **state)
{
	struct ev_buffer section = section_of(true), out = { 0 };
	struct ev_recording recording = { .swapped = true };
	struct payload swapped = usual;
	(void)state;
	swapped.small = (int32_t)ev_swap32((uint32_t)usual.small);
	swapped.pointer = ev_swap64(usual.pointer);
	ev_recording_set_section(&recording, EV_FEATURE_TRACING_DATA, section.bytes,
				 section.size_bytes);
	struct ev_tracepoints *tracepoints = ev_tracepoints_open(&recording);
	assert_true(
		ev_tracepoints_print(tracepoints, 77, &swapped, sizeof(swapped), NULL, NULL, &out));
	ev_buffer_u8(&out, 0);
	assert_string_equal((const char *)out.bytes, "small=-3 text=Start context");
	ev_tracepoints_close(tracepoints);
	ev_recording_done(&recording);
	ev_buffer_done(&section);
	ev_buffer_done(&out);
}

static void every_prefix_and_every_flipped_byte_is_survived(void **state)
{
	struct ev_buffer section = section_of(false);
	(void)state;
	for (size_t i = 0; i < 2 * section.size_bytes; i++) {
		bool flips = i >= section.size_bytes;
		size_t at = flips ? i - section.size_bytes : i;
		struct ev_recording recording = { 0 };
		struct ev_buffer out = { 0 };
		if (flips)
			section.bytes[at] ^= 0xff;
		ev_recording_set_section(&recording, EV_FEATURE_TRACING_DATA, section.bytes,
					 flips ? section.size_bytes : at);
		struct ev_tracepoints *tracepoints = ev_tracepoints_open(&recording);
		ev_tracepoints_print(tracepoints, 77, &usual, sizeof(usual), NULL, NULL, &out);
		ev_tracepoints_close(tracepoints);
		ev_recording_done(&recording);
		ev_buffer_done(&out);
		if (flips)
			section.bytes[at] ^= 0xff;
	}
	ev_buffer_done(&section);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payload_is_printed_by_the_format_of_its_id),
		cmocka_unit_test(a_field_is_told_as_printed_or_as_stored),
		cmocka_unit_test(the_other_byte_order_is_read_too),
		cmocka_unit_test(every_prefix_and_every_flipped_byte_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
