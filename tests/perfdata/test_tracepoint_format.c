/* A format file becomes fields and pieces; this machine's formats too. */
#include <dirent.h>
#include "tracepoint_samples.h"

static const struct trace_field *field(const struct parsed *parsed, const char *name)
{
	for (size_t i = 0; i < parsed->format.fields.count; i++)
		if (!strcmp(parsed->format.fields.items[i].name, name))
			return &parsed->format.fields.items[i];
	fail_msg("no field %s", name);
	return NULL;
}

static void fields_have_their_place_size_and_kind(void **state)
{
	struct parsed parsed;
	(void)state;
	parse(&parsed, FIELDS "\"x\"");
	assert_string_equal(parsed.format.name, "thing");
	assert_int_equal(parsed.format.id, 77);
	assert_null(parsed.format.failure);
	assert_int_equal(parsed.format.fields.count, 11);
	assert_int_equal(field(&parsed, "common_pid")->flags, FIELD_COMMON | FIELD_SIGNED);
	assert_int_equal(field(&parsed, "comm")->flags, FIELD_ARRAY | FIELD_TEXT);
	assert_int_equal(field(&parsed, "small")->flags, FIELD_SIGNED);
	assert_int_equal(field(&parsed, "small")->offset, 24);
	assert_int_equal(field(&parsed, "big")->flags, FIELD_LONG);
	assert_int_equal(field(&parsed, "pointer")->flags, FIELD_POINTER);
	assert_int_equal(field(&parsed, "path")->flags, FIELD_DYNAMIC | FIELD_TEXT);
	assert_int_equal(field(&parsed, "mac")->element_bytes, 1);
	assert_int_equal(field(&parsed, "mask")->element_bytes, 8);
	parsed_done(&parsed);
}

static void conversions_keep_flags_width_precision_and_size(void **state)
{
	struct parsed parsed;
	(void)state;
	parse(&parsed,
	      FIELDS "\"a%%b %-08.3llx%hhu%*.*s%pI6c|%zu\", 1, 2, 3, 4, REC->comm, REC->mac, 5");
	assert_null(parsed.format.failure);
	const struct trace_piece *piece = parsed.format.pieces.items;
	assert_int_equal(parsed.format.pieces.count, 6);
	assert_int_equal(piece[0].conversion, 0); /* "a%" */
	assert_int_equal(piece[0].literal_bytes, 2);
	assert_int_equal(piece[1].conversion, 'x');
	assert_string_equal(piece[1].flags, "-0");
	assert_int_equal(piece[1].width, 8);
	assert_int_equal(piece[1].precision, 3);
	assert_int_equal(piece[1].size_bytes, 8);
	assert_int_equal(piece[2].size_bytes, 1);
	assert_non_null(piece[3].width_from);
	assert_non_null(piece[3].precision_from);
	assert_string_equal(piece[4].pointer, "I6c");
	assert_int_equal(piece[5].size_bytes, 8);
	parsed_done(&parsed);
}

static void what_is_no_format_is_refused(void **state)
{
	static const char *const texts[] = { "", "\n", "field:int a;\toffset:0;", "print fmt: \"\"",
					     "ID: 4\nformat:\n" };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(texts); i++) {
		struct parsed parsed = { 0 };
		assert_false(ev_trace_format_parse(&parsed.format, texts[i], strlen(texts[i]),
						   &machine, &parsed.arena));
		parsed_done(&parsed);
	}
}

static void fields_are_bounded(void **state)
{
	(void)state;
	for (unsigned count = 1024; count <= 1025; count++) {
		struct parsed parsed;
		struct ev_buffer text = { 0 };
		ev_buffer_printf(&text, "name: thing\nID: 77\nformat:\n");
		for (unsigned i = 0; i < count; i++)
			ev_buffer_printf(&text, "\tfield:u8 f%u;\toffset:0;\tsize:1;\tsigned:0;\n",
					 i);
		ev_buffer_printf(&text, "print fmt: \"%%d\", REC->f1023\n");
		ev_buffer_u8(&text, 0);
		parse(&parsed, (const char *)text.bytes);
		assert_int_equal(parsed.format.fields.count, 1024);
		if (count == 1024)
			assert_null(parsed.format.failure);
		else
			assert_string_equal(parsed.format.failure, "it has more than 1024 fields");
		parsed_done(&parsed);
		ev_buffer_done(&text);
	}
}

static void every_prefix_is_survived(void **state)
{
	static const char text[] = FIELDS "\"%s %d %pI4\", __print_flags(REC->flags, \"|\", {1, "
					  "\"A\"}), REC->small ? 1 : 2, REC->mac";
	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		struct parsed parsed = { 0 };
		char *exact = malloc(length + 1); /* so that a sanitizer sees its end */
		memcpy(exact, text, length);
		ev_trace_format_parse(&parsed.format, exact, length, &machine, &parsed.arena);
		free(exact);
		parsed_done(&parsed);
	}
}

/* ---- what this kernel publishes ---------------------------------------------------------------
 */

static void read_formats(const char *system, unsigned *all, unsigned *failed)
{
	char *folder = ev_printf("/sys/kernel/tracing/events/%s", system);
	DIR *entries = opendir(folder);
	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		struct parsed parsed = { 0 };
		char *text, *path = ev_printf("%s/%s/format", folder, entry->d_name);
		size_t size_bytes;
		if (entry->d_name[0] != '.' && !ev_file_read(path, &text, &size_bytes)) {
			assert_true(ev_trace_format_parse(&parsed.format, text, size_bytes,
							  &machine, &parsed.arena));
			assert_string_equal(parsed.format.name, entry->d_name);
			(*all)++;
			*failed += parsed.format.failure != NULL;
			parsed_done(&parsed);
			free(text);
		}
		free(path);
	}
	if (entries)
		closedir(entries);
	free(folder);
}

static void all_but_a_few_formats_of_this_machine_can_be_followed(void **state)
{
	DIR *systems = opendir("/sys/kernel/tracing/events");
	unsigned all = 0, failed = 0;
	(void)state;
	for (struct dirent *entry; systems && (entry = readdir(systems));)
		if (entry->d_name[0] != '.')
			read_formats(entry->d_name, &all, &failed);
	if (systems)
		closedir(systems);
	if (!all) {
		print_message("SKIP %s: tracefs cannot be read\n", __func__);
		skip();
	}
	/* Those that are left hold statements, not expressions. */
	assert_in_range(failed * 100, 0, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_have_their_place_size_and_kind),
		cmocka_unit_test(conversions_keep_flags_width_precision_and_size),
		cmocka_unit_test(what_is_no_format_is_refused),
		cmocka_unit_test(fields_are_bounded),
		cmocka_unit_test(every_prefix_is_survived),
		cmocka_unit_test(all_but_a_few_formats_of_this_machine_can_be_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
