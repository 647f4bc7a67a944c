/* One record after another changes what stands. */
#include "standing_said.h"

static void a_child_has_what_its_parent_had_until_it_runs_another_program(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, fork_of(0, 0, 2, 2));
	see(&setting, comm_of(0, 2, "sh", false));
	see(&setting, mmap_of(0, 2, 0x1000, "/bin/sh"));
	see(&setting, exit_of(20, 2, 2));
	see(&setting, fork_of(10, 2, 7, 7));
	settle(&setting);
	assert_string_equal(said(&setting), "fork 7<2 sh /bin/sh@1000 ");
	see(&setting, comm_of(30, 7, "ls", true));
	see(&setting, mmap_of(40, 7, 0x2000, "/bin/ls"));
	settle(&setting);
	assert_string_equal(said(&setting), "fork 7<2 ls /bin/ls@2000 ");
	end(&setting);
}

static void threads_keep_names_of_their_own_and_a_process_lives_as_long_as_one(void **state)
{
	struct setting setting;
	struct ev_record name = comm_of(30, 5, "worker", false);

	(void)state;
	begin(&setting);
	see(&setting, fork_of(10, 1, 5, 5));
	see(&setting, comm_of(11, 5, "main", true));
	see(&setting, fork_of(20, 5, 5, 6));
	see(&setting, fork_of(21, 5, 5, 7));
	name.comm.tid = 7;
	see(&setting, name);
	settle(&setting);
	assert_string_equal(said(&setting), "fork 5<1 main thread 5/6 main thread 5/7 worker ");
	see(&setting, exit_of(40, 5, 5));
	see(&setting, exit_of(41, 5, 6));
	settle(&setting);
	assert_string_equal(said(&setting), "fork 5<1 worker thread 5/7 worker ");
	see(&setting, exit_of(50, 5, 7));
	settle(&setting);
	assert_string_equal(said(&setting), "");
	end(&setting);
}

static void a_mapping_replaces_those_that_it_covers(void **state)
{
	struct setting setting;
	struct ev_record large = mmap_of(30, 5, 0x1000, "/lib/large");

	(void)state;
	begin(&setting);
	see(&setting, mmap_of(10, 5, 0x1000, "/lib/a"));
	see(&setting, mmap_of(11, 5, 0x2000, "/lib/b"));
	see(&setting, mmap_of(12, 5, 0x9000, "/lib/c"));
	see(&setting, mmap_of(13, 5, 0x2000, "/lib/d"));
	settle(&setting);
	assert_string_equal(said(&setting), "fork 5<0  /lib/a@1000 /lib/c@9000 /lib/d@2000 ");
	large.mmap.length = 0x4000;
	see(&setting, large);
	settle(&setting);
	assert_string_equal(said(&setting), "fork 5<0  /lib/c@9000 /lib/large@1000 ");
	end(&setting);
}

static void mappings_of_the_kernel_and_of_everybody_stay(void **state)
{
	struct setting setting;
	struct ev_record kernel = mmap_of(0, UINT32_MAX, 0x7000, "[kernel.kallsyms]_text");

	(void)state;
	begin(&setting);
	kernel.misc = PERF_RECORD_MISC_KERNEL;
	see(&setting, kernel);
	see(&setting, mmap_of(0, UINT32_MAX, 0x8000, "[everywhere]"));
	settle(&setting);
	assert_string_equal(said(&setting), "[kernel.kallsyms]_text@7000 [everywhere]@8000 ");
	assert_int_equal(ev_standing_processes(setting.standing), 0);
	end(&setting);
}

static void a_number_that_is_used_again_has_nothing_of_who_had_it(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, fork_of(10, 1, 5, 5));
	see(&setting, mmap_of(11, 5, 0x1000, "/bin/old"));
	see(&setting, fork_of(20, 1, 5, 5)); /* its end was lost */
	settle(&setting);
	assert_string_equal(said(&setting), "fork 5<1  ");
	end(&setting);
}

static struct ev_record symbol_of(uint64_t time_ns, uint64_t address, uint16_t flags)
{
	return (struct ev_record){ .type = PERF_RECORD_KSYMBOL,
				   .time_ns = time_ns,
				   .ksymbol = { .address = address,
						.length = 64,
						.kind = 1,
						.flags = flags,
						.name = "bpf_prog" } };
}

static void what_the_kernel_has_loaded_stands_until_it_is_taken_back(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, symbol_of(0, 0x1000, 0));
	see(&setting, symbol_of(10, 0x2000, 0));
	settle(&setting);
	assert_string_equal(said(&setting), "ksymbol bpf_prog ksymbol bpf_prog ");
	see(&setting, symbol_of(20, 0x1000, 1));
	settle(&setting);
	assert_string_equal(said(&setting), "ksymbol bpf_prog ");
	end(&setting);
}

/* A machine on which processes come and go for years keeps those that live in mind, and no more. */
static void thousands_that_ended_leave_nothing(void **state)
{
	struct setting setting;

	(void)state;
	begin(&setting);
	see(&setting, fork_of(0, 0, 1, 1));
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t pid = 100 + i % 700;

		see(&setting, fork_of(10 + i * 10, 1, pid, pid));
		see(&setting, comm_of(11 + i * 10, pid, "short", true));
		see(&setting, mmap_of(12 + i * 10, pid, 0x1000, "/bin/short"));
		see(&setting, exit_of(13 + i * 10, pid, pid));
		if (i % 100 == 0)
			ev_standing_round(setting.standing, 0);
	}
	settle(&setting);
	assert_int_equal(ev_standing_processes(setting.standing), 1);
	assert_string_equal(said(&setting), "fork 1<0  ");
	end(&setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_has_what_its_parent_had_until_it_runs_another_program),
		cmocka_unit_test(
			threads_keep_names_of_their_own_and_a_process_lives_as_long_as_one),
		cmocka_unit_test(a_mapping_replaces_those_that_it_covers),
		cmocka_unit_test(mappings_of_the_kernel_and_of_everybody_stay),
		cmocka_unit_test(a_number_that_is_used_again_has_nothing_of_who_had_it),
		cmocka_unit_test(what_the_kernel_has_loaded_stands_until_it_is_taken_back),
		cmocka_unit_test(thousands_that_ended_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
