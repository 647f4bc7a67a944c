/* view: the answer becomes something a person or another tool reads. One output format per file;
 * writes to the FILE it is given and to nothing else. */
#ifndef EVPROF_VIEW_H
#define EVPROF_VIEW_H

#include <evprof/collect.h>
#include <evprof/figures.h>
#include <evprof/profile.h>
#include <evprof/tables.h>

/* ---- reports ----------------------------------------------------------------------------------
 */

enum ev_chain_order { EV_CHAIN_CALLER, EV_CHAIN_CALLEE };
enum ev_chain_kind {
	EV_CHAIN_NONE,
	EV_CHAIN_GRAPH,
	EV_CHAIN_FRACTAL,
	EV_CHAIN_FLAT,
	EV_CHAIN_FOLDED
};

enum ev_chain_value { EV_CHAIN_PERCENT, EV_CHAIN_PERIOD, EV_CHAIN_COUNT };

/* Columns of the text table, as after -F: numbers of an event, ratios of two, or a sort key. */
enum ev_field {
	EV_FIELD_CHILDREN,
	EV_FIELD_OVERHEAD,
	EV_FIELD_KERNEL,
	EV_FIELD_USER,
	EV_FIELD_SAMPLES,
	EV_FIELD_PERIOD,
	EV_FIELD_RATIO, /* every ratio that there is */
	EV_FIELD_KEY,
	EV_FIELD_COUNT
};
struct ev_column {
	enum ev_field field;
	enum ev_key key; /* of EV_FIELD_KEY, 0 else */
};
/* "overhead_us", "dso" -> a column; -EINVAL names the word, as what it is `called` ("column", "sort
 * key"), and lists the good ones. */
int ev_column_parse(const char *word, const char *called, struct ev_column *column,
		    struct ev_err *err);

/* One of several recordings in a report. */
struct ev_report_part {
	const char *path; /* as typed */
	const struct ev_recording *recording;
	const struct ev_quality *quality; /* of its own samples */
};
/* Equal parts of the time that a page tells apart at most. */
#define EV_PAGE_COLUMNS 1024

struct ev_annotation;
/* What a report shows, whatever the format. */
struct ev_report {
	const struct ev_recording *recording;
	const char *path; /* of the recording, as typed */
	/* Where there are several; `recording` is then what they have in common. */
	const struct ev_report_part *parts;
	size_t part_count;
	struct ev_named *named;
	const struct ev_table *table;
	const struct ev_space_set *spaces;
	const char *partial; /* why the recording is partial, or NULL */
	struct {
		uint32_t object;
		const char *trouble;
		uint64_t samples;
	} worst[5]; /* unresolved, most first */
	size_t worst_count;
	bool stacks_loaded; /* call chains were looked at; else nothing is known of them */
	/* Ratios of counts that were read together, and their sums as ev_table_ratio_sums gives
	 * them. NULL without any. */
	const struct ev_ratio_list *ratios;
	const struct ev_ratio_sums *ratio_sums;
	struct ev_reads_tally reads;        /* of those counts */
	const struct ev_scatters *scatters; /* --ci: intervals of shares are shown; NULL else */
	const uint64_t *kernel_period; /* [row * event_count + event], for EV_FIELD_KERNEL, _USER */
	/* For a page: the hottest functions with their lines and code, of another naming of the
	 * same profile; NULL without. */
	const struct ev_annotation *annotation;
	/* For a format that wants addresses, by object: an address in its file less the offset of
	 * the same place, or EV_ADDRESSES_UNKNOWN. NULL without. */
	const uint64_t *addresses;
};
#define EV_ADDRESSES_UNKNOWN UINT64_MAX
struct ev_report_options {
	unsigned threads;  /* that print long tables, 0 as 1: with the same result */
	bool children;     /* a Children column beside Self */
	bool hierarchy;    /* --hierarchy: the keys one below another */
	bool intervals;    /* of shares: what to say where there are none */
	bool group;        /* all events side by side */
	bool groups;       /* those that were recorded as a group side by side */
	bool show_samples; /* -n */
	bool show_period;  /* --show-total-period */
	bool header, header_only;
	bool header_full;     /* -I: topology, caches and memory too */
	bool quiet;           /* no headers, no quality line */
	const char *peek;     /* pprof-tree: only functions that match this regular expression */
	double percent_limit; /* rows below this share are left out */
	char separator;       /* -t: one character between columns and no padding; 0 = aligned */
	const uint32_t *widths;
	size_t width_count;              /* -w */
	const struct ev_column *columns; /* -F: these, in this order */
	size_t column_count;
	const char *const *field_titles; /* of EV_KEY_FIELD and so on; NULL where there are none */
	bool columns_added; /* -F +…: behind the usual numbers, before the usual keys */
	const struct ev_column *row_order; /* rows by these; none = by weight */
	size_t row_order_count;
	enum ev_chain_kind chains;
	enum ev_chain_order order;
	enum ev_chain_value chain_value;
	double chain_limit;   /* 0.5 */
	size_t chain_entries; /* branches shown of each level, 0 = all */
	size_t max_depth;     /* --max-stack for display, 0 = all */
	bool colour;
};
struct ev_report_format {
	const char *name, *about;
	int (*print)(FILE *out, const struct ev_report *report,
		     const struct ev_report_options *options, struct ev_err *err);
	bool by_function;  /* wants a table by one key that depends on the frame, "sym" as a rule */
	bool stacks;       /* shows whole stacks, or calls, with inlined functions */
	bool lines;        /* keeps the lines of one function apart */
	bool times;        /* wants processes, threads and fine slices of time kept apart */
	bool addresses;    /* its readers open the files: wants their addresses */
	bool doubles;      /* its readers keep 53 bits of a number */
	bool text;         /* the table of -s and -F; others have threads' names in any case */
	const char *lacks; /* what of a recording it has no place for; NULL: nothing */
	const char *lacks_events; /* the same of one with samples of several events */
	bool one_number;          /* counts samples; what they stand for where that is wished */
	bool clocks;              /* with one number: of clocks it is times without a wish */
	/* Shows activity over time, of threads, and code: tags have tids and so many blocks, and
	 * the report its annotation. */
	bool page;
};
extern const struct ev_report_format ev_report_formats[]; /* "text", "folded", "json", … */
extern const size_t ev_report_format_count;
const struct ev_report_format *ev_report_format_find(const char *name);

/* The JSON Schema of the format "json". */
void ev_report_json_schema(FILE *out);

/* perf's `# hostname : …` block; `full` with the long sections about the machine. */
void ev_print_header(FILE *out, const struct ev_recording *recording, bool full);
/* The same for each of several recordings. */
void ev_print_part_headers(FILE *out, const struct ev_report *report, bool full);
/* One or two lines: samples, resolved, complete stacks, lost, fallbacks; worst objects above 20 %.
 */
void ev_print_quality(FILE *out, const struct ev_report *report, const char *prefix);

/* ---- differences ------------------------------------------------------------------------------
 */

/* One event of several recordings, compared; whatever the format. */
struct ev_diff {
	const struct ev_report_part *parts; /* one per recording, the baseline first */
	const double *seconds;              /* that each of them took; 0 not known */
	size_t part_count;
	const struct ev_recording *recording; /* of the whole */
	struct ev_named *named;               /* event e of recording r is event r * width + e */
	const struct ev_table *table;
	const struct ev_scatters *scatters;
	const struct ev_difference *differences; /* one per event */
	size_t width;                            /* events of one recording */
	struct ev_difference_options how;
};
struct ev_diff_options {
	bool all;          /* rows that differ by no more than chance too */
	bool quiet;        /* rows only */
	bool show_period;  /* -p */
	bool show_formula; /* -F */
	char separator;    /* -t: one character between columns and no padding; 0 = aligned */
	bool colour;
};
struct ev_diff_format {
	const char *name, *about;
	int (*print)(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		     struct ev_err *err);
};
extern const struct ev_diff_format ev_diff_formats[]; /* "text", "folded", … */
extern const size_t ev_diff_format_count;
const struct ev_diff_format *ev_diff_format_find(const char *name);

/* ---- annotated source -------------------------------------------------------------------------
 */

/* Some machine code of a section's function. */
struct ev_annotated_code {
	uint32_t object;
	struct ev_assembly assembly;
	/* Of every instruction, innermost first: frames[first[i]] … frames[first[i + 1] - 1]. Texts
	 * are the symbolizer's. */
	EV_ARRAY(struct ev_symbol) frames;
	uint32_t *first;
};
/* A function or a file: what is shown together. */
struct ev_annotated {
	const struct ev_lines *lines;
	/* Of the report's ratios, as ev_lines_ratio_sums gives them; NULL without any. */
	const struct ev_ratio_sums *ratio_sums;
	/* Of page faults, where Python's lines are shown with the memory that they took: as
	 * ev_lines_reached gives it, and of which event; NULL else. */
	const uint64_t *reached;
	size_t faults_event;
	uint32_t function; /* of `lines` */
	uint32_t file; /* string id of the source file that most of it is in, 0 when not known */
	uint32_t first, last; /* lines of that file that belong to it; 0 when not known */
	bool is_about;        /* they are around those that are known to */
	bool source_is_newer; /* than the file whose code it is */
	EV_ARRAY(struct ev_annotated_code) code;
	const char *code_trouble; /* why there is none or not all, or NULL */
};
struct ev_annotation {
	struct ev_report report; /* recording, path, named, partial, worst, ratios; no table */
	struct ev_sources *sources;
	const struct ev_lines *lines; /* of functions */
	const struct ev_spots *spots; /* instructions are shown by these; NULL: lines are shown */
	/* Of the report's ratios, as ev_spots_ratio_sums gives them; NULL without any. */
	const struct ev_ratio_sums *spot_ratios;
	const bool *events; /* per event: is it shown? */
	bool compared;      /* "old cycles" and so on: with how the later ones differ */
	EV_ARRAY(struct ev_annotated) sections;
	/* Functions that were left out for their small share, those without any line, and what of
	 * the first event they have. */
	size_t left_count, lineless_count;
	uint32_t lineless[3]; /* the first of those, as indices of lines->functions */
	uint64_t left_period, lineless_period;
};
enum ev_annotate_share {
	EV_SHARE_LOCAL_PERIOD, /* of the section */
	EV_SHARE_GLOBAL_PERIOD,
	EV_SHARE_LOCAL_HITS, /* by samples, not by what they stand for */
	EV_SHARE_GLOBAL_HITS,
};
struct ev_annotate_options {
	double min_percent; /* lines of a smaller share are left out, unless near a greater one */
	uint32_t context;   /* so near */
	bool all;           /* nothing is left out */
	bool show_samples;  /* of each event, not only of a single one */
	bool raw_bytes;     /* --show-raw-insn */
	bool no_children;   /* --no-children: no column for what was called */
	enum ev_annotate_share share;
	size_t width; /* of the terminal; 0 = do not cut */
	bool colour, quiet;
};
/* Sections are printed one after another: the code of one may be gone when the next is made. */
struct ev_annotate_format {
	void (*begin)(FILE *out, const struct ev_annotation *annotation,
		      const struct ev_annotate_options *options);
	void (*section)(FILE *out, const struct ev_annotation *annotation,
			const struct ev_annotate_options *options,
			const struct ev_annotated *section, bool first);
	void (*end)(FILE *out, const struct ev_annotation *annotation,
		    const struct ev_annotate_options *options);
};
extern const struct ev_annotate_format ev_annotate_text;
/* {"evprof","recording","partial","simulated","events":[{"name","samples","period"}],"sections":[
 * {"function" or "file","object","kernel","source","first","last","self":W,"inlined":W,"called":W,
 * "lines":[{"file","line","text","self","inlined","called","inlined_into":L,"inlined_here":L,
 * "functions":L}],"code":[{"address","offset","bytes","text","weight":W,"target",
 * "frames":[{"function","file","line","inlined"}]}],"code_trouble"}]}. W is an array with
 * {"samples","period"} of every event, in the order of "events"; L lists {"function","weight":W}.
 * Sections of Python have "python", which is true, and "native":W and "system":W, as do their
 * lines: what was below the line and is not in "self", which is Python's own. Lines and
 * instructions also have "ratios":[{"name","value","low","high","few"}] where events were counted
 * together. All lines and instructions of the sections are in it, whatever their share. */
extern const struct ev_annotate_format ev_annotate_json;

/* ---- samples as text ---------------------------------------------------------------------------
 *
 * perf script's layout, which other tools parse: a line for each sample, its call chain below. */

/* Which fields samples of each kind of event show. */
enum ev_script_kind {
	EV_SCRIPT_HARDWARE, /* the attr's types */
	EV_SCRIPT_SOFTWARE,
	EV_SCRIPT_TRACEPOINT,
	EV_SCRIPT_CACHE,
	EV_SCRIPT_RAW,
	EV_SCRIPT_BREAKPOINT,
	EV_SCRIPT_OTHER,
	EV_SCRIPT_KINDS
};
struct ev_script_fields {
	uint64_t shown[EV_SCRIPT_KINDS]; /* bits of private numbers */
	uint64_t asked[EV_SCRIPT_KINDS]; /* of them, those named: samples must have them */
	bool given[EV_SCRIPT_KINDS];     /* -F spoke of this kind */
};
void ev_script_fields_usual(struct ev_script_fields *fields);
/* One -F: "[KIND:]FIELD[,FIELD]…", or each with + or - to change what is shown so far. */
int ev_script_fields_parse(struct ev_script_fields *fields, const char *text, struct ev_err *err);
/* The fields that can be named, ", " between them; lives as long as the arena. */
const char *ev_script_fields_names(struct ev_arena *arena);
/* What the recording's samples do not have is left out, or an error where it was asked for. */
int ev_script_fields_fit(struct ev_script_fields *fields, const struct ev_recording *recording,
			 bool chains, struct ev_err *err);

struct ev_script_options {
	struct ev_script_fields fields;
	bool nanoseconds; /* --ns */
	bool reltime, deltatime;
	bool hide_chains;   /* -G */
	bool full_paths;    /* of source files */
	bool mangled;       /* --no-demangle */
	bool inlines;       /* inlined functions as frames of their own */
	size_t max_depth;   /* of a chain, 0 = all */
	char *const *stops; /* --stop-bt: a chain ends at these functions */
	size_t stop_count;
};
struct ev_script;
/* All must outlive it; unwinder may be NULL. Text goes to `out` in large pieces. */
struct ev_script *ev_script_open(FILE *out, const struct ev_recording *recording,
				 const struct ev_space_set *spaces,
				 struct ev_symbolizer *symbolizer, struct ev_unwinder *unwinder,
				 const struct ev_script_options *options);
/* Where a sample was, for filters; the texts live until close. */
struct ev_script_leaf {
	const char *symbol;      /* NULL when not known */
	const char *path, *name; /* of the object */
	uint64_t start;          /* address of the symbol, 0 when not known */
	const char *comm;
};
void ev_script_leaf(struct ev_script *script, const struct ev_record *record,
		    struct ev_script_leaf *leaf);
/* Names that later samples refer to: of every record that is no sample, before it is printed. */
void ev_script_learn(struct ev_script *script, const struct ev_record *record);
/* A sample, or any other record as one line (false: a type that has no text). */
void ev_script_sample(struct ev_script *script, const struct ev_record *record);
bool ev_script_other(struct ev_script *script, const struct ev_record *record);
/* -D: a record with its place in the file and, in hexadecimal, all of its bytes. */
void ev_script_dump(struct ev_script *script, const struct ev_raw *raw,
		    const struct ev_record *record);
/* Another file from here on, for output in several. */
void ev_script_turn(struct ev_script *script, FILE *out);
/* False once text could not be written; errno then says why. */
bool ev_script_flush(struct ev_script *script);
/* Tracepoints whose fields are shown as name=value: why, for the event with this index; NULL else.
 */
const char *ev_script_trouble(struct ev_script *script, size_t event);
void ev_script_close(struct ev_script *script);

/* ---- counts -----------------------------------------------------------------------------------
 */

struct ev_stat_row {
	const char *event, *unit;
	const char *slot;      /* "CPU0", "S0-D0-C1", "comm-123", "" for the sum */
	unsigned cpus;         /* that are added up in this slot; 0 where that is not told */
	const char *cgroup;    /* that the event was counted in, or NULL */
	double value;          /* scaled; mean over the runs */
	double relative_error; /* of the mean, fraction; 0 with one run */
	uint64_t enabled_ns, running_ns;
	enum { EV_COUNTED, EV_NOT_COUNTED, EV_NOT_SUPPORTED } state;
	const char *why; /* for a refused event: its cause */
	bool is_time;    /* value is nanoseconds, shown as msec */
	const char *group_note;
	unsigned group; /* rows of one number were on the hardware at the same times */
	/* Of a value that was scaled: half of its 95 % interval, as a share of it; < 0 when it is
	 * not known. 0 of one that was not. */
	double scaling_error;
};
/* What the CPUs that were watched did, added up over them; all 0 when it is not known. */
struct ev_stat_machine {
	double user_s, sys_s, idle_s;
	double disk_s;   /* idle while someone waited for a disk */
	double stolen_s; /* the host of this virtual machine ran others */
	unsigned cpus;
};
struct ev_stat {
	const char *target; /* "'./sorts'", "process id '12'", "'system wide'" */
	unsigned runs;
	unsigned passes; /* each count is of one of so many runs; 0 or 1: of every run */
	struct ev_stat_row *rows;
	size_t row_count;
	double interval_s; /* -I: time stamp of these rows, 0 else */
	bool summary;      /* no interval, or the closing table of one */
	double elapsed_s, elapsed_error_s;
	const double *elapsed_each_s; /* one per run, for --table */
	double user_s, sys_s;         /* < 0 when not known */
	bool peak_rss_is_bound;       /* it was that much or less */
	uint64_t peak_rss_kb, major_faults, voluntary_switches, involuntary_switches;
	/* What user_s and sys_s are of, where that is more than elapsed_s (-D); 0 else. */
	double usage_s;
	struct ev_stat_machine machine;
	unsigned cpus;                   /* online */
	const struct ev_aggregation *by; /* what slots of CPUs are; NULL when rows are sums, or of
					  * threads */
	/* The model that made these counts ("callgrind 3.19.0: I1 …"): they are not measured, and
	 * every format says so. NULL for measured ones. */
	const char *simulated;
	const char *absence; /* no PMU: the cause, said once; NULL else */
	const char *const *fallbacks;
	size_t fallback_count;
	const bool *metrics; /* -M: which of ev_metrics; NULL = the usual ones */
	double slots;        /* what the PMU can issue in a cycle; 0 = not known */
	bool strict;         /* no ratios of counts that were not counted at the same times */
};
struct ev_stat_options {
	char separator_text[8]; /* -x; "" = the table */
	bool json, csv;
	bool grouped; /* -B: thousands separators */
	bool table;   /* --table */
	bool verbose;
	bool no_scale;
	bool colour;
	bool heading;     /* -I as a table: column titles above these rows */
	bool simulated;   /* the counts to come are: a column of --csv says of what */
	bool closing;     /* these rows close a series of intervals: -x marks them "summary" */
	bool metric_only; /* --metric-only: a column for each metric, no counts */
};
void ev_stat_print(FILE *out, const struct ev_stat *stat, const struct ev_stat_options *options);
/* As an exposition of OpenMetrics: `totals` of all intervals so far, figures of those of `now`. */
void ev_stat_print_openmetrics(FILE *out, const struct ev_stat *totals, const struct ev_stat *now);
/* Header line of --csv; nothing for the other formats. */
void ev_stat_print_begin(FILE *out, const struct ev_stat_options *options);
/* The name of the first ratio of counts that took turns on the hardware and were not counted at
 * the same times; NULL when there is none. */
const char *ev_stat_apart(const struct ev_stat *stat);
/* "Mostly computing: …": where the time went and the figures it rests on. */
char *ev_stat_words(const struct ev_stat *stat, struct ev_arena *arena);

/* The formulas: all metrics that `words` mean (names, groups, globs, or a part of a name or of the
 * meaning), all with none; how many there were. JSON: an array of {"name","group","formula",
 * "event","unit","about"}. */
size_t ev_metrics_print(FILE *out, char *const *words, size_t word_count, bool json);

/* ---- lists ------------------------------------------------------------------------------------
 */

struct ev_list_row {
	const char *group, *name, *aliases, *about;
	int count_error, sample_error; /* 0, positive errno, -1 = not tried */
	const char *why;               /* cause when one of them is refused, or NULL */
	const char *encoding; /* what is given to the kernel, shown when verbose, or NULL */
	bool is_inferred;     /* the answers are those of another event, tried for it */
};
/* JSON: {"events":[{"group","name","aliases":[…],"about","count","sample": true, false or null for
 * not known, "tried": was this very event opened to know, "why", "encoding"}],"notes"}; "why",
 * "encoding" and "notes" only where there are any.
 */
void ev_list_print(FILE *out, const struct ev_list_row *rows, size_t count, const char *notes,
		   bool json, bool verbose);

/* ---- what works here --------------------------------------------------------------------------
 */

/* True when the main job works. JSON: {"ok","checks":[{"name","area","state": "ok", "limited" or
 * "missing","value","why","cure"}]}, texts empty where there is nothing to say. */
bool ev_doctor_print(FILE *out, const struct ev_checks *checks, bool json, bool colour);

#endif
