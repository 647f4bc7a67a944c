/* What a recording says about itself: events, sections, and the notes that evprof leaves in one. */
#include <stdlib.h>
#include <string.h>
#include "layout.h"

struct ev_recorded_event *ev_recording_add_event(struct ev_recording *recording)
{
	struct ev_recorded_event *event =
		ev_array_grow((void **)&recording->events, &recording->event_count,
			      &recording->event_room, sizeof(*recording->events));

	event->name = "";
	event->leader = (int)recording->event_count - 1;
	return event;
}

const struct ev_section *ev_recording_section(const struct ev_recording *recording, unsigned number)
{
	for (size_t i = 0; i < recording->section_count; i++)
		if (recording->sections[i].number == number)
			return &recording->sections[i];
	return NULL;
}

void ev_recording_put_section(struct ev_recording *recording, unsigned number, const void *bytes,
			      size_t size_bytes)
{
	struct ev_section *section = NULL;

	for (size_t i = 0; i < recording->section_count; i++)
		if (recording->sections[i].number == number)
			section = &recording->sections[i];
	if (!section)
		section = ev_array_grow((void **)&recording->sections, &recording->section_count,
					&recording->section_room, sizeof(*section));
	section->number = number;
	section->bytes = bytes;
	section->size_bytes = size_bytes;
}

void ev_recording_set_section(struct ev_recording *recording, unsigned number, const void *bytes,
			      size_t size_bytes)
{
	ev_recording_put_section(recording, number,
				 ev_arena_copy(&recording->arena, bytes, size_bytes), size_bytes);
}

/* A note's value is a NUL-terminated copy in the arena that remembers where its line ends, so that
 * the next call can go on from there: the copy stands behind a pointer into the section. */
struct note {
	const char *next;
	char value[];
};

const char *ev_recording_note(const struct ev_recording *recording, const char *key,
			      const char *after)
{
	const struct ev_section *section = ev_recording_section(recording, EV_FEATURE_EVPROF_NOTES);
	size_t key_length = strlen(key);
	const char *at, *end;

	if (!section)
		return NULL;
	at = section->bytes;
	end = at + section->size_bytes;
	if (after) {
		struct note *note =
			(struct note *)(void *)(uintptr_t)(after - offsetof(struct note, value));
		/* A section set anew in between begins again from its own start. */
		if (note->next >= at && note->next <= end)
			at = note->next;
	}
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (!line_end)
			line_end = end;
		if ((size_t)(line_end - at) > key_length && at[key_length] == ' ' &&
		    memcmp(at, key, key_length) == 0) {
			size_t length = (size_t)(line_end - at) - key_length - 1;
			/* Taking from the arena changes nothing that the caller can see. */
			struct ev_arena *arena =
				&((struct ev_recording *)(uintptr_t)recording)->arena;
			struct note *note = ev_arena_take(arena, sizeof(*note) + length + 1);

			note->next = line_end < end ? line_end + 1 : end;
			memcpy(note->value, at + key_length + 1, length);
			return note->value;
		}
		at = line_end + 1;
	}
	return NULL;
}

void ev_recording_add_note(struct ev_recording *recording, const char *key, const char *fmt, ...)
{
	const struct ev_section *old = ev_recording_section(recording, EV_FEATURE_EVPROF_NOTES);
	struct ev_buffer text = { 0 };
	char *value = NULL;
	va_list args;
	int length;

	va_start(args, fmt);
	length = vasprintf(&value, fmt, args);
	va_end(args);
	if (length < 0)
		return;
	/* A note is one line. */
	for (int i = 0; i < length; i++)
		if (value[i] == '\n' || value[i] == '\0')
			value[i] = ' ';
	if (old)
		ev_buffer_add(&text, old->bytes, old->size_bytes);
	ev_buffer_printf(&text, "%s %s\n", key, value);
	ev_recording_set_section(recording, EV_FEATURE_EVPROF_NOTES, text.bytes, text.size_bytes);
	ev_buffer_done(&text);
	free(value);
}

void ev_recording_done(struct ev_recording *recording)
{
	free(recording->events);
	free(recording->build_ids);
	free(recording->sections);
	ev_buffer_done(&recording->grown);
	ev_arena_done(&recording->arena);
	memset(recording, 0, sizeof(*recording));
}

bool ev_event_is_page_fault(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE && (attr->config == PERF_COUNT_SW_PAGE_FAULTS ||
						    attr->config == PERF_COUNT_SW_PAGE_FAULTS_MIN);
}
