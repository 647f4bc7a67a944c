/* A stack as the program of the walk's test tells of it. */
#ifndef TESTS_WALKED_H
#define TESTS_WALKED_H

#include <walk.h>

struct walked {
	__u32 pid, tid;
	__u32 in_kernel; /* user space was left before */
	struct ev_walk_result result;
	__u64 ips[EV_WALK_FRAMES];
};

#endif
