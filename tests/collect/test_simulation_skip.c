/* Which functions a simulator is to take as part of their callers. */
#include "simulated.h"

static bool is_skipped(const struct ev_simulated_words *words, const char *name)
{
	static const char option[] = "--fn-skip=";
	bool found = false;
	for (size_t i = 0; i < words->items.count; i++) {
		const char *word = words->items.items[i];
		size_t length = strlen(word);
		assert_memory_equal(word, option, strlen(option));
		assert_int_equal(word[length - 1], '*');
		length -= strlen(option) + 1;
		found |= !strncmp(word + strlen(option), name, length);
	}
	return found;
}

static void all_are_skipped_but_those_that_the_simulator_has_to_see(void **state)
{
	static const char *const skipped[] = {
		"_PyEval_EvalFrameDefault",
		"PyObject_Call",
		"list_append",
		"0x000000000042f3a0",
		"0x0000000000019b70",
		"fopen",
		"malloc",
		"__memcpy_avx",
		"Py_DecRef",
		"_Z3addii",
		"execute",
	};
	static const char *const kept[] = {
		"fork",
		"__libc_fork",
		"_Fork",
		"vfork",
		"posix_spawn",
		"__posix_spawn",
		"execve",
		"__execve",
		"fexecve",
		"_dl_runtime_resolve_xsave",
		"0x0000030000000040",
		"evprof_python_call",
		"Py_RunMain",
		"(below main)",
		"start_thread",
	};
	struct ev_simulated_words words = { 0 };
	(void)state;
	ev_simulated_skip(&words);
	for (size_t i = 0; i < EV_LENGTH(skipped); i++)
		if (!is_skipped(&words, skipped[i]))
			fail_msg("%s is not skipped", skipped[i]);
	for (size_t i = 0; i < EV_LENGTH(kept); i++)
		if (is_skipped(&words, kept[i]))
			fail_msg("%s is skipped", kept[i]);
	for (size_t i = 0; i < words.items.count; i++)
		free(words.items.items[i]);
	ev_array_done(&words.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_skipped_but_those_that_the_simulator_has_to_see),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
