/* Build-ids: taken from notes, and compared. */
#ifndef SYMBOL_BUILD_ID_H
#define SYMBOL_BUILD_ID_H

#include <evprof/base.h>

/* Like ev_build_id_of_notes, for notes of either byte order. */
size_t ev_build_id_in_notes(const void *notes, size_t size_bytes, bool swap, uint8_t id[20]);
/* The same id? Old recordings fill a short one up with zeros. */
bool ev_build_id_equal(const uint8_t *one, size_t one_bytes, const uint8_t *other,
		       size_t other_bytes);
/* Hexadecimal digits and a NUL into `out`. */
void ev_build_id_text(const uint8_t *id, size_t bytes, char out[41]);

#endif
