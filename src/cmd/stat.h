/* What `evprof stat` was asked to do, and the stages of doing it. */
#ifndef CMD_STAT_H
#define CMD_STAT_H

#include <evprof/view.h>
#include "control.h"
#include "events.h"
#include "options.h"
#include "simulate.h"
#include "target.h"

struct stat_options {
	struct event_options events;
	struct target_options target;
	unsigned detail;            /* -d */
	struct option_list metrics; /* -M */
	bool metric_no_group;
	bool topdown;
	bool transactions;      /* -T */
	uint64_t topdown_level; /* --td-level */
	bool multi_pass;
	bool strict;
	bool null_run;           /* -n */
	bool by[EV_BY_NODE + 1]; /* -A, --per-core …: at most one of them */
	bool per_thread;
	bool per_pmu; /* --per-pmu: rows are not summed over PMUs */
	const char *for_each_cgroup;
	uint64_t repeat;         /* -r; 0 = for ever */
	uint64_t interval_ms;    /* -I */
	uint64_t interval_count; /* --interval-count, 0 = no limit */
	bool summary;            /* a closing table behind intervals */
	bool no_summary_mark;    /* its -x rows do not begin with "summary" */
	bool interval_clear;
	bool quiet;
	bool sync;
	int64_t delay_ms; /* -D; -1 = never begin */
	uint64_t timeout_ms;
	const char *control;    /* --control */
	const char *pre, *post; /* commands around each run */
	bool scale;             /* --no-scale clears it */
	const char *output;     /* -o */
	bool append;
	bool openmetrics; /* --format openmetrics */
	int64_t log_fd;   /* -1 = none */
	struct ev_stat_options show;
	struct simulate_options simulate;
	bool no_progress;     /* -q */
	char *const *command; /* ends with NULL; NULL when there is none */
};

/* ---- counts ------------------------------------------------------------------------------------
 */

/* CPUs that are added up into one row. */
struct stat_place {
	char id[64];             /* "S0-D0-C1" */
	struct ev_cpu_place cpu; /* the first of them */
	uint64_t core;           /* of single CPUs: the place + 1 that stands for its core */
};
struct stat_places {
	const struct ev_aggregation *by; /* NULL = one row for all */
	EV_ARRAY(struct stat_place) items;
	struct ev_map of_cpu; /* index + 1, in the order of their ids */
};

/* One row of the screen: an event, and a CPU or thread where they are kept apart. */
struct stat_cell {
	size_t event;
	uint64_t place; /* of its CPUs or thread, from 1 on; 0 = of the whole */
	size_t row;     /* the event it is shown as: the first one of its word */
	bool is_part;   /* added to another one of its word, and not shown */
	char slot[64];  /* "CPU0", "S0-D0-C1", "comm-123", "" */
	unsigned cpus;  /* that are added up in this reading */
	/* Of the run (or interval) that is being counted. */
	double value;
	uint64_t enabled_ns, running_ns;
	bool wrong;              /* a pinned event that lost its counter */
	uint64_t unseen_ns;      /* enabled, of counters that never ran */
	struct ev_scaled scaled; /* of its counters that took turns */
	/* Over all runs; times and errors of those in which it was counted. */
	struct ev_running runs;
	uint64_t all_enabled_ns, all_running_ns;
	struct ev_scaled all_scaled;
	unsigned missed;            /* runs in which it was wanted and not counted */
	bool was_wrong;             /* in one of them because it was pinned */
	uint64_t missed_enabled_ns; /* in those */
};
/* Events that count one word on several PMUs, per event. */
struct stat_sums {
	EV_ARRAY(struct ev_count) now, last; /* readings, [slot * events + event] */
	size_t *next;  /* the next one of the same word, SIZE_MAX behind the last */
	bool *is_lead; /* the first one of its word */
	double *share; /* what it gave to the sum, scaled, over all runs */
	bool *alone;   /* of one kind of core, and scaled without those of the others beside it */
};
struct stat_counts {
	EV_ARRAY(struct stat_cell) cells;
	struct ev_map cell_ids;           /* (event, CPU or thread) -> cell + 1 */
	EV_ARRAY(struct ev_count) before; /* last reading, [slot * events + event] */
	struct ev_opening *openings;      /* what became of each event in the first run */
	struct stat_sums sums;
};

/* What one counter counted between one reading and the next. */
struct stat_slice {
	struct ev_count last;
	struct ev_slices whole, interval; /* since the run's, and the interval's begin */
};
struct stat_slices {
	EV_ARRAY(struct stat_slice) of; /* [slot * events + event] */
	uint64_t wait_ns, next_ns;      /* of the next reading; 0 = no counter can take turns */
};

/* User and system time of who is watched. */
struct stat_clocks {
	double user_ns, system_ns;
	bool are_known;
};

/* --multi-pass; zeroed: one pass counts everything. */
struct stat_passes {
	size_t count;
	unsigned at;             /* the pass that is on */
	unsigned *pass_of;       /* per event */
	size_t common;           /* events from here on are counted in all passes and not shown */
	bool *only;              /* per event: counted in the pass that is on */
	struct ev_running *each; /* the first common event, per pass */
	double noise;            /* assumed of it */
	size_t unfit;            /* groups that even alone do not fit */
};

/* What a run brings besides counts; means over the runs. */
struct stat_times {
	struct ev_running elapsed_s, user_s, sys_s, major_faults, voluntary, involuntary;
	struct ev_running usage_s;      /* the life of the command, with the delay of -D */
	struct ev_stat_machine machine; /* with -a and -C; summed over the runs */
	EV_ARRAY(double) each_s;
	uint64_t peak_rss_kb;
	bool peak_rss_is_bound; /* it is evprof's before the exec: the command's is not more */
};

struct stat_output {
	FILE *file;
	bool created;    /* -o made it: taken back when nothing was counted */
	bool continues;  /* there is something in it already */
	bool is_started; /* its first lines were written */
};

/* Rows of all intervals so far, for formats whose counts grow. */
struct stat_totals {
	EV_ARRAY(struct ev_stat_row) rows;
	struct ev_arena arena; /* their texts */
	bool failed;           /* the file could not be written */
};

/* The work of one command line. Zeroed = nothing open. */
struct stat_run {
	const struct verb *verb;
	const struct stat_options *options;
	struct ev_event_list events;
	size_t named_count; /* the first ones were named with -e; the others are defaults */
	size_t once_count;  /* so many events, again for each cgroup */
	struct ev_target target;
	struct stat_places places;
	struct control control;
	struct stat_output output;
	struct stat_totals totals;

	struct ev_workload *workload;
	struct ev_counters *counters;
	struct stat_counts counts;
	struct stat_times times;
	unsigned runs; /* completed, in all passes */
	struct stat_passes passes;
	bool *metrics;    /* -M: which of ev_metrics; NULL = the usual ones */
	double slots;     /* that a cycle has, where it is known */
	bool was_refused; /* --strict found something */

	size_t watched; /* threads or CPUs when counting began */
	bool unsettled; /* more threads were born meanwhile */

	/* The run that is on. */
	uint64_t command_ns;            /* the command began */
	struct ev_stat_machine machine; /* what the CPUs had done when counting began */
	uint64_t start_ns;              /* counting began; 0 = it did not */
	uint64_t interval_ns;           /* the last interval was printed */
	struct stat_slices slices;
	struct stat_clocks clocks_at_start, clocks_before;
	unsigned intervals;
	bool command_ended, ended_by_us;
	bool told_to_stop; /* by --control */
	int status;        /* of the command, as waitpid tells it */
	struct rusage usage;
};

/* Parse the events named, or take the defaults. */
int stat_events(struct stat_run *run, struct ev_err *err);

/* The events of -M and --topdown. */
int stat_metrics_add(struct stat_run *run, struct ev_err *err);
/* Says of each metric that was asked for and has no value which events it lacks. */
void stat_metrics_note(const struct stat_run *run, const struct ev_stat_row *rows, size_t count,
		       struct ev_arena *arena, void (*note)(void *context, const char *text),
		       void *context);

/* --multi-pass: share the events out, when it was asked for. -EINVAL for what cannot be repeated.
 */
int stat_passes_plan(struct stat_run *run, struct ev_err *err);
void stat_passes_done(struct stat_run *run);
/* The events to open in this pass; NULL = all. */
const bool *stat_pass_begin(struct stat_run *run, size_t pass);
/* Is the event counted in the pass that is on? */
bool stat_pass_has(const struct stat_run *run, size_t event);
/* The events that are shown are the first so many. */
size_t stat_shown_count(const struct stat_run *run);
/* A run of the pass that is on was read. */
void stat_pass_add(struct stat_run *run);
void stat_passes_forget(struct stat_run *run);
/* One sentence on how the passes compare; NULL when there is nothing to say. */
const char *stat_passes_words(const struct stat_run *run, struct ev_arena *arena, bool *agree);
const char *stat_pass_events(const struct stat_run *run, size_t pass, struct ev_arena *arena);

/* Can the event's counters take turns with others? */
bool stat_may_share(const struct stat_run *run, size_t event);
/* When counting begins: the first reading is planned. */
void stat_slices_begin(struct stat_run *run);
void stat_slices_read(struct stat_run *run);
struct stat_slice *stat_slice_of(struct stat_run *run, size_t slot, size_t event);
void stat_slice_add(struct stat_slice *slice, const struct ev_count *now);

/* When counting begins; and the cells of what evprof measures itself, since then or since the last
 * time. */
void stat_measure_begin(struct stat_run *run);
void stat_measure(struct stat_run *run, uint64_t elapsed_ns, bool interval);

/* Which CPUs are added up into which rows. -errno with a sentence. */
int stat_places_find(struct stat_run *run, struct ev_err *err);
void stat_places_done(struct stat_places *places);
/* Does each thread that is ever started have its row? */
bool stat_follows_threads(const struct stat_run *run);

/* Run once: -1 when it was counted, else the exit status, everything was said. */
int stat_once(struct stat_run *run);
/* What --pre, --sync and --post ask for around each run: 0, or the exit status when a command did
 * not end well; that was said. */
int stat_run_before(const struct stat_run *run);
int stat_run_after(const struct stat_run *run);
/* After the last run. */
void stat_run_done(struct stat_run *run);

/* The line to paste that simulates the hardware events this machine cannot count; NULL where none
 * was asked for, or the machine has a PMU. In the arena. */
const char *stat_simulate_hint(const struct stat_run *run, struct ev_arena *arena);
/* All of it under the simulator: the exit status, everything was said. */
int stat_simulate(struct stat_run *run);

/* Remember what became of the events; -errno with all causes when none could be opened. */
int stat_counts_opened(struct stat_run *run, struct ev_err *err);
/* Read every counter: what was counted since the last reading, or since it was opened. */
void stat_counts_read(struct stat_run *run, bool since_last);
/* One more run is complete. `elapsed_ns` is how long counting was on. */
void stat_counts_add_run(struct stat_run *run, uint64_t elapsed_ns);
void stat_counts_forget_runs(struct stat_run *run);
void stat_counts_done(struct stat_counts *counts);

/* Which events belong together; once, when the openings are known. */
void stat_sums_find(struct stat_run *run);
void stat_sums_done(struct stat_sums *sums);
/* Is this event, with others, one row? */
bool stat_sums_one_row(const struct stat_run *run, size_t event);
/* Is any event of the word that begins with this one open? */
bool stat_sums_opened(const struct stat_run *run, size_t lead);
/* For kinds of cores that a thread uses in turn: makes enabled_ns of what one of them brought its
 * part of the time. True when there are several. */
bool stat_sums_take_turns(struct stat_run *run, size_t event, size_t slot, bool since_last,
			  struct ev_count *delta);
/* Everything was read: adds the cells of one word up. */
void stat_sums_add(struct stat_run *run);
/* What each PMU gave to the sum that begins with this event; NULL when there is nothing to say. */
const char *stat_sums_note(const struct stat_run *run, size_t lead, struct ev_arena *arena);
/* Context switches of an unprivileged user, from the command's accounting. */
bool stat_counts_from_usage(const struct stat_run *run, size_t event);

/* What the CPUs watched did since they were started, from the kernel's accounting; all 0 where it
 * cannot be read. */
struct ev_stat_machine stat_machine_now(const struct ev_target *target);
/* Adds what they did between two readings, nothing when one is missing. */
void stat_machine_add(struct ev_stat_machine *sum, const struct ev_stat_machine *before,
		      const struct ev_stat_machine *after);

/* Print what was counted in all runs, or since the last interval. */
void stat_show(struct stat_run *run);
void stat_show_interval(struct stat_run *run, uint64_t now_ns);

/* --format openmetrics: what it does not go with, and whether its file can be written. */
int stat_totals_check(const struct stat_options *options, struct ev_err *err);
void stat_totals_done(struct stat_totals *totals);

int stat_output_open(struct stat_run *run, struct ev_err *err);
/* Lines above the first table. */
void stat_output_start(struct stat_run *run);
/* -errno when not everything could be written. `discard` takes a new file back. */
int stat_output_close(struct stat_run *run, bool discard, struct ev_err *err);

#endif
