/* How far a long walk is: a line on a terminal, for who would else wonder. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	const char *what; /* "reading perf.data"; NULL: nothing is told */
	uint64_t total_bytes;
	_Atomic uint64_t done_bytes;
	uint64_t began_ns, told_ns;
	bool shown;
};
/* Tells only on a terminal, and only what takes longer than a second. `what` must stay. */
void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes);
/* From any thread. */
static inline void progress_add(struct progress *progress, uint64_t bytes)
{
	atomic_fetch_add_explicit(&progress->done_bytes, bytes, memory_order_relaxed);
}
/* From one thread, often. */
void progress_tell(struct progress *progress);
/* The line is gone. */
void progress_end(struct progress *progress);

/* Work of which nobody knows how much is left: its line tells how long it has taken. */
struct progress_work;
/* Tells as above, unless text goes to the terminal meanwhile: `out` is where, NULL for none. NULL
 * where nothing is told. `what` must stay. */
struct progress_work *progress_work_begin(const char *what, FILE *out);
/* Of it there is a measure after all: `done` of `total`, which other threads may raise from 0; it
 * must live until the end. While it is 0 the line is as before. */
void progress_work_measure(struct progress_work *work, _Atomic uint64_t *done, uint64_t total);
void progress_work_end(struct progress_work *work);

#endif
