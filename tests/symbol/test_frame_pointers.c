/* Whether functions keep frame pointers, by the tables of a program written by hand, and with its
 * bytes changed. */
#include "assembled.h"

static const char source[] =
	".globl _start\n.type _start,@function\n_start: nop\n.balign 64\n"
	".type early,@function\nearly: .cfi_startproc\n nop\n.cfi_def_cfa_offset 16\n"
	".cfi_offset %rbp, -16\n nop\n"
	".type framed,@function\n.cfi_def_cfa_register %rbp\nframed: nop\n.cfi_endproc\n"
	".type bare,@function\nbare: .cfi_startproc\n.cfi_def_cfa_offset 16\n nop\n"
	".type behind,@function\nbehind: nop\n.cfi_endproc\n"
	".type other,@function\nother: .cfi_startproc\n.cfi_def_cfa %rbx, 8\n nop\n.cfi_endproc\n";

enum { PID = 7 };

static int setup(void **state)
{
	return assemble(state, source, "-shared");
}

static enum ev_frame_pointers ask(const char *path, uint64_t offset, bool behind_call)
{
	struct ev_space_set *set = ev_space_set_open();
	struct ev_record record = { .type = PERF_RECORD_MMAP2, .pid = PID, .tid = PID };
	record.mmap = (struct ev_mmap){ .pid = PID,
					.tid = PID,
					.start = 0x10000,
					.length = 0x100000,
					.prot = 5,
					.executable = true,
					.path = path };
	ev_space_set_add(set, &record);
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, NULL);
	struct ev_space_cache *cache = ev_alloc(sizeof(*cache));
	struct ev_place place =
		ev_space_find(set, cache, PID, 1, 0x10000 + offset, PERF_RECORD_MISC_USER);
	enum ev_frame_pointers answer = ev_frame_pointers_at(symbolizer, place, behind_call);
	assert_int_equal(ev_frame_pointers_at(symbolizer, place, behind_call), answer);
	free(cache);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	return answer;
}

static void a_function_without_a_rule_by_the_frame_pointer_keeps_none(void **state)
{
	static const struct {
		const char *label;
		bool behind_call;
		enum ev_frame_pointers answer;
	} rows[] = {
		{ "framed", false, EV_FRAME_POINTERS_KEPT },
		{ "early", false, EV_FRAME_POINTERS_UNKNOWN }, /* before it has made its frame */
		{ "bare", false, EV_FRAME_POINTERS_OMITTED },
		{ "behind", true, EV_FRAME_POINTERS_OMITTED },
		{ "bare", true,
		  EV_FRAME_POINTERS_KEPT }, /* the call is the last of the one before */
		{ "other", false, EV_FRAME_POINTERS_UNKNOWN },
		{ "_start", false, EV_FRAME_POINTERS_UNKNOWN }, /* without a table */
	};
	char path[256];
	needs_x86();
	snprintf(path, sizeof(path), "%s", in_folder(state, "p"));
	for (size_t i = 0; i < EV_LENGTH(rows); i++) {
		uint64_t offset = 0;
		assert_int_equal(ev_function_offset(path, rows[i].label, &offset, NULL), 0);
		assert_int_equal(ask(path, offset, rows[i].behind_call), rows[i].answer);
	}
	assert_int_equal(ask("/nowhere/at/all", 8, false), EV_FRAME_POINTERS_UNKNOWN);
}

static void changed_bytes_are_survived(void **state)
{
	char path[256], *bytes;
	size_t size;
	uint64_t offset = 0;
	needs_x86();
	snprintf(path, sizeof(path), "%s", in_folder(state, "p"));
	assert_int_equal(ev_function_offset(path, "bare", &offset, NULL), 0);
	assert_int_equal(ev_file_read(path, &bytes, &size), 0);
	snprintf(path, sizeof(path), "%s", in_folder(state, "changed"));
	for (size_t i = 0; i < size; i += size / 300 + 1) {
		char before = bytes[i];
		bytes[i] = (char)(before ^ 0xff);
		write_file(path, bytes, size);
		ask(path, offset, i & 1);
		bytes[i] = before;
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_function_without_a_rule_by_the_frame_pointer_keeps_none, setup,
			folder_remove),
		cmocka_unit_test_setup_teardown(changed_bytes_are_survived, setup, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
