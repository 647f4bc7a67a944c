/* Names that every kernel knows (hardware, software, and those evprof measures itself) become attr
 * type and config, and back. */
#include <stdio.h>
#include <string.h>
#include "names.h"

#define HARDWARE(config, name, aliases, about)                                                     \
	{                                                                                          \
		EV_GROUP_HARDWARE, name, aliases, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##config,      \
			about                                                                      \
	}
#define SOFTWARE(config, name, aliases, about)                                                     \
	{                                                                                          \
		EV_GROUP_SOFTWARE, name, aliases, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##config,      \
			about                                                                      \
	}
#define TOOL(tool, name, about)                                                                    \
	{                                                                                          \
		EV_GROUP_TOOL, name, "", 0, EV_TOOL_##tool, about                                  \
	}

static const struct ev_generic generics[] = {
	HARDWARE(CPU_CYCLES, "cycles", "cpu-cycles",
		 "clock cycles the CPU spent running, at whatever frequency it had"),
	HARDWARE(INSTRUCTIONS, "instructions", "", "instructions completed"),
	HARDWARE(CACHE_REFERENCES, "cache-references", "",
		 "accesses that reached the last-level cache (what exactly counts depends on the "
		 "CPU)"),
	HARDWARE(CACHE_MISSES, "cache-misses", "",
		 "accesses the last-level cache could not answer, so that memory had to"),
	HARDWARE(BRANCH_INSTRUCTIONS, "branches", "branch-instructions",
		 "jumps, calls and returns completed"),
	HARDWARE(BRANCH_MISSES, "branch-misses", "", "branches whose way was predicted wrongly"),
	HARDWARE(BUS_CYCLES, "bus-cycles", "", "cycles of the bus or of another slower clock"),
	HARDWARE(STALLED_CYCLES_FRONTEND, "stalled-cycles-frontend", "idle-cycles-frontend",
		 "cycles in which no instruction could be fetched or decoded"),
	HARDWARE(STALLED_CYCLES_BACKEND, "stalled-cycles-backend", "idle-cycles-backend",
		 "cycles in which instructions waited for data or execution units"),
	HARDWARE(REF_CPU_CYCLES, "ref-cycles", "",
		 "cycles counted at a fixed frequency, whatever the CPU's own was"),

	SOFTWARE(ALIGNMENT_FAULTS, "alignment-faults", "",
		 "misaligned accesses that the kernel had to repair (never on x86)"),
	SOFTWARE(BPF_OUTPUT, "bpf-output", "", "records written by BPF programs"),
	SOFTWARE(CGROUP_SWITCHES, "cgroup-switches", "",
		 "switches of a CPU to a task of another cgroup"),
	SOFTWARE(CONTEXT_SWITCHES, "context-switches", "cs",
		 "switches of a CPU from one thread to another"),
	SOFTWARE(CPU_CLOCK, "cpu-clock", "",
		 "time on the CPU, in nanoseconds, by a timer per CPU; sampled without any PMU"),
	SOFTWARE(CPU_MIGRATIONS, "cpu-migrations", "migrations",
		 "moves of a thread to another CPU"),
	SOFTWARE(DUMMY, "dummy", "", "counts nothing; carries mmap, comm and task records"),
	SOFTWARE(EMULATION_FAULTS, "emulation-faults", "",
		 "instructions the kernel had to emulate"),
	SOFTWARE(PAGE_FAULTS_MAJ, "major-faults", "",
		 "page faults that had to wait for a disk or other device"),
	SOFTWARE(PAGE_FAULTS_MIN, "minor-faults", "", "page faults answered from memory"),
	SOFTWARE(PAGE_FAULTS, "page-faults", "faults",
		 "first uses of pages, minor and major together"),
	SOFTWARE(TASK_CLOCK, "task-clock", "", "time the task ran on a CPU, in nanoseconds"),

	TOOL(DURATION, "duration_time", "wall time, in nanoseconds; measured by evprof itself"),
	TOOL(USER, "user_time", "CPU time in user code, in nanoseconds; measured by evprof itself"),
	TOOL(SYSTEM, "system_time",
	     "CPU time in the kernel, in nanoseconds; measured by evprof itself"),
};

const struct ev_generic *ev_generic_at(size_t i)
{
	return i < EV_LENGTH(generics) ? &generics[i] : NULL;
}

/* Is `name` one of the words in `words`? */
static bool among(struct ev_span name, const char *words)
{
	while (*words) {
		size_t length = strcspn(words, " ");
		char word[32];
		snprintf(word, sizeof(word), "%.*s", (int)length, words);
		if (ev_span_alike(name, word))
			return true;
		words += length + (words[length] == ' ');
	}
	return false;
}

const struct ev_generic *ev_generic_find(struct ev_span name)
{
	for (size_t i = 0; i < EV_LENGTH(generics); i++)
		if (ev_span_alike(name, generics[i].name) || among(name, generics[i].aliases))
			return &generics[i];
	return NULL;
}

const struct ev_generic *ev_generic_of(uint32_t type, uint64_t config)
{
	for (size_t i = 0; i < EV_LENGTH(generics); i++)
		if (generics[i].group != EV_GROUP_TOOL && generics[i].type == type &&
		    generics[i].config == config)
			return &generics[i];
	return NULL;
}
