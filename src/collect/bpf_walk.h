/* Fills the tables of programs that walk user stacks in the kernel (bpf/walk.bpf.h), and tells what
 * the walks came to. */
#ifndef COLLECT_BPF_WALK_H
#define COLLECT_BPF_WALK_H

#include <evprof/collect_bpf.h>

struct bpf_object;
struct ev_bpf_walk;

/* Of opened programs that are not loaded yet, after `walk_wanted` of their rodata was set: makes
 * the tables as large as needed, or as small as can be. */
void ev_bpf_walk_plan(struct bpf_object *programs, bool wanted, bool whole_machine);
/* Instead, of others than the first ones of several: they use the tables of those, which are loaded
 * already. Or -errno. */
int ev_bpf_walk_share(struct bpf_object *programs, struct bpf_object *first);
/* Of loaded ones that want it. They are attached to where processes fork and exec. `programs` must
 * outlive it. */
int ev_bpf_walk_open(struct ev_bpf_walk **walk, struct bpf_object *programs,
		     const struct ev_bpf_walk_options *options, struct ev_err *err);
/* A record of what already runs, or out of the rings. */
void ev_bpf_walk_note(struct ev_bpf_walk *walk, const struct ev_record *record);
/* A file that is about to be run, or mapped by what is. */
void ev_bpf_walk_expect(struct ev_bpf_walk *walk, const char *path);
/* What was noted reaches the kernel; soon after the rings were read, and as often. True when there
 * is more to do, for which the rings should not wait: then drain, and call it again at once. */
bool ev_bpf_walk_step(struct ev_bpf_walk *walk);
/* Is this in memory of the process that is no file's? */
bool ev_bpf_walk_is_generated(const struct ev_bpf_walk *walk, uint32_t pid, uint64_t address);
void ev_bpf_walk_tally(const struct ev_bpf_walk *walk, struct ev_bpf_walk_tally *tally);
void ev_bpf_walk_close(struct ev_bpf_walk *walk);

#endif
