/* Where functions of the kernel are. */
#ifndef COLLECT_KERNEL_FUNCTIONS_H
#define COLLECT_KERNEL_FUNCTIONS_H

#include <evprof/base.h>

struct ev_kernel_function {
	const char *name;
	uint64_t from, to; /* 0 = not known */
};
/* Finds them in a file like /proc/kallsyms: each ends where the next one begins. */
void ev_kernel_functions_find(const char *path, struct ev_kernel_function *functions, size_t count);

#endif
