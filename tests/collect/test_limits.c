/* What can be opened and locked is known before anything is opened. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
// wrap: ev_sys_locked_limit ev_machine_has_capability ev_cpus_online
#include "limits.h"
#include "scripted.h"

#define PAGE ((uint64_t)sysconf(_SC_PAGESIZE))

static struct rlimit locked;
static bool may_lock;

int __wrap_ev_sys_locked_limit(struct rlimit *limit);
int __wrap_ev_sys_locked_limit(struct rlimit *limit)
{
	*limit = locked;
	return 0;
}

bool __wrap_ev_machine_has_capability(int capability);
bool __wrap_ev_machine_has_capability(int capability)
{
	assert_int_equal(capability, 14);
	return may_lock;
}

uint32_t __wrap_ev_cpus_online(void);
uint32_t __wrap_ev_cpus_online(void)
{
	return 4;
}

static int set_up(void **state)
{
	(void)state;
	script_reset(NULL);
	script.number = 516; /* perf_event_mlock_kb */
	locked = (struct rlimit){ .rlim_cur = 64 << 10, .rlim_max = 64 << 10 };
	may_lock = false;
	return 0;
}

static void descriptors_are_raised_to_what_is_needed_and_restored(void **state)
{
	(void)state;
	struct ev_descriptor_limit limit = { 0 };
	struct ev_err err = { 0 };
	assert_int_equal(ev_descriptors_need(&limit, 100, &err), 0);
	assert_int_equal(script.limit.rlim_cur, 1024);
	assert_int_equal(ev_descriptors_need(&limit, 2000, &err), 0);
	assert_true(script.limit.rlim_cur >= 2000 && script.limit.rlim_cur <= 4096);
	ev_descriptors_restore(&limit);
	assert_int_equal(script.limit.rlim_cur, 1024);
}

static void too_many_descriptors_are_refused_with_need_limit_and_cure(void **state)
{
	(void)state;
	struct ev_descriptor_limit limit = { 0 };
	struct ev_err err = { 0 };
	assert_int_equal(ev_descriptors_need(&limit, 1000000, &err), -EMFILE);
	assert_int_equal(script.limit.rlim_cur, 4096);
	assert_non_null(strstr(err.text, "1000064 descriptors are needed"));
	assert_non_null(strstr(err.text, "the limit is 4096"));
	assert_non_null(strstr(err.text, "prlimit --pid $$ --nofile=1000064:1000064"));
	/* 516 is as well what fs.nr_open says here, which comes first then. */
	assert_non_null(strstr(err.text, "sudo sysctl fs.nr_open=1000064 && sudo prlimit"));
	ev_descriptors_restore(&limit);
	assert_int_equal(script.limit.rlim_cur, 1024);
	script.number = 10000000;
	assert_int_equal(ev_descriptors_need(&limit, 1000000, &err), -EMFILE);
	assert_null(strstr(err.text, "nr_open"));
	ev_descriptors_restore(&limit);
}

static void a_ring_is_halved_until_all_fit_the_locked_memory(void **state)
{
	(void)state;
	struct ev_lock_limit limit = ev_lock_limit_find();
	assert_false(limit.unlimited);
	/* 4 × 516 KiB + 64 KiB = 2128 KiB; 4 rings of 512 KiB and a page each are 2064 KiB. */
	assert_int_equal(ev_lock_limit_fit(&limit, 4, 4 << 20, 8 * PAGE), 512 << 10);
	assert_int_equal(ev_lock_limit_fit(&limit, 1, 4 << 20, 8 * PAGE), 2 << 20);
	assert_int_equal(ev_lock_limit_fit(&limit, 4, 64 << 10, 8 * PAGE), 64 << 10);
	/* Not below what is worth having: the kernel decides then. */
	assert_int_equal(ev_lock_limit_fit(&limit, 1000, 4 << 20, 64 << 10), 64 << 10);
}

static void privileges_lock_without_limit(void **state)
{
	(void)state;
	may_lock = true;
	struct ev_lock_limit limit = ev_lock_limit_find();
	assert_true(limit.unlimited);
	assert_int_equal(ev_lock_limit_fit(&limit, 4, 4 << 20, 8 * PAGE), 4 << 20);
	may_lock = false;
	script.paranoid = -1;
	assert_true(ev_lock_limit_find().unlimited);
	script.paranoid = 2;
	locked.rlim_cur = RLIM_INFINITY;
	assert_true(ev_lock_limit_find().unlimited);
}

static void the_sentence_names_the_settings_and_the_cure(void **state)
{
	(void)state;
	struct ev_lock_limit limit = ev_lock_limit_find();
	char text[400];
	ev_lock_limit_tell(&limit, 4, 4 << 20, text, sizeof(text));
	assert_non_null(strstr(text, "may lock 2128 KiB"));
	assert_non_null(strstr(text, "516 for each of 4 CPUs, and 64 by ulimit -l"));
	const char *cure = strstr(text, "sudo sysctl kernel.perf_event_mlock_kb=");
	assert_non_null(cure);
	/* The cure cures. */
	limit.per_cpu_kb = strtoull(strchr(cure, '=') + 1, NULL, 10);
	assert_int_equal(ev_lock_limit_fit(&limit, 4, 4 << 20, 8 * PAGE), 4 << 20);
	/* Where it would fit, someone else holds it: twice as much is wanted. */
	limit.per_cpu_kb = 516;
	ev_lock_limit_tell(&limit, 4, 64 << 10, text, sizeof(text));
	cure = strstr(text, "mlock_kb=");
	assert_true(cure && strtoull(cure + 9, NULL, 10) > 516);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(descriptors_are_raised_to_what_is_needed_and_restored,
				       set_up),
		cmocka_unit_test_setup(too_many_descriptors_are_refused_with_need_limit_and_cure,
				       set_up),
		cmocka_unit_test_setup(a_ring_is_halved_until_all_fit_the_locked_memory, set_up),
		cmocka_unit_test_setup(privileges_lock_without_limit, set_up),
		cmocka_unit_test_setup(the_sentence_names_the_settings_and_the_cure, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
