/* Context switches counted in the kernel by a BPF program. */
#include "live.h"

#define NAPS 100

static void nap(void)
{
	for (int i = 0; i < NAPS; i++)
		usleep(100);
}

static void nap_with_a_child(void)
{
	pid_t pid = fork();
	nap();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void stay_out(void)
{
}

static struct ev_bpf_counter *open_or_skip(uint32_t pid, const char *name)
{
	char why[256];
	struct ev_bpf_counter *counter = NULL;
	struct ev_err err = { 0 };
	if (ev_bpf_absence(why, sizeof(why))) {
		assert_true(ev_bpf_counter_open(&counter, pid, &err) < 0);
		assert_non_null(strstr(err.text, why));
		assert_null(counter);
		print_message("SKIP %s: %s\n", name, why);
		return NULL;
	}
	int rc = ev_bpf_counter_open(&counter, pid, &err);
	if (rc)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	return counter;
}

static void switches_of_a_process_and_its_children_are_counted(void **state)
{
	(void)state;
	struct child child = child_start(nap_with_a_child);
	struct ev_bpf_counter *counter = open_or_skip((uint32_t)child.pid, __func__);
	uint64_t switches = 0;
	child_finish(&child);
	if (!counter)
		skip();
	assert_int_equal(ev_bpf_counter_read(counter, &switches), 0);
	assert_true(switches >= 2 * NAPS);
	ev_bpf_counter_close(counter);
}

static void switches_of_others_are_left_out(void **state)
{
	(void)state;
	struct child idle = child_start(stay_out);
	struct ev_bpf_counter *counter = open_or_skip((uint32_t)idle.pid, __func__);
	uint64_t before = 0, after = 0;
	if (!counter) {
		child_finish(&idle);
		skip();
	}
	struct child busy = child_start(nap_with_a_child);
	assert_int_equal(ev_bpf_counter_read(counter, &before), 0);
	child_finish(&busy);
	assert_int_equal(ev_bpf_counter_read(counter, &after), 0);
	/* The idle one may still have been on its way to its wait. */
	assert_true(after - before < NAPS);
	child_finish(&idle);
	ev_bpf_counter_close(counter);
}

static void switches_of_everybody_are_counted(void **state)
{
	(void)state;
	struct ev_bpf_counter *counter = open_or_skip(0, __func__);
	uint64_t before = 0, after = 0;
	if (!counter)
		skip();
	assert_int_equal(ev_bpf_counter_read(counter, &before), 0);
	nap();
	assert_int_equal(ev_bpf_counter_read(counter, &after), 0);
	assert_true(after >= before + NAPS);
	ev_bpf_counter_close(counter);
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	ev_bpf_counter_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switches_of_a_process_and_its_children_are_counted),
		cmocka_unit_test(switches_of_others_are_left_out),
		cmocka_unit_test(switches_of_everybody_are_counted),
		cmocka_unit_test(closing_nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
