/* Records that the threads of a command leave behind become a slot for each thread that ever ran;
 * the same of threads that were there already, and of all that are born of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "thread_rings.h"
#include "threads.h"

/* A birth, a name or an end. */
struct thread_turn {
	uint64_t time_ns;
	uint32_t type; /* PERF_RECORD_… */
	uint32_t tid, parent;
	char comm[16];
};
struct thread_read {
	uint64_t time_ns;
	uint32_t tid;
	size_t event, place;
	struct ev_count count;
};
struct thread {
	struct ev_slot slot;
	size_t place; /* whose counters hold its count too: those of the one it descends from */
	uint64_t born_ns;
	uint32_t earlier; /* one of the same id that ended before: its index + 1, 0 = none */
	bool ended;
};
struct told_count {
	struct ev_count count;
	bool told;
};
struct ev_threads {
	size_t event_count;
	size_t place_count; /* threads that were there: the first of the items; 0 for a command */
	struct ev_thread_rings rings;
	EV_ARRAY(struct thread) items;
	EV_ARRAY(struct told_count) counts; /* [thread * event_count + event] */
	struct ev_map of_tid;               /* index + 1 of the latest thread of that id */
	EV_ARRAY(struct thread_turn) turns; /* of this gathering */
	EV_ARRAY(struct thread_read) reads;
	struct ev_buffer copy;
	size_t rest; /* index + 1 of the slot without a thread */
	uint64_t lost;
};
struct gathering {
	struct ev_threads *threads;
	size_t ring;
};

/* ---- taking records -------------------------------------------------------------------------- */

/* The time stands at the end of every record (sample_id_all). */
static void take_turn(struct ev_threads *threads, const struct perf_event_header *header,
		      struct ev_cursor *at)
{
	struct thread_turn turn = { .type = header->type };
	if (header->type == PERF_RECORD_COMM) {
		ev_cursor_u32(at);
		turn.tid = ev_cursor_u32(at);
		size_t left = ev_cursor_left(at), name = left > 8 ? left - 8 : 0;
		const void *text = ev_cursor_bytes(at, name);
		if (text)
			snprintf(turn.comm, sizeof(turn.comm), "%.*s", (int)name,
				 (const char *)text);
	} else {
		ev_cursor_u32(at);
		ev_cursor_u32(at);
		turn.tid = ev_cursor_u32(at);
		turn.parent = ev_cursor_u32(at);
		ev_cursor_u64(at);
	}
	turn.time_ns = ev_cursor_u64(at);
	if (!at->bad)
		*ev_array_add(&threads->turns) = turn;
}

static void take_read(struct ev_threads *threads, size_t event, size_t place, struct ev_cursor *at)
{
	struct thread_read read = { .event = event, .place = place };
	ev_cursor_u32(at);
	read.tid = ev_cursor_u32(at);
	read.count.value = ev_cursor_u64(at);
	read.count.enabled_ns = ev_cursor_u64(at);
	read.count.running_ns = ev_cursor_u64(at);
	read.time_ns = ev_cursor_u64(at);
	if (!at->bad)
		*ev_array_add(&threads->reads) = read;
}

static int take_records(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	const struct gathering *gathering = context;
	struct ev_threads *threads = gathering->threads;
	struct ev_raw raw;
	size_t event = 0, place = 0;
	(void)err;
	bool reads = ev_thread_rings_reads(&threads->rings, gathering->ring, &event, &place);
	for (size_t next = 0; ev_records_next(bytes, size_bytes, &next, &raw);) {
		struct ev_cursor at =
			ev_cursor_of(raw.header + 1, raw.size_bytes - sizeof(*raw.header), false);
		if (raw.type == PERF_RECORD_READ && reads)
			take_read(threads, event, place, &at);
		else if (raw.type == PERF_RECORD_FORK || raw.type == PERF_RECORD_EXIT ||
			 raw.type == PERF_RECORD_COMM)
			take_turn(threads, raw.header, &at);
		else if (raw.type == PERF_RECORD_LOST) {
			ev_cursor_u64(&at);
			threads->lost += ev_cursor_u64(&at);
		}
	}
	return 0;
}

/* ---- threads --------------------------------------------------------------------------------- */

static size_t add_thread(struct ev_threads *threads, uint32_t tid, uint64_t born_ns,
			 const char *comm)
{
	uint32_t *latest = ev_map_add(&threads->of_tid, tid, 0, NULL);
	struct thread *thread = ev_array_add(&threads->items);
	thread->slot = (struct ev_slot){ .cpu = -1, .tid = (int32_t)tid };
	snprintf(thread->slot.comm, sizeof(thread->slot.comm), "%s", comm);
	thread->born_ns = born_ns;
	thread->earlier = *latest;
	*latest = (uint32_t)threads->items.count;
	for (size_t i = 0; i < threads->event_count; i++)
		ev_array_add(&threads->counts);
	return threads->items.count - 1;
}

/* The latest thread of that id; NULL when it is not known. */
static struct thread *latest_thread(struct ev_threads *threads, uint32_t tid)
{
	const uint32_t *latest = ev_map_find(&threads->of_tid, tid, 0);
	return latest ? &threads->items.items[*latest - 1] : NULL;
}

static void apply_turn(struct ev_threads *threads, const struct thread_turn *turn)
{
	struct thread *thread = latest_thread(threads, turn->tid);
	char comm[16] = "";
	if (turn->type == PERF_RECORD_FORK) {
		const struct thread *parent = latest_thread(threads, turn->parent);
		size_t place = parent ? parent->place : 0;
		if (parent)
			memcpy(comm, parent->slot.comm, sizeof(comm));
		size_t born = add_thread(threads, turn->tid, turn->time_ns, comm);
		threads->items.items[born].place = place;
	} else if (turn->type == PERF_RECORD_EXIT && thread) {
		thread->ended = true;
	} else if (turn->type == PERF_RECORD_COMM && thread && !thread->ended) {
		memcpy(thread->slot.comm, turn->comm, sizeof(turn->comm));
	} else if (turn->type == PERF_RECORD_COMM) {
		/* A thread that is not the first of its process and execs takes over its id. */
		size_t place = thread ? thread->place : 0;
		size_t again = add_thread(threads, turn->tid, turn->time_ns, turn->comm);
		threads->items.items[again].place = place;
	}
}

/* The thread that had that id then. */
static size_t thread_at(struct ev_threads *threads, const struct thread_read *read)
{
	const uint32_t *latest = ev_map_find(&threads->of_tid, read->tid, 0);
	for (uint32_t at = latest ? *latest : 0; at; at = threads->items.items[at - 1].earlier) {
		size_t cell = (at - 1) * threads->event_count + read->event;
		if (at - 1 < threads->place_count)
			break; /* those that were there tell nothing themselves */
		if (threads->items.items[at - 1].born_ns <= read->time_ns &&
		    !threads->counts.items[cell].told)
			return at - 1;
	}
	return add_thread(threads, read->tid, read->time_ns,
			  threads->place_count ? threads->items.items[read->place].slot.comm : "");
}

static void apply_read(struct ev_threads *threads, const struct thread_read *read)
{
	size_t thread = thread_at(threads, read);
	threads->items.items[thread].ended = true;
	threads->items.items[thread].place = read->place;
	threads->counts.items[thread * threads->event_count + read->event] =
		(struct told_count){ .count = read->count, .told = true };
}

static int by_time(const void *one, const void *other)
{
	const struct thread_turn *a = one, *b = other;
	return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

int ev_threads_gather(struct ev_threads *threads, struct ev_err *err)
{
	int rc = 0;
	threads->reads.count = threads->turns.count = 0;
	/* The rings of turns come last: a thread whose count is here was born before. */
	for (size_t i = 0; i < threads->rings.count && !rc; i++) {
		struct gathering gathering = { threads, i };
		rc = ev_ring_drain(&threads->rings.items[i], &threads->copy, take_records,
				   &gathering, err);
	}
	if (threads->turns.count)
		qsort(threads->turns.items, threads->turns.count, sizeof(*threads->turns.items),
		      by_time);
	for (size_t i = 0; i < threads->turns.count; i++)
		apply_turn(threads, &threads->turns.items[i]);
	for (size_t i = 0; i < threads->reads.count; i++)
		apply_read(threads, &threads->reads.items[i]);
	return rc;
}

/* ---- opening --------------------------------------------------------------------------------- */

int ev_threads_open(struct ev_threads **threads, size_t event_count, const struct ev_slot *places,
		    size_t place_count, struct ev_err *err)
{
	struct ev_threads *made = ev_alloc(sizeof(*made));
	EV_ARRAY(int32_t) tids = { 0 };
	*made = (struct ev_threads){ .event_count = event_count, .place_count = place_count };
	for (size_t i = 0; i < place_count; i++) {
		add_thread(made, (uint32_t)places[i].tid, 0, places[i].comm);
		made->items.items[i].place = i;
		*ev_array_add(&tids) = places[i].tid;
	}
	if (!place_count)
		*ev_array_add(&tids) = 0;
	int rc = ev_thread_rings_open(&made->rings, event_count, tids.items, tids.count, err);
	ev_array_done(&tids);
	if (rc) {
		ev_threads_close(made);
		made = NULL;
	}
	*threads = made;
	return rc;
}

int ev_threads_follow(struct ev_threads *threads, size_t event, size_t place, int fd,
		      struct ev_err *err)
{
	int32_t tid = threads->place_count ? threads->items.items[place].slot.tid : 0;
	return ev_thread_rings_follow(&threads->rings, event, place, tid, fd, err);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The slot for what no ended thread told: that of the only one that runs, or one for all. */
static size_t rest_slot(struct ev_threads *threads, bool own)
{
	size_t running = 0, only = 0;
	if (threads->rest)
		return threads->rest - 1;
	for (size_t i = 0; i < threads->items.count; i++) {
		if (threads->items.items[i].ended)
			continue;
		running++;
		only = i;
	}
	if (running != 1 || threads->lost || own) {
		const char *name = own                         ? "(with evprof)"
				   : running && !threads->lost ? "(running)"
							       : "(lost)";
		only = add_thread(threads, (uint32_t)-1, 0, name);
	}
	threads->items.items[only].ended = true;
	threads->rest = only + 1;
	return only;
}

static bool has_ended_all(const struct ev_threads *threads)
{
	for (size_t i = 0; i < threads->items.count; i++)
		if (!threads->items.items[i].ended)
			return false;
	return true;
}

void ev_threads_settle(struct ev_threads *threads, size_t event, const struct ev_count *total,
		       bool own)
{
	struct ev_count left = *total;
	if (own && !threads->rest && !threads->lost && has_ended_all(threads))
		return;
	for (size_t i = 0; i < threads->items.count; i++) {
		const struct told_count *told =
			&threads->counts.items[i * threads->event_count + event];
		left.value -= told->count.value;
		left.enabled_ns -= told->count.enabled_ns;
		left.running_ns -= told->count.running_ns;
	}
	if (!left.value && !left.enabled_ns)
		return;
	size_t slot = rest_slot(threads, own);
	threads->counts.items[slot * threads->event_count + event] =
		(struct told_count){ .count = left, .told = true };
}

void ev_threads_settle_place(struct ev_threads *threads, size_t event, size_t place,
			     const struct ev_count *total)
{
	struct ev_count left = *total;
	for (size_t i = threads->place_count; i < threads->items.count; i++) {
		const struct told_count *told =
			&threads->counts.items[i * threads->event_count + event];
		if (!told->told || threads->items.items[i].place != place)
			continue;
		left.value -= told->count.value;
		left.enabled_ns -= told->count.enabled_ns;
		left.running_ns -= told->count.running_ns;
	}
	threads->counts.items[place * threads->event_count + event] =
		(struct told_count){ .count = left, .told = true };
}

size_t ev_threads_running(const struct ev_threads *threads, bool *lost)
{
	size_t running = 0;
	*lost = threads->lost;
	for (size_t i = threads->place_count; i < threads->items.count; i++)
		running += !threads->items.items[i].ended;
	return running;
}

size_t ev_threads_count(const struct ev_threads *threads)
{
	return threads->items.count;
}

const struct ev_slot *ev_threads_slot(const struct ev_threads *threads, size_t thread)
{
	return &threads->items.items[thread].slot;
}

int ev_threads_read(const struct ev_threads *threads, size_t event, size_t thread,
		    struct ev_count *count)
{
	const struct told_count *told =
		&threads->counts.items[thread * threads->event_count + event];
	*count = told->count;
	return told->told ? 0 : -ENOENT;
}

void ev_threads_close(struct ev_threads *threads)
{
	if (!threads)
		return;
	ev_thread_rings_close(&threads->rings);
	ev_array_done(&threads->items);
	ev_array_done(&threads->counts);
	ev_array_done(&threads->turns);
	ev_array_done(&threads->reads);
	ev_map_done(&threads->of_tid);
	ev_buffer_done(&threads->copy);
	free(threads);
}
