/* ELF notes and files become the build-id that names them. */
#include <string.h>
#include <evprof/symbol.h>
#include "build_id.h"
#include "image.h"

static size_t aligned(uint32_t size)
{
	return ((size_t)size + 3) & ~(size_t)3;
}

size_t ev_build_id_in_notes(const void *notes, size_t size_bytes, bool swap, uint8_t id[20])
{
	struct ev_cursor at = ev_cursor_of(notes, size_bytes, swap);
	while (ev_cursor_left(&at) >= 12) {
		uint32_t name_bytes = ev_cursor_u32(&at), bytes = ev_cursor_u32(&at);
		uint32_t type = ev_cursor_u32(&at);
		const void *name = ev_cursor_bytes(&at, aligned(name_bytes));
		const void *found = ev_cursor_bytes(&at, bytes);
		if (!name || !found)
			break;
		if (type == NT_GNU_BUILD_ID && name_bytes == 4 && !memcmp(name, "GNU", 4) &&
		    bytes) {
			size_t length = bytes < 20 ? bytes : 20;
			memset(id, 0, 20);
			memcpy(id, found, length);
			return length;
		}
		ev_cursor_skip(&at, aligned(bytes) - bytes);
	}
	return 0;
}

size_t ev_build_id_of_notes(const void *notes, size_t size_bytes, uint8_t id[20])
{
	return ev_build_id_in_notes(notes, size_bytes, false, id);
}

size_t ev_build_id_of_file(const char *path, uint8_t id[20])
{
	struct image image;
	if (ev_image_open(&image, path))
		return 0;
	size_t bytes = image.build_id_bytes;
	memcpy(id, image.build_id, 20);
	ev_image_close(&image);
	return bytes;
}

bool ev_build_id_equal(const uint8_t *one, size_t one_bytes, const uint8_t *other,
		       size_t other_bytes)
{
	size_t shorter = one_bytes < other_bytes ? one_bytes : other_bytes;
	const uint8_t *longer = one_bytes < other_bytes ? other : one;
	size_t whole = one_bytes < other_bytes ? other_bytes : one_bytes;
	if (!shorter || memcmp(one, other, shorter))
		return false;
	for (size_t i = shorter; i < whole; i++)
		if (longer[i])
			return false;
	return true;
}

void ev_build_id_text(const uint8_t *id, size_t bytes, char out[41])
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;
	for (size_t i = 0; i < bytes && i < 20; i++) {
		out[used++] = digits[id[i] >> 4];
		out[used++] = digits[id[i] & 15];
	}
	out[used] = 0;
}
