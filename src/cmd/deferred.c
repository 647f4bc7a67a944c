/* Samples whose chain breaks off where user space begins wait for the record that tells the rest,
 * which the kernel writes on the way back there:
 *
 *   sample: kernel addresses, CONTEXT_USER_DEFERRED, cookie    record: cookie, user addresses
 *
 * One record may be for several samples, and a thread that has moved to another CPU may have it in
 * the file before them. */
#include <stdlib.h>
#include <string.h>
#include "deferred.h"

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
struct deferred {
	deferred_take take;
	void *context;
	struct held held[HELD]; /* a ring: the oldest goes when there is no room */
	int buckets[HELD];
	size_t next;
	struct chain chains[CHAINS]; /* seen lately, direct-mapped */
	EV_ARRAY(uint64_t) joined;
};

struct deferred *deferred_open(deferred_take take, void *context)
{
	struct deferred *deferred = ev_alloc(sizeof(*deferred));
	deferred->take = take;
	deferred->context = context;
	for (size_t i = 0; i < HELD; i++)
		deferred->buckets[i] = NONE;
	return deferred;
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

static void take_joined(struct deferred *deferred, struct ev_record *record, size_t marker,
			const struct chain *chain)
{
	deferred->joined.count = 0;
	for (size_t i = 0; i < marker; i++)
		*ev_array_add(&deferred->joined) = record->sample.chain[i];
	for (size_t i = 0; chain && i < chain->count; i++)
		*ev_array_add(&deferred->joined) = chain->words[i];
	record->sample.chain = deferred->joined.items;
	record->sample.chain_count = deferred->joined.count;
	deferred->take(deferred->context, record);
}

/* With the chain, or, NULL, without the part that never came. */
static void release(struct deferred *deferred, struct ev_decoder *decoder, struct held *held,
		    const struct chain *chain)
{
	int *link = &deferred->buckets[hash_of(held->cookie, held->tid) % HELD];
	struct ev_record record;
	size_t marker;
	while (*link != held - deferred->held)
		link = &deferred->held[*link].next;
	*link = held->next;
	if (!ev_decode(decoder, &held->raw, &record) && find_marker(&record.sample, &marker))
		take_joined(deferred, &record, marker, chain);
	free(held->bytes);
	held->bytes = NULL;
}

static void hold(struct deferred *deferred, struct ev_decoder *decoder, const struct ev_raw *raw,
		 uint64_t cookie, uint32_t tid)
{
	struct held *held = &deferred->held[deferred->next++ % HELD];
	int *bucket = &deferred->buckets[hash_of(cookie, tid) % HELD];
	if (held->bytes)
		release(deferred, decoder, held, NULL);
	*held = (struct held){ .raw = *raw, .cookie = cookie, .tid = tid, .next = *bucket };
	held->bytes = ev_realloc(NULL, raw->size_bytes);
	held->raw.header = memcpy(held->bytes, raw->header, raw->size_bytes);
	*bucket = (int)(held - deferred->held);
}

void deferred_add_sample(struct deferred *deferred, struct ev_decoder *decoder,
			 const struct ev_raw *raw, struct ev_record *record)
{
	size_t marker;
	if (!find_marker(&record->sample, &marker)) {
		deferred->take(deferred->context, record);
		return;
	}
	uint64_t cookie = record->sample.chain[marker + 1];
	struct chain *chain = &deferred->chains[hash_of(cookie, record->tid) % CHAINS];
	if (chain->words && chain->cookie == cookie && chain->tid == record->tid)
		take_joined(deferred, record, marker, chain);
	else
		hold(deferred, decoder, raw, cookie, record->tid);
}

void deferred_add_chain(struct deferred *deferred, struct ev_decoder *decoder,
			const struct ev_record *record)
{
	uint64_t cookie = record->deferred.cookie, hash = hash_of(cookie, record->tid);
	struct chain *chain = &deferred->chains[hash % CHAINS];
	free(chain->words);
	*chain = (struct chain){ .cookie = cookie,
				 .tid = record->tid,
				 .count = record->deferred.chain_count };
	chain->words = ev_realloc(NULL, chain->count * sizeof(*chain->words));
	if (chain->count)
		memcpy(chain->words, record->deferred.chain, chain->count * sizeof(*chain->words));
	for (int at = deferred->buckets[hash % HELD], next; at != NONE; at = next) {
		struct held *held = &deferred->held[at];
		next = held->next;
		if (held->cookie == cookie && held->tid == chain->tid)
			release(deferred, decoder, held, chain);
	}
}

void deferred_end(struct deferred *deferred, struct ev_decoder *decoder)
{
	for (size_t i = 0; deferred && i < HELD; i++) {
		struct held *held = &deferred->held[(deferred->next + i) % HELD];
		if (held->bytes)
			release(deferred, decoder, held, NULL);
	}
}

void deferred_close(struct deferred *deferred)
{
	if (!deferred)
		return;
	for (size_t i = 0; i < HELD; i++)
		free(deferred->held[i].bytes);
	for (size_t i = 0; i < CHAINS; i++)
		free(deferred->chains[i].words);
	ev_array_done(&deferred->joined);
	free(deferred);
}
