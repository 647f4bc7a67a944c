/* What `evprof stat` was asked to do, and the stages of doing it. */
#ifndef CMD_STAT_H
#define CMD_STAT_H

#include <evprof/view.h>
#include "events.h"
#include "options.h"
#include "simulate.h"
#include "target.h"

struct stat_options {
	struct event_options events;
	struct target_options target;
	unsigned detail; /* -d */
	bool null_run;   /* -n */
	bool per_cpu;    /* -A */
	bool per_thread;
	uint64_t repeat;         /* -r; 0 = for ever */
	uint64_t interval_ms;    /* -I */
	uint64_t interval_count; /* --interval-count, 0 = no limit */
	bool summary;            /* a closing table behind intervals */
	int64_t delay_ms;        /* -D; -1 = never begin */
	uint64_t timeout_ms;
	bool scale;         /* --no-scale clears it */
	const char *output; /* -o */
	bool append;
	int64_t log_fd; /* -1 = none */
	struct ev_stat_options show;
	struct simulate_options simulate;
	bool no_progress;     /* -q */
	char *const *command; /* ends with NULL; NULL when there is none */
};

/* ---- counts ------------------------------------------------------------------------------------
 */

/* One row of the screen: an event, and a CPU or thread where they are kept apart. */
struct stat_cell {
	size_t event;
	char slot[48]; /* "CPU0", "comm-123", "" */
	/* Of the run (or interval) that is being counted. */
	double value;
	uint64_t enabled_ns, running_ns;
	bool wrong; /* a pinned event that lost its counter */
	/* Over all runs. */
	struct ev_running runs;
	uint64_t all_enabled_ns, all_running_ns;
};
struct stat_counts {
	EV_ARRAY(struct stat_cell) cells;
	struct ev_map cell_ids;           /* (event, CPU or thread) -> cell + 1 */
	EV_ARRAY(struct ev_count) before; /* last reading, [slot * events + event] */
	struct ev_opening *openings;      /* what became of each event in the first run */
};

/* What a run brings besides counts; means over the runs. */
struct stat_times {
	struct ev_running elapsed_s, user_s, sys_s, major_faults, voluntary, involuntary;
	struct ev_running usage_s;      /* the life of the command, with the delay of -D */
	struct ev_stat_machine machine; /* with -a and -C; summed over the runs */
	EV_ARRAY(double) each_s;
	uint64_t peak_rss_kb;
};

struct stat_output {
	FILE *file;
	bool created;    /* -o made it: taken back when nothing was counted */
	bool continues;  /* there is something in it already */
	bool is_started; /* its first lines were written */
};

/* The work of one command line. Zeroed = nothing open. */
struct stat_run {
	const struct verb *verb;
	const struct stat_options *options;
	struct ev_event_list events;
	size_t named_count; /* the first ones were named with -e; the others are defaults */
	struct ev_target target;
	struct stat_output output;

	struct ev_workload *workload;
	struct ev_counters *counters;
	struct stat_counts counts;
	struct stat_times times;
	unsigned runs; /* completed */

	/* The run that is on. */
	uint64_t command_ns;            /* the command began */
	struct ev_stat_machine machine; /* what the CPUs had done when counting began */
	uint64_t start_ns;              /* counting began; 0 = it did not */
	uint64_t interval_ns;           /* the last interval was printed */
	unsigned intervals;
	bool command_ended, ended_by_us;
	int status; /* of the command, as waitpid tells it */
	struct rusage usage;
};

/* Parse the events named, or take the defaults. */
int stat_events(struct stat_run *run, struct ev_err *err);

/* Run once: -1 when it was counted, else the exit status, everything was said. */
int stat_once(struct stat_run *run);

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

int stat_output_open(struct stat_run *run, struct ev_err *err);
/* Lines above the first table. */
void stat_output_start(struct stat_run *run);
/* -errno when not everything could be written. `discard` takes a new file back. */
int stat_output_close(struct stat_run *run, bool discard, struct ev_err *err);

#endif
