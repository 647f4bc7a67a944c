/* Records -> COMPRESSED records, all of one zstd stream. The stream is flushed after every call, so
 * that what was added can be unpacked whatever happens next. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "layout.h"

struct ev_packer {
	ZSTD_CCtx *stream;
};

int ev_packer_open(struct ev_packer **packer, int level, struct ev_err *err)
{
	struct ev_packer *opened;
	size_t rc = 0;

	*packer = NULL;
	/* The library itself would silently take the nearest level it has. */
	if (level < 1 || level > ZSTD_maxCLevel())
		return ev_fail(err, EINVAL, "can't compress at level %d: there are 1 to %d", level,
			       ZSTD_maxCLevel());
	opened = ev_alloc(sizeof(*opened));
	opened->stream = ZSTD_createCCtx();
	if (opened->stream)
		rc = ZSTD_CCtx_setParameter(opened->stream, ZSTD_c_compressionLevel, level);
	if (!opened->stream || ZSTD_isError(rc)) {
		ev_packer_close(opened);
		return ev_fail(err, ENOMEM, "can't compress: %s",
			       rc ? ZSTD_getErrorName(rc) : "out of memory");
	}
	*packer = opened;
	return 0;
}

int ev_packer_add(struct ev_packer *packer, const void *bytes, size_t size_bytes,
		  struct ev_buffer *out, struct ev_err *err)
{
	/* Below the greatest size, and a whole number of words: readers find the next record there.
	 */
	enum { DATA_BYTES_MAX = (EV_RECORD_BYTES_MAX & ~7) - sizeof(struct perf_event_header) };
	ZSTD_inBuffer in = { bytes, size_bytes, 0 };
	size_t left;

	do {
		struct perf_event_header header = { .type = EV_RECORD_COMPRESSED };
		size_t at = out->size_bytes;
		ZSTD_outBuffer packed;

		ev_buffer_zero(out, sizeof(header) + DATA_BYTES_MAX);
		packed = (ZSTD_outBuffer){ out->bytes + at + sizeof(header), DATA_BYTES_MAX, 0 };
		left = ZSTD_compressStream2(packer->stream, &packed, &in, ZSTD_e_flush);
		if (ZSTD_isError(left)) {
			out->size_bytes = at;
			return ev_fail(err, EIO, "compression failed: %s", ZSTD_getErrorName(left));
		}
		header.size = (uint16_t)(sizeof(header) + packed.pos);
		memcpy(out->bytes + at, &header, sizeof(header));
		out->size_bytes = packed.pos ? at + header.size : at;
	} while (left || in.pos < in.size);
	return 0;
}

void ev_packer_close(struct ev_packer *packer)
{
	if (!packer)
		return;
	ZSTD_freeCCtx(packer->stream);
	free(packer);
}
