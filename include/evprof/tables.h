/* profile: a profile becomes flat tables, call trees, lines of source, ratios of counts, and
 * differences between recordings. */
#ifndef EVPROF_TABLES_H
#define EVPROF_TABLES_H

#include <evprof/figures.h>
#include <evprof/profile.h>

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
	EV_KEY_SYMBOL_SIZE, /* of the function whose machine code it is, in bytes */
	EV_KEY_OBJECT_SIZE, /* of its longest mapping of code */
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
	/* fields of tracepoints, whose names are known only where they are asked for */
	EV_KEY_FIELD,
	EV_KEY_FIELD_LAST = EV_KEY_FIELD + 9,
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
	const char *name, *alias; /* as after --sort: "dso", "object"; NULL when it has none */
	const char *title;        /* "Shared Object" */
	const char *json;         /* "object" */
	bool of_frame;            /* depends on the frame; else on the tag only */
	enum ev_key_kind kind;
	uint32_t details; /* bits 1 << ev_detail: what a tag must have */
	bool of_branch;   /* wants each branch to count */
	bool of_lines;    /* wants source lines */
	bool of_sizes;    /* wants frames of functions of several sizes apart */
	bool is_total;    /* what is shown is the value times the row's samples */
};
extern const struct ev_key_info ev_keys[EV_KEY_COUNT];
/* "comm,dso,sym" -> keys; -EINVAL names the bad one and lists the good ones. */
int ev_keys_parse(const char *text, enum ev_key *keys, size_t *count, struct ev_err *err);

/* -ENOTSUP with the reason for a key that perf has and evprof has not; 0 for any other word. */
int ev_key_check_absent(const char *word, struct ev_err *err);
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
	 * least and at most; 0 of any other, and of all where nothing is folded. */
	uint32_t calls_least, calls_most;
};
struct ev_tree {
	EV_ARRAY(struct ev_node) nodes;
}; /* node 0 is the root, without a frame */
/* The tree under one table row for one event. Callers: from the row's function outwards to the
 * roots (perf's callee order). Otherwise from the row's function inwards to the leaves. Fold: of
 * deep recursion the first four calls of a function by itself are kept, all deeper ones are one
 * node. */
void ev_tree_of_row(struct ev_tree *tree, const struct ev_table *table,
		    const struct ev_named *named, const struct ev_row *row, uint32_t event,
		    bool callers, bool fold);
/* From the roots down to the row's function, of the samples that end in it: perf's caller order of
 * a table without children. A table with children gives what is inside the row, as above. */
void ev_tree_to_row(struct ev_tree *tree, const struct ev_table *table,
		    const struct ev_named *named, const struct ev_row *row, uint32_t event,
		    bool fold);
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
	/* Samples that were in it; of a line of Python also those in native code and in the kernel
	 * under it, which no line of Python is nearer to; and these parts of it. Of other code
	 * EV_MEASURE_NATIVE is what is a line's of Python as well. */
	EV_MEASURE_OWN,
	EV_MEASURE_NATIVE,
	EV_MEASURE_SYSTEM,
	EV_MEASURE_COUNT
};
struct ev_line {
	uint32_t function;   /* index of functions */
	uint32_t file, line; /* string id and number; line 0: no line is known */
	uint32_t first_link, link_count;
};
/* Lines of one function stand together, by file and line. Their EV_MEASURE_SELF and
 * EV_MEASURE_INLINED add up to the function's, as do those from EV_MEASURE_OWN on; a line counts
 * once per stack, and so does a function, so that in recursion EV_MEASURE_CALLED of the lines adds
 * up to more. */
struct ev_line_function {
	uint32_t name, object; /* string id, object of the space set */
	bool kernel, resolved, python;
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
/* For each line what the event had weighed, all samples that pass together, when the line, or what
 * was called from it, was last in one: by the blocks of time in the tags. free() it. */
uint64_t *ev_lines_reached(const struct ev_lines *lines, size_t event);
/* The innermost of a stack and its parents whose frame is of Python; 0 without any. */
uint32_t ev_stack_python(const struct ev_named *named, uint32_t stack);
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
/* The same of counts that are no samples but all there was, as a simulation's: no interval. */
struct ev_ratio_value ev_ratio_exact(const struct ev_ratio_sums *sums, double scale);

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
/* The number in the list of a ratio of another recording, whose events are these in the list's:
 * appended unless it is there. */
uint32_t ev_ratios_join(struct ev_ratio_list *list, const struct ev_ratio *ratio, size_t above,
			size_t below);
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
/* The sums of many samples at once. */
void ev_joints_merge(struct ev_joints *joints, uint32_t ratio, uint32_t tag, uint32_t stack,
		     const struct ev_ratio_sums *sums);
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
/* Of every spot: [spot * ratio_count + ratio]; free() it. */
struct ev_ratio_sums *ev_spots_ratio_sums(const struct ev_spots *spots,
					  const struct ev_lines *lines,
					  const struct ev_joints *joints, size_t ratio_count);
/* Own period of every row that is of the kernel: [row * event_count + event]; free() it. */
uint64_t *ev_table_kernel_period(const struct ev_table *table, const struct ev_named *named);

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

#endif
