/* What the agent in a Python process says of code objects, made up in this one's own memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../../agent/agent.h"
#include "../../agent/codes.c"
#include "../../agent/memory.c"
#include "../../agent/ring.c"

enum { RING_BYTES = 1 << 16, PAGE = 4096, CODES_MADE = 100, CHARACTERS = 16 };

struct agent agent;

/* As the offsets below say. */
struct made {
	uint8_t before[40];
	uint64_t file, name;
	uint32_t first_line;
	uint64_t lines;
	struct made_text {
		uint64_t length;
		uint32_t state, filler;
		char characters[CHARACTERS];
	} file_text, name_text;
	struct {
		uint64_t size;
		uint8_t data[8];
	} lines_table;
};

static struct made *codes[CODES_MADE]; /* a page for each */
static uint64_t addresses[CODES_MADE];

static void make_text(struct made_text *text, const char *word)
{
	text->length = strlen(word);
	text->state = 1 << 2 | 1 << 5 | 1 << 6; /* one byte each, compact, ASCII */
	strcpy(text->characters, word);
}

static void make_code(size_t i, const char *name)
{
	void *page = mmap(codes[i], PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | (codes[i] ? MAP_FIXED : 0), -1, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	codes[i] = page;
	*codes[i] = (struct made){
		.file = (uint64_t)(uintptr_t)&codes[i]->file_text,
		.name = (uint64_t)(uintptr_t)&codes[i]->name_text,
		.lines = (uint64_t)(uintptr_t)&codes[i]->lines_table,
		.first_line = 7,
		.lines_table = { .size = 4, .data = "abcd" },
	};
	make_text(&codes[i]->file_text, "made.py");
	make_text(&codes[i]->name_text, name);
	addresses[i] = (uint64_t)(uintptr_t)codes[i];
}

static int set_up(void **state)
{
	(void)state;
	agent.pid = getpid();
	agent.generation++;
	agent.at = (struct python_agent_offsets){
		.code_file = offsetof(struct made, file),
		.code_name = offsetof(struct made, name),
		.code_qualname = PYTHON_AGENT_NO_OFFSET,
		.code_first_line = offsetof(struct made, first_line),
		.code_lines = offsetof(struct made, lines),
		.code_number = PYTHON_AGENT_NO_OFFSET,
		.bytes_size = 0,
		.bytes_data = 8,
		.text_length = 0,
		.text_state = 8,
		.text_ascii = 16,
		.text_compact = 16,
	};
	free(agent.ring);
	agent.ring = calloc(1, PYTHON_AGENT_RING_AT + RING_BYTES);
	agent.ring_bytes = RING_BYTES;
	for (size_t i = 0; i < CODES_MADE; i++)
		make_code(i, "function");
	return 0;
}

/* How many were told of it. */
static uint32_t look(uint32_t *ids)
{
	uint32_t before = last_id;
	agent_codes_again(addresses, CODES_MADE);
	for (size_t i = 0; i < CODES_MADE; i++)
		ids[i] = agent_code_id(addresses[i]);
	return last_id - before;
}

static void code_that_stays_is_told_once(void **state)
{
	(void)state;
	uint32_t first[CODES_MADE], then[CODES_MADE];
	assert_int_equal(look(first), CODES_MADE);
	assert_int_equal(look(then), 0);
	assert_memory_equal(first, then, sizeof(first));
}

static void code_that_is_made_in_its_place_is_told(void **state)
{
	(void)state;
	uint32_t first[CODES_MADE], then[CODES_MADE];
	look(first);
	make_code(3, "another");
	codes[9]->lines_table.data[2]++;
	codes[70]->first_line++;
	assert_int_equal(look(then), 3);
	for (size_t i = 0; i < CODES_MADE; i++)
		assert_int_equal(then[i] == first[i], i != 3 && i != 9 && i != 70);
}

static void code_whose_memory_is_gone_hides_no_other(void **state)
{
	(void)state;
	uint32_t first[CODES_MADE], then[CODES_MADE];
	look(first);
	munmap(codes[0], PAGE);
	munmap(codes[40], PAGE);
	munmap(codes[CODES_MADE - 1], PAGE);
	assert_int_equal(look(then), 0);
	for (size_t i = 0; i < CODES_MADE; i++)
		assert_int_equal(then[i], i == 0 || i == 40 || i == CODES_MADE - 1 ? 0 : first[i]);
	make_code(40, "function");
	assert_int_equal(look(then), 0);
	assert_int_equal(then[40], first[40]);
}

static void a_part_that_no_memory_can_have_hides_no_other_code(void **state)
{
	(void)state;
	uint32_t first[CODES_MADE], then[CODES_MADE];
	codes[50]->lines = UINT64_MAX - PAGE;
	look(first);
	assert_int_not_equal(first[50], 0);
	assert_int_equal(look(then), 0);
	assert_memory_equal(first, then, sizeof(first));
}

static void a_stack_names_its_code_more_than_once(void **state)
{
	(void)state;
	uint64_t recursive[] = { addresses[1], addresses[1], addresses[2], addresses[1] };
	uint32_t ids[CODES_MADE];
	look(ids);
	uint32_t before = last_id;
	agent_codes_again(recursive, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(agent_code_id(recursive[i]), ids[i == 2 ? 2 : 1]);
	assert_int_equal(last_id, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(code_that_stays_is_told_once, set_up),
		cmocka_unit_test_setup(code_that_is_made_in_its_place_is_told, set_up),
		cmocka_unit_test_setup(code_whose_memory_is_gone_hides_no_other, set_up),
		cmocka_unit_test_setup(a_part_that_no_memory_can_have_hides_no_other_code, set_up),
		cmocka_unit_test_setup(a_stack_names_its_code_more_than_once, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
