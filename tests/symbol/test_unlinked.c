/* Lines of files that no linker has seen, of several machines, however they are packed. */
#include "compiled.h"
#include "debug_info.h"

static const char source[] =
	"int count;\n"
	"static inline __attribute__((always_inline)) int leaf(int x)\n{\n"
	"	count += x;\n	return count * 3;\n}\n"
	"__attribute__((noinline)) int work(int x)\n{\n	return leaf(x) + 1;\n}\n"
	"__attribute__((section(\".text.unlikely\"), noinline)) int seldom(int x)\n"
	"{\n	return leaf(x) - work(x);\n}\n";

/* Addresses of a function have lines of its own or of what is inlined there; at its end there may
 * be constants, which have none. */
static void expect_lines(const char *path, const char *function, uint32_t first, uint32_t last)
{
	struct debug_info *debug = ev_debug_open(path, NULL, NULL);
	struct debug_frame frames[4];
	uint64_t start;
	size_t inlined = 0;
	assert_non_null(debug);
	assert_false(ev_debug_function(debug, "nowhere", 4096, &start));
	assert_false(ev_debug_function(debug, function, 1, &start));
	assert_true(ev_debug_function(debug, function, 4096, &start));
	for (uint64_t at = start; !at || at < frames[0].end || at == start; at++) {
		size_t count =
			ev_debug_find(debug, at, EV_SYMBOL_LINES | EV_SYMBOL_INLINES, frames, 4);
		assert_in_range(count, 1, 2);
		struct debug_frame around = frames[count - 1];
		assert_string_equal(around.function, function);
		assert_int_equal(around.start, start);
		if (around.line || at - start < 16)
			assert_in_range(around.line, first, last);
		if (count == 2) {
			assert_string_equal(frames[0].function, "leaf");
			inlined += frames[0].line == 4 || frames[0].line == 5;
		}
		frames[0].end = around.end;
	}
	assert_true(inlined > 0);
	ev_debug_close(debug);
}

static bool make_object(void **state, const char *compiler)
{
	char *command = ev_printf("cd %s && %s -c -o m.o m.c >log 2>&1",
				  ((struct folder *)*state)->path, compiler);
	write_file(in_folder(state, "m.c"), source, sizeof(source) - 1);
	bool made = !system(command);
	free(command);
	return made;
}

static void sections_get_addresses_on_every_machine(void **state)
{
	static const char *const targets[] = {
		"x86_64-linux-gnu",    "i386-linux-gnu",    "aarch64-linux-gnu",
		"armv7-linux-gnueabi", "riscv64-linux-gnu", "powerpc64le-linux-gnu",
		"powerpc-linux-gnu",   "s390x-linux-gnu",
	};
	size_t tried = 0;
	needs_program("clang");
	for (size_t i = 0; i < EV_LENGTH(targets) * 2; i++) {
		char compiler[96];
		snprintf(compiler, sizeof(compiler), "clang --target=%s -O1 -g -gdwarf-%u",
			 targets[i / 2], i % 2 ? 4 : 5);
		if (!make_object(state, compiler))
			continue; /* not every clang has every machine */
		expect_lines(in_folder(state, "m.o"), "work", 8, 10);
		expect_lines(in_folder(state, "m.o"), "seldom", 12, 14);
		tried++;
	}
	assert_true(tried > 0);
}

static void packed_files_and_sections_are_unpacked_first(void **state)
{
	static const char *const packs[] = { "true", "objcopy --compress-debug-sections m.o",
					     "xz -c m.o >n && mv n m.o",
					     "gzip -c m.o >n && mv n m.o",
					     "zstd -qc m.o >n && mv n m.o" };
	static const char *const programs[] = { "true", "objcopy", "xz", "gzip", "zstd" };
	needs_program("gcc");
	for (size_t i = 0; i < EV_LENGTH(packs); i++) {
		if (!has_program(programs[i]))
			continue;
		assert_true(make_object(state, "gcc -O1 -g"));
		run_in(state, packs[i]);
		expect_lines(in_folder(state, "m.o"), "work", 8, 10);
	}
}

static void a_damaged_file_is_survived(void **state)
{
	char *bytes;
	size_t size, found = 0;
	needs_program("gcc");
	assert_true(make_object(state, "gcc -O1 -g"));
	assert_int_equal(ev_file_read(in_folder(state, "m.o"), &bytes, &size), 0);
	for (size_t i = 0; i < size; i += size / 300 + 1) {
		struct debug_frame frames[4];
		uint64_t start;
		bytes[i] = (char)~bytes[i];
		write_file(in_folder(state, "m.o"), bytes, i % 2 ? i : size);
		bytes[i] = (char)~bytes[i];
		struct debug_info *debug = ev_debug_open(in_folder(state, "m.o"), NULL, NULL);
		if (debug && ev_debug_function(debug, "work", 4096, &start))
			found += ev_debug_find(debug, start, EV_SYMBOL_LINES | EV_SYMBOL_INLINES,
					       frames, 4) > 0;
		ev_debug_close(debug);
	}
	assert_true(found > 0);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_get_addresses_on_every_machine),
		cmocka_unit_test(packed_files_and_sections_are_unpacked_first),
		cmocka_unit_test(a_damaged_file_is_survived),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
