/* What a thread waits for, by three signs: the task's state, whether the kernel counts the wait as
 * one for a block device, and the system call that it is in. */
#include <sys/syscall.h>
#include "wait_states.h"

/* System calls that wait for one thing; others that sleep interruptibly are "other". Not every
 * architecture has all of them. */
static const struct {
	int64_t number;
	enum ev_wait_state state;
} calls[] = {
	{ SYS_futex, EV_STATE_LOCK },
	{ SYS_nanosleep, EV_STATE_SLEEP },
	{ SYS_clock_nanosleep, EV_STATE_SLEEP },
	{ SYS_read, EV_STATE_READ },
	{ SYS_readv, EV_STATE_READ },
	{ SYS_pread64, EV_STATE_READ },
	{ SYS_preadv, EV_STATE_READ },
	{ SYS_recvfrom, EV_STATE_READ },
	{ SYS_recvmsg, EV_STATE_READ },
	{ SYS_recvmmsg, EV_STATE_READ },
	{ SYS_accept, EV_STATE_READ },
	{ SYS_accept4, EV_STATE_READ },
	{ SYS_mq_timedreceive, EV_STATE_READ },
	{ SYS_msgrcv, EV_STATE_READ },
	{ SYS_write, EV_STATE_WRITE },
	{ SYS_writev, EV_STATE_WRITE },
	{ SYS_pwrite64, EV_STATE_WRITE },
	{ SYS_pwritev, EV_STATE_WRITE },
	{ SYS_sendto, EV_STATE_WRITE },
	{ SYS_sendmsg, EV_STATE_WRITE },
	{ SYS_sendmmsg, EV_STATE_WRITE },
	{ SYS_sendfile, EV_STATE_WRITE },
	{ SYS_connect, EV_STATE_WRITE },
	{ SYS_mq_timedsend, EV_STATE_WRITE },
	{ SYS_msgsnd, EV_STATE_WRITE },
	{ SYS_ppoll, EV_STATE_POLL },
	{ SYS_pselect6, EV_STATE_POLL },
	{ SYS_epoll_pwait, EV_STATE_POLL },
	{ SYS_io_getevents, EV_STATE_POLL },
	{ SYS_wait4, EV_STATE_CHILD },
	{ SYS_waitid, EV_STATE_CHILD },
	{ SYS_rt_sigtimedwait, EV_STATE_SIGNAL },
	{ SYS_rt_sigsuspend, EV_STATE_SIGNAL },
	{ SYS_semop, EV_STATE_LOCK },
	{ SYS_semtimedop, EV_STATE_LOCK },
	{ SYS_flock, EV_STATE_LOCK },
#ifdef SYS_futex_waitv
	{ SYS_futex_waitv, EV_STATE_LOCK },
#endif
#ifdef SYS_epoll_pwait2
	{ SYS_epoll_pwait2, EV_STATE_POLL },
#endif
#ifdef SYS_io_uring_enter
	{ SYS_io_uring_enter, EV_STATE_POLL },
#endif
#ifdef SYS_poll
	{ SYS_poll, EV_STATE_POLL },
#endif
#ifdef SYS_select
	{ SYS_select, EV_STATE_POLL },
#endif
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, EV_STATE_POLL },
#endif
#ifdef SYS_pause
	{ SYS_pause, EV_STATE_SIGNAL },
#endif
#ifdef SYS_vfork
	{ SYS_vfork, EV_STATE_CHILD },
#endif
};

static enum ev_wait_state state_of_call(int64_t number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].number == number)
			return calls[i].state;
	return EV_STATE_OTHER;
}

static bool is_vfork(int64_t number)
{
#ifdef SYS_clone3
	if (number == SYS_clone3)
		return true;
#endif
	return number == SYS_clone || state_of_call(number) == EV_STATE_CHILD;
}

enum ev_wait_state ev_wait_state_of(const struct ev_wait_signs *signs)
{
	uint32_t state = signs->task_state;
	if (signs->preempted || state == EV_TASK_RUNNING)
		return EV_STATE_PREEMPTED;
	if (state & (EV_TASK_STOPPED | EV_TASK_TRACED | EV_TASK_FROZEN))
		return EV_STATE_STOPPED;
	/* Not in a system call it waits for memory that it touched, from a file or not. */
	bool faulted = signs->has_user && signs->syscall < 0;
	if (faulted)
		return EV_STATE_FAULT;
	if (signs->in_iowait)
		return EV_STATE_DISK;
	bool known = signs->has_user && !signs->other_numbers;
	if (state & EV_TASK_UNINTERRUPTIBLE)
		return known && is_vfork(signs->syscall) ? EV_STATE_CHILD : EV_STATE_KERNEL;
	return known ? state_of_call(signs->syscall) : EV_STATE_OTHER;
}
