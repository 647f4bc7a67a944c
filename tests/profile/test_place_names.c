/* Places are named object by object, by several threads, with the same result as by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "named.h"

enum { OBJECTS = 40, PLACES = 30 };

/* A namer that keeps account of what it is asked, as a symbolizer would have to. */
struct account {
	size_t wanted;
	atomic_int asked[OBJECTS], forgotten[OBJECTS];
	atomic_int late; /* asked for after it was forgotten, or before anything was wanted */
};

static size_t name_it(void *context, struct ev_place place, unsigned flags, struct ev_symbol *out,
		      size_t limit)
{
	static const char *const names[] = { "read", "write", "open", "close", NULL };
	struct account *account = context;
	(void)flags;
	if (!account->wanted || atomic_load(&account->forgotten[place.object]))
		atomic_fetch_add(&account->late, 1);
	atomic_fetch_add(&account->asked[place.object], 1);
	out[0] = (struct ev_symbol){ .function = names[place.offset % 5] };
	if (place.offset % 3 || limit < 2)
		return 1;
	out[0].inlined = true;
	out[1] = (struct ev_symbol){ .function = names[(place.offset + 1) % 4] };
	return 2;
}

static void want_them(void *context, const struct ev_place *places, size_t count)
{
	(void)places;
	((struct account *)context)->wanted = count;
}

static void forget_it(void *context, uint32_t object)
{
	atomic_fetch_add(&((struct account *)context)->forgotten[object], 1);
}

static const struct ev_object *object_of(void *context, uint32_t object)
{
	static const struct ev_object file = { .kind = EV_OBJECT_FILE,
					       .path = "/bin/x",
					       .name = "x" };
	(void)context;
	(void)object;
	return &file;
}

/* Stacks of three places out of all objects, in an order that is none of objects. */
static struct ev_profile *make_profile(void)
{
	struct ev_profile *profile = ev_profile_open();
	uint32_t tag = ev_profile_tag(profile, &(struct ev_tag){ .event = 0 });
	for (uint32_t i = 0; i < OBJECTS * PLACES; i++) {
		uint32_t stack = 0;
		for (uint32_t depth = 0; depth < 3; depth++) {
			uint32_t number = (i * 7919 + depth * 104729) % (OBJECTS * PLACES);
			struct ev_place place = { number % OBJECTS, 1 + number / OBJECTS };
			stack = ev_profile_stack(profile, stack, ev_profile_place(profile, place));
		}
		ev_profile_add(profile, tag, stack, 1, i);
	}
	return profile;
}

/* Everything that was found, as text, by the numbers it has. */
static void tell(const struct ev_named *named, struct ev_buffer *out)
{
	const struct ev_strings *strings = named->profile->strings;
	for (size_t i = 0; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		ev_buffer_printf(out, "%s %u %d%d\n", ev_strings_text(strings, frame->function),
				 frame->object, frame->resolved, frame->inlined);
	}
	for (size_t i = 0; i < named->cells.count; i++)
		ev_buffer_printf(out, "%u %lu\n", named->cells.items[i].stack,
				 (unsigned long)named->cells.items[i].period);
	for (size_t i = 0; i < named->stacks.count; i++)
		ev_buffer_printf(out, "%u %u\n", named->stacks.items[i].parent,
				 named->stacks.items[i].place);
}

static void name_all(struct account *account, size_t threads, struct ev_buffer *out)
{
	struct ev_profile *profile = make_profile();
	struct ev_namer namer = { .symbolize = name_it,
				  .want = want_them,
				  .forget = forget_it,
				  .object = object_of,
				  .object_count = OBJECTS,
				  .context = account,
				  .threads = threads };
	struct ev_named *named = ev_named_open_with(profile, &namer, EV_SYMBOL_INLINES, false);
	tell(named, out);
	ev_named_close(named);
	ev_profile_close(profile);
}

static void many_threads_find_what_one_finds(void **state)
{
	(void)state;
	struct account one = { 0 };
	struct ev_buffer alone = { 0 };
	name_all(&one, 1, &alone);
	assert_true(alone.size_bytes > 1000);
	for (size_t threads = 2; threads < 40; threads += 7) {
		struct account many = { 0 };
		struct ev_buffer together = { 0 };
		name_all(&many, threads, &together);
		assert_int_equal(together.size_bytes, alone.size_bytes);
		assert_memory_equal(together.bytes, alone.bytes, alone.size_bytes);
		ev_buffer_done(&together);
	}
	ev_buffer_done(&alone);
}

static void an_object_is_let_go_once_when_all_of_it_was_asked(void **state)
{
	(void)state;
	struct account account = { 0 };
	struct ev_buffer out = { 0 };
	name_all(&account, 4, &out);
	assert_true(account.wanted >= OBJECTS * PLACES);
	assert_int_equal(account.late, 0);
	for (size_t i = 0; i < OBJECTS; i++) {
		assert_true(account.asked[i] >= PLACES);
		assert_int_equal(account.forgotten[i], 1);
	}
	ev_buffer_done(&out);
}

static void a_profile_without_places_has_no_names(void **state)
{
	(void)state;
	struct ev_profile *profile = ev_profile_open();
	struct ev_namer namer = {
		.symbolize = name_it, .object = object_of, .object_count = OBJECTS, .threads = 8
	};
	struct ev_named *named = ev_named_open_with(profile, &namer, 0, false);
	assert_int_equal(named->cells.count, 0);
	assert_int_equal(named->frames.count, 1);
	ev_named_close(named);
	ev_profile_close(profile);
}

/* "restore" begins at 8, "call" is at 20 to 29; nothing is known of the rest. */
static size_t name_end_of_signal(void *context, struct ev_place place, unsigned flags,
				 struct ev_symbol *out, size_t limit)
{
	uint64_t at = flags & EV_SYMBOL_EXACT ? place.offset : place.offset - 1;
	(void)context;
	(void)limit;
	out[0] = (struct ev_symbol){ 0 };
	if (at >= 8 && at < 12)
		out[0] = (struct ev_symbol){ .function = "restore", .start = 8 };
	if (at >= 20 && at < 30)
		out[0] = (struct ev_symbol){ .function = "call", .start = 20 };
	return 1;
}

static void a_handler_returns_to_the_very_beginning_of_a_function(void **state)
{
	static const struct {
		uint64_t caller;
		const char *name;
	} cases[] = { { 8, "restore" },
		      { 25, "call" },
		      { 30, "call" },
		      { 20, "call" },
		      { 15, "0x000000000000000f" } };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_profile *profile = ev_profile_open();
		struct ev_namer namer = { .symbolize = name_end_of_signal,
					  .object = object_of,
					  .object_count = 2,
					  .threads = 1 };
		uint32_t caller =
			ev_profile_place(profile, (struct ev_place){ 1, cases[i].caller });
		uint32_t leaf = ev_profile_place(profile, (struct ev_place){ 1, 22 });
		uint32_t stack = ev_profile_stack(profile, 0, caller);
		uint32_t tag = ev_profile_tag(profile, &(struct ev_tag){ .event = 0 });
		ev_profile_add(profile, tag, ev_profile_stack(profile, stack, leaf), 1, 1);
		struct ev_named *named = ev_named_open_with(profile, &namer, 0, false);
		bool found = false;
		for (size_t k = 0; k < named->frames.count; k++)
			found |= !strcmp(ev_strings_text(profile->strings,
							 named->frames.items[k].function),
					 cases[i].name);
		assert_true(found);
		ev_named_close(named);
		ev_profile_close(profile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_threads_find_what_one_finds),
		cmocka_unit_test(an_object_is_let_go_once_when_all_of_it_was_asked),
		cmocka_unit_test(a_profile_without_places_has_no_names),
		cmocka_unit_test(a_handler_returns_to_the_very_beginning_of_a_function),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
