/* What agents have told of the last seconds, by thread and time. */
#ifndef CMD_RECORD_AGENT_MOMENTS_H
#define CMD_RECORD_AGENT_MOMENTS_H

#include <evprof/collect_agents.h>

struct record_moment {
	uint32_t pid, tid;
	uint64_t time_ns, took_ns, ip, sp;
	size_t first, count; /* of the frames */
	bool complete;
};
struct record_moments {
	struct record_generation {
		EV_ARRAY(struct record_moment) moments; /* by thread and time, once sorted */
		EV_ARRAY(uint64_t) frames;
		bool sorted;
	} now, past;
	uint64_t turned_ns;
};
/* One more, for ev_python_agents_drain: it is found once they are sorted. */
void record_moments_keep(void *moments, const struct ev_python_moment *moment);
void record_moments_sort(struct record_moments *moments);
/* Called again and again: lets go of what is old, and of nothing younger than two times kept_ns. */
void record_moments_turn(struct record_moments *moments, uint64_t now_ns, uint64_t kept_ns);
/* The first one of the thread from that time on, and its frames, or NULL; until the next is kept.
 */
const struct record_moment *record_moments_from(const struct record_moments *moments, uint32_t tid,
						uint64_t time_ns, const uint64_t **frames);
/* The last one of the thread before that time, or NULL. */
const struct record_moment *record_moments_before(const struct record_moments *moments,
						  uint32_t tid, uint64_t time_ns);
void record_moments_done(struct record_moments *moments);

#endif
