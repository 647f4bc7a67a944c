/* A gzip stream becomes the bytes inside. */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>
#include "import.h"

/* A few bytes of gzip can stand for a thousand times as many. */
#define UNPACKED_MAX ((size_t)512 << 20)

/* Bytes of a stream that is cut off are good as far as they go: 1 then. */
int ev_import_unpack(struct ev_import *import, const void *bytes, size_t size_bytes, uint8_t **out,
		     size_t *out_bytes, struct ev_err *err)
{
	z_stream stream = { 0 };
	size_t room = 65536, used = 0;
	int answer = Z_OK;
	if (size_bytes > UINT32_MAX)
		return ev_fail(err, EFBIG, "more than 4 GB of packed data are not read");
	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return ev_fail(err, ENOMEM, "zlib cannot unpack");
	uint8_t *into = ev_realloc(NULL, room);
	stream.next_in = (Bytef *)(uintptr_t)bytes;
	stream.avail_in = (uInt)size_bytes;
	while (answer == Z_OK && used < UNPACKED_MAX) {
		if (used == room)
			into = ev_realloc(into, room *= 2);
		stream.next_out = into + used;
		stream.avail_out = (uInt)(room - used);
		answer = inflate(&stream, Z_NO_FLUSH);
		used = room - stream.avail_out;
		ev_import_tell(import, stream.total_in, size_bytes, 0, IMPORT_UNPACKED);
	}
	inflateEnd(&stream);
	*out = into;
	*out_bytes = used;
	if (answer == Z_STREAM_END)
		return 0;
	if (answer == Z_OK)
		return ev_fail(err, EFBIG, "it unpacks to more than 512 MB");
	if (answer == Z_BUF_ERROR && used)
		return 1;
	return used ? 1 : ev_fail(err, EINVAL, "it is a damaged gzip stream");
}
