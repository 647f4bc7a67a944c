/* A ring that the kernel fills with records and user space empties. */
#ifndef COLLECT_RING_H
#define COLLECT_RING_H

#include <evprof/base.h>

struct ev_ring {
	int32_t cpu;
	int fd;            /* of the event that owns it */
	void *base;        /* control page, then the data; NULL = not mapped */
	size_t data_bytes; /* power of two */
	uint64_t tail;     /* what was read so far; the kernel knows it at the end of a drain */
};

/* Records in a row, none of them wrapping round the ring's end. */
typedef int (*ev_ring_take)(void *context, const void *bytes, size_t size_bytes,
			    struct ev_err *err);

/* 0 or -errno. data_bytes is a power of two of at least a page. */
int ev_ring_map(struct ev_ring *ring, size_t data_bytes);
void ev_ring_unmap(struct ev_ring *ring);
/* Hands over every record that is complete now; `copy` is where one that wraps is put together.
 * Stops at take's first non-zero answer, or with -EIO at bytes that are no records. */
int ev_ring_drain(struct ev_ring *ring, struct ev_buffer *copy, ev_ring_take take, void *context,
		  struct ev_err *err);

#endif
