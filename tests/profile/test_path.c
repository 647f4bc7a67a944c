/* The open path: what two stacks share stays open. */
#include "invented.h"
#include "path.h"

/* 1 - 2 - 3
 *      \- 4 - 5
 * 6 */
static const struct ev_stack stacks[] = { { 0, 0 }, { 0, 1 }, { 1, 1 }, { 2, 1 },
					  { 2, 1 }, { 4, 1 }, { 0, 1 } };

static void expect_path(struct ev_path *path, uint32_t stack, size_t shared, const char *expected)
{
	char text[64] = "";
	assert_int_equal(ev_path_fork(path, stacks, stack), shared);
	ev_path_enter(path, shared);
	for (size_t i = 0; i < path->depth; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", path->stacks[i]);
	assert_string_equal(text, expected);
}

static void only_what_differs_is_closed_and_opened(void **state)
{
	(void)state;
	struct ev_path path = { 0 };
	expect_path(&path, 3, 0, "1 2 3 ");
	expect_path(&path, 3, 3, "1 2 3 ");
	expect_path(&path, 5, 2, "1 2 4 5 ");
	expect_path(&path, 6, 0, "6 ");
	expect_path(&path, 0, 0, "");
	ev_path_done(&path);
}

static void stacks_may_come_in_any_order(void **state)
{
	(void)state;
	struct ev_path path = { 0 };
	expect_path(&path, 6, 0, "6 ");
	expect_path(&path, 5, 0, "1 2 4 5 ");
	expect_path(&path, 2, 2, "1 2 ");
	expect_path(&path, 3, 2, "1 2 3 ");
	ev_path_done(&path);
}

static void a_path_can_begin_inside_a_stack(void **state)
{
	(void)state;
	struct ev_path path = { .base = 2 };
	expect_path(&path, 3, 0, "3 ");
	expect_path(&path, 5, 0, "4 5 ");
	expect_path(&path, 4, 1, "4 ");
	ev_path_done(&path);
}

static void long_paths_grow(void **state)
{
	(void)state;
	enum { DEPTH = 5000 };
	struct ev_stack *deep = ev_alloc((DEPTH + 1) * sizeof(*deep));
	struct ev_path path = { 0 };
	for (uint32_t i = 1; i <= DEPTH; i++)
		deep[i].parent = i - 1;
	for (uint32_t i = 1; i <= DEPTH; i += 100) {
		size_t shared = ev_path_fork(&path, deep, i);
		assert_int_equal(shared, i > 100 ? i - 100 : 0);
		ev_path_enter(&path, shared);
		assert_int_equal(path.depth, i);
		assert_int_equal(path.stacks[i - 1], i);
	}
	ev_path_done(&path);
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_differs_is_closed_and_opened),
		cmocka_unit_test(stacks_may_come_in_any_order),
		cmocka_unit_test(a_path_can_begin_inside_a_stack),
		cmocka_unit_test(long_paths_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
