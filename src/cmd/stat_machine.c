/* The kernel's accounting of each CPU (/proc/stat) becomes what the CPUs that are watched did. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "stat.h"

/* Ticks of one CPU, in the order of its line; guests are in user and nice already. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMNS };

static bool is_watched(const struct ev_target *target, uint64_t cpu)
{
	for (size_t i = 0; i < target->cpu_count; i++) {
		if (target->cpus[i] == cpu)
			return true;
	}
	return !target->cpu_count;
}

/* "cpu12 1 2 3 …": false for every other line. Kernels before 2.6.11 have fewer columns. */
static bool parse_line(const char *line, uint64_t *cpu, uint64_t ticks[COLUMNS])
{
	char *at;
	if (strncmp(line, "cpu", 3) || line[3] < '0' || line[3] > '9')
		return false;
	*cpu = strtoull(line + 3, &at, 10);
	for (size_t i = 0; i < COLUMNS; i++)
		ticks[i] = *at == ' ' ? strtoull(at, &at, 10) : 0;
	return true;
}

static void add_cpu(struct ev_stat_machine *machine, const uint64_t ticks[COLUMNS], double tick_s)
{
	machine->user_s += (double)(ticks[USER] + ticks[NICE]) * tick_s;
	machine->sys_s += (double)(ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ]) * tick_s;
	machine->idle_s += (double)ticks[IDLE] * tick_s;
	machine->disk_s += (double)ticks[IOWAIT] * tick_s;
	machine->stolen_s += (double)ticks[STEAL] * tick_s;
	machine->cpus++;
}

struct ev_stat_machine stat_machine_now(const struct ev_target *target)
{
	struct ev_stat_machine machine = { 0 };
	char *text, *rest;
	size_t size_bytes;
	long hz = sysconf(_SC_CLK_TCK);
	if (hz <= 0 || ev_file_read("/proc/stat", &text, &size_bytes))
		return machine;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		uint64_t cpu, ticks[COLUMNS];
		if (parse_line(line, &cpu, ticks) && is_watched(target, cpu))
			add_cpu(&machine, ticks, 1.0 / (double)hz);
	}
	free(text);
	return machine;
}

/* The kernel's figures of waiting for disks are known to go back at times. */
static void add(double *sum, double before, double after)
{
	*sum += after > before ? after - before : 0;
}

void stat_machine_add(struct ev_stat_machine *sum, const struct ev_stat_machine *before,
		      const struct ev_stat_machine *after)
{
	/* A CPU that came or went would bring all that it ever did. */
	if (!before->cpus || before->cpus != after->cpus)
		return;
	add(&sum->user_s, before->user_s, after->user_s);
	add(&sum->sys_s, before->sys_s, after->sys_s);
	add(&sum->idle_s, before->idle_s, after->idle_s);
	add(&sum->disk_s, before->disk_s, after->disk_s);
	add(&sum->stolen_s, before->stolen_s, after->stolen_s);
	sum->cpus = after->cpus;
}
