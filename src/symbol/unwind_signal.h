/* What a signal interrupted, as the kernel keeps it on the stack of the handler. */
#ifndef SYMBOL_UNWIND_SIGNAL_H
#define SYMBOL_UNWIND_SIGNAL_H

#include <evprof/base.h>

struct interrupted {
	uint64_t pc, sp, fp, lr;
};
enum { ARM64_SIGNAL_BYTES = 128 + 176 + 8 + 34 * 8 };
/* `frame`: so many bytes from the stack pointer on with which the handler was called. false where
 * they do not look like a signal's. */
bool ev_signal_read_arm64(const uint8_t frame[ARM64_SIGNAL_BYTES], bool swap,
			  struct interrupted *was);

#endif
