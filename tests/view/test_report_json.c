/* The JSON report: valid whatever the names are, and with the figures of the table. */
#include <unistd.h>
#include "invented_report.h"

/* The text of the report through python3; its words on stdout. NULL when there is no python3. */
static char *in_python(const char *json, const char *program)
{
	char name[] = "/tmp/evprof-json-XXXXXX", *words = ev_alloc(4096);
	if (system("python3 -c pass >/dev/null 2>&1"))
		return NULL;
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, json, strlen(json)), strlen(json));
	close(fd);
	char *command =
		ev_printf("python3 -c 'import json,sys\nj=json.load(open(sys.argv[1]))\n%s' "
			  "%s",
			  program, name);
	FILE *out = popen(command, "r");
	size_t length = fread(words, 1, 4095, out);
	words[length] = 0;
	assert_int_equal(pclose(out), 0);
	free(command);
	unlink(name);
	return words;
}

static void expect_python(const char *json, const char *program, const char *expected)
{
	char *words = in_python(json, program);
	if (!words) {
		print_message("SKIP report_json: no python3 to read JSON with\n");
		skip();
	}
	assert_string_equal(words, expected);
	free(words);
}

static void rows_events_and_quality_are_there(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "page-faults";
	ev_recording_add_note(&it.recording, "fallback", "no PMU: %s", "cpu-clock");
	invented_add(&it, "main;work", 10, 1000);
	invented_add(&it, "main;k:sys_read", 1, 50);
	invented_add_to(&it, 1, "prog", 7, "main", 3, 4);
	it.profile->quality = (struct ev_quality){
		.samples = 14, .lost = 2, .unresolved = 1, .with_stack = 14, .truncated_stacks = 5
	};
	invented_finish(&it, "comm,pid,dso,sym", true, NULL);
	expect_python(invented_print(&it, "json"),
		      "print(j[\"events\"])\n"
		      "print(sorted(j[\"quality\"].items())[:1], j[\"quality\"][\"lost\"], "
		      "j[\"quality\"][\"unresolved\"], j[\"quality\"][\"truncated_stacks\"], "
		      "j[\"quality\"][\"fallbacks\"])\n"
		      "print(j[\"keys\"])\n"
		      "for r in j[\"rows\"]: print(*r.values())\n",
		      "[{'name': 'cpu-clock:u', 'samples': 11, 'period': 1050}, "
		      "{'name': 'page-faults', 'samples': 3, 'period': 4}]\n"
		      "[('aux_bytes', 0)] 2 1 5 ['no PMU: cpu-clock']\n"
		      "['comm', 'pid', 'object', 'symbol']\n"
		      "cpu-clock:u prog 7 prog main False 0 0 11 1050\n"
		      "cpu-clock:u prog 7 prog work False 10 1000 10 1000\n"
		      "cpu-clock:u prog 7 [kernel.kallsyms] sys_read True 1 50 1 50\n"
		      "page-faults prog 7 prog main False 3 4 3 4\n");
	invented_done(&it);
}

static void hostile_names_stay_inside_their_strings(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	it.recording.events[0].name = "a\"b\\";
	invented_add_to(&it, 0, "\33]0;x\a\"}", 1, "\xff\xfe\"<script>", 1, 1);
	invented_finish(&it, "comm,sym", false, NULL);
	it.report.path = "p\nq\"";
	it.report.partial = "it's \x01";
	expect_python(
		invented_print(&it, "json"),
		"r = j[\"rows\"][0]\n"
		"print(ascii([r[\"event\"], r[\"comm\"], r[\"symbol\"], r[\"children_period\"], "
		"j[\"recording\"][\"path\"], j[\"partial\"]]))\n",
		"['a\"b\\\\', '\\x1b]0;x\\x07\"}', '\\ufffd\\ufffd\"<script>', None, 'p\\nq\"', "
		"\"it's \\x01\"]\n");
	invented_done(&it);
}

static void numbers_and_times_are_numbers(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	struct ev_tag tag = { .cpu = 12, .slice = 12539, .tid = 0 };
	it.profile->slice_ns = 100000000;
	invented_add(&it, "main", 1, 18446744073709551615ull);
	it.entries.items[0].tag = ev_profile_tag(it.profile, &tag);
	invented_finish(&it, "cpu,time,tid,srcfile", false, NULL);
	expect_python(invented_print(&it, "json"),
		      "r = j[\"rows\"][0]\n"
		      "print(r[\"cpu\"], r[\"time\"], r[\"tid\"], repr(r[\"srcfile\"]), "
		      "r[\"period\"])\n",
		      "11 1253.8 0 '' 18446744073709551615\n");
	invented_done(&it);
}

static void an_empty_report_is_valid(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_finish(&it, "sym", true, NULL);
	expect_python(invented_print(&it, "json"),
		      "print(j[\"rows\"], j[\"quality\"][\"samples\"])", "[] 0\n");
	invented_done(&it);
}

static void a_simulated_recording_names_its_model(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_finish(&it, "sym", true, NULL);
	expect_python(invented_print(&it, "json"), "print(j[\"simulated\"])", "None\n");
	ev_recording_add_note(&it.recording, EV_NOTE_SIMULATED, "callgrind 9");
	expect_python(invented_print(&it, "json"), "print(j[\"simulated\"])", "callgrind 9\n");
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_events_and_quality_are_there),
		cmocka_unit_test(hostile_names_stay_inside_their_strings),
		cmocka_unit_test(numbers_and_times_are_numbers),
		cmocka_unit_test(an_empty_report_is_valid),
		cmocka_unit_test(a_simulated_recording_names_its_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
