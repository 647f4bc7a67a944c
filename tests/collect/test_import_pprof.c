/* Profiles in pprof's format, made here field by field. */
#include <evprof/protobuf.h>
#include "imported.h"

enum {
	SAMPLES = 1,
	COUNT,
	CPU,
	NS,
	MAIN,
	WORK,
	FILE_C,
	PATH,
	BUILD,
	COMM,
	NAME,
	SPACE,
	BYTES,
	PATH_2,
	NO_BUILD,
	TEXTS
};
static const char *const texts[] = { "",      "samples", "count", "cpu",    "nanoseconds", "main",
				     "work",  "a.c",     "/b/x",  "00ff10", "comm",        "t 1",
				     "space", "bytes",   "/b/y",  " f+1-2" };

static void add_type(struct ev_buffer *out, uint64_t type, uint64_t unit)
{
	struct ev_buffer part = { 0 };
	ev_protobuf_number(&part, 1, type);
	ev_protobuf_number(&part, 2, unit);
	ev_protobuf_message(out, 1, &part);
	ev_buffer_done(&part);
}

/* main (1) calls work, inlined into main at line 5 (2); 3 has no name. */
static void add_tables(struct ev_buffer *out)
{
	struct ev_buffer part = { 0 }, inner = { 0 };
	for (unsigned id = 1; id <= 3; id++) {
		ev_protobuf_number(&part, 1, id);
		ev_protobuf_number(&part, 2, 1);
		ev_protobuf_number(&part, 3, 4096 + 16 * id);
		if (id == 2) {
			ev_protobuf_number(&inner, 1, 2);
			ev_protobuf_number(&inner, 2, 7);
			ev_protobuf_message(&part, 4, &inner);
		}
		if (id < 3) {
			ev_protobuf_number(&inner, 1, 1);
			ev_protobuf_number(&inner, 2, 5);
			ev_protobuf_message(&part, 4, &inner);
		}
		ev_protobuf_message(out, 4, &part);
	}
	ev_protobuf_number(&part, 1, 1);
	ev_protobuf_number(&part, 2, 4096);
	ev_protobuf_number(&part, 5, PATH);
	ev_protobuf_number(&part, 6, BUILD);
	ev_protobuf_message(out, 3, &part); /* a mapping */
	for (unsigned id = 1; id <= 2; id++) {
		ev_protobuf_number(&part, 1, id);
		ev_protobuf_number(&part, 2, id == 1 ? MAIN : WORK);
		ev_protobuf_number(&part, 4, FILE_C);
		ev_protobuf_message(out, 5, &part);
	}
	for (size_t i = 0; i < EV_LENGTH(texts); i++)
		ev_protobuf_bytes(out, 6, texts[i], strlen(texts[i]));
	ev_buffer_done(&part);
	ev_buffer_done(&inner);
}

static void add_sample(struct ev_buffer *out, const char *locations, const char *values,
		       bool packed)
{
	struct ev_buffer part = { 0 }, label = { 0 };
	if (packed) {
		ev_protobuf_bytes(&part, 1, locations, strlen(locations));
		ev_protobuf_bytes(&part, 2, values, strlen(values));
	}
	for (; !packed && *locations; locations++)
		ev_protobuf_number(&part, 1, (uint64_t)*locations);
	for (; !packed && *values; values++)
		ev_protobuf_number(&part, 2, (uint64_t)*values);
	ev_protobuf_number(&label, 1, COMM);
	ev_protobuf_number(&label, 2, NAME);
	ev_protobuf_message(&part, 3, &label);
	ev_protobuf_message(out, 2, &part);
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

static void packed_numbers_that_do_not_end_are_told(void **state)
{
	struct ev_buffer out = { 0 };
	(void)state;
	add_type(&out, SAMPLES, COUNT);
	add_sample(&out, "\1", "\3\x96", true);
	add_tables(&out);
	struct ev_import *import = finish(&out);
	assert_string_equal(sample_text(import, 0), "samples t 1 1/1 main(a.c:5)@/b/x 3 3");
	assert_string_equal(ev_import_trouble(import), "a sample is damaged");
	ev_import_close(import);
}

static void a_build_id_is_all_digits(void **state)
{
	struct ev_buffer out = { 0 }, part = { 0 };
	(void)state;
	add_type(&out, SAMPLES, COUNT);
	add_sample(&out, "\11", "\3", true);
	add_tables(&out);
	ev_protobuf_number(&part, 1, 2);
	ev_protobuf_number(&part, 5, PATH_2);
	ev_protobuf_number(&part, 6, NO_BUILD);
	ev_protobuf_message(&out, 3, &part);
	ev_protobuf_number(&part, 1, 9);
	ev_protobuf_number(&part, 2, 2);
	ev_protobuf_message(&out, 4, &part);
	ev_buffer_done(&part);
	struct ev_import *import = finish(&out);
	assert_string_equal(sample_text(import, 0), "samples t 1 1/1 [y+0x0]@/b/y 3 3");
	assert_int_equal(import->objects.items[0].build_id_bytes, 3);
	assert_int_equal(import->objects.items[1].build_id_bytes, 0);
	assert_null(ev_import_trouble(import));
	ev_import_close(import);
}

static void a_stack_that_is_cut_is_told(void **state)
{
	static char locations[65536 + 2];
	struct ev_buffer out = { 0 };
	(void)state;
	memset(locations, 1, sizeof(locations) - 1);
	add_type(&out, SAMPLES, COUNT);
	add_sample(&out, locations + 1, "\3", true);
	add_tables(&out);
	struct ev_import *import = import_bytes(out.bytes, out.size_bytes, false);
	assert_null(ev_import_note(import, 1));
	ev_import_close(import);
	add_sample(&out, locations, "\3", true);
	import = finish(&out);
	assert_string_equal(ev_import_note(import, 0), "stacks of more than 65536 places are cut");
	assert_int_equal(import->samples.items[0].stack, import->samples.items[1].stack);
	ev_import_close(import);
}

/* Labels of many names would else be compared with each other, all with all. */
static void the_first_remarks_are_kept(void **state)
{
	struct ev_buffer out = { 0 }, part = { 0 }, label = { 0 };
	(void)state;
	add_type(&out, SAMPLES, COUNT);
	add_sample(&out, "\1", "\3", true);
	add_tables(&out);
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];
		ev_protobuf_bytes(&out, 6, name, (size_t)sprintf(name, "key %u", i));
		ev_protobuf_number(&label, 1, TEXTS + i);
		ev_protobuf_message(&part, 3, &label);
	}
	ev_protobuf_message(&out, 2, &part);
	ev_buffer_done(&part);
	ev_buffer_done(&label);
	struct ev_import *import = finish(&out);
	assert_string_equal(ev_import_note(import, 127),
			    "labels 'key 127' have no place in a recording");
	assert_string_equal(ev_import_note(import, 128), "there was more to remark than these 128");
	assert_null(ev_import_note(import, 129));
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
		cmocka_unit_test(packed_numbers_that_do_not_end_are_told),
		cmocka_unit_test(a_build_id_is_all_digits),
		cmocka_unit_test(a_stack_that_is_cut_is_told),
		cmocka_unit_test(the_first_remarks_are_kept),
		cmocka_unit_test(a_file_that_ends_early_is_read_as_far_as_it_goes),
		cmocka_unit_test(what_names_no_type_is_no_profile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
