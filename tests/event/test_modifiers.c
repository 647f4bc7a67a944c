/* Letters behind events, and attr bits as letters. */
#include <errno.h>
#include "tree.h"

/* eu ek eh eI eH eG precise, as digits. */
static unsigned bits_of(const char *text)
{
	struct ev_event_list list = parsed("/nowhere", text);
	const struct perf_event_attr *attr = &list.items[0].attr;
	unsigned bits = attr->exclude_user * 1000000u + attr->exclude_kernel * 100000u +
			attr->exclude_hv * 10000u + attr->exclude_idle * 1000u +
			attr->exclude_host * 100u + attr->exclude_guest * 10u + attr->precise_ip;
	ev_event_list_done(&list);
	return bits;
}

static void levels_exclude_what_is_not_named(void **state)
{
	(void)state;
	assert_int_equal(bits_of("page-faults"), 0);
	assert_int_equal(bits_of("page-faults:u"), 110000);
	assert_int_equal(bits_of("page-faults:k"), 1010000);
	assert_int_equal(bits_of("page-faults:h"), 1100000);
	assert_int_equal(bits_of("page-faults:uk"), 10000);
	assert_int_equal(bits_of("page-faults:ku"), 10000);
	assert_int_equal(bits_of("page-faults:ukh"), 0);
	assert_int_equal(bits_of("page-faults:I"), 1000);
	assert_int_equal(bits_of("page-faults:G"), 100);
	assert_int_equal(bits_of("page-faults:H"), 10);
	assert_int_equal(bits_of("page-faults:GH"), 0);
	assert_int_equal(bits_of("page-faults:p"), 1);
	assert_int_equal(bits_of("page-faults:upppk"), 10003);
}

static unsigned fixed_of(const char *text)
{
	struct ev_event_list list = parsed("/nowhere", text);
	unsigned fixed = list.items[0].fixed;
	ev_event_list_done(&list);
	return fixed;
}

static void what_was_written_is_fixed(void **state)
{
	(void)state;
	assert_int_equal(fixed_of("cs"), 0);
	assert_int_equal(fixed_of("cs:u"), EV_FIXED_LEVEL);
	assert_int_equal(fixed_of("cs:G"), EV_FIXED_GUEST);
	assert_int_equal(fixed_of("cs:pp"), EV_FIXED_PRECISE);
	assert_int_equal(fixed_of("cs:P"), EV_MAX_PRECISE);
	assert_int_equal(fixed_of("cs:S"), EV_SAMPLE_READ);
	assert_int_equal(fixed_of("cs:D"), EV_PINNED);
	assert_int_equal(fixed_of("cs:W"), EV_WEAK_GROUP);
	assert_int_equal(fixed_of("cs:b"), EV_BPF_COUNTER);
	struct ev_event_list list = parsed("/nowhere", "cs:De");
	assert_true(list.items[0].attr.pinned && list.items[0].attr.exclusive);
	ev_event_list_done(&list);
}

static void the_full_spelling_has_the_modifiers_and_can_be_typed(void **state)
{
	(void)state;
	static const char *const spelled[][2] = {
		{ "cs", "software/context-switches/" },
		{ "cs:u", "software/context-switches/u" },
		{ "cs:kuI", "software/context-switches/ukI" },
		{ "cs:G", "software/context-switches/G" },
		{ "cs:Dppe", "software/context-switches/ppDe" },
		{ "{cs:k,cs}:uS", "software/context-switches/ukS" },
		{ "mem:0x10:w:u", "mem:0x10/4:w:u" },
		{ "1:3:k", "1:0x3:k" },
	};
	for (size_t i = 0; i < EV_LENGTH(spelled); i++) {
		struct ev_arena arena = { 0 };
		struct ev_event_list list = parsed("/nowhere", spelled[i][0]);
		const char *text = ev_event_spelling(&list.items[0], &arena);
		assert_string_equal(text, spelled[i][1]);
		struct ev_event_list again = parsed("/nowhere", text);
		assert_string_equal(ev_event_spelling(&again.items[0], &arena), text);
		assert_memory_equal(&again.items[0].attr, &list.items[0].attr,
				    sizeof(list.items[0].attr));
		ev_event_list_done(&again);
		ev_event_list_done(&list);
		ev_arena_done(&arena);
	}
}

static void wrong_letters_are_refused_under_a_caret(void **state)
{
	(void)state;
	struct ev_err err;
	assert_int_equal(refused("/nowhere", "cs:uqk", &err), -EINVAL);
	assert_string_equal(err.text,
			    "unknown modifier 'q' in 'uqk' (there are u k h I G H p P S D W e b)\n"
			    "cs:uqk\n"
			    "    ^");
	refused_with("/nowhere", "cs:", -EINVAL, "modifiers are missing");
	refused_with("/nowhere", "cs:uu", -EINVAL, "twice");
	refused_with("/nowhere", "cs:pppp", -EINVAL, "highest precision");
	refused_with("/nowhere", "{cs:pp}:pp", -EINVAL, "highest precision");
	refused_with("/nowhere", "cs:R", -EINVAL, "TPEBS");
	refused_with("/nowhere", "cs:u:k", -EINVAL, "unknown modifier ':'");
	refused_with("/nowhere", "cs:\x1b", -EINVAL, "'\\x1b'");
	refused_with("/nowhere", "duration_time:u", -EINVAL, "evprof measures this event itself");
}

/* The names perf 6.1 showed for these attrs in files without names. */
static void attrs_are_shown_as_perf_shows_them(void **state)
{
	(void)state;
	static const struct {
		unsigned user, kernel, hv, idle, host, guest, precise;
		const char *name;
	} shown[] = {
		{ 0, 0, 0, 0, 0, 0, 0, "cpu-clock:HG" },  { 0, 0, 0, 0, 0, 1, 0, "cpu-clock" },
		{ 0, 0, 0, 0, 1, 0, 0, "cpu-clock:G" },   { 0, 1, 1, 0, 0, 0, 0, "cpu-clock:u" },
		{ 0, 1, 1, 0, 0, 1, 0, "cpu-clock:uH" },  { 0, 1, 1, 0, 1, 1, 0, "cpu-clock:u" },
		{ 1, 0, 1, 0, 0, 1, 0, "cpu-clock:kH" },  { 1, 1, 0, 0, 0, 0, 0, "cpu-clock:h" },
		{ 0, 0, 0, 0, 0, 0, 3, "cpu-clock:ppp" }, { 0, 0, 0, 0, 0, 1, 3, "cpu-clock:pppH" },
		{ 0, 0, 0, 1, 0, 0, 0, "cpu-clock:HG" },  { 0, 1, 1, 0, 0, 1, 2, "cpu-clock:uppH" },
		{ 1, 1, 1, 0, 0, 1, 0, "cpu-clock:H" },
	};
	for (size_t i = 0; i < EV_LENGTH(shown); i++) {
		struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
						.exclude_user = shown[i].user & 1,
						.exclude_kernel = shown[i].kernel & 1,
						.exclude_hv = shown[i].hv & 1,
						.exclude_idle = shown[i].idle & 1,
						.exclude_host = shown[i].host & 1,
						.exclude_guest = shown[i].guest & 1,
						.precise_ip = shown[i].precise & 3 };
		char out[64];
		assert_string_equal(ev_event_modifiers(&attr, out, sizeof(out)), shown[i].name);
	}
}

static void a_small_buffer_cuts_the_name(void **state)
{
	(void)state;
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE };
	char out[11];
	assert_string_equal(ev_event_modifiers(&attr, out, sizeof(out)), "cpu-clock:");
	assert_string_equal(ev_event_modifiers(&attr, out, 4), "cpu");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_exclude_what_is_not_named),
		cmocka_unit_test(what_was_written_is_fixed),
		cmocka_unit_test(the_full_spelling_has_the_modifiers_and_can_be_typed),
		cmocka_unit_test(wrong_letters_are_refused_under_a_caret),
		cmocka_unit_test(attrs_are_shown_as_perf_shows_them),
		cmocka_unit_test(a_small_buffer_cuts_the_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
