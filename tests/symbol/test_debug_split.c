/* Units out of packages against the same units out of .dwo files, and packages that lie. */
#include "compiled.h"
#include "debug_info.h"
#include "split_ranges.h"

enum { EVERYTHING = EV_SYMBOL_LINES | EV_SYMBOL_INLINES | EV_SYMBOL_DECLARED };

static const char one[] =
	"#include <stdio.h>\nint twice(int);\n"
	"static inline __attribute__((always_inline)) int leaf(int x)\n"
	"{ volatile int y = x; return y * x; }\n"
	"__attribute__((noinline)) int work(int x)\n{\n"
	"	if (__builtin_expect(x == 77, 0))\n		return puts(\"x\") + leaf(x + 3);\n"
	"	return leaf(x) + 1;\n}\n"
	"int main(int c, char **v) { (void)v; return work(c) + twice(c); }\n";
/* In one section, so that its lists of ranges count from the unit's begin. */
static const char other[] = "static inline __attribute__((always_inline)) int inner(int x)\n{\n"
			    "	for (int i = 0; i < x; i++)\n		if (i * x % 3)\n"
			    "			__asm__ volatile(\"nop\");\n	return x * 3;\n}\n"
			    "__attribute__((noinline)) int twice(int x)\n{\n"
			    "	return inner(x) + inner(x + 1);\n}\n";

struct answers {
	char *text;
	size_t with_inlines;
};

static struct answers answers_of(void **state, const char *program, uint64_t low, uint64_t high)
{
	struct answers answers = { 0 };
	struct ev_buffer out = { 0 };
	struct debug_info *debug = ev_debug_open(in_folder(state, program), NULL, NULL);
	assert_non_null(debug);
	for (uint64_t at = low; at < high; at++) {
		struct debug_frame frames[8];
		size_t count = ev_debug_find(debug, at, EVERYTHING, frames, 8);
		answers.with_inlines += count > 1;
		for (size_t i = 0; i < count; i++)
			ev_buffer_printf(&out, "%zu %s %s:%u %u\n", (size_t)at,
					 frames[i].function ? frames[i].function : "?",
					 frames[i].file ? frames[i].file : "?", frames[i].line,
					 frames[i].declared);
	}
	ev_debug_close(debug);
	ev_buffer_u8(&out, 0);
	answers.text = (char *)out.bytes;
	return answers;
}

static uint64_t address_of(void **state, const char *symbol)
{
	char line[64], command[128];
	snprintf(command, sizeof(command), "nm p | grep ' %s$' | cut -d' ' -f1", symbol);
	output_of(state, command, line, sizeof(line));
	return strtoull(line, NULL, 16);
}

/* Does a package of `tool` say the same as the .dwo files it was made of? false when it makes none
 * of this version of DWARF. */
static bool compare(void **state, const char *how, const char *tool)
{
	uint64_t low = address_of(state, "_start") & ~(uint64_t)0xfff, high = low + 0x1000;
	char command[256], line[64];
	snprintf(command, sizeof(command),
		 "%s -e p -o p.dwp >log 2>&1; readelf -S p.dwp 2>&1 | grep -o debug_cu_index",
		 tool);
	output_of(state, command, line, sizeof(line));
	if (strcmp(line, "debug_cu_index"))
		return false;
	run_in(state, "mv p.dwp package");
	struct answers expected = answers_of(state, "p", low, high);
	run_in(state, "mv *.dwo away; mv package p.dwp");
	struct answers is = answers_of(state, "p", low, high);
	if (strcmp(expected.text, is.text))
		print_message("%s, %s:\nexpected %s\nis %s\n", how, tool, expected.text, is.text);
	assert_string_equal(is.text, expected.text);
	assert_true(is.with_inlines > 10);
	run_in(state, "mv p.dwp elsewhere.dwp");
	struct answers without = answers_of(state, "p", low, high);
	assert_int_equal(without.with_inlines, 0);
	run_in(state, "mv away/*.dwo .");
	free(expected.text);
	free(is.text);
	free(without.text);
	return true;
}

static void make_program(void **state, const char *how)
{
	char command[256];
	write_file(in_folder(state, "a.c"), one, sizeof(one) - 1);
	write_file(in_folder(state, "b.c"), other, sizeof(other) - 1);
	snprintf(command, sizeof(command),
		 "rm -rf *.dwo p *.dwp away; mkdir away; %s -O2 -gsplit-dwarf -c a.c b.c && "
		 "%s -no-pie -o p a.o b.o",
		 how, how);
	run_in(state, command);
}

static void a_package_says_what_its_dwo_files_said(void **state)
{
	static const char *const compilers[] = { "gcc", "clang" };
	static const char *const tools[] = { "dwp", "llvm-dwp" };
	static const char *const flags[] = { "-gdwarf-4", "-gdwarf-5",
					     "-gdwarf-4 -ffunction-sections -gz" };
	unsigned compared = 0;
	needs_program("nm");
	for (size_t c = 0; c < EV_LENGTH(compilers); c++) {
		for (size_t f = 0; has_program(compilers[c]) && f < EV_LENGTH(flags); f++) {
			char how[64];
			snprintf(how, sizeof(how), "%s %s", compilers[c], flags[f]);
			make_program(state, how);
			for (size_t t = 0; t < EV_LENGTH(tools); t++)
				compared += has_program(tools[t]) && compare(state, how, tools[t]);
		}
	}
	print_message("%u packages compared\n", compared);
	if (!compared) {
		print_message("SKIP %s: nothing here makes packages\n", __func__);
		skip();
	}
}

/* Types that both halves use, and functions in them that are inlined. */
static const char shared[] =
	"struct shared {\n	struct part {\n		int q;\n"
	"		__attribute__((always_inline)) int low(int x) { volatile int z = x * q; "
	"return z; }\n"
	"	};\n	__attribute__((always_inline)) int mixed(int x)\n	{\n		"
	"part p{ x };\n"
	"		volatile int y = p.low(x);\n		return y + 1;\n	}\n};\n";
static const char typed[] = "\n#include \"second.h\"\n#include \"shared.h\"\nint other(int);\n"
			    "template <class T> struct holder {\n	T v;\n	"
			    "__attribute__((always_inline)) T twice(T x)\n"
			    "	{\n		struct inner { int go(int x) { volatile int y = x; "
			    "return y; } } n;\n"
			    "		return n.go(x) * 2;\n	}\n};\n"
			    "int main(int c, char **) { return holder<int>().twice(c) + "
			    "shared().mixed(c) + second(c) + other(c); }\n";
static const char typed_other[] =
	"#include \"shared.h\"\nstruct only { template <class F> int run(F f, int x) { return f(x) "
	"+ 2; } };\n"
	"__attribute__((noinline)) int other(int x)\n{\n	shared s{};\n	only o;\n"
	"	return s.mixed(x) + o.run([&](int y) { volatile int k = y; return k * s.mixed(y); "
	"}, x);\n}\n";
static const char typed_second[] =
	"static inline int second(int x)\n{\n	volatile int y = x;\n	return y * x;\n}\n";

/* "-gdwarf-5": is what comes out of the .dwo files, and of each package of them, what the same code
 * says of itself whole? */
static unsigned compare_typed(void **state, const char *compiler, const char *version)
{
	/* What leaves "made" told a form that the .dwo files can have here. */
	static const char *const forms[] = {
		"dwp -e p -o p.dwp && readelf -S p.dwp | grep debug_tu_index && mv *.dwo away",
		"llvm-dwp -e p -o p.dwp && readelf -S p.dwp | grep debug_tu_index && mv *.dwo away",
		"ls a.dwo b.dwo",
		"for f in *.dwo; do objcopy --compress-debug-sections=zstd $f || exit; done",
	};
	char command[512], line[64];
	unsigned compared = 0;
	snprintf(command, sizeof(command),
		 "rm -rf *.dwo *.dwp p plain; how='%s -O2 -no-pie %s';"
		 "$how -o plain a.cpp b.cpp 2>log && $how -fdebug-types-section -gsplit-dwarf -c "
		 "a.cpp b.cpp 2>log &&"
		 "$how -o p a.o b.o 2>log; for f in plain p; do objcopy -O binary -j .text $f "
		 "$f.text; done;"
		 "cmp plain.text p.text && echo alike",
		 compiler, version);
	output_of(state, command, line, sizeof(line));
	assert_string_equal(line, "alike");
	uint64_t low = address_of(state, "_start") & ~(uint64_t)0xfff, high = low + 0x1000;
	struct answers expected = answers_of(state, "plain", low, high);
	assert_true(expected.with_inlines > 10);
	for (size_t i = 0; i < EV_LENGTH(forms); i++) {
		snprintf(command, sizeof(command),
			 "rm -f p.dwp; mkdir -p away; (%s) >log 2>&1 && echo made", forms[i]);
		output_of(state, command, line, sizeof(line));
		if (strcmp(line, "made"))
			continue;
		struct answers is = answers_of(state, "p", low, high);
		if (strcmp(expected.text, is.text))
			print_message("%s %s, %s:\nexpected %s\nis %s\n", compiler, version,
				      forms[i], expected.text, is.text);
		assert_string_equal(is.text, expected.text);
		free(is.text);
		run_in(state, "rm -f p.dwp; ls a.dwo >log 2>&1 || mv away/*.dwo .");
		compared++;
	}
	free(expected.text);
	return compared;
}

static void units_of_types_hide_no_function_and_no_line(void **state)
{
	static const char *const compilers[] = { "g++", "clang++" };
	unsigned compared = 0;
	needs_program("objcopy");
	write_file(in_folder(state, "shared.h"), shared, sizeof(shared) - 1);
	write_file(in_folder(state, "second.h"), typed_second, sizeof(typed_second) - 1);
	write_file(in_folder(state, "a.cpp"), typed, sizeof(typed) - 1);
	write_file(in_folder(state, "b.cpp"), typed_other, sizeof(typed_other) - 1);
	for (size_t c = 0; c < EV_LENGTH(compilers); c++)
		for (unsigned version = 4; has_program(compilers[c]) && version <= 5; version++)
			compared += compare_typed(state, compilers[c],
						  version == 4 ? "-gdwarf-4" : "-gdwarf-5");
	print_message("%u compared\n", compared);
	if (!compared) {
		print_message("SKIP %s: there is no compiler of C++\n", __func__);
		skip();
	}
}

/* The debug information may be in another file than the program. */
static void a_package_beside_the_program_serves_its_debug_file(void **state)
{
	needs_program("gcc");
	needs_program("dwp");
	needs_program("objcopy");
	make_program(state, "gcc -gdwarf-4");
	run_in(state, "dwp -e p -o p.dwp; rm *.dwo; mkdir debug;"
		      "objcopy --only-keep-debug p debug/symbols; strip p");
	struct debug_frame frames[8];
	for (unsigned beside = 0; beside < 2; beside++) {
		char line[64];
		struct debug_info *debug =
			ev_debug_open(in_folder(state, "debug/symbols"),
				      beside ? in_folder(state, "p") : in_folder(state, "q"), NULL);
		assert_non_null(debug);
		output_of(state, "nm debug/symbols | grep ' twice$' | cut -d' ' -f1", line,
			  sizeof(line));
		size_t count =
			ev_debug_find(debug, strtoull(line, NULL, 16) + 2, EVERYTHING, frames, 8);
		assert_true(count >= 1);
		if (beside)
			assert_string_equal(frames[count - 1].function, "twice");
		else
			assert_null(frames[count - 1].function);
		ev_debug_close(debug);
	}
}

static void a_dwo_file_is_found_below_symfs_where_it_was_made(void **state)
{
	needs_program("gcc");
	make_program(state, "gcc -gdwarf-4");
	run_in(state, "mkdir -p sys$PWD; mv *.dwo sys$PWD");
	uint64_t at = address_of(state, "twice") + 2;
	for (unsigned below = 0; below < 2; below++) {
		struct debug_frame frames[8];
		struct debug_info *debug = ev_debug_open(in_folder(state, "p"), NULL,
							 below ? in_folder(state, "sys") : NULL);
		assert_non_null(debug);
		size_t count = ev_debug_find(debug, at, EVERYTHING, frames, 8);
		assert_true(count >= 1);
		assert_true(!frames[count - 1].function == !below);
		ev_debug_close(debug);
	}
}

static void a_damaged_package_is_no_worse_than_none(void **state)
{
	needs_program("gcc");
	needs_program("dwp");
	make_program(state, "gcc -gdwarf-4");
	run_in(state, "dwp -e p -o p.dwp; rm *.dwo");
	uint64_t at = address_of(state, "twice") + 2;
	char *bytes;
	size_t size, found = 0, lost = 0;
	assert_int_equal(ev_file_read(in_folder(state, "p.dwp"), &bytes, &size), 0);
	for (size_t i = 0; i < size; i += 7) {
		bool cut = i % 2;
		struct debug_frame frames[8];
		bytes[i] = (char)~bytes[i];
		write_file(in_folder(state, "p.dwp"), bytes, cut ? i : size);
		bytes[i] = (char)~bytes[i];
		struct debug_info *debug = ev_debug_open(in_folder(state, "p"), NULL, NULL);
		assert_non_null(debug);
		size_t count = ev_debug_find(debug, at, EVERYTHING, frames, 8);
		assert_true(count >= 1);
		*(frames[count - 1].function ? &found : &lost) += 1;
		ev_debug_close(debug);
	}
	assert_true(lost > 10);
	assert_true(found > 10);
	free(bytes);
}

static void lists_of_ranges_take_the_base_along(void **state)
{
	static const uint8_t later[] = { 0x1c, 0, 0, 0, 5,    0, 8,    0, 2, 0, 0, 0, /* head */
					 8,    0, 0, 0, 12,   0, 0,    0, /* where lists are */
					 4,    1, 9, 0,                   /* offsets 1 to 9 */
					 3,    0, 7, 4, 0x81, 1, 0x82, 1, 0 };
	struct split_base base = { .address = 0x1122334455667788, .wide = true };
	struct ev_buffer out;
	(void)state;
	assert_true(ev_split_rnglists_move((struct span){ later, sizeof(later) }, &base, &out));
	struct ev_cursor at = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&at), out.size_bytes - 4);
	ev_cursor_skip(&at, 8);
	assert_int_equal(ev_cursor_u32(&at), 8);
	assert_int_equal(ev_cursor_u32(&at), 8 + 9 + 4);
	assert_int_equal(ev_cursor_u8(&at), 5);
	assert_int_equal(ev_cursor_u64(&at), base.address);
	assert_memory_equal(at.at, later + 20, 4);
	ev_cursor_skip(&at, 4 + 9);
	assert_memory_equal(at.at, later + 24, sizeof(later) - 24);
	assert_int_equal(ev_cursor_left(&at), sizeof(later) - 24);
	ev_buffer_done(&out);
	for (size_t size = 0; size < sizeof(later); size++) /* the last list has no end */
		assert_false(ev_split_rnglists_move((struct span){ later, size }, &base, &out));
	static const uint32_t before[] = { 1, 9, UINT32_MAX, 0x100, 5, 6, 0, 0, 2, 3, 0, 0 };
	static const uint32_t moved[] = { 0x11, 0x19, UINT32_MAX, 0x100, 5, 6,
					  0,    0,    0x12,       0x13,  0, 0 };
	base = (struct split_base){ .address = 0x10 };
	ev_split_ranges_move((struct span){ (const uint8_t *)before, sizeof(before) }, &base, &out);
	assert_int_equal(out.size_bytes, sizeof(moved));
	assert_memory_equal(out.bytes, moved, sizeof(moved));
	ev_buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_package_says_what_its_dwo_files_said),
		cmocka_unit_test(units_of_types_hide_no_function_and_no_line),
		cmocka_unit_test(a_package_beside_the_program_serves_its_debug_file),
		cmocka_unit_test(a_dwo_file_is_found_below_symfs_where_it_was_made),
		cmocka_unit_test(a_damaged_package_is_no_worse_than_none),
		cmocka_unit_test(lists_of_ranges_take_the_base_along),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
