/* Where the records of a recording go: into one file, into files one after another
 * (--switch-output), or into memory until someone wants a file (--overwrite). */
#ifndef CMD_RECORD_FILES_H
#define CMD_RECORD_FILES_H

#include <evprof/perfdata_flight.h>
#include "options.h"

enum record_switch_by { RECORD_SWITCH_BY_SIGNAL, RECORD_SWITCH_BY_SIZE, RECORD_SWITCH_BY_TIME };

struct record_files_options {
	bool switches; /* --switch-output */
	bool stamped;  /* --timestamp-filename */
	enum record_switch_by by;
	uint64_t switch_bytes, switch_ns;
	uint64_t most; /* --switch-max-files, 0 = all are kept */
	bool most_given;
	bool overwrite;               /* --overwrite */
	uint64_t keep_ns, keep_bytes; /* --keep; 0 = not given */
	const char *when;             /* --snapshot-when */
	const char *switch_event;     /* --switch-output-event */
};
#define RECORD_FILES_ROWS(type, field)                                                             \
	{ .name = "switch-output",                                                                 \
	  .value = "signal|SIZE|TIME",                                                             \
	  .value_is_optional = true,                                                               \
	  .kind = OPTION_CALL,                                                                     \
	  .parse = record_parse_switch,                                                            \
	  .help = "go on in a new file on SIGUSR2 (signal, also when nothing is said), when it "   \
		  "has that size (10M) or after that time (30s, 5m); each is complete, and "       \
		  "called FILE.<timestamp>" },                                                     \
		{ .name = "switch-max-files",                                                      \
		  .value = "N",                                                                    \
		  .kind = OPTION_CALL,                                                             \
		  .parse = record_parse_most,                                                      \
		  .help = "keep the last N of these files" },                                      \
		OPTION(0, "switch-output-event", "EVENT", TEXT, type, field.switch_event,          \
		       "go on in a new file whenever this event has happened (looked at once a "   \
		       "second)"),                                                                 \
		OPTION(0, "overwrite", NULL, FLAG, type, field.overwrite,                          \
		       "keep the last while in memory, and write it on SIGUSR2, on the command "   \
		       "snapshot of --control, when --snapshot-when says so, and at the end"),     \
		OPTION_TO(0, "keep", "TIME|SIZE[,…]", record_parse_keep,                           \
			  "how much --overwrite keeps: a time, and a size of packed memory "       \
			  "(60s,64M)"),                                                            \
		OPTION(0, "snapshot-when", "CONDITION", TEXT, type, field.when,                    \
		       "write what is kept when this becomes true: cpu>90%, rss>500M, "            \
		       "EVENT>10k/s, comm==NAME, with && and ||; implies --overwrite")

struct record_run;
struct record_files; /* NULL while one file takes all */

int record_parse_switch(void *options, const char *value, struct ev_err *err);
int record_parse_most(void *options, const char *value, struct ev_err *err);
int record_parse_keep(void *options, const char *value, struct ev_err *err);

/* -EINVAL with a sentence for what does not go together; else files are prepared where they are
 * asked for. Before anything is opened. */
int record_files_plan(struct record_run *run, struct ev_err *err);
/* A file at this path; run->writer. */
int record_writer_open(struct record_run *run, const char *path, struct ev_err *err);
/* Events and target are open, and so is what the condition looks at; the first file, too, unless
 * memory takes all. */
int record_files_open(struct record_run *run, struct ev_err *err);

/* Whole records on their way, in the layout of the file. */
int record_put(struct record_run *run, const void *bytes, size_t size_bytes, struct ev_err *err);
int record_put_record(struct record_run *run, const struct ev_record *record, struct ev_err *err);

/* Someone wants a file now, `acks` of --control wait for it. False where there is one file only. */
bool record_files_want(struct record_run *run, const char *why, unsigned acks);
/* All sources were read once: looks whether it is time for a file, and makes one. */
int record_files_round(struct record_run *run, uint64_t now_ns, struct ev_err *err);
/* When it is to be called again at the latest; 0 = whenever. */
uint64_t record_files_next_ns(const struct record_run *run);
/* Nothing more comes: the last file is there, for record_finish to finish. */
int record_files_last(struct record_run *run, struct ev_err *err);

/* Of the file that is finished now: its samples, and what it says of itself. */
uint64_t record_files_samples(const struct record_run *run, uint64_t all);
void record_files_note(struct record_run *run);
/* Bytes in all files, lines of the status, and what the user should know at the end. */
uint64_t record_files_bytes(const struct record_run *run);
void record_files_status(const struct record_run *run, struct ev_buffer *text);
void record_files_tell(const struct record_run *run);
void record_files_close(struct record_run *run);

#endif
