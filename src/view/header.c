/* What a recording says about itself becomes perf's block of "# name : value" lines. */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "header.h"
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
	if (attr->use_clockid)
		fprintf(out, ", clockid = %" PRId32, attr->clockid);
	if (attr->sample_max_stack)
		fprintf(out, ", sample_max_stack = %" PRIu16, attr->sample_max_stack);
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

/* Where things stand in the file; in a stream that is nowhere, as perf says it. */
static void print_places(FILE *out, const struct ev_recording *recording)
{
	enum { VERSION = 1 }; /* PERFILE2, as perf counts */
	char date[64];
	struct tm local;
	time_t written = (time_t)recording->written_s;
	if (!recording->data_offset && !recording->pipe)
		return;
	if (written && localtime_r(&written, &local) &&
	    strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &local))
		fprintf(out, "# captured on    : %s\n", date);
	fprintf(out,
		"# header version : %d\n# data offset    : %" PRIu64 "\n# data size      : %" PRIu64
		"\n# feat offset    : %" PRIu64 "\n",
		VERSION, recording->data_offset, recording->data_size_bytes,
		recording->data_offset + recording->data_size_bytes);
}

static void print_compression(FILE *out, const struct ev_recording *recording)
{
	char ratio[48];
	if (recording->compressed)
		fprintf(out, "# compressed : Zstd, level = %" PRIu32 ", ratio = %s\n",
			recording->compression_level,
			ev_format_fixed(ratio, sizeof(ratio), recording->compression_ratio, 0));
}

void ev_print_header(FILE *out, const struct ev_recording *recording, bool full)
{
	struct ev_arena scratch = { 0 };
	fputs("# ========\n", out);
	print_places(out, recording);
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
	/* In the order of their numbers, as perf has them. */
	ev_header_sections(out, recording, 0, EV_FEATURE_SAMPLE_TIME, full);
	print_times(out, recording);
	ev_header_sections(out, recording, EV_FEATURE_SAMPLE_TIME, EV_FEATURE_CLOCKID, full);
	if (recording->clock_resolution_ns)
		fprintf(out, "# clock resolution : %" PRIu64 " ns\n",
			recording->clock_resolution_ns);
	ev_header_sections(out, recording, EV_FEATURE_CLOCKID, EV_FEATURE_COMPRESSED, full);
	print_compression(out, recording);
	ev_header_sections(out, recording, EV_FEATURE_COMPRESSED, EV_FEATURE_COUNT, full);
	print_notes(out, &scratch, recording);
	ev_header_missing(out, recording);
	fputs("# ========\n#\n", out);
	ev_arena_done(&scratch);
}
