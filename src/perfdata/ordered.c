/* Records as they stand in the file -> records in the order of their time. Rings of several CPUs
 * are emptied in rounds: what is older than the newest record of the round before last can not be
 * overtaken any more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "reader.h"

/* Copies of records lie in blocks; a block goes when all of its records went. */
struct block {
	size_t used_bytes, room_bytes;
	size_t records; /* that wait in it */
	uint64_t bytes[];
};
enum { BLOCK_BYTES = 256 * 1024 };

struct waiting {
	uint64_t time_ns, sequence; /* sequence: equal times stay in the order of the file */
	struct block *block;
	struct ev_raw raw;
};

struct ev_ordered {
	struct ev_reader *reader;
	struct ev_decoder *decoder;
	EV_ARRAY(struct waiting) waiting; /* [next, sorted) goes out now, the rest waits on */
	size_t next, sorted;
	struct block *filling, *spent; /* spent: of the record handed out last */
	uint64_t sequence, newest_ns, limit_ns;
	struct ev_raw raw; /* of the record handed out last */
	bool ended;
	int failed; /* the reader's answer after its last record */
	struct ev_err failure;
};

struct ev_ordered *ev_ordered_open(struct ev_reader *reader)
{
	struct ev_ordered *ordered = ev_alloc(sizeof(*ordered));

	ordered->reader = reader;
	ordered->decoder = ev_decoder_open(ev_reader_recording(reader));
	return ordered;
}

static void release(struct ev_ordered *ordered, struct block *block)
{
	if (--block->records)
		return;
	if (block == ordered->filling)
		block->used_bytes = 0;
	else
		free(block);
}

static void hold(struct ev_ordered *ordered, const struct ev_raw *raw, uint64_t time_ns)
{
	size_t size_bytes = ev_align8(raw->size_bytes);
	struct block *block = ordered->filling;
	struct waiting *waiting;

	if (!block || block->room_bytes - block->used_bytes < size_bytes) {
		size_t room = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES;

		if (block && block->records == 0)
			free(block); /* empty, and too small for this one */
		block = ev_realloc(NULL, sizeof(*block) + room);
		*block = (struct block){ .room_bytes = room };
		ordered->filling = block;
	}
	waiting = ev_array_add(&ordered->waiting);
	waiting->time_ns = time_ns;
	waiting->sequence = ordered->sequence++;
	waiting->block = block;
	waiting->raw = *raw;
	waiting->raw.header =
		memcpy((uint8_t *)block->bytes + block->used_bytes, raw->header, raw->size_bytes);
	block->used_bytes += size_bytes;
	block->records++;
	if (time_ns > ordered->newest_ns)
		ordered->newest_ns = time_ns;
}

static int by_time(const void *one, const void *other)
{
	const struct waiting *a = one, *b = other;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

/* Sort what waits; what is not younger than the limit may go. */
static void let_go(struct ev_ordered *ordered, uint64_t limit_ns)
{
	size_t kept = ordered->waiting.count - ordered->next, lowest = 0, highest;

	if (ordered->next)
		memmove(ordered->waiting.items, ordered->waiting.items + ordered->next,
			kept * sizeof(*ordered->waiting.items));
	ordered->waiting.count = kept;
	ordered->next = 0;
	if (kept)
		qsort(ordered->waiting.items, kept, sizeof(*ordered->waiting.items), by_time);
	highest = kept;
	while (lowest < highest) {
		size_t middle = lowest + (highest - lowest) / 2;

		if (ordered->waiting.items[middle].time_ns <= limit_ns)
			lowest = middle + 1;
		else
			highest = middle;
	}
	ordered->sorted = lowest;
}

/* What comes after a damaged record is still good: the next call goes on with it. */
static int decode(struct ev_ordered *ordered, const struct ev_raw *raw, struct ev_record *record,
		  struct ev_err *err)
{
	ordered->raw = *raw;
	if (ev_decode(ordered->decoder, raw, record) < 0)
		return ev_fail(err, EINVAL,
			       "at byte %llu: damaged: a record of type %u and %u bytes",
			       (unsigned long long)raw->offset, raw->type, raw->size_bytes);
	return 1;
}

/* Read on until something may go out. 1 and the record itself where it has no time to wait for,
 * 0 when sorted ones are ready or the end was reached. */
static int gather(struct ev_ordered *ordered, struct ev_record *record, struct ev_err *err)
{
	for (;;) {
		struct ev_raw raw;
		uint64_t time_ns;
		int rc = ev_reader_next(ordered->reader, &raw, &ordered->failure);

		if (rc <= 0) {
			ordered->ended = true;
			ordered->failed = rc;
			let_go(ordered, UINT64_MAX);
			return 0;
		}
		time_ns = ev_decode_time(ordered->decoder, &raw);
		if (time_ns) {
			hold(ordered, &raw, time_ns);
			continue;
		}
		/* Of several files a round of one says nothing about the others. */
		if (raw.type == EV_RECORD_FINISHED_ROUND && !ev_reader_has_files(ordered->reader)) {
			let_go(ordered, ordered->limit_ns);
			ordered->limit_ns = ordered->newest_ns;
		}
		return decode(ordered, &raw, record, err);
	}
}

int ev_ordered_next(struct ev_ordered *ordered, struct ev_record *record, struct ev_err *err)
{
	int rc;

	if (ordered->spent) {
		release(ordered, ordered->spent);
		ordered->spent = NULL;
	}
	for (;;) {
		if (ordered->next < ordered->sorted) {
			struct waiting *first = &ordered->waiting.items[ordered->next++];

			ordered->spent = first->block;
			return decode(ordered, &first->raw, record, err);
		}
		if (ordered->ended && ordered->failed)
			return ev_fail(err, ordered->failure.code, "%s", ordered->failure.text);
		if (ordered->ended)
			return 0;
		rc = gather(ordered, record, err);
		if (rc)
			return rc;
	}
}

const struct ev_raw *ev_ordered_raw(const struct ev_ordered *ordered)
{
	return &ordered->raw;
}

void ev_ordered_close(struct ev_ordered *ordered)
{
	if (!ordered)
		return;
	if (ordered->spent)
		release(ordered, ordered->spent);
	for (size_t i = ordered->next; i < ordered->waiting.count; i++)
		release(ordered, ordered->waiting.items[i].block);
	free(ordered->filling);
	ev_array_done(&ordered->waiting);
	ev_decoder_close(ordered->decoder);
	free(ordered);
}
