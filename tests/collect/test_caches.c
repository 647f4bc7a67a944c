/* Caches of imaginary machines, and those that a user describes. */
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include "root.h"

#define CACHE "sys/devices/system/cpu/cpu0/cache/"

static void put_cache(unsigned index, const char *level, const char *type, const char *size,
		      const char *ways, const char *line)
{
	const struct {
		const char *name, *text;
	} files[] = { { "level", level },
		      { "type", type },
		      { "size", size },
		      { "ways_of_associativity", ways },
		      { "coherency_line_size", line } };
	for (size_t i = 0; i < EV_LENGTH(files); i++) {
		char path[256];
		snprintf(path, sizeof(path), CACHE "index%u/%s", index, files[i].name);
		put(path, files[i].text);
	}
}

static const char *text_of(const struct ev_caches *caches)
{
	static char text[256];
	return ev_caches_text(caches, text, sizeof(text));
}

static void the_machines_caches_are_taken_first_level_and_last(void **state)
{
	struct ev_caches caches;
	char note[256];
	(void)state;
	put_cache(0, "1", "Data", "48K\n", "12\n", "64\n");
	put_cache(1, "1", "Instruction", "32K\n", "8\n", "64\n");
	put_cache(2, "2", "Unified", "1024K\n", "16\n", "64\n");
	put_cache(3, "3", "Unified", "8192K\n", "16\n", "64\n");
	ev_caches_of_machine(&caches, root);
	ev_caches_fit(&caches, note, sizeof(note));
	assert_string_equal(text_of(&caches),
			    "I1 32K 8-way 64 B; D1 48K 12-way 64 B; LL 8M 16-way 64 B");
	assert_string_equal(note, "");
}

static void what_the_machine_does_not_tell_is_assumed_and_said(void **state)
{
	struct ev_caches caches;
	char note[512];
	(void)state;
	put_cache(0, "1", "Data", "64K\n", "4\n", "64\n");
	put_cache(1, "1", "Instruction", "many", "8\n", "64\n");
	put_cache(2, "2", "Unified", "1024K\n", "16\n", "63\n");
	ev_caches_of_machine(&caches, root);
	ev_caches_fit(&caches, note, sizeof(note));
	assert_string_equal(text_of(&caches), "I1 32K 8-way 64 B (assumed); D1 64K 4-way 64 B; LL "
					      "8M 16-way 64 B (assumed)");
	assert_non_null(strstr(note, "I1 is assumed"));
	assert_non_null(strstr(note, "LL is assumed"));
	assert_null(strstr(note, "D1"));
}

static void sets_become_a_power_of_two_near_the_size(void **state)
{
	struct ev_caches caches;
	char note[512];
	(void)state;
	put_cache(0, "3", "Unified", "33792K\n", "11\n", "64\n");
	ev_caches_of_machine(&caches, root);
	ev_caches_fit(&caches, note, sizeof(note));
	const struct ev_cache_model *last = &caches.levels[EV_CACHE_LL];
	uint64_t sets = last->size_bytes / last->ways / last->line_bytes;
	assert_int_equal(sets & (sets - 1), 0);
	assert_int_equal(sets * last->ways * last->line_bytes, last->size_bytes);
	assert_true(last->size_bytes > 30u << 20 && last->size_bytes < 36u << 20);
	assert_non_null(strstr(note, "LL is 33M 11-way, simulated as 34M 17-way"));
}

static void a_fully_associative_cache_is_one_set(void **state)
{
	struct ev_caches caches;
	char note[512];
	(void)state;
	put_cache(0, "1", "Data", "4K\n", "0\n", "64\n");
	ev_caches_of_machine(&caches, root);
	ev_caches_fit(&caches, note, sizeof(note));
	assert_int_equal(caches.levels[EV_CACHE_L1D].ways, 64);
	assert_int_equal(caches.levels[EV_CACHE_L1D].size_bytes, 4096);
}

static void a_user_describes_what_is_to_be_different(void **state)
{
	struct ev_caches caches;
	struct ev_err err = { 0 };
	char note[512];
	(void)state;
	ev_caches_of_machine(&caches, root); /* nothing there: all assumed */
	assert_int_equal(ev_caches_parse(&caches, "l1d=48K,12,128,LL=1M", &err), 0);
	assert_int_equal(ev_caches_parse(&caches, "l1i=16K", &err), 0);
	ev_caches_fit(&caches, note, sizeof(note));
	assert_string_equal(text_of(&caches),
			    "I1 16K 8-way 64 B; D1 48K 12-way 128 B; LL 1M 16-way 64 B");
	assert_string_equal(note, "");
}

static void nonsense_is_refused_in_words_and_changes_nothing(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "which cache first" },
		{ "32K", "which cache first" },
		{ "l4=1M", "is no cache" },
		{ "l1d=", "has a size" },
		{ "l1d=big", "has a size" },
		{ "l1d=2G", "has a size" },
		{ "l1d=32K,0", "ways" },
		{ "l1d=32K,8,63", "a line has" },
		{ "l1d=32K,8,64,1", "too much" },
		{ "l1d=32K,8,8192", "a line has" },
		{ "l1d=1K,64,64", "not even one" },
		{ "ll=8M,x", "ways" },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_caches caches, before;
		struct ev_err err = { 0 };
		ev_caches_of_machine(&caches, root);
		before = caches;
		assert_int_equal(ev_caches_parse(&caches, cases[i].text, &err), -EINVAL);
		assert_non_null(strstr(err.text, cases[i].why));
		assert_memory_equal(&caches, &before, sizeof(caches));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, delete_root)
	const struct CMUnitTest tests[] = {
		TEST(the_machines_caches_are_taken_first_level_and_last),
		TEST(what_the_machine_does_not_tell_is_assumed_and_said),
		TEST(sets_become_a_power_of_two_near_the_size),
		TEST(a_fully_associative_cache_is_one_set),
		TEST(a_user_describes_what_is_to_be_different),
		TEST(nonsense_is_refused_in_words_and_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
