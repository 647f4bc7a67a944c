/* Small files are read whole, whatever size the kernel says they have. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <evprof/base.h>

static void a_proc_file_is_read_whole(void **state)
{
	(void)state;
	char *text;
	size_t size;
	assert_int_equal(ev_file_read("/proc/self/maps", &text, &size), 0);
	assert_true(size > 0);
	assert_int_equal(strlen(text), size);
	free(text);
	assert_int_equal(ev_file_read("/nowhere", &text, &size), -ENOENT);
	assert_int_equal(ev_file_read("/", &text, &size), -EISDIR);
}

static void a_number_file_needs_a_number(void **state)
{
	(void)state;
	char name[] = "/tmp/evprof-test-XXXXXX";
	int fd = mkstemp(name);
	int64_t value = 0;
	assert_int_equal(write(fd, "-1\n", 3), 3);
	assert_int_equal(ev_file_number(name, &value), 0);
	assert_int_equal(value, -1);
	assert_int_equal(pwrite(fd, "no\n", 3, 0), 3);
	assert_int_equal(ev_file_number(name, &value), -EINVAL);
	close(fd);
	unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proc_file_is_read_whole),
		cmocka_unit_test(a_number_file_needs_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
