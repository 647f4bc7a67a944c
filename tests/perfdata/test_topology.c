/* Sockets of CPUs, from a section that older recorders write without them. */
#include "recordings.h"

static void add_text(struct ev_buffer *out, const char *text)
{
	ev_buffer_u32(out, 8);
	char bytes[8] = { 0 };
	strncpy(bytes, text, sizeof(bytes) - 1);
	ev_buffer_add(out, bytes, sizeof(bytes));
}

static void topology(struct ev_recording *recording, uint32_t cpus, uint32_t texts)
{
	struct ev_buffer bytes = { 0 };
	for (unsigned i = 0; i < 2; i++) {
		ev_buffer_u32(&bytes, texts);
		add_text(&bytes, "0-3");
	}
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		ev_buffer_u32(&bytes, cpu);
		ev_buffer_u32(&bytes, cpu / 2);
	}
	ev_recording_set_section(recording, EV_FEATURE_CPU_TOPOLOGY, bytes.bytes, bytes.size_bytes);
	ev_buffer_done(&bytes);
}

static void every_cpu_has_its_socket(void **state)
{
	(void)state;
	struct ev_recording recording = { .cpus_available = 4 };
	assert_int_equal(ev_recording_socket(&recording, 0), 0);
	topology(&recording, 4, 1);
	assert_int_equal(ev_recording_socket(&recording, 0), 1);
	assert_int_equal(ev_recording_socket(&recording, 3), 2);
	assert_int_equal(ev_recording_socket(&recording, 4), 0);
	assert_int_equal(ev_recording_socket(&recording, UINT32_MAX), 0);
	ev_recording_done(&recording);
}

static void what_is_not_there_is_not_known(void **state)
{
	(void)state;
	struct ev_recording recording = { .cpus_available = 4 };
	topology(&recording, 0, 1);
	assert_int_equal(ev_recording_socket(&recording, 0), 0);
	topology(&recording, 3, 1);
	assert_int_equal(ev_recording_socket(&recording, 0), 0);
	topology(&recording, 4, UINT32_MAX);
	assert_int_equal(ev_recording_socket(&recording, 0), 0);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cpu_has_its_socket),
		cmocka_unit_test(what_is_not_there_is_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
