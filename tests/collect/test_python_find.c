/* An interpreter is found in the mappings of a process: this test's own, which has its symbols. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <evprof/collect_stopped.h>

// wrap: ev_sys_memory_read
extern uint64_t _PyRuntime[4], PyCode_Type[4];
extern uint32_t Py_Version;
uint64_t _PyRuntime[4] = { 1 }, PyCode_Type[4] = { 2 };
uint32_t Py_Version = 0x030b07f0;

ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes);
static bool refuse;
/* Itself may be read wherever this runs. */
ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes)
{
	assert_int_equal(pid, getpid());
	if (refuse)
		return -EPERM;
	memcpy(bytes, (const void *)(uintptr_t)address, size_bytes);
	return (ssize_t)size_bytes;
}

static void its_version_is_that_in_memory(void **state)
{
	(void)state;
	struct ev_python_runtime runtime;
	struct ev_err err = { 0 };
	char path[4096];
	Py_Version = 0x030c02f0; /* not what is in the file */
	assert_int_equal(ev_python_find((uint32_t)getpid(), &runtime, path, sizeof(path), &err), 0);
	assert_int_equal(runtime.version, 0x030c02f0);
	assert_int_equal(runtime.address, (uintptr_t)_PyRuntime);
	assert_int_equal(runtime.code_type, (uintptr_t)PyCode_Type);
	assert_non_null(strstr(path, "test_python_find"));
}

static void an_unreadable_version_is_not_guessed(void **state)
{
	(void)state;
	struct ev_python_runtime runtime;
	struct ev_err err = { 0 };
	char path[4096];
	refuse = true;
	assert_int_equal(ev_python_find((uint32_t)getpid(), &runtime, path, sizeof(path), &err),
			 -EFAULT);
	refuse = false;
}

static void a_process_that_is_not_there_is_said(void **state)
{
	(void)state;
	struct ev_python_runtime runtime;
	struct ev_err err = { 0 };
	char path[4096];
	assert_int_equal(ev_python_find(999999999, &runtime, path, sizeof(path), &err), -ENOENT);
	assert_non_null(strstr(err.text, "can't be read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_version_is_that_in_memory),
		cmocka_unit_test(an_unreadable_version_is_not_guessed),
		cmocka_unit_test(a_process_that_is_not_there_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
