/* Counters of several kinds of cores, of which a thread uses one at a time, get each its part of
 * the time. */
#include <evprof/collect.h>

void ev_counts_take_turns(struct ev_count *counts, size_t count)
{
	uint64_t enabled_ns = 0, running_ns = 0;
	for (size_t i = 0; i < count; i++) {
		if (counts[i].enabled_ns > enabled_ns)
			enabled_ns = counts[i].enabled_ns;
		running_ns += counts[i].running_ns;
	}
	if (!running_ns)
		return;
	/* What is missing to the whole was spent without a counter, on either kind alike. */
	double times = running_ns < enabled_ns ? (double)enabled_ns / (double)running_ns : 1;
	for (size_t i = 0; i < count; i++)
		counts[i].enabled_ns = (uint64_t)((double)counts[i].running_ns * times + 0.5);
}
