/* Where the stacks of threads begin: what a copy has from beyond there, arguments and environment,
 * need not be kept. */
#ifndef CMD_RECORD_OUTERMOST_H
#define CMD_RECORD_OUTERMOST_H

#include <evprof/base.h>

struct record_outermost {
	struct outermost {
		uint64_t address;  /* of the outermost frame */
		uint64_t since_ns; /* what was seen before is of another program or thread */
		uint32_t tid;
		uint32_t seen, changes;
	} threads[512];
};

/* So many stacks that were followed to their roots ended there, the last of them at that time. */
void record_outermost_see(struct record_outermost *all, uint32_t tid, uint64_t address,
			  uint32_t count, uint64_t time_ns);
/* The thread is new, or runs another program. */
void record_outermost_forget(struct record_outermost *all, uint32_t tid, uint64_t time_ns);
/* How much is worth keeping of a copy that begins at `from`. A thread whose stacks begin here and
 * there is one of coroutines: all of it. */
size_t record_outermost_keep(const struct record_outermost *all, uint32_t tid, uint64_t from,
			     size_t bytes);

#endif
