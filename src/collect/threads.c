/* Records that the threads of a command leave behind become a slot for each thread that ever ran;
 * the same of threads that were there already, and of all that are born of them.
 *
 * Events are opened on evprof's own thread, switched off there, and inherited by the command that
 * it forks. With attr.inherit_stat each inherited copy writes a READ record when its thread ends.
 * Those records need a ring, and the kernel maps none for an inherited event that is not bound to a
 * CPU; but the output of one may be led into the ring of an event that is not inherited. Each event
 * has such a ring of its own: the kernel writes READ records under a lock of the event, so that no
 * two CPUs write into one ring at a time. Births and names come through one ring per CPU. Where
 * threads that were there are watched, each of them has its own rings for READ records: a ring
 * belongs to a thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "machine.h"
#include "ring.h"
#include "syscalls.h"
#include "threads.h"

#define RING_BYTES (256u << 10) /* the ends of 5461 threads */
#define RING_LEAST_BYTES (8u << 10)
#define CAP_IPC_LOCK 14 /* may lock as much memory as there is */

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
	struct ev_ring *rings; /* READ records of each event (on each place), then turns of each
				* CPU */
	size_t read_rings, ring_count;
	EV_ARRAY(int) turn_fds; /* of places behind the first: they lead into its rings */
	size_t ring_bytes;      /* to begin with */
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

/* ---- rings ------------------------------------------------------------------------------------
 */

static size_t least_ring(void)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	return page_bytes < RING_LEAST_BYTES ? RING_LEAST_BYTES : page_bytes;
}

/* What one ring may have when all of them share what this user may lock. */
static size_t fair_ring(size_t ring_count, size_t cpu_count)
{
	int64_t allowed_kb;
	size_t bytes = RING_BYTES;
	if (ev_machine_has_capability(CAP_IPC_LOCK) ||
	    ev_file_number("/proc/sys/kernel/perf_event_mlock_kb", &allowed_kb) || allowed_kb < 0)
		return bytes;
	uint64_t share = ((uint64_t)allowed_kb << 10) * cpu_count / (ring_count + 1);
	while (bytes > least_ring() && bytes + (uint64_t)sysconf(_SC_PAGESIZE) > share)
		bytes /= 2;
	return bytes;
}

static int map_ring(struct ev_ring *ring, size_t bytes, struct ev_err *err)
{
	size_t least = least_ring();
	int rc = ev_ring_map(ring, bytes);
	for (; (rc == -EPERM || rc == -ENOMEM) && bytes / 2 >= least; rc = ev_ring_map(ring, bytes))
		bytes /= 2;
	return rc ? ev_fail(err, -rc, "cannot map a ring for the counts of single threads: %s%s",
			    strerror(-rc),
			    rc == -EPERM ? "; other profilers of this user may hold what "
					   "kernel.perf_event_mlock_kb allows"
					 : "")
		  : 0;
}

/* An event that counts nothing, for its ring, or to tell of turns. */
static int open_teller(struct perf_event_attr *attr, int32_t tid, int32_t cpu, struct ev_err *err)
{
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_DUMMY;
	attr->size = sizeof(*attr);
	attr->exclude_kernel = attr->exclude_hv = 1;
	int fd = ev_sys_perf_event_open(attr, tid, cpu, -1);
	if (fd >= 0)
		return fd;
	char why[512];
	const struct ev_target target = { .kind = EV_TARGET_COMMAND };
	ev_explain_open(-fd, attr, &target, why, sizeof(why));
	return ev_fail(err, -fd, "single threads cannot be followed: %s", why);
}

static int open_ring(struct ev_ring *ring, struct perf_event_attr *attr, int32_t tid, size_t bytes,
		     struct ev_err *err)
{
	ring->fd = open_teller(attr, tid, ring->cpu, err);
	return ring->fd < 0 ? ring->fd : map_ring(ring, bytes, err);
}

void ev_threads_prepare(struct perf_event_attr *attr)
{
	attr->inherit = attr->inherit_stat = 1;
	attr->sample_id_all = 1;
	attr->sample_type = PERF_SAMPLE_TIME;
}

static int32_t tid_of(const struct ev_threads *threads, size_t place)
{
	return threads->place_count ? threads->items.items[place].slot.tid : 0;
}

/* Births, names and ends of one place and its descendants, on one CPU. */
static int open_turns(struct ev_threads *threads, struct ev_ring *ring, size_t place,
		      struct ev_err *err)
{
	struct perf_event_attr attr = { .task = 1, .comm = 1 };
	int32_t tid = tid_of(threads, place);
	ev_threads_prepare(&attr);
	attr.inherit_stat = 0;
	if (ring->fd < 0)
		return open_ring(ring, &attr, tid, threads->ring_bytes, err);
	int fd = open_teller(&attr, tid, ring->cpu, err);
	if (fd < 0)
		return fd;
	*ev_array_add(&threads->turn_fds) = fd;
	int rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, (void *)(long)ring->fd);
	return rc < 0 ? ev_fail(err, -rc, "single threads cannot be followed: %s", strerror(-rc))
		      : 0;
}

static int open_rings(struct ev_threads *threads, struct ev_err *err)
{
	uint32_t *cpus;
	size_t cpu_count, places = threads->place_count ? threads->place_count : 1;
	int rc = ev_machine_cpus(NULL, &cpus, &cpu_count, err);
	if (rc)
		return rc;
	threads->read_rings = threads->event_count * places;
	threads->ring_count = threads->read_rings + cpu_count;
	threads->ring_bytes = fair_ring(threads->ring_count, cpu_count);
	threads->rings = ev_alloc(threads->ring_count * sizeof(*threads->rings));
	for (size_t i = 0; i < threads->ring_count; i++)
		threads->rings[i] = (struct ev_ring){
			.fd = -1,
			.cpu = i < threads->read_rings ? -1
						       : (int32_t)cpus[i - threads->read_rings],
		};
	free(cpus);
	for (size_t place = 0; place < places && !rc; place++)
		for (size_t i = threads->read_rings; i < threads->ring_count && !rc; i++) {
			rc = open_turns(threads, &threads->rings[i], place, err);
			if (rc == -ESRCH && place)
				rc = 0; /* threads may end at any time */
		}
	return rc;
}

static size_t add_thread(struct ev_threads *threads, uint32_t tid, uint64_t born_ns,
			 const char *comm);

int ev_threads_open(struct ev_threads **threads, size_t event_count, const struct ev_slot *places,
		    size_t place_count, struct ev_err *err)
{
	struct ev_threads *made = ev_alloc(sizeof(*made));
	*made = (struct ev_threads){ .event_count = event_count, .place_count = place_count };
	for (size_t i = 0; i < place_count; i++) {
		add_thread(made, (uint32_t)places[i].tid, 0, places[i].comm);
		made->items.items[i].place = i;
	}
	int rc = open_rings(made, err);
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
	struct perf_event_attr attr = { .disabled = 1 };
	size_t places = threads->place_count ? threads->place_count : 1;
	struct ev_ring *ring = &threads->rings[event * places + place];
	int rc = open_ring(ring, &attr, tid_of(threads, place), threads->ring_bytes, err);
	if (rc)
		return rc == -ESRCH && threads->place_count ? 0 : rc;
	rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, (void *)(long)ring->fd);
	return rc < 0 ? ev_fail(err, -rc,
				"this kernel does not tell what single threads counted: "
				"%s",
				strerror(-rc))
		      : 0;
}

/* ---- taking records ----------------------------------------------------------------------------
 */

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

static void take_read(struct ev_threads *threads, size_t ring, struct ev_cursor *at)
{
	size_t places = threads->place_count ? threads->place_count : 1;
	struct thread_read read = { .event = ring / places, .place = ring % places };
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
	const uint8_t *record = bytes, *end = record + size_bytes;
	(void)err;
	for (; record < end;
	     record += ((const struct perf_event_header *)(const void *)record)->size) {
		const struct perf_event_header *header = (const void *)record;
		struct ev_cursor at = ev_cursor_of(record + sizeof(*header),
						   header->size - sizeof(*header), false);
		if (header->type == PERF_RECORD_READ && gathering->ring < threads->read_rings)
			take_read(threads, gathering->ring, &at);
		else if (header->type == PERF_RECORD_FORK || header->type == PERF_RECORD_EXIT ||
			 header->type == PERF_RECORD_COMM)
			take_turn(threads, header, &at);
		else if (header->type == PERF_RECORD_LOST) {
			ev_cursor_u64(&at);
			threads->lost += ev_cursor_u64(&at);
		}
	}
	return 0;
}

/* ---- threads -----------------------------------------------------------------------------------
 */

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
	for (size_t i = 0; i < threads->ring_count && !rc; i++) {
		struct gathering gathering = { threads, i };
		rc = ev_ring_drain(&threads->rings[i], &threads->copy, take_records, &gathering,
				   err);
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

/* ---- the end -----------------------------------------------------------------------------------
 */

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
	for (size_t i = 0; threads->rings && i < threads->ring_count; i++) {
		ev_ring_unmap(&threads->rings[i]);
		if (threads->rings[i].fd >= 0)
			ev_sys_close(threads->rings[i].fd);
	}
	for (size_t i = 0; i < threads->turn_fds.count; i++)
		ev_sys_close(threads->turn_fds.items[i]);
	ev_array_done(&threads->turn_fds);
	free(threads->rings);
	ev_array_done(&threads->items);
	ev_array_done(&threads->counts);
	ev_array_done(&threads->turns);
	ev_array_done(&threads->reads);
	ev_map_done(&threads->of_tid);
	ev_buffer_done(&threads->copy);
	free(threads);
}
