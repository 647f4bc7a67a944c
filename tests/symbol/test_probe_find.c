/* Probes find their functions and markers in compiled programs. */
#include <errno.h>
#include "compiled.h"

static const char program[] =
	"#include <stdlib.h>\n"
	"static inline __attribute__((always_inline)) int tiny(int a) { return a * 3; }\n"
	"__attribute__((noipa)) int sort_one(int a) { return a + 1; }\n"
	"__attribute__((noipa)) int sort_two(int a) { return a + 2; }\n"
	"int sort_alias(int a) __attribute__((alias(\"sort_two\")));\n"
	"static int (*choose(void))(int) { return sort_one; }\n"
	"int chosen(int a) __attribute__((ifunc(\"choose\")));\n"
	"int main(int c, char **v) { getenv(v[tiny(c) - 3]);"
	" return chosen(c) + sort_two(c) + sort_alias(c); }\n";
static const char cpp[] = "namespace ns { struct box { int at(int); int at(long); };\n"
			  "__attribute__((noipa)) int box::at(int a) { return a; }\n"
			  "__attribute__((noipa)) int box::at(long a) { return (int)a; } }\n"
			  "int main() { ns::box b; return b.at(0) + b.at(0L); }\n";

static int build(void **state)
{
	if (folder_make(state))
		return -1;
	if (!has_program("gcc") || !has_program("g++"))
		return 0;
	write_file(in_folder(state, "p.c"), program, sizeof(program) - 1);
	write_file(in_folder(state, "c.cc"), cpp, sizeof(cpp) - 1);
	run_in(state,
	       "gcc -O2 -g -o p p.c; g++ -O2 -o c c.cc; gcc -O2 -rdynamic -s -o stripped p.c;"
	       "gcc -O2 -s -o bare p.c");
	return 0;
}

struct found {
	struct ev_arena arena;
	struct ev_probe_places places;
	struct ev_err err;
	int rc;
};

static void find(void **state, struct found *found, const char *file, struct ev_probe probe)
{
	*found = (struct found){ 0 };
	found->places.arena = &found->arena;
	probe.path = in_folder(state, file);
	found->rc = ev_probe_find(NULL, &probe, &found->places, &found->err);
}

static void done(struct found *found)
{
	ev_array_done(&found->places);
	ev_arena_done(&found->arena);
}

#define needs_compilers()                                                                          \
	do {                                                                                       \
		needs_program("gcc");                                                              \
		needs_program("g++");                                                              \
	} while (0)

static void a_function_is_found_where_its_symbol_is(void **state)
{
	struct found found;
	uint64_t offset;
	needs_compilers();
	find(state, &found, "p", (struct ev_probe){ .kind = EV_PROBE_RETURN, .name = "sort_one" });
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.places.count, 1);
	assert_int_equal(ev_function_offset(in_folder(state, "p"), "sort_one", &offset, NULL), 0);
	assert_int_equal(found.places.items[0].offset, offset);
	assert_int_equal(found.places.items[0].into_bytes, 0);
	assert_string_equal(found.places.items[0].name, "sort_one");
	assert_int_equal(*found.places.items[0].path, '/');
	done(&found);
}

static void a_glob_means_each_function_once_whatever_its_names(void **state)
{
	struct found found;
	needs_compilers();
	find(state, &found, "p", (struct ev_probe){ .name = "sort_*" });
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.places.count, 2);
	done(&found);
	find(state, &found, "p", (struct ev_probe){ .name = "sort_alias" });
	assert_int_equal(found.places.count, 1);
	assert_string_equal(found.places.items[0].name, "sort_alias");
	done(&found);
	find(state, &found, "p", (struct ev_probe){ .name = "SORT_*" });
	assert_int_equal(found.rc, -ENOENT);
	done(&found);
}

static void readable_names_mean_all_overloads(void **state)
{
	static const struct {
		const char *name;
		size_t count;
	} known[] = {
		{ "ns::box::at", 2 },
		{ "ns::box::at(long)", 1 },
		{ "ns::box::*", 2 },
		{ "_ZN2ns3box2atEi", 1 },
	};
	needs_compilers();
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct found found;
		find(state, &found, "c", (struct ev_probe){ .name = known[i].name });
		assert_int_equal(found.places.count, known[i].count);
		done(&found);
	}
}

static void what_can_not_be_probed_is_told_with_the_reason(void **state)
{
	static const struct {
		const char *file;
		struct ev_probe probe;
		int rc;
		const char *words;
	} known[] = {
		{ "p", { .name = "tiny" }, -ENOENT, "was inlined" },
		{ "p", { .name = "getenv" }, -ENOENT, "only calls 'getenv', which is in libc.so" },
		{ "p", { .name = "chosen" }, -ENOENT, "is chosen when a program is loaded" },
		{ "p", { .name = "sort_onn" }, -ENOENT, "did you mean: sort_one" },
		{ "c", { .name = "ns::box::att" }, -ENOENT, "did you mean: ns::box::at?" },
		{ "p", { .name = "x*" }, -ENOENT, "no function of" },
		{ "p.c", { .name = "main" }, -ENOEXEC, "is not an ELF file" },
		{ "gone", { .name = "main" }, -ENOENT, "No such file" },
		{ "p",
		  { .name = "main", .has_offset = true, .offset_bytes = 100000 },
		  -EINVAL,
		  "is behind its end" },
		{ "p",
		  { .kind = EV_PROBE_MARKER, .provider = "*", .name = "*" },
		  -ENOENT,
		  "brings no markers along" },
	};
	needs_compilers();
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct found found;
		find(state, &found, known[i].file, known[i].probe);
		if (found.rc != known[i].rc || !strstr(found.err.text, known[i].words))
			fail_msg("%s: %d %s", known[i].words, found.rc, found.err.text);
		assert_int_equal(found.places.count, 0);
		done(&found);
	}
}

static void a_stripped_program_still_exports_functions(void **state)
{
	struct found found;
	needs_compilers();
	find(state, &found, "stripped", (struct ev_probe){ .name = "sort_one" });
	assert_int_equal(found.rc, 0);
	done(&found);
	find(state, &found, "bare", (struct ev_probe){ .name = "sort_one" });
	assert_int_equal(found.rc, -ENOENT);
	assert_non_null(strstr(found.err.text, "stripped"));
	done(&found);
}

static void an_offset_must_be_the_beginning_of_an_instruction(void **state)
{
#ifdef __x86_64__
	struct found found;
	needs_compilers();
	find(state, &found, "p",
	     (struct ev_probe){ .name = "sort_two", .has_offset = true, .offset_bytes = 1 });
	/* It begins with lea 2(%rdi),%eax. Without capstone nobody can tell. */
	if (found.rc)
		assert_non_null(strstr(found.err.text, "no instruction"));
	else
		assert_non_null(found.places.items[0].caution);
	done(&found);
#else
	(void)state;
	print_message("SKIP %s: this is not x86-64\n", __func__);
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_is_found_where_its_symbol_is),
		cmocka_unit_test(a_glob_means_each_function_once_whatever_its_names),
		cmocka_unit_test(readable_names_mean_all_overloads),
		cmocka_unit_test(what_can_not_be_probed_is_told_with_the_reason),
		cmocka_unit_test(a_stripped_program_still_exports_functions),
		cmocka_unit_test(an_offset_must_be_the_beginning_of_an_instruction),
	};
	return cmocka_run_group_tests(tests, build, folder_remove);
}
