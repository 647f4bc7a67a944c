/* collect, of Python: agents in the Python processes of a command tell what code their threads run
 * at every sample, without any privilege. */
#ifndef EVPROF_COLLECT_AGENTS_H
#define EVPROF_COLLECT_AGENTS_H

#include <evprof/collect.h>
#include <evprof/perfdata_python.h>
#include <evprof/symbol_python.h>

/* What a thread ran when a sample was taken. */
struct ev_python_moment {
	uint32_t pid, tid;
	uint64_t time_ns;       /* shortly behind the sample's */
	uint64_t took_ns;       /* so long the agent was busy with it */
	uint64_t ip, sp;        /* the same as the sample's */
	bool cut;               /* there were more frames */
	bool torn;              /* frames could not be read */
	const uint64_t *frames; /* as in struct ev_python_stack */
	size_t frame_count;
};

/* ---- the agent's words, as the process wrote them -----------------------------------------------
 */

/* Records of one process, in order, become moments. */
struct ev_python_words;
/* Lines of functions get their addresses in `functions`, which stays. */
struct ev_python_words *ev_python_words_open(uint32_t pid, enum ev_python_lines lines,
					     struct ev_python_functions *functions);
typedef void (*ev_take_python)(void *context, const struct ev_python_moment *moment);
/* Whole records. -EBADMSG for what is none: nothing that follows can be believed. */
int ev_python_words_take(struct ev_python_words *words, const void *bytes, size_t size_bytes,
			 ev_take_python take, void *context);
void ev_python_words_close(struct ev_python_words *words);

/* ---- the agents ---------------------------------------------------------------------------------
 */

struct ev_python_agents;
/* Waits for agents; the command is to have LD_PRELOAD and the variable of the agent in its
 * environment. -errno with a sentence. */
int ev_python_agents_open(struct ev_python_agents **agents, struct ev_err *err);
/* What the agent's variable says. */
const char *ev_python_agents_name(const struct ev_python_agents *agents);
/* From now on processes are answered, by a thread of its own: each gets the sampler's events (see
 * ev_sampler_follow), and moments have times of the sampler's clock. All stay as long. */
int ev_python_agents_begin(struct ev_python_agents *agents, struct ev_sampler *sampler,
			   int clock_id, struct ev_python_functions *functions, struct ev_err *err);
/* Processes in the order in which they came: false behind the last one, else *at goes on. */
bool ev_python_agents_next(struct ev_python_agents *agents, size_t *at, uint32_t *pid,
			   uint64_t *since_ns);
/* Hands over what the agents have told until now. */
void ev_python_agents_drain(struct ev_python_agents *agents, ev_take_python take, void *context);
/* Another program, or none, runs in the process from that time on. */
void ev_python_agents_over(struct ev_python_agents *agents, uint32_t pid, uint64_t time_ns);
/* A process with an agent; lives as long as the agents. */
struct ev_python_process {
	struct ev_python_runtime runtime;
	uint64_t agent_start, agent_end; /* where the agent's own code is */
};
/* The process that had an agent at that time; NULL: it had none. */
const struct ev_python_process *ev_python_agents_find(const struct ev_python_agents *agents,
						      uint32_t pid, uint64_t time_ns);
struct ev_python_agents_tally {
	uint64_t processes, refused;
	uint64_t lost;  /* moments for which there was no room */
	uint64_t late;  /* … for which another thread took too long to tell its own */
	uint32_t newer; /* as in struct ev_bpf_python_tally */
	char why[1024]; /* of the first one that was refused */
};
void ev_python_agents_tally(struct ev_python_agents *agents, struct ev_python_agents_tally *tally);
/* Nobody else is in the middle of anything while it is held: around a fork whose child asks agents
 * for what was told. Both sides let go. */
void ev_python_agents_hold(struct ev_python_agents *agents, bool on);
void ev_python_agents_close(struct ev_python_agents *agents);

#endif
