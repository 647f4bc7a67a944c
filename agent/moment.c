/* The moment in which a thread was interrupted -> a record of where it is, in Python. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "agent.h"

enum {
	/* So often it is looked whether another thread is done; where that waits for a processor,
	 * this one sleeps. */
	TURNS = 1000,
	SLEEPS = 200,
	SLEEP_NS = 50000,
};

static int turn;
/* Of who has the turn. */
static struct {
	struct python_agent_moment head;
	struct python_agent_frame frames[AGENT_FRAMES_MAX];
} moment;

static void find_place(const ucontext_t *context)
{
#if defined(__x86_64__)
	moment.head.ip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
	moment.head.sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	moment.head.ip = context->uc_mcontext.pc;
	moment.head.sp = context->uc_mcontext.sp;
#else
	(void)context;
#endif
}

static bool take_turn(void)
{
	static const struct timespec a_moment = { .tv_nsec = SLEEP_NS };
	for (unsigned i = 0; __atomic_exchange_n(&turn, 1, __ATOMIC_ACQUIRE); i++) {
		if (i == TURNS + SLEEPS)
			return false;
		if (i > TURNS)
			syscall(SYS_nanosleep, &a_moment, NULL);
		else if (i > TURNS / 2)
			syscall(SYS_sched_yield);
	}
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(agent.clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void agent_take_moment(const ucontext_t *context)
{
	if (!take_turn()) {
		__atomic_fetch_add(&agent.ring->late, 1, __ATOMIC_RELAXED);
		return;
	}
	agent_forget_frames();
	moment.head = (struct python_agent_moment){
		.header.type = PYTHON_AGENT_MOMENT,
		.time_ns = now_ns(),
		.tid = (uint32_t)syscall(SYS_gettid),
	};
	find_place(context);
	moment.head.frame_count =
		agent_walk_thread(moment.frames, AGENT_FRAMES_MAX, &moment.head.flags);
	size_t size_bytes =
		sizeof(moment.head) + moment.head.frame_count * sizeof(moment.frames[0]);
	moment.head.header.size_bytes = (uint32_t)size_bytes;
	moment.head.took_ns = (uint32_t)(now_ns() - moment.head.time_ns);
	uint8_t *to = agent_reserve(size_bytes);
	if (to) {
		memcpy(to, &moment, size_bytes);
		agent_commit(size_bytes);
	} else {
		__atomic_fetch_add(&agent.ring->lost, 1, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
}

void agent_moments_forked(void)
{
	turn = 0;
}
