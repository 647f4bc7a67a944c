/* Which event a record belongs to, how much of a sample is decoded, and bytes of the other order.
 */
#include "recordings.h"

#define SAMPLE_TYPE                                                                                \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_CPU |  \
	 PERF_SAMPLE_PERIOD)

static struct ev_raw encode(const struct ev_recording *recording, const struct ev_record *record,
			    struct ev_buffer *bytes)
{
	bytes->size_bytes = 0;
	assert_int_equal(ev_encode(recording, record, bytes, NULL), 0);
	return raw_of(bytes);
}

static int event_of(struct ev_decoder *decoder, const struct ev_recording *recording,
		    const struct ev_record *record, struct ev_buffer *bytes)
{
	struct ev_raw raw = encode(recording, record, bytes);
	struct ev_record decoded;

	assert_int_equal(ev_decode(decoder, &raw, &decoded), 0);
	return decoded.event;
}

static void records_are_of_the_event_with_their_id(void **state)
{
	static const uint64_t extra[] = { 0, PERF_SAMPLE_IDENTIFIER };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(extra); i++) {
		struct ev_recording recording = { 0 };
		struct ev_buffer bytes = { 0 };
		struct ev_decoder *decoder;
		struct ev_record record;

		for (int event = 0; event < 3; event++)
			add_event(&recording, "one", SAMPLE_TYPE | extra[i]);
		decoder = ev_decoder_open(&recording);
		for (int event = 0; event < 3; event++)
			for (int id = 0; id < 2; id++) {
				record = make_sample(&recording, event, 1, 2);
				record.sample.id = recording.events[event].ids[id];
				assert_int_equal(event_of(decoder, &recording, &record, &bytes),
						 event);
				record = make_comm(&recording, 1, "name");
				record.id = recording.events[event].ids[id];
				assert_int_equal(event_of(decoder, &recording, &record, &bytes),
						 event);
			}
		/* Made up by a recorder: the first; never heard of: none, but still decoded. */
		record = make_comm(&recording, 1, "name");
		record.id = 0;
		assert_int_equal(event_of(decoder, &recording, &record, &bytes), 0);
		record = make_sample(&recording, 0, 1, 2);
		record.sample.id = 12345;
		assert_int_equal(event_of(decoder, &recording, &record, &bytes), -1);
		ev_decoder_close(decoder);
		ev_buffer_done(&bytes);
		ev_recording_done(&recording);
	}
}

static void ids_may_stand_in_different_places(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };
	struct ev_decoder *decoder;
	struct ev_record record;

	(void)state;
	add_event(&recording, "short", PERF_SAMPLE_IP | PERF_SAMPLE_ID);
	add_event(&recording, "long", PERF_SAMPLE_IP | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID);
	decoder = ev_decoder_open(&recording);
	for (int event = 0; event < 2; event++) {
		record = make_sample(&recording, event, 0, 10);
		/* The other event's id, where that event would not have it. */
		record.sample.ip = recording.events[!event].ids[0];
		assert_int_equal(event_of(decoder, &recording, &record, &bytes), event);
	}
	ev_decoder_close(decoder);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

static void a_stream_learns_its_events_on_the_way(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };
	struct ev_decoder *decoder = ev_decoder_open(&recording);
	struct ev_record record, decoded;
	struct ev_raw raw;

	(void)state;
	add_event(&recording, "one", SAMPLE_TYPE);
	record = make_sample(&recording, 0, 1, 2);
	assert_int_equal(event_of(decoder, &recording, &record, &bytes), 0);
	add_event(&recording, "two", SAMPLE_TYPE);
	record = make_sample(&recording, 1, 1, 2);
	assert_int_equal(event_of(decoder, &recording, &record, &bytes), 1);
	ev_decoder_close(decoder);
	ev_recording_done(&recording);

	/* Before any event is known a record has a header and nothing else. */
	decoder = ev_decoder_open(&recording);
	raw = raw_of(&bytes);
	assert_int_equal(ev_decode(decoder, &raw, &decoded), 0);
	assert_int_equal(decoded.event, -1);
	assert_int_equal(decoded.sample.has, 0);
	ev_decoder_close(decoder);
	ev_buffer_done(&bytes);
}

static void a_sample_is_decoded_as_far_as_wanted(void **state)
{
	static const uint64_t chain[] = { 1, 2, 3 };
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };
	struct ev_decoder *decoder;
	struct ev_record record, decoded;
	struct ev_raw raw;

	(void)state;
	add_event(&recording, "one",
		  SAMPLE_TYPE | PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_WEIGHT);
	record = make_sample(&recording, 0, 5, 0x1234);
	record.sample.chain = chain;
	record.sample.chain_count = 3;
	record.sample.weight = 9;
	raw = encode(&recording, &record, &bytes);
	decoder = ev_decoder_open(&recording);
	assert_int_equal(ev_decode_sample(decoder, &raw, PERF_SAMPLE_IP, &decoded), 0);
	assert_int_equal(decoded.sample.ip, 0x1234);
	assert_int_equal(decoded.pid, 100);
	assert_int_equal(decoded.time_ns, 5);
	assert_int_equal(decoded.sample.period, 7);
	assert_int_equal(decoded.sample.has, SAMPLE_TYPE);
	assert_null(decoded.sample.chain);
	assert_int_equal(ev_decode_sample(decoder, &raw, PERF_SAMPLE_CALLCHAIN, &decoded), 0);
	assert_int_equal(decoded.sample.chain_count, 3);
	assert_int_equal(decoded.sample.weight, 0);
	assert_int_equal(ev_decode_sample(decoder, &raw, ~0ULL, &decoded), 0);
	assert_int_equal(decoded.sample.weight, 9);

	/* One word short of each length: damaged, and read no further than it goes. */
	for (uint32_t size = 8; size < raw.size_bytes; size += 8) {
		void *copy = ev_realloc(NULL, size);

		memcpy(copy, bytes.bytes, size);
		raw.header = copy;
		raw.size_bytes = size;
		assert_int_equal(ev_decode(decoder, &raw, &decoded), -EINVAL);
		raw = raw_of(&bytes);
		free(copy);
	}
	ev_decoder_close(decoder);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

/* ---- the other byte order ---------------------------------------------------------------------
 */

static void word(struct ev_buffer *bytes, uint64_t value)
{
	ev_buffer_u64(bytes, ev_swap64(value));
}

static void half(struct ev_buffer *bytes, uint32_t value)
{
	ev_buffer_u32(bytes, ev_swap32(value));
}

static void swapped_header(struct ev_buffer *bytes, uint32_t type, uint16_t misc)
{
	bytes->size_bytes = 0;
	half(bytes, type);
	ev_buffer_u16(bytes, ev_swap16(misc));
	ev_buffer_u16(bytes, 0);
}

/* The reader swaps the header; the size is what was added. */
static struct ev_raw swapped_raw(const struct ev_buffer *bytes, uint32_t type, uint16_t misc)
{
	return (struct ev_raw){ .header = (const void *)bytes->bytes,
				.type = type,
				.misc = misc,
				.size_bytes = (uint32_t)bytes->size_bytes };
}

static void a_sample_of_the_other_byte_order_is_put_right(void **state)
{
	struct ev_recording recording = { .swapped = true };
	struct ev_buffer bytes = { 0 };
	struct ev_decoder *decoder;
	struct ev_record got;
	struct ev_raw raw;

	(void)state;
	add_event(&recording, "one",
		  PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_CPU | PERF_SAMPLE_READ |
			  PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW | PERF_SAMPLE_BRANCH_STACK |
			  PERF_SAMPLE_WEIGHT_STRUCT);
	swapped_header(&bytes, PERF_RECORD_SAMPLE, 2);
	word(&bytes, 0x1122334455667788);
	half(&bytes, 11);
	half(&bytes, 22);
	half(&bytes, 3);
	half(&bytes, 0);
	word(&bytes, 777);
	word(&bytes, 2);
	word(&bytes, PERF_CONTEXT_USER);
	word(&bytes, 0x400000);
	half(&bytes, 4);
	ev_buffer_add(&bytes, "raw!", 4);
	word(&bytes, 1);
	word(&bytes, 0xf0);
	word(&bytes, 0x70);
	/* predicted is the second bit from the top, cycles the sixteen after the first four. */
	word(&bytes, 1ULL << 62 | 0x1234ULL << 44);
	word(&bytes, 0x0003000200000001);
	raw = swapped_raw(&bytes, PERF_RECORD_SAMPLE, 2);
	decoder = ev_decoder_open(&recording);
	assert_int_equal(ev_decode(decoder, &raw, &got), 0);
	assert_int_equal(got.sample.ip, 0x1122334455667788);
	assert_int_equal(got.sample.pid, 11);
	assert_int_equal(got.sample.tid, 22);
	assert_int_equal(got.sample.cpu, 3);
	assert_int_equal(got.sample.reads[0].value, 777);
	assert_int_equal(got.sample.chain_count, 2);
	assert_int_equal(got.sample.chain[0], PERF_CONTEXT_USER);
	assert_int_equal(got.sample.chain[1], 0x400000);
	assert_memory_equal(got.sample.raw, "raw!", 4);
	assert_int_equal(got.sample.branches[0].from, 0xf0);
	assert_int_equal(got.sample.branches[0].to, 0x70);
	assert_int_equal(got.sample.branches[0].flags, 2 | 0x1234 << 4);
	assert_int_equal(got.sample.weight, 1);
	assert_int_equal(got.sample.weight2, 2);
	assert_int_equal(got.sample.weight3, 3);
	ev_decoder_close(decoder);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

static void other_records_of_the_other_byte_order_are_put_right(void **state)
{
	struct ev_recording recording = { .swapped = true };
	struct ev_buffer bytes = { 0 };
	struct ev_decoder *decoder;
	struct ev_record got;
	struct ev_raw raw;

	(void)state;
	add_event(&recording, "one", PERF_SAMPLE_TID | PERF_SAMPLE_TIME);
	decoder = ev_decoder_open(&recording);
	swapped_header(&bytes, PERF_RECORD_NAMESPACES, 0);
	half(&bytes, 11);
	half(&bytes, 12);
	word(&bytes, 1);
	word(&bytes, 0xd);
	word(&bytes, 0x1);
	half(&bytes, 13);
	half(&bytes, 14);
	word(&bytes, 99);
	raw = swapped_raw(&bytes, PERF_RECORD_NAMESPACES, 0);
	assert_int_equal(ev_decode(decoder, &raw, &got), 0);
	assert_int_equal(got.namespaces.pid, 11);
	assert_int_equal(got.namespaces.dev_inode[0], 0xd);
	assert_int_equal(got.namespaces.dev_inode[1], 0x1);
	assert_int_equal(got.pid, 13);
	assert_int_equal(got.time_ns, 99);

	swapped_header(&bytes, PERF_RECORD_MMAP, 0);
	half(&bytes, 11);
	half(&bytes, 12);
	word(&bytes, 0x400000);
	word(&bytes, 0x1000);
	word(&bytes, 0x2000);
	ev_buffer_add(&bytes, "/bin/x\0", 8);
	half(&bytes, 13);
	half(&bytes, 14);
	word(&bytes, 100);
	raw = swapped_raw(&bytes, PERF_RECORD_MMAP, 0);
	assert_int_equal(ev_decode(decoder, &raw, &got), 0);
	assert_int_equal(got.mmap.start, 0x400000);
	assert_int_equal(got.mmap.file_offset, 0x2000);
	assert_string_equal(got.mmap.path, "/bin/x");
	assert_int_equal(got.time_ns, 100);
	ev_decoder_close(decoder);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

/* ---- what a record must not make us believe -----------------------------------------------------
 */

static void counts_beyond_the_record_are_damage(void **state)
{
	static const uint64_t fields[] = { PERF_SAMPLE_CALLCHAIN, PERF_SAMPLE_BRANCH_STACK,
					   PERF_SAMPLE_READ,      PERF_SAMPLE_STACK_USER,
					   PERF_SAMPLE_AUX,       PERF_SAMPLE_RAW };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(fields); i++) {
		struct ev_recording recording = { 0 };
		struct ev_decoder *decoder;
		struct ev_record got;
		uint64_t words[] = { 0, UINT64_MAX / 8, 1, 2, 3 };
		struct ev_raw raw = { .header = (const void *)words,
				      .type = PERF_RECORD_SAMPLE,
				      .size_bytes = sizeof(words) };

		add_event(&recording, "one", fields[i])->attr.read_format = PERF_FORMAT_GROUP;
		decoder = ev_decoder_open(&recording);
		assert_int_equal(ev_decode(decoder, &raw, &got), -EINVAL);
		words[1] = UINT64_MAX;
		assert_int_equal(ev_decode(decoder, &raw, &got), -EINVAL);
		ev_decoder_close(decoder);
		ev_recording_done(&recording);
	}
}

static void records_without_a_sample_id_are_read_all_the_same(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };
	struct ev_decoder *decoder;
	struct ev_record record, got;
	struct ev_raw raw;

	(void)state;
	add_event(&recording, "one", SAMPLE_TYPE)->attr.sample_id_all = 0;
	record = make_comm(&recording, 5, "name");
	raw = encode(&recording, &record, &bytes);
	assert_int_equal(raw.size_bytes, 24);
	decoder = ev_decoder_open(&recording);
	assert_int_equal(ev_decode(decoder, &raw, &got), 0);
	assert_string_equal(got.comm.comm, "name");
	assert_int_equal(got.pid, 100);
	assert_int_equal(got.time_ns, 0);
	ev_decoder_close(decoder);

	/* With sample ids in the rest of the file, but too short for one. */
	recording.events[0].attr.sample_id_all = 1;
	decoder = ev_decoder_open(&recording);
	assert_int_equal(ev_decode(decoder, &raw, &got), 0);
	assert_string_equal(got.comm.comm, "name");
	ev_decoder_close(decoder);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

static void unknown_types_are_a_bare_header(void **state)
{
	struct ev_recording recording = { 0 };
	uint64_t words[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct ev_raw raw = { .header = (const void *)words, .size_bytes = sizeof(words) };
	static const uint32_t types[] = { 40, 64, 81, 99, 32769 };
	struct ev_decoder *decoder;
	struct ev_record got;

	(void)state;
	add_event(&recording, "one", SAMPLE_TYPE);
	decoder = ev_decoder_open(&recording);
	for (size_t i = 0; i < EV_LENGTH(types); i++) {
		raw.type = types[i];
		assert_int_equal(ev_decode(decoder, &raw, &got), 0);
		assert_int_equal(got.type, types[i]);
	}
	ev_decoder_close(decoder);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_of_the_event_with_their_id),
		cmocka_unit_test(ids_may_stand_in_different_places),
		cmocka_unit_test(a_stream_learns_its_events_on_the_way),
		cmocka_unit_test(a_sample_is_decoded_as_far_as_wanted),
		cmocka_unit_test(a_sample_of_the_other_byte_order_is_put_right),
		cmocka_unit_test(other_records_of_the_other_byte_order_are_put_right),
		cmocka_unit_test(counts_beyond_the_record_are_damage),
		cmocka_unit_test(records_without_a_sample_id_are_read_all_the_same),
		cmocka_unit_test(unknown_types_are_a_bare_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
