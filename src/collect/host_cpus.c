/* Which CPUs share a socket, a die, a core, a cache -> the sections of a recording's header. */
#include <stdlib.h>
#include <string.h>
#include "host.h"

#define CPU_FOLDER "%s/sys/devices/system/cpu"
enum { CACHES_PER_CPU = 16 };

/* ---- sockets, dies, cores ----------------------------------------------------------------------
 */

/* The different texts that the CPUs have in a file of their topology folder (under its older name
 * where it has no newer), counted. */
static uint32_t add_siblings(const char *root, uint32_t cpus, const char *file, const char *old,
			     struct ev_buffer *out)
{
	char line[EV_HOST_TEXT_BYTES];
	struct ev_strings *lists = ev_strings_open();
	uint32_t before = ev_strings_count(lists);
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		if (ev_host_line(line, CPU_FOLDER "/cpu%u/topology/%s", root, cpu, file) ||
		    (old && ev_host_line(line, CPU_FOLDER "/cpu%u/topology/%s", root, cpu, old)))
			ev_strings_add_text(lists, line);
	uint32_t count = ev_strings_count(lists) - before;
	ev_buffer_u32(out, count);
	for (uint32_t i = 0; i < count; i++)
		ev_host_add_text(out, ev_strings_text(lists, before + i));
	ev_strings_close(lists);
	return count;
}

/* A number of a CPU's topology; all ones for a CPU that is offline, as perf says it. */
static void add_id(const char *root, uint32_t cpu, const char *file, struct ev_buffer *out)
{
	uint64_t id;
	bool found = ev_host_number(&id, CPU_FOLDER "/cpu%u/topology/%s", root, cpu, file);
	ev_buffer_u32(out, found ? (uint32_t)id : UINT32_MAX);
}

bool ev_host_cpu_topology(const char *root, uint32_t cpus, struct ev_buffer *out)
{
	size_t before = out->size_bytes;
	if (!add_siblings(root, cpus, "core_siblings_list", "package_cpus_list", out) ||
	    !add_siblings(root, cpus, "core_cpus_list", "thread_siblings_list", out)) {
		out->size_bytes = before;
		return false;
	}
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		add_id(root, cpu, "core_id", out);
		add_id(root, cpu, "physical_package_id", out);
	}
	/* A count of no dies and the CPUs' ids stand here even where the kernel tells of no dies:
	 * records of a stream are padded, and readers would take the padding for that count. */
	add_siblings(root, cpus, "die_cpus_list", NULL, out);
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		add_id(root, cpu, "die_id", out);
	return true;
}

/* ---- caches ------------------------------------------------------------------------------------
 */

struct host_cache {
	uint32_t level;
	size_t order; /* in which it was met */
	uint32_t line_bytes, sets, ways;
	char type[32], size[32], *cpus;
};
struct host_caches {
	struct host_cache *items;
	size_t count, room;
	struct ev_strings *known;
};

static int by_level(const void *one, const void *other)
{
	const struct host_cache *a = one, *b = other;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool cache_number(const char *folder, const char *file, uint32_t *number)
{
	uint64_t value;
	if (!ev_host_number(&value, "%s/%s", folder, file) || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

/* The cache of a folder, once for all CPUs that share it. False when there is no such folder. */
static bool add_cache(struct host_caches *caches, const char *folder)
{
	char cpus[EV_HOST_TEXT_BYTES], type[EV_HOST_TEXT_BYTES], size[EV_HOST_TEXT_BYTES];
	struct host_cache cache = { .order = caches->count };
	if (!cache_number(folder, "level", &cache.level))
		return false;
	if (!ev_host_line(cpus, "%s/shared_cpu_list", folder) ||
	    !ev_host_line(type, "%s/type", folder) || strlen(type) >= sizeof(cache.type))
		return true;
	char *name = ev_printf("%u %s %s", cache.level, type, cpus);
	uint32_t before = ev_strings_count(caches->known);
	ev_strings_add_text(caches->known, name);
	free(name);
	if (ev_strings_count(caches->known) == before)
		return true;
	/* Virtual machines may leave some of these out: then nothing is known worth telling. */
	if (!cache_number(folder, "coherency_line_size", &cache.line_bytes) ||
	    !cache_number(folder, "number_of_sets", &cache.sets) ||
	    !cache_number(folder, "ways_of_associativity", &cache.ways) ||
	    !ev_host_line(size, "%s/size", folder) || strlen(size) >= sizeof(cache.size))
		return true;
	strcpy(cache.type, type);
	strcpy(cache.size, size);
	cache.cpus = ev_strdup(cpus);
	*ev_array_add(caches) = cache;
	return true;
}

bool ev_host_caches(const char *root, uint32_t cpus, struct ev_buffer *out)
{
	enum { VERSION = 1 };
	struct host_caches caches = { .known = ev_strings_open() };
	char folder[256];
	for (uint32_t cpu = 0; cpu < cpus; cpu++)
		for (unsigned index = 0; index < CACHES_PER_CPU; index++) {
			snprintf(folder, sizeof(folder), CPU_FOLDER "/cpu%u/cache/index%u", root,
				 cpu, index);
			if (!add_cache(&caches, folder))
				break;
		}
	bool any = caches.count;
	if (any) {
		qsort(caches.items, caches.count, sizeof(*caches.items), by_level);
		ev_buffer_u32(out, VERSION);
		ev_buffer_u32(out, (uint32_t)caches.count);
	}
	for (size_t i = 0; i < caches.count; i++) {
		struct host_cache *cache = &caches.items[i];
		ev_buffer_u32(out, cache->level);
		ev_buffer_u32(out, cache->line_bytes);
		ev_buffer_u32(out, cache->sets);
		ev_buffer_u32(out, cache->ways);
		ev_host_add_text(out, cache->type);
		ev_host_add_text(out, cache->size);
		ev_host_add_text(out, cache->cpus);
		free(cache->cpus);
	}
	ev_array_done(&caches);
	ev_strings_close(caches.known);
	return any;
}
