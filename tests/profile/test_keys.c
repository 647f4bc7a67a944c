/* Words after --sort become keys. */
#include <errno.h>
#include <evprof/tables.h>
#include "invented.h"

static void keys_have_perfs_names_and_aliases(void **state)
{
	(void)state;
	enum ev_key keys[EV_KEY_COUNT];
	size_t count;
	struct ev_err err = { 0 };
	assert_int_equal(ev_keys_parse("comm,dso,sym", keys, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(keys[0], EV_KEY_COMM);
	assert_int_equal(keys[1], EV_KEY_OBJECT);
	assert_int_equal(keys[2], EV_KEY_SYMBOL);
	assert_int_equal(ev_keys_parse("symbol,object", keys, &count, &err), 0);
	assert_int_equal(keys[0], EV_KEY_SYMBOL);
	assert_int_equal(keys[1], EV_KEY_OBJECT);
	assert_string_equal(ev_keys[EV_KEY_OBJECT].title, "Shared Object");
}

static void every_key_can_be_named_at_once_and_twice(void **state)
{
	(void)state;
	struct ev_buffer text = { 0 };
	enum ev_key keys[EV_KEY_COUNT];
	size_t count;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < EV_KEY_FIELD; i++)
			ev_buffer_printf(&text, "%s,", ev_keys[i].name);
	ev_buffer_u8(&text, 0);
	assert_int_equal(ev_keys_parse((const char *)text.bytes, keys, &count, NULL), 0);
	assert_int_equal(count, EV_KEY_FIELD);
	ev_buffer_done(&text);
}

static void an_unknown_key_is_named_with_the_good_ones(void **state)
{
	(void)state;
	enum ev_key keys[EV_KEY_COUNT];
	size_t count;
	struct ev_err err = { 0 };
	assert_int_equal(ev_keys_parse("comm,co\33mm,sym", keys, &count, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'co\\x1bmm'"));
	assert_non_null(strstr(err.text, "srcline"));
	assert_int_equal(ev_keys_parse("", keys, &count, &err), -EINVAL);
	assert_int_equal(ev_keys_parse("comm,,sym", keys, &count, &err), -EINVAL);
}

static void a_key_that_only_perf_has_is_refused_with_a_reason(void **state)
{
	(void)state;
	enum ev_key keys[EV_KEY_COUNT];
	size_t count;
	struct ev_err err = { 0 };
	assert_int_equal(ev_keys_parse("comm,ipc_lbr", keys, &count, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "ipc_lbr"));
	assert_non_null(strstr(err.text, "instructions"));
	assert_int_equal(ev_key_check_absent("comm", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_perfs_names_and_aliases),
		cmocka_unit_test(every_key_can_be_named_at_once_and_twice),
		cmocka_unit_test(an_unknown_key_is_named_with_the_good_ones),
		cmocka_unit_test(a_key_that_only_perf_has_is_refused_with_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
