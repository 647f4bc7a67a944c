/* Time off the CPUs beside what is sampled: one more source of records for a recording. */
#ifndef CMD_RECORD_WAITS_H
#define CMD_RECORD_WAITS_H

#include <evprof/collect_bpf.h>

struct record_run;
struct record_waits;

/* What --off-cpu and --wall want of the events: their number, clock and layout. -EINVAL with a
 * sentence for options that contradict them. Before the events are opened. */
int record_waits_plan(struct record_run *run, struct ev_err *err);
/* The events of the waits, behind those that the sampler has opened, and the measuring of them.
 * Nothing where it was not asked for. */
int record_waits_open(struct record_run *run, struct ev_err *err);
/* The frames that say what was waited for get their names in the file. */
int record_waits_name(struct record_run *run, struct ev_err *err);
/* Records on their way to the file, in its layout: they go there, but for samples that are held
 * back until it is known how long they stand for. */
int record_waits_take(struct record_run *run, const void *bytes, size_t size_bytes,
		      struct ev_err *err);
/* All that came until now has been seen; `last`: and no more will come. */
int record_waits_round(struct record_run *run, bool last, struct ev_err *err);
void record_waits_turn(struct record_run *run, bool on);
uint64_t record_waits_samples(const struct record_run *run);
/* For the file and for the user: what the waits were. */
void record_waits_note(struct record_run *run);
void record_waits_close(struct record_run *run);

#endif
