/* The first walk over a recording: who ran when, and what was mapped where. */
#ifndef CMD_SIDEBAND_H
#define CMD_SIDEBAND_H

#include "load.h"

/* Where in a file records begin at which it can be cut for several readers, rising, and UINT64_MAX
 * at the end. */
typedef EV_ARRAY(uint64_t) offsets;
/* Fills loaded->spaces, what the quality says of losses, and `partial` where the file is damaged.
 * `needs_times`: also the recording's first and last time, by its samples. */
void walk_sideband(struct loaded *loaded, offsets *cuts, bool needs_times, size_t threads);

#endif
