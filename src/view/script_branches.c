/* The branch stack of a sample -> FROM/TO/mispredicted/transaction/abort/cycles/type, newest first.
 */
#include <inttypes.h>
#include "script.h"

static void add_flags(struct script_out *out, uint64_t flags)
{
	enum { MISPREDICTED = 1, PREDICTED = 2, IN_TRANSACTION = 4, ABORTED = 8 };
	static const char *const types[16] = { "",       "COND",      "UNCOND",   "IND",
					       "CALL",   "IND_CALL",  "RET",      "SYSCALL",
					       "SYSRET", "COND_CALL", "COND_RET", "ERET",
					       "IRQ",    "SERROR",    "NO_TX",    "" };
	char known = flags & PREDICTED ? 'P' : flags & MISPREDICTED ? 'M' : '-';
	ev_script_printf(out, "/%c/%c/%c/%" PRIu64 "/%s ", known,
			 flags & IN_TRANSACTION ? 'X' : '-', flags & ABORTED ? 'A' : '-',
			 flags >> 4 & 0xffff, types[flags >> 20 & 15]);
}

static uint16_t cpumode_at(uint64_t address)
{
	return address >> 63 ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
}

static void add_end(struct ev_script *script, const struct ev_record *record, uint64_t address,
		    uint64_t fields)
{
	struct script_out *out = &script->out;
	struct ev_place place = ev_space_find(script->spaces, &script->cache, record->pid,
					      record->time_ns, address, cpumode_at(address));
	const struct ev_object *object = ev_space_set_object(script->spaces, place.object);
	bool kernel = object->kind == EV_OBJECT_KERNEL || object->kind == EV_OBJECT_MODULE;
	if (fields & SCRIPT_BIT(BRSTACK))
		ev_script_printf(out, "0x%" PRIx64, address);
	else if (fields & SCRIPT_BIT(BRSTACKSYM))
		ev_script_symbol(script, record, address, cpumode_at(address), true);
	else
		ev_script_printf(out, "0x%" PRIx64,
				 object->kind == EV_OBJECT_FILE ? place.offset
				 : kernel                       ? address - object->start
								: address);
	if (fields & SCRIPT_BIT(DSO))
		ev_script_printf(out, "(%s)", ev_script_object_name(script, place.object));
}

void ev_script_branches(struct ev_script *script, const struct ev_record *record,
			const struct script_event *event)
{
	const struct ev_sample *sample = &record->sample;
	uint64_t fields = event->fields;
	for (size_t i = 0; i < sample->branch_count; i++) {
		/* perf has no space before symbols */
		if (fields & SCRIPT_BIT(BRSTACK) || !(fields & SCRIPT_BIT(BRSTACKSYM)))
			script_char(&script->out, ' ');
		add_end(script, record, sample->branches[i].from, fields);
		script_char(&script->out, '/');
		add_end(script, record, sample->branches[i].to, fields);
		add_flags(&script->out, sample->branches[i].flags);
	}
}
