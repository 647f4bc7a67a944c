/* Words for memory accesses and transactions, from the bits that CPUs give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <linux/perf_event.h>
#include "memory_words.h"

static uint64_t source(uint64_t level, uint64_t snoop, uint64_t lock, uint64_t tlb)
{
	union perf_mem_data_src bits = { .mem_lvl = level & 0x3fff,
					 .mem_snoop = snoop & 0x1f,
					 .mem_lock = lock & 3,
					 .mem_dtlb = tlb & 0x7f };
	return bits.val;
}

static void levels_have_their_names_and_outcome(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	static const struct {
		uint64_t bits;
		const char *words;
	} cases[] = {
		{ 0, "N/A" },
		{ PERF_MEM_LVL_NA, "N/A" },
		{ PERF_MEM_LVL_L1 | PERF_MEM_LVL_HIT, "L1 hit" },
		{ PERF_MEM_LVL_LFB | PERF_MEM_LVL_HIT, "LFB/MAB hit" },
		{ PERF_MEM_LVL_L3 | PERF_MEM_LVL_MISS, "L3 miss" },
		{ PERF_MEM_LVL_LOC_RAM | PERF_MEM_LVL_HIT, "Local RAM hit" },
		{ PERF_MEM_LVL_L2 | PERF_MEM_LVL_L3 | PERF_MEM_LVL_HIT, "L2 or L3 hit" },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++)
		assert_string_equal(ev_memory_level_words(&arena, source(cases[i].bits, 0, 0, 0)),
				    cases[i].words);
	union perf_mem_data_src numbered = { .mem_lvl_num = 13, .mem_remote = 1 };
	assert_string_equal(ev_memory_level_words(&arena, numbered.val), "Remote RAM");
	ev_arena_done(&arena);
}

static void snoops_locks_tlbs_and_blocks_have_their_words(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	assert_string_equal(ev_memory_snoop_words(&arena, source(0, PERF_MEM_SNOOP_HITM, 0, 0)),
			    "HitM");
	assert_string_equal(ev_memory_snoop_words(&arena, source(0, PERF_MEM_SNOOP_NONE, 0, 0)),
			    "None");
	assert_string_equal(ev_memory_snoop_words(&arena, 0), "N/A");
	assert_string_equal(ev_memory_lock_words(&arena, source(0, 0, PERF_MEM_LOCK_LOCKED, 0)),
			    "Yes");
	assert_string_equal(ev_memory_lock_words(&arena, source(0, 0, PERF_MEM_LOCK_NA, 0)), "N/A");
	assert_string_equal(ev_memory_lock_words(&arena, source(PERF_MEM_LVL_L1, 0, 0, 0)), "No");
	assert_string_equal(ev_memory_tlb_words(&arena, source(0, 0, 0,
							       PERF_MEM_TLB_HIT | PERF_MEM_TLB_L1 |
								       PERF_MEM_TLB_L2)),
			    "L1 or L2 hit");
	assert_string_equal(ev_memory_tlb_words(&arena,
						source(0, 0, 0,
						       PERF_MEM_TLB_L2 | PERF_MEM_TLB_MISS)),
			    "L2 miss");
	union perf_mem_data_src blocked = { .mem_blk = 6 };
	assert_string_equal(ev_memory_block_words(&arena, blocked.val), "Data or Addr");
	assert_string_equal(ev_memory_block_words(&arena, 0), "N/A");
	ev_arena_done(&arena);
}

static void transactions_say_how_they_ended(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	assert_string_equal(ev_transaction_words(&arena, 0), "");
	assert_string_equal(ev_transaction_words(&arena, PERF_TXN_TRANSACTION | PERF_TXN_ASYNC |
								 PERF_TXN_CONFLICT),
			    "TX ASYNC CON");
	assert_string_equal(ev_transaction_words(&arena, PERF_TXN_ELISION |
								 UINT64_C(0xab)
									 << PERF_TXN_ABORT_SHIFT),
			    "EL NEITHER :ab");
	ev_arena_done(&arena);
}

static void no_bits_at_all_are_too_many(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	assert_non_null(ev_memory_level_words(&arena, UINT64_MAX));
	assert_non_null(ev_memory_snoop_words(&arena, UINT64_MAX));
	assert_non_null(ev_memory_tlb_words(&arena, UINT64_MAX));
	assert_non_null(ev_memory_block_words(&arena, UINT64_MAX));
	assert_non_null(ev_transaction_words(&arena, UINT64_MAX));
	ev_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_have_their_names_and_outcome),
		cmocka_unit_test(snoops_locks_tlbs_and_blocks_have_their_words),
		cmocka_unit_test(transactions_say_how_they_ended),
		cmocka_unit_test(no_bits_at_all_are_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
