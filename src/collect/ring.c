/* The kernel's ring becomes spans of whole records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include "ring.h"
#include "syscalls.h"

int ev_ring_map(struct ev_ring *ring, size_t data_bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	int rc = ev_sys_ring_map(ring->fd, page_bytes + data_bytes, &ring->base);
	if (rc)
		ring->base = NULL;
	ring->data_bytes = data_bytes;
	ring->tail = 0;
	return rc;
}

void ev_ring_unmap(struct ev_ring *ring)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	if (ring->base)
		ev_sys_ring_unmap(ring->base, page_bytes + ring->data_bytes);
	ring->base = NULL;
}

/* Bytes from `tail` on that are whole records and do not wrap, at most up to `head`; 0 when the
 * first record wraps; -EIO when a record claims to be longer than what there is. */
static int64_t whole_records(const struct ev_ring *ring, const uint8_t *data, uint64_t tail,
			     uint64_t head)
{
	uint64_t mask = ring->data_bytes - 1, at = tail;
	uint64_t edge = (tail | mask) + 1; /* where the ring wraps next */
	while (at < head) {
		/* Records are aligned to 8 bytes, so a header never wraps. */
		const struct perf_event_header *header = (const void *)(data + (at & mask));
		if (header->size < sizeof(*header) || header->size > head - at)
			return -EIO;
		if (at + header->size > edge)
			break;
		at += header->size;
		if (at == edge)
			break;
	}
	return (int64_t)(at - tail);
}

/* The record at `tail`, which wraps, in one piece. */
static const void *join(const struct ev_ring *ring, struct ev_buffer *copy, const uint8_t *data,
			uint64_t tail, size_t *size_bytes)
{
	uint64_t offset = tail & (ring->data_bytes - 1);
	const struct perf_event_header *header = (const void *)(data + offset);
	size_t first = ring->data_bytes - offset;
	*size_bytes = header->size;
	copy->size_bytes = 0;
	ev_buffer_add(copy, header, first);
	ev_buffer_add(copy, data, *size_bytes - first);
	return copy->bytes;
}

int ev_ring_drain(struct ev_ring *ring, struct ev_buffer *copy, ev_ring_take take, void *context,
		  struct ev_err *err)
{
	struct perf_event_mmap_page *control = ring->base;
	if (!control)
		return 0;
	/* The kernel writes records, then the head: read the other way round. */
	uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	const uint8_t *data = (const uint8_t *)ring->base + sysconf(_SC_PAGESIZE);
	int rc = 0;
	while (!rc && ring->tail < head) {
		const void *bytes = data + (ring->tail & (ring->data_bytes - 1));
		int64_t span = whole_records(ring, data, ring->tail, head);
		size_t size_bytes = (size_t)span;
		if (span < 0) {
			rc = ev_fail(err, EIO,
				     "the kernel's ring of CPU %d holds bytes that are no "
				     "record",
				     ring->cpu);
			ring->tail = head;
			__atomic_store_n(&control->data_tail, head, __ATOMIC_RELEASE);
			break;
		}
		if (!span)
			bytes = join(ring, copy, data, ring->tail, &size_bytes);
		rc = take(context, bytes, size_bytes, err);
		if (!rc)
			ring->tail += size_bytes;
		/* All reads are done before the kernel may write here again. */
		__atomic_store_n(&control->data_tail, ring->tail, __ATOMIC_RELEASE);
	}
	return rc;
}
