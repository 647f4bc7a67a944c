/* The rows of large files, kept by build-id for the next time: making them takes a second for the
 * largest, reading them a hundredth of that. */
#ifndef SYMBOL_CFI_KEPT_H
#define SYMBOL_CFI_KEPT_H

#include <evprof/symbol_unwind.h>

/* 0, or -errno: there are none, or none that make sense. */
int ev_cfi_kept_read(const char *folder, const uint8_t *id, size_t id_bytes,
		     struct ev_cfi_rows *rows);
/* Does nothing for rows that are soon made again. */
void ev_cfi_kept_write(const char *folder, const uint8_t *id, size_t id_bytes,
		       const struct ev_cfi_rows *rows);

#endif
