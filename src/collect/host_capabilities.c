/* What the counting units of this machine can do, and which cores they serve -> the sections of a
 * recording's header. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"

#define PMU_FOLDER "%s/sys/bus/event_source/devices"
enum { NAMES_MAX = 4096 };

struct names {
	char **items;
	size_t count, room;
};

static int compare_names(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* What is in a folder, in the order of the alphabet; nothing when it can't be read. */
static struct names list(const char *path)
{
	struct names names = { 0 };
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && names.count < NAMES_MAX && (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			*ev_array_add(&names) = ev_strdup(entry->d_name);
	if (folder)
		closedir(folder);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), compare_names);
	return names;
}

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	ev_array_done(names);
}

/* u32 count, then texts of name and value of each; how many there are. */
static uint32_t add_capabilities(const char *root, const char *pmu, struct ev_buffer *out)
{
	char path[512], value[EV_HOST_TEXT_BYTES];
	size_t count_at = out->size_bytes;
	uint32_t count = 0;
	snprintf(path, sizeof(path), PMU_FOLDER "/%s/caps", root, pmu);
	struct names names = list(path);
	ev_buffer_u32(out, count);
	for (size_t i = 0; i < names.count; i++) {
		if (!ev_host_line(value, "%s/%s", path, names.items[i]))
			continue;
		ev_host_add_text(out, names.items[i]);
		ev_host_add_text(out, value);
		count++;
	}
	memcpy(out->bytes + count_at, &count, sizeof(count));
	names_done(&names);
	return count;
}

bool ev_host_cpu_capabilities(const char *root, struct ev_buffer *out)
{
	size_t before = out->size_bytes;
	if (add_capabilities(root, "cpu", out))
		return true;
	out->size_bytes = before;
	return false;
}

/* u32 count, then capabilities and text of the name of each that has some; "cpu" stands in a
 * section of its own. */
bool ev_host_pmu_capabilities(const char *root, struct ev_buffer *out)
{
	char path[512];
	size_t count_at = out->size_bytes;
	uint32_t count = 0;
	snprintf(path, sizeof(path), PMU_FOLDER, root);
	struct names pmus = list(path);
	ev_buffer_u32(out, count);
	for (size_t i = 0; i < pmus.count; i++) {
		size_t before = out->size_bytes;
		if (!strcmp(pmus.items[i], "cpu") || !add_capabilities(root, pmus.items[i], out)) {
			out->size_bytes = before;
			continue;
		}
		ev_host_add_text(out, pmus.items[i]);
		count++;
	}
	memcpy(out->bytes + count_at, &count, sizeof(count));
	if (!count)
		out->size_bytes = count_at;
	names_done(&pmus);
	return count;
}

/* u32 count, then texts of the name and the CPUs of each kind of core. */
bool ev_host_hybrid_topology(const char *root, struct ev_buffer *out)
{
	char path[512], cpus[EV_HOST_TEXT_BYTES];
	size_t before = out->size_bytes;
	uint32_t count = 0;
	snprintf(path, sizeof(path), PMU_FOLDER, root);
	struct names pmus = list(path);
	ev_buffer_u32(out, count);
	for (size_t i = 0; i < pmus.count; i++) {
		if (strncmp(pmus.items[i], "cpu_", 4) ||
		    !ev_host_line(cpus, "%s/%s/cpus", path, pmus.items[i]))
			continue;
		ev_host_add_text(out, pmus.items[i]);
		ev_host_add_text(out, cpus);
		count++;
	}
	memcpy(out->bytes + before, &count, sizeof(count));
	if (!count)
		out->size_bytes = before;
	names_done(&pmus);
	return count;
}
