/* Profiles in pprof's format, made here field by field. */
#include "imported.h"

static void put(struct ev_buffer *out, uint64_t value)
{
	for (; value > 127; value >>= 7)
		ev_buffer_u8(out, (uint8_t)(value | 128));
	ev_buffer_u8(out, (uint8_t)value);
}

static void number(struct ev_buffer *out, unsigned field, uint64_t value)
{
	put(out, field << 3);
	put(out, value);
}

static void bytes(struct ev_buffer *out, unsigned field, const void *at, size_t size)
{
	put(out, field << 3 | 2);
	put(out, size);
	ev_buffer_add(out, at, size);
}

static void message(struct ev_buffer *out, unsigned field, struct ev_buffer *part)
{
	bytes(out, field, part->bytes, part->size_bytes);
	part->size_bytes = 0;
}

enum { SAMPLES = 1, COUNT, CPU, NS, MAIN, WORK, FILE_C, PATH, BUILD, COMM, NAME, SPACE, BYTES };
static const char *const texts[] = { "",     "samples", "count", "cpu",  "nanoseconds",
				     "main", "work",    "a.c",   "/b/x", "00ff10",
				     "comm", "t 1",     "space", "bytes" };

static void add_type(struct ev_buffer *out, uint64_t type, uint64_t unit)
{
	struct ev_buffer part = { 0 };
	number(&part, 1, type);
	number(&part, 2, unit);
	message(out, 1, &part);
	ev_buffer_done(&part);
}

/* main (1) calls work, inlined into main at line 5 (2); 3 has no name. */
static void add_tables(struct ev_buffer *out)
{
	struct ev_buffer part = { 0 }, inner = { 0 };
	for (unsigned id = 1; id <= 3; id++) {
		number(&part, 1, id);
		number(&part, 2, 1);
		number(&part, 3, 4096 + 16 * id);
		if (id == 2) {
			number(&inner, 1, 2);
			number(&inner, 2, 7);
			message(&part, 4, &inner);
		}
		if (id < 3) {
			number(&inner, 1, 1);
			number(&inner, 2, 5);
			message(&part, 4, &inner);
		}
		message(out, 4, &part);
	}
	number(&part, 1, 1);
	number(&part, 2, 4096);
	number(&part, 5, PATH);
	number(&part, 6, BUILD);
	message(out, 3, &part); /* a mapping */
	for (unsigned id = 1; id <= 2; id++) {
		number(&part, 1, id);
		number(&part, 2, id == 1 ? MAIN : WORK);
		number(&part, 4, FILE_C);
		message(out, 5, &part);
	}
	for (size_t i = 0; i < EV_LENGTH(texts); i++)
		bytes(out, 6, texts[i], strlen(texts[i]));
	ev_buffer_done(&part);
	ev_buffer_done(&inner);
}

static void add_sample(struct ev_buffer *out, const char *locations, const char *values,
		       bool packed)
{
	struct ev_buffer part = { 0 }, label = { 0 };
	if (packed) {
		bytes(&part, 1, locations, strlen(locations));
		bytes(&part, 2, values, strlen(values));
	}
	for (; !packed && *locations; locations++)
		number(&part, 1, (uint64_t)*locations);
	for (; !packed && *values; values++)
		number(&part, 2, (uint64_t)*values);
	number(&label, 1, COMM);
	number(&label, 2, NAME);
	message(&part, 3, &label);
	message(out, 2, &part);
	ev_buffer_done(&part);
	ev_buffer_done(&label);
}

static struct ev_import *finish(struct ev_buffer *out)
{
	struct ev_import *import = import_bytes(out->bytes, out->size_bytes, false);
	ev_buffer_done(out);
	return import;
}

static void samples_have_inlined_functions_lines_and_the_object(void **state)
{
	struct ev_buffer out = { 0 };
	(void)state;
	add_type(&out, SAMPLES, COUNT);
	add_type(&out, CPU, NS);
	add_sample(&out, "\2\1", "\3\36", true);
	add_sample(&out, "\3", "\1\12", false);
	add_tables(&out);
	struct ev_import *import = finish(&out);
	assert_int_equal(import->samples.count, 2);
	assert_string_equal(sample_text(import, 0),
			    "cpu t 1 1/1 main(a.c:5)@/b/x;main(a.c:5)>work(a.c:7)@/b/x 3 30");
	assert_string_equal(sample_text(import, 1), "cpu t 1 1/1 [x+0x30]@/b/x 1 10");
	assert_true(import->events.items[0].is_time);
	assert_int_equal(import->objects.items[0].build_id_bytes, 3);
	assert_int_equal(import->objects.items[0].build_id[1], 0xff);
	assert_null(ev_import_trouble(import));
	ev_import_close(import);
}

static void each_type_without_a_count_of_samples_is_an_event(void **state)
{
	struct ev_buffer out = { 0 };
	(void)state;
	add_type(&out, WORK, COUNT);
	add_type(&out, SPACE, BYTES);
	add_sample(&out, "\1", "\3\100", true);
	add_tables(&out);
	struct ev_import *import = finish(&out);
	assert_int_equal(import->samples.count, 2);
	assert_string_equal(sample_text(import, 0), "work t 1 1/1 main(a.c:5)@/b/x 1 3");
	assert_string_equal(sample_text(import, 1), "space t 1 1/1 main(a.c:5)@/b/x 1 64");
	assert_string_equal(ev_import_note(import, 0),
			    "space is in bytes: reports show plain numbers");
	ev_import_close(import);
}

static void a_stack_of_locations_that_are_missing_is_told(void **state)
{
	struct ev_buffer out = { 0 };
	(void)state;
	add_type(&out, SAMPLES, COUNT);
	add_sample(&out, "\7\1", "\3", true);
	add_tables(&out);
	struct ev_import *import = finish(&out);
	assert_string_equal(sample_text(import, 0), "samples t 1 1/1 main(a.c:5)@/b/x 3 3");
	assert_string_equal(ev_import_trouble(import), "the stack of a sample is damaged");
	ev_import_close(import);
}

static void a_file_that_ends_early_is_read_as_far_as_it_goes(void **state)
{
	struct ev_buffer out = { 0 };
	(void)state;
	add_tables(&out);
	add_type(&out, SAMPLES, COUNT);
	add_sample(&out, "\1", "\3", true);
	add_sample(&out, "\1", "\4", true);
	out.size_bytes -= 3;
	struct ev_import *import = finish(&out);
	assert_int_equal(import->samples.count, 1);
	assert_non_null(strstr(ev_import_trouble(import), "ends early"));
	ev_import_close(import);
}

static void what_names_no_type_is_no_profile(void **state)
{
	struct ev_import_options options = { .format = EV_IMPORT_PPROF };
	struct ev_import *import = NULL;
	struct ev_err err = { 0 };
	(void)state;
	assert_int_equal(ev_import_open(&import, "\x12\0", 2, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no pprof profile"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_have_inlined_functions_lines_and_the_object),
		cmocka_unit_test(each_type_without_a_count_of_samples_is_an_event),
		cmocka_unit_test(a_stack_of_locations_that_are_missing_is_told),
		cmocka_unit_test(a_file_that_ends_early_is_read_as_far_as_it_goes),
		cmocka_unit_test(what_names_no_type_is_no_profile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
