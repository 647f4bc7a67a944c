/* Sections of a recording that nothing but its header shows -> perf's lines. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "header.h"

/* ---- counting units -----------------------------------------------------------------------------
 */

/* u32 count; u32 type, text. */
static void print_pmus(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t count = ev_cursor_u32(at);
	const char *between = "# pmu mappings: ";
	while (count-- && !at->bad) {
		uint32_t type = ev_cursor_u32(at);
		const char *text = ev_header_text(section, at);
		if (!text)
			break;
		fprintf(section->out, "%s%s = %" PRIu32, between, text, type);
		between = ", ";
	}
	if (*between == ',')
		putc('\n', section->out);
}

/* u32 count; texts of name and value. The pairs as "a=1, b=2", NULL where they are damaged. */
static const char *pairs_of(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t count = ev_cursor_u32(at);
	struct ev_buffer all = { 0 };
	while (count-- && !at->bad) {
		const char *name = ev_header_text(section, at);
		const char *value = ev_header_text(section, at);
		if (name && value)
			ev_buffer_printf(&all, "%s%s=%s", all.size_bytes ? ", " : "", name, value);
	}
	const char *pairs = at->bad ? NULL
				    : ev_arena_text(&section->scratch,
						    all.size_bytes ? (const char *)all.bytes : "",
						    all.size_bytes);
	ev_buffer_done(&all);
	return pairs;
}

static void print_pairs(FILE *out, const char *pmu, const char *pairs)
{
	fprintf(out, "# %s pmu capabilities: %s\n", pmu, *pairs ? pairs : "not available");
}

static void print_cpu_capabilities(struct ev_header_section *section)
{
	const char *pairs = pairs_of(section);
	if (pairs)
		print_pairs(section->out, "cpu", pairs);
}

/* u32 count; pairs, text of the unit's name. */
static void print_capabilities(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t count = ev_cursor_u32(at);
	while (count-- && !at->bad) {
		const char *pairs = pairs_of(section);
		const char *pmu = pairs ? ev_header_text(section, at) : NULL;
		if (pmu)
			print_pairs(section->out, pmu, pairs);
		ev_arena_reset(&section->scratch);
	}
}

/* u32 count; texts of the core PMU's name and of its CPUs. */
static void print_hybrid(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t count = ev_cursor_u32(at);
	fputs("# hybrid cpu system:\n", section->out);
	while (count-- && !at->bad) {
		const char *pmu = ev_header_text(section, at);
		const char *cpus = ev_header_text(section, at);
		if (pmu && cpus)
			fprintf(section->out, "# %s cpu list : %s\n", pmu, cpus);
		ev_arena_reset(&section->scratch);
	}
}

/* ---- groups and clocks --------------------------------------------------------------------------
 */

/* u32 count; text, u32 leader, u32 members. */
static void print_groups(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	const struct ev_recording *recording = section->recording;
	uint32_t count = ev_cursor_u32(at);
	while (count-- && !at->bad) {
		const char *name = ev_header_text(section, at);
		uint32_t leader = ev_cursor_u32(at), members = ev_cursor_u32(at);
		if (!name || at->bad || leader >= recording->event_count ||
		    members > recording->event_count - leader)
			return;
		fprintf(section->out, "# group: %s{", strcmp(name, "{anon_group}") ? name : "");
		for (uint32_t i = 0; i < members; i++)
			fprintf(section->out, "%s%s", i ? "," : "",
				ev_text_safe(&section->scratch,
					     recording->events[leader + i].name));
		fputs("}\n", section->out);
		ev_arena_reset(&section->scratch);
	}
}

static const char *clock_name(uint32_t id)
{
	static const char *const names[] = {
		[CLOCK_REALTIME] = "realtime",           [CLOCK_MONOTONIC] = "monotonic",
		[CLOCK_BOOTTIME] = "boottime",           [CLOCK_TAI] = "tai",
		[CLOCK_MONOTONIC_RAW] = "monotonic_raw",
	};
	return id < EV_LENGTH(names) && names[id] ? names[id] : "unknown";
}

/* u32 version, u32 clock, u64 time of day, u64 time of that clock. */
static void print_clock(struct ev_header_section *section)
{
	struct ev_cursor *at = &section->cursor;
	uint32_t version = ev_cursor_u32(at), id = ev_cursor_u32(at);
	uint64_t day_ns = ev_cursor_u64(at), clock_ns = ev_cursor_u64(at);
	time_t day = (time_t)(day_ns / 1000000000);
	char date[64];
	struct tm local;
	if (version != 1 || at->bad || !localtime_r(&day, &local) ||
	    !strftime(date, sizeof(date), "%F %T", &local))
		return;
	uint64_t day_us = day_ns / 1000 % 1000000;
	fprintf(section->out, "# clockid: %s (%" PRIu32 ")\n", clock_name(id), id);
	fprintf(section->out,
		"# reference time: %s.%06" PRIu64 " = %" PRIu64 ".%06" PRIu64 " (TOD) = %" PRIu64
		".%09" PRIu64 " (%s)\n",
		date, day_us, day_ns / 1000000000, day_us, clock_ns / 1000000000,
		clock_ns % 1000000000, clock_name(id));
}

/* ---- all ----------------------------------------------------------------------------------------
 */

/* These sections are empty: that they are there says it. */
static void print_branches(struct ev_header_section *section)
{
	fputs("# contains samples with branch stack\n", section->out);
}

static void print_aux(struct ev_header_section *section)
{
	fputs("# contains AUX area data (e.g. instruction trace)\n", section->out);
}

static void print_stat(struct ev_header_section *section)
{
	fputs("# contains stat data\n", section->out);
}

static const struct {
	unsigned number;
	const char *name;
	void (*print)(struct ev_header_section *section); /* NULL: it says nothing more */
	bool is_long;
} features[] = {
	{ EV_FEATURE_TRACING_DATA, "TRACING_DATA", NULL, false },
	{ EV_FEATURE_BUILD_ID, "BUILD_ID", NULL, false },
	{ EV_FEATURE_HOSTNAME, "HOSTNAME", NULL, false },
	{ EV_FEATURE_OSRELEASE, "OSRELEASE", NULL, false },
	{ EV_FEATURE_VERSION, "VERSION", NULL, false },
	{ EV_FEATURE_ARCH, "ARCH", NULL, false },
	{ EV_FEATURE_NRCPUS, "NRCPUS", NULL, false },
	{ EV_FEATURE_CPUDESC, "CPUDESC", NULL, false },
	{ EV_FEATURE_CPUID, "CPUID", NULL, false },
	{ EV_FEATURE_TOTAL_MEM, "TOTAL_MEM", NULL, false },
	{ EV_FEATURE_CMDLINE, "CMDLINE", NULL, false },
	{ EV_FEATURE_EVENT_DESC, "EVENT_DESC", NULL, false },
	{ EV_FEATURE_CPU_TOPOLOGY, "CPU_TOPOLOGY", ev_header_topology, true },
	{ EV_FEATURE_NUMA_TOPOLOGY, "NUMA_TOPOLOGY", ev_header_nodes, true },
	{ EV_FEATURE_BRANCH_STACK, "BRANCH_STACK", print_branches, false },
	{ EV_FEATURE_PMU_MAPPINGS, "PMU_MAPPINGS", print_pmus, false },
	{ EV_FEATURE_GROUP_DESC, "GROUP_DESC", print_groups, false },
	{ EV_FEATURE_AUXTRACE, "AUXTRACE", print_aux, false },
	{ EV_FEATURE_STAT, "STAT", print_stat, false },
	{ EV_FEATURE_CACHE, "CACHE", ev_header_caches, true },
	{ EV_FEATURE_SAMPLE_TIME, "SAMPLE_TIME", NULL, false },
	{ EV_FEATURE_MEM_TOPOLOGY, "MEM_TOPOLOGY", ev_header_memory, true },
	{ EV_FEATURE_CLOCKID, "CLOCKID", NULL, false },
	{ EV_FEATURE_DIR_FORMAT, "DIR_FORMAT", NULL, false },
	{ EV_FEATURE_BPF_PROG_INFO, "BPF_PROG_INFO", ev_header_programs, false },
	{ EV_FEATURE_BPF_BTF, "BPF_BTF", ev_header_types, false },
	{ EV_FEATURE_COMPRESSED, "COMPRESSED", NULL, false },
	{ EV_FEATURE_CPU_PMU_CAPS, "CPU_PMU_CAPS", print_cpu_capabilities, false },
	{ EV_FEATURE_CLOCK_DATA, "CLOCK_DATA", print_clock, false },
	{ EV_FEATURE_HYBRID_TOPOLOGY, "HYBRID_TOPOLOGY", print_hybrid, true },
	{ EV_FEATURE_PMU_CAPS, "PMU_CAPS", print_capabilities, false },
};

void ev_header_sections(FILE *out, const struct ev_recording *recording, unsigned after,
			unsigned before, bool full)
{
	for (size_t i = 0; i < EV_LENGTH(features); i++) {
		const struct ev_section *bytes =
			ev_recording_section(recording, features[i].number);
		if (features[i].number <= after || features[i].number >= before || !bytes ||
		    !features[i].print)
			continue;
		if (features[i].is_long && !full) {
			fprintf(out, "# %s info available, use -I to display\n", features[i].name);
			continue;
		}
		struct ev_header_section section = {
			.out = out,
			.recording = recording,
			.cursor = ev_cursor_of(bytes->bytes, bytes->size_bytes, recording->swapped),
		};
		features[i].print(&section);
		ev_arena_done(&section.scratch);
	}
}

void ev_header_missing(FILE *out, const struct ev_recording *recording)
{
	fputs("# missing features: ", out);
	for (size_t i = 0; i < EV_LENGTH(features); i++)
		if (!ev_recording_section(recording, features[i].number))
			fprintf(out, "%s ", features[i].name);
	putc('\n', out);
}
