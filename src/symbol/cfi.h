/* The unwind tables of one object: for an address of its code the rule that says how to leave it.
 * A function's rows are made when it is first met. */
#ifndef SYMBOL_CFI_H
#define SYMBOL_CFI_H

#include "cfi_row.h"
#include "image.h"

struct cfi;
/* Takes a copy of what it needs of the image. `path` (NULL = none) and `symfs` are for its separate
 * debug file, looked at when the file itself does not say enough. NULL for a machine that is not
 * known. */
struct cfi *ev_cfi_open(const struct image *image, const char *path, const char *symfs);
/* By the file's offset; of base EV_CFI_NOTHING where nothing is known. */
struct ev_cfi_rule ev_cfi_find(struct cfi *cfi, uint64_t offset);
/* Is this the code at the file's entry point, which nobody calls? The loader's has no rule. */
bool ev_cfi_begins_at(const struct cfi *cfi, uint64_t offset);
/* Where that begins, and where it ends at the latest; false where the file has none. */
bool ev_cfi_beginning(const struct cfi *cfi, uint64_t *from, uint64_t *to);
const struct cfi_machine *ev_cfi_machine(const struct cfi *cfi);
/* Every function's rows, with rows of nothing between them. */
void ev_cfi_all(struct cfi *cfi, struct cfi_rows *rows);
/* The same as others see it, to be given back with ev_cfi_rows_done. */
void ev_cfi_rows_take(struct cfi *cfi, struct ev_cfi_rows *rows);
/* Memory that it takes, about; 0 for NULL. */
size_t ev_cfi_bytes(const struct cfi *cfi);
void ev_cfi_close(struct cfi *cfi);

#endif
