/* A packed kernel module becomes its ELF file. libdw would unpack most of them too, but as much as
 * a file claims to hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "module_code.h"
#include "regular_file.h"
#include "xz.h"

/* Frames need not say how much they hold. */
static int unpack_zstd(const uint8_t *bytes, size_t size_bytes, struct ev_buffer *out)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = { bytes, size_bytes, 0 };
	uint8_t block[16384];
	size_t rest = 1;
	int code = stream ? 0 : -ENOMEM;
	while (!code && rest) { /* after the last bytes too: what they held may not be out yet */
		ZSTD_outBuffer to = { block, sizeof(block), 0 };
		size_t before = in.pos;
		rest = ZSTD_decompressStream(stream, &to, &in);
		if (ZSTD_isError(rest) || (in.pos == before && !to.pos))
			code = -EINVAL;
		else if (out->size_bytes + to.pos > MODULE_BYTES)
			code = -EFBIG;
		else
			ev_buffer_add(out, block, to.pos);
	}
	ZSTD_freeDStream(stream);
	return code;
}

static int unpack_gzip(const uint8_t *bytes, size_t size_bytes, struct ev_buffer *out)
{
	enum { WINDOW_BITS = 15, GZIP = 16 };
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size_bytes };
	uint8_t block[16384];
	int answer = Z_OK;
	if (size_bytes > MODULE_BYTES)
		return -EFBIG;
	if (inflateInit2(&stream, WINDOW_BITS + GZIP) != Z_OK)
		return -ENOMEM;
	while (answer == Z_OK && out->size_bytes <= MODULE_BYTES) {
		stream.next_out = block;
		stream.avail_out = sizeof(block);
		answer = inflate(&stream, Z_NO_FLUSH);
		ev_buffer_add(out, block, sizeof(block) - stream.avail_out);
	}
	inflateEnd(&stream);
	if (answer == Z_STREAM_END)
		return 0;
	return answer == Z_OK ? -EFBIG : -EINVAL;
}

int ev_module_unpack(const uint8_t *bytes, size_t size_bytes, struct ev_buffer *out)
{
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 },
			     zstd[] = { 0x28, 0xb5, 0x2f, 0xfd }, gzip[] = { 0x1f, 0x8b };
	if (size_bytes > sizeof(xz) && !memcmp(bytes, xz, sizeof(xz)))
		return ev_xz_unpack(bytes, size_bytes, MODULE_BYTES, out);
	if (size_bytes > sizeof(zstd) && !memcmp(bytes, zstd, sizeof(zstd)))
		return unpack_zstd(bytes, size_bytes, out);
	if (size_bytes > sizeof(gzip) && !memcmp(bytes, gzip, sizeof(gzip)))
		return unpack_gzip(bytes, size_bytes, out);
	return -ENOEXEC;
}

int ev_module_image(struct image *image, const char *path, struct ev_buffer *bytes)
{
	struct stat status;
	char *packed;
	size_t size;
	int code = ev_image_open(image, path);
	int fd = code == -ENOEXEC ? ev_regular_open(path, &status) : -1;
	if (fd < 0 || ev_regular_read(fd, MODULE_BYTES, &packed, &size, &status))
		return code;
	code = ev_module_unpack((const uint8_t *)packed, size, bytes);
	free(packed);
	return code ? code : ev_image_open_memory(image, bytes->bytes, bytes->size_bytes);
}
