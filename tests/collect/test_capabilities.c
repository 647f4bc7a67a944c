/* Rights that a recorder does not need any more. */
#include "live.h"
#include "machine.h"
#include "syscalls.h"

/* What a child that has given its rights back says; -1 when it could not tell. */
static int child_says(bool (*says)(void))
{
	int status;
	pid_t pid = fork();
	if (!pid) {
		ev_capabilities_drop();
		_exit(says());
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static bool may_administer(void)
{
	return ev_machine_has_capability(EV_CAP_SYS_ADMIN);
}

static bool may_watch(void)
{
	return ev_machine_has_capability(EV_CAP_PERFMON);
}

static bool may_look_into_others(void)
{
	return ev_machine_has_capability(EV_CAP_SYS_PTRACE);
}

static void rights_to_open_are_gone_and_rights_to_look_stay(void **state)
{
	(void)state;
	if (!may_administer() || !may_watch() || !may_look_into_others())
		SKIP("rights_to_open_are_gone_and_rights_to_look_stay", "needs root");
	assert_int_equal(child_says(may_administer), false);
	assert_int_equal(child_says(may_watch), false);
	assert_int_equal(child_says(may_look_into_others), true);
	assert_true(may_administer());
}

static void who_has_none_has_none_afterwards(void **state)
{
	(void)state;
	assert_int_equal(ev_sys_capabilities_keep(~UINT64_C(0)), 0);
	assert_true(child_says(may_administer) == false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights_to_open_are_gone_and_rights_to_look_stay),
		cmocka_unit_test(who_has_none_has_none_afterwards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
