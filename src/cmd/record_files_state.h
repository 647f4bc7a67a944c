/* What is known of the files of one recording. */
#ifndef CMD_RECORD_FILES_STATE_H
#define CMD_RECORD_FILES_STATE_H

#include <sys/types.h>
#include "record_files.h"

struct record_options;
struct record_run;
struct record_trigger;

struct record_files {
	bool memory;  /* records are kept there */
	bool stamped; /* also the last file is called after the time */
	uint64_t keep_ns, keep_bytes;
	uint64_t most;    /* files kept, 0 = all */
	uint64_t hold_ns; /* samples may be told so much later than they were taken */
	struct ev_standing *standing;
	struct ev_history *history; /* with `memory` */
	struct record_trigger *trigger;
	uint64_t next_ns; /* when the next file is due, 0 = not by time */
	/* Someone wants a file: why, and how many wait for an answer. */
	bool wanted;
	char why[200];
	unsigned acks;
	/* Of the file that is written, or of what was in memory. */
	uint64_t samples, from_ns, to_ns, dropped_samples;
	uint64_t written_bytes; /* in files that are finished */
	size_t number;          /* files begun */
	EV_ARRAY(char *) names; /* of those kept, oldest first */
	/* A process of its own finishes a file: 0 = none. */
	pid_t finisher;
	uint64_t mark;  /* of the history that it writes */
	double spent_s; /* CPU time of those that have ended */
};

int record_files_check(const struct record_options *options, struct ev_err *err);

/* record_files_finish.c. The next name, FILE.<timestamp>: free() it. */
char *record_files_name(const struct record_run *run);
/* A process of its own writes what is in memory, names what was sampled, and answers; `name` is
 * handed over. Where none can be started, the file stays as it is, and the user is told. */
void record_files_begin_finishing(struct record_run *run, char *name);
/* Did it end? With `wait`, it has. */
int record_files_reap(struct record_run *run, bool wait, struct ev_err *err);
int record_files_write_history(struct record_run *run, struct ev_err *err);
void record_files_purge(struct record_files *files);
/* Answers those who wait: "ack", or why not. */
void record_files_ack(struct record_run *run, const char *trouble);

#endif
