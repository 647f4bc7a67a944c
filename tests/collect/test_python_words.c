/* What agents write becomes moments with addresses of lines; what is none of it is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/collect_agents.h>
#include "python_agent.h"

struct made {
	struct ev_buffer bytes;
	struct ev_python_functions *functions;
	struct ev_python_words *words;
	size_t moments;
	struct ev_python_moment last;
	uint64_t frames[8];
};

static struct made *make(void)
{
	struct made *made = ev_alloc(sizeof(*made));
	made->functions = ev_python_functions_open();
	made->words = ev_python_words_open(7, EV_PYTHON_LNOTAB, made->functions);
	return made;
}

static void done(struct made *made)
{
	ev_python_words_close(made->words);
	ev_python_functions_close(made->functions);
	ev_buffer_done(&made->bytes);
	free(made);
}

static void take(void *context, const struct ev_python_moment *moment)
{
	struct made *made = context;
	made->moments++;
	made->last = *moment;
	assert_true(moment->frame_count <= EV_LENGTH(made->frames));
	for (size_t i = 0; i < moment->frame_count; i++)
		made->frames[i] = moment->frames[i];
}

static int take_all(struct made *made)
{
	return ev_python_words_take(made->words, made->bytes.bytes, made->bytes.size_bytes, take,
				    made);
}

static void pad(struct made *made)
{
	while (made->bytes.size_bytes % 8)
		ev_buffer_u8(&made->bytes, 0);
}

/* f in x.py from line 10 on; 4 bytes of instructions further is line 12. */
static void put_code(struct made *made, uint32_t id, const char *name, uint32_t first_line)
{
	static const uint8_t lines[] = { 4, 2 };
	struct python_agent_code head = {
		.header.type = PYTHON_AGENT_CODE,
		.id = id,
		.first_line = first_line,
		.name_bytes = (uint32_t)strlen(name),
		.file_bytes = 4,
		.lines_bytes = sizeof(lines),
		.name_kind = 1,
		.file_kind = 1,
	};
	size_t all = sizeof(head) + head.name_bytes + head.file_bytes + head.lines_bytes;
	head.header.size_bytes = (uint32_t)(all + 7) & ~7u;
	ev_buffer_add(&made->bytes, &head, sizeof(head));
	ev_buffer_add(&made->bytes, name, head.name_bytes);
	ev_buffer_add(&made->bytes, "x.py", 4);
	ev_buffer_add(&made->bytes, lines, sizeof(lines));
	pad(made);
}

static void put_moment(struct made *made, uint32_t flags, const struct python_agent_frame *frames,
		       uint32_t count)
{
	struct python_agent_moment head = {
		.header = { .size_bytes = (uint32_t)(sizeof(head) + count * sizeof(*frames)),
			    .type = PYTHON_AGENT_MOMENT },
		.time_ns = 1000,
		.ip = 0x1234,
		.sp = 0x7fff0000,
		.tid = 8,
		.frame_count = count,
		.flags = flags,
		.took_ns = 30,
	};
	ev_buffer_add(&made->bytes, &head, sizeof(head));
	ev_buffer_add(&made->bytes, frames, count * sizeof(*frames));
}

static void assert_line(const struct made *made, uint64_t frame, const char *name, uint32_t line)
{
	struct ev_python_line found;
	assert_true(ev_python_line_find(made->functions, frame & ~EV_PYTHON_STACK_ENTRY, &found));
	assert_string_equal(found.name, name);
	assert_string_equal(found.file, "x.py");
	assert_int_equal(found.line, line);
}

static void frames_have_functions_and_lines(void **state)
{
	(void)state;
	struct made *made = make();
	const struct python_agent_frame frames[] = { { 1, 4 * 2 }, { 2, 0 * 2 + 1 }, { 1, -2 } };
	put_code(made, 1, "f", 10);
	put_code(made, 2, "g", 20);
	put_moment(made, PYTHON_AGENT_CUT, frames, 3);
	assert_int_equal(take_all(made), 0);
	assert_int_equal(made->moments, 1);
	assert_int_equal(made->last.pid, 7);
	assert_int_equal(made->last.tid, 8);
	assert_int_equal(made->last.took_ns, 30);
	assert_true(made->last.cut);
	assert_false(made->last.torn);
	assert_line(made, made->frames[0], "f", 12);
	assert_line(made, made->frames[1], "g", 20);
	assert_true(made->frames[1] & EV_PYTHON_STACK_ENTRY);
	assert_false(made->frames[0] & EV_PYTHON_STACK_ENTRY);
	assert_line(made, made->frames[2], "f", 10);
	done(made);
}

static void codes_stay_known_from_one_reading_to_the_next(void **state)
{
	(void)state;
	struct made *made = make();
	const struct python_agent_frame frame = { 5, 4 * 2 };
	put_code(made, 5, "f", 10);
	assert_int_equal(take_all(made), 0);
	assert_int_equal(made->moments, 0);
	made->bytes.size_bytes = 0;
	put_moment(made, 0, &frame, 1);
	assert_int_equal(take_all(made), 0);
	assert_line(made, made->frames[0], "f", 12);
	done(made);
}

static void a_frame_of_code_that_nobody_told_has_no_address(void **state)
{
	(void)state;
	struct made *made = make();
	const struct python_agent_frame frames[] = { { 0, 1 }, { 99, 0 } };
	put_moment(made, PYTHON_AGENT_TORN, frames, 2);
	assert_int_equal(take_all(made), 0);
	assert_true(made->last.torn);
	assert_int_equal(made->frames[0], EV_PYTHON_STACK_ENTRY);
	assert_int_equal(made->frames[1], 0);
	done(made);
}

static void padding_is_passed_over(void **state)
{
	(void)state;
	struct made *made = make();
	struct python_agent_header header = { .size_bytes = 24, .type = PYTHON_AGENT_PAD };
	ev_buffer_add(&made->bytes, &header, sizeof(header));
	ev_buffer_u64(&made->bytes, UINT64_MAX);
	ev_buffer_u64(&made->bytes, UINT64_MAX);
	put_moment(made, 0, NULL, 0);
	assert_int_equal(take_all(made), 0);
	assert_int_equal(made->moments, 1);
	done(made);
}

static void lies_about_sizes_are_noticed(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint32_t value;
	} lies[] = {
		{ 0, 0 },                                                    /* no size */
		{ 0, 12 },                                                   /* not of 8 bytes */
		{ 0, 1 << 30 },                                              /* longer than all */
		{ 4, 77 },                                                   /* of no kind */
		{ offsetof(struct python_agent_code, id), 0 },               /* no number */
		{ offsetof(struct python_agent_code, name_bytes), 1 << 30 }, /* too long a name */
		{ offsetof(struct python_agent_code, lines_bytes), UINT32_MAX },
		{ offsetof(struct python_agent_code, name_kind), 3 },
	};
	for (size_t i = 0; i < EV_LENGTH(lies); i++) {
		struct made *made = make();
		put_code(made, 1, "f", 10);
		memcpy(made->bytes.bytes + lies[i].at, &lies[i].value, sizeof(lies[i].value));
		assert_int_equal(take_all(made), -EBADMSG);
		done(made);
	}
	struct made *made = make();
	uint32_t many = 1 << 20;
	put_moment(made, 0, NULL, 0);
	memcpy(made->bytes.bytes + offsetof(struct python_agent_moment, frame_count), &many,
	       sizeof(many));
	assert_int_equal(take_all(made), -EBADMSG);
	assert_int_equal(made->moments, 0);
	done(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_have_functions_and_lines),
		cmocka_unit_test(codes_stay_known_from_one_reading_to_the_next),
		cmocka_unit_test(a_frame_of_code_that_nobody_told_has_no_address),
		cmocka_unit_test(padding_is_passed_over),
		cmocka_unit_test(lies_about_sizes_are_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
