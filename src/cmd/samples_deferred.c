/* Samples whose chain breaks off where user space begins wait for the record that tells the rest,
 * which the kernel writes on the way back there:
 *
 *   sample: kernel addresses, CONTEXT_USER_DEFERRED, cookie    record: cookie, user addresses
 *
 * One record may be for several samples, and a thread that has moved to another CPU may have it in
 * the file before them. */
#include <stdlib.h>
#include <string.h>
#include "samples.h"

enum { HELD = 1024, CHAINS = 256, NONE = -1 };

struct held {
	void *bytes; /* of the record; NULL: free */
	struct ev_raw raw;
	uint64_t cookie;
	uint32_t tid;
	int next; /* in its bucket */
};
struct chain {
	uint64_t cookie;
	uint32_t tid;
	uint64_t *words; /* NULL: none */
	size_t count;
};
struct sample_deferred {
	struct held held[HELD]; /* a ring: the oldest goes when there is no room */
	int buckets[HELD];
	size_t next;
	struct chain chains[CHAINS]; /* seen lately, direct-mapped */
	EV_ARRAY(uint64_t) joined;
};

void sample_deferred_open(struct sample_sink *sink)
{
	sink->deferred = ev_alloc(sizeof(*sink->deferred));
	for (size_t i = 0; i < HELD; i++)
		sink->deferred->buckets[i] = NONE;
}

static uint64_t hash_of(uint64_t cookie, uint32_t tid)
{
	return ev_hash64(cookie ^ (uint64_t)tid << 32);
}

/* Where in a chain the marker is; the cookie is behind it. */
static bool find_marker(const struct ev_sample *sample, size_t *at)
{
	for (*at = 0; *at + 1 < sample->chain_count; ++*at)
		if (sample->chain[*at] == EV_CONTEXT_USER_DEFERRED)
			return true;
	return false;
}

static void take_joined(struct sample_sink *sink, struct ev_record *record, size_t marker,
			const struct chain *chain)
{
	struct sample_deferred *deferred = sink->deferred;
	deferred->joined.count = 0;
	for (size_t i = 0; i < marker; i++)
		*ev_array_add(&deferred->joined) = record->sample.chain[i];
	for (size_t i = 0; chain && i < chain->count; i++)
		*ev_array_add(&deferred->joined) = chain->words[i];
	record->sample.chain = deferred->joined.items;
	record->sample.chain_count = deferred->joined.count;
	sample_take_decoded(sink, record);
}

/* With the chain, or, NULL, without the part that never came. */
static void release(struct sample_sink *sink, struct ev_decoder *decoder, struct held *held,
		    const struct chain *chain)
{
	struct sample_deferred *deferred = sink->deferred;
	int *link = &deferred->buckets[hash_of(held->cookie, held->tid) % HELD];
	struct ev_record record;
	size_t marker;
	while (*link != held - deferred->held)
		link = &deferred->held[*link].next;
	*link = held->next;
	if (!ev_decode(decoder, &held->raw, &record) && find_marker(&record.sample, &marker))
		take_joined(sink, &record, marker, chain);
	free(held->bytes);
	held->bytes = NULL;
}

static void hold(struct sample_sink *sink, struct ev_decoder *decoder, const struct ev_raw *raw,
		 uint64_t cookie, uint32_t tid)
{
	struct sample_deferred *deferred = sink->deferred;
	struct held *held = &deferred->held[deferred->next++ % HELD];
	int *bucket = &deferred->buckets[hash_of(cookie, tid) % HELD];
	if (held->bytes)
		release(sink, decoder, held, NULL);
	*held = (struct held){ .raw = *raw, .cookie = cookie, .tid = tid, .next = *bucket };
	held->bytes = ev_realloc(NULL, raw->size_bytes);
	held->raw.header = memcpy(held->bytes, raw->header, raw->size_bytes);
	*bucket = (int)(held - deferred->held);
}

static void take_sample(struct sample_sink *sink, struct ev_decoder *decoder,
			const struct ev_raw *raw)
{
	struct ev_record record;
	size_t marker;
	if (ev_decode(decoder, raw, &record)) {
		sink->profile->quality.damaged_records++;
		return;
	}
	if (!find_marker(&record.sample, &marker)) {
		sample_take_decoded(sink, &record);
		return;
	}
	uint64_t cookie = record.sample.chain[marker + 1];
	struct chain *chain = &sink->deferred->chains[hash_of(cookie, record.tid) % CHAINS];
	if (chain->words && chain->cookie == cookie && chain->tid == record.tid)
		take_joined(sink, &record, marker, chain);
	else
		hold(sink, decoder, raw, cookie, record.tid);
}

static void take_chain(struct sample_sink *sink, struct ev_decoder *decoder,
		       const struct ev_raw *raw)
{
	struct sample_deferred *deferred = sink->deferred;
	struct ev_record record;
	if (ev_decode(decoder, raw, &record)) /* told by the first walk */
		return;
	uint64_t cookie = record.deferred.cookie, hash = hash_of(cookie, record.tid);
	struct chain *chain = &deferred->chains[hash % CHAINS];
	free(chain->words);
	*chain = (struct chain){ .cookie = cookie,
				 .tid = record.tid,
				 .count = record.deferred.chain_count };
	chain->words = ev_realloc(NULL, chain->count * sizeof(*chain->words));
	if (chain->count)
		memcpy(chain->words, record.deferred.chain, chain->count * sizeof(*chain->words));
	for (int at = deferred->buckets[hash % HELD], next; at != NONE; at = next) {
		struct held *held = &deferred->held[at];
		next = held->next;
		if (held->cookie == cookie && held->tid == chain->tid)
			release(sink, decoder, held, chain);
	}
}

void sample_deferred_take(struct sample_sink *sink, struct ev_decoder *decoder,
			  const struct ev_raw *raw)
{
	if (raw->type == PERF_RECORD_SAMPLE)
		take_sample(sink, decoder, raw);
	else if (raw->type == EV_RECORD_CALLCHAIN_DEFERRED)
		take_chain(sink, decoder, raw);
}

void sample_deferred_end(struct sample_sink *sink, struct ev_decoder *decoder)
{
	struct sample_deferred *deferred = sink->deferred;
	for (size_t i = 0; deferred && i < HELD; i++) {
		struct held *held = &deferred->held[(deferred->next + i) % HELD];
		if (held->bytes)
			release(sink, decoder, held, NULL);
	}
}

void sample_deferred_close(struct sample_sink *sink)
{
	struct sample_deferred *deferred = sink->deferred;
	if (!deferred)
		return;
	for (size_t i = 0; i < HELD; i++)
		free(deferred->held[i].bytes);
	for (size_t i = 0; i < CHAINS; i++)
		free(deferred->chains[i].words);
	ev_array_done(&deferred->joined);
	free(deferred);
	sink->deferred = NULL;
}
