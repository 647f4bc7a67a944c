/* The page: one file that asks for nothing, data in it that no browser takes for markup. */
#include "invented_report.h"

/* The data of the page, without what stands around it. */
static char *data_of(const char *page)
{
	static const char begin[] = "<script type=\"application/json\" id=\"data\">";
	const char *from = strstr(page, begin);
	assert_non_null(from);
	from += strlen(begin);
	const char *end = strchr(from, '<');
	assert_non_null(end);
	assert_int_equal(strncmp(end, "</script>", 9), 0);
	return strndup(from, (size_t)(end - from));
}

static void has(const char *data, const char *text)
{
	if (!strstr(data, text))
		fail_msg("no %s in %s", text, data);
}

static void stacks_are_nodes_with_weights(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 3, 300);
	invented_add(&it, "main;k:read;~copy", 1, 100);
	invented_add(&it, "?0x12", 2, 200);
	invented_finish(&it, "sym", true, NULL);
	char *data = data_of(invented_print(&it, "html"));
	has(data, "\"events\":[{\"name\":\"cpu-clock:u\",\"index\":0,\"is_time\":false,"
		  "\"total_samples\":6,\"total_period\":600,\"unit\":100,\"nodes\":[1,3,1],"
		  "\"threads\":[0,0,0],\"samples\":[2,1,3],\"period\":[2,1,3],\"functions\":{"
		  "\"all\":5,\"frames\":[0,1,2,3,4],"
		  "\"self_samples\":[2,0,0,1,3],\"self_period\":[200,0,0,100,300],"
		  "\"children_samples\":[2,4,1,1,3],"
		  "\"children_period\":[200,400,100,100,300]}}]");
	has(data, "\"parents\":[0,0,0,2,3,2],\n\"frames\":[0,0,1,2,3,4]}");
	has(data, "\"frames\":[[\"[prog]\",0,\"n\",0,0],\n[\"main\",0,\"u\",0,0],\n"
		  "[\"read\",1,\"k\",0,0],\n[\"copy\",0,\"i\",0,0],\n[\"work\",0,\"u\",0,0]]");
	has(data, "\"objects\":[\"prog\",\n\"[kernel.kallsyms]\"]");
	has(data, "\"threads\":[[\"prog\",7,7,1]]");
	has(data, "\"left_out\":{\"stacks\":0,\"below\":0.000000000}");
	free(data);
	invented_done(&it);
}

static void every_event_with_samples_is_in_it(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "silent";
	ev_recording_add_event(&it.recording)->name = "faults";
	invented_add(&it, "main", 3, 300);
	invented_add_to(&it, 2, "prog", 7, "main", 5, 5);
	invented_add_to(&it, 2, "other", 8, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	char *data = data_of(invented_print(&it, "html"));
	has(data, "{\"name\":\"faults\",\"index\":2,\"is_time\":false,\"total_samples\":6,"
		  "\"total_period\":6,\"unit\":1,\"nodes\":[1,0],\"threads\":[0,1],"
		  "\"samples\":[5,1],\"period\":[5,1],");
	has(data, "\"silent_events\":[\"silent\"],");
	assert_null(strstr(data, "{\"name\":\"silent"));
	free(data);
	invented_done(&it);
}

static void threads_of_a_name_are_told_apart(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "worker", 1, "main", 3, 30);
	invented_add_to(&it, 0, "worker", 2, "main", 4, 40);
	invented_finish(&it, "sym", true, NULL);
	char *data = data_of(invented_print(&it, "html"));
	has(data, "\"nodes\":[1,0],\"threads\":[0,1],\"samples\":[4,3],\"period\":[4,3]");
	has(data, "\"threads\":[[\"worker\",2,2,1],\n[\"worker\",1,1,1]]");
	free(data);
	invented_done(&it);
}

/* A report of samples that were in blocks of 1 ms. */
static void made_in_time(struct invented *it)
{
	it->profile->block_ns = 1000000;
	it->profile->blocks_from_ns = 5000000000;
	it->profile->first_time_ns = 5000000000;
	it->profile->last_time_ns = 5900000000;
}

static void when_samples_were_taken_is_told(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main", 3, 30);
	it.profile->tags.items[it.entries.items[0].tag].block = 8;
	made_in_time(&it);
	invented_finish(&it, "sym", true, NULL);
	char *data = data_of(invented_print(&it, "html"));
	has(data, "\"time\":{\"from_s\":5.000000000,\"column_s\":0.001000000,\"columns\":1024,"
		  "\"grain\":1,\"heat_grain\":1}");
	has(data, "\"times\":[7],\"samples\":[3]");
	free(data);
	invented_done(&it);
}

static void counted_samples_have_no_time_and_the_page_says_so(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_note(&it.recording, EV_NOTE_COUNTED, "by stack");
	invented_add(&it, "main", 3, 30);
	made_in_time(&it);
	invented_finish(&it, "sym", true, NULL);
	char *data = data_of(invented_print(&it, "html"));
	has(data, "\"time\":{\"why\":\"samples were counted in the kernel (--bpf), which keeps no "
		  "time of each\"}");
	assert_null(strstr(data, "\"times\""));
	free(data);
	invented_done(&it);
}

static void what_is_filtered_is_not_in_it(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "one", 1, "main;secret", 1, 1);
	invented_add_to(&it, 0, "two", 2, "main", 2, 2);
	invented_finish(&it, "sym", true, &(struct ev_filter){ .comms = "two" });
	char *data = data_of(invented_print(&it, "html"));
	has(data, "\"nodes\":[1],\"threads\":[0],\"samples\":[2]");
	assert_null(strstr(data, "secret"));
	free(data);
	invented_done(&it);
}

static void names_are_no_markup(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "</script><!--", 1, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	it.report.path = "<script>alert(1)</script>";
	it.named.frames.items[1].function =
		ev_strings_add_text(it.profile->strings,
				    "</script><img src=x onerror=\"a('\\')\">\33[2J\u202eabc\xff");
	char *data = data_of(invented_print(&it, "html"));
	has(data, "[\"Recording\",\"\\u003cscript>alert(1)\\u003c/script>\"]");
	has(data, "\"threads\":[[\"\\u003c/script>\\u003c!--\",1,1,1]]");
	has(data, "[\"\\u003c/script>\\u003cimg src=x onerror=\\\"a('\\\\')\\\">\\\\x1b[2J"
		  "\\\\xe2\\\\x80\\\\xaeabc\\\\xff\"");
	free(data);
	invented_done(&it);
}

static void long_names_are_cut_between_characters(void **state)
{
	(void)state;
	struct invented it;
	char name[1200] = "", *end = name;
	invented_open(&it);
	invented_add(&it, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	/* An odd byte first, so that a limit of bytes is within a character. */
	end = stpcpy(end, "x");
	for (int i = 0; i < 300; i++)
		end = stpcpy(end, "\u00e9");
	it.named.frames.items[1].function = ev_strings_add_text(it.profile->strings, name);
	char *data = data_of(invented_print(&it, "html"));
	char expected[1200];
	snprintf(expected, sizeof(expected), "[\"%.399s\u2026\",", name);
	has(data, expected);
	free(data);
	invented_done(&it);
}

static void the_page_may_ask_for_nothing(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_finish(&it, "sym", true, NULL);
	const char *page = invented_print(&it, "html");
	has(page, "content=\"default-src 'none'; style-src 'unsafe-inline'; "
		  "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
		  "form-action 'none'\"");
	/* The name of a name space is the only thing that looks like an address. */
	for (const char *at = page; (at = strstr(at, "http://")); at++)
		assert_memory_equal(at, "http://www.w3.org/2000/svg'", 27);
	assert_null(strstr(page, "https://"));
	assert_null(strstr(page, "@STYLE@"));
	assert_null(strstr(page, "@DATA@"));
	assert_null(strstr(page, "@SCRIPT@"));
	assert_null(strstr(page, "innerHTML"));
	assert_non_null(strstr(page, "</html>\n"));
	invented_done(&it);
}

static void of_nothing_it_says_so(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_finish(&it, "sym", true, NULL);
	char *data = data_of(invented_print(&it, "html"));
	has(data, "\"events\":[],\n\"findings\":[],\n\"nodes\":{\"parents\":[0],\n\"frames\":[0]},"
		  "\n\"frames\":[]");
	free(data);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_nodes_with_weights),
		cmocka_unit_test(every_event_with_samples_is_in_it),
		cmocka_unit_test(threads_of_a_name_are_told_apart),
		cmocka_unit_test(when_samples_were_taken_is_told),
		cmocka_unit_test(counted_samples_have_no_time_and_the_page_says_so),
		cmocka_unit_test(what_is_filtered_is_not_in_it),
		cmocka_unit_test(names_are_no_markup),
		cmocka_unit_test(long_names_are_cut_between_characters),
		cmocka_unit_test(the_page_may_ask_for_nothing),
		cmocka_unit_test(of_nothing_it_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
