/* Typed records -> the bytes the kernel would have written: the inverse of decoding. */
#include <errno.h>
#include <string.h>
#include "layout.h"

/* What a record is made of. `at` is where it begins in `out`. */
struct encoding {
	const struct ev_record *record;
	struct ev_layout layout;
	struct ev_buffer *out;
	size_t at;
};

/* Text with its NUL, padded with zeros to whole words. */
static void add_text(struct encoding *encoding, const char *text)
{
	ev_buffer_add(encoding->out, text ? text : "", text ? strlen(text) + 1 : 1);
	ev_buffer_zero(encoding->out, -(encoding->out->size_bytes - encoding->at) & 7);
}

static void add_pair(struct ev_buffer *out, uint32_t first, uint32_t second)
{
	ev_buffer_u32(out, first);
	ev_buffer_u32(out, second);
}

static void encode_mmap(struct encoding *encoding)
{
	const struct ev_mmap *mmap = &encoding->record->mmap;
	struct ev_buffer *out = encoding->out;

	add_pair(out, mmap->pid, mmap->tid);
	ev_buffer_u64(out, mmap->start);
	ev_buffer_u64(out, mmap->length);
	ev_buffer_u64(out, mmap->file_offset);
	if (encoding->record->type == PERF_RECORD_MMAP2) {
		if (mmap->build_id_bytes) {
			ev_buffer_u8(out, mmap->build_id_bytes);
			ev_buffer_zero(out, 3);
			ev_buffer_add(out, mmap->build_id, sizeof(mmap->build_id));
		} else {
			add_pair(out, mmap->major, mmap->minor);
			ev_buffer_u64(out, mmap->inode);
			ev_buffer_u64(out, mmap->inode_generation);
		}
		add_pair(out, mmap->prot, mmap->flags);
	}
	add_text(encoding, mmap->path);
}

static void encode_lost(struct encoding *encoding)
{
	if (encoding->record->type == PERF_RECORD_LOST)
		ev_buffer_u64(encoding->out, encoding->record->lost.id);
	ev_buffer_u64(encoding->out, encoding->record->lost.lost);
}

static void encode_comm(struct encoding *encoding)
{
	add_pair(encoding->out, encoding->record->comm.pid, encoding->record->comm.tid);
	add_text(encoding, encoding->record->comm.comm);
}

static void encode_task(struct encoding *encoding)
{
	const struct ev_task *task = &encoding->record->task;

	add_pair(encoding->out, task->pid, task->parent_pid);
	add_pair(encoding->out, task->tid, task->parent_tid);
	ev_buffer_u64(encoding->out, task->time_ns);
}

static void encode_throttle(struct encoding *encoding)
{
	ev_buffer_u64(encoding->out, encoding->record->throttle.time_ns);
	ev_buffer_u64(encoding->out, encoding->record->throttle.id);
	ev_buffer_u64(encoding->out, encoding->record->throttle.stream_id);
}

/* Values as the event's read_format asks for them. */
static void add_read(struct encoding *encoding, const struct ev_read_value *values, size_t count,
		     uint64_t enabled_ns, uint64_t running_ns)
{
	static const struct ev_read_value none = { 0 };
	uint64_t format = encoding->layout.read_format;
	struct ev_buffer *out = encoding->out;

	if (!(format & PERF_FORMAT_GROUP)) {
		if (!count)
			values = &none;
		count = 1;
		ev_buffer_u64(out, values->value);
	} else {
		ev_buffer_u64(out, count);
	}
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		ev_buffer_u64(out, enabled_ns);
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		ev_buffer_u64(out, running_ns);
	for (size_t i = 0; i < count; i++) {
		if (format & PERF_FORMAT_GROUP)
			ev_buffer_u64(out, values[i].value);
		if (format & PERF_FORMAT_ID)
			ev_buffer_u64(out, values[i].id);
		if (format & PERF_FORMAT_LOST)
			ev_buffer_u64(out, values[i].lost);
	}
}

static void encode_read_record(struct encoding *encoding)
{
	const struct ev_read_record *read = &encoding->record->read;

	add_pair(encoding->out, read->pid, read->tid);
	add_read(encoding, &read->value, 1, read->enabled_ns, read->running_ns);
}

static void encode_aux(struct encoding *encoding)
{
	ev_buffer_u64(encoding->out, encoding->record->aux.offset);
	ev_buffer_u64(encoding->out, encoding->record->aux.size_bytes);
	ev_buffer_u64(encoding->out, encoding->record->aux.flags);
}

static void encode_itrace_start(struct encoding *encoding)
{
	add_pair(encoding->out, encoding->record->pid, encoding->record->tid);
}

static void encode_switch(struct encoding *encoding)
{
	const struct ev_switch *change = &encoding->record->context_switch;

	if (encoding->record->type == PERF_RECORD_SWITCH_CPU_WIDE)
		add_pair(encoding->out, change->other_pid, change->other_tid);
}

static void encode_namespaces(struct encoding *encoding)
{
	const struct ev_namespaces *namespaces = &encoding->record->namespaces;

	add_pair(encoding->out, namespaces->pid, namespaces->tid);
	ev_buffer_u64(encoding->out, namespaces->count);
	ev_buffer_add(encoding->out, namespaces->dev_inode, namespaces->count * 16);
}

static void encode_ksymbol(struct encoding *encoding)
{
	const struct ev_ksymbol *symbol = &encoding->record->ksymbol;

	ev_buffer_u64(encoding->out, symbol->address);
	ev_buffer_u32(encoding->out, symbol->length);
	ev_buffer_u16(encoding->out, symbol->kind);
	ev_buffer_u16(encoding->out, symbol->flags);
	add_text(encoding, symbol->name);
}

static void encode_bpf_event(struct encoding *encoding)
{
	const struct ev_bpf_event *bpf = &encoding->record->bpf;

	ev_buffer_u16(encoding->out, bpf->kind);
	ev_buffer_u16(encoding->out, bpf->flags);
	ev_buffer_u32(encoding->out, bpf->id);
	ev_buffer_add(encoding->out, bpf->tag, sizeof(bpf->tag));
}

static void encode_cgroup(struct encoding *encoding)
{
	ev_buffer_u64(encoding->out, encoding->record->cgroup.id);
	add_text(encoding, encoding->record->cgroup.path);
}

static void encode_deferred(struct encoding *encoding)
{
	const struct ev_deferred *deferred = &encoding->record->deferred;

	ev_buffer_u64(encoding->out, deferred->cookie);
	ev_buffer_u64(encoding->out, deferred->chain_count);
	ev_buffer_add(encoding->out, deferred->chain,
		      deferred->chain_count * sizeof(*deferred->chain));
}

static void add_regs(struct ev_buffer *out, uint64_t abi, uint64_t mask, uint64_t got_mask,
		     const uint64_t *regs)
{
	if (!regs)
		abi = PERF_SAMPLE_REGS_ABI_NONE;
	ev_buffer_u64(out, abi);
	if (abi == PERF_SAMPLE_REGS_ABI_NONE)
		return;
	/* A register that the event asks for and the sample lacks is 0. */
	for (unsigned bit = 0; bit < 64; bit++) {
		bool has = got_mask >> bit & 1;

		if (mask >> bit & 1)
			ev_buffer_u64(out, has ? *regs : 0);
		if (has)
			regs++;
	}
}

static void encode_fixed(struct encoding *encoding)
{
	const struct ev_record *record = encoding->record;
	const struct ev_sample *sample = &record->sample;
	uint64_t type = encoding->layout.sample_type, id = sample->id ? sample->id : record->id;
	struct ev_buffer *out = encoding->out;

	if (type & PERF_SAMPLE_IDENTIFIER)
		ev_buffer_u64(out, id);
	if (type & PERF_SAMPLE_IP)
		ev_buffer_u64(out, sample->ip);
	if (type & PERF_SAMPLE_TID)
		add_pair(out, sample->pid ? sample->pid : record->pid,
			 sample->tid ? sample->tid : record->tid);
	if (type & PERF_SAMPLE_TIME)
		ev_buffer_u64(out, sample->time_ns ? sample->time_ns : record->time_ns);
	if (type & PERF_SAMPLE_ADDR)
		ev_buffer_u64(out, sample->addr);
	if (type & PERF_SAMPLE_ID)
		ev_buffer_u64(out, id);
	if (type & PERF_SAMPLE_STREAM_ID)
		ev_buffer_u64(out, sample->stream_id);
	if (type & PERF_SAMPLE_CPU)
		add_pair(out, sample->cpu ? sample->cpu : record->cpu, 0);
	if (type & PERF_SAMPLE_PERIOD)
		ev_buffer_u64(out, sample->period);
}

static void encode_stacks(struct encoding *encoding)
{
	const struct ev_sample *sample = &encoding->record->sample;
	uint64_t type = encoding->layout.sample_type, branches = encoding->layout.branch_type;
	struct ev_buffer *out = encoding->out;

	if (type & PERF_SAMPLE_CALLCHAIN) {
		ev_buffer_u64(out, sample->chain_count);
		ev_buffer_add(out, sample->chain, sample->chain_count * sizeof(uint64_t));
	}
	if (type & PERF_SAMPLE_RAW) {
		/* As the kernel does, the padding is a part of the payload. */
		size_t padding = -(sample->raw_bytes + sizeof(uint32_t)) & 7;

		ev_buffer_u32(out, (uint32_t)(sample->raw_bytes + padding));
		ev_buffer_add(out, sample->raw, sample->raw_bytes);
		ev_buffer_zero(out, padding);
	}
	if (type & PERF_SAMPLE_BRANCH_STACK) {
		ev_buffer_u64(out, sample->branch_count);
		if (branches & PERF_SAMPLE_BRANCH_HW_INDEX)
			ev_buffer_u64(out, sample->branch_hw_index);
		ev_buffer_add(out, sample->branches,
			      sample->branch_count * sizeof(struct ev_branch));
		if (branches & EV_BRANCH_COUNTERS && sample->branch_counters)
			ev_buffer_add(out, sample->branch_counters,
				      sample->branch_count * sizeof(uint64_t));
		else if (branches & EV_BRANCH_COUNTERS)
			ev_buffer_zero(out, sample->branch_count * sizeof(uint64_t));
	}
	if (type & PERF_SAMPLE_REGS_USER)
		add_regs(out, sample->user_regs_abi, encoding->layout.user_regs,
			 sample->user_regs_mask, sample->user_regs);
	if (type & PERF_SAMPLE_STACK_USER) {
		size_t padding = -sample->user_stack_bytes & 7;

		ev_buffer_u64(out, sample->user_stack_bytes + padding);
		ev_buffer_add(out, sample->user_stack, sample->user_stack_bytes);
		ev_buffer_zero(out, padding);
		if (sample->user_stack_bytes)
			ev_buffer_u64(out, sample->user_stack_bytes);
	}
}

static void encode_sample(struct encoding *encoding)
{
	const struct ev_sample *sample = &encoding->record->sample;
	uint64_t type = encoding->layout.sample_type;
	struct ev_buffer *out = encoding->out;

	encode_fixed(encoding);
	if (type & PERF_SAMPLE_READ)
		add_read(encoding, sample->reads, sample->read_count, sample->enabled_ns,
			 sample->running_ns);
	encode_stacks(encoding);
	if (type & PERF_SAMPLE_WEIGHT_STRUCT)
		ev_buffer_u64(out, (uint32_t)sample->weight | (uint64_t)sample->weight2 << 32 |
					   (uint64_t)sample->weight3 << 48);
	else if (type & PERF_SAMPLE_WEIGHT)
		ev_buffer_u64(out, sample->weight);
	if (type & PERF_SAMPLE_DATA_SRC)
		ev_buffer_u64(out, sample->data_src);
	if (type & PERF_SAMPLE_TRANSACTION)
		ev_buffer_u64(out, sample->transaction);
	if (type & PERF_SAMPLE_REGS_INTR)
		add_regs(out, sample->intr_regs_abi, encoding->layout.intr_regs,
			 sample->intr_regs_mask, sample->intr_regs);
	if (type & PERF_SAMPLE_PHYS_ADDR)
		ev_buffer_u64(out, sample->phys_addr);
	if (type & PERF_SAMPLE_CGROUP)
		ev_buffer_u64(out, sample->cgroup);
	if (type & PERF_SAMPLE_DATA_PAGE_SIZE)
		ev_buffer_u64(out, sample->data_page_size);
	if (type & PERF_SAMPLE_CODE_PAGE_SIZE)
		ev_buffer_u64(out, sample->code_page_size);
	if (type & PERF_SAMPLE_AUX) {
		size_t padding = -sample->aux_bytes & 7;

		ev_buffer_u64(out, sample->aux_bytes + padding);
		ev_buffer_add(out, sample->aux, sample->aux_bytes);
		ev_buffer_zero(out, padding);
	}
}

static void encode_trailer(struct encoding *encoding)
{
	const struct ev_record *record = encoding->record;
	uint64_t type = encoding->layout.trailer_bytes ? encoding->layout.sample_type : 0;
	struct ev_buffer *out = encoding->out;

	if (type & PERF_SAMPLE_TID)
		add_pair(out, record->pid, record->tid);
	if (type & PERF_SAMPLE_TIME)
		ev_buffer_u64(out, record->time_ns);
	if (type & PERF_SAMPLE_ID)
		ev_buffer_u64(out, record->id);
	if (type & PERF_SAMPLE_STREAM_ID)
		ev_buffer_u64(out, record->id);
	if (type & PERF_SAMPLE_CPU)
		add_pair(out, record->cpu, 0);
	if (type & PERF_SAMPLE_IDENTIFIER)
		ev_buffer_u64(out, record->id);
}

static void (*const encoders[])(struct encoding *encoding) = {
	[PERF_RECORD_MMAP] = encode_mmap,
	[PERF_RECORD_LOST] = encode_lost,
	[PERF_RECORD_COMM] = encode_comm,
	[PERF_RECORD_EXIT] = encode_task,
	[PERF_RECORD_THROTTLE] = encode_throttle,
	[PERF_RECORD_UNTHROTTLE] = encode_throttle,
	[PERF_RECORD_FORK] = encode_task,
	[PERF_RECORD_READ] = encode_read_record,
	[PERF_RECORD_SAMPLE] = encode_sample,
	[PERF_RECORD_MMAP2] = encode_mmap,
	[PERF_RECORD_AUX] = encode_aux,
	[PERF_RECORD_ITRACE_START] = encode_itrace_start,
	[PERF_RECORD_LOST_SAMPLES] = encode_lost,
	[PERF_RECORD_SWITCH] = encode_switch,
	[PERF_RECORD_SWITCH_CPU_WIDE] = encode_switch,
	[PERF_RECORD_NAMESPACES] = encode_namespaces,
	[PERF_RECORD_KSYMBOL] = encode_ksymbol,
	[PERF_RECORD_BPF_EVENT] = encode_bpf_event,
	[PERF_RECORD_CGROUP] = encode_cgroup,
	[EV_RECORD_CALLCHAIN_DEFERRED] = encode_deferred,
};

/* Bits of misc that say what the fields say: a record made up need not repeat itself. */
static uint16_t misc_of(const struct ev_record *record)
{
	uint16_t misc = record->misc;

	switch (record->type) {
	case PERF_RECORD_MMAP:
		return record->mmap.executable ? misc & ~PERF_RECORD_MISC_MMAP_DATA
					       : misc | PERF_RECORD_MISC_MMAP_DATA;
	case PERF_RECORD_MMAP2:
		return record->mmap.build_id_bytes ? misc | PERF_RECORD_MISC_MMAP_BUILD_ID
						   : misc & ~PERF_RECORD_MISC_MMAP_BUILD_ID;
	case PERF_RECORD_COMM:
		return record->comm.exec ? misc | PERF_RECORD_MISC_COMM_EXEC : misc;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		if (record->context_switch.out)
			misc |= PERF_RECORD_MISC_SWITCH_OUT;
		if (record->context_switch.preempted)
			misc |= PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
		return misc;
	default:
		return misc;
	}
}

/* Types whose bytes are a header and nothing else. */
static bool is_bare(uint32_t type)
{
	return type == EV_RECORD_FINISHED_ROUND || type == EV_RECORD_FINISHED_INIT;
}

int ev_encode(const struct ev_recording *recording, const struct ev_record *record,
	      struct ev_buffer *out, struct ev_err *err)
{
	struct perf_event_header header = { .type = record->type, .misc = misc_of(record) };
	struct encoding encoding = { .record = record, .out = out, .at = out->size_bytes };
	size_t event = record->event < 0 ? 0 : (size_t)record->event, size_bytes;
	bool known = record->type < EV_LENGTH(encoders) && encoders[record->type];

	if (!known && !is_bare(record->type))
		return ev_fail(err, ENOTSUP, "records of type %u can't be made", record->type);
	if (known && event >= recording->event_count)
		return ev_fail(err, EINVAL, "a record of an event that the recording has not");
	ev_buffer_add(out, &header, sizeof(header));
	if (known) {
		encoding.layout = ev_layout_of(&recording->events[event].attr);
		encoders[record->type](&encoding);
		if (record->type != PERF_RECORD_SAMPLE)
			encode_trailer(&encoding);
	}
	size_bytes = out->size_bytes - encoding.at;
	if (size_bytes > EV_RECORD_BYTES_MAX) {
		out->size_bytes = encoding.at;
		return ev_fail(err, EMSGSIZE, "a record of %zu bytes is too long to be written",
			       size_bytes);
	}
	header.size = (uint16_t)size_bytes;
	memcpy(out->bytes + encoding.at, &header, sizeof(header));
	return 0;
}
