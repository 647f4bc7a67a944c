/* What xz packed becomes bytes again, by liblzma and within bounds. */
#include <errno.h>
#include <lzma.h>
#include "xz.h"

/* xz -9 needs 65 MiB to unpack; what needs more is no symbol table. */
#define MEMORY_LIMIT ((uint64_t)128 << 20)

int ev_xz_unpack(const void *bytes, size_t size_bytes, size_t limit, struct ev_buffer *out)
{
	uint8_t part[16 << 10];
	size_t began = out->size_bytes;
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret answer = lzma_stream_decoder(&stream, MEMORY_LIMIT, 0);
	stream.next_in = bytes;
	stream.avail_in = size_bytes;
	while (answer == LZMA_OK && out->size_bytes - began <= limit) {
		stream.next_out = part;
		stream.avail_out = sizeof(part);
		answer = lzma_code(&stream, LZMA_FINISH);
		ev_buffer_add(out, part, sizeof(part) - stream.avail_out);
	}
	lzma_end(&stream);
	if (out->size_bytes - began > limit)
		return -EFBIG;
	return answer == LZMA_STREAM_END ? 0 : -EINVAL;
}
