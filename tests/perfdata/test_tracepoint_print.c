/* Conversions print as the kernel's printk does. */
#include "tracepoint_samples.h"

static void numbers_print_as_printf_prints_them(void **state)
{
	(void)state;
	expect_text("\"[%5d|%-5d|%05d|%x|%#x|%X|%o|%u]\", 42, 42, 42, 255, 255, 255, 8, 7",
		    "[   42|42   |00042|ff|0xff|FF|10|7]");
	expect_text("\"%u %d\", REC->small, REC->small", "4294967293 -3");
	expect_text("\"%hhu %hd\", 511, 65535", "255 -1");
	expect_text("\"%016llx %lu\", REC->big, REC->big", "fffffffffffffff0 18446744073709551600");
	expect_text("\"%c%c 100%%\", 'o', 'k'", "ok 100%");
	expect_text("\"%*d|%.3d\", 4, 7, 7", "   7|007");
}

static void texts_take_width_and_precision(void **state)
{
	(void)state;
	expect_text("\"%8s|%-8s|%.2s|%.*s\", REC->comm, REC->comm, REC->comm, 3, REC->comm",
		    "  worker|worker  |wo|wor");
	expect_text("\"a\\tb\\n%s\", \"c\"", "a\tb\nc");
}

static void pointers_may_be_functions_and_addresses(void **state)
{
	(void)state;
	expect_text("\"%p %pS %ps\", REC->pointer, REC->pointer, (void *)REC->pointer",
		    "0xffff800012345678 schedule+0x78 schedule");
	expect_text("\"%pS %p\", 0x1234, 0", "0x1234 (nil)");
	expect_text("\"%pM %pm\", REC->mac, REC->mac", "02:00:00:ab:cd:ef 020000abcdef");
	expect_text("\"%pI4\", REC->mac", "2.0.0.171");
	expect_text("\"%pU\", REC->comm", "776f726b-6572-0000-0000-000000000000");
}

static void a_format_that_fails_shows_fields_by_name(void **state)
{
	(void)state;
	expect_text("\"%d\", ({ 1; })",
		    " comm=worker small=-3 flags=5 big=0xfffffffffffffff0 "
		    "pointer=0xffff800012345678 path=/etc/rc mac=ARRAY[02, 00, 00, ab, cd, ef] "
		    "port=443 mask=ARRAY[03, 00, 00, 00, 05, 00, 00, 00]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_as_printf_prints_them),
		cmocka_unit_test(texts_take_width_and_precision),
		cmocka_unit_test(pointers_may_be_functions_and_addresses),
		cmocka_unit_test(a_format_that_fails_shows_fields_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
