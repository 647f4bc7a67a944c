/* Who may call itself, by whatever way. */
#include <evprof/symbol_calls.h>
#include "records.h"

/* Functions at 1, 2, 3 …; calls is "12 23": 1 calls 2, 2 calls 3. */
static void recursive(const char *calls, const char *expected)
{
	struct ev_call_points points = { 0 };
	uint64_t callees[10][10] = { 0 };
	for (uint64_t i = 1; i <= strlen(expected); i++)
		*ev_array_add(&points) =
			(struct ev_call_point){ .path = "p", .address = i, .callees = callees[i] };
	for (const char *at = calls; *at; at += at[2] ? 3 : 2) {
		struct ev_call_point *from = &points.items[at[0] - '1'];
		callees[from->address][from->callee_count++] = (uint64_t)(at[1] - '0');
	}
	ev_call_points_ready(&points);
	for (size_t i = 0; i < points.count; i++)
		if (points.items[i].recursive != (expected[i] == '+'))
			fail_msg("%s: function %zu is not %c", calls, i + 1, expected[i]);
	ev_call_points_done(&points);
}

static void only_circles_are_recursive(void **state)
{
	(void)state;
	recursive("", "---");
	recursive("12 23", "---");
	recursive("11", "+");
	recursive("12 21 23", "++-");
	recursive("12 23 34 42", "-+++");
	recursive("12 19", "--"); /* 9 is not traced */
}

static void functions_of_different_files_are_not_mixed_up(void **state)
{
	struct ev_call_points points = { 0 };
	uint64_t one = 1, two = 2;
	(void)state;
	*ev_array_add(&points) = (struct ev_call_point){
		.path = "p", .address = 1, .callees = &two, .callee_count = 1
	};
	*ev_array_add(&points) = (struct ev_call_point){
		.path = "q", .address = 2, .callees = &one, .callee_count = 1
	};
	ev_call_points_ready(&points);
	assert_false(points.items[0].recursive);
	assert_false(points.items[1].recursive);
	ev_call_points_done(&points);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_circles_are_recursive),
		cmocka_unit_test(functions_of_different_files_are_not_mixed_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
