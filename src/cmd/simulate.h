/* --simulate: the same command under a model of a CPU, for machines that show no PMU. What stat and
 * record share. */
#ifndef CMD_SIMULATE_H
#define CMD_SIMULATE_H

#include <evprof/collect.h>
#include "events.h"
#include "options.h"
#include "target.h"

struct simulate_options {
	bool on;                   /* --simulate */
	struct option_list caches; /* --cache */
	double own_time_s;         /* --own-time; 0 = not known */
	/* The words typed before the command, for a line that can be pasted. */
	char *const *typed;
	size_t typed_count;
};
/* Rows of a verb's table; `field` is where its options hold a struct simulate_options. */
#define SIMULATE_ROWS(type, field)                                                                 \
	OPTION_GROUP("Without a PMU"),                                                             \
		OPTION(0, "simulate", NULL, FLAG, type, field.on,                                  \
		       "count on a model of caches and branches (valgrind): ~50 times slower"),    \
		OPTION(0, "cache", "CACHES", LIST, type, field.caches,                             \
		       "its caches, as in l1d=32K,8,64,ll=8M (size, ways, line); l1i too"),        \
		OPTION(0, "own-time", "SECONDS", REAL, type, field.own_time_s,                     \
		       "what the program computes by itself, to tell how long --simulate takes")

/* Where an event stands. */
struct simulate_place {
	size_t leader;    /* of its group; its own index when alone */
	bool sample_read; /* {…}:S */
};
/* What is simulated, for whom, and the words for it. Zeroed = nothing is open. */
struct simulate_plan {
	const struct verb *verb;
	char *const *command;
	bool quiet;        /* no plan, no progress */
	double own_time_s; /* the program's user time without the simulator; 0 = not known */
	EV_ARRAY(const struct ev_simulated_event *) events;
	EV_ARRAY(struct simulate_place) places; /* of each event */
	struct ev_simulation_options how;
	struct ev_simulation *simulation;
	char model[320]; /* "callgrind 3.19.0: I1 …; D1 …; LL …", whole after simulate_read */
	char note[512];  /* what is not as the machine has it, "" when all is */
	struct ev_simulation_result result;
	int status; /* of the command, as waitpid tells it */
	uint64_t elapsed_ns;
};
/* -EINVAL for options that do not go together with --simulate. */
int simulate_check(const struct simulate_options *options, const struct target_options *target,
		   char *const *command, struct ev_err *err);
/* The events as rows of the simulation: those named, or else `defaults` (ends with NULL). -EINVAL
 * for grammar, -EOPNOTSUPP for what cannot be simulated. */
int simulate_events(struct simulate_plan *plan, const struct event_options *named,
		    const char *const *defaults, struct ev_err *err);
int simulate_caches(struct simulate_plan *plan, const struct simulate_options *options,
		    struct ev_err *err);
/* Run the command to its end and read what was counted: -1, or the exit status after everything was
 * said. plan->simulation stays open. */
int simulate_run(struct simulate_plan *plan);
uint64_t simulate_total(const struct simulate_plan *plan, size_t event);
void simulate_close(struct simulate_plan *plan); /* of one run */
void simulate_done(struct simulate_plan *plan);

/* The command line that was typed, with --simulate and without the events that cannot be: ready to
 * be pasted. NULL where there is no command. `plain` leaves the options out too, where they do not
 * go with it. `own_time_s` is what the command has just taken by itself, 0 when that is not known.
 * In the arena. */
const char *simulate_hint(const struct verb *verb, const struct simulate_options *options,
			  const struct target_options *target, const struct event_options *events,
			  bool plain, double own_time_s, char *const *command,
			  struct ev_arena *arena);

#endif
