/* record --python: samples of Python programs get the functions and lines that they run. */
#ifndef CMD_RECORD_PYTHON_H
#define CMD_RECORD_PYTHON_H

#include <evprof/symbol_python.h>

struct ev_bpf_python;
struct ev_record;
struct ev_space_cache;
struct ev_space_set;
struct ev_writer;
struct record_python; /* NULL where no Python is followed */
struct record_run;

/* Of its major and minor number. */
#define RECORD_PYTHON_NEWER                                                                        \
	"Python %u.%u is newer than what is known (" EV_PYTHON_VERSIONS                            \
	"): it is read by what it publishes about itself"

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
/* For who counts or follows samples and reads the frames of each by itself: the programs that read
 * them, NULL where no Python is followed. */
struct ev_bpf_python *record_python_programs(const struct record_python *python);
/* Those have taken the events that they take: the rest is this one's. */
void record_python_beside(struct record_run *run);
/* A record that is no sample, in the order of the rings. */
void record_python_know(struct record_python *python, const struct ev_record *record);
/* Samples on their way to the file: the chain of one of a Python thread becomes the merged one,
 * which lives until the next. `spaces` knows what is mapped. True when there was something to
 * change. */
bool record_python_merge(struct record_python *python, const struct ev_space_set *spaces,
			 struct ev_record *record);
/* Whose addresses are asked for, while a sample is merged. */
struct record_python_place {
	const struct ev_space_set *spaces;
	struct ev_space_cache *cache;
	const struct ev_record *record;
};
/* For struct ev_python_stack: is it in memory that is no file's? The context is such a place. */
bool record_python_generated(void *context, uint64_t address);
/* Does a sample have Python frames already? Then they were merged as it was counted or followed. */
bool record_python_has(struct record_python *python, const struct ev_record *record);
/* The mapping that the sample needs now; false when it has one. */
bool record_python_mapping(struct record_python *python, const struct ev_record *record,
			   struct ev_record *mapping);
/* For who shows samples as they come: the table, which labels its functions from here on, before
 * the first of them; NULL where no Python is followed. */
struct ev_python_functions *record_python_live(const struct record_run *run);
/* Who has forgotten what is mapped wants it once more. */
void record_python_remap(struct record_run *run);
/* What came into the table of functions since the last time goes into the file that is written, so
 * that it has the names of what is in it at each flush. */
int record_python_grow(struct record_run *run, struct ev_err *err);
/* A file begins: all of it is new. */
int record_python_begin_file(struct record_run *run, struct ev_err *err);
/* The table of functions goes into the recording, and what its reader should know. */
void record_python_finish(struct record_run *run);
/* What the user should know. */
void record_python_tell(const struct record_run *run);
void record_python_close(struct record_run *run);

#endif
