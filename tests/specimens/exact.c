// flags: -static
/* Runs known numbers of instructions, system calls and writes:
 *   exact STEPS [CALLS [WRITES]]   a loop of two instructions STEPS times, getppid() CALLS times,
 *                                  a write to one variable WRITES times
 *   exact where                    prints that variable's address, which is always the same
 * Two runs that differ in STEPS alone differ by exactly two user instructions for each. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile uint64_t watched;

static __attribute__((noinline)) void step(unsigned long steps)
{
	if (!steps)
		return;
#if defined(__x86_64__)
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(steps) : : "cc");
#elif defined(__aarch64__)
	__asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(steps) : : "cc");
#elif defined(__riscv)
	__asm__ volatile("1: addi %0, %0, -1\n\tbnez %0, 1b" : "+r"(steps));
#else
	while (steps--)
		__asm__ volatile("");
#endif
}

static __attribute__((noinline)) void call(unsigned long calls)
{
	while (calls--)
		getppid();
}

static __attribute__((noinline)) void change(unsigned long writes)
{
	while (writes--)
		watched = writes;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "where"))
		return printf("%p\n", (void *)&watched) < 0;
	step(argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000);
	call(argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
	change(argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
	return 0;
}
