/* Stacks that the kernel copied become call chains before they reach the file. */
#ifndef CMD_RECORD_UNWIND_H
#define CMD_RECORD_UNWIND_H

#include "record_agent.h"
#include "record_outermost.h"
#include "record_python.h"
#include "record_stacks.h"

struct record_unwind; /* NULL where stacks are not copied: then records go straight to the file */

/* `recording` holds the events as they were opened; they become what the file has: chains instead
 * of registers and stacks. `stacks` is told of each stack, and outlives it. NULL when no event has
 * copies, and neither `python` nor `agent` look at every sample. */
struct record_unwind *record_unwind_open(struct ev_recording *recording,
					 struct record_stacks *stacks, struct record_python *python,
					 struct record_agent *agent);
/* What takes whole records in the layout of the file; before the first one. */
typedef int (*record_unwind_put)(void *context, const void *bytes, size_t size_bytes,
				 bool from_rings, struct ev_err *err);
void record_unwind_to(struct record_unwind *unwind, record_unwind_put put, void *context);
/* A record of what already runs. */
int record_unwind_told(struct record_unwind *unwind, const struct ev_record *record,
		       struct ev_err *err);
/* The events as the kernel has them. */
const struct ev_recording *record_unwind_opened(const struct record_unwind *unwind);
/* Where the next records out of the rings go, and how many of them are no samples. */
struct ev_buffer *record_unwind_arrived(struct record_unwind *unwind, size_t **others);
/* One that comes from elsewhere joins them, in the layout of record_unwind_opened. */
int record_unwind_give(struct record_unwind *unwind, const struct ev_record *record,
		       struct ev_err *err);
/* They are there: those of the time before can be unwound now, because every mapping that they may
 * need has come; these wait. */
int record_unwind_step(struct record_unwind *unwind, struct ev_err *err);
/* At the end, once more with none. */
int record_unwind_end(struct record_unwind *unwind, struct ev_err *err);
/* Where the stacks of the last step ended. */
void record_unwind_outermost(struct record_unwind *unwind, struct record_outermost *all);
/* Samples of which nothing could be made, and which are not in the file. */
uint64_t record_unwind_unreadable(const struct record_unwind *unwind);
/* Does every event with call chains have them from copies? */
bool record_unwind_all(const struct record_unwind *unwind);
/* Frames for which there was no table, only a frame pointer. */
uint64_t record_unwind_guessed(const struct record_unwind *unwind);
/* How stacks ended, by enum ev_unwound_end. */
const uint64_t *record_unwind_ends(const struct record_unwind *unwind);
void record_unwind_close(struct record_unwind *unwind);

#endif
