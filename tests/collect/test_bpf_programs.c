/* A BPF program of this test's own is told like any other that is loaded. */
#include "live.h"
#include "machine.h"

struct told {
	unsigned symbols, loads, mine;
	uint64_t address; /* of mine */
	uint32_t length;
};

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct told *told = context;
	(void)err;
	if (record->type == PERF_RECORD_BPF_EVENT) {
		assert_int_equal(record->bpf.kind, PERF_BPF_EVENT_PROG_LOAD);
		assert_true(record->bpf.id);
		told->loads++;
		return 0;
	}
	assert_int_equal(record->type, PERF_RECORD_KSYMBOL);
	assert_int_equal(record->ksymbol.kind, PERF_RECORD_KSYMBOL_TYPE_BPF);
	assert_true(record->ksymbol.address && record->ksymbol.length);
	assert_int_equal(strncmp(record->ksymbol.name, "bpf_prog_", 9), 0);
	told->symbols++;
	if (strstr(record->ksymbol.name, "_switch")) {
		told->mine++;
		told->address = record->ksymbol.address;
		told->length = record->ksymbol.length;
	}
	return 0;
}

static int refuse(void *context, const struct ev_record *record, struct ev_err *err)
{
	(void)record;
	++*(unsigned *)context;
	return ev_fail(err, ENOSPC, "full");
}

static struct ev_bpf_counter *load_one(void)
{
	struct ev_bpf_counter *counter;
	struct ev_err err = { 0 };
	if (ev_bpf_counter_open(&counter, (uint32_t)getpid(), &err))
		SKIP("bpf_programs", err.text);
	return counter;
}

static void a_loaded_program_has_records_and_sections(void **state)
{
	struct ev_recording recording = { 0 };
	struct told told = { 0 };
	struct ev_err err = { 0 };
	(void)state;
	struct ev_bpf_counter *counter = load_one();
	int rc = ev_synthesize_bpf(&recording, take, &told, &err);
	ev_bpf_counter_close(counter);
	assert_int_equal(rc, 0);
	if (!told.symbols)
		SKIP("bpf_programs", "the kernel does not compile BPF programs, or hides where");
	assert_true(told.mine && told.loads && told.symbols >= told.loads);

	const struct ev_section *programs =
		ev_recording_section(&recording, EV_FEATURE_BPF_PROG_INFO);
	const struct ev_section *types = ev_recording_section(&recording, EV_FEATURE_BPF_BTF);
	assert_non_null(programs);
	assert_non_null(types);
	struct ev_cursor at = ev_cursor_of(programs->bytes, programs->size_bytes, false);
	assert_int_equal(ev_cursor_u32(&at), told.loads);
	/* Each is as long as it says, and mine's code is where its record says. */
	bool met = false;
	while (ev_cursor_left(&at)) {
		uint32_t info_bytes = ev_cursor_u32(&at), data_bytes = ev_cursor_u32(&at);
		assert_int_equal(ev_cursor_u64(&at), 0x1f9);
		struct ev_cursor info = ev_cursor_part(&at, info_bytes);
		struct ev_cursor data = ev_cursor_part(&at, data_bytes);
		ev_cursor_skip(&info, 112);
		ev_cursor_skip(&data, ev_cursor_u64(&info));
		met |= ev_cursor_u64(&data) == told.address;
		assert_false(at.bad || info.bad || data.bad);
	}
	assert_true(met);
	at = ev_cursor_of(types->bytes, types->size_bytes, false);
	for (uint32_t count = ev_cursor_u32(&at); count; count--) {
		ev_cursor_u32(&at);
		ev_cursor_skip(&at, ev_cursor_u32(&at));
	}
	assert_false(at.bad);
	assert_int_equal(ev_cursor_left(&at), 0);
	ev_recording_done(&recording);
}

static void the_takers_error_ends_it(void **state)
{
	struct ev_recording recording = { 0 };
	struct ev_err err = { 0 };
	unsigned calls = 0;
	(void)state;
	struct ev_bpf_counter *counter = load_one();
	int rc = ev_synthesize_bpf(&recording, refuse, &calls, &err);
	ev_bpf_counter_close(counter);
	if (!calls)
		SKIP("bpf_programs", "the kernel does not compile BPF programs, or hides where");
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(calls, 1);
	ev_recording_done(&recording);
}

static void who_may_not_ask_gets_nothing(void **state)
{
	struct ev_recording recording = { 0 };
	struct told told = { 0 };
	(void)state;
	if (ev_machine_has_capability(EV_CAP_SYS_ADMIN))
		SKIP("bpf_programs", "this user may ask");
	assert_int_equal(ev_synthesize_bpf(&recording, take, &told, NULL), 0);
	assert_int_equal(told.symbols + told.loads + recording.section_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loaded_program_has_records_and_sections),
		cmocka_unit_test(the_takers_error_ends_it),
		cmocka_unit_test(who_may_not_ask_gets_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
