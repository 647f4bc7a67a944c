/* Some place in the records of a file -> where the next record seems to begin, so that several
 * readers can share the first walk over a file that nothing is known of yet. */
#include <stdlib.h>
#include "layout.h"

enum {
	SEARCH_BYTES = 2 * EV_RECORD_BYTES_MAX, /* a record begins in the first half */
	LOOK_BYTES = 512 * 1024,
	FOLLOWERS = 32, /* records that must follow one another */
};

/* Does a run of records seem to begin at `at`? */
static bool begins(const uint8_t *bytes, size_t size_bytes, size_t at, bool swapped)
{
	for (unsigned followers = 0; followers < FOLLOWERS; followers++) {
		struct ev_cursor cursor;
		uint32_t type;
		uint16_t record_bytes;

		if (size_bytes - at < sizeof(struct perf_event_header))
			return false;
		cursor = ev_cursor_of(bytes + at, size_bytes - at, swapped);
		type = ev_cursor_u32(&cursor);
		ev_cursor_u16(&cursor);
		record_bytes = ev_cursor_u16(&cursor);
		if (!type || type > EV_RECORD_COMPRESSED2 || record_bytes % 8 ||
		    record_bytes < sizeof(struct perf_event_header) ||
		    record_bytes > size_bytes - at)
			return false;
		at += record_bytes;
	}
	return true;
}

uint64_t ev_boundary_guess(const struct ev_source *source, bool swapped, uint64_t from,
			   uint64_t end)
{
	uint8_t *bytes = ev_realloc(NULL, LOOK_BYTES);
	size_t want = from < end && end - from < LOOK_BYTES ? (size_t)(end - from) : LOOK_BYTES;
	ssize_t got = from < end ? ev_source_read_at(source, from, bytes, want) : 0;
	uint64_t found = UINT64_MAX;

	for (size_t at = 0; got > 0 && at < (size_t)got && at < SEARCH_BYTES; at += 8)
		if (begins(bytes, (size_t)got, at, swapped)) {
			found = from + at;
			break;
		}
	free(bytes);
	return found;
}
