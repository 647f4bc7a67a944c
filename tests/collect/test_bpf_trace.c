/* Calls of this program's own functions, in a child, counted and measured by BPF programs. */
#include <link.h>
#include <evprof/collect_trace.h>
#include "live.h"

#define FUNCTION __attribute__((noinline))
#define TIMES 50

static volatile int sink;

FUNCTION static void called(void)
{
	sink++;
}

FUNCTION static void caller(void)
{
	called();
	called();
	sink++;
}

FUNCTION static void recursive(int n)
{
	if (n > 1)
		recursive(n - 1);
	sink++;
}

static void work(void)
{
	for (int i = 0; i < TIMES; i++)
		caller();
	called();
	recursive(10);
}

static void leave_in_mid_call(void)
{
	if (!fork())
		work();
	wait(NULL);
}

static int look_at(struct dl_phdr_info *info, size_t size, void *context)
{
	uint64_t *place = context; /* an address, then its offset */
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t into = place[0] - (info->dlpi_addr + header->p_vaddr);
		if (header->p_type != PT_LOAD || into >= header->p_filesz)
			continue;
		place[1] = header->p_offset + into;
		return 1;
	}
	return 0;
}

static struct ev_trace_function function_at(void (*function)(void))
{
	uint64_t place[2] = { (uintptr_t)function, 0 };
	assert_true(dl_iterate_phdr(look_at, place));
	return (struct ev_trace_function){ .path = "/proc/self/exe", .offset = place[1] };
}

enum { CALLED, CALLER, RECURSIVE, COUNT };

/* False where there is no tracing. */
static bool trace(struct child child, bool singly, struct ev_trace_result *result, const char *name)
{
	const struct ev_trace_function functions[COUNT] = {
		function_at(called), function_at(caller),
		function_at((void (*)(void))(uintptr_t)recursive)
	};
	struct ev_trace_options options = { .functions = functions,
					    .function_count = COUNT,
					    .singly = singly };
	uint32_t pid = (uint32_t)child.pid;
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	struct ev_watch_target watched = { .target = &target };
	struct ev_trace *traced = NULL;
	struct ev_err err = { 0 };
	char why[256];
	int rc = ev_trace_open(&traced, &options, &watched, &err);
	if (ev_bpf_absence(why, sizeof(why))) {
		assert_true(rc < 0);
		assert_null(traced);
		assert_non_null(strstr(err.text, why));
		child_finish(&child);
		print_message("SKIP %s: %s\n", name, why);
		return false;
	}
	if (rc)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	child_finish(&child);
	ev_trace_look(traced);
	ev_trace_stop(traced);
	rc = ev_trace_read(traced, result, &err);
	assert_int_equal(rc, 0);
	ev_trace_close(traced);
	return true;
}

static uint64_t edge(const struct ev_trace_result *result, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < result->edge_count; i++)
		if (result->edges[i].caller == from && result->edges[i].callee == to + 1)
			return result->edges[i].calls;
	return 0;
}

static void expect_work(const struct ev_trace_result *result)
{
	const struct ev_trace_sums *sums = result->functions;
	uint64_t in_buckets = 0;
	assert_int_equal(sums[CALLED].calls, 2 * TIMES + 1);
	assert_int_equal(sums[CALLED].primitive_calls, 2 * TIMES + 1);
	assert_int_equal(sums[CALLER].calls, TIMES);
	assert_int_equal(sums[RECURSIVE].calls, 10);
	assert_int_equal(sums[RECURSIVE].primitive_calls, 1);
	assert_int_equal(edge(result, CALLER + 1, CALLED), 2 * TIMES);
	assert_int_equal(edge(result, 0, CALLED), 1);
	assert_int_equal(edge(result, RECURSIVE + 1, RECURSIVE), 9);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(sums[i].ended, sums[i].calls);
		assert_int_equal(sums[i].left, 0);
		assert_true(sums[i].longest_ns >= sums[i].shortest_ns);
	}
	for (size_t i = 0; i < EV_TRACE_BUCKETS; i++)
		in_buckets += sums[CALLED].histogram[i];
	assert_int_equal(in_buckets, 2 * TIMES + 1);
	assert_true(result->costs[EV_TRACE_COST_STEPPED_KERNEL].used);
	assert_int_equal(result->no_room + result->no_edge + result->unsettled, 0);
}

static void every_call_is_counted_with_its_caller(void **state)
{
	struct ev_trace_result result;
	(void)state;
	if (!trace(child_start(work), false, &result, __func__))
		skip();
	expect_work(&result);
	ev_trace_result_done(&result);
}

static void probes_put_one_by_one_count_the_same(void **state)
{
	struct ev_trace_result result;
	(void)state;
	if (!trace(child_start(work), true, &result, __func__))
		skip();
	expect_work(&result);
	ev_trace_result_done(&result);
}

static void children_are_followed(void **state)
{
	struct ev_trace_result result;
	(void)state;
	if (!trace(child_start(leave_in_mid_call), false, &result, __func__))
		skip();
	expect_work(&result);
	ev_trace_result_done(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_counted_with_its_caller),
		cmocka_unit_test(probes_put_one_by_one_count_the_same),
		cmocka_unit_test(children_are_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
