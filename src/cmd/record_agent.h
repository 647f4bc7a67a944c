/* Python frames without privileges: agents in the Python processes of a command, beside the
 * recorder's samples. */
#ifndef CMD_RECORD_AGENT_H
#define CMD_RECORD_AGENT_H

#include <evprof/collect_agents.h>

struct record_run;
struct record_unwind;
struct record_agent;

/* Where the library is that Python programs load: NULL, or why they cannot. */
const char *record_agent_library(char *path, size_t size_bytes);
/* What agents want of the sampler, before it is opened. Where none can be had the reason is a note,
 * or where they were asked for an error. not_in_kernel: why no program reads the frames, or NULL.
 */
int record_agent_plan(struct record_run *run, bool asked, const char *not_in_kernel,
		      struct ev_err *err);
/* What the command finds in its environment, for as long as it is started. */
void record_agent_lend(struct record_run *run, bool on);
/* The sampler is open: processes are answered from now on. */
int record_agent_open(struct record_run *run, struct ev_err *err);

/* Reads what agents have told, and tells the file of new processes; after the rings were read. */
int record_agent_round(struct record_agent *agent, struct record_unwind *unwind,
		       struct ev_err *err);
/* A record that is no sample: it may end a program. */
void record_agent_know(struct record_agent *agent, const struct ev_record *record);
/* In the misc of a sample that has waited: it is what was sampled in the process. */
#define RECORD_AGENT_AGAIN (1 << 10)
enum record_agent_wants {
	RECORD_AGENT_KEEP,
	RECORD_AGENT_DROP, /* the same was sampled in the process itself */
	RECORD_AGENT_WAIT, /* what ran then was not told yet */
};
/* What is to be done with a sample of an event, as it came; `last`: nothing more will be told. */
enum record_agent_wants record_agent_judge(struct record_agent *agent, struct ev_record *record,
					   const struct perf_event_attr *attr, bool last);
/* Of the sample that was judged last: its chain becomes the merged one, which lives until the next.
 * `spaces` knows what is mapped; `complete`: it goes to where the thread began. True, for it is no
 * longer what the ring had. */
bool record_agent_merge(struct record_agent *agent, const struct ev_space_set *spaces,
			struct ev_record *record, bool complete);
/* Samples that were taken twice. */
uint64_t record_agent_dropped(const struct record_run *run);
/* Around a fork, on both sides of it. */
void record_agent_hold(const struct record_agent *agent, bool on);
/* The mapping of Python in each process comes once more. */
void record_agent_remap(struct record_agent *agent);
/* Those that agents told of; NULL without agents. */
struct ev_python_functions *record_agent_functions(const struct record_agent *agent);
/* For the file and for the user. */
void record_agent_note(struct record_run *run);
void record_agent_close(struct record_run *run);

#endif
