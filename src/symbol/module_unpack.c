/* A packed kernel module becomes its ELF file. */
#include <errno.h>
#include <string.h>
#include <zstd.h>
#include "module_code.h"
#include "xz.h"

#define UNPACKED_LIMIT ((size_t)256 << 20)

/* Frames need not say how much they hold. */
static int unpack_zstd(const uint8_t *bytes, size_t size_bytes, struct ev_buffer *out)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = { bytes, size_bytes, 0 };
	uint8_t block[16384];
	size_t rest = 1;
	int code = stream ? 0 : -ENOMEM;
	while (!code && rest && in.pos < in.size) {
		ZSTD_outBuffer to = { block, sizeof(block), 0 };
		size_t before = in.pos;
		rest = ZSTD_decompressStream(stream, &to, &in);
		if (ZSTD_isError(rest) || (in.pos == before && !to.pos))
			code = -EINVAL;
		else if (out->size_bytes + to.pos > UNPACKED_LIMIT)
			code = -EFBIG;
		else
			ev_buffer_add(out, block, to.pos);
	}
	/* What the last bytes held may not have come out yet. */
	while (!code && rest) {
		ZSTD_outBuffer to = { block, sizeof(block), 0 };
		rest = ZSTD_decompressStream(stream, &to, &in);
		if (ZSTD_isError(rest) || !to.pos)
			code = -EINVAL;
		else if (out->size_bytes + to.pos > UNPACKED_LIMIT)
			code = -EFBIG;
		else
			ev_buffer_add(out, block, to.pos);
	}
	ZSTD_freeDStream(stream);
	return code;
}

int ev_module_unpack(const uint8_t *bytes, size_t size_bytes, struct ev_buffer *out)
{
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 },
			     zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	if (size_bytes > sizeof(xz) && !memcmp(bytes, xz, sizeof(xz)))
		return ev_xz_unpack(bytes, size_bytes, UNPACKED_LIMIT, out);
	if (size_bytes > sizeof(zstd) && !memcmp(bytes, zstd, sizeof(zstd)))
		return unpack_zstd(bytes, size_bytes, out);
	return -ENOEXEC;
}
