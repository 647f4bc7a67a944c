/* Records other than samples -> one line each, as perf script --show-…-events has them. */
#include <inttypes.h>
#include "script.h"

static const char *safe(struct ev_script *script, const char *text)
{
	return ev_text_safe(&script->scratch, text);
}

static void comm(struct ev_script *script, const struct ev_record *record)
{
	ev_script_printf(&script->out, "PERF_RECORD_COMM%s: %s:%u/%u",
			 record->comm.exec ? " exec" : "", safe(script, record->comm.comm),
			 record->comm.pid, record->comm.tid);
}

static void task(struct ev_script *script, const struct ev_record *record)
{
	const struct ev_task *task = &record->task;
	ev_script_printf(&script->out, "PERF_RECORD_%s(%u:%u):(%u:%u)",
			 record->type == PERF_RECORD_FORK ? "FORK" : "EXIT", task->pid, task->tid,
			 task->parent_pid, task->parent_tid);
}

static void mmap(struct ev_script *script, const struct ev_record *record)
{
	const struct ev_mmap *map = &record->mmap;
	struct script_out *out = &script->out;
	bool two = record->type == PERF_RECORD_MMAP2;
	ev_script_printf(out, "PERF_RECORD_MMAP%s %d/%d: [%#" PRIx64 "(%#" PRIx64 ") @ %#" PRIx64,
			 two ? "2" : "", (int)map->pid, (int)map->tid, map->start, map->length,
			 map->file_offset);
	if (two && map->build_id_bytes) {
		script_text(out, " <");
		for (unsigned i = 0; i < map->build_id_bytes; i++)
			ev_script_printf(out, "%02x", map->build_id[i]);
		script_text(out, ">");
	} else if (two) {
		ev_script_printf(out, " %02x:%02x %" PRIu64 " %" PRIu64, map->major, map->minor,
				 map->inode, map->inode_generation);
	}
	script_text(out, "]: ");
	if (two) {
		script_char(out, map->prot & 1 ? 'r' : '-');
		script_char(out, map->prot & 2 ? 'w' : '-');
		script_char(out, map->prot & 4 ? 'x' : '-');
		script_char(out, map->flags & 1 ? 's' : 'p');
	} else {
		script_char(out, map->executable ? 'x' : 'r');
	}
	ev_script_printf(out, " %s", safe(script, map->path));
}

static void lost(struct ev_script *script, const struct ev_record *record)
{
	ev_script_printf(&script->out, "PERF_RECORD_LOST%s lost %" PRIu64,
			 record->type == PERF_RECORD_LOST ? "" : "_SAMPLES", record->lost.lost);
}

static void context_switch(struct ev_script *script, const struct ev_record *record)
{
	const struct ev_switch *how = &record->context_switch;
	bool wide = record->type == PERF_RECORD_SWITCH_CPU_WIDE;
	ev_script_printf(&script->out, "PERF_RECORD_SWITCH%s %s", wide ? "_CPU_WIDE" : "",
			 !how->out        ? "IN         "
			 : how->preempted ? "OUT preempt"
					  : "OUT        ");
	if (wide)
		ev_script_printf(&script->out, "  %s pid/tid: %5u/%-5u", how->out ? "next" : "prev",
				 how->other_pid, how->other_tid);
}

static void namespaces(struct ev_script *script, const struct ev_record *record)
{
	static const char *const names[] = { "net", "uts", "ipc", "pid", "user", "mnt", "cgroup" };
	const struct ev_namespaces *of = &record->namespaces;
	struct script_out *out = &script->out;
	ev_script_printf(out, "PERF_RECORD_NAMESPACES %u/%u - nr_namespaces: %" PRIu64 "\n\t\t[",
			 of->pid, of->tid, of->count);
	for (uint64_t i = 0; i < of->count; i++) {
		if (i && i % 4 == 0)
			script_text(out, "\n\t\t ");
		ev_script_printf(out, "%" PRIu64 "/%s: %" PRIu64 "/%#" PRIx64 "%s", i,
				 i < EV_LENGTH(names) ? names[i] : "unknown", of->dev_inode[2 * i],
				 of->dev_inode[2 * i + 1], i + 1 < of->count ? ", " : "]");
	}
}

static void ksymbol(struct ev_script *script, const struct ev_record *record)
{
	const struct ev_ksymbol *symbol = &record->ksymbol;
	ev_script_printf(&script->out,
			 "PERF_RECORD_KSYMBOL addr %" PRIx64 " len %u type %u flags 0x%x name %s",
			 symbol->address, symbol->length, symbol->kind, symbol->flags,
			 safe(script, symbol->name));
}

static void bpf(struct ev_script *script, const struct ev_record *record)
{
	ev_script_printf(&script->out, "PERF_RECORD_BPF_EVENT type %u, flags %u, id %u",
			 record->bpf.kind, record->bpf.flags, record->bpf.id);
}

static void cgroup(struct ev_script *script, const struct ev_record *record)
{
	ev_script_printf(&script->out, "PERF_RECORD_CGROUP cgroup: %" PRIu64 " %s",
			 record->cgroup.id, safe(script, record->cgroup.path));
}

static void throttle(struct ev_script *script, const struct ev_record *record)
{
	ev_script_printf(&script->out, "PERF_RECORD_%sTHROTTLE id %" PRIu64,
			 record->type == PERF_RECORD_THROTTLE ? "" : "UN", record->throttle.id);
}

static void finished_round(struct ev_script *script, const struct ev_record *record)
{
	(void)record;
	script_text(&script->out, "PERF_RECORD_FINISHED_ROUND");
}

static const struct {
	uint32_t type;
	void (*print)(struct ev_script *script, const struct ev_record *record);
} printers[] = {
	{ PERF_RECORD_COMM, comm },
	{ PERF_RECORD_FORK, task },
	{ PERF_RECORD_EXIT, task },
	{ PERF_RECORD_MMAP, mmap },
	{ PERF_RECORD_MMAP2, mmap },
	{ PERF_RECORD_LOST, lost },
	{ PERF_RECORD_LOST_SAMPLES, lost },
	{ PERF_RECORD_SWITCH, context_switch },
	{ PERF_RECORD_SWITCH_CPU_WIDE, context_switch },
	{ PERF_RECORD_NAMESPACES, namespaces },
	{ PERF_RECORD_KSYMBOL, ksymbol },
	{ PERF_RECORD_BPF_EVENT, bpf },
	{ PERF_RECORD_CGROUP, cgroup },
	{ PERF_RECORD_THROTTLE, throttle },
	{ PERF_RECORD_UNTHROTTLE, throttle },
	{ EV_RECORD_FINISHED_ROUND, finished_round },
};

bool ev_script_other(struct ev_script *script, const struct ev_record *record)
{
	for (size_t i = 0; i < EV_LENGTH(printers); i++) {
		if (printers[i].type != record->type)
			continue;
		/* Rounds belong to no event and no time. */
		if (record->type < EV_RECORD_HEADER_ATTR)
			ev_script_begin(script, record, ev_script_event(script, record));
		printers[i].print(script, record);
		script_char(&script->out, '\n');
		ev_arena_reset(&script->scratch);
		return true;
	}
	return false;
}

void ev_script_dump(struct ev_script *script, const struct ev_raw *raw,
		    const struct ev_record *record)
{
	struct script_out *out = &script->out;
	const uint8_t *bytes = (const uint8_t *)raw->header;
	ev_script_printf(out, "0x%" PRIx64 " [0x%x]: type %u misc 0x%x", raw->offset,
			 raw->size_bytes, raw->type, raw->misc);
	if (record)
		ev_script_printf(out, " pid %d tid %d cpu %d time %" PRIu64 " id %" PRIu64,
				 (int)record->pid, (int)record->tid, (int)record->cpu,
				 record->time_ns, record->id);
	else
		script_text(out, " (damaged)");
	for (size_t i = 0; i < raw->size_bytes; i += 16) {
		size_t here = raw->size_bytes - i < 16 ? raw->size_bytes - i : 16;
		ev_script_printf(out, "\n.  %04zx: ", i);
		for (size_t k = 0; k < 16; k++)
			if (k < here)
				ev_script_printf(out, " %02x", bytes[i + k]);
			else
				script_text(out, "   ");
		script_text(out, "  ");
		for (size_t k = 0; k < here; k++)
			script_char(out, bytes[i + k] >= ' ' && bytes[i + k] <= '~'
						 ? (char)bytes[i + k]
						 : '.');
	}
	script_char(out, '\n');
	if (record && record->type == PERF_RECORD_SAMPLE)
		ev_script_sample(script, record);
	else if (record)
		ev_script_other(script, record);
	script_char(out, '\n');
}
