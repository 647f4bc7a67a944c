/* Every BPF program passes this kernel's verifier. */
#include "live.h"
#include <evprof/collect_bpf.h>

#define MOST_INSTRUCTIONS 1000000 /* the kernel's limit */
#define HANG_NS 30000000000u

struct seen {
	size_t programs, refused_typed, refused_others;
	uint64_t most;
};

static void take(void *context, const struct ev_bpf_verified *verified)
{
	struct seen *seen = context;
	bool typed = !strncmp(verified->program, "typed_", 6);
	print_message("%s/%s: %s, %llu instructions, %.0f ms\n", verified->collection,
		      verified->program, verified->error ? strerror(verified->error) : "loads",
		      (unsigned long long)verified->instructions, (double)verified->took_ns / 1e6);
	if (verified->error)
		print_message("%s\n", verified->said);
	seen->programs++;
	seen->refused_typed += verified->error && typed;
	seen->refused_others += verified->error && !typed;
	if (verified->instructions > seen->most)
		seen->most = verified->instructions;
	assert_true(verified->took_ns < HANG_NS);
}

/* Typed tracepoints may be refused: their programs are there a second time, on raw ones. */
static void every_program_passes_the_verifier(void **state)
{
	(void)state;
	char why[256];
	struct seen seen = { 0 };
	struct ev_err err = { 0 };
	int rc = ev_bpf_verify(take, &seen, &err);
	if (ev_bpf_absence(why, sizeof(why))) {
		assert_true(rc < 0);
		assert_non_null(strstr(err.text, why));
		SKIP("every_program_passes_the_verifier", why);
	}
	assert_int_equal(rc, 0);
	assert_true(seen.programs > 10);
	assert_int_equal(seen.refused_others, 0);
	assert_true(seen.most < MOST_INSTRUCTIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_program_passes_the_verifier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
