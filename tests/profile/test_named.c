/* Places become functions: each is looked up once, and stacks are folded to what they are called.
 */
#include "invented.h"

static const char *folded(struct invented *it, const struct ev_named *named, const char *words)
{
	return invented_text(&it->arena, named, named->stack_of[invented_stack(it, words)]);
}

static void addresses_of_one_function_become_one_frame(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main@3 work@5", 1, 10);
	invented_add(&it, "main@4 work@6", 1, 20);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_int_equal(named->stacks.count, 3);
	assert_int_equal(named->cells.count, 1);
	assert_int_equal(named->cells.items[0].period, 30);
	assert_int_equal(named->cells.items[0].samples, 2);
	assert_string_equal(folded(&it, named, "main@4 work@6"), "main;work");
	ev_named_close(named);
	ev_named_close(NULL);
	invented_done(&it);
}

static void lines_of_one_function_stay_apart_when_asked(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main@3 work@5", 1, 10);
	invented_add(&it, "main@3 work@6", 1, 20);
	struct ev_named *named = invented_name_all(&it, 0, true);
	assert_int_equal(named->cells.count, 2);
	const struct ev_stack *leaf = &named->stacks.items[named->cells.items[1].stack];
	/* The leaf is where it was; the caller is before the address it returns to. */
	assert_int_equal(named->frames.items[leaf->place].line, 6);
	assert_int_equal(named->frames.items[named->stacks.items[leaf->parent].place].line, 2);
	ev_named_close(named);
	invented_done(&it);
}

static void inlined_functions_are_frames_of_their_own(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main in<out leaf", 1, 10);
	struct ev_named *named = invented_name_all(&it, EV_SYMBOL_INLINES, false);
	assert_string_equal(folded(&it, named, "main in<out leaf"), "main;out;in;leaf");
	uint32_t stack = named->stack_of[invented_stack(&it, "main in<out leaf")];
	stack = named->stacks.items[stack].parent;
	assert_true(named->frames.items[named->stacks.items[stack].place].inlined);
	stack = named->stacks.items[stack].parent;
	assert_false(named->frames.items[named->stacks.items[stack].place].inlined);
	ev_named_close(named);
	named = invented_name_all(&it, 0, false);
	assert_string_equal(folded(&it, named, "main in<out leaf"), "main;in<out;leaf");
	ev_named_close(named);
	invented_done(&it);
}

static void every_unique_place_is_looked_up_once_per_role(void **state)
{
	(void)state;
	struct invented it = invented_open();
	for (int i = 0; i < 100; i++) {
		invented_add(&it, "main a b", 1, 1);
		invented_add(&it, "main b", 1, 1);
		invented_add(&it, "main b a", 1, 1);
	}
	ev_named_close(invented_name_all(&it, 0, false));
	assert_int_equal(it.lookups, 5); /* main as caller; a and b as both */
	assert_int_equal(it.exact_lookups, 2);
	invented_done(&it);
}

/* The address where the kernel was entered is no return address. */
static void the_frame_below_a_system_call_is_exact(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main lib:read@0 k:entry k:sys_read", 1, 10);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_string_equal(folded(&it, named, "main lib:read@0 k:entry k:sys_read"),
			    "main;read;entry;sys_read");
	assert_int_equal(it.exact_lookups, 2);
	ev_named_close(named);
	invented_done(&it);
}

static void an_unresolved_place_is_called_by_its_address(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main ?1", 3, 30);
	invented_add(&it, "?1 main", 4, 40);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_string_equal(folded(&it, named, "main ?1"), "main;0x0000000000002001");
	assert_int_equal(it.profile->quality.unresolved, 3);
	struct ev_unresolved worst[5];
	assert_int_equal(ev_named_unresolved(named, worst, 5), 1);
	assert_int_equal(worst[0].object, 1);
	assert_int_equal(worst[0].samples, 3);
	ev_named_close(named);
	/* Naming again counts again, not on top. */
	ev_named_close(invented_name_all(&it, 0, false));
	assert_int_equal(it.profile->quality.unresolved, 3);
	invented_done(&it);
}

static void a_made_up_name_folds_addresses_and_stays_unresolved(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main !f@5", 3, 30);
	invented_add(&it, "main !f@6", 4, 40);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_int_equal(named->cells.count, 1);
	assert_string_equal(folded(&it, named, "main !f@6"), "main;!f");
	assert_int_equal(it.profile->quality.unresolved, 7);
	ev_named_close(named);
	invented_done(&it);
}

static void the_upper_half_of_unknown_addresses_is_the_kernels(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_place places[] = { { 0, 0xffffffff81000000 }, { 0, 0x400000 } };
	uint32_t tag = invented_tag_in(it.profile, 0, "x", 1);
	for (int i = 0; i < 2; i++)
		ev_profile_add(it.profile, tag,
			       ev_profile_stack(it.profile, 0,
						ev_profile_place(it.profile, places[i])),
			       1, 1);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_true(named->frames.items[named->stacks.items[named->stack_of[1]].place].kernel);
	assert_false(named->frames.items[named->stacks.items[named->stack_of[2]].place].kernel);
	ev_named_close(named);
	invented_done(&it);
}

static void a_sample_without_frames_is_kept(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "", 2, 20);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_int_equal(named->cells.count, 1);
	assert_int_equal(named->cells.items[0].stack, 0);
	assert_int_equal(it.profile->quality.unresolved, 2);
	assert_string_equal(ev_strings_text(it.profile->strings, named->frames.items[0].function),
			    "[unknown]");
	ev_named_close(named);
	invented_done(&it);
}

static void an_empty_profile_has_names_too(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_int_equal(named->cells.count, 0);
	assert_int_equal(named->stacks.count, 1);
	assert_int_equal(ev_named_unresolved(named, NULL, 0), 0);
	ev_named_close(named);
	invented_done(&it);
}

/* Depth-first numbers: what is inside a stack stands right behind it; weights survive. */
static void stacks_stand_in_depth_first_order(void **state)
{
	(void)state;
	struct invented it = invented_open();
	uint64_t sum = 0, kept = 0;
	for (unsigned i = 0; i < 2000; i++) {
		char words[200] = "main";
		uint64_t dice = ev_hash64(i);
		for (unsigned depth = 0; depth < dice % 12; depth++)
			snprintf(words + strlen(words), 8, " f%u",
				 (unsigned)(ev_hash64(i * 31 + depth) % 5));
		invented_add(&it, words, 1, dice % 100);
		sum += dice % 100;
	}
	struct ev_named *named = invented_name_all(&it, 0, false);
	for (size_t i = 2; i < named->stacks.count; i++) {
		/* The parent of the next is this stack or one that encloses it. */
		uint32_t at = (uint32_t)i - 1, parent = named->stacks.items[i].parent;
		while (at > parent)
			at = named->stacks.items[at].parent;
		assert_int_equal(at, parent);
	}
	for (size_t i = 0; i < named->cells.count; i++) {
		kept += named->cells.items[i].period;
		assert_true(!i || named->cells.items[i].stack > named->cells.items[i - 1].stack);
	}
	assert_int_equal(kept, sum);
	ev_named_close(named);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_one_function_become_one_frame),
		cmocka_unit_test(lines_of_one_function_stay_apart_when_asked),
		cmocka_unit_test(inlined_functions_are_frames_of_their_own),
		cmocka_unit_test(every_unique_place_is_looked_up_once_per_role),
		cmocka_unit_test(the_frame_below_a_system_call_is_exact),
		cmocka_unit_test(an_unresolved_place_is_called_by_its_address),
		cmocka_unit_test(a_made_up_name_folds_addresses_and_stays_unresolved),
		cmocka_unit_test(the_upper_half_of_unknown_addresses_is_the_kernels),
		cmocka_unit_test(a_sample_without_frames_is_kept),
		cmocka_unit_test(an_empty_profile_has_names_too),
		cmocka_unit_test(stacks_stand_in_depth_first_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
