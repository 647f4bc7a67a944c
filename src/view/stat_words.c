/* User time, system time, elapsed time, faults and switches become one sentence: was it computing,
 * in the kernel, waiting, or short of memory? */
#include <string.h>
#include "stat.h"

/* Reading one page back from a fast disk; with slower ones the conclusion only gets stronger. */
#define FAULT_S 100e-6
/* The kernel tells user from system time by ticks; below a few of them the split is chance. */
#define SPLIT_LEAST_S 0.02

struct shares {
	double user, kernel, waiting; /* of the time in which the program could have computed */
	double cpus;                  /* busy on average */
};

/* The time a program can use is at least the elapsed time; when it kept more than one CPU busy, it
 * is what it used: nobody can know how many more it would have liked. */
static struct shares shares_of(double user_s, double sys_s, double elapsed_s)
{
	double used_s = user_s + sys_s;
	double whole_s = used_s > elapsed_s ? used_s : elapsed_s;
	return (struct shares){ user_s / whole_s, sys_s / whole_s, 1 - used_s / whole_s,
				used_s / elapsed_s };
}

/* The time of which user and system time are known. */
static double usage_of(const struct ev_stat *stat)
{
	return stat->usage_s > 0 ? stat->usage_s : stat->elapsed_s;
}

static bool is_short_of_memory(const struct ev_stat *stat, const struct shares *shares)
{
	double waiting_s = shares->waiting * usage_of(stat);
	return shares->waiting > 0.1 && stat->major_faults >= 50 &&
	       (double)stat->major_faults * FAULT_S > 0.1 * waiting_s;
}

/* It was hardly ever the program's own wish to leave the CPU. */
static bool waits_for_cpu(const struct ev_stat *stat)
{
	return stat->involuntary_switches > 10 * (stat->voluntary_switches + 1);
}

static const char *verdict(const struct ev_stat *stat, const struct shares *shares, bool split)
{
	if (is_short_of_memory(stat, shares))
		return "Short of memory, or reading its files for the first time";
	if (shares->waiting > 0.5)
		return waits_for_cpu(stat) ? "Mostly waiting, for a CPU that others used"
					   : "Mostly waiting";
	if (!split)
		return "Mostly on the CPU";
	if (shares->kernel > 0.5)
		return "Mostly in the kernel";
	if (shares->user > 0.5)
		return "Mostly computing";
	return "A mixture";
}

static char *attached_words(const struct ev_stat *stat, struct ev_arena *arena)
{
	double cpu_s = 0;
	bool attached = !strncmp(stat->target, "process", 7) || !strncmp(stat->target, "thread", 6);
	for (size_t i = 0; attached && i < stat->row_count; i++) {
		const struct ev_stat_row *row = &stat->rows[i];
		if (row->is_time && row->state == EV_COUNTED &&
		    !strncmp(row->event, "task-clock", 10))
			cpu_s += row->value / 1e9;
	}
	if (cpu_s <= 0)
		return NULL;
	struct shares shares = shares_of(cpu_s, 0, stat->elapsed_s);
	char percent[64], cpus[64];
	return ev_arena_printf(arena,
			       "Mostly %s: on a CPU for %s %% of the time (%s CPUs used of %u).",
			       shares.waiting > 0.5 ? "waiting" : "on the CPU",
			       ev_format_fixed(percent, sizeof(percent), 100 * (1 - shares.waiting),
					       0),
			       ev_format_fixed(cpus, sizeof(cpus), shares.cpus, 2), stat->cpus);
}

static const char *machine_verdict(double user, double kernel, double idle, double disk)
{
	if (idle + disk > 0.5)
		return disk > idle ? "Mostly waiting for disks" : "Mostly idle";
	if (kernel > 0.5)
		return "Mostly in the kernel";
	return user > 0.5 ? "Mostly computing" : "A mixture";
}

static char *machine_words(const struct ev_stat *stat, struct ev_arena *arena)
{
	const struct ev_stat_machine *machine = &stat->machine;
	double busy_s = machine->user_s + machine->sys_s;
	double whole_s = busy_s + machine->idle_s + machine->disk_s + machine->stolen_s;
	if (whole_s < SPLIT_LEAST_S)
		return ev_arena_printf(arena,
				       "Too short to tell what the CPUs did: their times are added "
				       "up in steps of 10 ms.");
	double user = machine->user_s / whole_s, kernel = machine->sys_s / whole_s;
	double idle = machine->idle_s / whole_s, disk = machine->disk_s / whole_s;
	char texts[4][64], cpus[64], elapsed[64], stolen[96] = "";
	ev_format_fixed(texts[0], sizeof(texts[0]), 100 * user, 0);
	ev_format_fixed(texts[1], sizeof(texts[1]), 100 * kernel, 0);
	ev_format_fixed(texts[2], sizeof(texts[2]), 100 * idle, 0);
	ev_format_fixed(texts[3], sizeof(texts[3]), 100 * disk, 0);
	ev_format_fixed(cpus, sizeof(cpus), busy_s / whole_s * machine->cpus, 2);
	ev_format_fixed(elapsed, sizeof(elapsed), stat->elapsed_s, 3);
	if (machine->stolen_s >= 0.005 * whole_s) {
		char text[64];
		ev_format_fixed(text, sizeof(text), 100 * machine->stolen_s / whole_s, 0);
		snprintf(stolen, sizeof(stolen), ", %s %% taken by the host", text);
	}
	return ev_arena_printf(arena,
			       "%s: the CPUs were %s %% in user code, %s %% in the kernel, %s %% "
			       "idle, %s %% waiting for disks%s (%s of %u CPUs used for %s s).",
			       machine_verdict(user, kernel, idle, disk), texts[0], texts[1],
			       texts[2], texts[3], stolen, cpus, machine->cpus, elapsed);
}

char *ev_stat_words(const struct ev_stat *stat, struct ev_arena *arena)
{
	double whole_s = usage_of(stat);
	if (!(whole_s > 0))
		return NULL;
	if (stat->machine.cpus)
		return machine_words(stat, arena);
	if (stat->user_s < 0 || stat->sys_s < 0)
		return attached_words(stat, arena);
	struct shares shares = shares_of(stat->user_s, stat->sys_s, whole_s);
	bool split = stat->user_s + stat->sys_s >= SPLIT_LEAST_S;
	char user[64], kernel[64], waiting[64], cpus[64], elapsed[64], where[160];
	ev_format_fixed(user, sizeof(user), 100 * shares.user, 0);
	ev_format_fixed(kernel, sizeof(kernel), 100 * shares.kernel, 0);
	ev_format_fixed(waiting, sizeof(waiting), 100 * shares.waiting, 0);
	ev_format_fixed(cpus, sizeof(cpus), shares.cpus, 2);
	ev_format_fixed(elapsed, sizeof(elapsed), whole_s, 3);
	if (split)
		snprintf(where, sizeof(where), "%s %% in user code, %s %% in the kernel", user,
			 kernel);
	else
		snprintf(where, sizeof(where),
			 "%s %% computing or in the kernel (too short to tell)",
			 ev_format_fixed(user, sizeof(user), 100 * (shares.user + shares.kernel),
					 0));
	return ev_arena_printf(arena,
			       "%s: %s, %s %% waiting%s (%s of %u CPUs used for %s s%s; major "
			       "faults %llu, waits %llu, preemptions %llu).%s",
			       verdict(stat, &shares, split), where, waiting,
			       shares.waiting > 0.1 && waits_for_cpu(stat) ? " for a CPU" : "",
			       cpus, stat->cpus, elapsed,
			       stat->usage_s > 0 ? " with the delay" : "",
			       (unsigned long long)stat->major_faults,
			       (unsigned long long)stat->voluntary_switches,
			       (unsigned long long)stat->involuntary_switches,
			       shares.waiting > 0.5 && !waits_for_cpu(stat)
				       ? " For what: evprof record --off-cpu."
				       : "");
}
