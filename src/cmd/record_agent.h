/* Python frames without privileges: agents in the Python processes of a command, beside the
 * recorder's samples. */
#ifndef CMD_RECORD_AGENT_H
#define CMD_RECORD_AGENT_H

#include <evprof/collect_agents.h>

struct record_options;
struct record_run;
struct record_unwind;
struct record_agent;

enum record_python { RECORD_PYTHON_AUTO, RECORD_PYTHON_AGENT, RECORD_PYTHON_OFF };

/* --python. */
int record_parse_python(void *options, const char *value, struct ev_err *err);
/* Is a Python program to be recorded, as far as its command tells? */
bool record_command_is_python(char *const *command);

/* May an agent be wanted? Then times are to be those of a clock that programs can read. */
bool record_agent_may(const struct record_options *options);
/* What agents want of the sampler, before it is opened. Nothing where no agent is wanted, or none
 * can be had: then the reason is a note, or with --python agent an error. */
int record_agent_plan(struct record_run *run, struct ev_err *err);
/* What the command finds in its environment, for as long as it is started. */
void record_agent_lend(struct record_run *run, bool on);
/* The sampler is open: processes are answered from now on. */
int record_agent_open(struct record_run *run, struct ev_err *err);

/* Reads what agents have told, and tells the file of new processes; after the rings were read. */
int record_agent_round(struct record_agent *agent, struct record_unwind *unwind,
		       struct ev_err *err);
/* A record that may end a program. */
void record_agent_see(struct record_agent *agent, const struct ev_record *record);
enum record_agent_wants {
	RECORD_AGENT_KEEP,  /* as it is */
	RECORD_AGENT_DROP,  /* the same was sampled in the process itself */
	RECORD_AGENT_MERGE, /* `stack` is what ran */
	RECORD_AGENT_WAIT,  /* that was not told yet */
};
/* What is to be done with a sample of an event; `last`: nothing more will be told. */
enum record_agent_wants record_agent_judge(struct record_agent *agent,
					   const struct ev_record *record,
					   const struct perf_event_attr *attr, bool last,
					   struct ev_python_stack *stack);
void record_agent_merged(struct record_agent *agent, const struct ev_python_merged *how);
/* Samples that were taken twice. */
uint64_t record_agent_dropped(const struct record_run *run);
/* For the file and for the user. */
void record_agent_note(struct record_run *run);
void record_agent_close(struct record_run *run);

#endif
