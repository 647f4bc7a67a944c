/* Unpacking what xz packed, within bounds. */
#ifndef SYMBOL_XZ_H
#define SYMBOL_XZ_H

#include <evprof/base.h>

/* Append what the first stream of an .xz file holds. -EINVAL when it is damaged or wants too much
 * memory, -EFBIG when it would be more than `limit` bytes: it is cut shortly behind them. */
int ev_xz_unpack(const void *bytes, size_t size_bytes, size_t limit, struct ev_buffer *out);

#endif
