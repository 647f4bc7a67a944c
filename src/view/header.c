/* What a recording says about itself becomes perf's block of "# name : value" lines. */
#include <inttypes.h>
#include <string.h>
#include "report.h"

struct name {
	uint64_t bit;
	const char *name;
};

static const struct name sample_types[] = {
	{ PERF_SAMPLE_IP, "IP" },
	{ PERF_SAMPLE_TID, "TID" },
	{ PERF_SAMPLE_TIME, "TIME" },
	{ PERF_SAMPLE_ADDR, "ADDR" },
	{ PERF_SAMPLE_READ, "READ" },
	{ PERF_SAMPLE_CALLCHAIN, "CALLCHAIN" },
	{ PERF_SAMPLE_ID, "ID" },
	{ PERF_SAMPLE_CPU, "CPU" },
	{ PERF_SAMPLE_PERIOD, "PERIOD" },
	{ PERF_SAMPLE_STREAM_ID, "STREAM_ID" },
	{ PERF_SAMPLE_RAW, "RAW" },
	{ PERF_SAMPLE_BRANCH_STACK, "BRANCH_STACK" },
	{ PERF_SAMPLE_REGS_USER, "REGS_USER" },
	{ PERF_SAMPLE_STACK_USER, "STACK_USER" },
	{ PERF_SAMPLE_WEIGHT, "WEIGHT" },
	{ PERF_SAMPLE_DATA_SRC, "DATA_SRC" },
	{ PERF_SAMPLE_IDENTIFIER, "IDENTIFIER" },
	{ PERF_SAMPLE_TRANSACTION, "TRANSACTION" },
	{ PERF_SAMPLE_REGS_INTR, "REGS_INTR" },
	{ PERF_SAMPLE_PHYS_ADDR, "PHYS_ADDR" },
	{ PERF_SAMPLE_AUX, "AUX" },
	{ PERF_SAMPLE_CGROUP, "CGROUP" },
	{ PERF_SAMPLE_DATA_PAGE_SIZE, "DATA_PAGE_SIZE" },
	{ PERF_SAMPLE_CODE_PAGE_SIZE, "CODE_PAGE_SIZE" },
	{ PERF_SAMPLE_WEIGHT_STRUCT, "WEIGHT_STRUCT" },
};

static const struct name read_formats[] = {
	{ PERF_FORMAT_TOTAL_TIME_ENABLED, "TOTAL_TIME_ENABLED" },
	{ PERF_FORMAT_TOTAL_TIME_RUNNING, "TOTAL_TIME_RUNNING" },
	{ PERF_FORMAT_ID, "ID" },
	{ PERF_FORMAT_GROUP, "GROUP" },
	{ 1U << 4, "LOST" },
};

static const struct name features[] = {
	{ EV_FEATURE_TRACING_DATA, "TRACING_DATA" },
	{ EV_FEATURE_BUILD_ID, "BUILD_ID" },
	{ EV_FEATURE_HOSTNAME, "HOSTNAME" },
	{ EV_FEATURE_OSRELEASE, "OSRELEASE" },
	{ EV_FEATURE_VERSION, "VERSION" },
	{ EV_FEATURE_ARCH, "ARCH" },
	{ EV_FEATURE_NRCPUS, "NRCPUS" },
	{ EV_FEATURE_CPUDESC, "CPUDESC" },
	{ EV_FEATURE_CPUID, "CPUID" },
	{ EV_FEATURE_TOTAL_MEM, "TOTAL_MEM" },
	{ EV_FEATURE_CMDLINE, "CMDLINE" },
	{ EV_FEATURE_EVENT_DESC, "EVENT_DESC" },
	{ EV_FEATURE_CPU_TOPOLOGY, "CPU_TOPOLOGY" },
	{ EV_FEATURE_NUMA_TOPOLOGY, "NUMA_TOPOLOGY" },
	{ EV_FEATURE_BRANCH_STACK, "BRANCH_STACK" },
	{ EV_FEATURE_PMU_MAPPINGS, "PMU_MAPPINGS" },
	{ EV_FEATURE_GROUP_DESC, "GROUP_DESC" },
	{ EV_FEATURE_AUXTRACE, "AUXTRACE" },
	{ EV_FEATURE_STAT, "STAT" },
	{ EV_FEATURE_CACHE, "CACHE" },
	{ EV_FEATURE_SAMPLE_TIME, "SAMPLE_TIME" },
	{ EV_FEATURE_MEM_TOPOLOGY, "MEM_TOPOLOGY" },
	{ EV_FEATURE_CLOCKID, "CLOCKID" },
	{ EV_FEATURE_DIR_FORMAT, "DIR_FORMAT" },
	{ EV_FEATURE_COMPRESSED, "COMPRESSED" },
	{ EV_FEATURE_CLOCK_DATA, "CLOCK_DATA" },
};

static void print_text(FILE *out, struct ev_arena *scratch, const char *name, const char *value)
{
	if (value)
		fprintf(out, "# %s : %s\n", name, ev_text_safe(scratch, value));
	ev_arena_reset(scratch);
}

static void print_bits(FILE *out, const char *title, uint64_t bits, const struct name *names,
		       size_t count)
{
	const char *between = "";
	if (!bits)
		return;
	fprintf(out, ", %s = ", title);
	for (size_t i = 0; i < count; i++) {
		if (!(bits & names[i].bit))
			continue;
		fprintf(out, "%s%s", between, names[i].name);
		bits &= ~names[i].bit;
		between = "|";
	}
	if (bits)
		fprintf(out, "%s0x%" PRIx64, between, bits);
}

static void print_flags(FILE *out, const struct perf_event_attr *attr)
{
#define FLAG(name)                                                                                 \
	{                                                                                          \
		attr->name, #name                                                                  \
	}
	const struct name flags[] = {
		FLAG(disabled),
		FLAG(inherit),
		FLAG(pinned),
		FLAG(exclusive),
		FLAG(exclude_user),
		FLAG(exclude_kernel),
		FLAG(exclude_hv),
		FLAG(exclude_idle),
		FLAG(mmap),
		FLAG(comm),
		FLAG(freq),
		FLAG(inherit_stat),
		FLAG(enable_on_exec),
		FLAG(task),
		FLAG(watermark),
		FLAG(precise_ip),
		FLAG(mmap_data),
		FLAG(sample_id_all),
		FLAG(exclude_host),
		FLAG(exclude_guest),
		FLAG(exclude_callchain_kernel),
		FLAG(exclude_callchain_user),
		FLAG(mmap2),
		FLAG(comm_exec),
		FLAG(use_clockid),
		FLAG(context_switch),
		FLAG(write_backward),
		FLAG(namespaces),
		FLAG(ksymbol),
		FLAG(bpf_event),
		FLAG(aux_output),
		FLAG(cgroup),
		FLAG(text_poke),
		FLAG(build_id),
		FLAG(inherit_thread),
		FLAG(remove_on_exec),
		FLAG(sigtrap),
	};
#undef FLAG
	for (size_t i = 0; i < EV_LENGTH(flags); i++)
		if (flags[i].bit)
			fprintf(out, ", %s = %" PRIu64, flags[i].name, flags[i].bit);
}

static void print_event(FILE *out, struct ev_arena *scratch, const struct ev_recorded_event *event)
{
	const struct perf_event_attr *attr = &event->attr;
	fprintf(out, "# event : name = %s, ",
		ev_text_safe(scratch, ev_report_event_name(event, scratch)));
	if (event->id_count) {
		fputs(", id = {", out);
		for (size_t i = 0; i < event->id_count; i++)
			fprintf(out, "%s %" PRIu64, i ? "," : "", event->ids[i]);
		fputs(" }", out);
	}
	fprintf(out, ", type = %" PRIu32 ", size = %" PRIu32, attr->type, attr->size);
	if (attr->config)
		fprintf(out, ", config = 0x%" PRIx64, (uint64_t)attr->config);
	if (attr->sample_period)
		fprintf(out, ", { sample_period, sample_freq } = %" PRIu64,
			(uint64_t)attr->sample_period);
	print_bits(out, "sample_type", attr->sample_type, sample_types, EV_LENGTH(sample_types));
	print_bits(out, "read_format", attr->read_format, read_formats, EV_LENGTH(read_formats));
	print_flags(out, attr);
	if (attr->config1)
		fprintf(out, ", config1 = 0x%" PRIx64, (uint64_t)attr->config1);
	if (attr->config2)
		fprintf(out, ", config2 = 0x%" PRIx64, (uint64_t)attr->config2);
	putc('\n', out);
	ev_arena_reset(scratch);
}

/* u32 count, then for each: u32 type, u32 length of the name, the name. */
static void print_pmus(FILE *out, struct ev_arena *scratch, const struct ev_recording *recording)
{
	const struct ev_section *section = ev_recording_section(recording, EV_FEATURE_PMU_MAPPINGS);
	if (!section)
		return;
	struct ev_cursor cursor =
		ev_cursor_of(section->bytes, section->size_bytes, recording->swapped);
	uint32_t count = ev_cursor_u32(&cursor);
	const char *between = "# pmu mappings: ";
	while (count-- && !cursor.bad) {
		uint32_t type = ev_cursor_u32(&cursor);
		struct ev_cursor name = ev_cursor_part(&cursor, ev_cursor_u32(&cursor));
		const char *text = ev_cursor_text(&name);
		if (!text)
			break;
		fprintf(out, "%s%s = %" PRIu32, between, ev_text_safe(scratch, text), type);
		between = ", ";
	}
	if (*between == ',')
		putc('\n', out);
	ev_arena_reset(scratch);
}

static void print_seconds(FILE *out, const char *name, uint64_t time_ns)
{
	fprintf(out, "# %s : %" PRIu64 ".%06" PRIu64 "\n", name, time_ns / 1000000000,
		time_ns / 1000 % 1000000);
}

static void print_times(FILE *out, const struct ev_recording *recording)
{
	uint64_t first = recording->first_time_ns, last = recording->last_time_ns;
	char number[48];
	if (!last || last < first)
		return;
	print_seconds(out, "time of first sample", first);
	print_seconds(out, "time of last sample", last);
	ev_format_fixed(number, sizeof(number), (double)(last - first) / 1e6, 3);
	fprintf(out, "# sample duration : %10s ms\n", number);
}

/* Only a writer of evprof's leaves notes: lines "key value". */
static void print_notes(FILE *out, struct ev_arena *scratch, const struct ev_recording *recording)
{
	const struct ev_section *section = ev_recording_section(recording, EV_FEATURE_EVPROF_NOTES);
	const char *at = section ? section->bytes : NULL;
	const char *end = section ? at + section->size_bytes : NULL;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((stop ? stop : end) - at);
		const char *line = ev_arena_text(scratch, at, length);
		size_t key = strcspn(line, " ");
		if (*line)
			print_text(out, scratch,
				   ev_arena_printf(scratch, "note %.*s", (int)key, line),
				   line + key + (line[key] != 0));
		at += length + 1;
	}
}

static void print_missing(FILE *out, const struct ev_recording *recording)
{
	fputs("# missing features: ", out);
	for (size_t i = 0; i < EV_LENGTH(features); i++)
		if (!ev_recording_section(recording, (unsigned)features[i].bit))
			fprintf(out, "%s ", features[i].name);
	putc('\n', out);
}

static void print_cmdline(FILE *out, struct ev_arena *scratch, const struct ev_recording *recording)
{
	if (!recording->cmdline_count)
		return;
	fputs("# cmdline : ", out);
	for (size_t i = 0; i < recording->cmdline_count; i++)
		fprintf(out, "%s ", ev_text_safe(scratch, recording->cmdline[i]));
	putc('\n', out);
	ev_arena_reset(scratch);
}

void ev_print_header(FILE *out, const struct ev_recording *recording)
{
	struct ev_arena scratch = { 0 };
	fputs("# ========\n", out);
	print_text(out, &scratch, "hostname", recording->hostname);
	print_text(out, &scratch, "os release", recording->osrelease);
	print_text(out, &scratch, "perf version", recording->version);
	print_text(out, &scratch, "arch", recording->arch);
	if (recording->cpus_online)
		fprintf(out, "# nrcpus online : %" PRIu32 "\n# nrcpus avail : %" PRIu32 "\n",
			recording->cpus_online, recording->cpus_available);
	print_text(out, &scratch, "cpudesc", recording->cpudesc);
	print_text(out, &scratch, "cpuid", recording->cpuid);
	if (recording->total_mem_kb)
		fprintf(out, "# total memory : %" PRIu64 " kB\n", recording->total_mem_kb);
	print_cmdline(out, &scratch, recording);
	for (size_t i = 0; i < recording->event_count; i++)
		print_event(out, &scratch, &recording->events[i]);
	print_pmus(out, &scratch, recording);
	print_times(out, recording);
	if (recording->clock_resolution_ns)
		fprintf(out, "# clock resolution : %" PRIu64 " ns\n",
			recording->clock_resolution_ns);
	if (recording->compressed) {
		char ratio[48];
		fprintf(out, "# compressed : Zstd, level = %" PRIu32 ", ratio = %s\n",
			recording->compression_level,
			ev_format_fixed(ratio, sizeof(ratio), recording->compression_ratio, 0));
	}
	print_notes(out, &scratch, recording);
	print_missing(out, recording);
	fputs("# ========\n#\n", out);
	ev_arena_done(&scratch);
}
