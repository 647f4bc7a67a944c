/* -F chooses the fields of samples by kind of event, as perf script understands it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "script.h"

static struct ev_script_fields parsed(const char *one, const char *other)
{
	struct ev_script_fields fields;
	ev_script_fields_usual(&fields);
	assert_int_equal(ev_script_fields_parse(&fields, one, NULL), 0);
	if (other)
		assert_int_equal(ev_script_fields_parse(&fields, other, NULL), 0);
	return fields;
}

static void a_list_replaces_the_usual_fields(void **state)
{
	struct ev_script_fields fields = parsed("comm,ip,sym", NULL);
	(void)state;
	uint64_t wanted = SCRIPT_BIT(COMM) | SCRIPT_BIT(IP) | SCRIPT_BIT(SYM);
	for (int kind = 0; kind < EV_SCRIPT_KINDS; kind++)
		assert_int_equal(fields.shown[kind], wanted);
}

static void signs_change_the_usual_fields(void **state)
{
	struct ev_script_fields usual, fields = parsed("+pid,-cpu", NULL);
	(void)state;
	ev_script_fields_usual(&usual);
	for (int kind = 0; kind < EV_SCRIPT_KINDS; kind++)
		assert_int_equal(fields.shown[kind],
				 (usual.shown[kind] | SCRIPT_BIT(PID)) & ~SCRIPT_BIT(CPU));
}

static void a_kind_in_front_changes_that_kind_alone(void **state)
{
	struct ev_script_fields usual, fields = parsed("trace:time,trace", "sw:-period");
	(void)state;
	ev_script_fields_usual(&usual);
	assert_int_equal(fields.shown[EV_SCRIPT_TRACEPOINT], SCRIPT_BIT(TIME) | SCRIPT_BIT(TRACE));
	assert_int_equal(fields.shown[EV_SCRIPT_SOFTWARE],
			 usual.shown[EV_SCRIPT_SOFTWARE] & ~SCRIPT_BIT(PERIOD));
	assert_int_equal(fields.shown[EV_SCRIPT_HARDWARE], usual.shown[EV_SCRIPT_HARDWARE]);
	fields = parsed("trace:", NULL);
	assert_int_equal(fields.shown[EV_SCRIPT_TRACEPOINT], 0);
	fields = parsed("trace", NULL); /* a field; other kinds leave it out */
	assert_int_equal(fields.shown[EV_SCRIPT_TRACEPOINT], SCRIPT_BIT(TRACE));
	assert_int_equal(fields.shown[EV_SCRIPT_SOFTWARE], 0);
}

static void what_is_no_field_is_refused(void **state)
{
	static const char *const texts[] = { "",          "nosuch",     "comm,+ip",
					     "+ip,comm",  "x:ip",       "sw:trace",
					     "hw:nosuch", "callindent", "comm,,ip" };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(texts); i++) {
		struct ev_script_fields fields;
		struct ev_err err = { 0 };
		ev_script_fields_usual(&fields);
		assert_true(ev_script_fields_parse(&fields, texts[i], &err) < 0);
		assert_true(err.text[0]);
	}
}

static void fields_that_samples_lack_are_left_out_or_refused(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_err err = { 0 };
	(void)state;
	struct ev_recorded_event *event = ev_recording_add_event(&recording);
	event->name = "page-faults";
	event->attr.type = PERF_TYPE_SOFTWARE;
	event->attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
	struct ev_script_fields fields;
	ev_script_fields_usual(&fields);
	assert_int_equal(ev_script_fields_fit(&fields, &recording, true, &err), 0);
	assert_false(fields.shown[EV_SCRIPT_SOFTWARE] & SCRIPT_BIT(CPU));
	assert_true(fields.shown[EV_SCRIPT_SOFTWARE] & SCRIPT_BIT(IP));
	fields = parsed("ip,addr", NULL);
	assert_true(ev_script_fields_fit(&fields, &recording, true, &err) < 0);
	assert_non_null(strstr(err.text, "'page-faults'"));
	assert_non_null(strstr(err.text, "ADDR was not recorded"));
	fields = parsed("ip,cpu", NULL); /* as perf: not an error */
	assert_int_equal(ev_script_fields_fit(&fields, &recording, true, &err), 0);
	/* Another event has it: this one goes without. */
	event = ev_recording_add_event(&recording);
	event->attr.type = PERF_TYPE_RAW;
	event->attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_ADDR;
	fields = parsed("ip,addr", NULL);
	assert_int_equal(ev_script_fields_fit(&fields, &recording, true, &err), 0);
	assert_false(fields.shown[EV_SCRIPT_SOFTWARE] & SCRIPT_BIT(ADDR));
	assert_true(fields.shown[EV_SCRIPT_RAW] & SCRIPT_BIT(ADDR));
	ev_recording_done(&recording);
}

static void tracepoints_show_places_where_stacks_were_taken(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_script_fields fields;
	(void)state;
	struct ev_recorded_event *event = ev_recording_add_event(&recording);
	event->attr.type = PERF_TYPE_TRACEPOINT;
	event->attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
				  PERF_SAMPLE_RAW | PERF_SAMPLE_CALLCHAIN;
	ev_script_fields_usual(&fields);
	ev_script_fields_fit(&fields, &recording, true, NULL);
	assert_true(fields.shown[EV_SCRIPT_TRACEPOINT] & SCRIPT_BIT(IP));
	ev_script_fields_usual(&fields);
	ev_script_fields_fit(&fields, &recording, false, NULL);
	assert_false(fields.shown[EV_SCRIPT_TRACEPOINT] & SCRIPT_BIT(IP));
	fields = parsed("+misc", NULL); /* perf too: then they are not added */
	ev_script_fields_fit(&fields, &recording, true, NULL);
	assert_false(fields.shown[EV_SCRIPT_TRACEPOINT] & SCRIPT_BIT(IP));
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_replaces_the_usual_fields),
		cmocka_unit_test(signs_change_the_usual_fields),
		cmocka_unit_test(a_kind_in_front_changes_that_kind_alone),
		cmocka_unit_test(what_is_no_field_is_refused),
		cmocka_unit_test(fields_that_samples_lack_are_left_out_or_refused),
		cmocka_unit_test(tracepoints_show_places_where_stacks_were_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
