/* Memory nodes and counting units of this machine -> the sections of a recording's header. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"
#include "machine.h"

#define NODE_FOLDER "%s/sys/devices/system/node"
enum { LARGEST_BLOCK = 1 << 22, PMUS_MAX = 65536 };

/* ---- memory ------------------------------------------------------------------------------------
 */

static bool list_nodes(const char *root, uint32_t **nodes, size_t *count)
{
	char path[512];
	snprintf(path, sizeof(path), NODE_FOLDER "/online", root);
	return ev_host_list(path, nodes, count);
}

static bool node_kb(const char *meminfo, uint32_t node, const char *what, uint64_t *kb)
{
	char name[64], field[64];
	snprintf(name, sizeof(name), "Node %u %s", node, what);
	if (!ev_proc_field(meminfo, name, field, sizeof(field)))
		return false;
	*kb = strtoull(field, NULL, 10);
	return true;
}

static bool add_node(const char *root, uint32_t node, struct ev_buffer *out)
{
	char text[EV_HOST_TEXT_BYTES];
	uint64_t total_kb, free_kb;
	if (!ev_host_text(text, NODE_FOLDER "/node%u/meminfo", root, node) ||
	    !node_kb(text, node, "MemTotal", &total_kb) ||
	    !node_kb(text, node, "MemFree", &free_kb) ||
	    !ev_host_line(text, NODE_FOLDER "/node%u/cpulist", root, node))
		return false;
	ev_buffer_u32(out, node);
	ev_buffer_u64(out, total_kb);
	ev_buffer_u64(out, free_kb);
	ev_host_add_text(out, text);
	return true;
}

bool ev_host_numa_topology(const char *root, struct ev_buffer *out)
{
	size_t before = out->size_bytes, count;
	uint32_t *nodes;
	if (!list_nodes(root, &nodes, &count))
		return false;
	ev_buffer_u32(out, (uint32_t)count);
	bool complete = true;
	for (size_t i = 0; i < count && complete; i++)
		complete = add_node(root, nodes[i], out);
	if (!complete)
		out->size_bytes = before;
	free(nodes);
	return complete;
}

/* Which blocks of memory a node has, as bits; their number goes in front of them twice. */
static bool add_blocks(const char *root, uint32_t node, struct ev_buffer *out)
{
	char path[512];
	EV_ARRAY(uint64_t) words = { 0 };
	uint64_t block, bits = 0;
	snprintf(path, sizeof(path), NODE_FOLDER "/node%u", root, node);
	DIR *folder = opendir(path);
	if (!folder)
		return false;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (strncmp(entry->d_name, "memory", 6) ||
		    ev_parse_u64(entry->d_name + 6, &block) || block > LARGEST_BLOCK)
			continue;
		while (words.count <= block / 64)
			*ev_array_add(&words) = 0;
		words.items[block / 64] |= UINT64_C(1) << block % 64;
		bits = block >= bits ? block + 1 : bits;
	}
	closedir(folder);
	ev_buffer_u64(out, node);
	ev_buffer_u64(out, bits);
	ev_buffer_u64(out, bits);
	ev_buffer_add(out, words.items, words.count * sizeof(*words.items));
	ev_array_done(&words);
	return bits;
}

bool ev_host_mem_topology(const char *root, struct ev_buffer *out)
{
	enum { VERSION = 1 };
	char line[EV_HOST_TEXT_BYTES], *end;
	size_t before = out->size_bytes, count;
	uint32_t *nodes;
	if (!ev_host_line(line, "%s/sys/devices/system/memory/block_size_bytes", root))
		return false;
	uint64_t block_bytes = strtoull(line, &end, 16); /* without 0x */
	if (*end || !block_bytes || !list_nodes(root, &nodes, &count))
		return false;
	ev_buffer_u64(out, VERSION);
	ev_buffer_u64(out, block_bytes);
	size_t told_at = out->size_bytes;
	uint64_t told = 0;
	ev_buffer_u64(out, told);
	for (size_t i = 0; i < count; i++) {
		size_t node_at = out->size_bytes;
		if (add_blocks(root, nodes[i], out))
			told++;
		else
			out->size_bytes = node_at;
	}
	memcpy(out->bytes + told_at, &told, sizeof(told));
	if (!told)
		out->size_bytes = before;
	free(nodes);
	return told;
}

/* ---- counting units ----------------------------------------------------------------------------
 */

bool ev_host_pmu_mappings(const char *root, struct ev_buffer *out)
{
	char path[512];
	size_t before = out->size_bytes;
	uint32_t count = 0;
	snprintf(path, sizeof(path), "%s/sys/bus/event_source/devices", root);
	DIR *folder = opendir(path);
	if (!folder)
		return false;
	ev_buffer_u32(out, count);
	for (struct dirent *entry; count < PMUS_MAX && (entry = readdir(folder));) {
		uint64_t type;
		if (entry->d_name[0] == '.' ||
		    !ev_host_number(&type, "%s/%s/type", path, entry->d_name) || type > UINT32_MAX)
			continue;
		ev_buffer_u32(out, (uint32_t)type);
		ev_host_add_text(out, entry->d_name);
		count++;
	}
	closedir(folder);
	memcpy(out->bytes + before, &count, sizeof(count));
	if (!count)
		out->size_bytes = before;
	return count;
}

/* ---- all --------------------------------------------------------------------------------------
 */

void ev_host_sections(struct ev_recording *recording, const char *root)
{
	static const struct {
		unsigned number;
		bool (*by_cpu)(const char *root, uint32_t cpus, struct ev_buffer *out);
		bool (*of_machine)(const char *root, struct ev_buffer *out);
	} sections[] = {
		{ EV_FEATURE_CPU_TOPOLOGY, ev_host_cpu_topology, NULL },
		{ EV_FEATURE_NUMA_TOPOLOGY, NULL, ev_host_numa_topology },
		{ EV_FEATURE_PMU_MAPPINGS, NULL, ev_host_pmu_mappings },
		{ EV_FEATURE_CACHE, ev_host_caches, NULL },
		{ EV_FEATURE_MEM_TOPOLOGY, NULL, ev_host_mem_topology },
		{ EV_FEATURE_CPU_PMU_CAPS, NULL, ev_host_cpu_capabilities },
		{ EV_FEATURE_HYBRID_TOPOLOGY, NULL, ev_host_hybrid_topology },
		{ EV_FEATURE_PMU_CAPS, NULL, ev_host_pmu_capabilities },
	};
	struct ev_buffer out = { 0 };
	for (size_t i = 0; i < EV_LENGTH(sections); i++) {
		out.size_bytes = 0;
		if (sections[i].by_cpu ? sections[i].by_cpu(root, recording->cpus_available, &out)
				       : sections[i].of_machine(root, &out))
			ev_recording_set_section(recording, sections[i].number, out.bytes,
						 out.size_bytes);
	}
	ev_buffer_done(&out);
}
