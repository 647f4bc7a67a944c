/* Ends of stacks that were followed to their roots become the length that copies of the same
 * thread's stack are worth. */
#include "record_outermost.h"

enum {
	ENOUGH = 16,       /* stacks, before an end is believed */
	CHANGES_MOST = 3,  /* more, and there is no one end */
	BEYOND_BYTES = 512 /* kept for who looks a little farther */
};

static struct outermost *slot_of(struct record_outermost *all, uint32_t tid)
{
	return &all->threads[tid % EV_LENGTH(all->threads)];
}

void record_outermost_see(struct record_outermost *all, uint32_t tid, uint64_t address,
			  uint32_t count, uint64_t time_ns)
{
	struct outermost *thread = slot_of(all, tid);
	if (thread->tid != tid)
		*thread = (struct outermost){ .tid = tid, .address = address };
	if (time_ns < thread->since_ns)
		return;
	if (thread->address != address) {
		thread->changes += thread->address != 0;
		thread->address = address;
		thread->seen = 0;
	}
	thread->seen += count;
}

void record_outermost_forget(struct record_outermost *all, uint32_t tid, uint64_t time_ns)
{
	*slot_of(all, tid) = (struct outermost){ .tid = tid, .since_ns = time_ns };
}

size_t record_outermost_keep(const struct record_outermost *all, uint32_t tid, uint64_t from,
			     size_t bytes)
{
	const struct outermost *thread = &all->threads[tid % EV_LENGTH(all->threads)];
	if (thread->tid != tid || thread->seen < ENOUGH || thread->changes > CHANGES_MOST ||
	    thread->address < from)
		return bytes;
	uint64_t worth = thread->address - from;
	return worth < bytes && bytes - worth > BEYOND_BYTES ? (size_t)worth + BEYOND_BYTES : bytes;
}
