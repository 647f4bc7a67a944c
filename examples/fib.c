/* fib0 … fib9, each but the first two calling the two before it: fib9() is asked once and fib0 runs
 * 21 times, fib1 34 times. With -m every function runs once and its answer is remembered. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Real calls, whatever the optimizer knows about the callee. */
#ifdef __clang__
#define FUNCTION __attribute__((noinline, optnone))
#else
#define FUNCTION __attribute__((noipa))
#endif

static bool memoize, known[10];
static int remembered[10];

#define FIB_LEAF(n)                                                                                \
	FUNCTION int fib##n(void);                                                                 \
	int fib##n(void)                                                                           \
	{                                                                                          \
		known[n] = true;                                                                   \
		return remembered[n] = n;                                                          \
	}
#define FIB_OF(n) (memoize && known[n] ? remembered[n] : fib##n())
#define FIB(n, one_before, two_before)                                                             \
	FUNCTION int fib##n(void);                                                                 \
	int fib##n(void)                                                                           \
	{                                                                                          \
		known[n] = true;                                                                   \
		return remembered[n] = FIB_OF(one_before) + FIB_OF(two_before);                    \
	}

FIB_LEAF(0)
FIB_LEAF(1)
FIB(2, 1, 0)
FIB(3, 2, 1)
FIB(4, 3, 2)
FIB(5, 4, 3)
FIB(6, 5, 4)
FIB(7, 6, 5)
FIB(8, 7, 6)
FIB(9, 8, 7)

int main(int argc, char **argv)
{
	memoize = argc > 1 && strcmp(argv[1], "-m") == 0;
	if (argc > 2 || (argc == 2 && !memoize)) {
		fputs("usage: fib [-m]\n", stderr);
		return 2;
	}
	printf("fib9 = %d\n", fib9());
	return 0;
}
