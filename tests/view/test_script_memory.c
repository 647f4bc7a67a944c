/* Data sources print as perf prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "script.h"

static void sources_are_told_in_perfs_words(void **state)
{
	static const struct {
		uint64_t source;
		const char *words;
	} cases[] = {
		/* of real recordings */
		{ 0x5080144, "|OP STORE|LVL L1 hit|SNP N/A|TLB N/A|LCK N/A|BLK  N/A" },
		{ 0x11868100242,
		  "|OP LOAD|LVL LFB/MAB or LFB/MAB hit|SNP None|TLB L1 or L2 hit|LCK No|BLK  N/A" },
		{ 0x10268100142,
		  "|OP LOAD|LVL L1 or L1 hit|SNP None|TLB L1 or L2 hit|LCK No|BLK  N/A" },
		{ 0, "|OP No|LVL N/A|SNP N/A|TLB N/A|LCK No|BLK  N/A" },
	};
	char out[128];
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		ev_script_data_source(cases[i].source, out, sizeof(out));
		assert_string_equal(out, cases[i].words);
	}
}

static void words_that_do_not_fit_are_cut(void **state)
{
	char out[16];
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++)
		ev_script_data_source(UINT64_C(1) << bit, out, sizeof(out));
	ev_script_data_source(UINT64_MAX, out, sizeof(out));
	assert_int_equal(strlen(out), 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_are_told_in_perfs_words),
		cmocka_unit_test(words_that_do_not_fit_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
