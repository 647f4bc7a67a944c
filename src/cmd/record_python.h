/* record --python: samples of Python programs get the functions and lines that they run. */
#ifndef CMD_RECORD_PYTHON_H
#define CMD_RECORD_PYTHON_H

#include <evprof/base.h>

struct ev_record;
struct ev_space_set;
struct ev_writer;
struct record_python; /* NULL where no Python is followed */
struct record_run;

enum record_python_how {
	RECORD_PYTHON_AUTO, /* where what is sampled is Python */
	RECORD_PYTHON_OFF,
	RECORD_PYTHON_MERGED,
	RECORD_PYTHON_AGENT, /* never in the kernel */
};
/* The text of --python. */
int record_python_parse(void *options, const char *value, struct ev_err *err);
/* Is what is to be sampled Python, or asked to be taken for it? */
bool record_python_wanted(const struct record_run *run);
/* Is Python to be followed, and how: before the events are opened, which it wants something of.
 * -errno with a sentence when it was asked for and can't be. */
int record_python_plan(struct record_run *run, struct ev_err *err);
/* The sampler is open. */
int record_python_open(struct record_run *run, struct ev_err *err);
/* A record that is no sample, in the order of the rings. */
void record_python_know(struct record_python *python, const struct ev_record *record);
/* Samples on their way to the file: the chain of one of a Python thread becomes the merged one,
 * which lives until the next. `spaces` knows what is mapped. True when there was something to
 * change. */
bool record_python_merge(struct record_python *python, const struct ev_space_set *spaces,
			 struct ev_record *record);
/* The mapping that the sample needs now; false when it has one. */
bool record_python_mapping(struct record_python *python, const struct ev_record *record,
			   struct ev_record *mapping);
/* The table of functions goes into the recording, and what its reader should know. */
void record_python_finish(struct record_run *run);
/* What the user should know. */
void record_python_tell(const struct record_run *run);
void record_python_close(struct record_run *run);

#endif
