/* What a recording says about itself -> records that say it, for streams and for files that may
 * never be finished. */
#include <errno.h>
#include <string.h>
#include "layout.h"

static void add_record_header(struct ev_buffer *out, uint32_t type, size_t size_bytes)
{
	ev_buffer_u32(out, type);
	ev_buffer_u16(out, 0);
	ev_buffer_u16(out, (uint16_t)size_bytes);
}

/* HEADER_ATTR for every event, which a stream has in place of the attr entries. */
int ev_describe_attrs(const struct ev_recording *recording, size_t attr_bytes,
		      struct ev_buffer *out, struct ev_err *err)
{
	for (size_t i = 0; i < recording->event_count; i++) {
		const struct ev_recorded_event *event = &recording->events[i];
		size_t size_bytes = 8 + attr_bytes + event->id_count * sizeof(uint64_t);

		if (size_bytes > EV_RECORD_BYTES_MAX)
			return ev_fail(err, EMSGSIZE, "an event has too many ids for a stream");
		add_record_header(out, EV_RECORD_HEADER_ATTR, size_bytes);
		ev_attr_encode(&event->attr, attr_bytes, out);
		ev_buffer_add(out, event->ids, event->id_count * sizeof(uint64_t));
	}
	return 0;
}

/* EVENT_UPDATE with the name of every event: in a file that is never finished nothing else tells
 * it. */
void ev_describe_names(const struct ev_recording *recording, struct ev_buffer *out)
{
	enum { UPDATE_NAME = 2 };

	for (size_t i = 0; i < recording->event_count; i++) {
		const struct ev_recorded_event *event = &recording->events[i];
		size_t length = strlen(event->name) + 1, room = ev_align8(length);

		if (!event->name[0] || length > 4096 || (!event->id_count && i > 0))
			continue;
		add_record_header(out, EV_RECORD_EVENT_UPDATE, 24 + room);
		ev_buffer_u64(out, UPDATE_NAME);
		ev_buffer_u64(out, event->id_count ? event->ids[0] : 0);
		ev_buffer_add(out, event->name, length);
		ev_buffer_zero(out, room - length);
	}
}

/* A section no one else knows, in pieces. */
static void add_piece_records(unsigned number, const void *bytes, size_t size_bytes,
			      struct ev_buffer *out)
{
	const uint8_t *at = bytes;
	size_t left = size_bytes;

	while (left) {
		size_t here = left < EV_PIECE_BYTES_MAX ? left : EV_PIECE_BYTES_MAX;

		add_record_header(out, EV_RECORD_HEADER_EVENT_TYPE,
				  EV_PIECE_HEADER_BYTES + ev_align8(here));
		ev_buffer_u64(out, EV_PIECE_MAGIC);
		ev_buffer_u32(out, number);
		ev_buffer_u32(out, (uint32_t)here);
		ev_buffer_u64(out, size_bytes);
		ev_buffer_add(out, at, here);
		ev_buffer_zero(out, ev_align8(here) - here);
		at += here;
		left -= here;
	}
}

void ev_growth_records(unsigned number, const void *bytes, size_t size_bytes, struct ev_buffer *out)
{
	const uint8_t *at = bytes;
	size_t left = size_bytes, here;

	do {
		here = left < EV_PIECE_BYTES_MAX ? left : EV_PIECE_BYTES_MAX;
		add_record_header(out, EV_RECORD_HEADER_EVENT_TYPE,
				  EV_GROWTH_HEADER_BYTES + ev_align8(here));
		ev_buffer_u64(out, EV_GROWTH_MAGIC);
		ev_buffer_u32(out, number);
		ev_buffer_u32(out, (uint32_t)here);
		ev_buffer_add(out, at, here);
		ev_buffer_zero(out, ev_align8(here) - here);
		at += here;
		left -= here;
	} while (left);
}

/* The bytes of a feature, from the typed fields or, where they have nothing, as set. */
bool ev_feature_bytes(const struct ev_recording *recording, unsigned number, struct ev_buffer *out)
{
	const struct ev_section *section;

	if (ev_feature_encode(recording, number, out))
		return true;
	section = ev_recording_section(recording, number);
	if (!section)
		return false;
	ev_buffer_add(out, section->bytes, section->size_bytes);
	return true;
}

/* The events of a BUILD_ID section are records but for their type. */
static void add_build_id_records(const struct ev_buffer *section, struct ev_buffer *out)
{
	size_t at = 0;

	while (at < section->size_bytes) {
		struct perf_event_header header;

		memcpy(&header, section->bytes + at, sizeof(header));
		header.type = EV_RECORD_HEADER_BUILD_ID;
		ev_buffer_add(out, &header, sizeof(header));
		ev_buffer_add(out, section->bytes + at + sizeof(header),
			      header.size - sizeof(header));
		at += header.size;
	}
}

/* The notes, at the head of a file that may never be finished. */
void ev_describe_notes(const struct ev_recording *recording, struct ev_buffer *out)
{
	const struct ev_section *notes = ev_recording_section(recording, EV_FEATURE_EVPROF_NOTES);

	if (notes)
		add_piece_records(notes->number, notes->bytes, notes->size_bytes, out);
}

/* Features as records: at the head of everything that is written, so that a recording that is
 * never finished still tells where and how it was made, and at the end of a stream. */
void ev_describe_features(const struct ev_recording *recording, uint64_t told[4], bool at_end,
			  struct ev_buffer *out)
{
	enum { PERF_FEATURES = 32 }; /* all that perf 6.1 accepts in such a record */
	struct ev_buffer bytes = { 0 };

	for (unsigned number = 1; number < EV_FEATURE_COUNT; number++) {
		size_t room;

		bytes.size_bytes = 0;
		/* These have records of their own: EVENT_UPDATE and HEADER_BUILD_ID. */
		if (number == EV_FEATURE_EVENT_DESC || number == EV_FEATURE_BUILD_ID)
			continue;
		if (told[number / 64] >> (number % 64) & 1)
			continue;
		if (!ev_feature_bytes(recording, number, &bytes))
			continue;
		room = ev_align8(bytes.size_bytes);
		if (number >= PERF_FEATURES) {
			if (at_end)
				add_piece_records(number, bytes.bytes, bytes.size_bytes, out);
			continue;
		}
		if (room == 0 || room > EV_RECORD_BYTES_MAX - 16 - 7)
			continue;
		told[number / 64] |= 1ULL << (number % 64);
		add_record_header(out, EV_RECORD_HEADER_FEATURE, 16 + room);
		ev_buffer_u64(out, number);
		ev_buffer_add(out, bytes.bytes, bytes.size_bytes);
		ev_buffer_zero(out, room - bytes.size_bytes);
	}
	bytes.size_bytes = 0;
	if (at_end && ev_feature_encode(recording, EV_FEATURE_BUILD_ID, &bytes))
		add_build_id_records(&bytes, out);
	ev_buffer_done(&bytes);
}
