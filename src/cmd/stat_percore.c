/* The core that a CPU belongs to, for events with the term percore: all its threads are one row. */
#include <stdlib.h>
#include "stat.h"

#define TOPOLOGY "/sys/devices/system/cpu/cpu%d/topology/"

static int64_t number_of(int cpu, const char *name)
{
	char path[128];
	int64_t number;
	snprintf(path, sizeof(path), TOPOLOGY "%s", cpu, name);
	return ev_file_number(path, &number) || number < 0 ? 0 : number;
}

/* The first CPU of the list of threads of its core. */
static int first_thread(int cpu)
{
	char path[128], *text;
	snprintf(path, sizeof(path), TOPOLOGY "thread_siblings_list", cpu);
	if (ev_file_read(path, &text, NULL))
		return cpu;
	char *end;
	long first = strtol(text, &end, 10);
	bool sound = end != text && first >= 0 && first <= cpu;
	free(text);
	return sound ? (int)first : cpu;
}

int stat_percore_cpu(int cpu, char *name, size_t size_bytes)
{
	snprintf(name, size_bytes, "S%lld-D%lld-C%lld",
		 (long long)number_of(cpu, "physical_package_id"),
		 (long long)number_of(cpu, "die_id"), (long long)number_of(cpu, "core_id"));
	return first_thread(cpu);
}
