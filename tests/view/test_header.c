/* The header block: perf's lines from a recording's features. */
#include "invented_report.h"

static char *header_of_as(const struct ev_recording *recording, bool full)
{
	char *written = NULL;
	size_t bytes;
	FILE *out = open_memstream(&written, &bytes);
	ev_print_header(out, recording, full);
	fclose(out);
	char *text = ev_strdup(written);
	free(written);
	return text;
}

static char *header_of(const struct ev_recording *recording)
{
	return header_of_as(recording, false);
}

static void features_are_lines(void **state)
{
	(void)state;
	static const char *command[] = { "/usr/bin/evprof", "record", "./t\33" };
	struct ev_recording recording = {
		.hostname = "vm",
		.osrelease = "6.1.0",
		.arch = "x86_64",
		.cpus_online = 2,
		.cpus_available = 4,
		.total_mem_kb = 2048,
		.cmdline = command,
		.cmdline_count = 3,
		.first_time_ns = 1252621494000,
		.last_time_ns = 1253203056500,
	};
	struct ev_recorded_event *event = ev_recording_add_event(&recording);
	uint64_t ids[] = { 113, 114 };
	event->name = "cpu-clock:pppH";
	event->ids = ids;
	event->id_count = 2;
	event->attr = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.size = 128,
		.sample_freq = 4000,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | 1ull << 50,
		.read_format = PERF_FORMAT_ID,
		.freq = 1,
		.precise_ip = 3,
	};
	char *text = header_of(&recording);
	char *missing = strstr(text, "# missing features: ");
	assert_non_null(missing);
	assert_non_null(strstr(missing, " CLOCKID "));
	assert_string_equal(strchr(missing, '\n'), "\n# ========\n#\n");
	*missing = 0;
	assert_string_equal(text,
			    "# ========\n"
			    "# hostname : vm\n"
			    "# os release : 6.1.0\n"
			    "# arch : x86_64\n"
			    "# nrcpus online : 2\n"
			    "# nrcpus avail : 4\n"
			    "# total memory : 2048 kB\n"
			    "# cmdline : /usr/bin/evprof record ./t\\x1b \n"
			    "# event : name = cpu-clock:pppH, , id = { 113, 114 }, type = 1, size "
			    "= 128, "
			    "{ sample_period, sample_freq } = 4000, sample_type = "
			    "IP|TID|0x4000000000000, read_format = ID, freq = 1, precise_ip = 3\n"
			    "# time of first sample : 1252.621494\n"
			    "# time of last sample : 1253.203056\n"
			    "# sample duration :    581.562 ms\n");
	free(text);
	ev_recording_done(&recording);
}

static void notes_and_pmus_are_lines(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	struct ev_buffer pmus = { 0 };
	ev_recording_add_note(&recording, "fallback", "no PMU, so cpu-clock");
	ev_buffer_u32(&pmus, 2);
	ev_buffer_u32(&pmus, 1);
	ev_buffer_u32(&pmus, 12);
	ev_buffer_add(&pmus, "software\0\0\0", 12);
	ev_buffer_u32(&pmus, 8);
	ev_buffer_u32(&pmus, 8);
	ev_buffer_add(&pmus, "uprobe\0", 8);
	ev_recording_set_section(&recording, EV_FEATURE_PMU_MAPPINGS, pmus.bytes, pmus.size_bytes);
	char *text = header_of(&recording);
	assert_non_null(strstr(text, "# pmu mappings: software = 1, uprobe = 8\n"));
	assert_non_null(strstr(text, "# note fallback : no PMU, so cpu-clock\n"));
	assert_null(strstr(text, "PMU_MAPPINGS"));
	free(text);
	ev_buffer_done(&pmus);
	ev_recording_done(&recording);
}

/* Texts as sections hold them: padded length, then the text. */
static void add_text(struct ev_buffer *out, const char *text)
{
	ev_buffer_u32(out, 64);
	ev_buffer_add(out, text, strlen(text));
	ev_buffer_zero(out, 64 - strlen(text));
}

static struct ev_buffer topology_of_two(bool dies)
{
	struct ev_buffer out = { 0 };
	ev_buffer_u32(&out, 1);
	add_text(&out, "0-1");
	ev_buffer_u32(&out, 2);
	add_text(&out, "0");
	add_text(&out, "1");
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		ev_buffer_u32(&out, cpu + 4);
		ev_buffer_u32(&out, 7);
	}
	if (!dies)
		return out;
	ev_buffer_u32(&out, 1);
	add_text(&out, "0-1");
	ev_buffer_u32(&out, 8);
	ev_buffer_u32(&out, 9);
	return out;
}

static struct ev_buffer memory_of_one(void)
{
	struct ev_buffer out = { 0 };
	static const uint64_t words[] = { 1, 0x8000000, 1, 0, 70, 70, 0xffffffff00ffffff, 1 };
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		ev_buffer_u64(&out, words[i]);
	return out;
}

static struct ev_buffer caches_of_one(void)
{
	struct ev_buffer out = { 0 };
	static const uint32_t numbers[] = { 1, 1, 3, 64, 2048, 16 };
	for (size_t i = 0; i < EV_LENGTH(numbers); i++)
		ev_buffer_u32(&out, numbers[i]);
	add_text(&out, "Unified");
	add_text(&out, "33792K");
	add_text(&out, "0-1");
	return out;
}

static struct ev_buffer nodes_of_one(void)
{
	struct ev_buffer out = { 0 };
	ev_buffer_u32(&out, 1);
	ev_buffer_u32(&out, 0);
	ev_buffer_u64(&out, 1000);
	ev_buffer_u64(&out, 900);
	add_text(&out, "0-1");
	return out;
}

static struct ev_buffer capabilities_of_one(void)
{
	struct ev_buffer out = { 0 };
	ev_buffer_u32(&out, 1);
	ev_buffer_u32(&out, 2);
	add_text(&out, "branches");
	add_text(&out, "32");
	add_text(&out, "pmu_name");
	add_text(&out, "sky\33lake");
	add_text(&out, "cpu_core");
	return out;
}

/* A program of two functions, its arrays behind it. */
static struct ev_buffer program_of_two(void)
{
	struct ev_buffer out = { 0 };
	ev_buffer_u32(&out, 1);
	ev_buffer_u32(&out, 192);
	ev_buffer_u32(&out, 24);
	ev_buffer_u64(&out, 0x18);
	size_t info = out.size_bytes;
	ev_buffer_u32(&out, 2);
	ev_buffer_u32(&out, 17);
	ev_buffer_add(&out, "\1\2\3\4\5\6\7\xff", 8);
	ev_buffer_zero(&out, 48);
	ev_buffer_add(&out, "on_switch\0\0\0\0\0\0", 16);
	ev_buffer_zero(&out, 24);
	ev_buffer_u32(&out, 2);
	ev_buffer_u32(&out, 2);
	ev_buffer_u64(&out, 0);
	ev_buffer_u64(&out, 16);
	ev_buffer_zero(&out, info + 192 - out.size_bytes);
	ev_buffer_u64(&out, 0xffffffffc0000000);
	ev_buffer_u64(&out, 0xffffffffc0000100);
	ev_buffer_u32(&out, 99);
	ev_buffer_u32(&out, 42);
	return out;
}

static struct ev_buffer types_of_one(void)
{
	struct ev_buffer out = { 0 };
	ev_buffer_u32(&out, 1);
	ev_buffer_u32(&out, 5);
	ev_buffer_u32(&out, 4);
	ev_buffer_u32(&out, 0);
	return out;
}

static struct ev_buffer topology_with_dies(void)
{
	return topology_of_two(true);
}

static struct ev_buffer topology_without_dies(void)
{
	return topology_of_two(false);
}

/* Without the places of the CPUs. */
static struct ev_buffer topology_of_old(void)
{
	struct ev_buffer out = topology_of_two(false);
	out.size_bytes -= 16;
	return out;
}

static struct ev_buffer cpu_capabilities(void)
{
	struct ev_buffer all = capabilities_of_one(), out = { 0 };
	ev_buffer_add(&out, all.bytes + 4, all.size_bytes - 4 - 68);
	ev_buffer_done(&all);
	return out;
}

static const struct long_section {
	unsigned number;
	struct ev_buffer (*make)(void);
	const char *lines;
} long_sections[] = {
	{ EV_FEATURE_CPU_TOPOLOGY, topology_with_dies,
	  "# sibling sockets : 0-1\n# sibling dies    : 0-1\n# sibling threads : 0\n"
	  "# sibling threads : 1\n# CPU 0: Core ID 4, Die ID 8, Socket ID 7\n"
	  "# CPU 1: Core ID 5, Die ID 9, Socket ID 7\n" },
	{ EV_FEATURE_CPU_TOPOLOGY, topology_without_dies,
	  "# sibling sockets : 0-1\n# sibling threads : 0\n# sibling threads : 1\n"
	  "# CPU 0: Core ID 4, Socket ID 7\n# CPU 1: Core ID 5, Socket ID 7\n" },
	{ EV_FEATURE_CPU_TOPOLOGY, topology_of_old,
	  "# sibling sockets : 0-1\n# sibling threads : 0\n# sibling threads : 1\n"
	  "# Core ID and Socket ID information is not available\n" },
	{ EV_FEATURE_BRANCH_STACK, types_of_one, "# contains samples with branch stack\n" },
	{ EV_FEATURE_NUMA_TOPOLOGY, nodes_of_one,
	  "# node0 meminfo  : total = 1000 kB, free = 900 kB\n# node0 cpu list : 0-1\n" },
	{ EV_FEATURE_CACHE, caches_of_one,
	  "# CPU cache info:\n#  L3 Unified           33792K [0-1]\n" },
	{ EV_FEATURE_MEM_TOPOLOGY, memory_of_one,
	  "# memory nodes (nr 1, block size 0x8000000):\n#    0 [7G]: 0-23,32-64\n" },
	{ EV_FEATURE_CPU_PMU_CAPS, cpu_capabilities,
	  "# cpu pmu capabilities: branches=32, pmu_name=sky\\x1blake\n" },
	{ EV_FEATURE_PMU_CAPS, capabilities_of_one,
	  "# cpu_core pmu capabilities: branches=32, pmu_name=sky\\x1blake\n" },
	{ EV_FEATURE_BPF_PROG_INFO, program_of_two,
	  "# bpf_prog_info 17:\n"
	  "# \tsub_prog 0: bpf_prog_01020304050607ff_F addr 0xffffffffc0000000 size 99\n"
	  "# \tsub_prog 1: bpf_prog_01020304050607ff_F addr 0xffffffffc0000100 size 42\n" },
	{ EV_FEATURE_BPF_BTF, types_of_one, "# btf info of id 5\n" },
};

static char *header_with(const struct long_section *row, size_t bytes, bool full)
{
	struct ev_recording recording = { .cpus_available = 2, .cpus_online = 2 };
	struct ev_buffer section = row->make();
	ev_recording_set_section(&recording, row->number, section.bytes,
				 bytes < section.size_bytes ? bytes : section.size_bytes);
	char *text = header_of_as(&recording, full);
	ev_buffer_done(&section);
	ev_recording_done(&recording);
	return text;
}

static void sections_are_perfs_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(long_sections); i++) {
		char *text = header_with(&long_sections[i], SIZE_MAX, true);
		if (!strstr(text, long_sections[i].lines))
			fail_msg("%s is not in\n%s", long_sections[i].lines, text);
		free(text);
	}
}

/* Type 1 is a prototype with one parameter, types 2 and 3 are functions. */
static struct ev_buffer types_of_programs(uint32_t functions)
{
	static const char texts[] = "\0on_switch\0look\x1b";
	struct ev_buffer out = { 0 };
	ev_buffer_u32(&out, 1);
	ev_buffer_u32(&out, 5);
	ev_buffer_u32(&out, 24 + 20 + 24 + sizeof(texts));
	ev_buffer_u32(&out, 0x0001eb9f);
	const uint32_t header[] = { 24, 0, 44, 44, sizeof(texts) };
	for (size_t i = 0; i < EV_LENGTH(header); i++)
		ev_buffer_u32(&out, header[i]);
	const uint32_t types[] = { 0, 13u << 24 | 1, 0, 0, 0, 1, 12u << 24, 1, 11, functions, 1 };
	for (size_t i = 0; i < EV_LENGTH(types); i++)
		ev_buffer_u32(&out, types[i]);
	ev_buffer_add(&out, texts, sizeof(texts));
	return out;
}

static void functions_of_programs_are_called_as_their_types(void **state)
{
	(void)state;
	struct ev_buffer program = program_of_two();
	const uint32_t types = 5, entry_bytes = 8, entries = 2;
	uint8_t *info = program.bytes + 20, entry[16] = { [4] = 2, [12] = 3 };
	memcpy(info + 128, &types, 4);
	memcpy(info + 132, &entry_bytes, 4);
	memcpy(info + 136, &(uint64_t){ 24 }, 8);
	memcpy(info + 144, &entries, 4);
	ev_buffer_add(&program, entry, sizeof(entry));
	memcpy(program.bytes + 8, &(uint32_t){ 40 }, 4);
	for (int damaged = 0; damaged < 2; damaged++) {
		struct ev_recording recording = { .cpus_available = 2, .cpus_online = 2 };
		struct ev_buffer all = types_of_programs(damaged ? 99u << 24 : 12u << 24);
		ev_recording_set_section(&recording, EV_FEATURE_BPF_PROG_INFO, program.bytes,
					 program.size_bytes);
		ev_recording_set_section(&recording, EV_FEATURE_BPF_BTF, all.bytes,
					 all.size_bytes - 30 * (size_t)damaged);
		char *text = header_of_as(&recording, true);
		assert_int_equal(strstr(text, "ff_on_switch addr 0xffffffffc0000000 size 99\n") &&
					 strstr(text,
						"ff_look\\x1b addr 0xffffffffc0000100 size 42\n"),
				 !damaged);
		free(text);
		ev_buffer_done(&all);
		ev_recording_done(&recording);
	}
	ev_buffer_done(&program);
}

static void long_sections_wait_to_be_asked_for(void **state)
{
	(void)state;
	char *text = header_with(&long_sections[0], SIZE_MAX, false);
	assert_non_null(strstr(text, "# CPU_TOPOLOGY info available, use -I to display\n"));
	assert_null(strstr(text, "sibling"));
	free(text);
}

/* Every prefix of every section: what is there may be printed, nothing else is. */
static void sections_that_end_early_do_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(long_sections); i++) {
		struct ev_buffer whole = long_sections[i].make();
		for (size_t bytes = 0; bytes < whole.size_bytes; bytes++) {
			char *text = header_with(&long_sections[i], bytes, true);
			assert_non_null(strstr(text, "# missing features: "));
			assert_null(strchr(text, '\33'));
			free(text);
		}
		ev_buffer_done(&whole);
	}
}

/* Every count of four thousand million. */
static void absurd_counts_end_with_the_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(long_sections); i++) {
		struct ev_buffer whole = long_sections[i].make();
		for (size_t at = 0; at + 4 <= whole.size_bytes; at += 4) {
			struct ev_recording recording = { .cpus_available = 2 };
			uint32_t before, absurd = UINT32_MAX;
			memcpy(&before, whole.bytes + at, 4);
			memcpy(whole.bytes + at, &absurd, 4);
			ev_recording_set_section(&recording, long_sections[i].number, whole.bytes,
						 whole.size_bytes);
			free(header_of_as(&recording, true));
			memcpy(whole.bytes + at, &before, 4);
			ev_recording_done(&recording);
		}
		ev_buffer_done(&whole);
	}
}

static void places_in_the_file_are_told(void **state)
{
	(void)state;
	struct ev_recording recording = { .data_offset = 424,
					  .data_size_bytes = 1000,
					  .written_s = 1000000000 };
	char *text = header_of(&recording);
	assert_int_equal(strncmp(text, "# ========\n# captured on    : Sun Sep  9 ", 41), 0);
	assert_non_null(strstr(text, "# header version : 1\n# data offset    : 424\n"
				     "# data size      : 1000\n# feat offset    : 1424\n"));
	free(text);
}

static void groups_and_clocks_are_lines(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	struct ev_buffer groups = { 0 }, clock = { 0 };
	ev_recording_add_event(&recording)->name = "cycles";
	ev_recording_add_event(&recording)->name = "branches";
	ev_buffer_u32(&groups, 1);
	add_text(&groups, "{anon_group}");
	ev_buffer_u32(&groups, 0);
	ev_buffer_u32(&groups, 2);
	ev_recording_set_section(&recording, EV_FEATURE_GROUP_DESC, groups.bytes,
				 groups.size_bytes);
	ev_buffer_u32(&clock, 1);
	ev_buffer_u32(&clock, 1);
	ev_buffer_u64(&clock, 1000000000000012345);
	ev_buffer_u64(&clock, 5000000006);
	ev_recording_set_section(&recording, EV_FEATURE_CLOCK_DATA, clock.bytes, clock.size_bytes);
	char *text = header_of(&recording);
	assert_non_null(strstr(text, "# group: {cycles,branches}\n"));
	assert_non_null(strstr(text, "# clockid: monotonic (1)\n# reference time: 2001-09-0"));
	assert_non_null(strstr(text, " = 1000000000.000012 (TOD) = 5.000000006 (monotonic)\n"));
	free(text);
	ev_buffer_done(&groups);
	ev_buffer_done(&clock);
	ev_recording_done(&recording);
}

/* A section that ends early or claims four thousand million names. */
static void damaged_sections_are_printed_as_far_as_they_go(void **state)
{
	(void)state;
	struct ev_buffer pmus = { 0 };
	ev_buffer_u32(&pmus, UINT32_MAX);
	ev_buffer_u32(&pmus, 1);
	ev_buffer_u32(&pmus, 4);
	ev_buffer_add(&pmus, "cpu\0", 4);
	ev_buffer_u32(&pmus, 7);
	for (size_t size = 0; size <= pmus.size_bytes; size++) {
		struct ev_recording recording = { 0 };
		ev_recording_set_section(&recording, EV_FEATURE_PMU_MAPPINGS, pmus.bytes, size);
		ev_recording_set_section(&recording, EV_FEATURE_EVPROF_NOTES, "a b\n\nlast",
					 size % 9);
		char *text = header_of(&recording);
		assert_int_equal(strstr(text, "cpu = 1\n") != NULL, size >= 16);
		free(text);
		ev_recording_done(&recording);
	}
	ev_buffer_done(&pmus);
}

static void an_event_without_a_name_is_called_by_its_attr(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	struct ev_recorded_event *event = ev_recording_add_event(&recording);
	event->attr.type = PERF_TYPE_SOFTWARE;
	event->attr.config = PERF_COUNT_SW_PAGE_FAULTS;
	event->attr.exclude_guest = 1;
	char *text = header_of(&recording);
	assert_non_null(strstr(text, "# event : name = page-faults, , type = 1"));
	free(text);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_are_lines),
		cmocka_unit_test(notes_and_pmus_are_lines),
		cmocka_unit_test(sections_are_perfs_lines),
		cmocka_unit_test(functions_of_programs_are_called_as_their_types),
		cmocka_unit_test(long_sections_wait_to_be_asked_for),
		cmocka_unit_test(sections_that_end_early_do_no_harm),
		cmocka_unit_test(absurd_counts_end_with_the_bytes),
		cmocka_unit_test(places_in_the_file_are_told),
		cmocka_unit_test(groups_and_clocks_are_lines),
		cmocka_unit_test(damaged_sections_are_printed_as_far_as_they_go),
		cmocka_unit_test(an_event_without_a_name_is_called_by_its_attr),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
