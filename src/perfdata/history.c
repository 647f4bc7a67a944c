/* The records of the last while, packed in memory, oldest first: a file is made of them when
 * someone asks, and what is too old passes into what stands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "standing.h"

/* A chunk is closed when so much has come, or when it holds this part of what is kept, at most a
 * second of it. Level 1 packs some hundred MB a second. */
enum { CHUNK_BYTES = 1 << 20, CHUNK_PART = 20, LEVEL = 1 };
#define CHUNK_NS 1000000000u

struct packed {
	uint8_t *bytes;
	size_t size_bytes, unpacked_bytes;
};
/* Samples apart from the rest, which alone is wanted when it is dropped. */
struct chunk {
	struct packed others, samples;
	uint64_t from_ns, to_ns, sample_count;
};

struct ev_history {
	uint64_t keep_ns, keep_bytes;
	struct ev_standing *standing;
	ZSTD_CCtx *packer;
	EV_ARRAY(struct chunk) chunks; /* oldest first */
	uint64_t passed;               /* chunks that were there before the oldest */
	/* Not yet packed. */
	struct ev_buffer others, samples;
	uint64_t from_ns, to_ns, sample_count;
	struct ev_history_tally tally; /* of the chunks */
};

struct ev_history *ev_history_open(uint64_t keep_ns, uint64_t keep_bytes,
				   struct ev_standing *standing)
{
	struct ev_history *history = ev_alloc(sizeof(*history));

	history->keep_ns = keep_ns;
	history->keep_bytes = keep_bytes;
	history->standing = standing;
	history->packer = ZSTD_createCCtx();
	return history;
}

/* ---- packing ----------------------------------------------------------------------------------
 */

static int pack(struct ev_history *history, const struct ev_buffer *from, struct packed *to,
		struct ev_err *err)
{
	size_t room = ZSTD_compressBound(from->size_bytes), size_bytes;

	*to = (struct packed){ .unpacked_bytes = from->size_bytes };
	if (!from->size_bytes)
		return 0;
	to->bytes = ev_alloc(room);
	size_bytes = history->packer
			     ? ZSTD_compressCCtx(history->packer, to->bytes, room, from->bytes,
						 from->size_bytes, LEVEL)
			     : ZSTD_compress(to->bytes, room, from->bytes, from->size_bytes, LEVEL);
	if (ZSTD_isError(size_bytes))
		return ev_fail(err, EIO, "cannot pack the history: %s",
			       ZSTD_getErrorName(size_bytes));
	to->size_bytes = size_bytes;
	to->bytes = realloc(to->bytes, size_bytes);
	return 0;
}

static int unpack(const struct packed *from, ev_take_bytes take, void *context, struct ev_err *err)
{
	uint8_t *bytes;
	size_t size_bytes;
	int rc;

	if (!from->size_bytes)
		return 0;
	bytes = ev_alloc(from->unpacked_bytes);
	size_bytes = ZSTD_decompress(bytes, from->unpacked_bytes, from->bytes, from->size_bytes);
	rc = size_bytes == from->unpacked_bytes
		     ? take(context, bytes, size_bytes, err)
		     : ev_fail(err, EIO, "cannot unpack the history: %s",
			       ZSTD_isError(size_bytes) ? ZSTD_getErrorName(size_bytes)
							: "it is cut off");
	free(bytes);
	return rc;
}

static void drop(struct ev_history *history, struct chunk *chunk)
{
	history->tally.bytes -= chunk->others.size_bytes + chunk->samples.size_bytes;
	history->tally.unpacked_bytes -=
		chunk->others.unpacked_bytes + chunk->samples.unpacked_bytes;
	history->tally.samples -= chunk->sample_count;
	free(chunk->others.bytes);
	free(chunk->samples.bytes);
}

/* ---- adding -----------------------------------------------------------------------------------
 */

void ev_history_add(struct ev_history *history, const void *bytes, size_t size_bytes,
		    uint64_t now_ns)
{
	struct ev_raw raw;

	if (!history->from_ns)
		history->from_ns = now_ns;
	history->to_ns = now_ns;
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);) {
		bool sample = raw.type == PERF_RECORD_SAMPLE;

		ev_buffer_add(sample ? &history->samples : &history->others, raw.header,
			      raw.size_bytes);
		history->sample_count += sample;
	}
}

/* Memory that one busy moment took is given back. */
static void empty(struct ev_buffer *buffer)
{
	if (buffer->room_bytes > 4 * CHUNK_BYTES)
		ev_buffer_done(buffer);
	buffer->size_bytes = 0;
}

static int close_chunk(struct ev_history *history, struct ev_err *err)
{
	struct chunk chunk = { .from_ns = history->from_ns,
			       .to_ns = history->to_ns,
			       .sample_count = history->sample_count };
	int rc;

	if (!history->from_ns)
		return 0;
	rc = pack(history, &history->others, &chunk.others, err);
	if (!rc)
		rc = pack(history, &history->samples, &chunk.samples, err);
	if (rc) {
		free(chunk.others.bytes);
		free(chunk.samples.bytes);
		return rc;
	}
	*ev_array_add(&history->chunks) = chunk;
	history->tally.bytes += chunk.others.size_bytes + chunk.samples.size_bytes;
	history->tally.unpacked_bytes += chunk.others.unpacked_bytes + chunk.samples.unpacked_bytes;
	history->tally.samples += chunk.sample_count;
	empty(&history->others);
	empty(&history->samples);
	history->from_ns = history->to_ns = history->sample_count = 0;
	return 0;
}

/* ---- dropping ---------------------------------------------------------------------------------
 */

static int stand(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	(void)err;
	ev_standing_add(context, bytes, size_bytes);
	return 0;
}

/* The first `count` chunks pass into what stands. */
static int pass(struct ev_history *history, size_t count, uint64_t hold_ns, struct ev_err *err)
{
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		struct chunk *chunk = &history->chunks.items[i];

		if (!rc)
			rc = unpack(&chunk->others, stand, history->standing, err);
		ev_standing_round(history->standing, hold_ns);
		drop(history, chunk);
	}
	history->chunks.count -= count;
	history->passed += count;
	if (count)
		memmove(history->chunks.items, history->chunks.items + count,
			history->chunks.count * sizeof(*history->chunks.items));
	return rc;
}

int ev_history_round(struct ev_history *history, uint64_t now_ns, uint64_t hold_ns,
		     struct ev_err *err)
{
	uint64_t part_ns = history->keep_ns / CHUNK_PART, bytes = history->tally.bytes;
	size_t old = 0;
	int rc = 0;

	if (part_ns > CHUNK_NS)
		part_ns = CHUNK_NS;
	if (history->others.size_bytes + history->samples.size_bytes >= CHUNK_BYTES ||
	    (history->from_ns && now_ns - history->from_ns >= part_ns))
		rc = close_chunk(history, err);
	bytes = history->tally.bytes;
	for (; !rc && old < history->chunks.count; old++) {
		const struct chunk *chunk = &history->chunks.items[old];
		uint64_t age_ns = now_ns > chunk->to_ns ? now_ns - chunk->to_ns : 0;
		bool too_old = age_ns > history->keep_ns, too_much = bytes > history->keep_bytes;

		if (!too_old && !too_much)
			break;
		history->tally.short_of_room_ns = too_old ? 0 : age_ns ? age_ns : 1;
		history->tally.dropped_samples += chunk->sample_count;
		bytes -= chunk->others.size_bytes + chunk->samples.size_bytes;
	}
	return rc ? rc : pass(history, old, hold_ns, err);
}

int ev_history_mark(struct ev_history *history, uint64_t *mark, struct ev_err *err)
{
	int rc = close_chunk(history, err);

	*mark = history->passed + history->chunks.count;
	return rc;
}

int ev_history_forget(struct ev_history *history, uint64_t mark, uint64_t hold_ns,
		      struct ev_err *err)
{
	size_t count = mark > history->passed ? (size_t)(mark - history->passed) : 0;

	history->tally.dropped_samples = history->tally.short_of_room_ns = 0;
	return pass(history, count < history->chunks.count ? count : history->chunks.count, hold_ns,
		    err);
}

/* ---- giving -----------------------------------------------------------------------------------
 */

int ev_history_give(struct ev_history *history, ev_take_bytes take, void *context,
		    struct ev_err *err)
{
	int rc = close_chunk(history, err);

	if (!rc)
		rc = ev_standing_give(history->standing, take, context, err);
	for (size_t i = 0; i < history->chunks.count && !rc; i++) {
		rc = unpack(&history->chunks.items[i].others, take, context, err);
		if (!rc)
			rc = unpack(&history->chunks.items[i].samples, take, context, err);
	}
	return rc;
}

struct ev_history_tally ev_history_tally(const struct ev_history *history)
{
	struct ev_history_tally tally = history->tally;

	tally.samples += history->sample_count;
	tally.bytes += history->others.size_bytes + history->samples.size_bytes;
	tally.unpacked_bytes += history->others.size_bytes + history->samples.size_bytes;
	tally.from_ns = history->chunks.count ? history->chunks.items[0].from_ns : history->from_ns;
	tally.to_ns = history->to_ns;
	if (!tally.to_ns && history->chunks.count)
		tally.to_ns = history->chunks.items[history->chunks.count - 1].to_ns;
	return tally;
}

void ev_history_close(struct ev_history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < history->chunks.count; i++)
		drop(history, &history->chunks.items[i]);
	ev_array_done(&history->chunks);
	ev_buffer_done(&history->others);
	ev_buffer_done(&history->samples);
	ZSTD_freeCCtx(history->packer);
	free(history);
}
