/* A program without any library, all of which keeps frame pointers: rounds() calls outer() and that
 * inner(), which works, 600 times. */
// flags: -static -nostdlib -ffreestanding -fno-stack-protector
static volatile unsigned long result;

static __attribute__((noinline)) void inner(void)
{
	unsigned long state = 1;

	/* A function that calls nobody would have no frame, and its caller would be skipped. */
	__asm__ volatile("" : : "r"(__builtin_frame_address(0)));
	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result += state;
}

static __attribute__((noinline)) void outer(void)
{
	inner();
	result++;
}

static __attribute__((noreturn)) void leave(void)
{
#if defined(__x86_64__)
	__asm__ volatile("syscall" : : "a"(231L), "D"(0L));
#elif defined(__aarch64__)
	register long number __asm__("x8") = 94, status __asm__("x0") = 0;

	__asm__ volatile("svc 0" : : "r"(number), "r"(status));
#elif defined(__riscv)
	register long number __asm__("a7") = 94, status __asm__("a0") = 0;

	__asm__ volatile("ecall" : : "r"(number), "r"(status));
#endif
	for (;;)
		;
}

__attribute__((noreturn)) void rounds(void);
void rounds(void)
{
	for (int i = 0; i < 600; i++)
		outer();
	leave();
}

/* Nobody called it: the frame pointer ends here, and the tables say so. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start: .cfi_startproc\n.cfi_undefined rip\nxor %ebp, %ebp\ncall rounds\n"
	".cfi_endproc\n.type _start, @function\n.size _start, . - _start");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: .cfi_startproc\n.cfi_undefined x30\nmov x29, 0\nbl rounds\n"
	".cfi_endproc\n.type _start, @function\n.size _start, . - _start");
#elif defined(__riscv)
__asm__(".globl _start\n_start: .cfi_startproc\n.cfi_undefined ra\nli s0, 0\ncall rounds\n"
	".cfi_endproc\n.type _start, @function\n.size _start, . - _start");
#endif
