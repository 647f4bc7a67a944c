/* What `evprof record` was asked to do, and the stages of doing it. */
#ifndef CMD_RECORD_H
#define CMD_RECORD_H

#include <evprof/profile.h>
#include <evprof/collect_bpf.h>
#include "control.h"
#include "events.h"
#include "options.h"
#include "record_agent.h"
#include "record_details.h"
#include "record_files.h"
#include "record_python.h"
#include "record_stacks.h"
#include "simulate.h"
#include "target.h"

#define STACK_BYTES_LIMIT 65528 /* the kernel's, for a record has at most 64 KiB */

/* Sampling is on from … to, since the recording began. */
struct record_range {
	uint64_t from_ms, to_ms;
};

struct record_options {
	struct event_options events;
	const char *output;     /* -o */
	const char *html;       /* --html */
	const char *frequency;  /* -F: a number or "max" */
	uint64_t period_events; /* -c */
	struct target_options target;
	uint64_t ring_pages_bytes; /* -m */
	bool ring_given;
	enum record_chains chains; /* -g, --call-graph */
	bool chains_given;         /* not by default */
	uint32_t stack_bytes;      /* --call-graph dwarf */
	bool user_callchains, kernel_callchains;
	bool branches;                  /* -b */
	const char *branch_kinds;       /* -j; NULL: not given */
	int compression_level;          /* -z */
	int64_t delay_ms;               /* -D: until sampling begins; -1 = it never does */
	struct record_range ranges[64]; /* -D 10-20,30-40; none = it does not end */
	size_t range_count;
	uint64_t max_size_bytes; /* --max-size, 0 = none */
	bool dry_run;
	bool no_build_ids;       /* -B */
	bool all_build_ids;      /* --buildid-all */
	uint64_t priority;       /* -r; 0: not real-time */
	bool strict_rate;        /* perf's; evprof always refuses too high a frequency */
	double duration_s;       /* --duration */
	const char *control;     /* --control */
	unsigned jitter_percent; /* --jitter; 0 = none */
	bool thread_counts;      /* -s */
	bool timestamp;          /* -T: also shown, time is always there */
	bool sample_cpu, period;
	bool no_cache;  /* -N: perf's, whose cache evprof has not */
	bool addresses; /* -d */
	struct record_details details;
	int clock_id;          /* -k; -1 = the kernel's own */
	bool bpf;              /* --bpf */
	bool no_bpf;           /* --no-bpf */
	double bpf_interval_s; /* --bpf-interval */
	bool off_cpu;          /* --off-cpu */
	bool wall;             /* --wall */
	bool wakers;           /* --wakers */
	double off_cpu_ms;     /* --off-cpu-thresh */
	bool off_cpu_ms_given;
	enum record_python_how python; /* --python */
	bool quiet, verbose;
	struct record_files_options files;
	struct simulate_options simulate;
	char *const *command; /* ends with NULL; NULL when there is none */
};

/* When sampling is switched on or off next. */
struct record_switches {
	uint64_t begin_ns, next_ns; /* next_ns 0 = no more */
	size_t range;
	bool on; /* by a switch; what begins at exec needs none */
};

/* The run of one recording: what is open. Zeroed = closed. */
struct record_run {
	const struct verb *verb;
	const struct record_options *options;
	bool finished; /* the file is whole */
	struct ev_event_list events;
	struct ev_target target;
	struct ev_workload *workload;
	struct ev_sampler_options sampling;
	struct ev_sampler *sampler;
	struct ev_bpf_counts *counts; /* of --bpf */
	bool walks;                   /* its programs follow user stacks by unwind tables */
	bool walks_more;              /* unwind tables are still to be read for them */
	bool streams;                 /* and pass samples on, they count none */
	bool streams_first;           /* from the start, without being asked to */
	struct ev_map stream_known;   /* processes, until that begins */
	EV_ARRAY(uint32_t) stream_pids;
	struct ev_decoder *walk_decoder;
	struct ev_bpf_source sources[4]; /* of records, beside the sampler's rings */
	size_t source_count;
	uint64_t began_ns; /* everything was open, and the recorder had used so much: */
	double began_cpu_s, ran_s, ran_cpu_s; /* ran: from there to the last record */
	struct ev_recording recording;
	struct ev_writer *writer;   /* NULL while memory takes all */
	struct record_files *files; /* NULL while one file takes all */
	const char *path;           /* of the file that is written, or finished */
	struct record_hot *hot;     /* with --control */
	struct ev_roots *roots;     /* file systems of the processes that were seen */
	struct ev_decoder *roots_decoder;
	struct record_stacks stacks;
	struct record_unwind *unwind;  /* between rings and writer, NULL when nothing is unwound */
	struct record_reader *reader;  /* of the rings, while stacks are unwound */
	uint64_t drained_ns, pause_ns; /* when it was last, and until there may be enough again */
	struct record_python *python;  /* NULL where no Python is followed */
	struct ev_python_told python_told; /* of its functions, in the file that is written */
	struct record_waits *waits;        /* a source beside the rings, NULL when not asked for */
	struct record_agent *agent;        /* in Python processes, NULL when there is none */
	struct control control;
	int wait_fd;               /* readable when a signal or a line of --control has come */
	bool told_to_stop;         /* by --control */
	bool stream;               /* the output is a pipe or device: it cannot be read back */
	struct ev_quality quality; /* what reading the recording back has shown */
	size_t unreadable;         /* processes whose maps could not be read */
	int status;                /* of the command, as waitpid tells it */
	bool command_ended, ended_by_us;
	struct record_switches switches;
	bool size_reached;          /* --max-size ended it */
	uint64_t jitter_state;      /* of the random numbers */
	uint64_t simulated_samples; /* of --simulate, which has no sampler */
	bool may_simulate;          /* hardware events were wanted and there are none here */
};

/* Choose the events: those named, or cycles, or what can be sampled here instead. -errno with the
 * cause and the remedy when a named one cannot be sampled. */
int record_events(struct record_run *run, struct ev_err *err);
/* Give the file what other readers take the samples of tracepoints apart with. */
int record_formats(struct record_run *run, struct ev_err *err);
/* The first part of record_open: the command waits, and the events are open on the target. */
int record_begin(struct record_run *run, struct ev_err *err);
/* The record as it goes into the file: with -B mappings have no build-ids. */
struct ev_record record_as_wished(const struct record_run *run, const struct ev_record *record);
/* Into the recording's notes: what was opened in another way than asked for. */
void record_note_openings(struct record_run *run);
/* Open, synthesize, sample until the end; what was recorded is flushed. */
int record_open(struct record_run *run, struct ev_err *err);
/* How to sample, from the options: -EINVAL for contradicting or unreadable ones. Before
 * record_open. */
int record_sampling(struct record_run *run, struct ev_err *err);
/* The text of -m, into a struct record_options; -EINVAL for what is none. */
int record_parse_ring(void *options, const char *value, struct ev_err *err);
/* The text of -D; -EINVAL for what is none. */
int record_parse_delay(void *options, const char *value, struct ev_err *err);
/* Sets run->switches as -D says, from now on. */
void record_switches_begin(struct record_run *run, uint64_t now_ns);
/* Everything that is recorded, on or off. */
int record_turn(struct record_run *run, bool on, struct ev_err *err);
/* Switches sampling on or off when it is time. */
int record_switch(struct record_run *run, uint64_t now_ns, struct ev_err *err);
bool record_is_stream(const char *output); /* a pipe or device, not a file */
/* The line to paste that simulates what cannot be sampled here; NULL where the machine has a PMU or
 * there is no command. In the arena. */
const char *record_simulate_hint(const struct record_run *run, struct ev_arena *arena);
/* All of it under the simulator: the exit status, everything was said. */
int record_simulate(struct record_run *run);
/* --jitter: its text (NULL: none), what it contradicts, whether anything can vary, and the next
 * change, after a drain. -errno with a sentence. */
int record_parse_jitter(void *options, const char *value, struct ev_err *err);
int record_jitter_check(const struct record_options *options, struct ev_err *err);
int record_jitter_begin(struct record_run *run, struct ev_err *err);
int record_jitter(struct record_run *run, struct ev_err *err);
int record_loop(struct record_run *run, struct ev_err *err);
/* From the rings and other sources to the file; `last`: nothing comes after it. */
int record_drain(struct record_run *run, bool last, struct ev_err *err);
/* Does what --control says; told_to_stop may be set. -errno with a sentence. */
int record_obey(struct record_run *run, struct ev_err *err);
/* What was sampled and lost until now, by all sources. */
void record_tally(const struct record_run *run, struct ev_sampler_tally *tally);
/* Into the notes: how much of the time that the command used its samples do not tell of. */
void record_note_untold(struct record_run *run, const struct ev_profile *profile);
/* Symbols, build-ids and header features behind the data. */
int record_finish(struct record_run *run, struct ev_err *err);
/* --html: whether the recording can become a page; and makes it of one that is finished: the exit
 * status. */
int record_page_check(const struct record_options *options, struct ev_err *err);
int record_page(const struct record_options *options);
/* The line that says what came of it and what to type next. */
void record_summary(const struct record_run *run);

/* What is read at the end is in file systems that may have gone by then, those of containers. */
void record_roots_open(struct record_run *run);
void record_roots_take(struct record_run *run, const void *bytes, size_t size_bytes);
void record_roots_close(struct record_run *run);

#endif
