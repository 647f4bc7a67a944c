/* Records of an imported profile: what they say is what a reader finds again. */
#include "imported.h"

struct seen {
	EV_ARRAY(struct ev_record) records;
	struct ev_space_set *spaces;
	uint64_t chain[64]; /* of the last sample */
};

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct seen *seen = context;
	(void)err;
	*ev_array_add(&seen->records) = *record;
	ev_space_set_add(seen->spaces, record);
	if (record->type == PERF_RECORD_SAMPLE) {
		assert_true(record->sample.chain_count <= 64);
		memcpy(seen->chain, record->sample.chain, record->sample.chain_count * 8);
	}
	return 0;
}

static void names_are_found_by_the_addresses_that_samples_have(void **state)
{
	static const char text[] = "main;work (a.c:3);read_[k] 5\n";
	struct ev_import *import = import_bytes(text, sizeof(text) - 1, false);
	struct ev_recording recording = { 0 };
	struct ev_buffer symbols = { 0 };
	struct seen seen = { .spaces = ev_space_set_open() };
	(void)state;
	ev_import_events(import, &recording);
	assert_int_equal(ev_import_give(import, &recording, take, &seen, NULL), 0);
	ev_import_symbols(import, &symbols);
	ev_recording_set_section(&recording, EV_FEATURE_EVPROF_SYMBOLS, symbols.bytes,
				 symbols.size_bytes);
	ev_space_set_ready(seen.spaces);
	struct ev_symbolizer_options options = { .no_local_files = true };
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(seen.spaces, &recording, &options);
	const struct ev_record *sample = &seen.records.items[seen.records.count - 1];
	struct ev_space_cache *cache = ev_alloc(sizeof(*cache));
	static const char *const names[] = { "read", "work", "main" };
	assert_int_equal(sample->sample.weight, 5);
	assert_int_equal(sample->sample.period, 5);
	assert_int_equal(sample->sample.chain_count, 5); /* and two markers */
	assert_int_equal(seen.chain[0], (uint64_t)PERF_CONTEXT_KERNEL);
	assert_int_equal(seen.chain[2], (uint64_t)PERF_CONTEXT_USER);
	for (size_t i = 0, at = 1; i < 3; i++, at += at == 1 ? 2 : 1) {
		struct ev_symbol found[4];
		uint16_t mode = i ? PERF_RECORD_MISC_USER : PERF_RECORD_MISC_KERNEL;
		struct ev_place place =
			ev_space_find(seen.spaces, cache, sample->pid, 0, seen.chain[at], mode);
		assert_int_equal(ev_symbolize(symbolizer, place,
					      EV_SYMBOL_LINES | (i ? 0 : EV_SYMBOL_EXACT), found,
					      4),
				 1);
		assert_string_equal(found[0].function, names[i]);
		assert_int_equal(found[0].line, i == 1 ? 3 : 0);
	}
	free(cache);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(seen.spaces);
	ev_array_done(&seen.records);
	ev_buffer_done(&symbols);
	ev_recording_done(&recording);
	ev_import_close(import);
}

static void more_samples_than_a_record_holds_become_several(void **state)
{
	static const char text[] = "main 3000000000\n";
	struct ev_import *import = import_bytes(text, sizeof(text) - 1, false);
	struct ev_recording recording = { 0 };
	struct seen seen = { .spaces = ev_space_set_open() };
	uint64_t weight = 0, period = 0;
	(void)state;
	ev_import_events(import, &recording);
	assert_int_equal(ev_import_give(import, &recording, take, &seen, NULL), 0);
	for (size_t i = 0; i < seen.records.count; i++)
		if (seen.records.items[i].type == PERF_RECORD_SAMPLE) {
			weight += seen.records.items[i].sample.weight;
			period += seen.records.items[i].sample.period;
		}
	assert_int_equal(weight, 3000000000);
	assert_int_equal(period, 3000000000);
	ev_space_set_close(seen.spaces);
	ev_array_done(&seen.records);
	ev_recording_done(&recording);
	ev_import_close(import);
}

static void a_thread_that_changes_its_name_is_named_when_it_does(void **state)
{
	static const char text[] = "a 1 1.000001: 2 cycles: \n\t 40 main (/x)\n\n"
				   "b 1 2.000001: 2 cycles: \n\t 40 main (/x)\n\n"
				   "a 1 3.000001: 2 cycles: \n\t 40 main (/x)\n\n";
	struct ev_import *import = import_bytes(text, sizeof(text) - 1, false);
	struct ev_recording recording = { 0 };
	struct seen seen = { .spaces = ev_space_set_open() };
	(void)state;
	ev_import_events(import, &recording);
	assert_int_equal(ev_import_give(import, &recording, take, &seen, NULL), 0);
	ev_space_set_ready(seen.spaces);
	assert_string_equal(ev_space_comm(seen.spaces, 1, 1, 1000001000), "a");
	assert_string_equal(ev_space_comm(seen.spaces, 1, 1, 2000001000), "b");
	assert_string_equal(ev_space_comm(seen.spaces, 1, 1, 3000001000), "a");
	ev_space_set_close(seen.spaces);
	ev_array_done(&seen.records);
	ev_recording_done(&recording);
	ev_import_close(import);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_by_the_addresses_that_samples_have),
		cmocka_unit_test(more_samples_than_a_record_holds_become_several),
		cmocka_unit_test(a_thread_that_changes_its_name_is_named_when_it_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
