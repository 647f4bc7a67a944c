/* Code without unwind tables, read for what it does to the stack on its way out. */
#ifndef SYMBOL_CODE_SCAN_H
#define SYMBOL_CODE_SCAN_H

#include <evprof/symbol_unwind.h>
#include "image.h"

struct code_scan;
/* Of the file's code, read as far as it is needed. NULL when nothing here can read such code. */
struct code_scan *ev_code_scan_open(const char *path);
/* How to leave the function from the instruction at a file's offset: found by following it to its
 * return. A guess, since calls on the way may not come back; false when it leads nowhere. */
bool ev_code_scan_find(struct code_scan *scan, uint64_t offset, struct ev_cfi_rule *rule);
/* Does a call end right before this? What doesn't is no return address. */
bool ev_code_scan_is_called(struct code_scan *scan, uint64_t offset);
/* Is this where the first function of a context, made by makecontext, returns to? */
bool ev_code_scan_begins_context(struct code_scan *scan, uint64_t offset);
/* Does a system call that makes a thread end right before this? The new thread has no caller. */
bool ev_code_scan_makes_thread(struct code_scan *scan, uint64_t offset);
void ev_code_scan_close(struct code_scan *scan);

#endif
