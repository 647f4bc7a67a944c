/* Rings made by hand: spans of whole records, wrapped ones joined, damage found. */
// wrap: ev_sys_ring_map ev_sys_ring_unmap
#include <linux/perf_event.h>
#include "live.h"
#include "ring.h"

static uint8_t *memory; /* control page and data */
static int map_error;

int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	(void)fd;
	if (map_error)
		return -map_error;
	memory = aligned_alloc((size_t)sysconf(_SC_PAGESIZE), size_bytes);
	memset(memory, 0, size_bytes);
	*base = memory;
	return 0;
}

void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	(void)size_bytes;
	free(base);
}

static struct perf_event_mmap_page *control(void)
{
	return (struct perf_event_mmap_page *)memory;
}

/* What the kernel does: a record at data_head, wrapping where it must. */
static void put(const struct ev_ring *ring, uint16_t size, uint8_t fill)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t record[1024];
	struct perf_event_header header = { .type = PERF_RECORD_SAMPLE, .size = size };
	memset(record, fill, sizeof(record));
	memcpy(record, &header, sizeof(header));
	for (uint16_t i = 0; i < size; i++)
		memory[page_bytes + ((control()->data_head + i) & (ring->data_bytes - 1))] =
			record[i];
	control()->data_head += size;
}

struct taken {
	size_t calls, records, bytes;
	size_t stop_after; /* calls */
	uint8_t last_fill;
};

static int take(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct taken *taken = context;
	const uint8_t *at = bytes;
	(void)err;
	if (taken->stop_after && taken->calls == taken->stop_after)
		return -ENOSPC;
	taken->calls++;
	taken->bytes += size_bytes;
	for (size_t offset = 0; offset < size_bytes;) {
		struct perf_event_header header;
		memcpy(&header, at + offset, sizeof(header));
		assert_int_equal(header.type, PERF_RECORD_SAMPLE);
		assert_true(header.size <= size_bytes - offset);
		uint8_t fill = at[offset + 8];
		for (size_t i = 8; i < header.size; i++)
			assert_int_equal(at[offset + i], fill);
		taken->last_fill = fill;
		taken->records++;
		offset += header.size;
	}
	return 0;
}

static void an_empty_ring_gives_nothing(void **state)
{
	(void)state;
	struct ev_ring ring = { 0 };
	struct ev_buffer copy = { 0 };
	struct taken taken = { 0 };
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, NULL), 0);
	assert_int_equal(ev_ring_map(&ring, 4096), 0);
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, NULL), 0);
	assert_int_equal(taken.calls, 0);
	ev_ring_unmap(&ring);
	ev_ring_unmap(&ring);
}

static void records_come_in_one_span(void **state)
{
	(void)state;
	struct ev_ring ring = { 0 };
	struct ev_buffer copy = { 0 };
	struct taken taken = { 0 };
	assert_int_equal(ev_ring_map(&ring, 4096), 0);
	put(&ring, 64, 1);
	put(&ring, 16, 2);
	put(&ring, 256, 3);
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, NULL), 0);
	assert_int_equal(taken.calls, 1);
	assert_int_equal(taken.records, 3);
	assert_int_equal(control()->data_tail, control()->data_head);
	ev_ring_unmap(&ring);
	ev_buffer_done(&copy);
}

static void a_record_that_wraps_comes_alone_and_whole(void **state)
{
	(void)state;
	struct ev_ring ring = { 0 };
	struct ev_buffer copy = { 0 };
	struct taken taken = { 0 };
	uint8_t fill = 0;
	size_t put_count = 0;
	assert_int_equal(ev_ring_map(&ring, 4096), 0);
	/* Sizes that meet the edge at every possible offset. */
	for (int round = 0; round < 3000; round++) {
		uint16_t size = (uint16_t)(16 + 8 * (round % 67));
		for (int i = 0; i < 3; i++, put_count++)
			put(&ring, size, ++fill);
		assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, NULL), 0);
		assert_int_equal(taken.last_fill, fill);
		assert_int_equal(control()->data_tail, control()->data_head);
	}
	assert_int_equal(taken.records, put_count);
	assert_int_equal(taken.bytes, control()->data_head);
	ev_ring_unmap(&ring);
	ev_buffer_done(&copy);
}

static void records_not_taken_stay(void **state)
{
	(void)state;
	struct ev_ring ring = { 0 };
	struct ev_buffer copy = { 0 };
	struct taken taken = { .stop_after = 1 };
	assert_int_equal(ev_ring_map(&ring, 4096), 0);
	for (int i = 0; i < 7; i++)
		put(&ring, 512, (uint8_t)i);
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, NULL), 0);
	for (int i = 0; i < 4; i++)
		put(&ring, 512, (uint8_t)(10 + i));
	taken = (struct taken){ .stop_after = 1 };
	/* One record up to the edge, then the rest of the round: the second span is refused. */
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, NULL), -ENOSPC);
	assert_int_equal(taken.records, 1);
	assert_int_equal(control()->data_tail, 8 * 512);
	taken.stop_after = 0;
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, NULL), 0);
	assert_int_equal(taken.records, 4);
	assert_int_equal(taken.last_fill, 13);
	ev_ring_unmap(&ring);
	ev_buffer_done(&copy);
}

static void bytes_that_are_no_record_end_with_an_error(void **state)
{
	(void)state;
	struct ev_ring ring = { .cpu = 3 };
	struct ev_buffer copy = { 0 };
	struct taken taken = { 0 };
	struct ev_err err = { 0 };
	assert_int_equal(ev_ring_map(&ring, 4096), 0);
	put(&ring, 64, 1);
	control()->data_head += 64; /* zeros: a record of no size */
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, &err), -EIO);
	assert_non_null(strstr(err.text, "CPU 3"));
	assert_int_equal(control()->data_tail, control()->data_head);
	assert_int_equal(ev_ring_drain(&ring, &copy, take, &taken, &err), 0);
	ev_ring_unmap(&ring);
}

static void a_refused_map_leaves_the_ring_closed(void **state)
{
	(void)state;
	struct ev_ring ring = { 0 };
	map_error = EPERM;
	assert_int_equal(ev_ring_map(&ring, 4096), -EPERM);
	map_error = 0;
	assert_null(ring.base);
	ev_ring_unmap(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_ring_gives_nothing),
		cmocka_unit_test(records_come_in_one_span),
		cmocka_unit_test(a_record_that_wraps_comes_alone_and_whole),
		cmocka_unit_test(records_not_taken_stay),
		cmocka_unit_test(bytes_that_are_no_record_end_with_an_error),
		cmocka_unit_test(a_refused_map_leaves_the_ring_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
