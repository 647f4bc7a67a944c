/* /proc/kallsyms and /proc/modules become the mappings of the kernel and its modules. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "synthesize.h"

#define KERNEL_PID ((uint32_t)-1)

bool ev_kernel_extent_add(struct ev_kernel_extent *extent, const char *line)
{
	static const struct {
		const char *name;
		bool is_end;
	} marks[] = { { "_text", false }, { "_stext", false }, { "_etext", true } };
	char *end;
	uint64_t address = strtoull(line, &end, 16);
	/* "ffffffff81000000 T _text"; addresses are 0 for who may not see the kernel. */
	if (!address || *end != ' ' || !end[1] || end[2] != ' ' || end[3] != '_')
		return false;
	size_t length = strcspn(end + 3, "\n\t ");
	for (size_t i = 0; i < EV_LENGTH(marks); i++) {
		uint64_t *value = marks[i].is_end ? &extent->end : &extent->start;
		if (!*value && strlen(marks[i].name) == length &&
		    !strncmp(end + 3, marks[i].name, length))
			*value = address;
	}
	if (extent->start && extent->code_bytes && !extent->end)
		extent->end = extent->start + extent->code_bytes;
	return extent->start && extent->end > extent->start;
}

/* "  01000000-022090c7 : Kernel code" tells the size without the walk through all symbols. */
static uint64_t kernel_code_bytes(void)
{
	char *text;
	uint64_t from, to, bytes = 0;
	if (ev_file_read("/proc/iomem", &text, NULL))
		return 0;
	const char *line = strstr(text, " : Kernel code");
	while (line && line > text && line[-1] != '\n')
		line--;
	if (line && sscanf(line, " %" SCNx64 "-%" SCNx64, &from, &to) == 2 && to > from)
		bytes = to - from + 1;
	free(text);
	return bytes;
}

static bool find_extent(struct ev_kernel_extent *extent)
{
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	FILE *symbols = fopen("/proc/kallsyms", "re");
	if (!symbols)
		return false;
	extent->code_bytes = kernel_code_bytes();
	while (!found && getline(&line, &room, symbols) > 0) {
		found = ev_kernel_extent_add(extent, line);
	}
	free(line);
	fclose(symbols);
	return found;
}

bool ev_module_parse(const char *line, char name[64], uint64_t *size_bytes, uint64_t *address)
{
	char found[64];
	return sscanf(line, "%63s %" SCNu64 " %*s %*s %*s %" SCNx64, found, size_bytes, address) ==
		       3 &&
	       *address && *size_bytes && snprintf(name, 64, "%s", found) > 0;
}

static uint8_t build_id_of_notes(const char *path, uint8_t id[20])
{
	char *notes;
	size_t size_bytes;
	if (ev_file_read(path, &notes, &size_bytes))
		return 0;
	size_t length = ev_build_id_of_notes(notes, size_bytes, id);
	free(notes);
	return (uint8_t)length;
}

static int give_mapping(struct ev_synthesis *synthesis, uint64_t start, uint64_t length,
			uint64_t offset, const char *path, const char *notes, struct ev_err *err)
{
	struct ev_record record = {
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_KERNEL,
		.event = 0,
		.mmap = { .pid = KERNEL_PID,
			  .start = start,
			  .length = length,
			  .file_offset = offset,
			  .prot = 5 /* read, execute */,
			  .executable = true,
			  .path = path },
	};
	struct ev_mmap *mmap = &record.mmap;
	record.pid = KERNEL_PID;
	mmap->build_id_bytes = build_id_of_notes(notes, mmap->build_id);
	if (mmap->build_id_bytes)
		record.misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
	else
		record.type = PERF_RECORD_MMAP;
	return synthesis->take(synthesis->context, &record, err);
}

static int synthesize_modules(struct ev_synthesis *synthesis, struct ev_err *err)
{
	char *modules, name[64], path[80], notes[128];
	uint64_t size_bytes, address;
	int rc = 0;
	if (ev_file_read("/proc/modules", &modules, NULL))
		return 0;
	for (const char *line = modules; line && *line && !rc;) {
		if (ev_module_parse(line, name, &size_bytes, &address)) {
			snprintf(path, sizeof(path), "[%s]", name);
			snprintf(notes, sizeof(notes), "/sys/module/%s/notes/.note.gnu.build-id",
				 name);
			rc = give_mapping(synthesis, address, size_bytes, 0, path, notes, err);
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
	free(modules);
	return rc;
}

int ev_synthesize_kernel(struct ev_synthesis *synthesis, struct ev_err *err)
{
	struct ev_kernel_extent extent = { 0 };
	int rc = 0;
	/* Who may not see the kernel's addresses gets no kernel samples that would need them. */
	if (find_extent(&extent))
		rc = give_mapping(synthesis, extent.start, extent.end - extent.start, extent.start,
				  "[kernel.kallsyms]_text", "/sys/kernel/notes", err);
	return rc ? rc : synthesize_modules(synthesis, err);
}
