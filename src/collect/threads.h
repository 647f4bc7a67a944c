/* Every thread that a command, or threads that are there already, ever start, and what it counted
 * until it ended. */
#ifndef COLLECT_THREADS_H
#define COLLECT_THREADS_H

#include <evprof/collect.h>

struct ev_threads;

/* For a command (no places): to be called before events are opened on the calling thread; the
 * command is forked by it later and inherits them. Else for threads that run, which are the first
 * slots. Births, names and ends of threads are noted from here on. -errno with a sentence. */
int ev_threads_open(struct ev_threads **threads, size_t event_count, const struct ev_slot *places,
		    size_t place_count, struct ev_err *err);
/* Leads the counts of an event that is open on a place (0 for a command) here. -errno with a
 * sentence. */
int ev_threads_follow(struct ev_threads *threads, size_t event, size_t place, int fd,
		      struct ev_err *err);
/* Takes in what threads that ended have left in the rings. To be called often enough that the
 * rings do not fill, and once more at the end. */
int ev_threads_gather(struct ev_threads *threads, struct ev_err *err);
/* At the end: what an event counted in all (`total`) less what its threads told is of those that
 * still run, or was lost with the ring's records. It goes to the only one that still runs, else to
 * a slot without a thread. `own`: evprof itself was counted too, so that without threads that run
 * and without losses the difference is its own, and left out. */
void ev_threads_settle(struct ev_threads *threads, size_t event, const struct ev_count *total,
		       bool own);
/* The same for a thread that was there: what its counter has (`total`) less what those that descend
 * from it told is its own, and that of descendants which still run. */
void ev_threads_settle_place(struct ev_threads *threads, size_t event, size_t place,
			     const struct ev_count *total);
/* How many of those born meanwhile have not ended; *lost: the kernel could not tell all. */
size_t ev_threads_running(const struct ev_threads *threads, bool *lost);

size_t ev_threads_count(const struct ev_threads *threads);
const struct ev_slot *ev_threads_slot(const struct ev_threads *threads, size_t thread);
/* -ENOENT when nothing is known of this event on this thread. */
int ev_threads_read(const struct ev_threads *threads, size_t event, size_t thread,
		    struct ev_count *count);
void ev_threads_close(struct ev_threads *threads);

#endif
