/* The typed fields of a recording -> feature sections as perf writes them. */
#include <string.h>
#include "layout.h"

static void add_text(struct ev_buffer *out, const char *text)
{
	size_t length = strlen(text) + 1;
	size_t room = (length + EV_TEXT_ALIGN - 1) / EV_TEXT_ALIGN * EV_TEXT_ALIGN;

	ev_buffer_u32(out, (uint32_t)room);
	ev_buffer_add(out, text, length);
	ev_buffer_zero(out, room - length);
}

#define TEXT_FIELD(field)                                                                          \
	static bool encode_##field(const struct ev_recording *recording, struct ev_buffer *out)    \
	{                                                                                          \
		if (recording->field)                                                              \
			add_text(out, recording->field);                                           \
		return recording->field;                                                           \
	}
TEXT_FIELD(hostname)
TEXT_FIELD(osrelease)
TEXT_FIELD(version)
TEXT_FIELD(arch)
TEXT_FIELD(cpudesc)
TEXT_FIELD(cpuid)

static bool encode_nrcpus(const struct ev_recording *recording, struct ev_buffer *out)
{
	if (!recording->cpus_available && !recording->cpus_online)
		return false;
	ev_buffer_u32(out, recording->cpus_available);
	ev_buffer_u32(out, recording->cpus_online);
	return true;
}

static bool encode_total_mem(const struct ev_recording *recording, struct ev_buffer *out)
{
	ev_buffer_u64(out, recording->total_mem_kb);
	return recording->total_mem_kb;
}

static bool encode_cmdline(const struct ev_recording *recording, struct ev_buffer *out)
{
	ev_buffer_u32(out, (uint32_t)recording->cmdline_count);
	for (size_t i = 0; i < recording->cmdline_count; i++)
		add_text(out, recording->cmdline[i]);
	return recording->cmdline_count;
}

static bool encode_event_desc(const struct ev_recording *recording, struct ev_buffer *out)
{
	size_t attr_bytes = EV_ATTR_BYTES_WRITTEN;

	for (size_t i = 0; i < recording->event_count; i++) {
		if (!recording->events[i].name[0])
			return false;
		if (ev_attr_size(&recording->events[i].attr) > attr_bytes)
			attr_bytes = ev_attr_size(&recording->events[i].attr);
	}
	ev_buffer_u32(out, (uint32_t)recording->event_count);
	ev_buffer_u32(out, (uint32_t)attr_bytes);
	for (size_t i = 0; i < recording->event_count; i++) {
		const struct ev_recorded_event *event = &recording->events[i];

		ev_attr_encode(&event->attr, attr_bytes, out);
		ev_buffer_u32(out, (uint32_t)event->id_count);
		add_text(out, event->name);
		ev_buffer_add(out, event->ids, event->id_count * sizeof(uint64_t));
	}
	return recording->event_count;
}

/* Members of the group that event `leader` leads, itself included. */
static uint32_t group_members(const struct ev_recording *recording, size_t leader)
{
	uint32_t members = 0;

	if (recording->events[leader].leader != (int)leader)
		return 0;
	while (leader + members < recording->event_count &&
	       recording->events[leader + members].leader == (int)leader)
		members++;
	return members;
}

static bool encode_group_desc(const struct ev_recording *recording, struct ev_buffer *out)
{
	uint32_t groups = 0;

	for (size_t i = 0; i < recording->event_count; i++)
		groups += group_members(recording, i) > 1;
	ev_buffer_u32(out, groups);
	for (size_t i = 0; i < recording->event_count; i++) {
		uint32_t members = group_members(recording, i);

		if (members < 2)
			continue;
		add_text(out, "{anon_group}"); /* what perf calls a group without a name */
		ev_buffer_u32(out, (uint32_t)i);
		ev_buffer_u32(out, members);
	}
	return groups;
}

static bool encode_build_ids(const struct ev_recording *recording, struct ev_buffer *out)
{
	enum { MISC_HAS_SIZE = 1 << 15 };

	for (size_t i = 0; i < recording->build_id_count; i++) {
		const struct ev_build_id *build_id = &recording->build_ids[i];
		size_t length = strlen(build_id->path) + 1;
		size_t room = (length + EV_TEXT_ALIGN - 1) / EV_TEXT_ALIGN * EV_TEXT_ALIGN;

		if (room > 32768) /* no path is that long */
			continue;
		ev_buffer_u32(out, 0);
		ev_buffer_u16(out, build_id->misc | MISC_HAS_SIZE);
		ev_buffer_u16(out, (uint16_t)(36 + room));
		ev_buffer_u32(out, build_id->pid);
		ev_buffer_add(out, build_id->id, sizeof(build_id->id));
		ev_buffer_u8(out, build_id->id_bytes);
		ev_buffer_zero(out, 3);
		ev_buffer_add(out, build_id->path, length);
		ev_buffer_zero(out, room - length);
	}
	return recording->build_id_count;
}

static bool encode_sample_time(const struct ev_recording *recording, struct ev_buffer *out)
{
	ev_buffer_u64(out, recording->first_time_ns);
	ev_buffer_u64(out, recording->last_time_ns);
	return recording->last_time_ns;
}

static bool encode_clockid(const struct ev_recording *recording, struct ev_buffer *out)
{
	ev_buffer_u64(out, recording->clock_resolution_ns);
	return recording->clock_resolution_ns;
}

static bool encode_compressed(const struct ev_recording *recording, struct ev_buffer *out)
{
	ev_buffer_u32(out, 1); /* version */
	ev_buffer_u32(out, 1); /* zstd */
	ev_buffer_u32(out, recording->compression_level);
	ev_buffer_u32(out, (uint32_t)(recording->compression_ratio + 0.5));
	ev_buffer_u32(out, EV_UNPACKED_BYTES_MAX);
	return recording->compressed;
}

static const struct {
	unsigned number;
	bool (*encode)(const struct ev_recording *recording, struct ev_buffer *out);
} features[] = {
	{ EV_FEATURE_BUILD_ID, encode_build_ids },
	{ EV_FEATURE_HOSTNAME, encode_hostname },
	{ EV_FEATURE_OSRELEASE, encode_osrelease },
	{ EV_FEATURE_VERSION, encode_version },
	{ EV_FEATURE_ARCH, encode_arch },
	{ EV_FEATURE_NRCPUS, encode_nrcpus },
	{ EV_FEATURE_CPUDESC, encode_cpudesc },
	{ EV_FEATURE_CPUID, encode_cpuid },
	{ EV_FEATURE_TOTAL_MEM, encode_total_mem },
	{ EV_FEATURE_CMDLINE, encode_cmdline },
	{ EV_FEATURE_EVENT_DESC, encode_event_desc },
	{ EV_FEATURE_GROUP_DESC, encode_group_desc },
	{ EV_FEATURE_SAMPLE_TIME, encode_sample_time },
	{ EV_FEATURE_CLOCKID, encode_clockid },
	{ EV_FEATURE_COMPRESSED, encode_compressed },
};

bool ev_feature_encode(const struct ev_recording *recording, unsigned number, struct ev_buffer *out)
{
	size_t before = out->size_bytes;

	for (size_t i = 0; i < EV_LENGTH(features); i++) {
		if (features[i].number != number)
			continue;
		if (features[i].encode(recording, out))
			return true;
		out->size_bytes = before;
	}
	return false;
}
