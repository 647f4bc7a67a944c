/* Names of cache events. */
#include "names.h"
#include "tree.h"

static uint64_t config_of(const char *name)
{
	uint64_t config = UINT64_MAX;
	return ev_cache_find(ev_span_of(name), &config) ? config : UINT64_MAX;
}

static void perfs_spellings_have_perfs_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t config;
	} known[] = {
		{ "L1-dcache-loads", 0x0 },
		{ "L1-dcache-load-misses", 0x10000 },
		{ "L1-dcache-stores", 0x100 },
		{ "L1-dcache-prefetches", 0x200 },
		{ "L1-dcache-prefetch-misses", 0x10200 },
		{ "L1-icache-load-misses", 0x10001 },
		{ "LLC-loads", 0x2 },
		{ "LLC-load-misses", 0x10002 },
		{ "LLC-store-misses", 0x10102 },
		{ "dTLB-load-misses", 0x10003 },
		{ "dTLB-store-misses", 0x10103 },
		{ "iTLB-load-misses", 0x10004 },
		{ "branch-loads", 0x5 },
		{ "branch-load-misses", 0x10005 },
		{ "node-loads", 0x6 },
		{ "node-prefetch-misses", 0x10206 },
	};
	for (size_t i = 0; i < EV_LENGTH(known); i++)
		assert_int_equal(config_of(known[i].name), known[i].config);
}

static void other_spellings_mean_the_same(void **state)
{
	(void)state;
	static const char *const same[] = { "l1-d-load-misses",     "l1d-read-miss",
					    "L1-data-loads-misses", "L1_DCACHE.LOAD_MISSES",
					    "l1d-misses",           "l1-dcache-miss" };
	for (size_t i = 0; i < EV_LENGTH(same); i++)
		assert_int_equal(config_of(same[i]), 0x10000);
	assert_int_equal(config_of("L1-dcache"), 0);
	assert_int_equal(config_of("l1d-access"), 0);
	assert_int_equal(config_of("bpu-read-refs"), 5);
	assert_int_equal(config_of("Data-TLB-speculative-read-miss"), 0x10203);
	assert_int_equal(config_of("L2-write"), 0x102);
}

static void names_that_make_no_sense_are_none(void **state)
{
	(void)state;
	static const char *const strange[] = { "",
					       "L1-dcache-",
					       "-loads",
					       "L1-dcache-loads-loads",
					       "L1-dcache--loads",
					       "L1-dcacheloads",
					       "L3-loads",
					       "L1-icache-stores",
					       "iTLB-prefetches",
					       "dTLB-load-x",
					       "L1-dcache-misses-load",
					       "L1-dcache-load-misses-x" };
	for (size_t i = 0; i < EV_LENGTH(strange); i++)
		if (config_of(strange[i]) != UINT64_MAX)
			fail_msg("'%s' was taken for a cache event", strange[i]);
}

static void every_listed_event_is_found_by_all_its_names(void **state)
{
	(void)state;
	uint64_t config;
	char name[64], about[128], aliases[256];
	size_t count = 0;
	for (; ev_cache_at(count, &config); count++) {
		assert_int_equal(config_of(ev_cache_name(config, name, sizeof(name))), config);
		assert_non_null(ev_cache_about(config, about, sizeof(about)));
		ev_cache_aliases(config, aliases, sizeof(aliases));
		for (char *word = strtok(aliases, " "); word; word = strtok(NULL, " "))
			assert_int_equal(config_of(word), config);
	}
	assert_int_equal(count, 2 * (3 + 2 + 3 + 3 + 1 + 1 + 3));
}

static void strange_numbers_have_no_name(void **state)
{
	(void)state;
	char out[64];
	assert_null(ev_cache_name(7, out, sizeof(out)));
	assert_null(ev_cache_name(3 << 8, out, sizeof(out)));
	assert_null(ev_cache_name(2 << 16, out, sizeof(out)));
	assert_null(ev_cache_name(1u << 24, out, sizeof(out)));
	assert_null(ev_cache_about(UINT64_MAX, out, sizeof(out)));
	assert_string_equal(ev_cache_aliases(7, out, sizeof(out)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(perfs_spellings_have_perfs_numbers),
		cmocka_unit_test(other_spellings_mean_the_same),
		cmocka_unit_test(names_that_make_no_sense_are_none),
		cmocka_unit_test(every_listed_event_is_found_by_all_its_names),
		cmocka_unit_test(strange_numbers_have_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
