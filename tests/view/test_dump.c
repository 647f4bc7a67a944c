/* Threads and their stacks, as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/view_dump.h>

static const struct ev_dump_frame frames[] = {
	{ .function = "nap", .object = "/lib/libc.so.6" },
	{ .function = "inner", .file = "a.c", .line = 3, .object = "/lib/x.so", .inlined = true },
	{ .function = NULL, .object = "/lib/x.so" },
	{ .python = true, .function = "Größe.f", .file = "x\33[31m.py", .line = 7 },
	{ .python = true, .function = "g", .file = "x.py" },
};
static const struct ev_dump_thread threads[] = {
	{ .tid = 10,
	  .name = "main\n",
	  .state = 'S',
	  .python = true,
	  .holds_gil = true,
	  .frames = frames,
	  .frame_count = EV_LENGTH(frames) },
	{ .tid = 11, .name = "other", .state = 'R' },
	{ .tid = 12, .name = "third", .state = '%', .trouble = "a frame without code" },
};
static const char *const notes[] = { "something is \"missing\"" };
static const struct ev_dump example = {
	.pid = 10,
	.command = "python3 x.py",
	.version = "3.11.2",
	.path = "/usr/bin/python3.11",
	.gil_known = true,
	.threads = threads,
	.thread_count = EV_LENGTH(threads),
	.notes = notes,
	.note_count = 1,
};

static void expect(void (*print)(FILE *, const struct ev_dump *), const struct ev_dump *dump,
		   const char *expected)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);
	print(out, dump);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void each_thread_is_a_block_with_its_innermost_frame_first(void **state)
{
	(void)state;
	expect(ev_dump_print, &example,
	       "Process 10: python3 x.py\n"
	       "Python v3.11.2 (/usr/bin/python3.11)\n"
	       "\n"
	       "Thread 10 (sleeping, holds the GIL): \"main\\x0a\"\n"
	       "    nap (libc.so.6)\n"
	       "    inner (a.c:3) (inlined)\n"
	       "    [unknown] (x.so)\n"
	       "    Größe.f (x\\x1b[31m.py:7)\n"
	       "    g (x.py)\n"
	       "\n"
	       "Thread 11 (running): \"other\"\n"
	       "    [no frames]\n"
	       "\n"
	       "Thread 12 (state not known): \"third\"\n"
	       "    [a frame without code]\n"
	       "\n"
	       "# something is \"missing\"\n");
}

static void programs_get_the_same_as_json(void **state)
{
	(void)state;
	struct ev_dump little = example;
	struct ev_dump_thread thread = threads[0];
	thread.frames = frames + 1;
	thread.frame_count = 3;
	little.threads = &thread;
	little.thread_count = 1;
	expect(ev_dump_print_json, &little,
	       "{\"pid\": 10, \"command\": \"python3 x.py\", \"python_version\": \"3.11.2\", "
	       "\"python_path\": \"/usr/bin/python3.11\", \"free_threaded\": false, "
	       "\"threads\": [\n"
	       " {\"tid\": 10, \"name\": \"main\\u000a\", \"state\": \"sleeping\", \"python\": "
	       "true, "
	       "\"holds_gil\": true, \"trouble\": null, \"frames\": [\n"
	       "   {\"kind\": \"native\", \"function\": \"inner\", \"file\": \"a.c\", \"line\": 3, "
	       "\"object\": \"/lib/x.so\", \"inlined\": true},\n"
	       "   {\"kind\": \"native\", \"function\": null, \"file\": null, \"line\": null, "
	       "\"object\": \"/lib/x.so\", \"inlined\": false},\n"
	       "   {\"kind\": \"python\", \"function\": \"Größe.f\", \"file\": "
	       "\"x\\u001b[31m.py\", \"line\": 7}]}], "
	       "\"notes\": [\"something is \\\"missing\\\"\"]}\n");
}

static void without_a_gil_nobody_has_it(void **state)
{
	(void)state;
	struct ev_dump little = { .pid = 1,
				  .command = "x",
				  .version = "3.14.0",
				  .path = "/usr/bin/python3.14t",
				  .free_threaded = true };
	expect(ev_dump_print, &little,
	       "Process 1: x\nPython v3.14.0 (/usr/bin/python3.14t), free-threaded: no GIL\n");
	expect(ev_dump_print_json, &little,
	       "{\"pid\": 1, \"command\": \"x\", \"python_version\": \"3.14.0\", \"python_path\": "
	       "\"/usr/bin/python3.14t\", \"free_threaded\": true, \"threads\": [], \"notes\": "
	       "[]}\n");
}

static void a_gil_that_is_not_known_is_not_said_to_be_free(void **state)
{
	(void)state;
	struct ev_dump little = { .pid = 1, .command = "x" };
	struct ev_dump_thread thread = { .tid = 1, .name = "x", .state = 'S', .python = true };
	little.threads = &thread;
	little.thread_count = 1;
	expect(ev_dump_print_json, &little,
	       "{\"pid\": 1, \"command\": \"x\", \"python_version\": null, \"python_path\": null, "
	       "\"free_threaded\": null, \"threads\": [\n"
	       " {\"tid\": 1, \"name\": \"x\", \"state\": \"sleeping\", \"python\": true, "
	       "\"holds_gil\": null, \"trouble\": null, \"frames\": []}], \"notes\": []}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thread_is_a_block_with_its_innermost_frame_first),
		cmocka_unit_test(programs_get_the_same_as_json),
		cmocka_unit_test(without_a_gil_nobody_has_it),
		cmocka_unit_test(a_gil_that_is_not_known_is_not_said_to_be_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
