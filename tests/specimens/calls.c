/* Calls that end in every way there is, so many times each as the function names say or as the
 * argument asks: calls recurse|jump|tail|beyond|exit|fork|threads|contexts|sleep|hot [N]. */
// flags: -O2
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

/* Real calls, and nothing known about the callee. */
#ifdef __clang__
#define FUNCTION __attribute__((noinline))
#else
#define FUNCTION __attribute__((noipa))
#endif

static int count = 10;
volatile int sink;

/* ---- recursion --------------------------------------------------------------------------------
 */

FUNCTION int descend(int n)
{
	int below = n > 1 ? descend(n - 1) : 0;
	sink = below;
	return below + 1;
}

FUNCTION int odd(int n);
FUNCTION int even(int n)
{
	return n ? odd(n - 1) + 1 : 1;
}
FUNCTION int odd(int n)
{
	return n ? even(n - 1) + 1 : 1;
}

static void recurse(void)
{
	sink = descend(count) + descend(count) + even(9);
}

/* ---- longjmp: every second call is left
 * -----------------------------------------------------------
 */

static jmp_buf back;

FUNCTION void inner(int n)
{
	if (n % 2)
		longjmp(back, 1);
	sink = n;
}
FUNCTION void middle(int n)
{
	inner(n);
	sink = n + 1;
}
FUNCTION void outer(int n)
{
	middle(n);
	sink = n + 2;
}
FUNCTION void behind(void)
{
	usleep(2000);
}

static void jump(void)
{
	for (volatile int i = 0; i < count; i++)
		if (!setjmp(back))
			outer(i);
		else
			behind(); /* not the time of what was left */
}

/* ---- tail calls -------------------------------------------------------------------------------
 */

FUNCTION int landing(int n)
{
	sink = n;
	return n + 1;
}
FUNCTION int hop(int n)
{
	return landing(n + 1); /* a jump */
}
FUNCTION int hop_far(int n)
{
	return hop(n * 2); /* another */
}

static void tail(void)
{
	for (int i = 0; i < count; i++)
		sink = hop_far(i) + landing(i);
}

FUNCTION int deeper(int n)
{
	sink = n;
	return n + 2;
}
FUNCTION int between(int n)
{
	return deeper(n) + 1; /* a call, on a longer stack than that of hop before it */
}

static void beyond(void)
{
	for (int i = 0; i < count; i++)
		sink = hop(i) + between(i);
}

/* ---- ends in mid-call -------------------------------------------------------------------------
 */

FUNCTION void last_call(void)
{
	usleep(5000);
	exit(3);
}
FUNCTION void before_last(void)
{
	last_call();
	sink = 1;
}

FUNCTION void in_child(void)
{
	sink = 2;
}
FUNCTION int split(void)
{
	pid_t child = fork();
	sink = 3;
	return child;
}

static void forking(void)
{
	pid_t child = split();
	for (int i = 0; !child && i < count; i++)
		in_child();
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
}

/* ---- threads ----------------------------------------------------------------------------------
 */

FUNCTION void work(void)
{
	sink = 4;
}

static void *run(void *unused)
{
	(void)unused;
	for (int i = 0; i < count; i++)
		work();
	return NULL;
}

static void threads(void)
{
	pthread_t ids[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&ids[i], NULL, run, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
}

/* ---- stacks of one's own ----------------------------------------------------------------------
 */

static ucontext_t here, there;

FUNCTION void hand_over(ucontext_t *from, ucontext_t *to)
{
	swapcontext(from, to);
	sink = 5;
}
FUNCTION void on_other_stack(void)
{
	for (;;)
		hand_over(&there, &here);
}

static void contexts(void)
{
	static char stack[65536];
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	makecontext(&there, on_other_stack, 0);
	for (int i = 0; i < count; i++) {
		hand_over(&here, &there);
		work();
	}
}

/* ---- time -------------------------------------------------------------------------------------
 */

FUNCTION void nap(void)
{
	usleep(1000 * (unsigned)count);
}
FUNCTION void nap_twice(void)
{
	nap();
	nap();
}

FUNCTION void tiny(void)
{
}
FUNCTION void busy(void)
{
	for (int i = 0; i < count; i++)
		for (int k = 0; k < 1000; k++)
			tiny();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ways[] = {
		{ "recurse", recurse }, { "jump", jump },         { "tail", tail },
		{ "beyond", beyond },   { "exit", before_last },  { "fork", forking },
		{ "threads", threads }, { "contexts", contexts }, { "sleep", nap_twice },
		{ "hot", busy },
	};
	if (argc > 2)
		count = atoi(argv[2]);
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name))
			ways[i].run();
	return 0;
}
