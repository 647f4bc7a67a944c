/* profile: samples become one compact profile: interned stacks of places with weights, and from it
 * flat tables and call trees. Pure: no files, no kernel. */
#ifndef EVPROF_PROFILE_H
#define EVPROF_PROFILE_H

#include <evprof/symbol.h>

/* ---- the profile ------------------------------------------------------------------------------
 */

/* Whose samples: only the fields that a report asks for are filled, the others stay 0, so that the
 * number of distinct tags stays small. Interned: a tag is a number. */
struct ev_tag {
	uint32_t event;
	uint32_t pid, tid;
	uint32_t comm;  /* id in the profile's strings */
	uint32_t cpu;   /* cpu + 1 */
	uint32_t slice; /* time slice + 1 */
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
};

struct ev_profile {
	struct ev_strings *strings;
	EV_ARRAY(struct ev_place) places; /* unique; 0 is unused */
	EV_ARRAY(struct ev_stack) stacks;
	bool has_guesses; /* some of their places are marked with EV_PLACE_GUESSED */
	EV_ARRAY(struct ev_tag) tags;
	EV_ARRAY(struct ev_cell) cells; /* unique (tag, stack) */
	struct ev_profile_index *index; /* private: how the arrays are searched; made when needed */
	struct ev_quality quality;
	uint32_t event_count; /* highest event of a tag + 1, or more */
	uint64_t first_time_ns, last_time_ns;
	uint64_t slice_ns; /* length of a tag's time slice; set by who makes slices */
};
struct ev_profile *ev_profile_open(void);
uint32_t ev_profile_place(struct ev_profile *profile, struct ev_place place);
/* Quickest when the frames of a stack are added one after another, from the root. */
uint32_t ev_profile_stack(struct ev_profile *profile, uint32_t parent, uint32_t place);
uint32_t ev_profile_tag(struct ev_profile *profile, const struct ev_tag *tag);
void ev_profile_add(struct ev_profile *profile, uint32_t tag, uint32_t stack, uint64_t samples,
		    uint64_t period);
/* The same for a sample of which only the place is kept: quicker than a stack of one frame. */
void ev_profile_add_leaf(struct ev_profile *profile, uint32_t tag, uint32_t place, uint64_t samples,
			 uint64_t period);
/* Add all of `from` (same objects and events, own ids) to `into`; for readers in parallel. */
void ev_profile_merge(struct ev_profile *into, const struct ev_profile *from);
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
	uint32_t *object_names;         /* string id of every object's short name */
	uint32_t object_count;
};
/* flags: EV_SYMBOL_…; `by_line` keeps lines of one function apart. Counts quality.unresolved. */
struct ev_named *ev_named_open(struct ev_profile *profile, const struct ev_space_set *spaces,
			       struct ev_symbolizer *symbolizer, unsigned flags, bool by_line);
void ev_named_close(struct ev_named *named);
/* The objects whose leaves have no symbol, most samples first; how many were filled in. */
struct ev_unresolved {
	uint32_t object;
	uint64_t samples;
};
size_t ev_named_unresolved(const struct ev_named *named, struct ev_unresolved *out, size_t limit);

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
	EV_KEY_COUNT
};
struct ev_key_info {
	const char *name, *alias; /* as after --sort: "dso", "object" */
	const char *title;        /* "Shared Object" */
	const char *json;         /* "object" */
	bool of_frame;            /* depends on the frame; else on the tag only */
};
extern const struct ev_key_info ev_keys[EV_KEY_COUNT];
/* "comm,dso,sym" -> keys; -EINVAL names the bad one and lists the good ones. */
int ev_keys_parse(const char *text, enum ev_key *keys, size_t *count, struct ev_err *err);

struct ev_row {
	uint32_t values[EV_KEY_COUNT]; /* string ids, in the order of the keys asked */
	uint32_t frame;                /* a frame of the row, for marks such as [k]; 0 none */
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
struct ev_filter { /* lists of string ids or numbers; empty = everything passes */
	const char *comms, *objects, *symbols; /* comma lists, as perf */
	const char *symbol_part;               /* --symbol-filter */
	const char *pids, *tids, *cpus;
	bool hide_unresolved;
	bool absolute; /* --percentage absolute */
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
void ev_tree_done(struct ev_tree *tree);

/* ---- statistics -------------------------------------------------------------------------------
 */

struct ev_running {
	uint64_t count;
	double mean, squares;
}; /* Welford */
void ev_running_add(struct ev_running *running, double value);
double ev_running_deviation(const struct ev_running *running);      /* sample standard deviation */
double ev_running_relative_error(const struct ev_running *running); /* of the mean, as a fraction */

/* ---- metrics: one table of formulas over counts ------------------------------------------------
 */

struct ev_metric {
	const char *event; /* the row it stands behind */
	const char *over; /* other event it needs ("task-clock", "cycles"), NULL for elapsed time */
	double scale;     /* value / over * scale */
	const char *format; /* "%6.3f", with the unit's text after it */
	const char *text;   /* "insn per cycle", "of all branches" */
	const char *about;  /* meaning in one line */
	bool percent;
};
extern const struct ev_metric ev_metrics[];
extern const size_t ev_metric_count;
/* The metric of an event's row among names/values (counts already scaled), or false. Per-second
 * rates ("K/sec") where no formula stands. */
struct ev_metric_value {
	double value;
	char unit[48];
	const struct ev_metric *metric;
};
bool ev_metric_of(const char *event, double value, const char *const *names, const double *values,
		  size_t count, double elapsed_s, struct ev_metric_value *out);

#endif
