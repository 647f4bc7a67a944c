/* A call chain that comes to no root ends in a frame that says where; others stay as they are. */
#include "invented.h"

static struct ev_named *name_chains(struct invented *it, uint64_t with_stack)
{
	it->profile->tell_ends = true;
	it->profile->quality.with_stack = with_stack;
	return invented_name_all(it, 0, false);
}

static const char *folded(struct invented *it, const struct ev_named *named, const char *words)
{
	return invented_text(&it->arena, named, named->stack_of[invented_stack(it, words)]);
}

static void a_chain_without_a_root_is_told_with_the_object_it_ends_in(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "lib:read leaf", 1, 10);
	invented_add(&it, "main work", 1, 10);
	invented_add(&it, "work leaf", 1, 10);
	struct ev_named *named = name_chains(&it, 3);
	assert_string_equal(folded(&it, named, "lib:read leaf"),
			    "[call chain ends in lib.so];read;leaf");
	assert_string_equal(folded(&it, named, "work leaf"), "[call chain ends in prog];work;leaf");
	assert_string_equal(folded(&it, named, "main work"), "main;work");
	assert_int_equal(ev_named_truncated(named), 2);
	ev_named_close(named);
	invented_done(&it);
}

/* Functions of the library keep none. */
static enum ev_frame_pointers only_the_library_omits(void *context, struct ev_place place,
						     bool behind_call)
{
	const struct ev_object *object = invented_object(context, place.object);
	(void)behind_call;
	return !strcmp(object->name, "lib.so") ? EV_FRAME_POINTERS_OMITTED
					       : EV_FRAME_POINTERS_UNKNOWN;
}

static void code_without_a_frame_pointer_is_told_as_the_cause(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "lib:read leaf", 1, 10);
	invented_add(&it, "work leaf", 1, 10);
	it.profile->tell_ends = true;
	it.profile->quality.with_stack = 2;
	struct ev_namer namer = { .symbolize = invented_symbolize,
				  .frame_pointers = only_the_library_omits,
				  .object = invented_object,
				  .object_count = 4,
				  .context = &it };
	struct ev_named *named = ev_named_open_with(it.profile, &namer, 0, false);
	assert_string_equal(folded(&it, named, "lib:read leaf"),
			    "[no frame pointer: lib.so];read;leaf");
	assert_string_equal(folded(&it, named, "work leaf"), "[call chain ends in prog];work;leaf");
	ev_named_close(named);
	invented_done(&it);
}

static void a_chain_that_leaves_all_objects_goes_astray(void **state)
{
	(void)state;
	struct invented it = invented_open();
	uint32_t astray = ev_profile_stack(it.profile, 0,
					   ev_profile_place(it.profile,
							    (struct ev_place){ .offset = 0x123 }));
	uint32_t stack =
		ev_profile_stack(it.profile, astray,
				 ev_profile_place(it.profile, invented_place(&it, "work")));
	ev_profile_add(it.profile, invented_tag_in(it.profile, 0, "x", 1), stack, 1, 1);
	struct ev_named *named = name_chains(&it, 1);
	assert_string_equal(invented_text(&it.arena, named, named->stack_of[stack]),
			    "[call chain goes astray];0x0000000000000123;work");
	ev_named_close(named);
	invented_done(&it);
}

static void a_root_without_a_name_and_the_kernels_are_left_alone(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "?1 work", 1, 10);
	invented_add(&it, "k:entry k:sys_read", 1, 10);
	struct ev_named *named = name_chains(&it, 2);
	assert_string_equal(folded(&it, named, "?1 work"), "0x0000000000001001;work");
	assert_string_equal(folded(&it, named, "k:entry k:sys_read"), "entry;sys_read");
	ev_named_close(named);
	invented_done(&it);
}

static void a_sample_without_a_chain_beside_others_with_one_gets_no_end(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "work", 1, 10);
	invented_add(&it, "main work", 1, 10);
	struct ev_named *named = name_chains(&it, 1);
	assert_string_equal(folded(&it, named, "work"), "work");
	ev_named_close(named);
	named = name_chains(&it, 2); /* every sample has one: this one has a single address */
	assert_string_equal(folded(&it, named, "work"), "[call chain ends in prog];work");
	ev_named_close(named);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_without_a_root_is_told_with_the_object_it_ends_in),
		cmocka_unit_test(code_without_a_frame_pointer_is_told_as_the_cause),
		cmocka_unit_test(a_chain_that_leaves_all_objects_goes_astray),
		cmocka_unit_test(a_root_without_a_name_and_the_kernels_are_left_alone),
		cmocka_unit_test(a_sample_without_a_chain_beside_others_with_one_gets_no_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
