/* Sections that only evprof knows -> the end of a file, where other readers do not look; and back.
 */
#include "layout.h"

void ev_tail_add(const struct ev_recording *recording, uint64_t at, struct ev_buffer *out)
{
	struct ev_buffer entries = { 0 };

	for (unsigned number = EV_FEATURE_EVPROF_FIRST; number < EV_FEATURE_COUNT; number++) {
		size_t before = out->size_bytes;

		if (!ev_feature_bytes(recording, number, out))
			continue;
		ev_buffer_u64(&entries, number);
		ev_buffer_u64(&entries, at + before);
		ev_buffer_u64(&entries, out->size_bytes - before);
		ev_buffer_zero(out, -out->size_bytes & 7);
	}
	if (entries.size_bytes) {
		uint64_t begin = at + out->size_bytes;

		ev_buffer_add(out, entries.bytes, entries.size_bytes);
		ev_buffer_u64(out, begin);
		ev_buffer_u64(out, entries.size_bytes / EV_TAIL_ENTRY_BYTES);
		ev_buffer_u64(out, EV_TAIL_MAGIC);
	}
	ev_buffer_done(&entries);
}

bool ev_tail_find(const void *bytes, uint64_t size_bytes, bool swapped,
		  struct ev_file_place *entries)
{
	struct ev_cursor cursor = ev_cursor_of(bytes, EV_TAIL_ENTRY_BYTES, swapped);
	uint64_t begin = ev_cursor_u64(&cursor), count = ev_cursor_u64(&cursor);

	if (ev_cursor_u64(&cursor) != EV_TAIL_MAGIC || count > EV_FEATURE_COUNT ||
	    size_bytes < (count + 1) * EV_TAIL_ENTRY_BYTES ||
	    begin != size_bytes - (count + 1) * EV_TAIL_ENTRY_BYTES)
		return false;
	*entries = (struct ev_file_place){ begin, count * EV_TAIL_ENTRY_BYTES };
	return true;
}
