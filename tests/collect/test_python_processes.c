/* Frames become lines of a recording's table, whatever has become of the process meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <cmocka.h>
#include "python_made.h"
#include "python_processes.h"

// wrap: ev_sys_memory_read
static struct made_memory made;
static const uint32_t wrong_pid = 4000000; /* more than there are */

ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes)
{
	(void)pid;
	int rc = made_read(&made, address, bytes, size_bytes);
	return rc ? rc : (ssize_t)size_bytes;
}

static struct python_processes processes;
static struct ev_python_process shape;

static void begin(void)
{
	struct ev_python_runtime runtime = made_runtime();
	processes = (struct python_processes){ .functions = ev_python_functions_open() };
	made_code(&made);
	assert_int_equal(ev_python_process_begin(&processes, wrong_pid, &runtime, &shape, NULL), 0);
}

static void end(void)
{
	ev_python_functions_close(processes.functions);
	ev_python_processes_done(&processes);
}

/* As bpf/python_code.bpf.h computes it, out of the shape that it is given. */
static uint64_t mix(uint64_t hash, uint64_t with)
{
	hash = (hash ^ with) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}
static uint64_t at(uint32_t offset, size_t size_bytes)
{
	uint64_t value = 0;
	memcpy(&value, made.bytes + MADE_CODE + shape.bytes_size + offset, size_bytes);
	return value;
}
/* Its texts are short: a word each. */
static uint64_t part(uint64_t kind, uint64_t head, size_t from)
{
	uint64_t word;
	memcpy(&word, made.bytes + from, sizeof(word));
	return mix(mix(kind, head), word);
}
static uint32_t check_now(void)
{
	uint64_t hash = mix(1, at(0, 8));
	for (uint32_t i = 0; i < EV_PYTHON_CODE_FIXED + 24; i += 8)
		hash = mix(hash, at(shape.code_file - EV_PYTHON_CODE_FIXED + i, 8));
	hash = mix(hash, at(shape.code_lines, 8));
	hash = mix(hash, at(shape.code_first_line, 4));
	enum { BYTES = 1 << 1, ASCII = 1 };
	hash ^= part(2, strlen("f") << 8 | BYTES | ASCII, MADE_NAME + shape.text_ascii);
	hash ^= part(3, strlen("x.py") << 8 | BYTES | ASCII, MADE_FILE + shape.text_ascii);
	hash ^= part(4, 4, MADE_LINES + shape.bytes_data);
	return (uint32_t)(hash ^ hash >> 32);
}

static struct ev_python_line line_of(uint32_t pid, const struct ev_python_word *word)
{
	struct ev_python_line line = { 0 };
	struct python_process *process = ev_python_process_find(&processes, pid);
	assert_non_null(process);
	assert_true(ev_python_line_find(processes.functions,
					ev_python_process_address(&processes, process, word),
					&line));
	return line;
}

static void a_frame_is_a_line_of_a_function(void **state)
{
	(void)state;
	begin();
	struct ev_python_word word = { (MADE_BASE + MADE_CODE) | EV_PYTHON_ENTRY, 8, check_now() };
	struct ev_python_line line = line_of(wrong_pid, &word);
	assert_string_equal(line.name, "f");
	assert_string_equal(line.file, "x.py"); /* where it ran can't be told any more */
	assert_int_equal(line.first_line, 10);
	assert_int_equal(line.line, 12);
	word.position = 4;
	assert_int_equal(line_of(wrong_pid, &word).line, 11);
	assert_int_equal(ev_python_function_count(processes.functions), 1);
	end();
}

static void code_that_is_gone_is_counted_and_not_taken_for_another(void **state)
{
	(void)state;
	begin();
	struct ev_python_word word = { MADE_BASE + MADE_CODE, 8, check_now() };
	made_put32(&made, MADE_CODE + 40, 70);
	assert_string_equal(line_of(wrong_pid, &word).name, "[code that is gone]");
	assert_int_equal(processes.unreadable, 1);
	word.check = check_now();
	assert_int_equal(line_of(wrong_pid, &word).line, 72);
	end();
}

static void one_that_differs_in_its_name_alone_is_another(void **state)
{
	(void)state;
	begin();
	struct ev_python_word word = { MADE_BASE + MADE_CODE, 8, check_now() };
	assert_string_equal(line_of(wrong_pid, &word).name, "f");
	made.bytes[MADE_NAME + shape.text_ascii] = 'g';
	word.check = check_now();
	assert_string_equal(line_of(wrong_pid, &word).name, "g");
	end();
}

static void a_copy_that_is_gone_is_known_by_its_parent(void **state)
{
	(void)state;
	begin();
	struct ev_python_word word = { MADE_BASE + MADE_CODE, 8, check_now() };
	assert_int_equal(line_of(wrong_pid, &word).line, 12);
	made.gone = true;
	ev_python_process_fork(&processes, wrong_pid + 1, wrong_pid);
	ev_python_process_fork(&processes, wrong_pid + 2, wrong_pid + 1);
	ev_python_process_fork(&processes, wrong_pid + 4, wrong_pid + 3);
	assert_int_equal(line_of(wrong_pid + 1, &word).line, 12);
	assert_int_equal(line_of(wrong_pid + 2, &word).line, 12);
	assert_null(ev_python_process_find(&processes, wrong_pid + 4));
	assert_int_equal(processes.found, 3);
	end();
}

static void a_code_object_is_learned_as_it_was(void **state)
{
	(void)state;
	static struct ev_python_code_note note;
	begin();
	note = (struct ev_python_code_note){ .note.pid = wrong_pid,
					     .code = MADE_BASE + MADE_CODE,
					     .check = check_now() };
	static const size_t from[] = { MADE_CODE, MADE_FILE, MADE_NAME, MADE_LINES };
	static const uint32_t sizes[] = { EV_PYTHON_CODE_BYTES, 100, 100, 36 };
	for (unsigned part = 0; part < EV_PYTHON_CODE_PARTS; part++) {
		note.address[part] = MADE_BASE + from[part];
		note.size[part] = sizes[part];
		memcpy(note.bytes + EV_PYTHON_PART_AT(part), made.bytes + from[part], sizes[part]);
	}
	made.gone = true;
	struct ev_python_word word = { MADE_BASE + MADE_CODE, 8, note.check };
	/* Cut short it is nothing. */
	ev_python_process_learn(&processes, &note, sizeof(note.note));
	ev_python_process_learn(&processes, &note,
				offsetof(struct ev_python_code_note, bytes) +
					EV_PYTHON_PART_AT(EV_PYTHON_CODE_LINES) + 35);
	assert_null(ev_python_codes_known(ev_python_process_find(&processes, wrong_pid)->codes,
					  word.code, word.check));
	ev_python_process_learn(&processes, &note, sizeof(note));
	assert_int_equal(line_of(wrong_pid, &word).line, 12);
	end();
}

static void processes_that_ended_go_after_a_while(void **state)
{
	(void)state;
	begin();
	ev_python_process_end(&processes, wrong_pid, 1000);
	ev_python_processes_round(&processes);
	assert_non_null(ev_python_process_find(&processes, wrong_pid));
	for (int i = 0; i < 20; i++)
		ev_python_processes_round(&processes);
	assert_null(ev_python_process_find(&processes, wrong_pid));
	assert_int_equal(processes.list.count, 0);
	end();
}

/* What was told before an exec may be read behind it. */
static void a_number_is_the_process_that_had_it_at_the_time(void **state)
{
	(void)state;
	begin();
	struct ev_python_runtime runtime = made_runtime();
	struct python_process *before = ev_python_process_find(&processes, wrong_pid);
	ev_python_process_end(&processes, wrong_pid, 1000);
	assert_int_equal(ev_python_process_begin(&processes, wrong_pid, &runtime, &shape, NULL), 0);
	struct python_process *after = ev_python_process_find(&processes, wrong_pid);
	assert_ptr_not_equal(before, after);
	assert_ptr_equal(ev_python_process_at(&processes, wrong_pid, 999), before);
	assert_ptr_equal(ev_python_process_at(&processes, wrong_pid, 1000), after);
	assert_null(ev_python_process_at(&processes, wrong_pid + 1, 999));
	ev_python_process_end(&processes, wrong_pid, 2000);
	assert_int_equal(ev_python_process_begin(&processes, wrong_pid, &runtime, &shape, NULL), 0);
	assert_ptr_equal(ev_python_process_at(&processes, wrong_pid, 999), after);
	for (int i = 0; i < 20; i++)
		ev_python_processes_round(&processes);
	after = ev_python_process_find(&processes, wrong_pid);
	assert_ptr_equal(ev_python_process_at(&processes, wrong_pid, 999), after);
	assert_int_equal(processes.list.count, 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_a_line_of_a_function),
		cmocka_unit_test(code_that_is_gone_is_counted_and_not_taken_for_another),
		cmocka_unit_test(one_that_differs_in_its_name_alone_is_another),
		cmocka_unit_test(a_copy_that_is_gone_is_known_by_its_parent),
		cmocka_unit_test(a_code_object_is_learned_as_it_was),
		cmocka_unit_test(processes_that_ended_go_after_a_while),
		cmocka_unit_test(a_number_is_the_process_that_had_it_at_the_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
