/* Numbers are taken whole or not at all, and shown the same in every locale. */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <evprof/base.h>

static void whole_numbers_only(void **state)
{
	(void)state;
	uint64_t value;
	assert_int_equal(ev_parse_u64("123", &value), 0);
	assert_int_equal(value, 123);
	assert_int_equal(ev_parse_u64("0x1f", &value), 0);
	assert_int_equal(value, 31);
	assert_int_equal(ev_parse_u64("010", &value), 0);
	assert_int_equal(value, 10);
	static const char *const bad[] = { "", "12x", "-1", " 1", "0x", "+5", "1 " };
	for (size_t i = 0; i < EV_LENGTH(bad); i++)
		assert_int_equal(ev_parse_u64(bad[i], &value), -EINVAL);
	assert_int_equal(ev_parse_u64("99999999999999999999", &value), -ERANGE);
}

static void sizes_have_suffixes(void **state)
{
	(void)state;
	uint64_t value;
	assert_int_equal(ev_parse_size("512K", &value), 0);
	assert_int_equal(value, 512 * 1024);
	assert_int_equal(ev_parse_size("2mb", &value), 0);
	assert_int_equal(value, 2 << 20);
	assert_int_equal(ev_parse_size("7", &value), 0);
	assert_int_equal(value, 7);
	assert_int_equal(ev_parse_size("1Q", &value), -EINVAL);
	assert_int_equal(ev_parse_size("99999999999G", &value), -ERANGE);
}

static void ranges_are_written_out(void **state)
{
	(void)state;
	uint32_t *numbers;
	size_t count;
	assert_int_equal(ev_parse_ranges("0,2-4,9", 10, &numbers, &count), 0);
	const uint32_t expected[] = { 0, 2, 3, 4, 9 };
	assert_int_equal(count, 5);
	assert_memory_equal(numbers, expected, sizeof(expected));
	free(numbers);
	static const char *const bad[] = { "",  ",",   "1,", "3-2",  "1-",
					   "a", "1 2", "11", "0-11", "1--2" };
	for (size_t i = 0; i < EV_LENGTH(bad); i++)
		assert_int_equal(ev_parse_ranges(bad[i], 10, &numbers, &count), -EINVAL);
}

static void thousands_are_grouped(void **state)
{
	(void)state;
	char out[32];
	assert_string_equal(ev_format_grouped(out, sizeof(out), 0), "0");
	assert_string_equal(ev_format_grouped(out, sizeof(out), 999), "999");
	assert_string_equal(ev_format_grouped(out, sizeof(out), 1000), "1,000");
	assert_string_equal(ev_format_grouped(out, sizeof(out), 1234567), "1,234,567");
	assert_string_equal(ev_format_grouped(out, sizeof(out), UINT64_MAX),
			    "18,446,744,073,709,551,615");
}

static void sizes_are_rounded_to_a_unit(void **state)
{
	(void)state;
	char out[32];
	assert_string_equal(ev_format_size(out, sizeof(out), 999), "999 B");
	assert_string_equal(ev_format_size(out, sizeof(out), 1234), "1.2 kB");
	assert_string_equal(ev_format_size(out, sizeof(out), 999960), "1.0 MB");
	assert_string_equal(ev_format_size(out, sizeof(out), UINT64_MAX), "18.4 EB");
}

static void fixed_numbers_have_a_point_in_every_locale(void **state)
{
	(void)state;
	char out[32];
	static const char *const commas[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" };
	bool tried = false;
	for (size_t i = 0; i < EV_LENGTH(commas); i++) {
		if (!setlocale(LC_NUMERIC, commas[i]))
			continue;
		tried = true;
		assert_string_equal(ev_format_fixed(out, sizeof(out), 1.5, 3), "1.500");
	}
	setlocale(LC_NUMERIC, "C");
	assert_string_equal(ev_format_fixed(out, sizeof(out), -2.25, 1), "-2.2");
	if (!tried) {
		print_message("SKIP fixed_numbers_have_a_point_in_every_locale: no comma locale is "
			      "installed\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_only),
		cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(ranges_are_written_out),
		cmocka_unit_test(thousands_are_grouped),
		cmocka_unit_test(sizes_are_rounded_to_a_unit),
		cmocka_unit_test(fixed_numbers_have_a_point_in_every_locale),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
