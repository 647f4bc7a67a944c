/* profile: samples become one compact profile: interned stacks of places with weights. Pure: no
 * files, no kernel. What is made of it: <evprof/tables.h>, and the figures beside:
 * <evprof/figures.h>.
 */
#ifndef EVPROF_PROFILE_H
#define EVPROF_PROFILE_H

#include <evprof/event.h>
#include <evprof/symbol_unwind.h>

/* ---- the profile ------------------------------------------------------------------------------
 */

/* What more a sample is, for the few reports that ask: a number each. */
enum ev_detail {
	EV_DETAIL_IP,           /* where it was in the process's memory */
	EV_DETAIL_WEIGHT,       /* of memory events the latency, of branches their cycles */
	EV_DETAIL_LATENCY,      /* of the instruction, cycles */
	EV_DETAIL_STAGE_CYCLES, /* in the pipeline, or until it retired */
	EV_DETAIL_ADDRESS,      /* of the data */
	EV_DETAIL_DATA_OBJECT,  /* in which it is */
	EV_DETAIL_DATA_PLACE,   /* the address as a place, which gets the name of a variable */
	EV_DETAIL_PHYSICAL,     /* address of the data */
	EV_DETAIL_DATA_SOURCE,  /* union perf_mem_data_src */
	EV_DETAIL_TRANSACTION,  /* PERF_TXN_… */
	EV_DETAIL_CODE_PAGE,    /* bytes */
	EV_DETAIL_DATA_PAGE,    /* bytes */
	EV_DETAIL_CGROUP,       /* path, string id */
	EV_DETAIL_CGROUP_SPACE, /* "device/inode" of its namespace, string id */
	EV_DETAIL_SOCKET,       /* + 1 */
	EV_DETAIL_FROM,         /* address of a branch */
	EV_DETAIL_FROM_PLACE,   /* the same as a place, which gets a name */
	EV_DETAIL_TO,           /* where it went; its place is the leaf of the stack */
	EV_DETAIL_BRANCH_FLAGS, /* as in ev_branch */
	EV_DETAIL_PARENT,       /* name of the caller that --parent finds, string id */
	EV_DETAIL_TRACE,        /* payload of a tracepoint as the kernel prints it, string id */
	EV_DETAIL_STATE,        /* enum ev_wait_state */
	EV_DETAIL_FIELD, /* of a tracepoint that was asked for, string id; and so many more */
	EV_DETAIL_FIELD_LAST = EV_DETAIL_FIELD + 9,
	EV_DETAIL_COUNT
};
#define EV_DETAIL_BIT(name) (UINT32_C(1) << EV_DETAIL_##name)

/* Whose samples: only the fields that a report asks for are filled, the others stay 0, so that the
 * number of distinct tags stays small. Interned: a tag is a number. */
struct ev_tag {
	uint64_t slice; /* time slice + 1 */
	uint32_t event;
	uint32_t pid, tid;
	uint32_t comm;      /* id in the profile's strings */
	uint32_t cpu;       /* cpu + 1 */
	uint32_t detail;    /* see ev_profile_detail */
	uint32_t block;     /* of the recording's time, for intervals: + 1 */
	uint32_t recording; /* index in the profile's origins */
};
/* A recording that samples are of: string ids, 0 where it does not tell. */
struct ev_origin {
	uint32_t path, host;
};
/* (parent stack, place), interned; index 0 is the empty stack, and parent < own index, always, so
 * inclusive totals are one backward loop. The last frame is the leaf. */
struct ev_stack {
	uint32_t parent, place;
};
/* With the place of a stack: it is where the link register pointed, perhaps the caller of the place
 * inside it. Naming decides, and takes the mark away. */
#define EV_PLACE_GUESSED (UINT32_C(1) << 31)
struct ev_cell {
	uint32_t tag, stack;
	uint64_t samples, period;
};

struct ev_quality {
	uint64_t samples, lost, throttled;
	uint64_t unresolved;       /* samples whose leaf has no symbol */
	uint64_t with_stack;       /* samples that carry a call chain */
	uint64_t truncated_stacks; /* chains that do not end at a thread's root */
	uint64_t damaged_records;
	uint64_t aux_bytes; /* of processor traces, which are passed over */
	/* Of stacks that were unwound from copies: how they ended (enum ev_unwound_end), and frames
	 * for which no unwind table was there, only a frame pointer. */
	uint64_t unwound[EV_UNWOUND_END_COUNT];
	uint64_t guessed_frames;
	/* Of every stack it is known how it ended: one that does not end in a frame that says why
	 * is complete. Else those are whose last function is one that threads begin in. */
	bool ends_known;
};

struct ev_profile {
	struct ev_strings *strings;
	EV_ARRAY(struct ev_place) places; /* unique; 0 is unused */
	EV_ARRAY(struct ev_stack) stacks;
	bool has_guesses; /* some of their places are marked with EV_PLACE_GUESSED */
	/* Once guesses were settled: the stack that each of those before has become; NULL when
	 * there were none. For who kept ids of stacks, as joints do. */
	uint32_t *settled;
	EV_ARRAY(struct ev_tag) tags;
	EV_ARRAY(struct ev_cell) cells; /* unique (tag, stack) */
	struct ev_profile_index *index; /* private: how the arrays are searched; made when needed */
	struct ev_quality quality;
	uint32_t event_count; /* highest event of a tag + 1, or more */
	uint64_t first_time_ns, last_time_ns;
	uint64_t slice_ns; /* length of a tag's time slice; set by who makes slices */
	uint64_t blocks_from_ns,
		block_ns; /* what a tag's block is of; block_ns 0: there are none */
	/* By event, empty where there is none: its samples are those of its group's leader once
	 * more, so that `quality` passes them over. */
	EV_ARRAY(bool) is_member;
	/* The details that tags have, bits 1 << ev_detail; set before the first is added. */
	uint32_t detail_mask;
	EV_ARRAY(uint64_t) details; /* so many numbers for each: private */
	bool of_branches;           /* each branch counts as a sample */
	bool tell_ends; /* the kernel followed the call chains: a frame tells of one that was cut */
	bool has_history; /* frames of stacks are branches too: none is a return address */
	bool of_weights;  /* the period of a sample is its weight */
	EV_ARRAY(struct ev_origin) origins; /* may be empty where no key asks for them */
};
struct ev_profile *ev_profile_open(void);
uint32_t ev_profile_place(struct ev_profile *profile, struct ev_place place);
/* Quickest when the frames of a stack are added one after another, from the root. */
uint32_t ev_profile_stack(struct ev_profile *profile, uint32_t parent, uint32_t place);
uint32_t ev_profile_tag(struct ev_profile *profile, const struct ev_tag *tag);
/* The details in profile->detail_mask of these numbers, interned, for a tag; never 0. */
uint32_t ev_profile_detail(struct ev_profile *profile, const uint64_t numbers[EV_DETAIL_COUNT]);
/* One of them; 0 for what was not asked for. */
uint64_t ev_tag_detail(const struct ev_profile *profile, const struct ev_tag *tag,
		       enum ev_detail detail);
void ev_profile_add(struct ev_profile *profile, uint32_t tag, uint32_t stack, uint64_t samples,
		    uint64_t period);
/* The index in profile->cells of (tag, stack), made when it is new. It stays the same; the array
 * may move. */
uint32_t ev_profile_cell(struct ev_profile *profile, uint32_t tag, uint32_t stack);
/* As ev_profile_add for a sample of which only the place is kept: quicker than a stack of one
 * frame. */
void ev_profile_add_leaf(struct ev_profile *profile, uint32_t tag, uint32_t place, uint64_t samples,
			 uint64_t period);
/* Add all of `from` (same objects and events, own ids) to `into`; for readers in parallel. */
void ev_profile_merge(struct ev_profile *into, const struct ev_profile *from);
/* The same of parts / of of each count, rounded. What has no sample left then is left out, with its
 * stacks and places. Losses are added in full. */
void ev_profile_merge_part(struct ev_profile *into, const struct ev_profile *from, uint64_t parts,
			   uint64_t of);
/* The index of a recording by path and host (NULL: not known), made when it is new. */
uint32_t ev_profile_origin(struct ev_profile *profile, const char *path, const char *host);
void ev_profile_close(struct ev_profile *profile);

/* ---- names ------------------------------------------------------------------------------------
 */

/* A frame with its names, interned: what the user sees as one function. */
struct ev_frame {
	uint32_t function; /* string id; for an unresolved place its address in hex */
	uint32_t object;   /* object index of the space set */
	uint32_t file;     /* string id */
	uint32_t line;
	uint32_t
		declared; /* of Python: the line where the function begins; its file is known too */
	bool resolved, inlined, kernel, python;
	/* Of the function whose machine code it is; 0 where that is not known, or not asked for by
	 * EV_SYMBOL_SIZES. */
	uint64_t size_bytes;
};
/* The profile with every unique place resolved once and stacks folded to frames. Stacks of frames
 * obey the same law, parent < index, and stand in the order of a depth-first walk, so that what is
 * under a stack follows it. `place` of a stack is here an index of frames. */
struct ev_named {
	const struct ev_profile *profile;
	const struct ev_space_set *spaces;
	EV_ARRAY(struct ev_frame) frames; /* unique; 0 stands for a sample without any frame */
	EV_ARRAY(struct ev_stack) stacks;
	uint32_t *stack_of;             /* profile stack -> named stack */
	EV_ARRAY(struct ev_cell) cells; /* unique (tag, named stack), by rising stack, then tag */
	struct ev_map frame_of_place;   /* of places in details: the frame */
	struct ev_map data_of_place;    /* and "variable+0x8", string id */
	uint32_t *object_names;         /* string id of every object's short name */
	uint32_t *object_paths;         /* of its path, where there are no spaces; else NULL */
	uint64_t *object_bytes;         /* mapped_bytes of ev_object, likewise */
	uint32_t object_count;
};
/* flags: EV_SYMBOL_…; `by_line` keeps lines of one function apart. Counts quality.unresolved. On so
 * many threads, 0 as 1, with the same result. */
struct ev_named *ev_named_open(struct ev_profile *profile, const struct ev_space_set *spaces,
			       struct ev_symbolizer *symbolizer, unsigned flags, bool by_line,
			       size_t threads);
void ev_named_close(struct ev_named *named);
/* What functions that match an extended regular expression called counts as theirs: stacks end at
 * the outermost of them. Before a table is built. */
int ev_named_ignore_callees(struct ev_named *named, const char *pattern, struct ev_err *err);
/* Fill EV_DETAIL_PARENT, which must be in profile->detail_mask, with the outermost function of each
 * stack that matches; `profile` is the one that was named. Before a table is built. Ratios of such
 * samples are lost. */
int ev_named_find_parents(struct ev_named *named, struct ev_profile *profile, const char *pattern,
			  struct ev_err *err);
/* The objects whose leaves have no symbol, most samples first; how many were filled in. */
struct ev_unresolved {
	uint32_t object;
	uint64_t samples;
};
size_t ev_named_unresolved(const struct ev_named *named, struct ev_unresolved *out, size_t limit);

/* ---- several recordings -----------------------------------------------------------------------
 */

/* What becomes part of one profile: files are the same when their build-ids are, or without one
 * their paths; frames when object, function and line are, or the offset in a file without symbols.
 * An address in memory that has no name has no number either in the whole: it means nothing there.
 */
struct ev_joints; /* tables.h */
struct ev_part {
	const struct ev_named *named;
	const uint32_t *events; /* what each of its events is in the whole; NULL: the same */
	const char *path, *host;
	uint32_t *objects; /* NULL, or filled in: what each of its objects is in the whole */
	/* Sums of ratios by its tags and stacks, and what each of its ratios is in the whole: added
	 * to `all_joints` by those of the whole. NULL: it has none. */
	const struct ev_joints *joints;
	const uint32_t *ratios;
	struct ev_joints *all_joints;
};
struct ev_join;
struct ev_join *ev_join_open(void);
/* Copies all that it needs. Tags are of the origin (path, host). */
void ev_join_add(struct ev_join *join, const struct ev_part *part);
/* Closes the join. The profile has no places or stacks of its own, the cells are by named stack;
 * close both, first what is returned. */
struct ev_named *ev_join_finish(struct ev_join *join, struct ev_profile **profile);

#endif
