/* Bytes done of bytes to do -> "reading perf.data: 43%, 6 s left" on stderr. */
#include <stdio.h>
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
