/* Names and lines of programs compiled for the test. */
#include <errno.h>
#include <fcntl.h>
#include "carried.h"
#include "scene.h"

static void functions_of_every_kind_of_program_are_named(void **state)
{
	static const char *const files[] = { "pie", "static", "rdynamic", "noid", "nodebug" };
	needs_program("gcc");
	for (size_t i = 0; i < EV_LENGTH(files); i++) {
		struct scene scene = { 0 };
		if (access(in_folder(state, files[i]), R_OK))
			continue; /* no static libc here */
		open_scene(&scene, in_folder(state, files[i]), NULL, NULL);
		uint64_t hidden = offset_of(state, files[i], "hidden");
		assert_string_equal(function_at(&scene, hidden), "hidden");
		assert_string_equal(function_at(&scene, offset_of(state, files[i], "main")),
				    "main");
		struct ev_symbol symbol;
		frames_at(&scene, hidden + 1, EV_SYMBOL_EXACT, &symbol, 1);
		assert_int_equal(symbol.start, hidden);
		assert_true(symbol.size_bytes > 4 && symbol.size_bytes < 200);
		assert_null(symbol.file);
		/* A return address just behind a call that ends a function still belongs to it. */
		frames_at(&scene, hidden + symbol.size_bytes, 0, &symbol, 1);
		assert_string_equal(symbol.function, "hidden");
		assert_null(ev_symbolizer_trouble(scene.symbolizer, scene.place.object));
		assert_string_equal(function_at(&scene, 1), "-");
		/* What was given back is read again. */
		ev_symbolizer_forget(scene.symbolizer, scene.place.object);
		assert_string_equal(function_at(&scene, hidden), "hidden");
		close_scene(&scene);
	}
}

static void calls_of_libraries_go_through_named_stubs(void **state)
{
	needs_program("gcc");
	needs_program("objdump");
	char line[256];
	output_of(state,
		  "objdump -d pie | grep -E '^[0-9a-f]+ <(getchar|getc)@plt>' | cut -d' ' -f1",
		  line, sizeof(line));
	if (!*line) {
		print_message("SKIP %s: this linker makes no stubs\n", __func__);
		skip();
	}
	struct scene scene = { 0 };
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	const char *name = function_at(&scene, strtoull(line, NULL, 16) + 4);
	assert_true(!strcmp(name, "getchar@plt") || !strcmp(name, "getc@plt"));
	close_scene(&scene);
}

/* The relocation that names such a stub stands behind those of all data. */
static void stubs_are_named_behind_thousands_of_pointers_in_data(void **state)
{
	needs_program("gcc");
	needs_program("objdump");
	static const char source[] =
		"char bytes[8000];\n"
		"#define P4(n) &bytes[n], &bytes[n + 1], &bytes[n + 2], &bytes[n + 3],\n"
		"#define P16(n) P4(n) P4(n + 4) P4(n + 8) P4(n + 12)\n"
		"#define P64(n) P16(n) P16(n + 16) P16(n + 32) P16(n + 48)\n"
		"#define P512(n) P64(n) P64(n + 64) P64(n + 128) P64(n + 192) P64(n + 256) \\\n"
		"	P64(n + 320) P64(n + 384) P64(n + 448)\n"
		"char *table[] = { P512(0) P512(512) P512(1024) P512(1536) P512(2048)\n"
		"	P512(2560) P512(3072) P512(3584) P512(4096) P512(4608) };\n"
		"int main(int argc, char **argv) { return *table[argc]; }\n";
	char line[256];
	write_file(in_folder(state, "many.c"), source, sizeof(source) - 1);
	run_in(state, "gcc -O1 -fPIE -pie -fplt -Wl,-z,lazy -o many many.c");
	output_of(state, "objdump -h many | awk '$2 == \".plt.got\" { print $6 }'", line,
		  sizeof(line));
	if (!*line) {
		print_message("SKIP %s: this linker makes no such stubs\n", __func__);
		skip();
	}
	struct scene scene = { 0 };
	open_scene(&scene, in_folder(state, "many"), NULL, NULL);
	assert_non_null(strstr(function_at(&scene, strtoull(line, NULL, 16) + 4), "@plt"));
	close_scene(&scene);
}

static void lines_and_inlined_functions_are_frames(void **state)
{
	needs_program("gcc");
	struct scene scene = { 0 };
	struct ev_symbol out[8];
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	uint64_t start = offset_of(state, "pie", "hidden");
	bool found = false;
	for (uint64_t at = start; at < start + 40 && !found; at++) {
		size_t count =
			frames_at(&scene, at, EV_SYMBOL_EXACT | EV_SYMBOL_LINES | EV_SYMBOL_INLINES,
				  out, 8);
		if (count != 2)
			continue;
		found = true;
		assert_string_equal(out[0].function, "leaf");
		assert_true(out[0].inlined);
		assert_int_equal(out[0].line, 4);
		assert_string_equal(strrchr(out[0].file, '/'), "/p.c");
		assert_string_equal(out[1].function, "hidden");
		assert_false(out[1].inlined);
		assert_int_equal(out[1].line, 8);
		assert_int_equal(out[1].start, start);
		/* Without inlines: the function around it, and the line of the place itself. */
		assert_int_equal(frames_at(&scene, at, EV_SYMBOL_EXACT | EV_SYMBOL_LINES, out, 8),
				 1);
		assert_string_equal(out[0].function, "hidden");
		assert_int_equal(out[0].line, 4);
		/* With room for one frame only the real function stays. */
		assert_int_equal(frames_at(&scene, at,
					   EV_SYMBOL_EXACT | EV_SYMBOL_LINES | EV_SYMBOL_INLINES,
					   out, 1),
				 1);
		assert_string_equal(out[0].function, "hidden");
		assert_int_equal(out[0].line, 8);
	}
	assert_true(found);
	close_scene(&scene);
}

static void bpf_programs_carry_their_name_with_them(void **state)
{
	(void)state;
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_space_set *set = ev_space_set_open();
	struct ev_symbol symbol;
	ksymbol(set, 1, 0xffffffffc0001000, 0x80, "bpf_prog_1_x", false);
	ksymbol(set, 1, 0xffffffffc0002000, 0x80, "bpf_prog_1_x", false);
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, NULL);
	struct ev_place place = ev_space_find(set, cache, 7, 2, 0xffffffffc0002010, KERNEL);
	assert_int_equal(ev_symbolize(symbolizer, place, 0, &symbol, 1), 1);
	assert_string_equal(symbol.function, "bpf_prog_1_x");
	assert_int_equal(symbol.start, 0xffffffffc0002000);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
}

static void names_are_readable_or_as_in_the_table(void **state)
{
	needs_program("g++");
	static const char source[] =
		"namespace outer { template <class T> __attribute__((noinline)) "
		"int twice(T x) { return (int)(x * 2); } }\n"
		"int main(int c, char **) { return outer::twice(c); }\n";
	write_file(in_folder(state, "t.cc"), source, sizeof(source) - 1);
	run_in(state, "g++ -O1 -o cplusplus t.cc");
	struct scene scene = { 0 };
	struct ev_symbol symbol;
	open_scene(&scene, in_folder(state, "cplusplus"), NULL, NULL);
	uint64_t at = offset_of(state, "cplusplus", "outer::twice<int>");
	assert_int_equal(at, offset_of(state, "cplusplus", "_ZN5outer5twiceIiEEiT_"));
	frames_at(&scene, at, EV_SYMBOL_EXACT, &symbol, 1);
	assert_string_equal(symbol.function, "outer::twice<int>");
	assert_string_equal(symbol.linkage, "_ZN5outer5twiceIiEEiT_");
	frames_at(&scene, at, EV_SYMBOL_EXACT | EV_SYMBOL_MANGLED, &symbol, 1);
	assert_string_equal(symbol.function, "_ZN5outer5twiceIiEEiT_");
	assert_null(symbol.linkage);
	assert_string_equal(function_at(&scene, offset_of(state, "cplusplus", "main")), "main");
	close_scene(&scene);
}

static void a_missing_function_is_told(void **state)
{
	needs_program("gcc");
	struct ev_err err = { 0 };
	uint64_t offset;
	assert_int_equal(ev_function_offset(in_folder(state, "pie"), "absent", &offset, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "absent"));
	assert_int_equal(ev_function_offset(in_folder(state, "p.c"), "main", &offset, &err),
			 -ENOEXEC);
	assert_int_equal(ev_function_offset(in_folder(state, "gone"), "main", &offset, NULL),
			 -ENOENT);
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;
	for (int fd = 0; fd < 200; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void descriptors_are_left_as_they_were(void **state)
{
	struct ev_symbol out[4];
	needs_program("gcc");
	unsigned before = open_descriptors();
	struct scene scene = { 0 };
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	frames_at(&scene, offset_of(state, "pie", "main"), EV_SYMBOL_EXACT | EV_SYMBOL_LINES, out,
		  4);
	assert_non_null(out[0].file);
	/* Hundreds of objects would need as many, if each kept one. */
	assert_int_equal(open_descriptors(), before);
	close_scene(&scene);
	assert_int_equal(open_descriptors(), before);
	open_scene(&scene, "/nowhere", NULL, NULL);
	close_scene(&scene);
	assert_int_equal(open_descriptors(), before);
}

/* ---- carried --------------------------------------------------------------------------------- */

static bool same_text(const char *one, const char *other)
{
	return !one == !other && (!one || !strcmp(one, other));
}

static void carried_symbols_need_no_file(void **state)
{
	needs_program("gcc");
	struct scene scene = { 0 };
	struct ev_buffer bytes = { 0 };
	unsigned flags = EV_SYMBOL_LINES | EV_SYMBOL_INLINES;
	struct ev_place places[200];
	run_in(state, "cp pie moved");
	open_scene(&scene, in_folder(state, "moved"), NULL, NULL);
	uint64_t start = offset_of(state, "pie", "hidden");
	for (size_t i = 0; i < 200; i++)
		places[i] = (struct ev_place){ scene.place.object, start + i * 7 % 100 };
	ev_symbols_encode(scene.symbolizer, scene.set, places, 200, flags, &bytes);
	run_in(state, "rm moved");

	struct scene later = { 0 };
	ev_recording_set_section(&later.recording, EV_FEATURE_EVPROF_SYMBOLS, bytes.bytes,
				 bytes.size_bytes);
	open_scene(&later, in_folder(state, "moved"), NULL, NULL);
	for (size_t i = 0; i < 200; i++) {
		for (unsigned exact = 0; exact <= EV_SYMBOL_EXACT; exact += EV_SYMBOL_EXACT) {
			struct ev_symbol here[8], there[8];
			size_t count = frames_at(&scene, places[i].offset, flags | exact, here, 8);
			assert_int_equal(frames_at(&later, places[i].offset, flags | exact, there,
						   8),
					 count);
			for (size_t n = 0; n < count; n++) {
				assert_true(same_text(here[n].function, there[n].function));
				assert_true(same_text(here[n].file, there[n].file));
				assert_int_equal(here[n].line, there[n].line);
				assert_int_equal(here[n].inlined, there[n].inlined);
				assert_int_equal(here[n].start, there[n].start);
				assert_int_equal(here[n].size_bytes, there[n].size_bytes);
			}
		}
	}
	assert_null(ev_symbolizer_trouble(later.symbolizer, later.place.object));
	close_scene(&scene);
	close_scene(&later);
	ev_buffer_done(&bytes);
}

static void the_reason_for_missing_names_is_carried(void **state)
{
	(void)state;
	struct scene scene = { 0 }, later = { 0 };
	struct ev_buffer bytes = { 0 };
	open_scene(&scene, "/nowhere/at/all (deleted)", NULL, NULL);
	scene.place.offset = 0x1234;
	ev_symbols_encode(scene.symbolizer, scene.set, &scene.place, 1, 0, &bytes);
	ev_recording_set_section(&later.recording, EV_FEATURE_EVPROF_SYMBOLS, bytes.bytes,
				 bytes.size_bytes);
	struct ev_symbolizer_options options = { .no_local_files = true };
	open_scene(&later, "/nowhere/at/all (deleted)", NULL, &options);
	assert_string_equal(function_at(&later, 0x1234), "-");
	assert_string_equal(ev_symbolizer_trouble(later.symbolizer, later.place.object),
			    "the file was deleted or replaced while it ran");
	close_scene(&scene);
	close_scene(&later);
	ev_buffer_done(&bytes);
}

static void who_keeps_names_has_them_after_the_file_is_gone(void **state)
{
	needs_program("gcc");
	struct ev_symbolizer_options options = { .keeps = true };
	struct scene scene = { 0 };
	char line[64];
	output_of(state, "cp pie kept && echo done", line, sizeof(line));
	uint64_t hidden = offset_of(state, "kept", "hidden");
	open_scene(&scene, in_folder(state, "kept"), NULL, &options);
	ev_symbolizer_want(scene.symbolizer, &scene.place, 1);
	assert_string_equal(function_at(&scene, hidden), "hidden");
	assert_int_equal(unlink(in_folder(state, "kept")), 0);
	ev_symbolizer_forget(scene.symbolizer, scene.place.object);
	assert_string_equal(function_at(&scene, hidden), "hidden");
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_every_kind_of_program_are_named),
		cmocka_unit_test(calls_of_libraries_go_through_named_stubs),
		cmocka_unit_test(stubs_are_named_behind_thousands_of_pointers_in_data),
		cmocka_unit_test(lines_and_inlined_functions_are_frames),
		cmocka_unit_test(bpf_programs_carry_their_name_with_them),
		cmocka_unit_test(names_are_readable_or_as_in_the_table),
		cmocka_unit_test(a_missing_function_is_told),
		cmocka_unit_test(descriptors_are_left_as_they_were),
		cmocka_unit_test(carried_symbols_need_no_file),
		cmocka_unit_test(the_reason_for_missing_names_is_carried),
		cmocka_unit_test(who_keeps_names_has_them_after_the_file_is_gone),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
