/* What a memory access and a transaction were, in perf's words. */
#ifndef PROFILE_MEMORY_WORDS_H
#define PROFILE_MEMORY_WORDS_H

#include <evprof/base.h>

/* Of a PERF_SAMPLE_DATA_SRC; texts live in the arena or for ever. */
const char *ev_memory_level_words(struct ev_arena *arena, uint64_t source);
const char *ev_memory_snoop_words(struct ev_arena *arena, uint64_t source);
const char *ev_memory_tlb_words(struct ev_arena *arena, uint64_t source);
const char *ev_memory_lock_words(struct ev_arena *arena, uint64_t source);
const char *ev_memory_block_words(struct ev_arena *arena, uint64_t source);
/* Of a PERF_SAMPLE_TRANSACTION. */
const char *ev_transaction_words(struct ev_arena *arena, uint64_t flags);

#endif
