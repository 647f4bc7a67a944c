/* Every known version has offsets for an agent; what a made-up interpreter publishes is checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include "python_agent.h"
#include "python_layout.h"

static void each_version_has_its_own(void **state)
{
	(void)state;
	static const struct {
		uint32_t version, thread_key;
		enum ev_python_lines lines;
	} known[] = {
		{ 0x03081200, 1392, EV_PYTHON_LNOTAB },    { 0x03090000, 584, EV_PYTHON_LNOTAB },
		{ 0x030a0d00, 584, EV_PYTHON_LINETABLE },  { 0x030b02f0, 592, EV_PYTHON_LOCATIONS },
		{ 0x030c01f0, 1544, EV_PYTHON_LOCATIONS },
	};
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct python_agent_offsets offsets;
		enum ev_python_lines lines;
		struct ev_err err = { 0 };
		assert_int_equal(ev_python_agent_offsets(known[i].version, NULL, &offsets, &lines,
							 NULL, &err),
				 0);
		assert_int_equal(offsets.thread_key, known[i].thread_key);
		assert_int_equal(lines, known[i].lines);
		assert_true(offsets.code_lines > offsets.code_file);
	}
}

static void others_are_refused_by_name(void **state)
{
	(void)state;
	struct python_agent_offsets offsets;
	enum ev_python_lines lines;
	struct ev_err err = { 0 };
	assert_int_equal(ev_python_agent_offsets(0x03070000, NULL, &offsets, &lines, NULL, &err),
			 -ENOTSUP);
	assert_non_null(strstr(err.text, "Python 3.7"));
	assert_int_equal(ev_python_agent_offsets(0x030d0000, NULL, &offsets, &lines, NULL, &err),
			 -ENODATA);
}

/* The agent reads objects in pieces of a bounded size. */
static void offsets_beyond_what_an_agent_reads_are_refused(void **state)
{
	(void)state;
	uint8_t published[PYTHON_AGENT_PUBLISHED_BYTES] = "xdebugpy";
	uint64_t version = 0x030d00f0, far = 100000;
	struct python_agent_offsets offsets;
	enum ev_python_lines lines;
	struct ev_err err = { 0 };
	enum { VERSION = 8, CODE_FILE = 280, CODE_LINES = 304 };
	memcpy(published + VERSION, &version, sizeof(version));
	memset(published + CODE_LINES, 0, sizeof(far));
	published[CODE_LINES] = 136;
	assert_int_equal(ev_python_agent_offsets(0x030d00f0, published, &offsets, &lines, NULL,
						 &err),
			 0);
	memcpy(published + CODE_FILE, &far, sizeof(far));
	assert_int_equal(ev_python_agent_offsets(0x030d00f0, published, &offsets, &lines, NULL,
						 &err),
			 -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_version_has_its_own),
		cmocka_unit_test(others_are_refused_by_name),
		cmocka_unit_test(offsets_beyond_what_an_agent_reads_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
