/* Bytes done of bytes to do -> "reading perf.data: 43%, 6 s left" on stderr; and of work that is
 * not measured in bytes, "resolving names: 3 s". */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <evprof/collect.h>
#include "progress.h"

#define SECOND_NS UINT64_C(1000000000)
#define WORTH_TELLING_NS SECOND_NS
#define STEP_NS (SECOND_NS / 5)

void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes)
{
	progress->total_bytes = total_bytes;
	progress->began_ns = progress->told_ns = ev_now_ns();
	progress->what = total_bytes && isatty(STDERR_FILENO) ? what : NULL;
}

void progress_tell(struct progress *progress)
{
	if (!progress->what)
		return;
	uint64_t now_ns = ev_now_ns();
	uint64_t done = atomic_load_explicit(&progress->done_bytes, memory_order_relaxed);
	if (now_ns - progress->began_ns < WORTH_TELLING_NS ||
	    now_ns - progress->told_ns < STEP_NS || !done)
		return;
	if (done > progress->total_bytes)
		done = progress->total_bytes;
	double share = (double)done / (double)progress->total_bytes;
	double left_s = (double)(now_ns - progress->began_ns) / 1e9 * (1 - share) / share;
	fprintf(stderr, "\r%s: %.0f%%, %.0f s left\033[K", progress->what, share * 100, left_s);
	progress->told_ns = now_ns;
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
	progress->what = NULL;
}

/* ---- work without a measure --------------------------------------------------------------------
 */

struct progress_work {
	const char *what;
	uint64_t began_ns;
	_Atomic uint64_t *done; /* of total, since measured_ns; NULL: nobody knows */
	uint64_t total, measured_ns;
	pthread_t teller;
	pthread_mutex_t mutex;
	pthread_cond_t ends;
	bool ended, shown;
};

/* "43%, 6 s left", or how long it has taken so far. */
static void tell_how_far(const struct progress_work *work, uint64_t now_ns)
{
	uint64_t done = work->done ? atomic_load_explicit(work->done, memory_order_relaxed) : 0;
	double share = done && done <= work->total ? (double)done / (double)work->total : 0;
	double measured_s = (double)(now_ns - work->measured_ns) / 1e9;
	if (share > 0)
		fprintf(stderr, "\r%s: %.0f%%, %.0f s left\033[K", work->what, share * 100,
			measured_s * (1 - share) / share);
	else
		fprintf(stderr, "\r%s: %.0f s\033[K", work->what,
			(double)(now_ns - work->began_ns) / 1e9);
}

static void *tell_work(void *self)
{
	struct progress_work *work = self;
	pthread_mutex_lock(&work->mutex);
	while (!work->ended) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += (long)STEP_NS;
		until.tv_sec += until.tv_nsec / (long)SECOND_NS;
		until.tv_nsec %= (long)SECOND_NS;
		pthread_cond_timedwait(&work->ends, &work->mutex, &until);
		uint64_t now_ns = ev_now_ns();
		if (work->ended || now_ns - work->began_ns < WORTH_TELLING_NS)
			continue;
		tell_how_far(work, now_ns);
		work->shown = true;
	}
	pthread_mutex_unlock(&work->mutex);
	return NULL;
}

struct progress_work *progress_work_begin(const char *what, FILE *out)
{
	pthread_condattr_t attr;
	sigset_t all, before;
	if (!isatty(STDERR_FILENO) || (out && isatty(fileno(out))))
		return NULL;
	struct progress_work *work = ev_alloc(sizeof(*work));
	work->what = what;
	work->began_ns = ev_now_ns();
	pthread_mutex_init(&work->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&work->ends, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all); /* signals are the others' */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&work->teller, NULL, tell_work, work);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		return work;
	pthread_cond_destroy(&work->ends);
	pthread_mutex_destroy(&work->mutex);
	free(work);
	return NULL;
}

void progress_work_measure(struct progress_work *work, _Atomic uint64_t *done, uint64_t total)
{
	if (!work)
		return;
	pthread_mutex_lock(&work->mutex);
	work->done = done;
	work->total = total;
	work->measured_ns = ev_now_ns();
	pthread_mutex_unlock(&work->mutex);
}

void progress_work_end(struct progress_work *work)
{
	if (!work)
		return;
	pthread_mutex_lock(&work->mutex);
	work->ended = true;
	pthread_cond_signal(&work->ends);
	pthread_mutex_unlock(&work->mutex);
	pthread_join(work->teller, NULL);
	if (work->shown)
		fputs("\r\033[K", stderr);
	pthread_cond_destroy(&work->ends);
	pthread_mutex_destroy(&work->mutex);
	free(work);
}
