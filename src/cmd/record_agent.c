/* Samples that were taken in Python processes, and what their agents told of the same moments ->
 * samples whose chains have Python's functions in them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "record.h"
#include "record_agent.h"
#include "record_agent_moments.h"
#include "record_agent_sites.h"
#include "record_unwind.h"

#define LIBRARY "libevprof-python.so"
#define VARIABLE "EVPROF_PYTHON"
/* Before Linux 6.0 a signal of an event ends a program that has blocked it. */
#define OLDEST_LINUX 6
/* A thread that was sampled may have to wait for a processor before it can tell. */
#define WAIT_NS 1000000000u

enum { CHAIN_LIMIT = 8192 };

/* Why a sample in a Python process has no frames of Python. */
enum without {
	WITHOUT_NOTHING,
	WITHOUT_SIGNAL, /* the thread told nothing after it */
	WITHOUT_PLACE,  /* what it told next was of another place: the signal came late */
	RECORD_WITHOUT_COUNT,
};

struct record_agent {
	struct ev_python_agents *agents;
	struct ev_python_functions *functions;
	char library[4096];
	char *before; /* LD_PRELOAD of evprof itself, or NULL */
	int clock_id;
	int stack_register;
	size_t told; /* processes whose mapping is in the file */
	struct record_moments moments;
	/* Samples. */
	uint64_t merged, outside, own, dropped;
	uint64_t missing[RECORD_WITHOUT_COUNT]; /* by enum without, but those that are outside */
	enum without without;                   /* of the sample that was judged last */
	uint64_t behind;                        /* frames without a place of their own */
	/* Threads' last samples of events that share them. */
	struct shared {
		uint32_t tid;
		int event;
		uint64_t time_ns;
	} shared[256];
	struct record_python_place place;
	struct ev_python_stack stack; /* of the sample that was judged last; empty: none is known */
	struct record_sites sites;
	uint64_t native[CHAIN_LIMIT], chain[CHAIN_LIMIT];
};

/* ---- before it begins ---------------------------------------------------------------------------
 */

static bool find_library(char *path, size_t size_bytes)
{
	static const char *const places[] = { LIBRARY, "../lib/evprof/" LIBRARY };
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[length > 0 ? length : 0] = 0;
	char *name = strrchr(self, '/');
	if (!name)
		return false;
	name[1] = 0;
	for (size_t i = 0; i < EV_LENGTH(places); i++) {
		int written = snprintf(path, size_bytes, "%s%s", self, places[i]);
		if ((size_t)written < size_bytes && !access(path, R_OK))
			return true;
	}
	return false;
}

const char *record_agent_library(char *path, size_t size_bytes)
{
	if (!find_library(path, size_bytes))
		return LIBRARY " is not beside evprof nor in ../lib/evprof";
	if (strpbrk(path, " :"))
		return "the loader takes no blanks and colons in the path of " LIBRARY;
	return NULL;
}

static bool is_new_enough(void)
{
	struct utsname machine;
	return !uname(&machine) && strtoul(machine.release, NULL, 10) >= OLDEST_LINUX;
}

/* Why agents can not be had; NULL: they can. */
static const char *absence(const struct record_run *run, char *library, size_t size_bytes)
{
	const struct record_options *options = run->options;
	if (!options->command || run->target.kind != EV_TARGET_COMMAND)
		return "an agent can only be given to a command";
	if (options->bpf || options->off_cpu || options->wall)
		return "an agent tells of samples that are taken in the program, not in the kernel";
	if (run->sampling.steered)
		return "how often is sampled must stay as it is for an agent (no --control, no "
		       "--jitter)";
	if (!is_new_enough())
		return "an agent needs Linux 6.0";
	return record_agent_library(library, size_bytes);
}

int record_agent_plan(struct record_run *run, bool asked, const char *not_in_kernel,
		      struct ev_err *err)
{
	struct record_agent *agent;
	agent = ev_alloc(sizeof(*agent));
	const char *why = absence(run, agent->library, sizeof(agent->library));
	int rc = why ? -EOPNOTSUPP : ev_python_agents_open(&agent->agents, err);
	if (rc) {
		free(agent);
		if (asked)
			return why ? ev_fail(err, EOPNOTSUPP, "Python: native frames only: %s", why)
				   : rc;
		ev_recording_add_note(&run->recording, "fallback",
				      "Python: native frames only: %s%s%s", why ? why : err->text,
				      not_in_kernel ? "; and not read in the kernel: " : "",
				      not_in_kernel ? not_in_kernel : "");
		return 0;
	}
	run->agent = agent;
	run->sampling.identified = true;
	if (run->sampling.clock_id < 0)
		run->sampling.clock_id = CLOCK_MONOTONIC;
	agent->clock_id = run->sampling.clock_id;
	agent->stack_register = ev_unwind_stack_register();
	agent->functions = ev_python_functions_open();
	agent->place.cache = ev_alloc(sizeof(*agent->place.cache));
	return 0;
}

void record_agent_lend(struct record_run *run, bool on)
{
	struct record_agent *agent = run->agent;
	struct ev_buffer text = { 0 };
	if (!agent)
		return;
	if (!on) {
		unsetenv(VARIABLE);
		if (agent->before)
			setenv("LD_PRELOAD", agent->before, 1);
		else
			unsetenv("LD_PRELOAD");
		return;
	}
	const char *before = getenv("LD_PRELOAD");
	agent->before = before ? ev_strdup(before) : NULL;
	ev_buffer_printf(&text, "%s%s%s", agent->library, before ? ":" : "", before ? before : "");
	ev_buffer_u8(&text, 0);
	setenv("LD_PRELOAD", (char *)text.bytes, 1);
	setenv(VARIABLE, ev_python_agents_name(agent->agents), 1);
	ev_buffer_done(&text);
}

int record_agent_open(struct record_run *run, struct ev_err *err)
{
	struct record_agent *agent = run->agent;
	if (!agent)
		return 0;
	return ev_python_agents_begin(agent->agents, run->sampler, agent->clock_id,
				      agent->functions, err);
}

/* ---- while it runs ------------------------------------------------------------------------------
 */

static uint64_t now_of(const struct record_agent *agent)
{
	struct timespec now;
	clock_gettime(agent->clock_id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int record_agent_round(struct record_agent *agent, struct record_unwind *unwind, struct ev_err *err)
{
	uint64_t since_ns;
	uint32_t pid;
	int rc = 0;
	if (!agent)
		return 0;
	record_moments_turn(&agent->moments, now_of(agent), WAIT_NS);
	while (!rc && ev_python_agents_next(agent->agents, &agent->told, &pid, &since_ns)) {
		struct ev_record mapping;
		ev_python_mapping(&mapping, pid, pid, since_ns);
		rc = record_unwind_told(unwind, &mapping, err);
	}
	ev_python_agents_drain(agent->agents, record_moments_keep, &agent->moments);
	record_moments_sort(&agent->moments);
	return rc;
}

void record_agent_know(struct record_agent *agent, const struct ev_record *record)
{
	if (record->type == PERF_RECORD_COMM && record->misc & PERF_RECORD_MISC_COMM_EXEC)
		ev_python_agents_over(agent->agents, record->comm.pid, record->time_ns);
	/* The number is another process's from here on. */
	if (record->type == PERF_RECORD_FORK && record->task.pid != record->task.parent_pid)
		ev_python_agents_over(agent->agents, record->task.pid, record->time_ns);
}

/* Nothing was done between the two: the same instruction, and the same stack. */
static bool is_same(const struct record_agent *agent, const struct ev_record *record,
		    const struct perf_event_attr *attr, const struct record_moment *moment)
{
	const struct ev_sample *sample = &record->sample;
	uint64_t mask = sample->user_regs_mask;
	int stack = agent->stack_register;
	if (record->pid != moment->pid || (!attr->precise_ip && sample->ip != moment->ip))
		return false;
	if (stack < 0 || sample->user_regs_abi == PERF_SAMPLE_REGS_ABI_NONE || !(mask >> stack & 1))
		return true;
	int at = __builtin_popcountll(mask & (((uint64_t)1 << stack) - 1));
	return sample->user_regs[at] == moment->sp;
}

static bool is_user(const struct ev_record *record)
{
	return (record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_USER;
}

/* The agent's work is not the program's. */
static bool is_own(const struct record_agent *agent, const struct ev_record *record,
		   const struct ev_python_process *process)
{
	uint64_t ip = record->sample.ip, time_ns = record->time_ns;
	const struct record_moment *before =
		record_moments_before(&agent->moments, record->tid, time_ns);
	return (ip >= process->agent_start && ip < process->agent_end) ||
	       (before && time_ns - before->time_ns <= before->took_ns);
}

/* False when it is not there yet; agent->without when there will be none. */
static bool find_stack(struct record_agent *agent, const struct ev_record *record,
		       const struct perf_event_attr *attr, bool last)
{
	const uint64_t *frames;
	const struct record_moment *moment =
		record_moments_from(&agent->moments, record->tid, record->time_ns, &frames);
	if (!moment && !last && now_of(agent) < record->time_ns + WAIT_NS)
		return false;
	agent->without = !moment ? WITHOUT_SIGNAL : WITHOUT_NOTHING;
	if (moment && !is_same(agent, record, attr, moment))
		agent->without = WITHOUT_PLACE;
	if (agent->without)
		return true;
	agent->stack.frames = frames;
	agent->stack.count = moment->count;
	agent->stack.complete = moment->complete;
	return true;
}

/* Two software events that count the same things in a thread (not the clocks) share one sample in
 * the kernel, so that the second one has the id of the first, whichever that is. True for the
 * second one. */
static bool is_second(struct record_agent *agent, const struct ev_record *record)
{
	struct shared *last = &agent->shared[record->tid % EV_LENGTH(agent->shared)];
	bool same = last->tid == record->tid && last->time_ns == record->time_ns &&
		    last->event == record->event;
	*last = (struct shared){ record->tid, record->event, record->time_ns };
	return same;
}

static bool shares(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE && attr->config != PERF_COUNT_SW_CPU_CLOCK &&
	       attr->config != PERF_COUNT_SW_TASK_CLOCK;
}

enum record_agent_wants record_agent_judge(struct record_agent *agent, struct ev_record *record,
					   const struct perf_event_attr *attr, bool last)
{
	bool again = record->misc & RECORD_AGENT_AGAIN;
	bool followed = again || record->misc & EV_MISC_FOLLOWED;
	const struct ev_python_process *process =
		ev_python_agents_find(agent->agents, record->pid, record->time_ns);
	agent->stack = (struct ev_python_stack){ 0 };
	agent->without = WITHOUT_NOTHING;
	record->misc &= (uint16_t) ~(EV_MISC_FOLLOWED | RECORD_AGENT_AGAIN);
	if (!followed && (!process || !is_user(record) || !ev_attr_may_follow(attr)))
		return RECORD_AGENT_KEEP;
	if (process && !again && shares(attr))
		followed = !is_second(agent, record);
	bool own = followed && process && is_own(agent, record, process);
	agent->own += own;
	if (!followed || !process || own) {
		agent->dropped++;
		return RECORD_AGENT_DROP;
	}
	if (!find_stack(agent, record, attr, last))
		return RECORD_AGENT_WAIT;
	agent->missing[agent->without] += agent->without != WITHOUT_NOTHING;
	agent->outside += !agent->without && !agent->stack.count;
	agent->merged += !agent->without && agent->stack.count;
	agent->stack.ranges = process->runtime.ranges;
	agent->stack.range_count = process->runtime.range_count;
	return RECORD_AGENT_KEEP;
}

/* A thread that begins or ends blocks all signals, and runs no Python: then nothing is missing. */
static void look_whether_outside(struct record_agent *agent, const struct ev_sample *sample,
				 bool complete)
{
	bool outside = complete && sample->chain_count && agent->without;
	for (size_t i = 0; i < sample->chain_count && outside; i++)
		outside = !record_sites_have(&agent->stack, sample->chain[i]);
	if (!outside)
		return;
	agent->missing[agent->without]--;
	agent->outside++;
}

bool record_agent_merge(struct record_agent *agent, const struct ev_space_set *spaces,
			struct ev_record *record, bool complete)
{
	struct ev_sample *sample = &record->sample;
	struct ev_python_merged how;
	look_whether_outside(agent, sample, complete);
	if (!agent->stack.count)
		return true;
	uint64_t ip = sample->ip;
	agent->place.spaces = spaces;
	agent->place.record = record;
	agent->stack.generated = record_python_generated;
	agent->stack.context = &agent->place;
	size_t count = sample->chain_count < CHAIN_LIMIT ? sample->chain_count : CHAIN_LIMIT;
	if (count)
		memcpy(agent->native, sample->chain, count * sizeof(*agent->native));
	record_sites_apply(&agent->sites, record->pid, &agent->stack, agent->native, count);
	if (count > 1 && sample->chain[1] == ip)
		ip = agent->native[1];
	ev_python_place(&agent->stack, ip, &sample->ip);
	if (!count)
		return true;
	sample->chain_count = ev_python_merge(&agent->stack, agent->native, count, agent->chain,
					      CHAIN_LIMIT, &how);
	sample->chain = agent->chain;
	agent->behind += how.behind > 0;
	return true;
}

uint64_t record_agent_dropped(const struct record_run *run)
{
	return run->agent ? run->agent->dropped : 0;
}

/* ---- at its end ---------------------------------------------------------------------------------
 */

static void describe_missing(const uint64_t *missing, const struct ev_python_agents_tally *tally,
			     struct ev_buffer *text)
{
	if (missing[WITHOUT_SIGNAL])
		ev_buffer_printf(text,
				 "; of %" PRIu64 " nothing was told: the signal (SIGTRAP) was "
				 "blocked until the thread ended",
				 missing[WITHOUT_SIGNAL]);
	if (missing[WITHOUT_PLACE])
		ev_buffer_printf(text,
				 "; of %" PRIu64 " it was told too late: the signal (SIGTRAP) was "
				 "blocked",
				 missing[WITHOUT_PLACE]);
	if (tally->lost)
		ev_buffer_printf(text, "; %" PRIu64 " times there was no room to tell",
				 tally->lost);
	if (tally->late)
		ev_buffer_printf(text, "; %" PRIu64 " times another thread was telling",
				 tally->late);
}

static void describe(const struct record_agent *agent, struct ev_buffer *text)
{
	struct ev_python_agents_tally tally;
	const uint64_t *missing = agent->missing;
	uint64_t all = agent->merged + missing[WITHOUT_SIGNAL] + missing[WITHOUT_PLACE];
	ev_python_agents_tally(agent->agents, &tally);
	if (!tally.processes && !tally.refused)
		ev_buffer_printf(text, "none: no program that ran was Python");
	else
		ev_buffer_printf(text, "frames by an agent in %" PRIu64 " process%s",
				 tally.processes, tally.processes == 1 ? "" : "es");
	if (all)
		ev_buffer_printf(text, ", for %.1f%% of %" PRIu64 " samples there",
				 100.0 * (double)agent->merged / (double)all, all);
	if (agent->outside)
		ev_buffer_printf(text, "; %" PRIu64 " more were not in Python", agent->outside);
	describe_missing(missing, &tally, text);
	if (agent->own)
		ev_buffer_printf(text, "; %" PRIu64 " of the agent's own work are left out",
				 agent->own);
	if (tally.refused)
		ev_buffer_printf(text, "; %" PRIu64 " process%s without: %s", tally.refused,
				 tally.refused == 1 ? "" : "es", tally.why);
	if (tally.newer)
		ev_buffer_printf(text, "; " RECORD_PYTHON_NEWER, tally.newer >> 24,
				 tally.newer >> 16 & 255);
	ev_buffer_u8(text, 0);
}

struct ev_python_functions *record_agent_functions(const struct record_agent *agent)
{
	return agent ? agent->functions : NULL;
}

void record_agent_hold(const struct record_agent *agent, bool on)
{
	if (agent)
		ev_python_agents_hold(agent->agents, on);
}

void record_agent_remap(struct record_agent *agent)
{
	if (agent)
		agent->told = 0;
}

void record_agent_note(struct record_run *run)
{
	struct record_agent *agent = run->agent;
	struct ev_buffer text = { 0 };
	if (!agent)
		return;
	describe(agent, &text);
	ev_recording_add_note(&run->recording, EV_NOTE_PYTHON, "%s", (char *)text.bytes);
	if (!run->options->quiet)
		fprintf(stderr, "[ evprof record: Python: %s ]\n", (char *)text.bytes);
	text.size_bytes = 0;
	ev_python_functions_encode(agent->functions, &text);
	ev_recording_set_section(&run->recording, EV_FEATURE_EVPROF_PYTHON, text.bytes,
				 text.size_bytes);
	ev_buffer_done(&text);
}

void record_agent_close(struct record_run *run)
{
	struct record_agent *agent = run->agent;
	if (!agent)
		return;
	ev_python_agents_close(agent->agents);
	ev_python_functions_close(agent->functions);
	record_moments_done(&agent->moments);
	record_sites_done(&agent->sites);
	free(agent->place.cache);
	free(agent->before);
	free(agent);
	run->agent = NULL;
}
