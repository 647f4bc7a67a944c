/* Records packed into a stream come out of it again, however they are cut. */
#include "recordings.h"

/* `count` records of growing size, each full of its own number. */
static struct ev_buffer make_records(unsigned count)
{
	struct ev_buffer bytes = { 0 };

	for (unsigned i = 0; i < count; i++) {
		uint16_t size_bytes = (uint16_t)(8 + 8 * (i * 37 % 5000));

		ev_buffer_u32(&bytes, i);
		ev_buffer_u16(&bytes, 0);
		ev_buffer_u16(&bytes, size_bytes);
		for (unsigned k = 8; k < size_bytes; k += 8)
			ev_buffer_u64(&bytes, i * 0x9e3779b97f4a7c15 + k);
	}
	return bytes;
}

/* Take what is there; the number of the next record expected. */
static unsigned take(struct ev_unpacker *unpacker, unsigned next)
{
	const void *record;
	size_t size_bytes;
	struct ev_err err = { 0 };
	int rc;

	while ((rc = ev_unpacker_next(unpacker, false, &record, &size_bytes, &err)) == 1) {
		const struct perf_event_header *header = record;

		assert_int_equal((uintptr_t)record % 8, 0);
		assert_int_equal(header->type, next);
		assert_int_equal(size_bytes, 8 + 8 * (next * 37 % 5000));
		next++;
	}
	if (rc < 0)
		fail_msg("%s", err.text);
	return next;
}

static void records_may_span_chunks(void **state)
{
	enum { COUNT = 500 };
	static const size_t cuts[] = { 7, 4096, 100001, EV_UNPACKED_BYTES_MAX };
	struct ev_buffer records = make_records(COUNT);

	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cuts); i++) {
		struct ev_unpacker *unpacker = ev_unpacker_open();
		struct ev_packer *packer;
		struct ev_buffer packed = { 0 };
		unsigned next = 0;
		/* Tiny cuts over the first records only. */
		size_t end = cuts[i] < 100 ? 30000 : records.size_bytes;

		assert_int_equal(ev_packer_open(&packer, 1, NULL), 0);
		for (size_t at = 0; at < end; at += cuts[i]) {
			size_t here = end - at < cuts[i] ? end - at : cuts[i];

			packed.size_bytes = 0;
			assert_int_equal(ev_packer_add(packer, records.bytes + at, here, &packed,
						       NULL),
					 0);
			for (size_t k = 0; k < packed.size_bytes;) {
				struct perf_event_header header;

				memcpy(&header, packed.bytes + k, sizeof(header));
				assert_int_equal(header.type, EV_RECORD_COMPRESSED);
				assert_true(header.size > sizeof(header));
				ev_unpacker_feed(unpacker, packed.bytes + k + sizeof(header),
						 header.size - sizeof(header));
				next = take(unpacker, next);
				k += header.size;
			}
		}
		if (end == records.size_bytes) {
			assert_int_equal(next, COUNT);
			assert_false(ev_unpacker_partial(unpacker));
		}
		ev_packer_close(packer);
		ev_unpacker_close(unpacker);
		ev_buffer_done(&packed);
	}
	ev_buffer_done(&records);
}

static void an_unpacker_can_begin_again(void **state)
{
	struct ev_buffer records = make_records(50), packed = { 0 };
	struct ev_unpacker *unpacker = ev_unpacker_open();
	struct ev_packer *packer;

	(void)state;
	assert_int_equal(ev_packer_open(&packer, 1, NULL), 0);
	assert_int_equal(ev_packer_add(packer, records.bytes, records.size_bytes / 2, &packed,
				       NULL),
			 0);
	for (int i = 0; i < 2; i++) {
		unsigned next = 0;

		for (size_t k = 0; k < packed.size_bytes;) {
			struct perf_event_header header;

			memcpy(&header, packed.bytes + k, sizeof(header));
			ev_unpacker_feed(unpacker, packed.bytes + k + sizeof(header),
					 header.size - sizeof(header));
			next = take(unpacker, next);
			k += header.size;
		}
		assert_true(next > 10);
		assert_true(ev_unpacker_partial(unpacker));
		ev_unpacker_reset(unpacker);
		assert_false(ev_unpacker_partial(unpacker));
	}
	ev_packer_close(packer);
	ev_unpacker_close(unpacker);
	ev_buffer_done(&packed);
	ev_buffer_done(&records);
}

static void what_is_no_stream_is_damage(void **state)
{
	struct ev_unpacker *unpacker = ev_unpacker_open();
	const void *record;
	size_t size_bytes;
	struct ev_err err = { 0 };

	(void)state;
	ev_unpacker_feed(unpacker, "this is not zstd", 16);
	assert_int_equal(ev_unpacker_next(unpacker, false, &record, &size_bytes, &err), -EINVAL);
	assert_non_null(strstr(err.text, "unpack"));
	ev_unpacker_close(unpacker);
}

static void a_packed_record_without_size_is_damage(void **state)
{
	struct ev_unpacker *unpacker = ev_unpacker_open();
	struct ev_packer *packer;
	struct ev_buffer packed = { 0 };
	const void *record;
	size_t size_bytes;
	struct ev_err err = { 0 };

	(void)state;
	assert_int_equal(ev_packer_open(&packer, 1, NULL), 0);
	assert_int_equal(ev_packer_add(packer, "\0\0\0\0\0\0\0\0", 8, &packed, NULL), 0);
	ev_unpacker_feed(unpacker, packed.bytes + 8, packed.size_bytes - 8);
	assert_int_equal(ev_unpacker_next(unpacker, false, &record, &size_bytes, &err), -EINVAL);
	ev_packer_close(packer);
	ev_unpacker_close(unpacker);
	ev_buffer_done(&packed);
}

static void a_chunk_that_unpacks_without_end_is_damage(void **state)
{
	struct ev_unpacker *unpacker = ev_unpacker_open();
	/* A frame of blocks that repeat one byte 128 KiB long, which makes fine records. */
	static const uint8_t begin[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58 };
	static const uint8_t block[] = { 0x02, 0x00, 0x10, 0x08 };
	struct ev_buffer bytes = { 0 };
	const void *record;
	size_t size_bytes;
	uint64_t records = 0;
	struct ev_err err = { 0 };
	int rc;

	(void)state;
	ev_buffer_add(&bytes, begin, sizeof(begin));
	while (bytes.size_bytes < 65000)
		ev_buffer_add(&bytes, block, sizeof(block));
	ev_unpacker_feed(unpacker, bytes.bytes, bytes.size_bytes);
	while ((rc = ev_unpacker_next(unpacker, false, &record, &size_bytes, &err)) == 1)
		records++;
	assert_int_equal(rc, -EINVAL);
	assert_non_null(strstr(err.text, "64 MiB"));
	assert_in_range(records, 30000, 33000);
	ev_unpacker_close(unpacker);
	ev_buffer_done(&bytes);
}

static void a_level_that_does_not_exist_is_refused(void **state)
{
	struct ev_packer *packer;
	struct ev_err err = { 0 };

	(void)state;
	assert_int_equal(ev_packer_open(&packer, 1000, &err), -EINVAL);
	assert_null(packer);
	assert_non_null(strstr(err.text, "1000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_may_span_chunks),
		cmocka_unit_test(an_unpacker_can_begin_again),
		cmocka_unit_test(what_is_no_stream_is_damage),
		cmocka_unit_test(a_packed_record_without_size_is_damage),
		cmocka_unit_test(a_chunk_that_unpacks_without_end_is_damage),
		cmocka_unit_test(a_level_that_does_not_exist_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
