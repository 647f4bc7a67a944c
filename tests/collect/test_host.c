/* The header of a recording: machine and command line. */
#include <sys/utsname.h>
#include <time.h>
#include "live.h"

static void a_recording_knows_its_machine(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	struct utsname name;
	const char *const argv[] = { "evprof", "record", "./a b", NULL };
	uname(&name);
	ev_describe_host(&recording, 3, (char *const *)argv);
	assert_string_equal(recording.hostname, name.nodename);
	assert_string_equal(recording.osrelease, name.release);
	assert_string_equal(recording.arch, name.machine);
	assert_int_equal(recording.cpus_online, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(recording.cpus_available >= recording.cpus_online);
	assert_true(recording.total_mem_kb > 1024);
	assert_non_null(strstr(recording.version, EV_VERSION));
	assert_int_equal(recording.cmdline_count, 3);
	assert_int_equal(recording.cmdline[0][0], '/');
	assert_string_equal(recording.cmdline[2], "./a b");
#ifdef __x86_64__
	unsigned family, model, stepping;
	char vendor[32];
	assert_non_null(recording.cpudesc);
	assert_int_equal(sscanf(recording.cpuid, "%31[^,],%u,%u,%u", vendor, &family, &model,
				&stepping),
			 4);
#endif
	ev_recording_done(&recording);
}

static void an_empty_command_line_is_fine(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	ev_describe_host(&recording, 0, NULL);
	assert_int_equal(recording.cmdline_count, 0);
	ev_recording_done(&recording);
}

static void a_clock_is_told_with_the_time_of_day(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	ev_describe_clock(&recording, -1);
	ev_describe_clock(&recording, 12345);
	assert_null(ev_recording_section(&recording, EV_FEATURE_CLOCK_DATA));
	ev_describe_clock(&recording, CLOCK_REALTIME);
	const struct ev_section *section = ev_recording_section(&recording, EV_FEATURE_CLOCK_DATA);
	assert_non_null(section);
	struct ev_cursor cursor = ev_cursor_of(section->bytes, section->size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 1);
	assert_int_equal(ev_cursor_u32(&cursor), CLOCK_REALTIME);
	uint64_t day_ns = ev_cursor_u64(&cursor), clock_ns = ev_cursor_u64(&cursor);
	assert_true(day_ns > 0);
	assert_true(clock_ns > 0);
	assert_false(cursor.bad);
	assert_int_equal(ev_cursor_left(&cursor), 0);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_knows_its_machine),
		cmocka_unit_test(an_empty_command_line_is_fine),
		cmocka_unit_test(a_clock_is_told_with_the_time_of_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
