/* Names and lines of programs compiled for the test, in all the states that files come in. */
#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include "compiled.h"
#include "carried.h"
#include "symbolizer.h"

static const char program[] =
	"#include <stdio.h>\n"                                                  /* 1 */
	"static inline __attribute__((always_inline)) int leaf(int x)\n"        /* 2 */
	"{\n"                                                                   /* 3 */
	"	return x * x + getchar();\n"                                    /* 4 */
	"}\n"                                                                   /* 5 */
	"static __attribute__((noinline)) int hidden(int x)\n"                  /* 6 */
	"{\n"                                                                   /* 7 */
	"	return leaf(x) + 1;\n"                                          /* 8 */
	"}\n"                                                                   /* 9 */
	"__attribute__((noinline)) int seen(int x)\n"                           /* 10 */
	"{\n"                                                                   /* 11 */
	"	return hidden(x) * 2;\n"                                        /* 12 */
	"}\n"                                                                   /* 13 */
	"int main(int argc, char **argv) { (void)argv; return seen(argc); }\n"; /* 14 */

static int setup(void **state)
{
	if (folder_make(state))
		return -1;
	if (!has_program("gcc"))
		return 0;
	write_file(in_folder(state, "p.c"), program, sizeof(program) - 1);
	run_in(state, "gcc -O2 -g -pie -fPIE -Wl,--build-id -Wl,-z,lazy -o pie p.c;"
		      "gcc -O2 -g -static -Wl,--build-id -o static p.c 2>/dev/null || true;"
		      "gcc -O2 -g -rdynamic -Wl,--build-id -o rdynamic p.c;"
		      "gcc -O2 -g -Wl,--build-id=none -o noid p.c;"
		      "gcc -O2 -Wl,--build-id -o nodebug p.c");
	return 0;
}

/* A mapping of a whole file, and everything to look into it with. */
struct scene {
	struct ev_space_set *set;
	struct ev_symbolizer *symbolizer;
	struct ev_recording recording;
	struct ev_place place;
};

static void open_scene(struct scene *scene, const char *path, const char *build_id,
		       const struct ev_symbolizer_options *options)
{
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	scene->set = ev_space_set_open();
	map_with_id(scene->set, 0, 7, 0x10000000, 0x10000000, 0, path, build_id);
	ev_space_set_ready(scene->set);
	scene->place = ev_space_find(scene->set, cache, 7, 0, 0x10000000, USER);
	scene->symbolizer = ev_symbolizer_open(scene->set, &scene->recording, options);
	free(cache);
}

static void close_scene(struct scene *scene)
{
	ev_symbolizer_close(scene->symbolizer);
	ev_space_set_close(scene->set);
	ev_recording_done(&scene->recording);
	*scene = (struct scene){ 0 };
}

static size_t frames_at(struct scene *scene, uint64_t offset, unsigned flags, struct ev_symbol *out,
			size_t limit)
{
	struct ev_place place = { .object = scene->place.object, .offset = offset };
	return ev_symbolize(scene->symbolizer, place, flags, out, limit);
}

static const char *function_at(struct scene *scene, uint64_t offset)
{
	struct ev_symbol symbol;
	frames_at(scene, offset, EV_SYMBOL_EXACT, &symbol, 1);
	return symbol.function ? symbol.function : "-";
}

static uint64_t offset_of(void **state, const char *file, const char *function)
{
	uint64_t offset = 0;
	struct ev_err err = { 0 };
	int code = ev_function_offset(in_folder(state, file), function, &offset, &err);
	if (code)
		print_message("%s\n", err.text);
	assert_int_equal(code, 0);
	return offset;
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_every_kind_of_program_are_named),
		cmocka_unit_test(calls_of_libraries_go_through_named_stubs),
		cmocka_unit_test(lines_and_inlined_functions_are_frames),
		cmocka_unit_test(a_stripped_program_says_so),
		cmocka_unit_test(functions_of_a_stripped_program_are_told_apart),
		cmocka_unit_test(packed_debug_files_are_left_to_the_report),
		cmocka_unit_test(separate_debug_files_are_found),
		cmocka_unit_test(a_rebuilt_file_gives_no_names),
		cmocka_unit_test(files_that_cannot_be_the_one_are_not_asked),
		cmocka_unit_test(the_own_vdso_is_named_from_memory),
		cmocka_unit_test(the_kernel_is_named_where_it_was_recorded),
		cmocka_unit_test(vmlinux_gives_names_at_recorded_addresses),
		cmocka_unit_test(bpf_programs_carry_their_name_with_them),
		cmocka_unit_test(names_are_readable_or_as_in_the_table),
		cmocka_unit_test(a_missing_function_is_told),
		cmocka_unit_test(descriptors_are_left_as_they_were),
		cmocka_unit_test(carried_symbols_need_no_file),
		cmocka_unit_test(the_reason_for_missing_names_is_carried),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
