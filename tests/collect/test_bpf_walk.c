/* Stacks followed in the kernel: trees that are known, and programs of every day. */
#include <libgen.h>
#include <time.h>
#include "live.h"
#include "bpf_walk.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bpf/walked.h"
#include "bpf_watched.h"
#include <walked.skel.h>
#include "syscalls.h"

/* What the stacks of one command came to. */
struct seen {
	uint64_t stacks, in_kernel, switches, ends[EV_WALKED_COUNT];
	uint64_t as_deep; /* of those complete, with as many equal addresses as wanted or more */
	uint64_t guessed;
	uint32_t wanted, longest, shortest;
	uint32_t not_before; /* stacks to be left out at first */
};
struct scene {
	struct walked_bpf *programs;
	struct ev_bpf_walk *walk;
	struct ring_buffer *stacks;
	struct ev_workload *workload;
	struct ev_sampler *teller;
	struct ev_recording recording;
	struct ev_decoder *decoder;
	struct bpf_link *links[64];
	int link_count;
	struct seen seen;
	bool switches;
};

static const char *specimen(const char *name)
{
	static char path[2][4096];
	static unsigned turn;
	char self[4096] = { 0 };
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/specimens/%s", dirname(dirname(dirname(self))),
		 name);
	return path[turn];
}

static uint32_t most_equal(const struct walked *walked)
{
	uint32_t most = 0, run = 0;
	for (uint32_t i = 1; i < walked->result.count; i++) {
		run = walked->ips[i] == walked->ips[i - 1] ? run + 1 : 1;
		most = run > most ? run : most;
	}
	return most;
}

static int see(void *context, void *data, size_t size_bytes)
{
	struct seen *seen = context;
	const struct walked *walked = data;
	assert_int_equal(size_bytes, sizeof(*walked));
	/* A thread on its way out has no user space any more. */
	if (!walked->result.count || seen->not_before) {
		seen->not_before -= seen->not_before > 0;
		return 0;
	}
	seen->stacks++;
	seen->in_kernel += walked->in_kernel == 1;
	seen->switches += walked->in_kernel == 2;
	assert_true(walked->result.end < EV_WALKED_COUNT);
	seen->ends[walked->result.end]++;
	if (walked->result.end == EV_WALKED_COMPLETE) {
		seen->guessed += walked->result.guessed;
		seen->as_deep += most_equal(walked) >= seen->wanted;
		if (walked->result.count > seen->longest)
			seen->longest = walked->result.count;
	}
	if (getenv("EV_SHOW_STACKS") && walked->result.end != EV_WALKED_COMPLETE) {
		print_message("pid %u end %u k %u:", walked->pid, walked->result.end,
			      walked->in_kernel);
		for (uint32_t i = 0; i < walked->result.count && i < 40; i++)
			print_message(" %llx", (unsigned long long)walked->ips[i]);
		print_message("\n");
	}
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool load(struct scene *scene, const struct ev_watch_target *target, bool wanted, bool raw)
{
	scene->programs = walked_bpf__open();
	assert_non_null(scene->programs);
	scene->programs->rodata->walk_wanted = wanted;
	scene->programs->rodata->watch = ev_watched_plan(target);
	ev_bpf_walk_plan(scene->programs->obj, wanted, !target->target->id_count);
	ev_watched_choose(scene->programs->obj, raw);
	uint64_t before = now_ns();
	int rc = walked_bpf__load(scene->programs);
	print_message("programs %s in %.0f ms\n", rc ? "refused" : "loaded",
		      (double)(now_ns() - before) / 1e6);
	return !rc;
}

static void attach(struct scene *scene)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_CPU_CLOCK,
					.size = sizeof(attr),
					.freq = 1,
					.sample_freq = 999 };
	struct bpf_program *program;
	bpf_object__for_each_program(program, scene->programs->obj)
	{
		const char *name = bpf_program__name(program);
		if (!bpf_program__autoload(program) || !strcmp(name, "on_sample") ||
		    strstr(name, "_walk_") || (!scene->switches && strstr(name, "_switch")))
			continue;
		scene->links[scene->link_count] = bpf_program__attach(program);
		assert_non_null(scene->links[scene->link_count++]);
	}
	for (int cpu = 0; cpu < libbpf_num_possible_cpus() && cpu < 32; cpu++) {
		int fd = ev_sys_perf_event_open(&attr, -1, cpu, -1);
		if (fd < 0)
			continue;
		scene->links[scene->link_count] =
			bpf_program__attach_perf_event(scene->programs->progs.on_sample, fd);
		assert_non_null(scene->links[scene->link_count++]);
	}
}

static int note(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct scene *scene = context;
	struct ev_record record;
	struct ev_raw raw;
	(void)err;
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);)
		if (!ev_decode(scene->decoder, &raw, &record))
			ev_bpf_walk_note(scene->walk, &record);
	return 0;
}

static void step(struct scene *scene)
{
	do
		assert_int_equal(ev_sampler_drain(scene->teller, note, scene, NULL), 0);
	while (ev_bpf_walk_step(scene->walk));
	ring_buffer__consume(scene->stacks);
}

static int take_told(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct scene *scene = context;
	(void)err;
	ev_bpf_walk_note(scene->walk, record);
	return 0;
}

static void open_scene(struct scene *scene, const char *const *argv)
{
	static const struct ev_sampler_options options = { .period_events = 1, .clock_id = -1 };
	struct ev_event_list events = { 0 };
	struct ev_err err = { 0 };
	uint32_t pid = 0;
	if (argv) {
		assert_int_equal(ev_workload_start(&scene->workload, (char *const *)argv, &err), 0);
		pid = ev_workload_pid(scene->workload);
	}
	struct ev_target target = { .kind = argv ? EV_TARGET_COMMAND : EV_TARGET_SYSTEM,
				    .ids = &pid,
				    .id_count = argv ? 1 : 0 };
	struct ev_watch_target watched = { .target = &target };
	assert_true(load(scene, &watched, true, false));
	assert_int_equal(ev_bpf_walk_open(&scene->walk, scene->programs->obj,
					  &(struct ev_bpf_walk_options){ 0 }, &err),
			 0);
	scene->stacks = ring_buffer__new(bpf_map__fd(scene->programs->maps.stacks), see,
					 &scene->seen, NULL);
	assert_non_null(scene->stacks);
	add_event(&events, software_event("dummy", PERF_COUNT_SW_DUMMY, 0));
	int rc = ev_sampler_open(&scene->teller, &events, &target, &options, &scene->recording,
				 &err);
	if (rc)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	ev_array_done(&events);
	scene->decoder = ev_decoder_open(&scene->recording);
	assert_int_equal(ev_sampler_enable(scene->teller, &err), 0);
	if (!argv)
		assert_int_equal(ev_synthesize(&target, take_told, scene, NULL, &err), 0);
	step(scene);
	attach(scene);
	assert_int_equal(ev_watched_begin(scene->programs->obj, &watched, &err), 0);
}

static void close_scene(struct scene *scene)
{
	for (int i = 0; i < scene->link_count; i++)
		bpf_link__destroy(scene->links[i]);
	ring_buffer__free(scene->stacks);
	ev_bpf_walk_close(scene->walk);
	ev_decoder_close(scene->decoder);
	ev_sampler_close(scene->teller);
	ev_workload_close(scene->workload);
	ev_recording_done(&scene->recording);
	walked_bpf__destroy(scene->programs);
}

static void tell(const struct scene *scene, const char *what)
{
	const struct seen *seen = &scene->seen;
	struct ev_bpf_walk_tally tally;
	ev_bpf_walk_tally(scene->walk, &tally);
	print_message("%s: %llu stacks, %.2f%% complete (too deep %llu, no CFI %llu, no object "
		      "%llu, broken %llu, unreadable %llu, not yet %llu, no room %llu), longest "
		      "%u, guessed %llu; %llu objects, %llu rows, %llu KiB\n",
		      what, (unsigned long long)seen->stacks,
		      100.0 * (double)seen->ends[0] / (double)(seen->stacks ? seen->stacks : 1),
		      (unsigned long long)seen->ends[EV_WALKED_TOO_DEEP],
		      (unsigned long long)seen->ends[EV_WALKED_NO_CFI],
		      (unsigned long long)seen->ends[EV_WALKED_NO_OBJECT],
		      (unsigned long long)seen->ends[EV_WALKED_BROKEN],
		      (unsigned long long)seen->ends[EV_WALKED_UNREADABLE],
		      (unsigned long long)seen->ends[EV_WALKED_NOT_YET],
		      (unsigned long long)seen->ends[EV_WALKED_NO_ROOM], seen->longest,
		      (unsigned long long)seen->guessed, (unsigned long long)tally.objects,
		      (unsigned long long)tally.rows, (unsigned long long)tally.bytes >> 10);
}

/* Follows every stack of the command; false where that can't be. */
static bool walk_command(struct scene *scene, const char *name, const char *const *argv,
			 uint32_t wanted)
{
	char why[256];
	int status = -1;
	if (ev_bpf_walk_absence(why, sizeof(why))) {
		print_message("SKIP %s: %s\n", name, why);
		return false;
	}
	*scene = (struct scene){ .seen = { .wanted = wanted }, .switches = scene->switches };
	open_scene(scene, argv);
	assert_int_equal(ev_workload_go(scene->workload, NULL), 0);
	while (!ev_workload_ended(scene->workload, false, &status, NULL)) {
		ev_sampler_wait(scene->teller, 10, -1);
		step(scene);
	}
	step(scene);
	tell(scene, name);
	assert_int_equal(status, 0);
	return true;
}

/* ---- trees that are known ---------------------------------------------------------------------
 */

/* Of those that the walk could have followed: all, as many as that is asked of, at least some. */
static void assert_complete(const struct seen *seen, unsigned percent)
{
	uint64_t early = seen->ends[EV_WALKED_NOT_YET];
	assert_true(seen->stacks - early >= 20);
	assert_true(100 * seen->ends[EV_WALKED_COMPLETE] >= percent * (seen->stacks - early));
	assert_int_equal(seen->ends[EV_WALKED_TOO_DEEP], 0);
	assert_int_equal(seen->ends[EV_WALKED_NO_ROOM], 0);
}

/* Nearly all of a specimen's time is at the end of its tree. */
static void walk_tree(const char *name, const char *tree, uint32_t equal, bool switches)
{
	struct scene scene = { .switches = switches };
	const char *argv[] = { specimen("trees"), tree, switches ? "1500" : "400", NULL };
	if (!walk_command(&scene, name, argv, equal))
		skip();
	assert_complete(&scene.seen, 95);
	assert_true(10 * scene.seen.as_deep >= 8 * scene.seen.ends[EV_WALKED_COMPLETE]);
	/* Before its mappings were known some may have been followed by chance. */
	assert_true(10 * scene.seen.guessed <= scene.seen.stacks);
	if (switches)
		assert_true(scene.seen.switches >= 100);
	close_scene(&scene);
}

static void two_hundred_calls_without_frame_pointers_are_followed(void **state)
{
	(void)state;
	walk_tree(__func__, "deep", 199, false);
}

static void a_signals_handler_on_its_own_stack_is_left_for_what_it_interrupted(void **state)
{
	(void)state;
	walk_tree(__func__, "handler", 20, false);
}

static void frames_of_no_fixed_size_are_followed(void **state)
{
	(void)state;
	walk_tree(__func__, "alloca", 50, false);
}

static void calls_back_from_a_library_are_followed(void **state)
{
	(void)state;
	walk_tree(__func__, "sorted", 1, false);
}

static void a_child_that_was_only_forked_has_its_parents_tables(void **state)
{
	(void)state;
	walk_tree(__func__, "child", 199, false);
}

/* Nothing that the rings have is read while it runs: walks ask the kernel what is mapped. */
static void a_program_that_was_expected_is_followed_before_anyone_tells_of_it(void **state)
{
	(void)state;
	char why[256];
	int status = -1;
	struct scene scene = { .seen = { .wanted = 199 } };
	const char *argv[] = { specimen("trees"), "deep", "400", NULL };
	if (ev_bpf_walk_absence(why, sizeof(why)))
		SKIP("a_program_that_was_expected_is_followed_before_anyone_tells_of_it", why);
	open_scene(&scene, argv);
	ev_bpf_walk_expect(scene.walk, argv[0]);
	while (ev_bpf_walk_step(scene.walk))
		;
	assert_int_equal(ev_workload_go(scene.workload, NULL), 0);
	assert_int_equal(ev_workload_ended(scene.workload, true, &status, NULL), 1);
	ring_buffer__consume(scene.stacks);
	tell(&scene, __func__);
	assert_true(scene.seen.stacks >= 20);
	assert_true(10 * scene.seen.ends[EV_WALKED_COMPLETE] >= 9 * scene.seen.stacks);
	assert_true(10 * scene.seen.as_deep >= 8 * scene.seen.ends[EV_WALKED_COMPLETE]);
	close_scene(&scene);
}

static void threads_that_wait_in_the_kernel_are_followed(void **state)
{
	(void)state;
	walk_tree(__func__, "asleep", 199, true);
}

static void what_is_loaded_while_it_runs_is_followed(void **state)
{
	(void)state;
	struct scene scene = { 0 };
	const char *argv[] = { specimen("dlopened"), specimen("plugin_work"), "200", NULL };
	if (!walk_command(&scene, __func__, argv, 0))
		skip();
	assert_complete(&scene.seen, 90);
	close_scene(&scene);
}

static void a_chain_of_programs_in_one_process_is_followed(void **state)
{
	(void)state;
	struct scene scene = { 0 };
	char command[8192];
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	snprintf(command, sizeof(command), "exec env sh -c 'exec \"$0\" deep 200' %s",
		 specimen("trees"));
	if (!walk_command(&scene, __func__, argv, 199))
		skip();
	assert_complete(&scene.seen, 90);
	assert_true(10 * scene.seen.as_deep >= 8 * scene.seen.ends[EV_WALKED_COMPLETE]);
	close_scene(&scene);
}

/* ---- programs of every day ----------------------------------------------------------------------
 */

static void walk_program(const char *name, const char *const *argv)
{
	struct scene scene = { 0 };
	char path[4096];
	snprintf(path, sizeof(path), "/usr/bin/%s", argv[0]);
	if (argv[0][0] != '/' && access(path, X_OK)) {
		print_message("SKIP %s: %s is not installed\n", name, argv[0]);
		skip();
	}
	if (!walk_command(&scene, name, argv, 0))
		skip();
	assert_complete(&scene.seen, 90);
	close_scene(&scene);
}

static void a_compilers_stacks_are_followed(void **state)
{
	(void)state;
	static char path[] = "/tmp/evprof-walked-XXXXXX";
	static const char *argv[] = { "clang", "-O2",       "-w", "-xc", "-c",
				      "-o",    "/dev/null", path, NULL };
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	assert_non_null(file);
	for (int i = 0; i < 60; i++)
		fprintf(file,
			"int f%d(int *p, int n) { int s = 0; for (int i = 0; i < n; i++) for (int "
			"j = i; j < n; j++) s += p[i] * p[j] ^ %d; return s; }\n",
			i, i);
	fclose(file);
	walk_program(__func__, argv);
	remove(path);
}

static void pythons_stacks_are_followed(void **state)
{
	(void)state;
	static const char *argv[] = { "python3", "-c",
				      "def f(n):\n return n if n < 2 else f(n - 1) + f(n - 2)\n"
				      "import json\nfor i in range(40):\n f(18)\n "
				      "json.loads(json.dumps([{str(j): j} for j in range(5000)]))",
				      NULL };
	walk_program(__func__, argv);
}

/* ---- without ------------------------------------------------------------------------------------
 */

/* Whatever the kernel lacks for the walk, programs that could use it still load. */
static void programs_load_without_the_walk_and_on_raw_tracepoints(void **state)
{
	(void)state;
	char why[256];
	if (ev_bpf_absence(why, sizeof(why)))
		SKIP("programs_load_without_the_walk_and_on_raw_tracepoints", why);
	struct ev_target target = { .kind = EV_TARGET_SYSTEM };
	struct ev_watch_target watched = { .target = &target };
	for (unsigned i = 0; i < 4; i++) {
		struct scene scene = { 0 };
		libbpf_set_print(NULL);
		if (i & 1 && ev_bpf_walk_absence(why, sizeof(why)))
			continue;
		assert_true(load(&scene, &watched, i & 1, i & 2));
		walked_bpf__destroy(scene.programs);
	}
}

#endif

static void closing_nothing_is_fine(void **state)
{
	(void)state;
#if EV_HAVE_BPF
	ev_bpf_walk_close(NULL);
#else
	char why[256];
	assert_non_null(ev_bpf_walk_absence(why, sizeof(why)));
	print_message("SKIP test_bpf_walk: %s\n", why);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_nothing_is_fine),
#if EV_HAVE_BPF
		cmocka_unit_test(programs_load_without_the_walk_and_on_raw_tracepoints),
		cmocka_unit_test(two_hundred_calls_without_frame_pointers_are_followed),
		cmocka_unit_test(
			a_signals_handler_on_its_own_stack_is_left_for_what_it_interrupted),
		cmocka_unit_test(frames_of_no_fixed_size_are_followed),
		cmocka_unit_test(calls_back_from_a_library_are_followed),
		cmocka_unit_test(a_child_that_was_only_forked_has_its_parents_tables),
		cmocka_unit_test(a_program_that_was_expected_is_followed_before_anyone_tells_of_it),
		cmocka_unit_test(threads_that_wait_in_the_kernel_are_followed),
		cmocka_unit_test(what_is_loaded_while_it_runs_is_followed),
		cmocka_unit_test(a_chain_of_programs_in_one_process_is_followed),
		cmocka_unit_test(a_compilers_stacks_are_followed),
		cmocka_unit_test(pythons_stacks_are_followed),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
