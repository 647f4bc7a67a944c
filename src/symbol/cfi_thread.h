/* Code that makes a thread: a system call behind which two threads stand. */
#ifndef SYMBOL_CFI_THREAD_H
#define SYMBOL_CFI_THREAD_H

#include "cfi_row.h"
#include "image.h"

enum { BEFORE_THREAD_BYTES = 32 };
/* Does x86-64 code of so many bytes end with a system call that makes a thread? */
bool ev_code_makes_thread(const uint8_t before[BEFORE_THREAD_BYTES]);
/* C libraries end the rules of clone and clone3 before the system call, for the new thread has no
 * caller, and take them up again where it goes a way of its own. What lies between gets the rule of
 * the instruction before, for the thread that goes on. `image`: the file that the rows are of. */
void ev_cfi_rows_threads(struct ev_cfi_rows *rows, const struct image *image);
/* Is there a place that looks like one, by the rows alone? The file is read only then. */
bool ev_cfi_rows_may_make_threads(const struct ev_cfi_rows *rows);

#endif
