/* Records of the kernel other than samples: what stands between their header and sample id. */
#include <stdlib.h>
#include <string.h>
#include "layout.h"

struct body {
	struct ev_decoder *decoder;
	struct ev_cursor cursor;
	uint64_t read_format;
	struct ev_record *record;
};

/* Whose record it is, where no sample id has told. */
static void tell_task(struct body *body, uint32_t pid, uint32_t tid)
{
	if (body->record->pid || body->record->tid)
		return;
	body->record->pid = pid;
	body->record->tid = tid;
}

static bool decode_mmap_head(struct body *body, struct ev_mmap *mmap)
{
	mmap->pid = ev_cursor_u32(&body->cursor);
	mmap->tid = ev_cursor_u32(&body->cursor);
	mmap->start = ev_cursor_u64(&body->cursor);
	mmap->length = ev_cursor_u64(&body->cursor);
	mmap->file_offset = ev_cursor_u64(&body->cursor);
	tell_task(body, mmap->pid, mmap->tid);
	return !body->cursor.bad;
}

static bool decode_mmap(struct body *body)
{
	struct ev_mmap *mmap = &body->record->mmap;

	decode_mmap_head(body, mmap);
	mmap->executable = !(body->record->misc & PERF_RECORD_MISC_MMAP_DATA);
	mmap->path = ev_cursor_text(&body->cursor);
	return mmap->path;
}

/* Linux tells each listener of a mapping in turn, and leaves the bit for build-ids set behind one
 * who asked for them: what another one has then is a device and an inode. Its major number stands
 * where the length would, and its minor one, a small number, where an id begins. */
static bool read_build_id(struct body *body, struct ev_mmap *mmap)
{
	static const uint8_t none[3];
	struct ev_cursor cursor = body->cursor;
	uint8_t size_bytes = ev_cursor_u8(&cursor);
	const uint8_t *padding = ev_cursor_bytes(&cursor, sizeof(none));
	const uint8_t *id = ev_cursor_bytes(&cursor, sizeof(mmap->build_id));
	if (!id || !size_bytes || size_bytes > sizeof(mmap->build_id) ||
	    memcmp(padding, none, sizeof(none)) || !memcmp(id + 1, none, sizeof(none)))
		return false;
	memcpy(mmap->build_id, id, sizeof(mmap->build_id));
	mmap->build_id_bytes = size_bytes;
	body->cursor = cursor;
	return true;
}

static bool decode_mmap2(struct body *body)
{
	enum { PROTECTION_EXEC = 4 }; /* PROT_EXEC of every architecture that perf knows */
	struct ev_mmap *mmap = &body->record->mmap;

	decode_mmap_head(body, mmap);
	if (!(body->record->misc & PERF_RECORD_MISC_MMAP_BUILD_ID) || !read_build_id(body, mmap)) {
		body->record->misc &= (uint16_t)~PERF_RECORD_MISC_MMAP_BUILD_ID;
		mmap->major = ev_cursor_u32(&body->cursor);
		mmap->minor = ev_cursor_u32(&body->cursor);
		mmap->inode = ev_cursor_u64(&body->cursor);
		mmap->inode_generation = ev_cursor_u64(&body->cursor);
	}
	mmap->prot = ev_cursor_u32(&body->cursor);
	mmap->flags = ev_cursor_u32(&body->cursor);
	mmap->executable = mmap->prot & PROTECTION_EXEC;
	mmap->path = ev_cursor_text(&body->cursor);
	return mmap->path;
}

static bool decode_lost(struct body *body)
{
	body->record->lost.id = ev_cursor_u64(&body->cursor);
	body->record->lost.lost = ev_cursor_u64(&body->cursor);
	return !body->cursor.bad;
}

static bool decode_lost_samples(struct body *body)
{
	body->record->lost.lost = ev_cursor_u64(&body->cursor);
	return !body->cursor.bad;
}

static bool decode_comm(struct body *body)
{
	struct ev_comm *comm = &body->record->comm;

	comm->pid = ev_cursor_u32(&body->cursor);
	comm->tid = ev_cursor_u32(&body->cursor);
	comm->exec = body->record->misc & PERF_RECORD_MISC_COMM_EXEC;
	comm->comm = ev_cursor_text(&body->cursor);
	tell_task(body, comm->pid, comm->tid);
	return comm->comm;
}

static bool decode_task(struct body *body)
{
	struct ev_task *task = &body->record->task;

	task->pid = ev_cursor_u32(&body->cursor);
	task->parent_pid = ev_cursor_u32(&body->cursor);
	task->tid = ev_cursor_u32(&body->cursor);
	task->parent_tid = ev_cursor_u32(&body->cursor);
	task->time_ns = ev_cursor_u64(&body->cursor);
	tell_task(body, task->pid, task->tid);
	return !body->cursor.bad;
}

static bool decode_throttle(struct body *body)
{
	struct ev_throttle *throttle = &body->record->throttle;

	throttle->time_ns = ev_cursor_u64(&body->cursor);
	throttle->id = ev_cursor_u64(&body->cursor);
	throttle->stream_id = ev_cursor_u64(&body->cursor);
	return !body->cursor.bad;
}

static bool decode_read_record(struct body *body)
{
	struct ev_read_record *read = &body->record->read;
	const struct ev_read_value *values = NULL;
	size_t count = 0;

	read->pid = ev_cursor_u32(&body->cursor);
	read->tid = ev_cursor_u32(&body->cursor);
	tell_task(body, read->pid, read->tid);
	if (!ev_decode_read(body->decoder, &body->cursor, body->read_format, &values, &count,
			    &read->enabled_ns, &read->running_ns))
		return false;
	if (count)
		read->value = values[0];
	return true;
}

static bool decode_aux(struct body *body)
{
	struct ev_aux *aux = &body->record->aux;

	aux->offset = ev_cursor_u64(&body->cursor);
	aux->size_bytes = ev_cursor_u64(&body->cursor);
	aux->flags = ev_cursor_u64(&body->cursor);
	return !body->cursor.bad;
}

static bool decode_itrace_start(struct body *body)
{
	uint32_t pid = ev_cursor_u32(&body->cursor), tid = ev_cursor_u32(&body->cursor);

	tell_task(body, pid, tid);
	return !body->cursor.bad;
}

static bool decode_switch(struct body *body)
{
	struct ev_switch *change = &body->record->context_switch;

	change->out = body->record->misc & PERF_RECORD_MISC_SWITCH_OUT;
	change->preempted = body->record->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
	if (body->record->type == PERF_RECORD_SWITCH_CPU_WIDE) {
		change->other_pid = ev_cursor_u32(&body->cursor);
		change->other_tid = ev_cursor_u32(&body->cursor);
	}
	return !body->cursor.bad;
}

static bool decode_namespaces(struct body *body)
{
	struct ev_namespaces *namespaces = &body->record->namespaces;

	namespaces->pid = ev_cursor_u32(&body->cursor);
	namespaces->tid = ev_cursor_u32(&body->cursor);
	namespaces->count = ev_cursor_u64(&body->cursor);
	tell_task(body, namespaces->pid, namespaces->tid);
	if (namespaces->count > ev_cursor_left(&body->cursor) / 16)
		return false;
	namespaces->dev_inode =
		ev_decoder_words(body->decoder, &body->cursor, namespaces->count * 2);
	return namespaces->dev_inode;
}

static bool decode_ksymbol(struct body *body)
{
	struct ev_ksymbol *symbol = &body->record->ksymbol;

	symbol->address = ev_cursor_u64(&body->cursor);
	symbol->length = ev_cursor_u32(&body->cursor);
	symbol->kind = ev_cursor_u16(&body->cursor);
	symbol->flags = ev_cursor_u16(&body->cursor);
	symbol->name = ev_cursor_text(&body->cursor);
	return symbol->name;
}

static bool decode_bpf_event(struct body *body)
{
	struct ev_bpf_event *bpf = &body->record->bpf;
	const void *tag;

	bpf->kind = ev_cursor_u16(&body->cursor);
	bpf->flags = ev_cursor_u16(&body->cursor);
	bpf->id = ev_cursor_u32(&body->cursor);
	tag = ev_cursor_bytes(&body->cursor, sizeof(bpf->tag));
	if (tag)
		memcpy(bpf->tag, tag, sizeof(bpf->tag));
	return tag;
}

static bool decode_cgroup(struct body *body)
{
	body->record->cgroup.id = ev_cursor_u64(&body->cursor);
	body->record->cgroup.path = ev_cursor_text(&body->cursor);
	return body->record->cgroup.path;
}

static bool decode_deferred(struct body *body)
{
	struct ev_deferred *deferred = &body->record->deferred;
	uint64_t count;

	deferred->cookie = ev_cursor_u64(&body->cursor);
	count = ev_cursor_u64(&body->cursor);
	deferred->chain = ev_decoder_words(body->decoder, &body->cursor, count);
	deferred->chain_count = deferred->chain ? (size_t)count : 0;
	return deferred->chain;
}

static bool (*const decoders[])(struct body *body) = {
	[PERF_RECORD_MMAP] = decode_mmap,
	[PERF_RECORD_LOST] = decode_lost,
	[PERF_RECORD_COMM] = decode_comm,
	[PERF_RECORD_EXIT] = decode_task,
	[PERF_RECORD_THROTTLE] = decode_throttle,
	[PERF_RECORD_UNTHROTTLE] = decode_throttle,
	[PERF_RECORD_FORK] = decode_task,
	[PERF_RECORD_READ] = decode_read_record,
	[PERF_RECORD_MMAP2] = decode_mmap2,
	[PERF_RECORD_AUX] = decode_aux,
	[PERF_RECORD_ITRACE_START] = decode_itrace_start,
	[PERF_RECORD_LOST_SAMPLES] = decode_lost_samples,
	[PERF_RECORD_SWITCH] = decode_switch,
	[PERF_RECORD_SWITCH_CPU_WIDE] = decode_switch,
	[PERF_RECORD_NAMESPACES] = decode_namespaces,
	[PERF_RECORD_KSYMBOL] = decode_ksymbol,
	[PERF_RECORD_BPF_EVENT] = decode_bpf_event,
	[PERF_RECORD_CGROUP] = decode_cgroup,
	[EV_RECORD_CALLCHAIN_DEFERRED] = decode_deferred,
};

bool ev_decode_body(struct ev_decoder *decoder, struct ev_cursor cursor, uint64_t read_format,
		    struct ev_record *record)
{
	struct body body = { decoder, cursor, read_format, record };

	if (record->type >= EV_LENGTH(decoders) || !decoders[record->type])
		return true;
	return decoders[record->type](&body);
}
