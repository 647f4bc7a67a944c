/* What `evprof report` was asked to show. */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include <evprof/view.h>
#include "load.h"
#include "options.h"

struct report_options {
	const char *input;              /* the only one, or the first */
	struct option_list inputs;      /* -i, and words that are no options */
	const char *format;             /* --format */
	const char *output;             /* -o: FILE instead of stdout */
	const char *sort;               /* -s */
	const char *fields;             /* -F */
	const char *widths;             /* -w */
	const char *separator;          /* -t */
	const char *time;               /* --time */
	const char *percentage;         /* --percentage relative|absolute */
	const char *style;              /* -M */
	const char *colours;            /* --stdio-color */
	bool stats, tasks, dump;        /* --stats, --tasks, -D */
	bool modes;                     /* --show-cpu-utilization */
	struct option_list ratios;      /* --ratio */
	bool raw_trace;                 /* --raw-trace */
	bool force;                     /* -f: perf's, whose owner check evprof has not */
	bool json_schema;               /* --json-schema */
	bool stdio;                     /* --stdio: text on a terminal too */
	bool tui;                       /* --tui: a screen, or an error */
	bool browses;                   /* on a terminal, to move in */
	unsigned children;              /* 0 --no-children, 2 --children, 1 neither */
	unsigned group;                 /* --group: 0 no, 1 what was recorded as a group, 2 all */
	bool demangle, inlined, code;   /* true unless --no-… */
	bool order_given;               /* -g named caller or callee */
	bool inverted;                  /* -G */
	bool by_branch;                 /* -b */
	bool branch_history;            /* --branch-history */
	bool by_weight;                 /* --mem-mode */
	const char *parent;             /* -p */
	bool exclude_other;             /* -x */
	const char *ignored;            /* --ignore-callees */
	uint64_t chain_limit;           /* --max-stack */
	enum python_frames python;      /* --python */
	struct option_list key_filters; /* --filter */
	const char *sockets;            /* --socket-filter */
	double fetch_s;                 /* --debuginfod: seconds for all, 0 = don't */
	struct ev_filter filter;
	struct ev_symbolizer_options symbols;
	struct ev_report_options view;
};

/* What a report is made of besides the loaded recording: the keys and columns asked for, parsed. */
struct report_plan {
	enum ev_key keys[EV_KEY_COUNT];
	size_t key_count;
	/* Fields of tracepoints, in the order of EV_KEY_FIELD and so on. */
	struct sample_field fields[EV_KEY_FIELD_LAST - EV_KEY_FIELD + 1];
	const char *titles[EV_KEY_FIELD_LAST - EV_KEY_FIELD + 1];
	size_t field_count;
	struct ev_arena texts;                     /* theirs */
	EV_ARRAY(struct ev_column) columns, order; /* the view's */
	const struct ev_report_format *format;
	EV_ARRAY(struct ev_key_filter) filters;
};
/* -s, -F, -w, -t, --percentage and --format become the plan and the view's options. */
int report_plan(struct report_options *options, struct report_plan *plan, struct ev_err *err);
/* Callees count too: asked for, or what is shown is about stacks. */
bool report_wants_children(const struct report_options *options, const struct report_plan *plan);
void report_plan_done(struct report_plan *plan);
/* -s and -F, as perf takes them together: -F says what is shown and in what order, keys of -s that
 * it does not name follow; rows go by -s, then by -F. */
int report_columns(struct report_options *options, struct report_plan *plan, struct ev_err *err);
typedef EV_ARRAY(struct ev_column) report_column_list;
/* Unless it is among them. */
void report_column_add(report_column_list *list, const struct ev_column *column);
/* Adds the columns of a word that is no key and no column but a field of a tracepoint, or all of
 * them. `err` holds what is wrong with the word where it is no field either. */
int report_field_parse(struct report_options *options, struct report_plan *plan, const char *word,
		       report_column_list *list, struct ev_err *err);
/* --filter and its kin become the filter's keys. */
int report_filters(struct report_options *options, struct report_plan *plan, struct ev_err *err);
/* Whether a key is among those shown, or filtered by. */
bool report_has_key(const struct report_plan *plan, enum ev_key key);
/* -ENODATA where the recording has not what is to be shown, with how it is recorded. */
int report_check_needs(const struct report_options *options, const struct report_plan *plan,
		       const struct ev_recording *recording, struct ev_err *err);
/* What the loading walk is to keep. */
struct load_options report_load_options(const struct report_options *options,
					const struct report_plan *plan);
bool report_has_field(const struct report_plan *plan, enum ev_field field);
/* Lines of one function are apart, and how places are named. */
bool report_wants_lines(const struct report_options *options, const struct report_plan *plan);
unsigned report_symbol_flags(const struct report_options *options, const struct report_plan *plan);
/* What changes a named profile for good: once, before tables are made of it. */
int report_settle_named(const struct report_options *options, const struct report_plan *plan,
			struct ev_named *named, struct ev_profile *profile, struct ev_err *err);
/* What a report's table is, and what stands beside it; zeroed = empty. */
struct report_made {
	struct ev_table table;
	struct ev_ratio_sums *ratio_sums;
	uint64_t *kernel_period;
	struct ev_scatters scatters;
};
/* Makes it, and points the report there: it must not move until done. */
int report_make(struct report_made *made, struct report_options *options,
		const struct report_plan *plan, struct ev_report *report, struct ev_named *named,
		const struct ev_joints *joints, struct ev_err *err);
void report_made_done(struct report_made *made);
/* The objects that most unresolved samples are in, with the cause, into the report. */
void report_worst(struct ev_report *report, struct ev_symbolizer *symbolizer);
/* What ev_report.addresses is; free() it. */
uint64_t *report_addresses(const struct loaded *loaded, struct ev_symbolizer *symbolizer);
struct joined;
void report_worst_joined(struct ev_report *report, const struct joined *joined);

/* --debuginfod[=SECONDS] */
int report_parse_fetch(void *options, const char *value, struct ev_err *err);
int report_fetch(const struct report_options *options, const struct loaded *loaded,
		 struct ev_symbolizer *symbolizer, struct ev_err *err);

/* Tell of files that are missing for the objects that matter. */
void report_lacking(const struct report_options *options, const struct loaded *loaded,
		    struct ev_symbolizer *symbolizer);

/* --stats, --tasks or -D: the exit status. */
int report_records(const struct verb *verb, const struct report_options *options);

/* -g [kind,limit,order,…], in any order of its words as perf takes them. */
int report_parse_chains(void *options, const char *value, struct ev_err *err);

/* Tells what of the recording the format has no place for: report_lacks.c. */
void report_tell_lacks(const struct verb *verb, const struct report_options *options,
		       const struct report_plan *plan, const struct ev_recording *recording,
		       const struct ev_profile *profile);

#endif
