/* The signal of an event of the kernel -> a moment; every other one of its kind is the program's,
 * which sees nothing of ours. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include "agent.h"

#define EXPORTED __attribute__((visibility("default")))
#define TRAP_OF_EVENT 6 /* TRAP_PERF, which older headers do not name */

typedef int (*sigaction_function)(int, const struct sigaction *, struct sigaction *);
static struct sigaction programs; /* what the program wants to be done with its own */
static bool installed;

static int real_sigaction(int number_, const struct sigaction *action, struct sigaction *before)
{
	static sigaction_function function;
	if (!function) {
		void *found = dlsym(RTLD_NEXT, "sigaction");
		memcpy(&function, &found, sizeof(found));
	}
	if (!function) {
		errno = ENOSYS;
		return -1;
	}
	return function(number_, action, before);
}

/* One that is not ours is the program's. */
static void pass_on(int signal_number, siginfo_t *info, void *context)
{
	struct sigaction action = programs;
	if (action.sa_flags & SA_SIGINFO) {
		action.sa_sigaction(signal_number, info, context);
	} else if (action.sa_handler == SIG_DFL) {
		struct sigaction end = { .sa_handler = SIG_DFL };
		real_sigaction(SIGTRAP, &end, NULL);
		raise(SIGTRAP);
	} else if (action.sa_handler != SIG_IGN) {
		action.sa_handler(signal_number);
	}
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
	int before = errno;
	if (info->si_code != TRAP_OF_EVENT)
		pass_on(signal_number, info, context);
	else if (agent.ring)
		agent_take_moment(context);
	errno = before;
}

bool agent_install(void)
{
	struct sigaction action = { .sa_sigaction = on_trap,
				    .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };
	sigfillset(&action.sa_mask);
	if (!installed && real_sigaction(SIGTRAP, &action, &programs))
		return false;
	installed = true;
	return true;
}

/* The program may use the signal as well. */
EXPORTED int sigaction(int signal_number, const struct sigaction *restrict action,
		       struct sigaction *restrict before)
{
	struct sigaction wanted = { 0 };
	if (signal_number != SIGTRAP || !installed)
		return real_sigaction(signal_number, action, before);
	if (action)
		wanted = *action;
	if (before)
		*before = programs;
	if (action)
		programs = wanted;
	return 0;
}

EXPORTED __sighandler_t signal(int signal_number, __sighandler_t handler)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, before;
	return sigaction(signal_number, &action, &before) ? SIG_ERR : before.sa_handler;
}
