/* record --bpf: samples that are counted in the kernel, and other sources beside the rings. */
#ifndef CMD_RECORD_BPF_H
#define CMD_RECORD_BPF_H

#include "record.h"

/* -EINVAL with a sentence for what does not go with --bpf; else how to sample. After
 * record_sampling. */
int record_bpf_plan(struct record_run *run, struct ev_err *err);
/* -EPERM with a sentence where programs cannot be used. */
int record_bpf_check(const struct record_run *run, struct ev_err *err);
/* The sampler is open: programs take its samples over. */
int record_bpf_open(struct record_run *run, struct ev_err *err);
/* The recorder is in place: it gives back the rights that it does not need for the rest. */
void record_bpf_settle(struct record_run *run);
/* The programs of the command that waits: stacks are followed through them from the beginning. */
void record_bpf_expect(struct record_run *run);
/* Records out of the rings, for stacks that are followed in the kernel. */
void record_bpf_know(struct record_run *run, const void *bytes, size_t size_bytes);
/* Nothing more comes. */
void record_bpf_over(struct record_run *run);
/* What the sources have goes to the writer. */
int record_sources_drain(struct record_run *run, bool last, struct ev_err *err);
/* What has been counted until now goes there at once; counting goes on. */
int record_bpf_fetch(struct record_run *run, struct ev_err *err);
/* What was counted, into the tally of the rings. */
void record_bpf_tally(const struct record_run *run, struct ev_sampler_tally *tally);
/* Were stacks followed in the kernel while they were counted, so that it is known how they ended?
 */
bool record_bpf_walked(const struct record_run *run);
/* What a reader of the file should know of it, and of what the recorder cost. */
void record_bpf_note(struct record_run *run);
/* What the user should know. */
void record_bpf_tell(const struct record_run *run);
void record_bpf_close(struct record_run *run);

#endif
