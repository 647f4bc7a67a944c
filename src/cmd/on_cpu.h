/* How long threads were on a CPU, beside how much of that samples tell of. */
#ifndef CMD_ON_CPU_H
#define CMD_ON_CPU_H

#include <evprof/base.h>

struct on_cpu_thread {
	uint32_t pid, tid;
	uint64_t sampled_ns, measured_ns;
	uint64_t last_ns; /* time of the last that was told */
	uint64_t given_ns;
	bool ended;
};
struct on_cpu {
	EV_ARRAY(struct on_cpu_thread) threads;
	struct ev_map by_tid; /* index + 1 */
};
/* A sample stands for so long on a CPU. */
void on_cpu_sampled(struct on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns, uint64_t ns);
/* It was so long on one, in all; `ended`: and will not be again. */
void on_cpu_measured(struct on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns,
		     uint64_t all_ns, bool ended);
/* Of a thread: how much no sample tells of, and was not given before. */
uint64_t on_cpu_rest(struct on_cpu_thread *thread);
/* Forgets threads that had ended and were last told of before then; what no sample tells of was
 * asked for. */
void on_cpu_forget(struct on_cpu *on, uint64_t before_ns);
void on_cpu_done(struct on_cpu *on);

#endif
