/* Moments as agents tell them, of many threads -> those around a time in a thread, for as long as a
 * sample of it may still come. */
#include <stdlib.h>
#include "record_agent_moments.h"

void record_moments_keep(void *context, const struct ev_python_moment *moment)
{
	struct record_moments *moments = context;
	struct record_generation *now = &moments->now;
	*ev_array_add(&now->moments) = (struct record_moment){
		.pid = moment->pid,
		.tid = moment->tid,
		.time_ns = moment->time_ns,
		.took_ns = moment->took_ns,
		.ip = moment->ip,
		.sp = moment->sp,
		.first = now->frames.count,
		.count = moment->frame_count,
		.complete = !moment->cut && !moment->torn,
	};
	for (size_t i = 0; i < moment->frame_count; i++)
		*ev_array_add(&now->frames) = moment->frames[i];
	now->sorted = false;
}

static int compare(const void *a, const void *b)
{
	const struct record_moment *one = a, *other = b;
	if (one->tid != other->tid)
		return one->tid < other->tid ? -1 : 1;
	return (one->time_ns > other->time_ns) - (one->time_ns < other->time_ns);
}

void record_moments_sort(struct record_moments *moments)
{
	struct record_generation *now = &moments->now;
	if (!now->sorted && now->moments.count)
		qsort(now->moments.items, now->moments.count, sizeof(*now->moments.items), compare);
	now->sorted = true;
}

void record_moments_turn(struct record_moments *moments, uint64_t now_ns, uint64_t kept_ns)
{
	struct record_generation old = moments->past;
	if (now_ns - moments->turned_ns <= 2 * kept_ns)
		return;
	moments->past = moments->now;
	old.moments.count = old.frames.count = 0;
	moments->now = old;
	moments->turned_ns = now_ns;
}

/* Where those of a thread from a time on begin. */
static size_t place_of(const struct record_generation *in, uint32_t tid, uint64_t time_ns)
{
	struct record_moment wanted = { .tid = tid, .time_ns = time_ns };
	size_t low = 0, high = in->moments.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&in->moments.items[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct record_moment *record_moments_from(const struct record_moments *moments, uint32_t tid,
						uint64_t time_ns, const uint64_t **frames)
{
	const struct record_generation *const both[] = { &moments->past, &moments->now };
	for (size_t i = 0; i < EV_LENGTH(both); i++) {
		size_t at = place_of(both[i], tid, time_ns);
		if (at == both[i]->moments.count || both[i]->moments.items[at].tid != tid)
			continue;
		*frames = both[i]->frames.items + both[i]->moments.items[at].first;
		return &both[i]->moments.items[at];
	}
	return NULL;
}

const struct record_moment *record_moments_before(const struct record_moments *moments,
						  uint32_t tid, uint64_t time_ns)
{
	const struct record_generation *const both[] = { &moments->now, &moments->past };
	for (size_t i = 0; i < EV_LENGTH(both); i++) {
		size_t at = place_of(both[i], tid, time_ns);
		if (at && both[i]->moments.items[at - 1].tid == tid)
			return &both[i]->moments.items[at - 1];
	}
	return NULL;
}

void record_moments_done(struct record_moments *moments)
{
	ev_array_done(&moments->now.moments);
	ev_array_done(&moments->now.frames);
	ev_array_done(&moments->past.moments);
	ev_array_done(&moments->past.frames);
}
