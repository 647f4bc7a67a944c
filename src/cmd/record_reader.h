/* Reads the rings into memory while the recorder unwinds what came before. */
#ifndef CMD_RECORD_READER_H
#define CMD_RECORD_READER_H

#include <evprof/collect.h>
#include "record_outermost.h"

/* -r: this thread, and those that it starts from now on, run before all that is not real-time.
 * -EINVAL, -EPERM with a sentence. */
int record_go_first(uint64_t priority, struct ev_err *err);

struct record_reader;
/* A thread of its own from here on; the sampler must outlive it, and `opened`, the events as the
 * kernel has them. Where no thread can be had the rings are read by record_reader_take alone. */
struct record_reader *record_reader_open(struct ev_sampler *sampler,
					 const struct ev_recording *opened);
/* Everything that the rings have given until now, in *records, whose bytes before are dropped; how
 * many of them are no samples. */
int record_reader_take(struct record_reader *reader, struct ev_buffer *records, size_t *others,
		       struct ev_err *err);
/* Between these the sampler is the caller's alone, for more than waiting and switching, and so is
 * what the reader knows of stacks. */
void record_reader_pause(struct record_reader *reader);
void record_reader_resume(struct record_reader *reader);
struct record_outermost *record_reader_outermost(struct record_reader *reader);
/* The thread ends; what it has read and was not taken is dropped. */
void record_reader_close(struct record_reader *reader);

#endif
