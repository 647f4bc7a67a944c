/* The code of a function out of the file that ran. */
#include <errno.h>
#include "assembly.h"
#include "scene.h"

#define needs_capstone()                                                                           \
	do {                                                                                       \
		if (ev_assembly_absence()) {                                                       \
			print_message("SKIP %s: %s\n", __func__, ev_assembly_absence());           \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void a_function_is_read_from_its_file_with_the_names_of_what_it_calls(void **state)
{
	needs_program("gcc");
	needs_capstone();
	struct scene scene = { 0 };
	struct ev_assembly assembly;
	struct ev_symbol symbol;
	uint64_t offset = offset_of(state, "pie", "seen");
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	frames_at(&scene, offset, EV_SYMBOL_EXACT, &symbol, 1);
	struct ev_place start = { scene.place.object, symbol.start };
	assert_int_equal(ev_assembly_read(scene.symbolizer, start, symbol.size_bytes,
					  EV_ASSEMBLY_ATT, &assembly, NULL),
			 0);
	bool calls = false;
	uint64_t at = symbol.start;
	for (size_t i = 0; i < assembly.items.count; i++) {
		const struct ev_instruction *it = &assembly.items.items[i];
		assert_int_equal(it->offset, at);
		at += it->size_bytes;
		calls |= strstr(it->text, "<hidden>") && it->has_target;
	}
	assert_int_equal(at, symbol.start + symbol.size_bytes);
	assert_true(calls);
	ev_assembly_done(&assembly);
	close_scene(&scene);
}

static void a_place_has_the_address_of_its_files_symbol_table(void **state)
{
	needs_program("gcc");
	struct scene scene = { 0 };
	uint64_t offset = offset_of(state, "pie", "seen"), address = 0;
	struct ev_code code[8];
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	assert_true(ev_code_of_file(in_folder(state, "pie"), code, 8) >= 1);
	struct ev_place place = { scene.place.object, offset };
	assert_true(ev_place_address(scene.symbolizer, place, &address));
	assert_int_equal(address - code[0].address, offset - code[0].file_offset);
	place.offset = UINT64_MAX / 2;
	assert_false(ev_place_address(scene.symbolizer, place, &address));
	place.object = 0;
	assert_false(ev_place_address(scene.symbolizer, place, &address));
	close_scene(&scene);
}

static void code_of_a_file_that_was_rebuilt_is_not_shown(void **state)
{
	needs_program("gcc");
	needs_capstone();
	struct scene scene = { 0 };
	struct ev_assembly assembly;
	struct ev_err err = { 0 };
	uint64_t offset = offset_of(state, "pie", "seen");
	open_scene(&scene, in_folder(state, "pie"), "another build-id", NULL);
	struct ev_place start = { scene.place.object, offset };
	assert_int_equal(ev_assembly_read(scene.symbolizer, start, 16, EV_ASSEMBLY_ATT, &assembly,
					  &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "build-id differs"));
	ev_assembly_done(&assembly);
	close_scene(&scene);
}

static void places_outside_of_the_code_and_absurd_sizes_are_refused(void **state)
{
	needs_program("gcc");
	needs_capstone();
	struct scene scene = { 0 };
	struct ev_assembly assembly;
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	const struct {
		uint64_t offset, size;
	} bad[] = { { 1ull << 40, 16 }, { 0x1000, 0 }, { 0x1000, UINT64_MAX }, { UINT64_MAX, 1 } };
	for (size_t i = 0; i < EV_LENGTH(bad); i++) {
		struct ev_err err = { 0 };
		struct ev_place start = { scene.place.object, bad[i].offset };
		assert_int_not_equal(ev_assembly_read(scene.symbolizer, start, bad[i].size,
						      EV_ASSEMBLY_ATT, &assembly, &err),
				     0);
		assert_true(*err.text);
		ev_assembly_done(&assembly);
	}
	struct ev_place nowhere = { 0, 0x1000 };
	assert_int_equal(ev_assembly_read(scene.symbolizer, nowhere, 16, EV_ASSEMBLY_ATT, &assembly,
					  NULL),
			 -ENOTSUP);
	close_scene(&scene);
}

/* A "kernel" linked at one address and recorded at another. */
static void the_kernels_code_is_read_from_its_vmlinux(void **state)
{
	static const char source[] = "void _text(void) {}\n"
				     "__attribute__((noinline)) int work(int x) { return x * 3; }\n"
				     "int _start(int x) { return work(x) + 1; }\n";
	const uint64_t base = 0xffffffff81000000;
	needs_program("gcc");
	needs_capstone();
	write_file(in_folder(state, "k.c"), source, sizeof(source) - 1);
	run_in(state, "gcc -O1 -g -nostdlib -static -no-pie -Wl,-Ttext=0x40000000 -o vmlinux k.c");
	struct ev_symbolizer_options options = { .vmlinux = in_folder(state, "vmlinux"),
						 .kallsyms = in_folder(state, "none") };
	uint64_t text = offset_of(state, "vmlinux", "_text");
	uint64_t start = offset_of(state, "vmlinux", "_start");
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, UINT32_MAX, base, 0x1000000, base, "[kernel.kallsyms]_text");
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, &options);
	struct ev_place place =
		ev_space_find(set, cache, 7, 0, base + (start - text), PERF_RECORD_MISC_KERNEL);
	struct ev_symbol symbol;
	struct ev_assembly assembly;
	bool calls = false;
	ev_symbolize(symbolizer, place, EV_SYMBOL_EXACT, &symbol, 1);
	assert_string_equal(symbol.function, "_start");
	assert_int_equal(ev_assembly_read(symbolizer,
					  (struct ev_place){ place.object, symbol.start },
					  symbol.size_bytes, EV_ASSEMBLY_ATT, &assembly, NULL),
			 0);
	assert_true(assembly.items.count > 1);
	assert_int_equal(assembly.items.items[0].offset, symbol.start);
	for (size_t i = 0; i < assembly.items.count; i++)
		calls |= strstr(assembly.items.items[i].text, "<work>") != NULL;
	assert_true(calls);
	ev_assembly_done(&assembly);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
}

/* Reads the function at `address` of a module that is in the folder "root"; why not, or "". */
static const char *read_module(void **state, const char *release, uint64_t address,
			       struct ev_assembly *assembly)
{
	static struct ev_err err;
	struct ev_recording recording = { .osrelease = (char *)release };
	struct ev_symbolizer_options options = { .symfs = in_folder(state, "root"),
						 .kallsyms = in_folder(state, "list") };
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, UINT32_MAX, 0xffffffffc0001000, 0x1000, 0, "[mod_x]");
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, &recording, &options);
	struct ev_place place = ev_space_find(set, cache, 7, 0, address, PERF_RECORD_MISC_KERNEL);
	err = (struct ev_err){ 0 };
	ev_assembly_read(symbolizer, place, 0x80, EV_ASSEMBLY_ATT, assembly, &err);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
	return err.text;
}

static const char *const packers[] = { NULL, "xz", "zstd", "gzip" };

static void a_modules_code_is_read_from_its_file_however_it_is_packed(void **state)
{
	static const char source[] =
		"void kfree(void *);\nstatic int count;\n"
		"__attribute__((noinline)) int work(void *x) { kfree(x); return count++; }\n"
		"int after(void *x) { return work(x) + 1; }\n";
	static const char list[] = "ffffffff81000000 T _text\n"
				   "ffffffffc0001000 t work\t[mod_x]\n"
				   "ffffffffc0001080 t after\t[mod_x]\n"
				   "ffffffffc0001100 t gone\t[mod_x]\n";
	static const char *const packed[] = {
		"true", "xz --check=crc32 root/lib/modules/1.2/kernel/mod-x.ko",
		"zstd -q --rm root/lib/modules/1.2/kernel/mod-x.ko",
		"gzip root/lib/modules/1.2/kernel/mod-x.ko",
		"sh -c 'echo >root/lib/modules/1.2/kernel/mod-x.ko.bz2'"
	};
	static const char *const ends[] = { "", ".xz", ".zst", ".gz", ".bz2" };
	struct ev_assembly assembly;
	needs_program("gcc");
	needs_capstone();
#ifndef __x86_64__
	skip(); /* what a call looks like before it is linked */
#endif
	write_file(in_folder(state, "m.c"), source, sizeof(source) - 1);
	write_file(in_folder(state, "list"), list, sizeof(list) - 1);
	for (size_t i = 0; i < EV_LENGTH(packed); i++) {
		char deps[64];
		int length = snprintf(deps, sizeof(deps),
				      "kernel/x.ko:\nkernel/mod-x.ko%s: kernel/x.ko\n", ends[i]);
		if (i && i < 4 && !has_program(packers[i]))
			continue;
		run_in(state, "rm -rf root && mkdir -p root/lib/modules/1.2/kernel && gcc -O1 -c "
			      "-fno-pic -mcmodel=kernel -fcf-protection=none "
			      "-o root/lib/modules/1.2/kernel/mod-x.ko m.c");
		run_in(state, packed[i]);
		write_file(in_folder(state, "root/lib/modules/1.2/modules.dep"), deps,
			   (size_t)length);
		const char *why = read_module(state, "1.2", 0xffffffffc0001000, &assembly);
		bool calls = false, counts = false;
		for (size_t k = 0; k < assembly.items.count; k++) {
			const struct ev_instruction *it = &assembly.items.items[k];
			calls |= strstr(it->text, "call") == it->text &&
				 strstr(it->text, " <kfree>");
			counts |=
				strstr(it->text, "mov") == it->text && strstr(it->text, " <.bss>");
			assert_true(it->offset >= 0xffffffffc0001000);
		}
		ev_assembly_done(&assembly);
		assert_true(i == 4 ? strstr(why, "packed") != NULL : !*why && calls && counts);
	}
	/* Neither a function that the file lacks, nor a file that is not there. */
	run_in(state, "gcc -O1 -c -o root/lib/modules/1.2/kernel/mod-x.ko.bz2 m.c");
	assert_non_null(strstr(read_module(state, "1.2", 0xffffffffc0001100, &assembly),
			       "no such function"));
	ev_assembly_done(&assembly);
	assert_non_null(
		strstr(read_module(state, "3.4", 0xffffffffc0001000, &assembly), "not here"));
	ev_assembly_done(&assembly);
	assert_non_null(strstr(read_module(state, "1.2", 0xffffffffc0001004, &assembly),
			       "no list of symbols"));
	ev_assembly_done(&assembly);
}

static void a_damaged_module_is_survived(void **state)
{
	static const char *const paths[] = { "root/lib/modules/1.2/kernel/mod-x.ko",
					     "root/lib/modules/1.2/kernel/mod-x.ko.xz",
					     "root/lib/modules/1.2/kernel/mod-x.ko.zst",
					     "root/lib/modules/1.2/kernel/mod-x.ko.gz" };
	static const char source[] =
		"void kfree(void *);\nvoid work(void *x) { kfree(x); kfree(x); }\n";
	static const char list[] = "ffffffff81000000 T _text\nffffffffc0001000 t work\t[mod_x]\n";
	struct ev_assembly assembly;
	needs_program("gcc");
	needs_capstone();
	write_file(in_folder(state, "m.c"), source, sizeof(source) - 1);
	write_file(in_folder(state, "list"), list, sizeof(list) - 1);
	run_in(state, "rm -rf root && mkdir -p root/lib/modules/1.2/kernel && gcc -O1 -c -o "
		      "root/lib/modules/1.2/kernel/mod-x.ko m.c");
	for (size_t i = 0; i < EV_LENGTH(paths); i++) {
		char deps[64], *bytes;
		size_t size;
		if (i && !has_program(packers[i]))
			continue;
		if (i) {
			char command[96];
			snprintf(command, sizeof(command), "%s -k -q %s", packers[i], paths[0]);
			run_in(state, command);
		}
		int length =
			snprintf(deps, sizeof(deps), "kernel/%s:\n", strrchr(paths[i], '/') + 1);
		write_file(in_folder(state, "root/lib/modules/1.2/modules.dep"), deps,
			   (size_t)length);
		const char *path = in_folder(state, paths[i]);
		assert_int_equal(ev_file_read(path, &bytes, &size), 0);
		for (size_t at = 0; at < size; at += size / 100 + 1) {
			char before = bytes[at];
			bytes[at] = (char)(before ^ 0xff);
			write_file(path, bytes, size);
			read_module(state, "1.2", 0xffffffffc0001000, &assembly);
			ev_assembly_done(&assembly);
			bytes[at] = before;
			write_file(path, bytes, at); /* and without its end */
			read_module(state, "1.2", 0xffffffffc0001000, &assembly);
			ev_assembly_done(&assembly);
		}
		write_file(path, bytes, size);
		free(bytes);
	}
}

static void the_time_of_the_file_is_known_only_where_it_is_the_one_that_ran(void **state)
{
	needs_program("gcc");
	struct scene scene = { 0 };
	int64_t time_s = 0;
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	assert_true(ev_object_changed(scene.symbolizer, scene.place.object, &time_s));
	assert_true(time_s > 0);
	assert_false(ev_object_changed(scene.symbolizer, 0, &time_s));
	assert_false(ev_object_changed(scene.symbolizer, 1000, &time_s));
	close_scene(&scene);
	open_scene(&scene, in_folder(state, "pie"), "another build-id", NULL);
	assert_false(ev_object_changed(scene.symbolizer, scene.place.object, &time_s));
	close_scene(&scene);
}

static void functions_tell_where_they_begin(void **state)
{
	needs_program("gcc");
	struct scene scene = { 0 };
	struct ev_symbol frames[4] = { 0 };
	uint64_t offset = offset_of(state, "pie", "seen");
	open_scene(&scene, in_folder(state, "pie"), NULL, NULL);
	size_t count = frames_at(&scene, offset,
				 EV_SYMBOL_LINES | EV_SYMBOL_EXACT | EV_SYMBOL_DECLARED, frames, 4);
	assert_int_equal(count, 1);
	assert_int_equal(frames[0].declared, 10);
	/* The folder of the compiler is in the path. */
	assert_int_equal(*frames[0].file, '/');
	count = frames_at(&scene, offset, EV_SYMBOL_LINES | EV_SYMBOL_EXACT, frames, 4);
	assert_int_equal(frames[0].declared, 0);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_has_the_address_of_its_files_symbol_table),
		cmocka_unit_test(a_function_is_read_from_its_file_with_the_names_of_what_it_calls),
		cmocka_unit_test(code_of_a_file_that_was_rebuilt_is_not_shown),
		cmocka_unit_test(places_outside_of_the_code_and_absurd_sizes_are_refused),
		cmocka_unit_test(the_kernels_code_is_read_from_its_vmlinux),
		cmocka_unit_test(a_modules_code_is_read_from_its_file_however_it_is_packed),
		cmocka_unit_test(a_damaged_module_is_survived),
		cmocka_unit_test(the_time_of_the_file_is_known_only_where_it_is_the_one_that_ran),
		cmocka_unit_test(functions_tell_where_they_begin),
	};
	return cmocka_run_group_tests(tests, setup, folder_remove);
}
