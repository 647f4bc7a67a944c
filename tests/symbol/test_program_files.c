/* What a program maps as it begins, told without running it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <evprof/symbol.h>

struct seen {
	unsigned count, loaders, libcs, others;
};

static void see(void *context, const char *path)
{
	struct seen *seen = context;
	seen->count++;
	seen->loaders += strstr(path, "/ld-") != NULL;
	seen->libcs += strstr(path, "/libc.so.") != NULL;
	seen->others += !strcmp(path, "/etc/passwd");
}

static void this_program_begins_with_a_loader_and_a_c_library(void **state)
{
	char self[4096] = { 0 };
	struct seen seen = { 0 };
	(void)state;
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	ev_program_files(self, see, &seen);
	if (!seen.loaders) {
		print_message("SKIP %s: this program is static\n", __func__);
		skip();
	}
	/* Each once, though the libraries name them too. */
	assert_int_equal(seen.loaders, 1);
	assert_int_equal(seen.libcs, 1);
	assert_true(seen.count >= 3);
}

static void what_is_no_program_has_no_files(void **state)
{
	struct seen seen = { 0 };
	(void)state;
	ev_program_files("/etc/passwd", see, &seen);
	ev_program_files("/nowhere/at/all", see, &seen);
	assert_int_equal(seen.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_program_begins_with_a_loader_and_a_c_library),
		cmocka_unit_test(what_is_no_program_has_no_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
