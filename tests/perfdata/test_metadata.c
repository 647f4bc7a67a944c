/* Records that describe the recording fill it as the sections of a file do. */
#include "recordings.h"

static struct ev_buffer record_of(uint32_t type, const void *payload, size_t size_bytes)
{
	struct ev_buffer bytes = { 0 };

	ev_buffer_u32(&bytes, type);
	ev_buffer_u16(&bytes, 0);
	ev_buffer_u16(&bytes, (uint16_t)(8 + size_bytes));
	ev_buffer_add(&bytes, payload, size_bytes);
	return bytes;
}

static void apply(struct ev_recording *recording, struct ev_buffer *bytes)
{
	struct ev_raw raw = raw_of(bytes);

	assert_true(ev_metadata_is(raw.type));
	assert_true(ev_metadata_apply(recording, &raw));
	ev_buffer_done(bytes);
}

static void attributes_and_their_ids_become_events(void **state)
{
	struct ev_recording recording = { 0 };
	struct perf_event_attr attr = { .type = 1, .config = 2 };
	struct ev_buffer payload = { 0 }, bytes;

	(void)state;
	ev_attr_encode(&attr, 96, &payload);
	ev_buffer_u64(&payload, 77);
	ev_buffer_u64(&payload, 78);
	bytes = record_of(EV_RECORD_HEADER_ATTR, payload.bytes, payload.size_bytes);
	apply(&recording, &bytes);
	assert_int_equal(recording.event_count, 1);
	assert_int_equal(recording.events[0].attr.config, 2);
	assert_int_equal(recording.events[0].id_count, 2);
	assert_int_equal(recording.events[0].ids[1], 78);
	/* Cut short: no event. */
	bytes = record_of(EV_RECORD_HEADER_ATTR, payload.bytes, 40);
	apply(&recording, &bytes);
	assert_int_equal(recording.event_count, 1);
	ev_buffer_done(&payload);
	ev_recording_done(&recording);
}

static void names_come_by_id_or_by_config(void **state)
{
	struct ev_recording recording = { 0 };
	struct {
		uint64_t what, id;
		char name[8];
	} update = { 2, 21, "second" };
	struct {
		uint64_t config;
		char name[64];
	} type = { 0, "first" };
	struct ev_buffer bytes;

	(void)state;
	add_event(&recording, "", PERF_SAMPLE_IP);
	add_event(&recording, "", PERF_SAMPLE_IP);
	bytes = record_of(EV_RECORD_EVENT_UPDATE, &update, sizeof(update));
	apply(&recording, &bytes);
	assert_string_equal(recording.events[0].name, "");
	assert_string_equal(recording.events[1].name, "second");
	update.what = 0; /* a unit, not a name */
	bytes = record_of(EV_RECORD_EVENT_UPDATE, &update, sizeof(update));
	apply(&recording, &bytes);
	update.id = 999;
	bytes = record_of(EV_RECORD_EVENT_UPDATE, &update, sizeof(update));
	apply(&recording, &bytes);
	assert_string_equal(recording.events[1].name, "second");
	bytes = record_of(EV_RECORD_HEADER_EVENT_TYPE, &type, sizeof(type));
	apply(&recording, &bytes);
	assert_string_equal(recording.events[0].name, "first");
	ev_recording_done(&recording);
}

static void features_and_build_ids_come_as_records(void **state)
{
	struct ev_recording recording = { 0 };
	static const char feature[] = "\3\0\0\0\0\0\0\0\5\0\0\0host";
	static const char last[] = "\x20\0\0\0\0\0\0";
	static const char far[] = "\0\0\1\0\0\0\0\0abc";
	uint8_t build_id[4 + 24 + 8] = { 1, 0, 0, 0, 0xaa, [24] = 20, [28] = '/', 'x' };
	struct ev_buffer bytes;

	(void)state;
	bytes = record_of(EV_RECORD_HEADER_FEATURE, feature, sizeof(feature));
	apply(&recording, &bytes);
	assert_string_equal(recording.hostname, "host");
	assert_non_null(ev_recording_section(&recording, EV_FEATURE_HOSTNAME));
	bytes = record_of(EV_RECORD_HEADER_FEATURE, last, sizeof(last));
	apply(&recording, &bytes);
	bytes = record_of(EV_RECORD_HEADER_FEATURE, far, sizeof(far));
	apply(&recording, &bytes);
	assert_int_equal(recording.section_count, 1);
	bytes = record_of(EV_RECORD_HEADER_BUILD_ID, build_id, sizeof(build_id));
	apply(&recording, &bytes);
	assert_int_equal(recording.build_id_count, 1);
	assert_int_equal(recording.build_ids[0].pid, 1);
	assert_int_equal(recording.build_ids[0].id[0], 0xaa);
	assert_string_equal(recording.build_ids[0].path, "/x");
	ev_recording_done(&recording);
}

static void add_piece(struct ev_buffer *payload, uint32_t number, uint32_t here, uint64_t all,
		      const char *text)
{
	payload->size_bytes = 0;
	ev_buffer_u64(payload, EV_PIECE_MAGIC);
	ev_buffer_u32(payload, number);
	ev_buffer_u32(payload, here);
	ev_buffer_u64(payload, all);
	ev_buffer_add(payload, text, strlen(text));
}

static void pieces_join_to_a_section(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer payload = { 0 }, bytes;
	static const char *const parts[] = { "one ", "two ", "3" };
	const struct ev_section *section;

	(void)state;
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < EV_LENGTH(parts); i++) {
			add_piece(&payload, 200, (uint32_t)strlen(parts[i]), 9, parts[i]);
			bytes = record_of(EV_RECORD_HEADER_EVENT_TYPE, payload.bytes,
					  payload.size_bytes);
			apply(&recording, &bytes);
		}
		section = ev_recording_section(&recording, 200);
		assert_int_equal(section->size_bytes, 9);
		assert_memory_equal(section->bytes, "one two 3", 9);
	}
	/* Lies about sizes and numbers change nothing. */
	add_piece(&payload, 200, 1000, 9, "x");
	bytes = record_of(EV_RECORD_HEADER_EVENT_TYPE, payload.bytes, payload.size_bytes);
	apply(&recording, &bytes);
	add_piece(&payload, 200, 1, 0, "x");
	bytes = record_of(EV_RECORD_HEADER_EVENT_TYPE, payload.bytes, payload.size_bytes);
	apply(&recording, &bytes);
	add_piece(&payload, 70000, 1, 1, "x");
	bytes = record_of(EV_RECORD_HEADER_EVENT_TYPE, payload.bytes, payload.size_bytes);
	apply(&recording, &bytes);
	assert_int_equal(recording.section_count, 1);
	assert_int_equal(ev_recording_section(&recording, 200)->size_bytes, 9);
	ev_buffer_done(&payload);
	ev_recording_done(&recording);
}

static void grow(struct ev_recording *recording, uint32_t number, uint32_t here, const char *text)
{
	struct ev_buffer payload = { 0 }, bytes;

	ev_buffer_u64(&payload, EV_GROWTH_MAGIC);
	ev_buffer_u32(&payload, number);
	ev_buffer_u32(&payload, here);
	ev_buffer_add(&payload, text, strlen(text));
	bytes = record_of(EV_RECORD_HEADER_EVENT_TYPE, payload.bytes, payload.size_bytes);
	apply(recording, &bytes);
	ev_buffer_done(&payload);
}

static void a_section_grows_until_it_is_there_as_a_whole(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer payload = { 0 }, bytes;
	const struct ev_section *section;

	(void)state;
	grow(&recording, 202, 3, "one");
	grow(&recording, 202, 4, " two");
	grow(&recording, 202, 1000, "x");
	grow(&recording, 70000, 1, "x");
	/* One grows: bytes of another would move what was told of it. */
	grow(&recording, 201, 6, "others");
	assert_null(ev_recording_section(&recording, 201));
	section = ev_recording_section(&recording, 202);
	assert_int_equal(section->size_bytes, 7);
	assert_memory_equal(section->bytes, "one two", 7);
	/* In a stream it comes whole at the end, longer than what has grown or not. */
	add_piece(&payload, 202, 9, 9, "one two 3");
	bytes = record_of(EV_RECORD_HEADER_EVENT_TYPE, payload.bytes, payload.size_bytes);
	apply(&recording, &bytes);
	section = ev_recording_section(&recording, 202);
	assert_int_equal(section->size_bytes, 9);
	assert_memory_equal(section->bytes, "one two 3", 9);
	/* And nothing is added to it then. */
	grow(&recording, 202, 1, "x");
	assert_int_equal(ev_recording_section(&recording, 202)->size_bytes, 9);
	assert_int_equal(recording.section_count, 1);
	ev_buffer_done(&payload);
	ev_recording_done(&recording);
}

static void what_happened_is_no_description(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = record_of(PERF_RECORD_COMM, "12345678", 8);
	struct ev_raw raw = raw_of(&bytes);

	(void)state;
	assert_false(ev_metadata_is(PERF_RECORD_COMM));
	assert_false(ev_metadata_apply(&recording, &raw));
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_and_their_ids_become_events),
		cmocka_unit_test(names_come_by_id_or_by_config),
		cmocka_unit_test(features_and_build_ids_come_as_records),
		cmocka_unit_test(pieces_join_to_a_section),
		cmocka_unit_test(a_section_grows_until_it_is_there_as_a_whole),
		cmocka_unit_test(what_happened_is_no_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
