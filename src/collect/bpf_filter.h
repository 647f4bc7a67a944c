/* What a sample must be, as text and as a BPF program evaluates it. */
#ifndef COLLECT_BPF_FILTER_H
#define COLLECT_BPF_FILTER_H

#include <evprof/collect_bpf.h>
#include <count.h>

struct ev_bpf_filter {
	struct ev_count_step steps[EV_COUNT_STEPS_MAX]; /* the last one is EV_COUNT_END */
	struct ev_count_glob globs[EV_COUNT_GLOBS_MAX];
	unsigned step_count, glob_count;
	bool by_latency, by_period; /* it asks for these */
};
/* -EINVAL with a sentence and the place for what is no condition; -ENOENT for a cgroup that is not
 * there. */
int ev_bpf_filter_parse(struct ev_bpf_filter *filter, const char *text, struct ev_err *err);
/* What only the thread decides, as the program's own facts: of one with this name, in or under
 * cgroups as in_cgroup tells by their ids. */
uint32_t ev_bpf_filter_facts(const struct ev_bpf_filter *filter, const char *comm,
			     bool (*in_cgroup)(void *context, uint64_t id), void *context);
/* As the program decides it; fields by enum ev_count_field. */
bool ev_bpf_filter_passes(const struct ev_bpf_filter *filter, const uint64_t *fields,
			  uint32_t facts);
/* Would a thread of this name pass the glob, as the program decides it? */
bool ev_bpf_glob_matches(const struct ev_count_glob *glob, const char *name);

#endif
