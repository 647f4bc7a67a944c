/* Generated code by time and address, from a dump file to its name. */
#include <time.h>
#include "dumps.h"

/* A recording of process 77, which mapped its dump at 1000 and wrote the first record then. */
struct generated {
	struct ev_space_set *set;
	struct ev_recording recording;
	struct ev_symbolizer *symbolizer;
};

static void open_generated(struct generated *it, void **state, bool monotonic,
			   const struct ev_symbolizer_options *more)
{
	struct ev_symbolizer_options options = { .symfs = ((struct folder *)*state)->path };
	if (more)
		options = *more;
	struct perf_event_attr *attr = &ev_recording_add_event(&it->recording)->attr;
	attr->use_clockid = monotonic;
	attr->clockid = CLOCK_MONOTONIC;
	it->set = ev_space_set_open();
	comm(it->set, 900, 77, 77, "node", true);
	map(it->set, 950, 77, 0x10000, 0x10000, 0, "//anon");
	map(it->set, 1000, 77, 0x70000, 0x1000, 0, "/jit-77.dump");
	map(it->set, 1500, 77, 0x10000, 0x10000, 0, "//anon"); /* was made writable for a while */
	map(it->set, 2500, 77, 0x18000, 0x1000, 0, "/lib/later.so");
	ev_space_set_generated(it->set, &it->recording, &options);
	ev_space_set_ready(it->set);
	it->symbolizer = ev_symbolizer_open(it->set, &it->recording, &options);
}

static void close_generated(struct generated *it)
{
	ev_symbolizer_close(it->symbolizer);
	ev_space_set_close(it->set);
	ev_recording_done(&it->recording);
	*it = (struct generated){ 0 };
}

static const char *name_of(struct generated *it, uint64_t time_ns, uint64_t address,
			   struct ev_symbol *symbol)
{
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_symbol unused;
	struct ev_place place = ev_space_find(it->set, cache, 77, time_ns, address, USER);
	free(cache);
	symbol = symbol ? symbol : &unused;
	ev_symbolize(it->symbolizer, place, EV_SYMBOL_EXACT | EV_SYMBOL_LINES, symbol, 1);
	return symbol->function ? symbol->function : "-";
}

static void write_dump(void **state, uint64_t from_ns)
{
	static const struct dump_line lines[] = { { 0x11000, 12, "/app/x.js" } };
	struct dump_writer writer;
	dump_begin(&writer, false, 77, 0);
	dump_load(&writer, from_ns, 0x12000, 32, 0, "old");
	dump_lines(&writer, 0x11000, lines, 1);
	dump_load(&writer, from_ns + 200, 0x11000, 32, 1, "stays");
	dump_load(&writer, from_ns + 1000, 0x12000, 16, 2, "new");
	dump_move(&writer, from_ns + 1100, 0x11000, 0x13000, 32, 1);
	dump_load(&writer, from_ns + 1200, 0x18000, 32, 3, "gone");
	dump_end(&writer, in_folder(state, "jit-77.dump"));
}

static void check_names(struct generated *it)
{
	struct ev_symbol symbol;
	assert_string_equal(name_of(it, 1100, 0x12004, NULL), "old");
	assert_string_equal(name_of(it, 1100, 0x11004, NULL), "-");
	assert_string_equal(name_of(it, 2050, 0x12004, NULL), "new");
	assert_string_equal(name_of(it, 2050, 0x12014, NULL), "old");
	assert_string_equal(name_of(it, 2050, 0x13004, NULL), "-");
	assert_string_equal(name_of(it, 2150, 0x13004, &symbol), "stays");
	assert_string_equal(symbol.file, "/app/x.js");
	assert_int_equal(symbol.line, 12);
	assert_string_equal(name_of(it, 2300, 0x18004, NULL), "gone");
	assert_string_equal(name_of(it, 2600, 0x18004, NULL), "-"); /* a library is there now */
}

static void code_is_named_by_what_was_there_at_the_time(void **state)
{
	struct generated it = { 0 };
	write_dump(state, 1000);
	open_generated(&it, state, true, NULL);
	check_names(&it);
	close_generated(&it);
}

static void times_of_another_clock_are_moved_to_where_the_dump_was_mapped(void **state)
{
	struct generated it = { 0 };
	write_dump(state, 987654321000);
	open_generated(&it, state, false, NULL);
	check_names(&it);
	close_generated(&it);
	write_dump(state, 10);
	open_generated(&it, state, false, NULL);
	check_names(&it);
	close_generated(&it);
}

static void a_recording_carries_the_code_that_was_sampled(void **state)
{
	struct generated it = { 0 }, later = { 0 };
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_buffer bytes = { 0 };
	write_dump(state, 1000);
	open_generated(&it, state, true, NULL);
	static const uint64_t sampled[][2] = {
		{ 1100, 0x12004 }, { 2050, 0x12004 }, { 2050, 0x12014 },
		{ 2150, 0x13004 }, { 2300, 0x18004 },
	};
	struct ev_place places[EV_LENGTH(sampled)];
	for (size_t i = 0; i < EV_LENGTH(sampled); i++)
		places[i] = ev_space_find(it.set, cache, 77, sampled[i][0], sampled[i][1], USER);
	ev_symbols_encode(it.symbolizer, it.set, places, EV_LENGTH(places),
			  EV_SYMBOL_LINES | EV_SYMBOL_INLINES, &bytes);
	ev_recording_set_section(&later.recording, EV_FEATURE_EVPROF_SYMBOLS, bytes.bytes,
				 bytes.size_bytes);
	close_generated(&it);
	unlink(in_folder(state, "jit-77.dump"));
	const struct ev_symbolizer_options nothing_here = { .no_local_files = true };
	open_generated(&later, state, true, &nothing_here);
	check_names(&later);
	close_generated(&later);
	ev_buffer_done(&bytes);
	free(cache);
}

static void a_child_has_the_code_of_its_parent(void **state)
{
	struct generated it = { 0 };
	write_dump(state, 1000);
	struct ev_symbolizer_options options = { .symfs = ((struct folder *)*state)->path };
	it.set = ev_space_set_open();
	map(it.set, 950, 77, 0x10000, 0x10000, 0, "//anon");
	map(it.set, 1000, 77, 0x70000, 0x1000, 0, "/jit-77.dump");
	fork_process(it.set, 1100, 78, 77);
	comm(it.set, 1200, 78, 78, "other", true);
	ev_space_set_generated(it.set, NULL, &options);
	ev_space_set_ready(it.set);
	assert_place(it.set, 78, 1150, 0x12004, USER, place_text(it.set, 77, 1150, 0x12004, USER));
	assert_string_equal(place_text(it.set, 78, 1250, 0x12004, USER), "[unknown]+12004");
	close_generated(&it);
}

static void somebody_elses_dump_is_left_alone(void **state)
{
	struct generated it = { 0 };
	write_dump(state, 1000);
	const char *path = in_folder(state, "jit-77.dump");
	if (chown(path, 12345, 12345)) {
		print_message("SKIP %s: needs root to make one\n", __func__);
		skip();
	}
	open_generated(&it, state, true, NULL);
	assert_string_equal(name_of(&it, 1100, 0x12004, NULL), "-");
	close_generated(&it);
	unlink(path);
	write_dump(state, 1000);
	rename(path, in_folder(state, "kept"));
	assert_int_equal(symlink("kept", path), 0);
	open_generated(&it, state, true, NULL);
	assert_string_equal(name_of(&it, 1100, 0x12004, NULL), "-");
	close_generated(&it);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_is_named_by_what_was_there_at_the_time),
		cmocka_unit_test(times_of_another_clock_are_moved_to_where_the_dump_was_mapped),
		cmocka_unit_test(a_recording_carries_the_code_that_was_sampled),
		cmocka_unit_test(a_child_has_the_code_of_its_parent),
		cmocka_unit_test(somebody_elses_dump_is_left_alone),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
