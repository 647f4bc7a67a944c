/* --python: what of a recording's merged stacks counts. */
#ifndef CMD_PYTHON_CHAIN_H
#define CMD_PYTHON_CHAIN_H

#include <evprof/symbol.h>

enum python_frames {
	PYTHON_MERGED, /* as recorded: Python's functions in place of the interpreter's */
	PYTHON_ONLY,   /* no other frames: a sample counts for the Python line that it was under */
	PYTHON_OFF,    /* each run of Python's frames is one frame of the interpreter */
};
#define PYTHON_OPTION_HELP                                                                         \
	"merged: Python's functions in place of the interpreter's; only: no others; off: none"

/* The word of --python. */
int python_frames_parse(enum python_frames *frames, const char *word, struct ev_err *err);
/* -ENODATA where they are asked for and the recording has no Python functions. */
int python_frames_check(enum python_frames frames, const struct ev_recording *recording,
			struct ev_err *err);
/* Names what stands in for the samples that have no Python frame. Before the first look. */
void python_frames_prepare(enum python_frames frames, struct ev_space_set *spaces);

/* Room for one chain; a zeroed one is done. */
struct python_chain {
	uint64_t *addresses;
	size_t room;
};
/* The chain and the place of a sample become those that count; they live until the next call. */
void python_chain_adapt(struct python_chain *chain, enum python_frames frames,
			struct ev_record *record);
void python_chain_done(struct python_chain *chain);

#endif
