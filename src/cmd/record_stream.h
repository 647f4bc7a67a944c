/* Stacks followed in the kernel, sample by sample, in place of copies. */
#ifndef CMD_RECORD_STREAM_H
#define CMD_RECORD_STREAM_H

#include "record.h"

/* Might programs take samples over, as the options and the rights are? Then times are to be
 * CLOCK_MONOTONIC, the programs' clock. */
bool record_stream_may(const struct record_options *options);
/* --call-graph bpf where the kernel has programs but none that follow stacks: becomes auto, with a
 * note. */
void record_stream_settle(struct record_options *options, struct ev_recording *recording);
/* For --call-graph bpf: -EINVAL for what has no place in such samples, -EPERM where programs cannot
 * be used, with a sentence. Else how to sample. After record_sampling. */
int record_stream_plan(struct record_run *run, struct ev_err *err);
/* The sampler is open: with --call-graph bpf programs follow stacks from the start. */
int record_stream_open(struct record_run *run, struct ev_err *err);
/* Records out of the rings: who is there when it begins later. */
void record_stream_see(struct record_run *run, const void *bytes, size_t size_bytes);
/* After a drain: begins where stacks have come out deeper than their copies. Where that cannot be,
 * copies grow. */
int record_stream_step(struct record_run *run, struct ev_err *err);
/* Adds how the walks ended to how unwinding did; how many of all. */
uint64_t record_stream_ends(const struct record_run *run, uint64_t *ends);
/* With -v: what came of it. */
void record_stream_tell(const struct record_run *run);
void record_stream_close(struct record_run *run);

#endif
