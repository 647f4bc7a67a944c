/* The file, or the kernel, that gives an object its names: which it is, and in what state. */
#include <sys/utsname.h>
#include "scene.h"

static void a_stripped_program_says_so(void **state)
{
	needs_program("gcc");
	needs_program("strip");
	struct scene scene = { 0 };
	uint64_t seen = offset_of(state, "rdynamic", "seen");
	run_in(state, "cp rdynamic stripped; strip stripped");
	open_scene(&scene, in_folder(state, "stripped"), NULL, NULL);
	assert_string_equal(function_at(&scene, seen), "seen"); /* exported */
	assert_null(ev_symbolizer_trouble(scene.symbolizer, scene.place.object));
	assert_string_equal(function_at(&scene, 1), "-"); /* no code */
	assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
			    "stripped: only exported functions have names");
	close_scene(&scene);
	if (!access(in_folder(state, "static"), R_OK)) {
		run_in(state, "cp static bare; strip bare");
		open_scene(&scene, in_folder(state, "bare"), NULL, NULL);
		assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
				    "stripped: the file names no functions");
		close_scene(&scene);
	}
}

/* Two functions of the stripped program, one of them without a size in the symbol table. */
static void functions_of_a_stripped_program_are_told_apart(void **state)
{
	static const char assembly[] = "	.text\n"
				       "	.globl open_ended\n"
				       "	.type open_ended, @function\n"
				       "open_ended:\n"
				       "	.cfi_startproc\n"
				       "	.zero 16, 0x90\n"
				       "	.cfi_endproc\n"
				       "nameless:\n"
				       "	.cfi_startproc\n"
				       "	.zero 32, 0x90\n"
				       "	.cfi_endproc\n"
				       "	.zero 16, 0x90\n";
	needs_program("gcc");
	needs_program("strip");
	struct scene scene = { 0 };
	struct ev_symbol first, last;
	uint64_t offset;
	char expected[64];
	write_file(in_folder(state, "open.s"), assembly, sizeof(assembly) - 1);
	run_in(state, "gcc -shared -Wl,--build-id -o open.so open.s && strip open.so");
	assert_int_equal(ev_function_offset(in_folder(state, "open.so"), "open_ended", &offset,
					    NULL),
			 0);
	open_scene(&scene, in_folder(state, "open.so"), NULL, NULL);
	assert_string_equal(function_at(&scene, offset + 15), "open_ended");
	frames_at(&scene, offset + 16, EV_SYMBOL_EXACT, &first, 1);
	frames_at(&scene, offset + 47, EV_SYMBOL_EXACT, &last, 1);
	snprintf(expected, sizeof(expected), "[open.so+0x%llx]", (unsigned long long)offset + 16);
	assert_string_equal(first.function, expected);
	assert_string_equal(last.function, expected);
	assert_true(first.made_up && last.made_up);
	assert_int_equal(first.start, offset + 16);
	assert_int_equal(first.size_bytes, 32);
	assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
			    "stripped: only exported functions have names");

	struct ev_buffer bytes = { 0 };
	struct ev_place place = { scene.place.object, offset + 20 };
	ev_symbols_encode(scene.symbolizer, scene.set, &place, 1,
			  EV_SYMBOL_LINES | EV_SYMBOL_INLINES, &bytes);
	struct scene later = { 0 };
	ev_recording_set_section(&later.recording, EV_FEATURE_EVPROF_SYMBOLS, bytes.bytes,
				 bytes.size_bytes);
	open_scene(&later, in_folder(state, "open.so"), NULL, NULL);
	frames_at(&later, offset + 30, EV_SYMBOL_EXACT, &last, 1);
	assert_string_equal(last.function, expected);
	assert_true(last.made_up);
	assert_int_equal(last.size_bytes, 32);
	assert_string_equal(ev_symbolizer_trouble(later.symbolizer, later.place.object),
			    "stripped: only exported functions have names");
	close_scene(&later);
	close_scene(&scene);
	ev_buffer_done(&bytes);
}

/* A debug file of its own that takes long to unpack is left alone by the recording, not by who asks
 * for lines. */
static void packed_debug_files_are_left_to_the_report(void **state)
{
	needs_program("gcc");
	needs_program("objcopy");
	struct scene scene = { 0 };
	struct ev_symbol out[8];
	struct ev_buffer bytes = { 0 };
	unsigned flags = EV_SYMBOL_LINES | EV_SYMBOL_INLINES | EV_SYMBOL_EXACT;
	uint64_t hidden = offset_of(state, "pie", "hidden");
	run_in(state, "objcopy --only-keep-debug pie packed.debug;"
		      "head -c 600000 /dev/urandom | base64 >noise;"
		      "objcopy --add-section .debug_noise=noise packed.debug;"
		      "objcopy --compress-debug-sections packed.debug;"
		      "objcopy --strip-all --add-gnu-debuglink=packed.debug pie unpacked");
	open_scene(&scene, in_folder(state, "unpacked"), NULL, NULL);
	scene.place.offset = hidden;
	ev_symbols_encode(scene.symbolizer, scene.set, &scene.place, 1, flags, &bytes);
	frames_at(&scene, hidden, flags, out, 8);
	assert_non_null(out[0].file);
	struct scene later = { 0 };
	ev_recording_set_section(&later.recording, EV_FEATURE_EVPROF_SYMBOLS, bytes.bytes,
				 bytes.size_bytes);
	open_scene(&later, in_folder(state, "unpacked"), NULL, NULL);
	assert_true(later.symbolizer->carried.objects.items[0].skipped);
	assert_string_equal(function_at(&later, hidden), "hidden");
	frames_at(&later, hidden, flags, out, 8);
	assert_non_null(out[0].file);
	close_scene(&later);
	close_scene(&scene);
	ev_buffer_done(&bytes);
}

static void separate_debug_files_are_found(void **state)
{
	needs_program("gcc");
	needs_program("objcopy");
	struct scene scene = { 0 };
	struct ev_symbol out[8];
	uint64_t hidden = offset_of(state, "pie", "hidden");
	/* By the name in the file, beside it; by build-id under a root of its own. */
	run_in(state, "objcopy --only-keep-debug pie split.debug;"
		      "objcopy --strip-all --add-gnu-debuglink=split.debug pie split");
	open_scene(&scene, in_folder(state, "split"), NULL, NULL);
	assert_string_equal(function_at(&scene, hidden), "hidden");
	frames_at(&scene, hidden, EV_SYMBOL_EXACT | EV_SYMBOL_LINES, out, 8);
	assert_non_null(out[0].file);
	close_scene(&scene);

	uint8_t id[20];
	assert_int_equal(ev_build_id_of_file(in_folder(state, "pie"), id), 20);
	char *command = ev_printf("mkdir -p root/usr/lib/debug/.build-id/%02x root/bin;"
				  "mv split.debug root/usr/lib/debug/.build-id/%02x/",
				  id[0], id[0]);
	struct ev_buffer hex = { 0 };
	for (int i = 1; i < 20; i++)
		ev_buffer_printf(&hex, "%02x", id[i]);
	ev_buffer_u8(&hex, 0);
	char *whole = ev_printf("%s%s.debug; mv split root/bin/split", command, (char *)hex.bytes);
	run_in(state, whole);
	struct ev_symbolizer_options options = { .symfs = in_folder(state, "root") };
	open_scene(&scene, "/bin/split", NULL, &options);
	assert_string_equal(function_at(&scene, hidden), "hidden");
	close_scene(&scene);
	/* A debug file of another program is not believed. */
	run_in(state, "objcopy --only-keep-debug nodebug other.debug;"
		      "cp pie twin; strip twin; objcopy --add-gnu-debuglink=other.debug twin");
	open_scene(&scene, in_folder(state, "twin"), NULL, NULL);
	assert_string_not_equal(function_at(&scene, hidden), "hidden");
	close_scene(&scene);
	free(command);
	free(whole);
	ev_buffer_done(&hex);
}

static void a_rebuilt_file_gives_no_names(void **state)
{
	needs_program("gcc");
	struct scene scene = { 0 };
	uint64_t hidden = offset_of(state, "pie", "hidden");
	open_scene(&scene, in_folder(state, "pie"), "01234567890123456789", NULL);
	assert_string_equal(function_at(&scene, hidden), "-");
	assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
			    "build-id differs: the file was rebuilt");
	close_scene(&scene);
	/* No build-id in the file is not the one that was recorded either. */
	open_scene(&scene, in_folder(state, "noid"), "01234567890123456789", NULL);
	assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
			    "build-id differs: the file was rebuilt");
	close_scene(&scene);
	char id[21] = { 0 };
	assert_int_equal(ev_build_id_of_file(in_folder(state, "pie"), (uint8_t *)id), 20);
	if (strlen(id) == 20) {
		open_scene(&scene, in_folder(state, "pie"), id, NULL);
		assert_string_equal(function_at(&scene, hidden), "hidden");
		close_scene(&scene);
	}
}

static void files_that_cannot_be_the_one_are_not_asked(void **state)
{
	static const struct {
		const char *path, *host, *trouble;
	} rows[] = {
		{ "/nowhere/prog", NULL, "file not found" },
		{ "/dev/null", NULL, "not a regular file" },
		{ "/etc/passwd", NULL, "not an ELF file" },
		{ "/etc/passwd (deleted)", NULL, "the file was deleted or replaced while it ran" },
		{ "/bin/sh", "elsewhere.example",
		  "recorded on elsewhere.example, without a build-id to know the file by" },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(rows); i++) {
		struct scene scene = { .recording = { .hostname = rows[i].host } };
		open_scene(&scene, rows[i].path, NULL, NULL);
		assert_string_equal(function_at(&scene, 0x1000), "-");
		assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
				    rows[i].trouble);
		ev_symbolizer_forget(scene.symbolizer, scene.place.object);
		assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
				    rows[i].trouble);
		close_scene(&scene);
	}
}

static void the_own_vdso_is_named_from_memory(void **state)
{
	(void)state;
	struct utsname here;
	uname(&here);
	struct scene scene = { .recording = { .osrelease = here.release } };
	open_scene(&scene, "[vdso]", NULL, NULL);
	size_t named = 0;
	for (uint64_t at = 0; at < 0x2000; at += 16)
		named += strstr(function_at(&scene, at), "gettime") != NULL;
	const char *trouble = ev_symbolizer_trouble(scene.symbolizer, scene.place.object);
	if (trouble) {
		print_message("SKIP %s: %s\n", __func__, trouble);
		close_scene(&scene);
		skip();
	}
	assert_true(named > 0);
	close_scene(&scene);
	scene.recording.osrelease = "1.2.3";
	open_scene(&scene, "[vdso]", NULL, NULL);
	assert_string_equal(ev_symbolizer_trouble(scene.symbolizer, scene.place.object),
			    "the vdso of another kernel");
	close_scene(&scene);
}

static void the_kernel_is_named_where_it_was_recorded(void **state)
{
	static const char list[] = "ffffffff90000000 T _text\nffffffff90000100 t one\n"
				   "ffffffff90000200 t two\nffffffff90000300 t end\n"
				   "ffffffffc0000000 t in_module\t[m]\n";
	struct ev_symbol symbol;
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	write_file(in_folder(state, "kallsyms"), list, sizeof(list) - 1);
	struct ev_symbolizer_options options = { .kallsyms = in_folder(state, "kallsyms") };
	struct ev_space_set *set = ev_space_set_open();
	/* The kernel lay 0x0f000000 lower when it was recorded. */
	map(set, 0, UINT32_MAX, 0xffffffff81000000, 0x1000000, 0xffffffff81000000,
	    "[kernel.kallsyms]_text");
	map(set, 0, UINT32_MAX, 0xffffffffc0000000, 0x1000, 0, "[m]");
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, &options);
	struct ev_place place = ev_space_find(set, cache, 7, 0, 0xffffffff81000104, KERNEL);
	ev_symbolize(symbolizer, place, EV_SYMBOL_EXACT, &symbol, 1);
	assert_string_equal(symbol.function, "one");
	assert_int_equal(symbol.start, 0xffffffff81000100);
	assert_int_equal(symbol.size_bytes, 0x100);
	assert_null(ev_symbolizer_trouble(symbolizer, place.object));
	/* Modules moved by no known distance. */
	place = ev_space_find(set, cache, 7, 0, 0xffffffffc0000004, KERNEL);
	ev_symbolize(symbolizer, place, EV_SYMBOL_EXACT, &symbol, 1);
	assert_null(symbol.function);
	assert_non_null(ev_symbolizer_trouble(symbolizer, place.object));
	ev_symbolizer_close(symbolizer);

	struct ev_recording elsewhere = { .osrelease = "1.2.3-other" };
	symbolizer = ev_symbolizer_open(set, &elsewhere, NULL);
	place = ev_space_find(set, cache, 7, 0, 0xffffffff81000104, KERNEL);
	ev_symbolize(symbolizer, place, EV_SYMBOL_EXACT, &symbol, 1);
	assert_null(symbol.function);
	assert_string_equal(ev_symbolizer_trouble(symbolizer, place.object),
			    "recorded on another kernel (1.2.3-other)");
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
}

static void vmlinux_gives_names_at_recorded_addresses(void **state)
{
	needs_program("gcc");
	/* A "kernel" linked at one address and recorded at another. */
	static const char source[] = "void _text(void) {}\n"
				     "__attribute__((noinline)) int work(int x) { return x * 3; }\n"
				     "int _start(int x) { return work(x); }\n";
	write_file(in_folder(state, "k.c"), source, sizeof(source) - 1);
	run_in(state, "gcc -O1 -g -nostdlib -static -no-pie -Wl,-Ttext=0x40000000 -o vmlinux k.c");
	struct ev_symbolizer_options options = { .vmlinux = in_folder(state, "vmlinux"),
						 .kallsyms = in_folder(state, "none") };
	uint64_t text = offset_of(state, "vmlinux", "_text");
	uint64_t work = offset_of(state, "vmlinux", "work");
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_space_set *set = ev_space_set_open();
	uint64_t base = 0xffffffff81000000;
	map(set, 0, UINT32_MAX, base, 0x1000000, base, "[kernel.kallsyms]_text");
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, &options);
	struct ev_place place = ev_space_find(set, cache, 7, 0, base + (work - text), KERNEL);
	struct ev_symbol symbol;
	ev_symbolize(symbolizer, place, EV_SYMBOL_EXACT | EV_SYMBOL_LINES, &symbol, 1);
	assert_string_equal(symbol.function, "work");
	assert_int_equal(symbol.start, base + (work - text));
	assert_int_equal(symbol.line, 2);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stripped_program_says_so),
		cmocka_unit_test(functions_of_a_stripped_program_are_told_apart),
		cmocka_unit_test(packed_debug_files_are_left_to_the_report),
		cmocka_unit_test(separate_debug_files_are_found),
		cmocka_unit_test(a_rebuilt_file_gives_no_names),
		cmocka_unit_test(files_that_cannot_be_the_one_are_not_asked),
		cmocka_unit_test(the_own_vdso_is_named_from_memory),
		cmocka_unit_test(the_kernel_is_named_where_it_was_recorded),
		cmocka_unit_test(vmlinux_gives_names_at_recorded_addresses),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
