/* Feature sections of a perf.data file -> the typed fields of a recording. */
#include <string.h>
#include "layout.h"

/* A text with its padded length in front. NULL when it does not fit. */
static const char *read_text(struct ev_recording *recording, struct ev_cursor *cursor)
{
	uint32_t room = ev_cursor_u32(cursor);
	const char *text = ev_cursor_bytes(cursor, room);

	if (!text)
		return NULL;
	return ev_arena_text(&recording->arena, text, strnlen(text, room));
}

#define TEXT_FIELD(field)                                                                          \
	static void decode_##field(struct ev_recording *recording, struct ev_cursor *cursor)       \
	{                                                                                          \
		recording->field = read_text(recording, cursor);                                   \
	}
TEXT_FIELD(hostname)
TEXT_FIELD(osrelease)
TEXT_FIELD(version)
TEXT_FIELD(arch)
TEXT_FIELD(cpudesc)
TEXT_FIELD(cpuid)

static void decode_nrcpus(struct ev_recording *recording, struct ev_cursor *cursor)
{
	recording->cpus_available = ev_cursor_u32(cursor);
	recording->cpus_online = ev_cursor_u32(cursor);
}

static void decode_total_mem(struct ev_recording *recording, struct ev_cursor *cursor)
{
	recording->total_mem_kb = ev_cursor_u64(cursor);
}

static void decode_cmdline(struct ev_recording *recording, struct ev_cursor *cursor)
{
	uint32_t count = ev_cursor_u32(cursor);

	if (count > ev_cursor_left(cursor) / sizeof(uint32_t))
		return;
	recording->cmdline = ev_arena_take(&recording->arena, (count + 1) * sizeof(char *));
	recording->cmdline_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const char *word = read_text(recording, cursor);

		if (!word)
			return;
		recording->cmdline[recording->cmdline_count++] = word;
	}
}

/* Names by position, as perf does it; ids where the attribute came without. */
static void decode_event_desc(struct ev_recording *recording, struct ev_cursor *cursor)
{
	uint32_t count = ev_cursor_u32(cursor), attr_bytes = ev_cursor_u32(cursor);

	if (attr_bytes < EV_ATTR_BYTES_MIN || attr_bytes > EV_ATTR_BYTES_MAX)
		return;
	for (uint32_t i = 0; i < count && i < recording->event_count; i++) {
		struct ev_recorded_event *event = &recording->events[i];
		const char *name;
		uint32_t id_count;

		ev_cursor_skip(cursor, attr_bytes);
		id_count = ev_cursor_u32(cursor);
		name = read_text(recording, cursor);
		if (!name || id_count > ev_cursor_left(cursor) / sizeof(uint64_t))
			return;
		event->name = name;
		if (event->id_count || !id_count) {
			ev_cursor_skip(cursor, id_count * sizeof(uint64_t));
			continue;
		}
		event->ids = ev_arena_take(&recording->arena, id_count * sizeof(uint64_t));
		event->id_count = id_count;
		for (uint32_t k = 0; k < id_count; k++)
			event->ids[k] = ev_cursor_u64(cursor);
	}
}

static void decode_group_desc(struct ev_recording *recording, struct ev_cursor *cursor)
{
	uint32_t count = ev_cursor_u32(cursor);

	while (count-- && ev_cursor_left(cursor)) {
		uint32_t leader, members;

		ev_cursor_skip(cursor, ev_cursor_u32(cursor)); /* the group's name */
		leader = ev_cursor_u32(cursor);
		members = ev_cursor_u32(cursor);
		if (cursor->bad || leader >= recording->event_count ||
		    members > recording->event_count - leader)
			return;
		for (uint32_t i = 0; i < members; i++)
			recording->events[leader + i].leader = (int)leader;
	}
}

static void decode_sample_time(struct ev_recording *recording, struct ev_cursor *cursor)
{
	recording->first_time_ns = ev_cursor_u64(cursor);
	recording->last_time_ns = ev_cursor_u64(cursor);
}

static void decode_clockid(struct ev_recording *recording, struct ev_cursor *cursor)
{
	recording->clock_resolution_ns = ev_cursor_u64(cursor);
}

static void decode_compressed(struct ev_recording *recording, struct ev_cursor *cursor)
{
	ev_cursor_skip(cursor, 2 * sizeof(uint32_t)); /* version, type: both always 1 */
	recording->compressed = true;
	recording->compression_level = ev_cursor_u32(cursor);
	recording->compression_ratio = ev_cursor_u32(cursor);
}

/* The first perf versions that wrote build-ids forgot the pid in front of them: a well-known name
 * then starts too early. */
static bool lacks_pid(struct ev_cursor cursor)
{
	static const char cut[] = "nel.kallsyms]";

	ev_cursor_skip(&cursor, sizeof(struct perf_event_header) + sizeof(uint32_t) + 24);
	return ev_cursor_left(&cursor) >= sizeof(cut) && memcmp(cursor.at, cut, sizeof(cut)) == 0;
}

/* struct { header; pid; u8 id[20], id_bytes, reserved[3]; char path[]; } */
bool ev_build_id_decode(struct ev_recording *recording, struct ev_cursor cursor)
{
	enum { MISC_HAS_SIZE = 1 << 15 };
	bool no_pid = lacks_pid(cursor);
	struct ev_build_id *found;
	const uint8_t *id;
	const char *path;
	uint32_t pid;
	uint16_t misc;
	size_t path_room;

	ev_cursor_u32(&cursor);
	misc = ev_cursor_u16(&cursor);
	ev_cursor_u16(&cursor);
	pid = no_pid ? (uint32_t)-1 : ev_cursor_u32(&cursor);
	id = ev_cursor_bytes(&cursor, 24);
	path_room = ev_cursor_left(&cursor);
	path = ev_cursor_bytes(&cursor, path_room);
	if (!id || !path)
		return false;
	found = ev_array_grow((void **)&recording->build_ids, &recording->build_id_count,
			      &recording->build_id_room, sizeof(*found));
	found->pid = pid;
	found->misc = misc;
	memcpy(found->id, id, sizeof(found->id));
	found->id_bytes = sizeof(found->id);
	if (misc & MISC_HAS_SIZE) {
		if (id[20] < sizeof(found->id))
			found->id_bytes = id[20];
	} else {
		/* Shorter ids were padded with zeros, which only perf 5.12 began to tell apart. */
		while (found->id_bytes > 8 && memcmp(id + found->id_bytes - 4, "\0\0\0\0", 4) == 0)
			found->id_bytes -= 4;
	}
	found->path = ev_arena_text(&recording->arena, path, strnlen(path, path_room));
	return true;
}

static void decode_build_ids(struct ev_recording *recording, struct ev_cursor *cursor)
{
	while (ev_cursor_left(cursor) > sizeof(struct perf_event_header)) {
		struct ev_cursor peek = *cursor;
		uint16_t size_bytes;

		ev_cursor_skip(&peek, offsetof(struct perf_event_header, size));
		size_bytes = ev_cursor_u16(&peek);
		if (size_bytes < sizeof(struct perf_event_header) ||
		    !ev_build_id_decode(recording, ev_cursor_part(cursor, size_bytes)))
			return;
	}
}

static const struct {
	unsigned number;
	void (*decode)(struct ev_recording *recording, struct ev_cursor *cursor);
} features[] = {
	{ EV_FEATURE_BUILD_ID, decode_build_ids },
	{ EV_FEATURE_HOSTNAME, decode_hostname },
	{ EV_FEATURE_OSRELEASE, decode_osrelease },
	{ EV_FEATURE_VERSION, decode_version },
	{ EV_FEATURE_ARCH, decode_arch },
	{ EV_FEATURE_NRCPUS, decode_nrcpus },
	{ EV_FEATURE_CPUDESC, decode_cpudesc },
	{ EV_FEATURE_CPUID, decode_cpuid },
	{ EV_FEATURE_TOTAL_MEM, decode_total_mem },
	{ EV_FEATURE_CMDLINE, decode_cmdline },
	{ EV_FEATURE_EVENT_DESC, decode_event_desc },
	{ EV_FEATURE_GROUP_DESC, decode_group_desc },
	{ EV_FEATURE_SAMPLE_TIME, decode_sample_time },
	{ EV_FEATURE_CLOCKID, decode_clockid },
	{ EV_FEATURE_COMPRESSED, decode_compressed },
};

void ev_feature_decode(struct ev_recording *recording, unsigned number, const void *bytes,
		       size_t size_bytes)
{
	struct ev_cursor cursor = ev_cursor_of(bytes, size_bytes, recording->swapped);

	for (size_t i = 0; i < EV_LENGTH(features); i++)
		if (features[i].number == number)
			features[i].decode(recording, &cursor);
}
