/* How many descriptors and how much locked memory this process may have, computed before anything
 * is opened. */
#ifndef COLLECT_LIMITS_H
#define COLLECT_LIMITS_H

#include <evprof/collect.h>

/* The soft limit of descriptors, raised while many are needed. Zeroed: as it was. */
struct ev_descriptor_limit {
	uint64_t before; /* soft limit to go back to; 0 = not raised */
};
/* Raises the limit so far that `count` more descriptors fit. -EMFILE with the sentence that names
 * need, limit and cure where the hard limit stands in the way; raised as far as possible then too.
 */
int ev_descriptors_need(struct ev_descriptor_limit *limit, uint64_t count, struct ev_err *err);
void ev_descriptors_restore(struct ev_descriptor_limit *limit);

/* What the kernel lets this user lock for rings. */
struct ev_lock_limit {
	bool unlimited;      /* CAP_IPC_LOCK, or perf_event_paranoid -1 */
	uint64_t per_cpu_kb; /* perf_event_mlock_kb */
	uint64_t cpus;       /* online */
	uint64_t own_bytes;  /* RLIMIT_MEMLOCK */
};
struct ev_lock_limit ev_lock_limit_find(void);
/* The largest ring, in bytes without its header page, of which `rings` may be locked:
 * `wanted_bytes` halved until it fits, at least `floor_bytes`. */
uint64_t ev_lock_limit_fit(const struct ev_lock_limit *limit, uint64_t rings, uint64_t wanted_bytes,
			   uint64_t floor_bytes);
/* The sentence: what may be locked, by which settings, and the command that makes room for rings of
 * `wanted_bytes`. */
char *ev_lock_limit_tell(const struct ev_lock_limit *limit, uint64_t rings, uint64_t wanted_bytes,
			 char *out, size_t size_bytes);

#endif
