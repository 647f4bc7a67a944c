/* The keys a table can be sorted by, and the text of a frame's and a tag's value of each. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "table.h"

const struct ev_key_info ev_keys[EV_KEY_COUNT] = {
	[EV_KEY_COMM] = { "comm", "command", "Command", "comm", false },
	[EV_KEY_PID] = { "pid", "process", "    Pid:Command", "pid", false },
	[EV_KEY_TID] = { "tid", "thread", "    Tid:Command", "tid", false },
	[EV_KEY_CPU] = { "cpu", "processor", "CPU", "cpu", false },
	[EV_KEY_OBJECT] = { "dso", "object", "Shared Object", "object", true },
	[EV_KEY_SYMBOL] = { "sym", "symbol", "Symbol", "symbol", true },
	[EV_KEY_SRCLINE] = { "srcline", "line", "Source:Line", "srcline", true },
	[EV_KEY_SRCFILE] = { "srcfile", "file", "Source File", "srcfile", true },
	[EV_KEY_TIME] = { "time", "slice", "Time", "time", false },
	[EV_KEY_HOST] = { "host", "hostname", "Host", "host", false },
	[EV_KEY_RECORDING] = { "recording", "input", "Recording", "recording", false },
};

static enum ev_key key_of(const char *name, size_t length)
{
	for (enum ev_key key = 0; key < EV_KEY_COUNT; key++) {
		const char *names[] = { ev_keys[key].name, ev_keys[key].alias };
		for (size_t i = 0; i < EV_LENGTH(names); i++)
			if (strlen(names[i]) == length && !memcmp(names[i], name, length))
				return key;
	}
	return EV_KEY_COUNT;
}

static int fail_key(struct ev_err *err, const char *name, size_t length)
{
	struct ev_buffer good = { 0 };
	struct ev_arena arena = { 0 };
	for (enum ev_key key = 0; key < EV_KEY_COUNT; key++)
		ev_buffer_printf(&good, "%s%s", key ? ", " : "", ev_keys[key].name);
	int rc = ev_fail(err, EINVAL, "unknown sort key '%s'; there are %.*s",
			 ev_text_safe(&arena, ev_arena_text(&arena, name, length)),
			 (int)good.size_bytes, (const char *)good.bytes);
	ev_buffer_done(&good);
	ev_arena_done(&arena);
	return rc;
}

int ev_keys_parse(const char *text, enum ev_key *keys, size_t *count, struct ev_err *err)
{
	*count = 0;
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, ",");
		enum ev_key key = key_of(at, length);
		if (key == EV_KEY_COUNT)
			return fail_key(err, at, length);
		bool twice = false;
		for (size_t i = 0; i < *count; i++)
			twice |= keys[i] == key;
		if (!twice)
			keys[(*count)++] = key;
		at += length;
		at += *at == ',';
	}
	if (!*count)
		return ev_fail(err, EINVAL, "no sort key was given");
	return 0;
}

/* ---- values --------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static uint32_t intern(const struct ev_named *named, struct ev_arena *scratch, const char *text)
{
	uint32_t id = ev_strings_add_text(named->profile->strings, text);
	ev_arena_reset(scratch);
	return id;
}

/* Where no line is known the row says which function it was. */
static uint32_t line_text(const struct ev_named *named, const struct ev_frame *frame,
			  struct ev_arena *scratch)
{
	const struct ev_strings *strings = named->profile->strings;
	const char *file = ev_strings_text(strings, frame->file);
	const char *object = ev_strings_text(strings, named->object_names[frame->object]);
	if (frame->file)
		return intern(named, scratch,
			      ev_arena_printf(scratch, "%s:%" PRIu32, base_name(file),
					      frame->line));
	return intern(named, scratch,
		      ev_arena_printf(scratch, "%s[%s]", object,
				      ev_strings_text(strings, frame->function)));
}

uint32_t ev_frame_value(const struct ev_named *named, uint32_t index, enum ev_key key,
			struct ev_arena *scratch)
{
	const struct ev_frame *frame = &named->frames.items[index];
	switch (key) {
	case EV_KEY_OBJECT:
		return named->object_names[frame->object];
	case EV_KEY_SYMBOL:
		return frame->function;
	case EV_KEY_SRCLINE:
		return line_text(named, frame, scratch);
	case EV_KEY_SRCFILE:
		return intern(named, scratch,
			      base_name(ev_strings_text(named->profile->strings, frame->file)));
	default:
		return 0;
	}
}

/* A number with the name that goes with it; the name may change while the process lives. */
static uint32_t owner_text(const struct ev_named *named, const struct ev_map *comms,
			   uint32_t number, struct ev_arena *scratch)
{
	const uint32_t *comm = ev_map_find(comms, number, 0);
	const char *name = ev_strings_text(named->profile->strings, comm ? *comm : 0);
	return intern(named, scratch,
		      ev_arena_printf(scratch, *name ? "%" PRIu32 ":%s" : "%" PRIu32, number,
				      name));
}

static struct ev_origin origin_of(const struct ev_named *named, const struct ev_tag *tag)
{
	const struct ev_profile *profile = named->profile;
	return tag->recording < profile->origins.count ? profile->origins.items[tag->recording]
						       : (struct ev_origin){ 0 };
}

uint32_t ev_tag_value(const struct ev_named *named, const struct ev_tag *tag, enum ev_key key,
		      const struct ev_owners *owners, struct ev_arena *scratch)
{
	uint64_t slice_ns = named->profile->slice_ns;
	uint64_t time_ns = tag->slice ? (tag->slice - 1) * slice_ns : 0;
	switch (key) {
	case EV_KEY_COMM:
		return tag->comm;
	case EV_KEY_PID:
		return owner_text(named, &owners->of_pid, tag->pid, scratch);
	case EV_KEY_TID:
		return owner_text(named, &owners->of_tid, tag->tid, scratch);
	case EV_KEY_CPU:
		if (!tag->cpu)
			return 0;
		return intern(named, scratch, ev_arena_printf(scratch, "%03" PRIu32, tag->cpu - 1));
	case EV_KEY_TIME:
		if (!tag->slice)
			return 0;
		return intern(named, scratch,
			      ev_arena_printf(scratch, "%" PRIu64 ".%06" PRIu64,
					      time_ns / 1000000000, time_ns / 1000 % 1000000));
	case EV_KEY_HOST:
		return origin_of(named, tag).host;
	case EV_KEY_RECORDING:
		return origin_of(named, tag).path;
	default:
		return 0;
	}
}

/* A process is called as its first thread was last; without one, as any thread was last. */
void ev_owners_find(struct ev_owners *owners, const struct ev_named *named)
{
	for (size_t i = 1; i < named->profile->tags.count; i++) {
		const struct ev_tag *tag = &named->profile->tags.items[i];
		bool added;
		if (!tag->comm)
			continue;
		uint32_t *comm = ev_map_add(&owners->of_pid, tag->pid, 0, &added);
		if (added || !tag->tid || tag->tid == tag->pid)
			*comm = tag->comm;
		*ev_map_add(&owners->of_tid, tag->tid, 0, NULL) = tag->comm;
	}
}

void ev_owners_done(struct ev_owners *owners)
{
	ev_map_done(&owners->of_pid);
	ev_map_done(&owners->of_tid);
}
