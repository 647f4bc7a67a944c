/* Every BPF program passes this kernel's verifier. */
#include <fcntl.h>
#include "live.h"
#include <evprof/collect_bpf.h>

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#if EV_HAVE_BPF
#include <bpf/libbpf.h>
#include "bpf_watched.h"
#include <trace.h>
#include <watched.h>
#include <trace.skel.h>
#endif

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

#if EV_HAVE_BPF
/* This kernel's types, but for the name of one thing where they have it, in a file without a
 * name. */
static int types_without(const char *name)
{
	enum { MOST_BYTES = 64 << 20 };
	char *types = ev_alloc(MOST_BYTES), *found;
	int from = open("/sys/kernel/btf/vmlinux", O_RDONLY), fd = memfd_create("types", 0);
	size_t length = 0;
	for (ssize_t got; (got = read(from, types + length, MOST_BYTES - length)) > 0;)
		length += (size_t)got;
	close(from);
	found = memmem(types, length, name, strlen(name) + 1);
	if (found)
		*found = '?';
	assert_int_equal(write(fd, types, length), length);
	free(types);
	return fd;
}
#endif

/* Before Linux 5.17 there is no bpf_loop; traced calls have loops of another kind then. */
static void traced_calls_need_no_bpf_loop(void **state)
{
	(void)state;
	char why[256];
	if (ev_bpf_absence(why, sizeof(why)))
		SKIP("traced_calls_need_no_bpf_loop", why);
#if EV_HAVE_BPF
	char path[64];
	int fd = types_without("BPF_FUNC_loop");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path);
	struct trace_bpf *programs = trace_bpf__open_opts(&options);
	assert_non_null(programs);
	ev_watched_choose(programs->obj, true);
	libbpf_set_print(NULL);
	assert_int_equal(trace_bpf__load(programs), 0);
	trace_bpf__destroy(programs);
	close(fd);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_program_passes_the_verifier),
		cmocka_unit_test(traced_calls_need_no_bpf_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
