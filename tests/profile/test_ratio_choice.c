/* Which ratios the groups of a recording give, and which a user may ask for. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/tables.h>

/* "a b;c": the group of a and b, and c alone. */
static void record(struct ev_recording *recording, const char *words)
{
	char *copy = ev_strdup(words), *rest = copy;
	*recording = (struct ev_recording){ 0 };
	for (char *group; (group = strsep(&rest, ";"));) {
		int leader = (int)recording->event_count;
		bool alone = !strchr(group, ' ');
		for (char *name; (name = strsep(&group, " "));) {
			struct ev_recorded_event *event = ev_recording_add_event(recording);
			event->name = ev_arena_text(&recording->arena, name, strlen(name));
			event->leader = leader;
			if (alone)
				continue;
			event->attr.sample_type = PERF_SAMPLE_READ;
			event->attr.read_format = PERF_FORMAT_GROUP;
		}
	}
	free(copy);
}

/* "IPC=1/0*1 …" of what is found, or of what --ratio asks for. */
static const char *found(const char *events, const char *asked)
{
	static char text[2048];
	struct ev_recording recording;
	struct ev_ratio_list list = { 0 };
	struct ev_err err = { 0 };
	int rc = 0;
	*text = 0;
	record(&recording, events);
	if (asked)
		rc = ev_ratios_add(&list, &recording, asked, &err);
	else
		ev_ratios_find(&list, &recording);
	if (rc)
		snprintf(text, sizeof(text), "%d: %s", rc, err.text);
	for (size_t i = 0; i < list.items.count; i++) {
		const struct ev_ratio *ratio = &list.items.items[i];
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%s%s=%zu/%zu*%g", used ? " " : "",
			 ratio->name, ratio->above, ratio->below, ratio->scale);
	}
	ev_ratios_done(&list);
	ev_recording_done(&recording);
	return text;
}

static void ratios_of_known_meaning_are_found(void **state)
{
	(void)state;
	assert_string_equal(found("cycles instructions", NULL), "IPC=1/0*1");
	assert_string_equal(found("cpu-cycles:u instructions:u", NULL), "IPC=1/0*1");
	assert_string_equal(found("instructions cache-misses cache-references", NULL),
			    "cache-MPKI=1/0*1000 cache-miss %=1/2*100");
	assert_string_equal(found("branches branch-misses", NULL), "branch-miss %=1/0*100");
	assert_string_equal(found("L1-dcache-loads L1-dcache-load-misses", NULL),
			    "L1-dcache-load-miss %=1/0*100");
	assert_string_equal(found("task-clock page-faults", NULL), "page-faults/ms=1/0*1e+06");
	assert_string_equal(found("cycles task-clock", NULL), "GHz=0/1*1");
}

static void other_members_are_compared_with_their_leader(void **state)
{
	(void)state;
	assert_string_equal(found("r1c2 r3c", NULL), "r3c/r1c2=1/0*1");
	assert_string_equal(found("cycles r3c instructions", NULL), "IPC=2/0*1 r3c/cycles=1/0*1");
	assert_string_equal(found("task-clock cpu-clock", NULL), "cpu-clock/task-clock=1/0*1");
}

static void counts_of_different_things_are_no_known_ratio(void **state)
{
	(void)state;
	assert_string_equal(found("cycles:u instructions:k", NULL),
			    "instructions:k/cycles:u=1/0*1");
	assert_string_equal(found("cpu_core/cycles/ cpu_atom/instructions/", NULL),
			    "cpu_atom/instructions//cpu_core/cycles/=1/0*1");
	assert_string_equal(found("cycles;instructions", NULL), "");
	assert_string_equal(found("cycles r1;instructions r2", NULL), "r1/cycles=1/0*1 "
								      "r2/instructions=3/2*1");
}

static void any_ratio_of_a_group_can_be_asked_for(void **state)
{
	(void)state;
	assert_string_equal(found("cycles instructions", "cycles/instructions"),
			    "cycles/instructions=0/1*1");
	assert_string_equal(found("task-clock page-faults", "page-faults/task-clock*1e9"),
			    "page-faults/task-clock*1e9=1/0*1e+09");
	assert_string_equal(found("task-clock:u page-faults:u", "faults/task-clock"),
			    "faults/task-clock=1/0*1");
	assert_string_equal(found("cpu/event=0x3c/ cpu/event=0xc0/u",
				  "cpu/event=0xc0/u/cpu/event=0x3c/"),
			    "cpu/event=0xc0/u/cpu/event=0x3c/=1/0*1");
	/* Of several that are called so, the one of the same group. */
	assert_string_equal(found("cycles r1;cycles instructions", "instructions/cycles"),
			    "instructions/cycles=3/2*1");
	assert_string_equal(found("cycles r1;cycles instructions", "cycles/instructions"),
			    "cycles/instructions=2/3*1");
}

static void what_is_no_ratio_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = { "cycles",
					     "/",
					     "cycles/",
					     "a/b",
					     "cycles/instructions*",
					     "cycles/instructions*x",
					     "cycles/instructions*-1",
					     "*",
					     "cycles*3",
					     "" };
	for (size_t i = 0; i < EV_LENGTH(wrong); i++)
		assert_true(*found("cycles instructions", wrong[i]) == '-');
	assert_non_null(strstr(found("cycles;instructions", "instructions/cycles"),
			       "not counted together"));
}

static void a_file_may_claim_any_number_of_events(void **state)
{
	(void)state;
	struct ev_recording recording = { 0 };
	struct ev_ratio_list list = { 0 };
	for (int i = 0; i < 5000; i++) {
		struct ev_recorded_event *event = ev_recording_add_event(&recording);
		event->name = i % 2 ? "cycles" : "instructions";
		event->leader = i % 3 ? 0 : i % 5 ? -1 : 100000;
		event->attr.sample_type = PERF_SAMPLE_READ;
		event->attr.read_format = PERF_FORMAT_GROUP;
	}
	ev_ratios_find(&list, &recording);
	assert_in_range(list.items.count, 1, 100);
	ev_ratios_done(&list);
	ev_recording_done(&recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ratios_of_known_meaning_are_found),
		cmocka_unit_test(other_members_are_compared_with_their_leader),
		cmocka_unit_test(counts_of_different_things_are_no_known_ratio),
		cmocka_unit_test(any_ratio_of_a_group_can_be_asked_for),
		cmocka_unit_test(what_is_no_ratio_is_refused),
		cmocka_unit_test(a_file_may_claim_any_number_of_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
