/* Lines and inlined frames against what eu-addr2line says of the same addresses. */
#include "compiled.h"
#include "debug_info.h"

static const char source[] =
	"#include <algorithm>\n#include <cstdio>\n#include <cstdlib>\n#include <vector>\n"
	"static inline int leaf(int x) { return x * x + rand(); }\n"
	"static inline int middle(int x) { int s = 0; for (int i = 0; i < x % 7; i++) s += "
	"leaf(i); "
	"return s; }\n"
	"struct adder { int sum = 0; void add(int x) { auto f = [&](int q) { return middle(q) + "
	"sum; };"
	" sum += f(x); } };\n"
	"__attribute__((noinline)) int work(std::vector<int> &v)\n{\n"
	"	std::sort(v.begin(), v.end(), [](int a, int b) { return leaf(a) < leaf(b); });\n"
	"	adder a;\n	for (int i : v)\n		a.add(i);\n	return a.sum;\n}\n"
	"int main() { std::vector<int> v(100); for (int &i : v) i = rand();\n"
	"	printf(\"%d\\n\", work(v)); }\n";

enum { LINES_AND_INLINES = EV_SYMBOL_LINES | EV_SYMBOL_INLINES };

struct answer {
	char text[4096];
	size_t frames;
};

static void ours(struct debug_info *debug, uint64_t address, struct answer *answer)
{
	struct debug_frame frames[64];
	size_t used = 0;
	*answer = (struct answer){ .frames = ev_debug_find(debug, address, LINES_AND_INLINES,
							   frames, 64) };
	for (size_t i = 0; i < answer->frames && used < sizeof(answer->text) - 600; i++) {
		const char *file = frames[i].file ? frames[i].file : "??";
		const char *slash = strrchr(file, '/');
		used += (size_t)snprintf(answer->text + used, 600, "%.400s:%u\n",
					 slash ? slash + 1 : file, frames[i].line);
	}
}

/* The next answer of `eu-addr2line -a -f -i`: an address, then two lines for each frame. */
static bool theirs(FILE *pipe, char *line, uint64_t *address, struct answer *answer)
{
	char function[2048], place[2048];
	size_t used = 0;
	*answer = (struct answer){ 0 };
	if (strncmp(line, "0x", 2))
		return false;
	*address = strtoull(line, NULL, 16);
	*line = 0;
	while (fgets(function, sizeof(function), pipe)) {
		if (!strncmp(function, "0x", 2)) {
			strcpy(line, function);
			break;
		}
		if (!fgets(place, sizeof(place), pipe))
			return false;
		place[strcspn(place, " \n")] = 0;
		char *slash = strrchr(place, '/');
		char *at = slash ? slash + 1 : place;
		char *colon = strchr(at, ':');
		if (colon && strchr(colon + 1, ':'))
			*strchr(colon + 1, ':') = 0; /* a column */
		answer->frames++;
		if (used < sizeof(answer->text) - 600)
			used += (size_t)snprintf(answer->text + used, 600, "%.400s\n", at);
	}
	return true;
}

static void inlined_frames_agree_with_eu_addr2line(void **state)
{
	needs_program("g++");
	needs_program("eu-addr2line");
	needs_program("objdump");
	write_file(in_folder(state, "a.cc"), source, sizeof(source) - 1);
	run_in(state, "g++ -O2 -g -gz -fno-pie -no-pie -o a a.cc;"
		      "objdump -d -j .text a | sed -nE 's/^ +([0-9a-f]+):\t.*/0x\\1/p' >addresses");
	struct debug_info *debug = ev_debug_open(in_folder(state, "a"), NULL, NULL);
	assert_non_null(debug);
	char *command = ev_printf("eu-addr2line -a -f -i -e %s <%s", in_folder(state, "a"),
				  in_folder(state, "addresses"));
	FILE *pipe = popen(command, "r");
	char line[2048] = "";
	uint64_t address;
	struct answer expected, is;
	size_t all = 0, same = 0, inlined = 0, fewer = 0;
	assert_non_null(pipe);
	assert_non_null(fgets(line, sizeof(line), pipe));
	while (theirs(pipe, line, &address, &expected)) {
		if (strstr(expected.text, "??:0"))
			continue; /* start-up code without debug info */
		ours(debug, address, &is);
		all++;
		same += !strcmp(is.text, expected.text);
		inlined += is.frames > 1;
		fewer += is.frames < expected.frames;
	}
	pclose(pipe);
	free(command);
	ev_debug_close(debug);
	print_message("%zu of %zu addresses alike, %zu with inlined frames\n", same, all, inlined);
	assert_true(all > 300);
	assert_true(inlined > 100);
	/* Of several line rows of one address, or at padding between functions, either may be
	 * meant. */
	assert_true(fewer * 100 <= all);
	assert_true(same * 100 >= all * 95);
}

static void every_layout_of_debug_info_is_read(void **state)
{
	static const char *const flags[] = { "-gdwarf-2",        "-gdwarf-3",
					     "-gdwarf-4",        "-gdwarf-5",
					     "-g -gz",           "-g -gz=zlib-gnu",
					     "-g -gsplit-dwarf", "-g -flto=1 -ffat-lto-objects" };
	static const char c[] = "static inline __attribute__((always_inline)) int leaf(int x)\n"
				"{ volatile int y = x; return y * x; }\n"
				"int work(int x)\n{ return leaf(x) + 1; }\n"
				"int main(int c, char **v) { (void)v; return work(c); }\n";
	needs_program("gcc");
	needs_program("nm");
	write_file(in_folder(state, "c.c"), c, sizeof(c) - 1);
	bool has_clang = has_program("clang");
	if (!has_clang)
		print_message("SKIP %s: clang is not installed\n", __func__);
	for (size_t i = 0; i < EV_LENGTH(flags) * (has_clang ? 2 : 1); i++) {
		bool by_clang = i >= EV_LENGTH(flags);
		const char *how = flags[i % EV_LENGTH(flags)];
		if (by_clang && (strstr(how, "lto") || strstr(how, "zlib-gnu")))
			continue; /* takes another linker, and it writes no such thing */
		char *command =
			ev_printf("rm -f c *.dwo; %s -O2 %s -no-pie -o c c.c",
				  by_clang ? "clang" : "gcc -fno-inline-functions-called-once",
				  how);
		run_in(state, command);
		free(command);
		char line[64];
		output_of(state, "nm c | grep ' T work' | cut -d' ' -f1", line, sizeof(line));
		if (!*line)
			continue; /* inlined away */
		struct debug_info *debug = ev_debug_open(in_folder(state, "c"), NULL, NULL);
		if (!debug)
			print_message("no debug info with %s\n", how);
		assert_non_null(debug);
		struct debug_frame frames[8];
		bool found = false;
		uint64_t start = strtoull(line, NULL, 16);
		for (uint64_t at = start; at < start + 16 && !found; at++) {
			size_t count = ev_debug_find(debug, at, LINES_AND_INLINES, frames, 8);
			if (count != 2)
				continue;
			found = true;
			assert_string_equal(frames[0].function, "leaf");
			assert_int_equal(frames[0].line, 2);
			assert_string_equal(frames[1].function, "work");
			assert_int_equal(frames[1].line, 4);
			assert_int_equal(frames[1].start, start);
		}
		if (!found)
			print_message("nothing inlined found with %s\n", how);
		assert_true(found);
		ev_debug_close(debug);
	}
}

static uint32_t line_of(struct debug_info *debug, void **state, const char *function)
{
	char line[64], command[128];
	struct debug_frame frames[8];
	snprintf(command, sizeof(command), "nm d | grep ' %s$' | cut -d' ' -f1", function);
	output_of(state, command, line, sizeof(line));
	size_t count = ev_debug_find(debug, strtoull(line, NULL, 16), LINES_AND_INLINES, frames, 8);
	return count ? frames[count - 1].line : 0;
}

/* DWARF 2 has no lists of ranges. */
static void an_old_unit_in_several_pieces_is_found_in_each(void **state)
{
	static const char c[] = "__attribute__((noinline)) int one(int x)\n{ return x + 1; }\n"
				"__attribute__((noinline, section(\".text.far\"))) int two(int x)\n"
				"{ return x + 2; }\n"
				"int main(int c, char **v) { (void)v; return one(c) + two(c); }\n";
	static const char *const after[] = { "true", "objcopy -R .debug_aranges d" };
	needs_program("gcc");
	needs_program("nm");
	needs_program("objcopy");
	write_file(in_folder(state, "d.c"), c, sizeof(c) - 1);
	run_in(state, "gcc -O2 -gdwarf-2 -gstrict-dwarf -no-pie -o d d.c");
	for (size_t i = 0; i < EV_LENGTH(after); i++) {
		run_in(state, after[i]);
		struct debug_info *debug = ev_debug_open(in_folder(state, "d"), NULL, NULL);
		assert_non_null(debug);
		assert_int_equal(line_of(debug, state, "one"), 2);
		assert_int_equal(line_of(debug, state, "two"), 4);
		assert_int_equal(line_of(debug, state, "main"), 5);
		assert_null(ev_debug_lacks(debug));
		ev_debug_close(debug);
	}
}

/* Few linkers of these days write it, and objcopy does; libdw 0.188 doesn't read it. */
static void debug_info_packed_with_zstd_is_read(void **state)
{
	static const char c[] = "int work(int x)\n{ return x + 1; }\n"
				"int main(int c, char **v) { (void)v; return work(c); }\n";
	needs_program("gcc");
	needs_program("nm");
	write_file(in_folder(state, "d.c"), c, sizeof(c) - 1);
	char line[64];
	output_of(state,
		  "gcc -O1 -g -no-pie -o d d.c; objcopy --compress-debug-sections=zstd d d 2>&1;"
		  "readelf -t d | grep -c ZSTD",
		  line, sizeof(line));
	if (atoi(line) < 2) {
		print_message("SKIP %s: objcopy here does not pack with zstd\n", __func__);
		skip();
	}
	struct debug_info *debug = ev_debug_open(in_folder(state, "d"), NULL, NULL);
	assert_non_null(debug);
	assert_int_equal(line_of(debug, state, "work"), 2);
	assert_int_equal(line_of(debug, state, "main"), 3);
	ev_debug_close(debug);
	/* A byte of what is packed, or of the size that it claims. */
	char *bytes;
	size_t size, lost = 0;
	assert_int_equal(ev_file_read(in_folder(state, "d"), &bytes, &size), 0);
	output_of(state,
		  "readelf -SW d | sed -nE 's/.*\\.debug_info +PROGBITS +[0-9a-f]+ "
		  "([0-9a-f]+) .*/\\1/p'",
		  line, sizeof(line));
	size_t at = strtoull(line, NULL, 16);
	assert_true(at && at + 64 < size);
	for (size_t i = at; i < at + 64; i++) {
		bytes[i] = (char)~bytes[i];
		write_file(in_folder(state, "e"), bytes, size);
		bytes[i] = (char)~bytes[i];
		debug = ev_debug_open(in_folder(state, "e"), NULL, NULL);
		lost += !debug || !line_of(debug, state, "work");
		ev_debug_close(debug);
	}
	free(bytes);
	assert_true(lost >= 8);
}

static void files_without_debug_info_give_none(void **state)
{
	assert_null(ev_debug_open("/etc/passwd", NULL, NULL));
	assert_null(ev_debug_open("/dev/zero", NULL, NULL));
	assert_null(ev_debug_open(in_folder(state, "nowhere"), NULL, NULL));
	ev_debug_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inlined_frames_agree_with_eu_addr2line),
		cmocka_unit_test(every_layout_of_debug_info_is_read),
		cmocka_unit_test(an_old_unit_in_several_pieces_is_found_in_each),
		cmocka_unit_test(debug_info_packed_with_zstd_is_read),
		cmocka_unit_test(files_without_debug_info_give_none),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
