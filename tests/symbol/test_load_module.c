/* Functions and lines of kernel modules out of their files, where no list of the kernel's tells
 * them. */
#include "compiled.h"
#include "symbolizer.h"

#define BASE UINT64_C(0xffffffffc0001000)

static const char source[] =
	"int count;\n__attribute__((noinline)) int work(int x) { return count += x; }\n"
	"int after(int x) { return work(x) + 1; }\n"
	"__attribute__((section(\".text.unlikely\"), aligned(64))) int seldom(int x) { return x; "
	"}\n"
	"__attribute__((section(\".init.text\"))) int begin(void) { return work(2); }\n";

struct module {
	struct ev_space_cache *cache;
	struct ev_space_set *set;
	struct ev_symbolizer *symbolizer;
};

static void module_open(void **state, struct module *module, const char *symfs)
{
	static struct ev_recording recording = { .osrelease = (char *)"1.2" };
	struct ev_symbolizer_options options = { .symfs = symfs ? in_folder(state, symfs) : NULL };
	module->cache = calloc(1, sizeof(*module->cache));
	module->set = ev_space_set_open();
	map(module->set, 0, UINT32_MAX, BASE, 0x1000, 0, "[mod_x]");
	ev_space_set_ready(module->set);
	module->symbolizer = ev_symbolizer_open(module->set, &recording, &options);
}

static void module_close(struct module *module)
{
	ev_symbolizer_close(module->symbolizer);
	ev_space_set_close(module->set);
	free(module->cache);
}

static struct ev_place place_of(struct module *module, uint64_t offset)
{
	return ev_space_find(module->set, module->cache, 7, 0, BASE + offset,
			     PERF_RECORD_MISC_KERNEL);
}

static void expect_function(struct module *module, uint64_t offset, const char *name,
			    uint64_t start)
{
	struct ev_symbol symbol;
	assert_int_equal(ev_symbolize(module->symbolizer, place_of(module, offset), EV_SYMBOL_EXACT,
				      &symbol, 1),
			 1);
	if (!name) {
		assert_null(symbol.function);
		return;
	}
	assert_string_equal(symbol.function, name);
	assert_int_equal(symbol.start, BASE + start);
}

static uint64_t number_of(void **state, const char *command)
{
	char line[64];
	output_of(state, command, line, sizeof(line));
	return strtoull(line, NULL, 16);
}

static void make_module(void **state, const char *pack, const char *end)
{
	char command[512];
	write_file(in_folder(state, "m.c"), source, sizeof(source) - 1);
	snprintf(command, sizeof(command),
		 "rm -rf root; mkdir -p root/lib/modules/1.2/kernel; gcc -O1 -fno-pic "
		 "-fcf-protection=none -c -o m.ko m.c; cp m.ko "
		 "root/lib/modules/1.2/kernel/mod-x.ko;"
		 "echo kernel/mod-x.ko%s: >root/lib/modules/1.2/modules.dep;"
		 "[ '%s' = none ] || %s -q root/lib/modules/1.2/kernel/mod-x.ko",
		 end, pack, pack);
	run_in(state, command);
}

static void functions_are_where_the_kernel_puts_them_however_the_file_is_packed(void **state)
{
	static const char *const packs[][2] = {
		{ "none", "" }, { "xz", ".xz" }, { "zstd --rm", ".zst" }, { "gzip", ".gz" }
	};
	static const char *const programs[] = { "gcc", "xz", "zstd", "gzip" };
	needs_program("gcc");
	needs_program("nm");
#ifndef __x86_64__
	skip(); /* elsewhere it is not known how large what stands before the code is */
#endif
	for (size_t i = 0; i < EV_LENGTH(packs); i++) {
		if (!has_program(programs[i]))
			continue;
		make_module(state, packs[i][0], packs[i][1]);
		uint64_t after = number_of(state, "nm m.ko | grep ' after$' | cut -d' ' -f1");
		uint64_t text =
			number_of(state, "readelf -SW m.ko | sed 's/^ *\\[ *[0-9]*\\] //' | "
					 "awk '$1 == \".text\" { print $5 }'");
		uint64_t seldom = (text + 63) & ~UINT64_C(63);
		struct module module;
		module_open(state, &module, "root");
		expect_function(&module, 0, "work", 0);
		expect_function(&module, after + 1, "after", after);
		expect_function(&module, seldom, "seldom", seldom);
		expect_function(&module, 0x800, NULL, 0); /* .init.text does not stay */
		uint32_t object = place_of(&module, 0).object;
		assert_null(ev_symbolizer_trouble(module.symbolizer, object));
		ev_symbolizer_forget(module.symbolizer, object);
		assert_null(ev_symbolizer_trouble(module.symbolizer, object));
		expect_function(&module, after, "after", after);
		module_close(&module);
	}
}

static void lines_of_modules_come_from_their_debug_files(void **state)
{
	static const char folder[] = "root/usr/lib/debug/lib/modules/1.2/kernel";
	static const char *const splits[] = {
		"cp m.ko %s/mod-x.ko", "cp m.ko %s/mod-x.ko.debug",
		"cp m.ko %s/other; objcopy --add-gnu-debuglink=%s/other $mod", "cp m.ko $mod"
	};
	needs_program("gcc");
	needs_program("objcopy");
#ifndef __x86_64__
	skip(); /* as above */
#endif
	for (size_t i = 0; i < EV_LENGTH(splits); i++) {
		struct module module;
		struct ev_symbol symbols[2];
		make_module(state, "none", "");
		char *split = ev_printf(splits[i], folder, folder);
		char *command = ev_printf("mod=root/lib/modules/1.2/kernel/mod-x.ko; mkdir -p %s;"
					  "gcc -g -O1 -fno-pic -fcf-protection=none -c -o n.o m.c;"
					  "ld -r --build-id n.o -o m.ko; objcopy --strip-debug "
					  "m.ko $mod; %s",
					  folder, split);
		run_in(state, command);
		free(split);
		free(command);
		module_open(state, &module, "root");
		for (uint64_t at = 0; at < 3; at++) {
			size_t count = ev_symbolize(module.symbolizer, place_of(&module, at),
						    EV_SYMBOL_EXACT | EV_SYMBOL_LINES, symbols, 2);
			assert_int_equal(count, 1);
			assert_string_equal(symbols[0].function, "work");
			assert_int_equal(symbols[0].line, 2);
			assert_non_null(strstr(symbols[0].file, "/m.c"));
		}
		module_close(&module);
	}
}

static void without_the_file_it_is_told_why_there_are_no_names(void **state)
{
	struct module module;
	needs_program("gcc");
	make_module(state, "none", "");
	module_open(state, &module, NULL);
	expect_function(&module, 0, NULL, 0);
	assert_non_null(ev_symbolizer_trouble(module.symbolizer, place_of(&module, 0).object));
	module_close(&module);
}

static void a_damaged_file_is_survived(void **state)
{
	char *bytes;
	size_t size;
	needs_program("gcc");
	make_module(state, "none", "");
	const char *path = in_folder(state, "root/lib/modules/1.2/kernel/mod-x.ko");
	assert_int_equal(ev_file_read(path, &bytes, &size), 0);
	for (size_t i = 0; i < size; i += size / 200 + 1) {
		struct module module;
		struct ev_symbol symbol;
		bytes[i] = (char)~bytes[i];
		write_file(in_folder(state, "root/lib/modules/1.2/kernel/mod-x.ko"), bytes,
			   i % 2 ? i : size);
		bytes[i] = (char)~bytes[i];
		module_open(state, &module, "root");
		for (uint64_t at = 0; at < 256; at += 16)
			ev_symbolize(module.symbolizer, place_of(&module, at), EV_SYMBOL_EXACT,
				     &symbol, 1);
		module_close(&module);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			functions_are_where_the_kernel_puts_them_however_the_file_is_packed),
		cmocka_unit_test(lines_of_modules_come_from_their_debug_files),
		cmocka_unit_test(without_the_file_it_is_told_why_there_are_no_names),
		cmocka_unit_test(a_damaged_file_is_survived),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
