/* Names of cache events (L1-dcache-load-misses) become id | op << 8 | result << 16, and back. */
#include <stdio.h>
#include <string.h>
#include "names.h"

enum {
	READ = 1 << PERF_COUNT_HW_CACHE_OP_READ,
	WRITE = 1 << PERF_COUNT_HW_CACHE_OP_WRITE,
	PREFETCH = 1 << PERF_COUNT_HW_CACHE_OP_PREFETCH
};

#define SPELLINGS 6

/* The first spelling is the usual one. */
struct part {
	const char *spellings[SPELLINGS];
	const char *about;
	unsigned ops; /* of a cache: what can be done with it */
};

static const struct part caches[] = {
	[PERF_COUNT_HW_CACHE_L1D] = { { "L1-dcache", "l1-d", "l1d", "L1-data" },
				      "the first-level data cache",
				      READ | WRITE | PREFETCH },
	[PERF_COUNT_HW_CACHE_L1I] = { { "L1-icache", "l1-i", "l1i", "L1-instruction" },
				      "the first-level instruction cache",
				      READ | PREFETCH },
	[PERF_COUNT_HW_CACHE_LL] = { { "LLC", "L2" },
				     "the last-level cache",
				     READ | WRITE | PREFETCH },
	[PERF_COUNT_HW_CACHE_DTLB] = { { "dTLB", "d-tlb", "Data-TLB" },
				       "the data address translations",
				       READ | WRITE | PREFETCH },
	[PERF_COUNT_HW_CACHE_ITLB] = { { "iTLB", "i-tlb", "Instruction-TLB" },
				       "the instruction address translations",
				       READ },
	[PERF_COUNT_HW_CACHE_BPU] = { { "branch", "branches", "bpu", "btb", "bpc" },
				      "the branch predictor",
				      READ },
	[PERF_COUNT_HW_CACHE_NODE] = { { "node" },
				       "the memory of this NUMA node",
				       READ | WRITE | PREFETCH },
};

static const struct part ops[] = {
	[PERF_COUNT_HW_CACHE_OP_READ] = { { "load", "loads", "read" }, "loads from", 0 },
	[PERF_COUNT_HW_CACHE_OP_WRITE] = { { "store", "stores", "write" }, "stores to", 0 },
	[PERF_COUNT_HW_CACHE_OP_PREFETCH] = { { "prefetch", "prefetches", "speculative-read",
						"speculative-load" },
					      "prefetches into",
					      0 },
};

static const struct part results[] = {
	[PERF_COUNT_HW_CACHE_RESULT_ACCESS] = { { "refs", "Reference", "ops", "access" }, "", 0 },
	[PERF_COUNT_HW_CACHE_RESULT_MISS] = { { "misses", "miss" }, " that missed", 0 },
};

/* Length of the spelling of `part` that stands as a whole word at the start of text, or 0. */
static size_t spelled(const struct part *part, struct ev_span text)
{
	for (size_t i = 0; i < SPELLINGS && part->spellings[i]; i++) {
		size_t length = ev_span_starts(text, part->spellings[i]);
		if (length && (length == text.length || strchr("-_.", text.at[length])))
			return length;
	}
	return 0;
}

/* Takes one of `parts` from the start of *text with the '-' behind it. False when none stands
 * there. */
static bool take(const struct part *parts, size_t count, struct ev_span *text, size_t *chosen)
{
	size_t longest = 0;
	for (size_t i = 0; i < count; i++) {
		size_t length = spelled(&parts[i], *text);
		if (length > longest) {
			longest = length;
			*chosen = i;
		}
	}
	if (!longest)
		return false;
	*text = ev_span_from(*text, longest + (longest < text->length));
	return true;
}

bool ev_cache_find(struct ev_span name, uint64_t *config)
{
	size_t cache = 0, op = PERF_COUNT_HW_CACHE_OP_READ,
	       result = PERF_COUNT_HW_CACHE_RESULT_ACCESS;
	if (!name.length || strchr("-_.", name.at[name.length - 1]))
		return false;
	if (!take(caches, EV_LENGTH(caches), &name, &cache))
		return false;
	if (name.length && !take(ops, EV_LENGTH(ops), &name, &op) &&
	    !take(results, EV_LENGTH(results), &name, &result))
		return false;
	if (name.length && !take(results, EV_LENGTH(results), &name, &result))
		return false;
	if (name.length || !(caches[cache].ops & 1u << op))
		return false;
	*config = cache | op << 8 | result << 16;
	return true;
}

/* Splits config; false when it is none that the tables know. */
static bool split(uint64_t config, const struct part **cache, size_t *op, size_t *result)
{
	size_t id = config & 0xff;
	*op = config >> 8 & 0xff;
	*result = config >> 16 & 0xff;
	if (config >> 24 || id >= EV_LENGTH(caches) || *op >= EV_LENGTH(ops) ||
	    *result >= EV_LENGTH(results))
		return false;
	*cache = &caches[id];
	return true;
}

const char *ev_cache_name(uint64_t config, char *out, size_t size_bytes)
{
	const struct part *cache;
	size_t op, result;
	if (!split(config, &cache, &op, &result))
		return NULL;
	if (result == PERF_COUNT_HW_CACHE_RESULT_MISS)
		snprintf(out, size_bytes, "%s-%s-misses", cache->spellings[0],
			 ops[op].spellings[0]);
	else
		snprintf(out, size_bytes, "%s-%s", cache->spellings[0], ops[op].spellings[1]);
	return out;
}

const char *ev_cache_about(uint64_t config, char *out, size_t size_bytes)
{
	const struct part *cache;
	size_t op, result;
	if (!split(config, &cache, &op, &result))
		return NULL;
	snprintf(out, size_bytes, "%s %s%s", ops[op].about, cache->about, results[result].about);
	return out;
}

const char *ev_cache_aliases(uint64_t config, char *out, size_t size_bytes)
{
	const struct part *cache;
	size_t op, result, used = 0;
	char name[64];
	out[0] = 0;
	if (!split(config, &cache, &op, &result) || !ev_cache_name(config, name, sizeof(name)))
		return out;
	const char *rest = name + strlen(cache->spellings[0]);
	for (size_t i = 1; i < SPELLINGS && cache->spellings[i] && used < size_bytes; i++)
		used += (size_t)snprintf(out + used, size_bytes - used, "%s%s%s", i > 1 ? " " : "",
					 cache->spellings[i], rest);
	return out;
}

bool ev_cache_at(size_t i, uint64_t *config)
{
	for (size_t cache = 0; cache < EV_LENGTH(caches); cache++)
		for (size_t op = 0; op < EV_LENGTH(ops); op++)
			for (size_t result = 0; result < EV_LENGTH(results); result++) {
				if (!(caches[cache].ops & 1u << op) || i--)
					continue;
				*config = cache | op << 8 | result << 16;
				return true;
			}
	return false;
}
