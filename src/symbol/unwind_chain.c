/* A sample's chain: what the kernel recorded of its own side, and the user's side unwound; and
 * words for how that ended. */
#include <evprof/symbol_unwind.h>

size_t ev_unwind_chain(struct ev_unwinder *unwinder, const struct ev_record *record,
		       uint64_t *chain, size_t limit, struct ev_unwound *how)
{
	const struct ev_sample *sample = &record->sample;
	size_t count = 0;
	while (count < sample->chain_count && count < limit / 2 &&
	       sample->chain[count] != (uint64_t)PERF_CONTEXT_USER) {
		chain[count] = sample->chain[count];
		count++;
	}
	*how = (struct ev_unwound){ .end = EV_UNWOUND_COMPLETE };
	if (sample->user_regs_abi == PERF_SAMPLE_REGS_ABI_NONE)
		return count;
	size_t found = ev_unwind(unwinder, record, &chain[count + 1], limit - count - 1, how);
	if (!found)
		return count;
	chain[count] = (uint64_t)PERF_CONTEXT_USER;
	return count + 1 + found;
}

const char *ev_unwound_words(enum ev_unwound_end end)
{
	static const char *const words[EV_UNWOUND_END_COUNT] = {
		[EV_UNWOUND_TRUNCATED] = "are deeper than the copy of the stack",
		[EV_UNWOUND_TOO_DEEP] = "have more frames than are kept",
		[EV_UNWOUND_NO_CFI] = "pass through code without unwind tables",
		[EV_UNWOUND_NO_OBJECT] = "pass through generated or unknown code",
		[EV_UNWOUND_BROKEN] = "make no sense to the unwind tables",
		[EV_UNWOUND_NO_REGISTERS] = "came without registers",
		[EV_UNWOUND_OTHER_STACK] = "go on on a stack that was not copied",
		[EV_UNWOUND_UNREADABLE] = "go on in memory that was not there",
		[EV_UNWOUND_NOT_YET] = "came before the unwind tables of their code were read",
		[EV_UNWOUND_NO_ROOM] =
			"pass through code for whose unwind tables there was no room",
	};
	return words[end];
}
