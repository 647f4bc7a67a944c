/* The kernel and its modules, told as mappings. */
#include "live.h"
#include "synthesize.h"

static void the_kernels_text_is_found_between_its_marks(void **state)
{
	(void)state;
	struct ev_kernel_extent extent = { 0 };
	assert_false(ev_kernel_extent_add(&extent, "0000000000000000 A fixed_percpu_data\n"));
	assert_false(ev_kernel_extent_add(&extent, "ffffffff81000000 T _text\n"));
	assert_false(ev_kernel_extent_add(&extent, "ffffffff81000000 T _stext\n"));
	assert_false(ev_kernel_extent_add(&extent, "ffffffff81000100 T _text_and_more\n"));
	assert_true(ev_kernel_extent_add(&extent, "ffffffff82209000 T _etext\n"));
	assert_int_equal(extent.start, 0xffffffff81000000);
	assert_int_equal(extent.end, 0xffffffff82209000);
}

static void a_known_size_saves_the_walk(void **state)
{
	(void)state;
	struct ev_kernel_extent extent = { .code_bytes = 0x1000 };
	assert_true(ev_kernel_extent_add(&extent, "ffffffff81000000 T _stext\n"));
	assert_int_equal(extent.end, 0xffffffff81001000);
}

static void hidden_addresses_are_no_kernel(void **state)
{
	(void)state;
	struct ev_kernel_extent extent = { .code_bytes = 0x1000 };
	assert_false(ev_kernel_extent_add(&extent, "0000000000000000 T _text\n"));
	assert_false(ev_kernel_extent_add(&extent, "0000000000000000 T _etext\n"));
	assert_false(ev_kernel_extent_add(&extent, ""));
	assert_false(ev_kernel_extent_add(&extent, "nonsense"));
	assert_false(ev_kernel_extent_add(&extent, "ffffffff81000000"));
	assert_false(ev_kernel_extent_add(&extent, "ffffffff81000000 T"));
}

static void a_line_of_modules_is_a_module(void **state)
{
	(void)state;
	char name[64];
	uint64_t size_bytes, address;
	assert_true(
		ev_module_parse("nf_tables 372736 5 nft_ct,nft_nat, Live 0xffffffffc0a51000 (E)",
				name, &size_bytes, &address));
	assert_string_equal(name, "nf_tables");
	assert_int_equal(size_bytes, 372736);
	assert_int_equal(address, 0xffffffffc0a51000);
	assert_false(ev_module_parse("nf_tables 372736 5 - Live 0x0000000000000000", name,
				     &size_bytes, &address));
	assert_false(ev_module_parse("nf_tables", name, &size_bytes, &address));
	assert_false(ev_module_parse("", name, &size_bytes, &address));
}

static uint64_t start, length;
static bool has_id;

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	(void)context, (void)err;
	if (!strcmp(record->mmap.path, "[kernel.kallsyms]_text")) {
		assert_int_equal(record->misc & PERF_RECORD_MISC_CPUMODE_MASK,
				 PERF_RECORD_MISC_KERNEL);
		assert_int_equal(record->mmap.file_offset, record->mmap.start);
		start = record->mmap.start;
		length = record->mmap.length;
		has_id = record->misc & PERF_RECORD_MISC_MMAP_BUILD_ID;
	}
	return 0;
}

static void the_running_kernel_is_told_where_it_can_be_seen(void **state)
{
	(void)state;
	struct ev_synthesis synthesis = { .take = take };
	assert_int_equal(ev_synthesize_kernel(&synthesis, NULL), 0);
	if (!start)
		SKIP("the_running_kernel_is_told_where_it_can_be_seen",
		     "kernel addresses are hidden from this user");
	assert_true(start >> 63);
	assert_true(length > 1 << 20);
	assert_int_equal(has_id, !access("/sys/kernel/notes", R_OK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_text_is_found_between_its_marks),
		cmocka_unit_test(a_known_size_saves_the_walk),
		cmocka_unit_test(hidden_addresses_are_no_kernel),
		cmocka_unit_test(a_line_of_modules_is_a_module),
		cmocka_unit_test(the_running_kernel_is_told_where_it_can_be_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
