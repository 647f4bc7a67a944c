/* Sections and notes of a recording. */
#include "recordings.h"

static void a_section_is_replaced_by_number(void **state)
{
	struct ev_recording recording = { 0 };
	const struct ev_section *section;
	char bytes[] = "first";

	(void)state;
	assert_null(ev_recording_section(&recording, 200));
	ev_recording_set_section(&recording, 200, bytes, 5);
	bytes[0] = 'x'; /* the bytes were copied */
	section = ev_recording_section(&recording, 200);
	assert_int_equal(section->size_bytes, 5);
	assert_memory_equal(section->bytes, "first", 5);
	ev_recording_set_section(&recording, 201, "other", 5);
	ev_recording_set_section(&recording, 200, "second time", 11);
	assert_int_equal(recording.section_count, 2);
	assert_memory_equal(ev_recording_section(&recording, 200)->bytes, "second time", 11);
	ev_recording_done(&recording);
}

static void notes_are_found_by_key(void **state)
{
	struct ev_recording recording = { 0 };
	const char *note;

	(void)state;
	assert_null(ev_recording_note(&recording, "fallback", NULL));
	ev_recording_add_note(&recording, "fallback", "no %s, %s", "cycles", "cpu-clock");
	ev_recording_add_note(&recording, "lost", "%d", 5);
	ev_recording_add_note(&recording, "fallback", "a ring of 64 KiB");
	ev_recording_add_note(&recording, "fall", "short key");
	note = ev_recording_note(&recording, "fallback", NULL);
	assert_string_equal(note, "no cycles, cpu-clock");
	note = ev_recording_note(&recording, "fallback", note);
	assert_string_equal(note, "a ring of 64 KiB");
	assert_null(ev_recording_note(&recording, "fallback", note));
	assert_string_equal(ev_recording_note(&recording, "lost", NULL), "5");
	assert_string_equal(ev_recording_note(&recording, "fall", NULL), "short key");
	assert_null(ev_recording_note(&recording, "los", NULL));
	ev_recording_done(&recording);
}

static void a_note_stays_one_line(void **state)
{
	struct ev_recording recording = { 0 };

	(void)state;
	ev_recording_add_note(&recording, "one", "two\nlost 7");
	assert_string_equal(ev_recording_note(&recording, "one", NULL), "two lost 7");
	assert_null(ev_recording_note(&recording, "lost", NULL));
	ev_recording_done(&recording);
}

static void notes_without_an_end_are_read(void **state)
{
	struct ev_recording recording = { 0 };

	(void)state;
	ev_recording_set_section(&recording, EV_FEATURE_EVPROF_NOTES, "a b\n\nkey value", 14);
	assert_string_equal(ev_recording_note(&recording, "key", NULL), "value");
	assert_null(
		ev_recording_note(&recording, "key", ev_recording_note(&recording, "key", NULL)));
	ev_recording_set_section(&recording, EV_FEATURE_EVPROF_NOTES, "key", 3);
	assert_null(ev_recording_note(&recording, "key", NULL));
	ev_recording_done(&recording);
}

static void an_event_leads_itself(void **state)
{
	struct ev_recording recording = { 0 };

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct ev_recorded_event *event = ev_recording_add_event(&recording);

		assert_int_equal(event->leader, i);
		assert_string_equal(event->name, "");
	}
	ev_recording_done(&recording);
	assert_int_equal(recording.event_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_is_replaced_by_number),
		cmocka_unit_test(notes_are_found_by_key),
		cmocka_unit_test(a_note_stays_one_line),
		cmocka_unit_test(notes_without_an_end_are_read),
		cmocka_unit_test(an_event_leads_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
