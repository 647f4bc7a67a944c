/* Records of processes, names and mappings that have gone by -> those that a file needs which
 * begins now: what lives, as it is, and none of what has ended. */
#include <stdlib.h>
#include <string.h>
#include "standing.h"

struct ev_standing *ev_standing_open(const struct ev_recording *recording)
{
	struct ev_standing *standing = ev_alloc(sizeof(*standing));

	standing->recording = recording;
	standing->decoder = ev_decoder_open(recording);
	return standing;
}

/* ---- waiting for their turn -------------------------------------------------------------------
 */

static bool is_wanted(uint32_t type)
{
	static const uint32_t wanted[] = {
		PERF_RECORD_MMAP,    PERF_RECORD_MMAP2,     PERF_RECORD_COMM,
		PERF_RECORD_FORK,    PERF_RECORD_EXIT,      PERF_RECORD_NAMESPACES,
		PERF_RECORD_KSYMBOL, PERF_RECORD_BPF_EVENT, PERF_RECORD_CGROUP,
	};

	for (size_t i = 0; i < EV_LENGTH(wanted); i++)
		if (type == wanted[i])
			return true;
	return false;
}

static void keep_pending(struct ev_standing *standing, const struct ev_raw *raw)
{
	struct ev_record record;
	struct ev_pending *pending;

	if (!is_wanted(raw->type) || ev_decode(standing->decoder, raw, &record))
		return;
	if (!record.time_ns) { /* of the beginning: certain at once */
		ev_standing_apply(standing, &record);
		return;
	}
	pending = ev_array_add(&standing->pending);
	pending->time_ns = record.time_ns;
	pending->at = standing->bytes.size_bytes;
	pending->size_bytes = raw->size_bytes;
	ev_buffer_add(&standing->bytes, raw->header, raw->size_bytes);
	if (record.time_ns > standing->seen_ns)
		standing->seen_ns = record.time_ns;
}

void ev_standing_add(struct ev_standing *standing, const void *bytes, size_t size_bytes)
{
	struct ev_raw raw;

	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);)
		keep_pending(standing, &raw);
}

static void apply_pending(struct ev_standing *standing, const struct ev_pending *pending)
{
	struct ev_record record;
	struct ev_raw raw;
	size_t at = pending->at;

	if (ev_records_next(standing->bytes.bytes, standing->bytes.size_bytes, &at, &raw) &&
	    !ev_decode(standing->decoder, &raw, &record))
		ev_standing_apply(standing, &record);
}

/* What is still pending moves to the front. */
static void keep_later(struct ev_standing *standing, uint64_t until_ns)
{
	struct ev_buffer bytes = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < standing->pending.count; i++) {
		struct ev_pending pending = standing->pending.items[i];

		if (pending.time_ns <= until_ns)
			continue;
		ev_buffer_add(&bytes, standing->bytes.bytes + pending.at, pending.size_bytes);
		pending.at = bytes.size_bytes - pending.size_bytes;
		standing->pending.items[kept++] = pending;
	}
	standing->pending.count = kept;
	ev_buffer_done(&standing->bytes);
	standing->bytes = bytes;
}

void ev_standing_round(struct ev_standing *standing, uint64_t hold_ns)
{
	uint64_t until_ns = standing->known_ns > hold_ns ? standing->known_ns - hold_ns : 0;
	EV_ARRAY(struct ev_keyed) order = { 0 };

	standing->known_ns = standing->seen_ns;
	for (size_t i = 0; i < standing->pending.count; i++)
		if (standing->pending.items[i].time_ns <= until_ns)
			*ev_array_add(&order) =
				(struct ev_keyed){ standing->pending.items[i].time_ns,
						   (uint32_t)i };
	if (!order.count)
		return;
	ev_sort_keyed(order.items, order.count);
	for (size_t i = 0; i < order.count; i++)
		apply_pending(standing, &standing->pending.items[order.items[i].id]);
	ev_array_done(&order);
	keep_later(standing, until_ns);
}

/* ---- giving -----------------------------------------------------------------------------------
 */

struct giving {
	const struct ev_standing *standing;
	struct ev_buffer bytes;
	struct ev_err *err;
	int rc;
};

static void put(struct giving *giving, struct ev_record *record)
{
	if (!giving->rc)
		giving->rc =
			ev_encode(giving->standing->recording, record, &giving->bytes, giving->err);
}

static void put_mapping(struct giving *giving, uint32_t pid, const struct ev_mapping *mapping)
{
	struct ev_record record = { .type = mapping->type,
				    .misc = mapping->misc,
				    .pid = pid,
				    .tid = pid,
				    .mmap = mapping->mmap };

	record.mmap.pid = record.mmap.tid = pid;
	put(giving, &record);
}

static void put_thread(struct giving *giving, const struct ev_standing_process *process,
		       uint32_t tid, const char *comm)
{
	uint32_t parent = tid == process->pid ? process->parent : process->pid;
	struct ev_record record = {
		.type = PERF_RECORD_FORK,
		.misc = PERF_RECORD_MISC_FORK_EXEC, /* its mappings are told */
		.pid = process->pid,
		.tid = tid,
		.task = { .pid = process->pid,
			  .tid = tid,
			  .parent_pid = parent,
			  .parent_tid = parent },
	};

	put(giving, &record);
	record = (struct ev_record){ .type = PERF_RECORD_COMM,
				     .pid = process->pid,
				     .tid = tid,
				     .comm = { .pid = process->pid, .tid = tid, .comm = comm } };
	put(giving, &record);
}

/* A process whose first thread has ended goes on under its number. */
static void put_process(struct giving *giving, const struct ev_standing_process *process)
{
	const char *comm = "";

	for (size_t i = process->threads.count; i-- > 0;)
		if (!*comm || process->threads.items[i].tid == process->pid)
			comm = process->threads.items[i].comm;
	put_thread(giving, process, process->pid, comm);
	for (size_t i = 0; i < process->mappings.count; i++)
		put_mapping(giving, process->pid, process->mappings.items[i]);
	for (size_t i = 0; i < process->threads.count; i++)
		if (process->threads.items[i].tid != process->pid)
			put_thread(giving, process, process->threads.items[i].tid,
				   process->threads.items[i].comm);
}

static void put_fact(struct giving *giving, const struct ev_standing_fact *fact)
{
	const struct perf_event_header *header = (const void *)fact->bytes;
	struct ev_raw raw = { .header = header,
			      .type = header->type,
			      .misc = header->misc,
			      .size_bytes = header->size };
	struct ev_record record;

	if (ev_decode(giving->standing->decoder, &raw, &record))
		return;
	record.time_ns = 0;
	put(giving, &record);
}

/* So much goes out at once. */
#define PORTION_BYTES (256u << 10)

static int send(struct giving *giving, size_t least_bytes, ev_take_bytes take, void *context)
{
	if (giving->rc || giving->bytes.size_bytes < least_bytes || !giving->bytes.size_bytes)
		return giving->rc;
	giving->rc = take(context, giving->bytes.bytes, giving->bytes.size_bytes, giving->err);
	giving->bytes.size_bytes = 0;
	return giving->rc;
}

int ev_standing_give(struct ev_standing *standing, ev_take_bytes take, void *context,
		     struct ev_err *err)
{
	struct giving giving = { .standing = standing, .err = err };

	for (size_t i = 0; i < standing->everywhere.count; i++)
		put_mapping(&giving, UINT32_MAX, standing->everywhere.items[i]);
	for (size_t i = 0; i < standing->facts.count; i++)
		put_fact(&giving, &standing->facts.items[i]);
	for (size_t b = 0; b < EV_LENGTH(standing->buckets); b++)
		for (struct ev_standing_process *process = standing->buckets[b]; process;
		     process = process->next) {
			put_process(&giving, process);
			send(&giving, PORTION_BYTES, take, context);
		}
	if (!giving.rc)
		ev_buffer_add(&giving.bytes, standing->bytes.bytes, standing->bytes.size_bytes);
	send(&giving, 0, take, context);
	ev_buffer_done(&giving.bytes);
	return giving.rc;
}

size_t ev_standing_processes(const struct ev_standing *standing)
{
	return standing->process_count;
}

void ev_standing_close(struct ev_standing *standing)
{
	if (!standing)
		return;
	ev_standing_forget(standing);
	ev_decoder_close(standing->decoder);
	ev_buffer_done(&standing->bytes);
	ev_array_done(&standing->pending);
	free(standing);
}
