/* Feature sections survive the way there and back; malformed ones leave their fields empty. */
#include "recordings.h"

/* A recording with every typed field, as one that a decoder filled from its sections. */
static void there_and_back(const struct ev_recording *from, struct ev_recording *to)
{
	for (size_t i = 0; i < from->event_count; i++) {
		struct ev_recorded_event *event = ev_recording_add_event(to);

		event->attr = from->events[i].attr;
	}
	for (unsigned number = 0; number < EV_FEATURE_COUNT; number++) {
		struct ev_buffer bytes = { 0 };

		if (ev_feature_encode(from, number, &bytes))
			ev_feature_decode(to, number, bytes.bytes, bytes.size_bytes);
		ev_buffer_done(&bytes);
	}
}

static void add_build_id(struct ev_recording *recording, uint8_t size_bytes, const char *path)
{
	struct ev_build_id *entry =
		ev_array_grow((void **)&recording->build_ids, &recording->build_id_count,
			      &recording->build_id_room, sizeof(*entry));

	entry->pid = 7;
	entry->misc = PERF_RECORD_MISC_USER;
	entry->id_bytes = size_bytes;
	memset(entry->id, 0xa5, size_bytes);
	entry->path = path;
}

static void every_field_survives(void **state)
{
	struct ev_recording from = { 0 }, to = { 0 };

	(void)state;
	describe(&from);
	add_event(&from, "alone", PERF_SAMPLE_IP);
	add_event(&from, "leader", PERF_SAMPLE_IP);
	add_event(&from, "member", PERF_SAMPLE_IP)->leader = 1;
	from.compressed = true;
	from.compression_level = 3;
	from.compression_ratio = 4.6;
	add_build_id(&from, 20, "/usr/bin/a");
	add_build_id(&from, 8, "/usr/lib/b");
	there_and_back(&from, &to);
	assert_string_equal(to.hostname, from.hostname);
	assert_string_equal(to.osrelease, from.osrelease);
	assert_string_equal(to.version, from.version);
	assert_string_equal(to.arch, from.arch);
	assert_string_equal(to.cpudesc, from.cpudesc);
	assert_string_equal(to.cpuid, from.cpuid);
	assert_int_equal(to.cpus_online, 2);
	assert_int_equal(to.cpus_available, 4);
	assert_int_equal(to.total_mem_kb, 4096);
	assert_int_equal(to.cmdline_count, 3);
	assert_string_equal(to.cmdline[0], "evprof");
	assert_int_equal(to.first_time_ns, 1000);
	assert_int_equal(to.last_time_ns, 9000);
	assert_int_equal(to.clock_resolution_ns, 1);
	assert_true(to.compressed);
	assert_int_equal(to.compression_level, 3);
	assert_int_equal((int)to.compression_ratio, 5);
	assert_string_equal(to.events[2].name, "member");
	assert_int_equal(to.events[2].id_count, 2);
	assert_int_equal(to.events[2].ids[1], 31);
	assert_int_equal(to.events[0].leader, 0);
	assert_int_equal(to.events[1].leader, 1);
	assert_int_equal(to.events[2].leader, 1);
	assert_int_equal(to.build_id_count, 2);
	assert_int_equal(to.build_ids[0].id_bytes, 20);
	assert_int_equal(to.build_ids[1].id_bytes, 8);
	assert_int_equal(to.build_ids[1].pid, 7);
	assert_memory_equal(to.build_ids[1].id, from.build_ids[1].id, 20);
	assert_string_equal(to.build_ids[1].path, "/usr/lib/b");
	ev_recording_done(&from);
	ev_recording_done(&to);
}

static void what_is_not_known_is_not_written(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };

	(void)state;
	add_event(&recording, "", PERF_SAMPLE_IP);
	for (unsigned number = 0; number < EV_FEATURE_COUNT; number++)
		assert_false(ev_feature_encode(&recording, number, &bytes));
	assert_int_equal(bytes.size_bytes, 0);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

/* Cut anywhere, and with every word made huge: no crash, and no memory beyond the bytes given. */
static void malformed_sections_do_no_harm(void **state)
{
	struct ev_recording from = { 0 };

	(void)state;
	describe(&from);
	add_event(&from, "leader", PERF_SAMPLE_IP);
	add_event(&from, "member", PERF_SAMPLE_IP)->leader = 0;
	add_build_id(&from, 20, "/usr/bin/a");
	for (unsigned number = 0; number < EV_FEATURE_COUNT; number++) {
		struct ev_buffer bytes = { 0 };

		if (!ev_feature_encode(&from, number, &bytes)) {
			ev_buffer_done(&bytes);
			continue;
		}
		for (size_t size = 0; size <= bytes.size_bytes; size++) {
			struct ev_recording to = { 0 };
			void *copy = ev_realloc(NULL, size);

			add_event(&to, "", PERF_SAMPLE_IP);
			add_event(&to, "", PERF_SAMPLE_IP);
			memcpy(copy, bytes.bytes, size);
			ev_feature_decode(&to, number, copy, size);
			ev_recording_done(&to);
			free(copy);
		}
		for (size_t at = 0; at + 4 <= bytes.size_bytes; at += 4) {
			struct ev_recording to = { 0 };
			uint32_t keep, huge = UINT32_MAX;

			add_event(&to, "", PERF_SAMPLE_IP);
			memcpy(&keep, bytes.bytes + at, 4);
			memcpy(bytes.bytes + at, &huge, 4);
			ev_feature_decode(&to, number, bytes.bytes, bytes.size_bytes);
			assert_true(to.cmdline_count <= 3);
			memcpy(bytes.bytes + at, &keep, 4);
			ev_recording_done(&to);
		}
		ev_buffer_done(&bytes);
	}
	ev_recording_done(&from);
}

static void an_unfinished_hostname_has_an_end(void **state)
{
	struct ev_recording recording = { 0 };

	(void)state;
	ev_feature_decode(&recording, EV_FEATURE_HOSTNAME, "\4\0\0\0host", 8);
	assert_string_equal(recording.hostname, "host");
	ev_feature_decode(&recording, EV_FEATURE_ARCH, "\5\0\0\0arch", 8);
	assert_null(recording.arch);
	ev_recording_done(&recording);
}

/* Before 5.12 a build-id's size was not told, and in the very first versions not even the pid. */
static void old_build_ids_are_understood(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_buffer bytes = { 0 };

	(void)state;
	ev_buffer_u32(&bytes, 0);
	ev_buffer_u16(&bytes, PERF_RECORD_MISC_USER);
	ev_buffer_u16(&bytes, 36 + 8);
	ev_buffer_u32(&bytes, (uint32_t)-1);
	ev_buffer_u64(&bytes, 0x1111111111111111);
	ev_buffer_zero(&bytes, 16);
	ev_buffer_add(&bytes, "/bin/a\0", 8);
	ev_buffer_u32(&bytes, 0);
	ev_buffer_u16(&bytes, PERF_RECORD_MISC_KERNEL);
	ev_buffer_u16(&bytes, 32 + 24);
	for (int i = 0; i < 5; i++)
		ev_buffer_u32(&bytes, 0x22222222);
	ev_buffer_zero(&bytes, 4);
	ev_buffer_add(&bytes, "[kernel.kallsyms]\0\0\0\0\0\0", 24);
	ev_feature_decode(&recording, EV_FEATURE_BUILD_ID, bytes.bytes, bytes.size_bytes);
	assert_int_equal(recording.build_id_count, 2);
	assert_int_equal(recording.build_ids[0].id_bytes, 8);
	assert_string_equal(recording.build_ids[0].path, "/bin/a");
	assert_string_equal(recording.build_ids[1].path, "[kernel.kallsyms]");
	assert_int_equal(recording.build_ids[1].id_bytes, 20);
	assert_int_equal(recording.build_ids[1].id[19], 0x22);
	ev_buffer_done(&bytes);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_survives),
		cmocka_unit_test(what_is_not_known_is_not_written),
		cmocka_unit_test(malformed_sections_do_no_harm),
		cmocka_unit_test(an_unfinished_hostname_has_an_end),
		cmocka_unit_test(old_build_ids_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
