/* The call chain of a sample -> a line for each frame, innermost first. */
#include <stdlib.h>
#include "script.h"

enum { UNWOUND_LIMIT = 4096 };

struct walk {
	struct ev_script *script;
	const struct ev_record *record;
	uint32_t style;
	size_t depth, limit;
	uint16_t cpumode;
	bool entered; /* the next address is where this side was interrupted or entered */
	bool stopped;
};

static void add_frame(struct walk *walk, uint64_t address, bool exact)
{
	struct ev_script *script = walk->script;
	const struct script_place *place =
		ev_script_place(script, walk->record, address, walk->cpumode, exact, walk->style);
	script_bytes(&script->out, script->store.bytes + place->lines, place->lines_bytes);
	walk->stopped = place->stops || ++walk->depth == walk->limit;
}

static void add_chain(struct walk *walk, const uint64_t *chain, size_t count)
{
	for (size_t i = 0; i < count && !walk->stopped; i++) {
		if (chain[i] >= (uint64_t)PERF_CONTEXT_MAX) {
			walk->cpumode = ev_context_cpumode(chain[i]);
			i += chain[i] == EV_CONTEXT_USER_DEFERRED;
			walk->entered = true;
			continue;
		}
		add_frame(walk, chain[i], walk->entered);
		walk->entered = false;
	}
}

/* The user's side of a copied stack shows calls, as perf shows it, not where they return to. */
static void add_unwound(struct walk *walk, const uint64_t *chain, size_t count)
{
	for (size_t i = 0; i < count && !walk->stopped; i++) {
		if (chain[i] >= (uint64_t)PERF_CONTEXT_MAX) {
			walk->cpumode = ev_context_cpumode(chain[i]);
			walk->entered = true;
			continue;
		}
		bool called = walk->cpumode == PERF_RECORD_MISC_USER && !walk->entered;
		add_frame(walk, chain[i] - called, walk->entered || called);
		walk->entered = false;
	}
}

/* The processor's stack of calls has the user's side; the chain only where it was. */
static void add_branches(struct walk *walk, const struct ev_sample *sample)
{
	size_t kernel = 0;
	while (kernel < sample->chain_count && sample->chain[kernel] != (uint64_t)PERF_CONTEXT_USER)
		kernel++;
	add_chain(walk, sample->chain, kernel);
	if (kernel == sample->chain_count)
		return;
	walk->cpumode = PERF_RECORD_MISC_USER;
	walk->entered = true;
	for (size_t i = 0; i <= sample->branch_count && !walk->stopped; i++) {
		add_frame(walk, i ? sample->branches[i - 1].from : sample->branches[0].to, true);
		walk->entered = false;
	}
}

void ev_script_chain(struct ev_script *script, const struct ev_record *record,
		     const struct script_event *event)
{
	const struct ev_sample *sample = &record->sample;
	struct walk walk = {
		.script = script,
		.record = record,
		.style = event->style,
		.limit = script->options->max_depth,
		.cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK,
		.entered = true,
	};
	struct ev_unwound how;
	if (event->lbr && sample->branch_count) {
		add_branches(&walk, sample);
		return;
	}
	if (script->unwinder && sample->user_stack) {
		if (!script->unwound)
			script->unwound = ev_alloc(UNWOUND_LIMIT * sizeof(*script->unwound));
		size_t count = ev_unwind_chain(script->unwinder, record, script->unwound,
					       UNWOUND_LIMIT, &how);
		if (how.end != EV_UNWOUND_NO_REGISTERS) {
			add_unwound(&walk, script->unwound, count);
			return;
		}
	}
	add_chain(&walk, sample->chain, sample->chain_count);
}
