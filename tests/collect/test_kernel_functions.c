/* Extents of functions in a list of symbols. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>
#include "kernel_functions.h"

static char path[] = "/tmp/evprof-kallsyms-XXXXXX";

static void write_list(const char *text)
{
	strcpy(path + strlen(path) - 6, "XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void a_function_ends_where_the_next_one_begins(void **state)
{
	(void)state;
	struct ev_kernel_function found[] = { { .name = "wanted" }, { .name = "absent" } };
	write_list("ffffffff81000300 T far\n"
		   "ffffffff81000100 t wanted\n"
		   "ffffffff81000200 T next\n"
		   "ffffffff81000180 d data_between\n"
		   "ffffffff81000100 T its_other_name\n"
		   "ffffffff81000500 t wanted\t[module]\n");
	ev_kernel_functions_find(path, found, 2);
	unlink(path);
	assert_int_equal(found[0].from, 0xffffffff81000100);
	assert_int_equal(found[0].to, 0xffffffff81000200);
	assert_int_equal(found[1].from, 0);
	assert_int_equal(found[1].to, 0);
}

static void hidden_addresses_and_nonsense_are_passed_over(void **state)
{
	(void)state;
	struct ev_kernel_function found[] = { { .name = "wanted" } };
	write_list("0000000000000000 T wanted\nwanted\n\nffffffff81000100\n"
		   "ffffffff81000100 Twanted\nffffffff81000100 T \nffffffff81000100 T want\n");
	ev_kernel_functions_find(path, found, 1);
	unlink(path);
	assert_int_equal(found[0].from, 0);
	ev_kernel_functions_find("/nonexistent", found, 1);
	assert_int_equal(found[0].to, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_ends_where_the_next_one_begins),
		cmocka_unit_test(hidden_addresses_and_nonsense_are_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
