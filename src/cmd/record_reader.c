/* Records go from the rings into memory before the rings are full, whatever the recorder is busy
 * with: reading an object's unwind tables for the first time may take a second, and on a machine
 * that is busy itself the recorder waits for its turn. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <evprof/symbol_unwind.h>
#include "record_reader.h"

#define FULL_PART 8             /* a ring is read when it is thought to be so full: 1/8 */
#define SHORTEST_NS 2000000     /* between two looks */
#define LONGEST_NS 100000000    /* nothing is so urgent at rates at which this is enough */
#define LIMIT_BYTES (64u << 20) /* what comes then is lost in the rings, and counted there */
#define HIGHEST_NICE (-20)

struct record_reader {
	struct ev_sampler *sampler;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of all that follows, and of the sampler */
	pthread_cond_t changed;
	bool over;
	struct ev_decoder *decoder;
	struct ev_buffer kept;
	size_t others; /* of what is kept, records that are no samples */
	int stack_register;
	struct record_outermost outermost;
	uint64_t read_bytes;   /* out of the rings, in all */
	struct ev_err trouble; /* of the first failure */
	int failed;
};

/* So much of the copied stack is worth keeping. */
static size_t worth_keeping(const struct record_reader *reader, const struct ev_sample *sample)
{
	uint64_t mask = sample->user_regs_mask;
	int stack = reader->stack_register;
	if (stack < 0 || sample->user_regs_abi != PERF_SAMPLE_REGS_ABI_64 || !(mask >> stack & 1))
		return sample->user_stack_bytes;
	int at = __builtin_popcountll(mask & (((uint64_t)1 << stack) - 1));
	return record_outermost_keep(&reader->outermost, sample->tid, sample->user_regs[at],
				     sample->user_stack_bytes);
}

/* The kernel keeps room in a sample for as much of the stack as was asked for; mostly there is
 * less. That room is left out, but for one word, which says that there was some; and so is what
 * lies beyond the outermost frame. */
static bool keep_short(struct record_reader *reader, const struct ev_raw *raw)
{
	struct ev_record record;
	const struct ev_sample *sample = &record.sample;
	const uint8_t *from = (const void *)raw->header;
	if (raw->type != PERF_RECORD_SAMPLE || ev_decode(reader->decoder, raw, &record) ||
	    !sample->user_stack)
		return false;
	size_t before = (size_t)((const uint8_t *)sample->user_stack - from);
	size_t copied = worth_keeping(reader, sample);
	size_t room = (copied + 15) & ~(size_t)7;
	size_t behind = before + sample->user_stack_asked_bytes + 8;
	if (room >= sample->user_stack_asked_bytes)
		return false;
	struct perf_event_header header = *raw->header;
	header.size = (uint16_t)(raw->size_bytes - (sample->user_stack_asked_bytes - room));
	ev_buffer_add(&reader->kept, &header, sizeof(header));
	ev_buffer_add(&reader->kept, from + sizeof(header), before - sizeof(header) - 8);
	ev_buffer_u64(&reader->kept, room);
	ev_buffer_add(&reader->kept, sample->user_stack, room);
	ev_buffer_u64(&reader->kept, copied);
	ev_buffer_add(&reader->kept, from + behind, raw->size_bytes - behind);
	return true;
}

static void note_thread(struct record_reader *reader, const struct ev_raw *raw)
{
	struct ev_record record;
	bool exec = raw->type == PERF_RECORD_COMM && raw->misc & PERF_RECORD_MISC_COMM_EXEC;
	if ((!exec && raw->type != PERF_RECORD_FORK) || ev_decode(reader->decoder, raw, &record))
		return;
	record_outermost_forget(&reader->outermost, exec ? record.comm.tid : record.task.tid,
				record.time_ns);
}

static int keep(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct record_reader *reader = context;
	struct ev_raw raw;
	(void)err;
	reader->read_bytes += size_bytes;
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);) {
		if (raw.type != PERF_RECORD_SAMPLE) {
			reader->others++;
			note_thread(reader, &raw);
		}
		if (!keep_short(reader, &raw))
			ev_buffer_add(&reader->kept, raw.header, raw.size_bytes);
	}
	return 0;
}

static void drain(struct record_reader *reader)
{
	if (!reader->failed)
		reader->failed = ev_sampler_drain(reader->sampler, keep, reader, &reader->trouble);
}

static struct timespec in_ns(uint64_t ns)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	uint64_t sum = (uint64_t)at.tv_nsec + ns;
	at.tv_sec += (time_t)(sum / 1000000000u);
	at.tv_nsec = (long)(sum % 1000000000u);
	return at;
}

/* How long until a ring may be so full, at the rate of the last while. */
static uint64_t pause_ns(const struct record_reader *reader, uint64_t bytes, uint64_t ns)
{
	double share = (double)ev_sampler_ring_bytes(reader->sampler) / FULL_PART;
	double wait = bytes ? (double)ns * share / (double)bytes : LONGEST_NS;
	return wait > LONGEST_NS ? LONGEST_NS : wait < SHORTEST_NS ? SHORTEST_NS : (uint64_t)wait;
}

int record_go_first(uint64_t priority, struct ev_err *err)
{
	struct sched_param first = { .sched_priority = (int)priority };
	uint64_t most = (uint64_t)sched_get_priority_max(SCHED_FIFO);
	if (priority > most)
		return ev_fail(err, EINVAL, "-r takes a priority from 1 to %u, not %llu",
			       (unsigned)most, (unsigned long long)priority);
	if (!priority || !sched_setscheduler(0, SCHED_FIFO, &first))
		return 0;
	return ev_fail(err, errno,
		       "-r %u: the recorder may not run in real time (%m): as root, or after "
		       "ulimit -r %u",
		       (unsigned)priority, (unsigned)priority);
}

/* This thread only copies, and what it misses is lost: nothing is to be between it and a processor.
 * Where that is not allowed it waits for its turn. */
static void go_first(void)
{
	if (sched_getscheduler(0) == SCHED_FIFO) /* as -r has it */
		return;
	struct sched_param first = { .sched_priority = sched_get_priority_min(SCHED_RR) };
	if (pthread_setschedparam(pthread_self(), SCHED_RR, &first))
		setpriority(PRIO_PROCESS, (id_t)gettid(), HIGHEST_NICE);
}

static void *read_rings(void *argument)
{
	struct record_reader *reader = argument;
	uint64_t pause = SHORTEST_NS, last_ns = ev_now_ns(), before = 0;
	go_first();
	pthread_mutex_lock(&reader->lock);
	while (!reader->over) {
		struct timespec until = in_ns(pause);
		pthread_cond_timedwait(&reader->changed, &reader->lock, &until);
		if (!reader->over && reader->kept.size_bytes < LIMIT_BYTES)
			drain(reader);
		uint64_t now_ns = ev_now_ns();
		pause = pause_ns(reader, reader->read_bytes - before, now_ns - last_ns);
		last_ns = now_ns;
		before = reader->read_bytes;
	}
	pthread_mutex_unlock(&reader->lock);
	return NULL;
}

struct record_reader *record_reader_open(struct ev_sampler *sampler,
					 const struct ev_recording *opened)
{
	struct record_reader *reader = ev_alloc(sizeof(*reader));
	pthread_condattr_t by_clock;
	sigset_t all, before;
	reader->sampler = sampler;
	reader->decoder = ev_decoder_open(opened);
	reader->stack_register = ev_unwind_stack_register();
	pthread_mutex_init(&reader->lock, NULL);
	pthread_condattr_init(&by_clock);
	pthread_condattr_setclock(&by_clock, CLOCK_MONOTONIC);
	pthread_cond_init(&reader->changed, &by_clock);
	pthread_condattr_destroy(&by_clock);
	/* Signals are the recorder's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	reader->started = !pthread_create(&reader->thread, NULL, read_rings, reader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return reader;
}

int record_reader_take(struct record_reader *reader, struct ev_buffer *records, size_t *others,
		       struct ev_err *err)
{
	records->size_bytes = 0;
	pthread_mutex_lock(&reader->lock);
	drain(reader);
	struct ev_buffer empty = *records;
	*records = reader->kept;
	reader->kept = empty;
	*others = reader->others;
	reader->others = 0;
	int rc = reader->failed;
	if (rc)
		ev_fail(err, -rc, "%s", reader->trouble.text);
	pthread_mutex_unlock(&reader->lock);
	return rc;
}

struct record_outermost *record_reader_outermost(struct record_reader *reader)
{
	return &reader->outermost;
}

void record_reader_pause(struct record_reader *reader)
{
	pthread_mutex_lock(&reader->lock);
}

void record_reader_resume(struct record_reader *reader)
{
	pthread_mutex_unlock(&reader->lock);
}

void record_reader_close(struct record_reader *reader)
{
	if (!reader)
		return;
	pthread_mutex_lock(&reader->lock);
	reader->over = true;
	pthread_cond_signal(&reader->changed);
	pthread_mutex_unlock(&reader->lock);
	if (reader->started)
		pthread_join(reader->thread, NULL);
	pthread_mutex_destroy(&reader->lock);
	pthread_cond_destroy(&reader->changed);
	ev_decoder_close(reader->decoder);
	ev_buffer_done(&reader->kept);
	free(reader);
}
