/* What sysfs tells of a CPU becomes the ids by which counts of CPUs are added up: one table says
 * what there is to add up by. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"

#define CPU_FOLDER "%s/sys/devices/system/cpu/cpu%u"
enum { LARGEST_CPU = 65535, CACHES_PER_CPU = 16 };

#define PART(prefix_, field_)                                                                      \
	{                                                                                          \
		.prefix = prefix_, .offset = offsetof(struct ev_cpu_place, field_)                 \
	}

/* Ids, and their columns, are perf's. */
const struct ev_aggregation ev_aggregations[] = {
	[EV_BY_CPU] = { "cpu", 10, false, { PART("CPU", cpu) } },
	[EV_BY_CORE] = { "core",
			 15,
			 true,
			 { PART("S", socket), PART("-D", die), PART("-C", core) } },
	[EV_BY_CLUSTER] = { "cluster",
			    15,
			    true,
			    { PART("S", socket), PART("-D", die), PART("-CLS", cluster) } },
	[EV_BY_CACHE] = { "cache",
			  15,
			  true,
			  { PART("S", socket), PART("-D", die), PART("-L", cache_level),
			    PART("-ID", cache) } },
	[EV_BY_DIE] = { "die", 12, true, { PART("S", socket), PART("-D", die) } },
	[EV_BY_SOCKET] = { "socket", 6, true, { PART("S", socket) } },
	[EV_BY_NODE] = { "node", 6, true, { PART("N", node) } },
};
const size_t ev_aggregation_count = EV_LENGTH(ev_aggregations);

/* ---- one CPU ----------------------------------------------------------------------------------
 */

static int32_t topology_number(const char *root, uint32_t cpu, const char *file, int32_t without)
{
	uint64_t value;
	bool found = ev_host_number(&value, CPU_FOLDER "/topology/%s", root, cpu, file);
	return found && value <= INT32_MAX ? (int32_t)value : without;
}

/* The folder of a CPU has a link "node3". */
static int32_t node_of(const char *root, uint32_t cpu)
{
	char path[512];
	uint64_t node = 0;
	snprintf(path, sizeof(path), CPU_FOLDER, root, cpu);
	DIR *folder = opendir(path);
	if (!folder)
		return 0;
	for (struct dirent *entry; (entry = readdir(folder));)
		if (!strncmp(entry->d_name, "node", 4) && !ev_parse_u64(entry->d_name + 4, &node) &&
		    node <= INT32_MAX)
			break;
		else
			node = 0;
	closedir(folder);
	return (int32_t)node;
}

/* The cache of the highest level, by the first CPU that shares it. */
static void find_last_cache(const char *root, struct ev_cpu_place *place)
{
	char list[EV_HOST_TEXT_BYTES];
	uint64_t level;
	for (unsigned index = 0; index < CACHES_PER_CPU; index++) {
		uint32_t *cpus;
		size_t count;
		if (!ev_host_number(&level, CPU_FOLDER "/cache/index%u/level", root, place->cpu,
				    index))
			break;
		if (level > 16 || (int32_t)level <= place->cache_level ||
		    !ev_host_line(list, CPU_FOLDER "/cache/index%u/shared_cpu_list", root,
				  place->cpu, index) ||
		    ev_parse_ranges(list, LARGEST_CPU, &cpus, &count))
			continue;
		if (count) {
			place->cache_level = (int32_t)level;
			place->cache = (int32_t)cpus[0];
		}
		free(cpus);
	}
}

struct ev_cpu_place ev_cpu_place(const char *root, uint32_t cpu)
{
	struct ev_cpu_place place = { .cpu = cpu, .cache = (int32_t)cpu };
	place.socket = topology_number(root, cpu, "physical_package_id", -1);
	place.die = topology_number(root, cpu, "die_id", 0);
	place.cluster = topology_number(root, cpu, "cluster_id", 0);
	place.core = topology_number(root, cpu, "core_id", -1);
	place.node = node_of(root, cpu);
	find_last_cache(root, &place);
	return place;
}

/* ---- ids --------------------------------------------------------------------------------------
 */

static int32_t part_of(const struct ev_aggregation *by, size_t part,
		       const struct ev_cpu_place *place)
{
	int32_t value;
	memcpy(&value, (const char *)place + by->parts[part].offset, sizeof(value));
	return value;
}

char *ev_aggregation_id(const struct ev_aggregation *by, const struct ev_cpu_place *place,
			char *out, size_t size_bytes)
{
	size_t used = 0;
	*out = 0;
	for (size_t i = 0; i < EV_LENGTH(by->parts) && by->parts[i].prefix && used < size_bytes;
	     i++)
		used += (size_t)snprintf(out + used, size_bytes - used, "%s%d", by->parts[i].prefix,
					 part_of(by, i, place));
	return out;
}

int ev_aggregation_compare(const struct ev_aggregation *by, const struct ev_cpu_place *one,
			   const struct ev_cpu_place *other)
{
	for (size_t i = 0; i < EV_LENGTH(by->parts) && by->parts[i].prefix; i++) {
		int32_t a = part_of(by, i, one), b = part_of(by, i, other);
		if (a != b)
			return a < b ? -1 : 1;
	}
	return 0;
}
