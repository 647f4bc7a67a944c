/* Profiles made by hand: stacks are written as words, root first, and every word is a function.
 *   main work       functions of the object "prog"
 *   lib:read        of "lib.so"
 *   k:sys_read      of the kernel
 *   py:fib          of Python
 *   in<out          `in`, inlined into `out`: one place, two frames
 *   ?7              a place of "prog" without a name
 *   !7              one whose function has a made-up name
 *   main@12         line 12 of main */
#ifndef INVENTED_H
#define INVENTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/profile.h>
#include "named.h"

#define WORD_BYTES 0x1000 /* of offsets for each word */

struct invented {
	struct ev_profile *profile;
	EV_ARRAY(char *) words;
	unsigned lookups, exact_lookups;
	struct ev_arena arena;
};

static inline struct invented invented_open(void)
{
	return (struct invented){ .profile = ev_profile_open() };
}

static inline void invented_done(struct invented *it)
{
	ev_profile_close(it->profile);
	for (size_t i = 0; i < it->words.count; i++)
		free(it->words.items[i]);
	ev_array_done(&it->words);
	ev_arena_done(&it->arena);
}

static inline struct ev_place invented_place(struct invented *it, const char *word)
{
	struct ev_place place = { .object = 1 };
	const char *line = strchr(word, '@');
	size_t length = line ? (size_t)(line - word) : strlen(word), i;
	if (!strncmp(word, "k:", 2))
		place.object = 2;
	else if (!strncmp(word, "lib:", 4))
		place.object = 3;
	for (i = 0; i < it->words.count; i++)
		if (strlen(it->words.items[i]) == length &&
		    !memcmp(it->words.items[i], word, length))
			break;
	if (i == it->words.count)
		*ev_array_add(&it->words) = ev_printf("%.*s", (int)length, word);
	place.offset = (i + 1) * WORD_BYTES + (line ? (uint64_t)atoi(line + 1) : 1);
	return place;
}

static inline uint32_t invented_stack_in(struct invented *it, struct ev_profile *profile,
					 const char *words)
{
	char *copy = ev_strdup(words), *rest = copy;
	uint32_t stack = 0;
	for (char *word; (word = strsep(&rest, " "));)
		if (*word)
			stack = ev_profile_stack(profile, stack,
						 ev_profile_place(profile,
								  invented_place(it, word)));
	free(copy);
	return stack;
}

static inline uint32_t invented_stack(struct invented *it, const char *words)
{
	return invented_stack_in(it, it->profile, words);
}

/* One tag for every (event, comm, pid). */
static inline uint32_t invented_tag_in(struct ev_profile *profile, uint32_t event, const char *comm,
				       uint32_t pid)
{
	struct ev_tag tag = { .event = event, .pid = pid, .tid = pid };
	tag.comm = ev_strings_add_text(profile->strings, comm);
	return ev_profile_tag(profile, &tag);
}

static inline void invented_add(struct invented *it, const char *words, uint64_t samples,
				uint64_t period)
{
	ev_profile_add(it->profile, invented_tag_in(it->profile, 0, "prog", 7),
		       invented_stack(it, words), samples, period);
	it->profile->quality.samples += samples;
}

static inline const char *invented_name(const char *word)
{
	const char *colon = strchr(word, ':');
	return colon && colon[1] != ':' && strchr("klp", *word) ? colon + 1 : word;
}

static inline size_t invented_symbolize(void *context, struct ev_place place, unsigned flags,
					struct ev_symbol *out, size_t limit)
{
	struct invented *it = context;
	uint64_t offset = flags & EV_SYMBOL_EXACT ? place.offset : place.offset - 1;
	size_t word = offset / WORD_BYTES - 1;
	it->lookups++;
	it->exact_lookups += (flags & EV_SYMBOL_EXACT) != 0;
	memset(out, 0, 2 * sizeof(*out));
	assert_true(limit >= 2);
	if (!place.object || word >= it->words.count || *it->words.items[word] == '?')
		return 1;
	const char *name = invented_name(it->words.items[word]), *outer = strchr(name, '<');
	out[0].made_up = *name == '!';
	out[0].start = (word + 1) * WORD_BYTES;
	out[0].python = !strncmp(it->words.items[word], "py:", 3);
	bool two = outer && (flags & EV_SYMBOL_INLINES);
	out[0].function =
		ev_arena_text(&it->arena, name, two ? (size_t)(outer - name) : strlen(name));
	if (flags & EV_SYMBOL_LINES) {
		out[0].file = "/src/prog.c";
		out[0].line = (uint32_t)(offset % WORD_BYTES);
	}
	if (!two)
		return 1;
	out[1] = out[0];
	out[0].inlined = true;
	out[1].function = outer + 1;
	return 2;
}

static inline const struct ev_object *invented_object(void *context, uint32_t object)
{
	static const struct ev_object objects[] = {
		{ .kind = EV_OBJECT_UNKNOWN, .path = "[unknown]", .name = "[unknown]" },
		{ .kind = EV_OBJECT_FILE, .path = "/bin/prog", .name = "prog" },
		{ .kind = EV_OBJECT_KERNEL,
		  .path = "[kernel.kallsyms]",
		  .name = "[kernel.kallsyms]" },
		{ .kind = EV_OBJECT_FILE, .path = "/lib/lib.so", .name = "lib.so" },
	};
	(void)context;
	return &objects[object];
}

static inline struct ev_named *invented_name_all(struct invented *it, unsigned flags, bool by_line)
{
	struct ev_namer namer = { .symbolize = invented_symbolize,
				  .object = invented_object,
				  .object_count = 4,
				  .context = it };
	return ev_named_open_with(it->profile, &namer, flags, by_line);
}

/* A named stack in the same words, with ; between them. */
static inline const char *invented_text(struct ev_arena *arena, const struct ev_named *named,
					uint32_t stack)
{
	const char *text = "";
	for (; stack; stack = named->stacks.items[stack].parent) {
		const struct ev_frame *frame =
			&named->frames.items[named->stacks.items[stack].place];
		text = ev_arena_printf(arena, "%s%s%s",
				       ev_strings_text(named->profile->strings, frame->function),
				       *text ? ";" : "", text);
	}
	return text;
}

#endif
