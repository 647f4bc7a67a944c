/* Where threads begin is marked where nothing else is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cfi_row.h"

/* Rows as text, "10n 20s 30e": nothing, by the stack pointer, the end. */
static struct ev_cfi_rows rows_of(const char *text)
{
	struct ev_cfi_rows rows = { 0 };
	char *at = (char *)text;
	rows.rows = calloc(16, sizeof(*rows.rows));
	while (*at) {
		uint32_t offset = (uint32_t)strtoul(at, &at, 10);
		enum ev_cfi_kind kind = *at == 's'   ? EV_CFI_ROW_SP
					: *at == 'e' ? EV_CFI_ROW_END
						     : EV_CFI_ROW_NOTHING;
		rows.rows[rows.count++] =
			(struct ev_cfi_row){ .offset = offset, .kind = (uint8_t)kind };
		at += 1 + (at[1] == ' ');
	}
	return rows;
}

static void expect(const char *before, uint32_t from, uint32_t to, bool whatever, const char *after)
{
	struct ev_cfi_rows rows = rows_of(before), wanted = rows_of(after);
	ev_cfi_rows_begin(&rows, from, to, whatever);
	assert_int_equal(rows.count, wanted.count);
	for (size_t i = 0; i < rows.count; i++) {
		assert_int_equal(rows.rows[i].offset, wanted.rows[i].offset);
		assert_int_equal(rows.rows[i].kind, wanted.rows[i].kind);
	}
	ev_cfi_rows_done(&rows);
	ev_cfi_rows_done(&wanted);
}

static void a_gap_becomes_a_beginning(void **state)
{
	(void)state;
	expect("10s 20n 90s", 30, 40, false, "10s 20n 30e 40n 90s");
	expect("10s 20n 90s", 20, 40, false, "10s 20e 40n 90s");
	expect("10s 20n 90s", 30, 200, false, "10s 20n 30e 90s");
	expect("10s 20n 90s", 20, 90, false, "10s 20e 90s");
}

static void before_the_first_and_behind_the_last_row_as_well(void **state)
{
	(void)state;
	expect("50s 60n", 10, 20, false, "10e 20n 50s 60n");
	expect("50s 60n", 10, 90, false, "10e 50s 60n");
	expect("50s 60n", 70, 80, false, "50s 60n 70e 80n");
}

static void what_is_known_stays(void **state)
{
	(void)state;
	expect("10s 20n", 12, 15, false, "10s 20n");
	expect("10s 20n", 15, 15, true, "10s 20n");
}

static void a_place_that_never_returns_is_one_whatever_is_said_of_it(void **state)
{
	(void)state;
	expect("10s 20n", 12, 13, true, "10s 12e 13s 20n");
	expect("10s 20n", 10, 11, true, "10e 11s 20n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gap_becomes_a_beginning),
		cmocka_unit_test(before_the_first_and_behind_the_last_row_as_well),
		cmocka_unit_test(what_is_known_stays),
		cmocka_unit_test(a_place_that_never_returns_is_one_whatever_is_said_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
