/* The header block: perf's lines from a recording's features. */
#include "invented_report.h"

static char *header_of(const struct ev_recording *recording)
{
	char *written = NULL;
	size_t bytes;
	FILE *out = open_memstream(&written, &bytes);
	ev_print_header(out, recording);
	fclose(out);
	char *text = ev_strdup(written);
	free(written);
	return text;
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
		cmocka_unit_test(damaged_sections_are_printed_as_far_as_they_go),
		cmocka_unit_test(an_event_without_a_name_is_called_by_its_attr),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
