/* Reports made by hand: stacks are written as functions with ; between them, root first.
 *   main;work     functions of the object "prog"
 *   lib:read      of "lib.so"
 *   k:sys_read    of the kernel
 *   ~in           inlined into the function before it
 *   ?0x12         a place of "prog" without a symbol */
#ifndef INVENTED_REPORT_H
#define INVENTED_REPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/view.h>

struct invented_entry {
	char *words;
	uint32_t tag;
	uint64_t samples, period;
};
struct invented {
	struct ev_profile *profile;
	struct ev_named named;
	struct ev_table table;
	struct ev_recording recording;
	struct ev_report report;
	struct ev_report_options options;
	EV_ARRAY(struct invented_entry) entries;
	char *text;
	size_t text_bytes;
};

static inline void invented_open(struct invented *it)
{
	*it = (struct invented){ .profile = ev_profile_open() };
	it->options.chain_limit = 0.5;
	ev_recording_add_event(&it->recording)->name = "cpu-clock:u";
}

static inline void invented_add_to(struct invented *it, uint32_t event, const char *comm,
				   uint32_t pid, const char *words, uint64_t samples,
				   uint64_t period)
{
	struct ev_tag tag = { .event = event, .pid = pid, .tid = pid };
	tag.comm = comm ? ev_strings_add_text(it->profile->strings, comm) : 0;
	*ev_array_add(&it->entries) =
		(struct invented_entry){ ev_strdup(words), ev_profile_tag(it->profile, &tag),
					 samples, period };
	it->profile->quality.samples += samples;
}

static inline void invented_add(struct invented *it, const char *words, uint64_t samples,
				uint64_t period)
{
	invented_add_to(it, 0, "prog", 7, words, samples, period);
}

static inline uint32_t invented_frame(struct invented *it, const char *word)
{
	struct ev_frame frame = { .object = 1, .resolved = *word != '?' };
	if (!strncmp(word, "k:", 2)) {
		frame.object = 2;
		frame.kernel = true;
		word += 2;
	} else if (!strncmp(word, "lib:", 4)) {
		frame.object = 3;
		word += 4;
	}
	frame.inlined = *word == '~';
	word += *word == '~' || *word == '?';
	frame.function = ev_strings_add_text(it->profile->strings, word);
	for (uint32_t i = 1; i < it->named.frames.count; i++) {
		const struct ev_frame *other = &it->named.frames.items[i];
		if (other->function == frame.function && other->object == frame.object &&
		    other->inlined == frame.inlined && other->resolved == frame.resolved)
			return i;
	}
	*ev_array_add(&it->named.frames) = frame;
	return (uint32_t)it->named.frames.count - 1;
}

static inline uint32_t invented_stack(struct invented *it, const char *words)
{
	char *copy = ev_strdup(words), *rest = copy;
	uint32_t stack = 0;
	for (char *word; (word = strsep(&rest, ";"));) {
		if (!*word)
			continue;
		uint32_t frame = invented_frame(it, word), i;
		for (i = 1; i < it->named.stacks.count; i++)
			if (it->named.stacks.items[i].parent == stack &&
			    it->named.stacks.items[i].place == frame)
				break;
		if (i == it->named.stacks.count)
			*ev_array_add(&it->named.stacks) = (struct ev_stack){ stack, frame };
		stack = i;
	}
	free(copy);
	return stack;
}

/* In the order of the words stacks are in the order of a depth-first walk: ; is made to sort before
 * what names are made of. */
static inline int invented_order(const void *one, const void *other)
{
	const struct invented_entry *a = one, *b = other;
	const unsigned char *x = (const unsigned char *)a->words;
	const unsigned char *y = (const unsigned char *)b->words;
	for (; *x && *x == *y; x++)
		y++;
	int left = *x == ';' ? 1 : *x ? *x + 1 : 0, right = *y == ';' ? 1 : *y ? *y + 1 : 0;
	if (left != right)
		return left - right;
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static inline void invented_finish(struct invented *it, const char *keys, bool children,
				   const struct ev_filter *filter)
{
	static const char *const objects[] = { "[unknown]", "prog", "[kernel.kallsyms]", "lib.so" };
	struct ev_strings *strings = it->profile->strings;
	struct ev_named *named = &it->named;
	enum ev_key parsed[EV_KEY_COUNT];
	size_t count;
	named->profile = it->profile;
	named->object_count = EV_LENGTH(objects);
	named->object_names = ev_alloc(sizeof(uint32_t) * EV_LENGTH(objects));
	for (size_t i = 0; i < EV_LENGTH(objects); i++)
		named->object_names[i] = ev_strings_add_text(strings, objects[i]);
	ev_array_add(&named->frames)->function = ev_strings_add_text(strings, "[unknown]");
	ev_array_add(&named->stacks);
	if (it->entries.count)
		qsort(it->entries.items, it->entries.count, sizeof(*it->entries.items),
		      invented_order);
	for (size_t i = 0; i < it->entries.count; i++) {
		const struct invented_entry *entry = &it->entries.items[i];
		*ev_array_add(&named->cells) =
			(struct ev_cell){ entry->tag, invented_stack(it, entry->words),
					  entry->samples, entry->period };
	}
	assert_int_equal(ev_keys_parse(keys, parsed, &count, NULL), 0);
	assert_int_equal(ev_table_build(&it->table, named, parsed, count, children, filter, NULL),
			 0);
	it->options.children = children;
	it->report.recording = &it->recording;
	it->report.named = named;
	it->report.table = &it->table;
	if (!it->report.path)
		it->report.path = "perf.data";
}

/* The report in a format, as text. */
static inline const char *invented_print(struct invented *it, const char *format)
{
	struct ev_err err = { 0 };
	free(it->text);
	FILE *out = open_memstream(&it->text, &it->text_bytes);
	assert_int_equal(ev_report_format_find(format)->print(out, &it->report, &it->options, &err),
			 0);
	fclose(out);
	return it->text;
}

static inline void invented_done(struct invented *it)
{
	ev_table_done(&it->table);
	ev_array_done(&it->named.frames);
	ev_array_done(&it->named.stacks);
	ev_array_done(&it->named.cells);
	free(it->named.object_names);
	for (size_t i = 0; i < it->entries.count; i++)
		free(it->entries.items[i].words);
	ev_array_done(&it->entries);
	ev_profile_close(it->profile);
	ev_recording_done(&it->recording);
	free(it->text);
}

#endif
