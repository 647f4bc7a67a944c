/* Whose a record is, where and when -> the columns before the name of its event. */
#include "report.h"
#include "script.h"

#define NS_PER_S 1000000000u

/* A name is made safe once; threads without one are called by their number. */
static const char *comm_text(struct ev_script *script, const char *comm, uint32_t tid)
{
	bool named = *comm;
	uint32_t *index = ev_map_add(&script->comm_ids, named ? (uintptr_t)comm : tid, named, NULL);
	if (!*index) {
		*ev_array_add(&script->comm_texts) =
			named ? ev_report_safe(&script->arena, comm)
			      : ev_arena_printf(&script->arena, ":%d", (int)tid);
		*index = (uint32_t)script->comm_texts.count;
	}
	return script->comm_texts.items[*index - 1];
}

const char *ev_script_comm(struct ev_script *script, const struct ev_record *record, size_t *length)
{
	struct script_comm *known = &script->comms[record->tid % EV_LENGTH(script->comms)];
	if (!known->known || known->tid != record->tid || known->pid != record->pid ||
	    record->time_ns < known->span.from_ns || record->time_ns >= known->span.to_ns) {
		const char *comm =
			ev_space_comm(script->spaces, record->pid, record->tid, record->time_ns);
		known->known = true;
		known->pid = record->pid;
		known->tid = record->tid;
		known->span = ev_space_comm_still(script->spaces, record->pid, record->tid,
						  record->time_ns);
		known->text = comm_text(script, comm, record->tid);
		known->length = strlen(known->text);
	}
	*length = known->length;
	return known->text;
}

static void add_misc(struct script_out *out, const struct ev_record *record)
{
	static const struct {
		uint16_t bits;
		char letter;
	} modes[] = { { PERF_RECORD_MISC_KERNEL, 'K' },
		      { PERF_RECORD_MISC_USER, 'U' },
		      { PERF_RECORD_MISC_HYPERVISOR, 'H' },
		      { PERF_RECORD_MISC_GUEST_KERNEL, 'G' },
		      { PERF_RECORD_MISC_GUEST_USER, 'g' } };
	size_t from = out->used;
	script_room(out, 16);
	from = out->used;
	for (size_t i = 0; i < EV_LENGTH(modes); i++)
		if ((record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == modes[i].bits)
			script_char(out, modes[i].letter);
	bool map = record->type == PERF_RECORD_MMAP || record->type == PERF_RECORD_MMAP2;
	if (map && record->misc & PERF_RECORD_MISC_MMAP_DATA)
		script_char(out, 'M');
	if (record->type == PERF_RECORD_COMM && record->misc & PERF_RECORD_MISC_COMM_EXEC)
		script_char(out, 'E');
	bool turn =
		record->type == PERF_RECORD_SWITCH || record->type == PERF_RECORD_SWITCH_CPU_WIDE;
	if (turn && record->misc & PERF_RECORD_MISC_SWITCH_OUT) {
		script_char(out, 'S');
		if (record->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT)
			script_char(out, 'p');
	}
	while (out->used - from < 6)
		script_char(out, ' ');
}

/* "%5s.%06u: " in 12 columns, or with nine digits. */
static void add_time(struct ev_script *script, uint64_t time_ns)
{
	struct script_out *out = &script->out;
	const struct ev_script_options *options = script->options;
	uint64_t shown = time_ns;
	if (options->reltime) {
		if (!script->timed)
			script->first_ns = time_ns;
		shown = time_ns - script->first_ns;
	} else if (options->deltatime) {
		shown = script->timed ? time_ns - script->previous_ns : 0;
		script->previous_ns = time_ns;
	}
	script->timed = true;
	ev_script_decimal(out, shown / NS_PER_S, 5, ' ');
	script_char(out, '.');
	if (options->nanoseconds)
		ev_script_decimal(out, shown % NS_PER_S, 9, '0');
	else
		ev_script_decimal(out, shown % NS_PER_S / 1000, 6, '0');
	script_bytes(out, ": ", 2);
}

void ev_script_begin(struct ev_script *script, const struct ev_record *record,
		     const struct script_event *event)
{
	struct script_out *out = &script->out;
	uint64_t fields = event->fields;
	if (fields & SCRIPT_BIT(COMM)) {
		size_t length;
		const char *comm = ev_script_comm(script, record, &length);
		if (!event->has_chain && length < 16)
			script_bytes(out, "                ", 16 - length);
		script_bytes(out, comm, length);
		script_char(out, ' ');
	}
	if (fields & SCRIPT_BIT(PID) && fields & SCRIPT_BIT(TID)) {
		ev_script_printf(out, "%5d/%-5d ", (int)record->pid, (int)record->tid);
	} else if (fields & (SCRIPT_BIT(PID) | SCRIPT_BIT(TID))) {
		uint32_t id = fields & SCRIPT_BIT(PID) ? record->pid : record->tid;
		if ((int32_t)id < 0)
			ev_script_printf(out, "%5d", (int)id);
		else
			ev_script_decimal(out, id, 5, ' ');
		script_char(out, ' ');
	}
	if (fields & SCRIPT_BIT(CPU)) {
		script_char(out, '[');
		if ((int32_t)record->cpu < 0)
			script_text(out, "-01");
		else
			ev_script_decimal(out, record->cpu, 3, '0');
		script_bytes(out, "] ", 2);
	}
	if (fields & SCRIPT_BIT(MISC))
		add_misc(out, record);
	if (fields & SCRIPT_BIT(TIME))
		add_time(script, record->time_ns);
}
