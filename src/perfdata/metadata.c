/* Records that describe the recording itself (in pipes, and at the head of unfinished files) -> the
 * same fields that the sections of a finished file fill. */
#include <string.h>
#include "layout.h"

static struct ev_recorded_event *event_with_id(struct ev_recording *recording, uint64_t id)
{
	for (size_t i = 0; i < recording->event_count; i++)
		for (size_t k = 0; k < recording->events[i].id_count; k++)
			if (recording->events[i].ids[k] == id)
				return &recording->events[i];
	return recording->event_count && (id == 0 || recording->event_count == 1)
		       ? &recording->events[0]
		       : NULL;
}

/* attr, u64 ids[] */
static void apply_attr(struct ev_recording *recording, struct ev_cursor cursor)
{
	struct perf_event_attr attr;
	struct ev_cursor rest = cursor;
	size_t attr_bytes = ev_attr_decode(&cursor, ev_cursor_left(&cursor), &attr);
	struct ev_recorded_event *event;

	if (!attr_bytes)
		return;
	ev_cursor_skip(&rest, attr_bytes);
	event = ev_recording_add_event(recording);
	event->attr = attr;
	event->id_count = ev_cursor_left(&rest) / sizeof(uint64_t);
	event->ids = ev_arena_take(&recording->arena, event->id_count * sizeof(uint64_t));
	for (size_t i = 0; i < event->id_count; i++)
		event->ids[i] = ev_cursor_u64(&rest);
}

/* A piece of a section that HEADER_FEATURE has no number for: pieces come in order. */
static void apply_piece(struct ev_recording *recording, struct ev_cursor cursor)
{
	uint32_t number = ev_cursor_u32(&cursor), here_bytes = ev_cursor_u32(&cursor);
	uint64_t all_bytes = ev_cursor_u64(&cursor);
	const void *piece = ev_cursor_bytes(&cursor, here_bytes);
	const struct ev_section *old = ev_recording_section(recording, number);
	struct ev_buffer joined = { 0 };

	if (!piece || number >= EV_FEATURE_COUNT)
		return;
	/* What has grown so far is in the whole. */
	if (old && old->bytes == recording->grown.bytes)
		old = NULL;
	/* A section that was complete begins anew; otherwise this goes on with it. */
	if (old && old->size_bytes < all_bytes)
		ev_buffer_add(&joined, old->bytes, old->size_bytes);
	ev_buffer_add(&joined, piece, here_bytes);
	if (joined.size_bytes <= all_bytes)
		ev_recording_set_section(recording, number, joined.bytes, joined.size_bytes);
	ev_buffer_done(&joined);
}

/* More of the one section that grows, where it is not there as a whole. */
static void apply_growth(struct ev_recording *recording, struct ev_cursor cursor)
{
	uint32_t number = ev_cursor_u32(&cursor), here_bytes = ev_cursor_u32(&cursor);
	const void *more = ev_cursor_bytes(&cursor, here_bytes);
	const struct ev_section *old = ev_recording_section(recording, number);
	struct ev_buffer *grown = &recording->grown;

	if (!more || number >= EV_FEATURE_COUNT || (old && old->bytes != grown->bytes) ||
	    (grown->size_bytes && number != recording->grown_number))
		return;
	recording->grown_number = number;
	ev_buffer_add(grown, more, here_bytes);
	ev_recording_put_section(recording, number, grown->bytes, grown->size_bytes);
}

/* u64 config, char name[64]: how pipes named events before 3.10. */
static void apply_event_type(struct ev_recording *recording, struct ev_cursor cursor)
{
	uint64_t config = ev_cursor_u64(&cursor);
	size_t room = ev_cursor_left(&cursor);
	const char *name = ev_cursor_bytes(&cursor, room);

	if (config == EV_PIECE_MAGIC) {
		cursor.at -= room;
		apply_piece(recording, cursor);
		return;
	}
	if (config == EV_GROWTH_MAGIC) {
		cursor.at -= room;
		apply_growth(recording, cursor);
		return;
	}
	if (!name)
		return;
	for (size_t i = 0; i < recording->event_count; i++) {
		struct ev_recorded_event *event = &recording->events[i];

		if (event->name[0] || event->attr.config != config)
			continue;
		event->name = ev_arena_text(&recording->arena, name, strnlen(name, room));
		return;
	}
}

/* u64 what, u64 id, then for a name its text */
static void apply_update(struct ev_recording *recording, struct ev_cursor cursor)
{
	enum { UPDATE_NAME = 2 };
	uint64_t what = ev_cursor_u64(&cursor), id = ev_cursor_u64(&cursor);
	struct ev_recorded_event *event = event_with_id(recording, id);
	size_t room = ev_cursor_left(&cursor);
	const char *name = ev_cursor_bytes(&cursor, room);

	if (what == UPDATE_NAME && event && name && !cursor.bad)
		event->name = ev_arena_text(&recording->arena, name, strnlen(name, room));
}

/* u64 number, bytes; the last one has a number past all features and no bytes */
static void apply_feature(struct ev_recording *recording, struct ev_cursor cursor)
{
	uint64_t number = ev_cursor_u64(&cursor);
	size_t size_bytes = ev_cursor_left(&cursor);
	const void *bytes = ev_cursor_bytes(&cursor, size_bytes);

	if (!bytes || !size_bytes || number >= EV_FEATURE_COUNT)
		return;
	ev_recording_set_section(recording, (unsigned)number, bytes, size_bytes);
	ev_feature_decode(recording, (unsigned)number, bytes, size_bytes);
}

static void apply_build_id(struct ev_recording *recording, struct ev_cursor cursor)
{
	cursor.at -= sizeof(struct perf_event_header);
	ev_build_id_decode(recording, cursor);
}

static const struct {
	uint32_t type;
	void (*apply)(struct ev_recording *recording, struct ev_cursor cursor);
} appliers[] = {
	{ EV_RECORD_HEADER_ATTR, apply_attr },
	{ EV_RECORD_HEADER_EVENT_TYPE, apply_event_type },
	{ EV_RECORD_HEADER_BUILD_ID, apply_build_id },
	{ EV_RECORD_EVENT_UPDATE, apply_update },
	{ EV_RECORD_HEADER_FEATURE, apply_feature },
};

bool ev_metadata_is(uint32_t type)
{
	for (size_t i = 0; i < EV_LENGTH(appliers); i++)
		if (appliers[i].type == type)
			return true;
	return false;
}

bool ev_metadata_apply(struct ev_recording *recording, const struct ev_raw *raw)
{
	struct ev_cursor cursor = ev_cursor_of(raw->header, raw->size_bytes, recording->swapped);

	ev_cursor_skip(&cursor, sizeof(struct perf_event_header));
	for (size_t i = 0; i < EV_LENGTH(appliers); i++) {
		if (appliers[i].type != raw->type)
			continue;
		appliers[i].apply(recording, cursor);
		return true;
	}
	return false;
}
