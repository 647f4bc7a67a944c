/* The bits that a CPU gives with a memory access or a transaction become words: which cache had the
 * data, what other CPUs had to do with it, how a transaction ended. */
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include "memory_words.h"

struct word {
	uint64_t bit;
	const char *text;
};

static void add(char *out, size_t size_bytes, const char *before, const char *text)
{
	size_t length = strlen(out);
	snprintf(out + length, size_bytes - length, "%s%s", length ? before : "", text);
}

static void add_words(char *out, size_t size_bytes, const struct word *words, size_t count,
		      uint64_t bits)
{
	for (size_t i = 0; i < count; i++)
		if (bits & words[i].bit)
			add(out, size_bytes, " or ", words[i].text);
}

/* Where bits say both, both is what is known. */
static const char *with_outcome(struct ev_arena *arena, char *out, size_t size_bytes, bool hit,
				bool miss)
{
	if (!*out)
		return "N/A";
	if (hit)
		add(out, size_bytes, " ", "hit");
	if (miss)
		add(out, size_bytes, " ", "miss");
	return ev_arena_printf(arena, "%s", out);
}

/* The number that newer CPUs give, for what has no bit of its own. */
static const char *numbered_level(uint64_t number)
{
	static const char *const levels[16] = {
		[1] = "L1",   [2] = "L2",         [3] = "L3",
		[4] = "L4",   [5] = "L2 MHB",     [6] = "Memory-side Cache",
		[7] = "L0",   [8] = "Uncached",   [9] = "CXL",
		[10] = "I/O", [11] = "Any cache", [12] = "LFB/MAB",
		[13] = "RAM", [14] = "PMEM",
	};
	return levels[number & 15];
}

const char *ev_memory_level_words(struct ev_arena *arena, uint64_t source)
{
	static const struct word levels[] = {
		{ PERF_MEM_LVL_L1, "L1" },
		{ PERF_MEM_LVL_LFB, "LFB/MAB" },
		{ PERF_MEM_LVL_L2, "L2" },
		{ PERF_MEM_LVL_L3, "L3" },
		{ PERF_MEM_LVL_LOC_RAM, "Local RAM" },
		{ PERF_MEM_LVL_REM_RAM1, "Remote RAM (1 hop)" },
		{ PERF_MEM_LVL_REM_RAM2, "Remote RAM (2 hops)" },
		{ PERF_MEM_LVL_REM_CCE1, "Remote Cache (1 hop)" },
		{ PERF_MEM_LVL_REM_CCE2, "Remote Cache (2 hops)" },
		{ PERF_MEM_LVL_IO, "I/O" },
		{ PERF_MEM_LVL_UNC, "Uncached" },
	};
	union perf_mem_data_src bits = { .val = source };
	const char *numbered = numbered_level(bits.mem_lvl_num);
	char out[256] = "";
	add_words(out, sizeof(out), levels, EV_LENGTH(levels), bits.mem_lvl);
	if (!*out && numbered) {
		if (bits.mem_remote)
			add(out, sizeof(out), " ", "Remote");
		add(out, sizeof(out), " ", numbered);
	}
	return with_outcome(arena, out, sizeof(out), bits.mem_lvl & PERF_MEM_LVL_HIT,
			    bits.mem_lvl & PERF_MEM_LVL_MISS);
}

const char *ev_memory_snoop_words(struct ev_arena *arena, uint64_t source)
{
	static const struct word words[] = {
		{ PERF_MEM_SNOOP_NONE, "None" },
		{ PERF_MEM_SNOOP_HIT, "Hit" },
		{ PERF_MEM_SNOOP_MISS, "Miss" },
		{ PERF_MEM_SNOOP_HITM, "HitM" },
	};
	static const struct word more[] = {
		{ PERF_MEM_SNOOPX_FWD, "Fwd" },
		{ 2, "Peer" },
	};
	union perf_mem_data_src bits = { .val = source };
	char out[64] = "";
	add_words(out, sizeof(out), words, EV_LENGTH(words), bits.mem_snoop);
	add_words(out, sizeof(out), more, EV_LENGTH(more), bits.mem_snoopx);
	return *out ? ev_arena_printf(arena, "%s", out) : "N/A";
}

const char *ev_memory_tlb_words(struct ev_arena *arena, uint64_t source)
{
	static const struct word words[] = {
		{ PERF_MEM_TLB_L1, "L1" },
		{ PERF_MEM_TLB_L2, "L2" },
		{ PERF_MEM_TLB_WK, "Walker" },
		{ PERF_MEM_TLB_OS, "Fault" },
	};
	union perf_mem_data_src bits = { .val = source };
	char out[64] = "";
	add_words(out, sizeof(out), words, EV_LENGTH(words), bits.mem_dtlb);
	return with_outcome(arena, out, sizeof(out), bits.mem_dtlb & PERF_MEM_TLB_HIT,
			    bits.mem_dtlb & PERF_MEM_TLB_MISS);
}

const char *ev_memory_lock_words(struct ev_arena *arena, uint64_t source)
{
	union perf_mem_data_src bits = { .val = source };
	(void)arena;
	if (bits.mem_lock & PERF_MEM_LOCK_NA || !source)
		return "N/A";
	return bits.mem_lock & PERF_MEM_LOCK_LOCKED ? "Yes" : "No";
}

const char *ev_memory_block_words(struct ev_arena *arena, uint64_t source)
{
	static const struct word words[] = { { 2, "Data" }, { 4, "Addr" } };
	union perf_mem_data_src bits = { .val = source };
	char out[32] = "";
	add_words(out, sizeof(out), words, EV_LENGTH(words), bits.mem_blk);
	return *out ? ev_arena_printf(arena, "%s", out) : "N/A";
}

const char *ev_transaction_words(struct ev_arena *arena, uint64_t flags)
{
	static const struct word words[] = {
		{ PERF_TXN_ELISION, "EL" },
		{ PERF_TXN_TRANSACTION, "TX" },
		{ PERF_TXN_SYNC, "SYNC" },
		{ PERF_TXN_ASYNC, "ASYNC" },
		{ PERF_TXN_RETRY, "RETRY" },
		{ PERF_TXN_CONFLICT, "CON" },
		{ PERF_TXN_CAPACITY_WRITE, "CAP-WRITE" },
		{ PERF_TXN_CAPACITY_READ, "CAP-READ" },
	};
	char out[128] = "";
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		if (flags & words[i].bit)
			add(out, sizeof(out), " ", words[i].text);
	if (flags && !(flags & (PERF_TXN_SYNC | PERF_TXN_ASYNC)))
		add(out, sizeof(out), " ", "NEITHER");
	uint64_t code = (flags & PERF_TXN_ABORT_MASK) >> PERF_TXN_ABORT_SHIFT;
	return code ? ev_arena_printf(arena, "%s :%" PRIx64, out, code)
		    : ev_arena_printf(arena, "%s", out);
}
