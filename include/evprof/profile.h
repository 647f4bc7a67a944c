/* profile: samples become one compact profile: interned stacks of places with weights, and from it
 * flat tables and call trees. Pure: no files, no kernel. */
#ifndef EVPROF_PROFILE_H
#define EVPROF_PROFILE_H

#include <evprof/event.h>
#include <evprof/symbol.h>

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
	EV_DETAIL_COUNT
};
#define EV_DETAIL_BIT(name) (UINT32_C(1) << EV_DETAIL_##name)

/* Whose samples: only the fields that a report asks for are filled, the others stay 0, so that the
 * number of distinct tags stays small. Interned: a tag is a number. */
struct ev_tag {
	uint32_t event;
	uint32_t pid, tid;
	uint32_t comm;      /* id in the profile's strings */
	uint32_t cpu;       /* cpu + 1 */
	uint32_t slice;     /* time slice + 1 */
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
	/* By event, empty where there is none: its samples are those of its group's leader once
	 * more, so that `quality` passes them over. */
	EV_ARRAY(bool) is_member;
	/* The details that tags have, bits 1 << ev_detail; set before the first is added. */
	uint32_t detail_mask;
	EV_ARRAY(uint64_t) details; /* so many numbers for each: private */
	bool of_branches;           /* each branch counts as a sample */
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
	bool resolved, inlined, kernel;
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
	uint32_t *object_names;         /* string id of every object's short name */
	uint32_t *object_paths;         /* of its path, where there are no spaces; else NULL */
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
struct ev_part {
	const struct ev_named *named;
	const uint32_t *events; /* what each of its events is in the whole; NULL: the same */
	const char *path, *host;
	uint32_t *objects; /* NULL, or filled in: what each of its objects is in the whole */
};
struct ev_join;
struct ev_join *ev_join_open(void);
/* Copies all that it needs. Tags are of the origin (path, host). */
void ev_join_add(struct ev_join *join, const struct ev_part *part);
/* Closes the join. The profile has no places or stacks of its own, the cells are by named stack;
 * close both, first what is returned. */
struct ev_named *ev_join_finish(struct ev_join *join, struct ev_profile **profile);

/* ---- flat tables ------------------------------------------------------------------------------
 */

enum ev_key {
	EV_KEY_COMM,
	EV_KEY_PID,
	EV_KEY_TID,
	EV_KEY_CPU,
	EV_KEY_OBJECT,
	EV_KEY_SYMBOL,
	EV_KEY_SRCLINE,
	EV_KEY_SRCFILE,
	EV_KEY_TIME,
	EV_KEY_PARENT,
	EV_KEY_SOCKET,
	EV_KEY_CGROUP,
	EV_KEY_CGROUP_ID,
	EV_KEY_ADDRESS,
	EV_KEY_CODE_PAGE,
	EV_KEY_WEIGHT,
	EV_KEY_LOCAL_WEIGHT,
	EV_KEY_LATENCY,
	EV_KEY_LOCAL_LATENCY,
	EV_KEY_STAGE_CYCLES,
	EV_KEY_LOCAL_STAGE_CYCLES,
	EV_KEY_TRANSACTION,
	EV_KEY_TRACE,
	EV_KEY_STATE,
	/* of memory accesses */
	EV_KEY_SYMBOL_DATA,
	EV_KEY_OBJECT_DATA,
	EV_KEY_SYMBOL_CODE,
	EV_KEY_MEMORY,
	EV_KEY_SNOOP,
	EV_KEY_TLB,
	EV_KEY_LOCKED,
	EV_KEY_BLOCKED,
	EV_KEY_CACHE_LINE,
	EV_KEY_PHYSICAL,
	EV_KEY_DATA_PAGE,
	/* of branches */
	EV_KEY_OBJECT_FROM,
	EV_KEY_OBJECT_TO,
	EV_KEY_SYMBOL_FROM,
	EV_KEY_SYMBOL_TO,
	EV_KEY_SRCLINE_FROM,
	EV_KEY_SRCLINE_TO,
	EV_KEY_ADDRESS_FROM,
	EV_KEY_ADDRESS_TO,
	EV_KEY_MISPREDICT,
	EV_KEY_IN_TRANSACTION,
	EV_KEY_ABORT,
	EV_KEY_CYCLES,
	EV_KEY_HOST,
	EV_KEY_RECORDING,
	EV_KEY_COUNT
};
/* What the text of a key's value is. */
enum ev_key_kind {
	EV_KEY_IS_TEXT,
	EV_KEY_IS_NUMBER,   /* digits, or nothing where it is not known */
	EV_KEY_IS_OWNER,    /* a number, and perhaps a name behind ':' */
	EV_KEY_IS_SECONDS,  /* digits with a point */
	EV_KEY_IS_FUNCTION, /* with a mark of where it runs, see ev_row_level */
};
struct ev_key_info {
	const char *name, *alias; /* as after --sort: "dso", "object"; alias may be NULL */
	const char *title;        /* "Shared Object" */
	const char *json;         /* "object" */
	bool of_frame;            /* depends on the frame; else on the tag only */
	enum ev_key_kind kind;
	uint32_t details; /* bits 1 << ev_detail: what a tag must have */
	bool of_branch;   /* wants each branch to count */
	bool of_lines;    /* wants source lines */
	bool is_total;    /* what is shown is the value times the row's samples */
};
extern const struct ev_key_info ev_keys[EV_KEY_COUNT];
/* "comm,dso,sym" -> keys; -EINVAL names the bad one and lists the good ones. */
int ev_keys_parse(const char *text, enum ev_key *keys, size_t *count, struct ev_err *err);

/* A key's name that differs little from the word, or NULL. */
const char *ev_key_nearest(const char *word);

struct ev_row {
	uint32_t *values; /* string ids, in the order of the keys asked */
	uint32_t frame;   /* a frame of the row, for marks such as [k]; 0 none */
	uint64_t *samples, *period, *children; /* one per event; children NULL when not asked */
	uint64_t *children_samples;
	uint32_t tag_key, frame_key, depth; /* private to profile */
};
struct ev_table {
	enum ev_key keys[EV_KEY_COUNT];
	size_t key_count, event_count;
	struct ev_row *rows;
	size_t row_count;
	uint64_t *total_samples, *total_period; /* one per event: before filters when percentages
						 * are absolute, after when relative */
	bool has_children;
	struct ev_table_index *index; /* private */
	struct ev_arena arena;
};
/* KEY=VALUE[,VALUE], KEY!=…: one of the values, as a report prints them, or none; KEY~GLOB and
 * KEY!~GLOB: patterns. The text of every key. */
struct ev_key_filter {
	enum ev_key key;
	bool is_glob, is_negated;
	const char *values; /* lives as long as the text that was parsed */
};
/* -EINVAL with a sentence for what is no such thing. */
int ev_key_filter_parse(const char *text, struct ev_key_filter *filter, struct ev_err *err);

struct ev_filter { /* lists of string ids or numbers; empty = everything passes */
	const char *comms, *objects, *symbols; /* comma lists, as perf */
	const char *symbol_part;               /* --symbol-filter */
	const char *pids, *tids, *cpus;
	bool hide_unresolved;
	bool absolute;                    /* --percentage absolute */
	const struct ev_key_filter *keys; /* all of them must let a row through */
	size_t key_count;
};
/* Rows by falling weight of the first event (children's when asked, and of equal ones the outer
 * function first), then by name. A function counts once per stack in `children`, however deep it
 * recurses. */
int ev_table_build(struct ev_table *table, struct ev_named *named, const enum ev_key *keys,
		   size_t key_count, bool children, const struct ev_filter *filter,
		   struct ev_err *err);
void ev_table_done(struct ev_table *table);
/* Text of a key's value in a row. Lives as long as the named profile's strings. */
const char *ev_row_text(const struct ev_table *table, const struct ev_named *named,
			const struct ev_row *row, size_t key);
/* 'k' where what a key names is of the kernel, '.' where it is not, 0 for a key of no function. */
char ev_row_level(const struct ev_table *table, const struct ev_named *named,
		  const struct ev_row *row, size_t key);
/* Whether the table's filters let a cell through: its tag and the function it ends in. For views of
 * whole stacks. */
bool ev_table_passes(const struct ev_table *table, const struct ev_named *named,
		     const struct ev_cell *cell);

/* ---- call trees -------------------------------------------------------------------------------
 */

struct ev_node {
	uint32_t frame;
	uint32_t parent;            /* < own index */
	uint32_t first_child, next; /* node indices, 0 = none; children by falling total */
	uint64_t self, total;       /* period */
	uint64_t samples;           /* of total */
	/* Of a node that stands for calls of a function by itself, one in another: how many, at
	 * least and at most; 0 of any other. See ev_tree_fold. */
	uint32_t calls_least, calls_most;
};
struct ev_tree {
	EV_ARRAY(struct ev_node) nodes;
}; /* node 0 is the root, without a frame */
/* The tree under one table row for one event. Callers: from the row's function outwards to the
 * roots (perf's callee order). Otherwise from the row's function inwards to the leaves. */
void ev_tree_of_row(struct ev_tree *tree, const struct ev_table *table,
		    const struct ev_named *named, const struct ev_row *row, uint32_t event,
		    bool callers);
/* From the roots down to the row's function, of the samples that end in it: perf's caller order of
 * a table without children. A table with children gives what is inside the row, as above. */
void ev_tree_to_row(struct ev_tree *tree, const struct ev_table *table,
		    const struct ev_named *named, const struct ev_row *row, uint32_t event);
/* Deep recursion becomes one node: the first four calls of a function by itself are kept, all that
 * are deeper are one. */
void ev_tree_fold(struct ev_tree *tree, const struct ev_named *named);
/* Make what the trees of a table share; else the first tree does. Afterwards several threads may
 * make trees at once. */
void ev_table_prepare_trees(const struct ev_table *table, const struct ev_named *named);
void ev_tree_done(struct ev_tree *tree);

/* One function calling another, in the samples of one event. */
struct ev_edge {
	uint32_t caller, callee; /* rows of the table */
	uint64_t samples, period;
	bool inlined; /* the callee was, everywhere */
};
struct ev_edges {
	EV_ARRAY(struct ev_edge) items;
};
/* The calls from and to the rows that `wanted` marks (NULL: all). A call counts once per stack, and
 * one by a row of itself not at all, as pprof has it. For tables of keys that depend on the frame
 * only. */
void ev_edges_find(struct ev_edges *edges, const struct ev_table *table,
		   const struct ev_named *named, uint32_t event, const bool *wanted);
void ev_edges_done(struct ev_edges *edges);

/* ---- lines and instructions -------------------------------------------------------------------
 */

/* What a line, a function or an instruction has of one event. */
struct ev_weight {
	uint64_t samples, period;
};
enum ev_line_measure {
	EV_MEASURE_SELF,    /* samples that were in it */
	EV_MEASURE_INLINED, /* and in what the compiler put there: all of a function's machine code;
			     * where a function is inlined into itself, its innermost line has it */
	EV_MEASURE_CALLED,  /* and in what was called from there: once per stack */
	EV_MEASURE_COUNT
};
struct ev_line {
	uint32_t function;   /* index of functions */
	uint32_t file, line; /* string id and number; line 0: no line is known */
	uint32_t first_link, link_count;
};
/* Lines of one function stand together, by file and line. Their EV_MEASURE_SELF and
 * EV_MEASURE_INLINED add up to the function's; a line counts once per stack, and so does a
 * function, so that in recursion EV_MEASURE_CALLED of the lines adds up to more. */
struct ev_line_function {
	uint32_t name, object; /* string id, object of the space set */
	bool kernel, resolved;
	bool passes; /* the filter's objects and symbols let it through; its weights count anyway */
	uint32_t first_line, line_count;
};
/* What else is known of a part of a line's weight. */
enum ev_line_link_kind {
	EV_LINK_INTO, /* of EV_MEASURE_SELF: it was inlined into this function's machine code */
	EV_LINK_HERE, /* of EV_MEASURE_CALLED: it was in this function, which is inlined there */
	EV_LINK_OF,   /* of EV_MEASURE_INLINED: the line is this function's; by file only */
};
struct ev_line_link {
	uint32_t line;
	uint32_t name; /* string id of the function */
	enum ev_line_link_kind kind;
};
struct ev_lines {
	const struct ev_named *named;
	bool by_file;
	size_t event_count;
	EV_ARRAY(struct ev_line) lines;
	EV_ARRAY(struct ev_line_function) functions;
	EV_ARRAY(struct ev_line_link) links; /* of one line together, the heaviest first */
	uint32_t *line_of;                   /* per frame of `named` */
	bool *passes;                        /* per tag: does the filter let it through? */
	/* For every event: see the functions below. */
	struct ev_weight *of_lines, *of_functions, *of_links, *totals;
};
/* `named` was opened by line and with inlined functions, and must outlive this. By file a source
 * file takes the place of a function, its path that of the name: a line is then the same in every
 * function that it is in. The filter may be NULL. */
int ev_lines_build(struct ev_lines *lines, const struct ev_named *named, bool by_file,
		   const struct ev_filter *filter, struct ev_err *err);
void ev_lines_done(struct ev_lines *lines);
/* Weights, one per event. */
const struct ev_weight *ev_line_weight(const struct ev_lines *lines, size_t line,
				       enum ev_line_measure measure);
const struct ev_weight *ev_line_function_weight(const struct ev_lines *lines, size_t function,
						enum ev_line_measure measure);
const struct ev_weight *ev_line_link_weight(const struct ev_lines *lines, size_t link);

/* The instructions that samples were at. */
struct ev_spot {
	struct ev_place place;
	uint32_t function; /* whose machine code it is: index of functions */
};
struct ev_spots {
	EV_ARRAY(struct ev_spot) items; /* unique, by object and offset */
	struct ev_weight *weights;      /* one per event of every spot */
	/* Spots by function: those of f are by_function[function_end[f - 1] … function_end[f]), by
	 * object and offset too; and the sums of their weights, one per event of every function. */
	uint32_t *by_function, *function_end;
	struct ev_weight *of_functions;
	uint32_t *example; /* per function: index + 1 of a spot in it, which may be where it was
			    * inlined; 0 for none */
	size_t event_count;
};
/* `lines` are those of functions. Where no function is inlined into itself, weights add up to
 * EV_MEASURE_INLINED of the functions whose code they are, less what was inlined elsewhere. */
void ev_spots_build(struct ev_spots *spots, const struct ev_lines *lines);
void ev_spots_done(struct ev_spots *spots);
/* The first spot at or behind an offset of an object; items.count when there is none. */
size_t ev_spots_find(const struct ev_spots *spots, uint32_t object, uint64_t offset);

/* ---- ratios of counts that were read together -------------------------------------------------
 */

/* Sums over samples of two counts, y above the line and x below it. */
struct ev_ratio_sums {
	uint64_t samples;
	double x, y, xx, xy, yy;
};
void ev_ratio_sums_add(struct ev_ratio_sums *sums, double x, double y);
/* More of the same ratio, of other samples. */
void ev_ratio_sums_merge(struct ev_ratio_sums *into, const struct ev_ratio_sums *from);
/* Σy/Σx * scale and its 95 % interval, by the linearised estimator of a ratio (Cochran, Sampling
 * Techniques, 6.4) with Student's t: the scatter of samples about the ratio says how far it can be
 * trusted. Says nothing of what is systematic, such as counts charged to the sample that follows
 * them. */
struct ev_ratio_value {
	double value, low, high; /* low and high are value where not bounded */
	bool known;              /* false: nothing was counted below the line */
	bool bounded;            /* two samples or more: there is an interval */
	bool few;                /* see EV_RATIO_FEW_… */
};
/* A ratio says little with fewer samples, or when half its interval is more of its own value and
 * more of the ratio of all: one near 0 is known well enough when all that is told is that it is. */
#define EV_RATIO_FEW_SAMPLES 10
#define EV_RATIO_FEW_OWN 0.5
#define EV_RATIO_FEW_ALL 0.1
/* `all` NULL: there is nothing to compare with. */
struct ev_ratio_value ev_ratio_estimate(const struct ev_ratio_sums *sums,
					const struct ev_ratio_sums *all, double scale);

/* A ratio that is asked for, or that a recording's groups give. */
struct ev_ratio {
	const char *name;    /* "IPC", "page-faults/ms", "a/b*1000" */
	size_t above, below; /* events of the recording */
	double scale;
};
struct ev_ratio_list {
	EV_ARRAY(struct ev_ratio) items;
	struct ev_arena arena; /* of the names */
};
/* Append those of well-known meaning that a recording's groups have both counts for (IPC, misses
 * per 1000 instructions, …), and member/leader for a member that is in none of them. */
void ev_ratios_find(struct ev_ratio_list *list, const struct ev_recording *recording);
/* Append "a/b" or "a/b*1000". -EINVAL with a sentence for what is no ratio, for an event that the
 * recording has not, and for two that were not counted together. */
int ev_ratios_add(struct ev_ratio_list *list, const struct ev_recording *recording,
		  const char *text, struct ev_err *err);
void ev_ratios_done(struct ev_ratio_list *list);

/* What a profile's cells do not hold, since most profiles have no ratios: the sums by place. */
struct ev_joint {
	uint32_t ratio, tag, stack; /* of a list, a profile */
	struct ev_ratio_sums sums;
};
struct ev_joints {
	EV_ARRAY(struct ev_joint) items; /* unique (ratio, tag, stack) */
	struct ev_map index;
};
void ev_joints_add(struct ev_joints *joints, uint32_t ratio, uint32_t tag, uint32_t stack, double x,
		   double y);
void ev_joints_done(struct ev_joints *joints);
/* Own samples of every row: [row * ratio_count + ratio] in the order of table->rows, and behind the
 * last row those of all; free() it. */
struct ev_ratio_sums *ev_table_ratio_sums(const struct ev_table *table,
					  const struct ev_named *named,
					  const struct ev_joints *joints, size_t ratio_count);
/* Own samples of every line: [line * ratio_count + ratio], and behind the last line those of all;
 * free() it. */
struct ev_ratio_sums *ev_lines_ratio_sums(const struct ev_lines *lines,
					  const struct ev_joints *joints, size_t ratio_count);
/* Own period of every row that is of the kernel: [row * event_count + event]; free() it. */
uint64_t *ev_table_kernel_period(const struct ev_table *table, const struct ev_named *named);

/* ---- statistics -------------------------------------------------------------------------------
 */

struct ev_running {
	uint64_t count;
	double mean, squares;
}; /* Welford */
void ev_running_add(struct ev_running *running, double value);
double ev_running_deviation(const struct ev_running *running);      /* sample standard deviation */
double ev_running_relative_error(const struct ev_running *running); /* of the mean, as a fraction */

/* Whether passes that counted the same event agree. */
struct ev_agreement {
	size_t lowest, highest; /* the passes farthest apart */
	double spread;          /* between those two, as a share of the mean of all */
	double noise;           /* what runs differ by anyway, as a share: see below */
	bool agree;
};
/* `passes` hold the values of the event in each pass, one per run. With two runs a pass and more,
 * noise is the 99 % limit of the difference of the two means; else `assumed`. False with fewer than
 * two passes that counted anything. */
bool ev_passes_compare(const struct ev_running *passes, size_t count, double assumed,
		       struct ev_agreement *out);

/* ---- how far shares can be trusted -------------------------------------------------------------
 *
 * A share is a sum over samples, and samples that follow one another are alike: a loop that runs
 * for a while gives many of the same. So the scatter is taken from equal parts of the recording's
 * time, from the differences between neighbours (Wolter, Introduction to Variance Estimation, 8.2:
 * systematic sampling): what changes slowly is a program's course and no chance; what changes from
 * one part to the next is, but for the few steps where nearly everything changes at once: there one
 * phase of the program ends and another begins. It is never less than that of independent samples.
 */

#define EV_BLOCK_COUNT 128 /* parts, which tags tell (ev_tag.block) */

/* Of one row, or of all, in one event. */
struct ev_scatter {
	uint64_t samples;
	double period, squares; /* sums over samples; squares of periods */
	/* Sums over neighbouring parts of squared differences of the period, and of their products
	 * with those of all. */
	double steps, products;
};
/* All that shares are taken of, in one event. */
struct ev_scatter_all {
	struct ev_scatter sums;
	double design;  /* variance of shares by that of independent samples, over all rows; >= 1 */
	size_t parts;   /* that were compared; 0 where samples have no times */
	size_t kept;    /* steps between them that are not from phase to phase */
	double seconds; /* for rates: what the recording took; set by who knows */
};
struct ev_scatters {
	size_t event_count;
	struct ev_scatter *self;     /* [row * event_count + event] */
	struct ev_scatter *children; /* NULL in tables without */
	struct ev_scatter_all *all;  /* per event */
};
/* Of a table over a profile whose tags tell parts of the time; without them samples count as
 * independent. */
void ev_table_scatters(struct ev_scatters *scatters, const struct ev_table *table,
		       const struct ev_named *named);
/* Of the stacks of a profile that a table's filters let through: self[stack * event_count + event].
 */
void ev_stack_scatters(struct ev_scatters *scatters, const struct ev_table *table,
		       const struct ev_named *named);
void ev_scatters_done(struct ev_scatters *scatters);

/* A figure and its 95 % interval. */
struct ev_estimate {
	double value, low, high;
	double degrees; /* of freedom */
};
/* A share, 0 to 1: Wilson's interval with as many independent samples as the scatter is worth
 * (Korn and Graubard, Survey Methodology 24, 1998), so that it holds for few samples and for none.
 */
struct ev_estimate ev_share_estimate(const struct ev_scatter *row,
				     const struct ev_scatter_all *all);
/* A sum of periods, by the same for counts. */
struct ev_estimate ev_weight_estimate(const struct ev_scatter *row,
				      const struct ev_scatter_all *all);
/* Multiplied by a constant above 0. */
struct ev_estimate ev_estimate_scaled(struct ev_estimate estimate, double by);

/* What two figures differ by. Intervals are joined as Newcombe's (Statistics in Medicine 17, 1998,
 * method 10) and Zou's are: each side counts with the half of its own interval that points to the
 * other. */
struct ev_change {
	double value, low, high;
	double chance; /* that a difference of this size comes of chance alone: two-sided */
	bool known;    /* false: nothing to compare, such as a ratio to 0 */
};
struct ev_change ev_change_difference(struct ev_estimate old, struct ev_estimate new);
struct ev_change ev_change_ratio(struct ev_estimate old, struct ev_estimate new);
/* new * new_weight - old * old_weight */
struct ev_change ev_change_weighted(struct ev_estimate old, double old_weight,
				    struct ev_estimate new, double new_weight);
/* Which of many chances stand out, with at most so large a share of them by chance (Benjamini and
 * Hochberg, 1995): the limit that a chance must not exceed; less than 0 when none does. */
double ev_chances_limit(const double *chances, size_t count, double share);

/* Neighbours in a table of which it is not known which is the greater: rows from `first` to `last`
 * of those given. */
struct ev_unsettled {
	size_t first, last;
	double times; /* so many times the samples would tell; INFINITY where rows are equal */
};
#define EV_RANKING_LIMIT 16 /* rows that are looked at */
/* Of rows that stand in the order of their weight in an event (with children where the table has
 * them): which neighbours differ by less than their difference's 95 % interval. A function that
 * contains another one's samples is never the lesser. `design` as in ev_scatter_all, 1 where that
 * is not known. How many were filled in. */
size_t ev_ranking_find(const struct ev_table *table, const struct ev_named *named,
		       const struct ev_row *const *rows, size_t count, size_t event, double design,
		       struct ev_unsettled out[EV_RANKING_LIMIT]);

/* ---- differences between recordings ------------------------------------------------------------
 */

enum ev_compute {
	EV_COMPUTE_DELTA,     /* new less old, most gained first */
	EV_COMPUTE_DELTA_ABS, /* the same, greatest first */
	EV_COMPUTE_RATIO,     /* new by old */
	EV_COMPUTE_WEIGHTED   /* new * new_weight - old * old_weight */
};
/* What is compared of each row. */
enum ev_measure {
	EV_MEASURE_SHARE,  /* of the recording: 0 to 1 */
	EV_MEASURE_SECOND, /* period per second of the recording */
	EV_MEASURE_TOTAL   /* period */
};
struct ev_difference_options {
	enum ev_compute compute;
	enum ev_measure measure;
	double old_weight, new_weight; /* of EV_COMPUTE_WEIGHTED */
	size_t order;                  /* rows go by this recording's change; 0: by the baseline */
	bool baseline_only;            /* only rows that the baseline has */
	bool children;                 /* with what was called */
	bool exact;                    /* counts of a simulation: every difference is real */
	double chance_share;           /* of the rows that stand out, so many may be chance: 0.05 */
};
enum ev_presence { EV_IN_BOTH, EV_IS_NEW, EV_IS_GONE, EV_IN_NEITHER };
/* One recording in one row, and how it differs from the first. */
struct ev_difference_side {
	uint64_t samples, period;
	struct ev_estimate figure; /* as options->measure */
	struct ev_change change;   /* not known for the first */
	enum ev_presence presence;
	bool stands_out; /* differs by more than chance */
};
struct ev_difference_row {
	uint32_t item;                    /* row of the table, or named stack */
	struct ev_difference_side *sides; /* one per recording, the baseline first */
	bool stands_out;                  /* one of them does */
};
struct ev_difference {
	size_t recording_count;
	struct ev_difference_row *rows; /* in the order asked for */
	size_t row_count;
	size_t stand_out, tested; /* rows; those with few samples are not tested */
	bool of_stacks;
	uint64_t *total_samples, *total_period; /* per recording */
	struct ev_difference_side *sides;       /* the rows' */
};
/* Rows with fewer samples in two recordings together could not stand out whatever they were. */
#define EV_DIFFERENCE_LEAST_SAMPLES 6
/* Of a table in which event e of recording r is event r * (event_count / recordings) + e; scatters
 * are its own, or with of_stacks those of its stacks. */
void ev_difference_build(struct ev_difference *difference, const struct ev_table *table,
			 const struct ev_named *named, const struct ev_scatters *scatters,
			 bool of_stacks, size_t event, size_t recordings,
			 const struct ev_difference_options *options);
void ev_difference_done(struct ev_difference *difference);

/* ---- counters that took turns ------------------------------------------------------------------
 */

/* The slices of one counter that shared the hardware: what it counted between one reading and the
 * next. Sums only, so that an hour takes no more memory than a second. Zeroed = none. */
struct ev_slices {
	uint64_t count; /* those in which it ran */
	double values, running_ns, enabled_ns;
	double values_squared, products, running_squared;
};
void ev_slices_add(struct ev_slices *slices, const struct ev_count *slice);
/* Scaled totals of counters added up (CPUs, or runs), with the variance of the sum. */
struct ev_scaled {
	double total, variance;
	uint64_t degrees; /* of freedom */
	bool is_unknown;  /* one of them ran in too few slices to tell its variance */
};
void ev_scaled_add(struct ev_scaled *scaled, const struct ev_slices *slices);
void ev_scaled_merge(struct ev_scaled *scaled, const struct ev_scaled *other);
/* Half of the 95 % interval of the total, as a share of it: 0 when nothing was scaled, less than 0
 * when it is not known. */
double ev_scaled_error(const struct ev_scaled *scaled);

/* ---- formulas ----------------------------------------------------------------------------------
 */

/* Numbers, names of events, + - * / max and brackets, with blanks between all of them (a name may
 * hold any other character). A name that ends in '?' counts as 0 where there is no such count, as
 * long as another such name has one. */
typedef bool (*ev_formula_find)(void *context, const char *name, double *value);
/* False when a name has no value, on division by 0 and for what is no formula. */
bool ev_formula_value(const char *formula, ev_formula_find find, void *context, double *value);
/* The next name in *formula, without its '?', which is moved behind it; false at the end. Names
 * that do not fit `out` are cut. */
bool ev_formula_name(const char **formula, char *out, size_t size_bytes);

/* ---- metrics: one table of formulas over counts ------------------------------------------------
 */

struct ev_metric {
	const char *name;    /* as -M takes it */
	const char *group;   /* -M takes it too; "topdown-…" is a way of one kind of CPU */
	const char *event;   /* the row it stands beside or below; may be a glob; "*" = any */
	const char *formula; /* over counts; times in ns. "event" is the row's own count, "elapsed"
			      * the time on the clock, "#slots" what the PMU issues in a cycle */
	const char *format;  /* "%8.3f" */
	const char *text;    /* what stands behind the number: "insn per cycle" */
	const char *about;   /* meaning in one line */
	bool percent;
	bool rate;       /* shortened to K/sec, M/sec … */
	bool below;      /* a line of its own below the row */
	bool in_fields;  /* such a line is written by -x too, as perf does */
	bool when_asked; /* only with -M */
};
extern const struct ev_metric ev_metrics[];
extern const size_t ev_metric_count;

/* Counts that belong together: of one CPU or thread, or sums. Each array has `count` members. */
struct ev_metric_counts {
	const char *const *names;
	const double *values;   /* scaled */
	const unsigned *groups; /* counts of one number were on the hardware at the same times;
				 * NULL: of each it is not known */
	const bool *shared;     /* took turns with others on the hardware; NULL: none did */
	size_t count;
	double elapsed_s, slots; /* slots: #slots, 0 where it is not known */
};
struct ev_metric_value {
	double value;
	char unit[48];
	const struct ev_metric *metric;
	bool apart; /* a ratio of counts that were not on the hardware at the same times */
};
/* A metric at one of the counts: operands of its group are preferred, then those of the same PMU
 * and level of privilege. False when one is missing. */
bool ev_metric_at(const struct ev_metric *metric, const struct ev_metric_counts *counts, size_t at,
		  struct ev_metric_value *out);
/* The one that stands beside the count by itself; a rate per second of CPU time where no formula
 * stands for it or its partner is missing. */
bool ev_metric_of(const struct ev_metric_counts *counts, size_t at, struct ev_metric_value *out);
/* Does the metric stand at a row of this event? Modifiers and other spellings do not matter. */
bool ev_metric_stands_at(const struct ev_metric *metric, const char *event);
/* Is a row of this event one of the name that a formula has, of whatever PMU and level? */
bool ev_metric_is_named(const char *event, const char *name);
/* -M takes names, groups and globs of both: does `word` mean this metric? */
bool ev_metric_is_meant(const struct ev_metric *metric, const char *word);

/* A way of top-down analysis, level 1: of the slots in which the CPU could have begun an
 * instruction, what became of each. Tried in order; the first whose events open is taken. */
struct ev_topdown_way {
	const char *group; /* of its metrics */
	const char
		*cpus; /* globs of perf's cpuid, between blanks; NULL: by the events' names alone */
	const char *events; /* as after -e */
};
extern const struct ev_topdown_way ev_topdown_ways[];
extern const size_t ev_topdown_way_count;
/* `cpuid` as perf writes it ("GenuineIntel,6,85,4"), or NULL. */
bool ev_topdown_suits(const struct ev_topdown_way *way, const char *cpuid);

#endif
