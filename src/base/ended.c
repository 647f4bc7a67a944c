/* Ends of processes wait until nothing of theirs is on its way any more, for rings are read one
 * after another and samples wait for what they need: then whoever kept something of them forgets
 * it. */
#include <stdlib.h>
#include <string.h>
#include <evprof/base.h>

void ev_ended_add(struct ev_ended *ended, uint32_t id, uint64_t time_ns)
{
	*ev_array_add(&ended->ones) = (struct ev_ended_one){ .time_ns = time_ns, .id = id };
	if (time_ns > ended->latest_ns)
		ended->latest_ns = time_ns;
}

bool ev_ended_take(struct ev_ended *ended, uint64_t after_ns, struct ev_ended_one *one)
{
	if (ended->taken == ended->ones.count ||
	    ended->latest_ns - ended->ones.items[ended->taken].time_ns < after_ns)
		return false;
	*one = ended->ones.items[ended->taken++];
	if (ended->taken * 2 > ended->ones.count) {
		ended->ones.count -= ended->taken;
		memmove(ended->ones.items, ended->ones.items + ended->taken,
			ended->ones.count * sizeof(*ended->ones.items));
		ended->taken = 0;
	}
	return true;
}

void ev_ended_done(struct ev_ended *ended)
{
	ev_array_done(&ended->ones);
}
