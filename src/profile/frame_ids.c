/* Equal frames become one number. */
#include "named.h"

uint32_t ev_frame_ids_add(struct ev_frame_ids *ids, const struct ev_frame *frame, uint32_t next,
			  bool *added)
{
	/* Two numbers hold all of a frame but its size: string ids stay below 2^29. */
	uint64_t key = (uint64_t)frame->function << 32 | frame->object;
	uint64_t more = (uint64_t)frame->file << 35 | (uint64_t)frame->line << 3 |
			frame->resolved << 2 | frame->inlined << 1 | frame->kernel;
	uint32_t *id = ev_map_add(&ids->frames, key, more, added);
	if (!ids->by_size) {
		if (*added)
			*id = next;
		return *id;
	}
	if (*added)
		*id = (uint32_t)ids->frames.count;
	id = ev_map_add(&ids->sizes, frame->size_bytes, *id, added);
	if (*added)
		*id = next;
	return *id;
}

void ev_frame_ids_done(struct ev_frame_ids *ids)
{
	ev_map_done(&ids->frames);
	ev_map_done(&ids->sizes);
}
