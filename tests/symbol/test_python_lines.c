/* Line tables as each Python that is here makes and reads them. */
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/symbol_python.h>

/* "code FIRST-LINE TABLE" for each code object of some modules, then "range START END LINE". */
static const char teller[] =
	"import argparse, ast, dis, os, sys, textwrap\n"
	"def walk(code):\n"
	"    yield code\n"
	"    for c in code.co_consts:\n"
	"        if hasattr(c, 'co_code'): yield from walk(c)\n"
	"def ranges(code):\n"
	"    if hasattr(code, 'co_lines'): return code.co_lines()\n"
	"    starts = list(dis.findlinestarts(code))\n"
	"    ends = [s for s, _ in starts[1:]] + [len(code.co_code)]\n"
	"    return [(s, e, l) for (s, l), e in zip(starts, ends)]\n"
	"wide = 'def f():\\n a = (1,' + '\\n' * 900 + '  f(),' + '\\n' * 130 + ' g())\\n' + \\\n"
	"    ' b = 1; c = 2; ' * 200 + '\\n' + '\\n' * 127 + ' return (\\n\\n a +\\n b)\\n'\n"
	"loop = 'def g(x):\\n for a in (x\\n  if x\\n  else 2):\\n  try: h(a,\\n\\n\\n  b=1\\n  "
	")\\n'\n"
	"loop += '  finally:\\n   k()\\n  with x as y: yield y\\n'\n"
	"texts = [wide, loop] + [open(m.__file__).read() for m in (argparse, textwrap, ast)]\n"
	"for text in texts:\n"
	"    for code in walk(compile(text, 'x', 'exec')):\n"
	"        table = getattr(code, 'co_linetable', None)\n"
	"        table = code.co_lnotab if table is None else table\n"
	"        print('code', code.co_firstlineno, table.hex() or '-')\n"
	"        for start, end, line in ranges(code):\n"
	"            if start < end: print('range', start, end, line or 0)\n"
	"print('end')\n";

static size_t from_hex(const char *hex, uint8_t *out, size_t room)
{
	size_t count = 0;
	unsigned byte;
	for (; count < room && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[count++] = (uint8_t)byte;
	return count;
}

struct tally {
	size_t codes, ranges;
	bool ended;
};

static struct tally check_told(FILE *told, enum ev_python_lines kind)
{
	static uint8_t table[1 << 16];
	struct tally tally = { 0 };
	char *line = NULL;
	size_t room = 0, size = 0;
	uint32_t first = 0;
	while (getline(&line, &room, told) > 0) {
		int64_t start, end;
		uint32_t expected;
		int used = 0;
		if (sscanf(line, "code %" SCNu32 " %n", &first, &used) == 1) {
			size = from_hex(line + used, table, sizeof(table));
			tally.codes++;
			assert_int_equal(ev_python_line(kind, table, size, first, -1), first);
		} else if (sscanf(line, "range %" SCNd64 " %" SCNd64 " %" SCNu32, &start, &end,
				  &expected) == 3) {
			for (int64_t at = start; at < end; at += 2)
				assert_int_equal(ev_python_line(kind, table, size, first, at),
						 expected);
			tally.ranges++;
		}
		tally.ended |= !strcmp(line, "end\n");
	}
	free(line);
	return tally;
}

static bool check_python(const char *python, enum ev_python_lines kind)
{
	char command[8192];
	setenv("EVPROF_TELLER", teller, 1);
	snprintf(command, sizeof(command),
		 "'%s' -c 'import os; exec(os.environ[\"EVPROF_TELLER\"])' 2>/dev/null", python);
	FILE *told = popen(command, "re");
	struct tally tally = check_told(told, kind);
	pclose(told);
	if (!tally.ended)
		return false;
	assert_true(tally.codes > 100);
	assert_true(tally.ranges > 1000);
	return true;
}

/* A Python of this version: of pyenv, or the machine's own. */
static void check_version(const char *version, enum ev_python_lines kind)
{
	char path[4096];
	glob_t found;
	bool checked = false;
	const char *root = getenv("PYENV_ROOT"), *home = getenv("HOME");
	snprintf(path, sizeof(path), "%s%s/versions/%s.*/bin/python", root ? root : home,
		 root ? "" : "/.pyenv", version);
	if (home && !glob(path, 0, NULL, &found)) {
		checked = check_python(found.gl_pathv[0], kind);
		globfree(&found);
	}
	snprintf(path, sizeof(path), "/usr/bin/python%s", version);
	checked |= check_python(path, kind);
	if (!checked) {
		print_message("SKIP line tables of Python %s: it is not here\n", version);
		skip();
	}
}

static void tables_of_3_8_say_what_python_says(void **state)
{
	(void)state;
	check_version("3.8", EV_PYTHON_LNOTAB);
}
static void tables_of_3_9_say_what_python_says(void **state)
{
	(void)state;
	check_version("3.9", EV_PYTHON_LNOTAB);
}
static void tables_of_3_10_say_what_python_says(void **state)
{
	(void)state;
	check_version("3.10", EV_PYTHON_LINETABLE);
}
static void tables_of_3_11_say_what_python_says(void **state)
{
	(void)state;
	check_version("3.11", EV_PYTHON_LOCATIONS);
}
static void tables_of_3_12_say_what_python_says(void **state)
{
	(void)state;
	check_version("3.12", EV_PYTHON_LOCATIONS);
}
static void tables_of_3_13_say_what_python_says(void **state)
{
	(void)state;
	check_version("3.13", EV_PYTHON_LOCATIONS);
}

static void an_offset_behind_a_table_has_no_line(void **state)
{
	(void)state;
	static const uint8_t pairs[] = { 4, 1, 4, 2 }, entries[] = { 0xe8, 2, 0xf0, 0, 0, 0 };
	assert_int_equal(ev_python_line(EV_PYTHON_LINETABLE, pairs, 4, 10, 6), 13);
	assert_int_equal(ev_python_line(EV_PYTHON_LINETABLE, pairs, 4, 10, 8), 0);
	assert_int_equal(ev_python_line(EV_PYTHON_LOCATIONS, entries, 6, 10, 1), 11);
	assert_int_equal(ev_python_line(EV_PYTHON_LOCATIONS, entries, 6, 10, 4), 0);
	/* The oldest tables say where lines begin, and the last has no end. */
	assert_int_equal(ev_python_line(EV_PYTHON_LNOTAB, pairs, 4, 10, 3), 10);
	assert_int_equal(ev_python_line(EV_PYTHON_LNOTAB, pairs, 4, 10, 800), 13);
}

static void tables_that_are_cut_or_made_up_have_lines_or_none(void **state)
{
	(void)state;
	static const uint8_t odd[] = { 4, 1, 4 },
			     endless[] = { 0xf0, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f,
					   0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f };
	static const uint8_t below[] = { 4, 0x81, 4, 0x81 };
	assert_int_equal(ev_python_line(EV_PYTHON_LINETABLE, odd, 3, 10, 6), 0);
	assert_int_equal(ev_python_line(EV_PYTHON_LNOTAB, odd, 1, 10, 6), 10);
	assert_int_equal(ev_python_line(EV_PYTHON_LOCATIONS, endless, sizeof(endless), 7, 0), 7);
	/* A line before the first of the file is none. */
	assert_int_equal(ev_python_line(EV_PYTHON_LINETABLE, below, 4, 10, 0), 0);
	assert_int_equal(ev_python_line(EV_PYTHON_LOCATIONS, NULL, 0, 10, 0), 0);
	assert_int_equal(ev_python_line(EV_PYTHON_LNOTAB, NULL, 0, UINT32_MAX, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_of_3_8_say_what_python_says),
		cmocka_unit_test(tables_of_3_9_say_what_python_says),
		cmocka_unit_test(tables_of_3_10_say_what_python_says),
		cmocka_unit_test(tables_of_3_11_say_what_python_says),
		cmocka_unit_test(tables_of_3_12_say_what_python_says),
		cmocka_unit_test(tables_of_3_13_say_what_python_says),
		cmocka_unit_test(an_offset_behind_a_table_has_no_line),
		cmocka_unit_test(tables_that_are_cut_or_made_up_have_lines_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
