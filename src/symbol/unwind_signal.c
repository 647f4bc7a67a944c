/* The bytes that the kernel leaves on the stack of a signal's handler become the registers of what
 * was interrupted. */
#include <string.h>
#include "unwind_signal.h"

/* On arm64: siginfo, ucontext, in that sigcontext (the kernel's asm/sigcontext.h and
 * asm/ucontext.h). */
enum {
	SIGNAL_NUMBER = 0,
	REGISTERS = 128 + 176 + 8,
	FP = REGISTERS + 29 * 8,
	LR = REGISTERS + 30 * 8,
	SP = REGISTERS + 31 * 8,
	PC = SP + 8,
	STATE = PC + 8,
	SIGNAL_MOST = 64,
};
_Static_assert(STATE + 8 == ARM64_SIGNAL_BYTES, "the last word that is read");

static uint64_t word(const uint8_t *frame, size_t offset, bool swap)
{
	uint64_t value;
	memcpy(&value, frame + offset, sizeof(value));
	return swap ? ev_swap64(value) : value;
}

bool ev_signal_read_arm64(const uint8_t frame[ARM64_SIGNAL_BYTES], bool swap,
			  struct interrupted *was)
{
	uint32_t signal = (uint32_t)word(frame, SIGNAL_NUMBER, swap);
	uint64_t state = word(frame, STATE, swap);
	*was = (struct interrupted){ .pc = word(frame, PC, swap),
				     .sp = word(frame, SP, swap),
				     .fp = word(frame, FP, swap),
				     .lr = word(frame, LR, swap) };
	/* 64-bit code of user space. */
	return signal && signal <= SIGNAL_MOST && !(state & 0x1f) && was->pc && !(was->pc % 4) &&
	       !(was->sp % 16);
}
