/* The limits of this process (descriptors, locked memory) become what can be opened, and the
 * sentence where it is too little. */
#include <errno.h>
#include <unistd.h>
#include "limits.h"
#include "machine.h"
#include "syscalls.h"

#define OWN_DESCRIPTORS 64 /* files, pipes and what the program holds besides */
#define CAP_IPC_LOCK 14    /* of linux/capability.h */

/* ---- descriptors -------------------------------------------------------------------------------
 */

static int refuse_descriptors(uint64_t count, uint64_t limit, struct ev_err *err)
{
	int64_t most = 0;
	char first[64] = "";
	/* No process may have more than this, whatever its limits. */
	if (!ev_file_number("/proc/sys/fs/nr_open", &most) && most > 0 && (uint64_t)most < count)
		snprintf(first, sizeof(first), "sudo sysctl fs.nr_open=%llu && ",
			 (unsigned long long)count);
	return ev_fail(err, EMFILE,
		       "%llu descriptors are needed (one for each event on each thread or CPU, and "
		       "%d for evprof itself), and the limit is %llu: %ssudo prlimit --pid $$ "
		       "--nofile=%llu:%llu, or fewer events or threads at once",
		       (unsigned long long)count, OWN_DESCRIPTORS, (unsigned long long)limit, first,
		       (unsigned long long)count, (unsigned long long)count);
}

int ev_descriptors_need(struct ev_descriptor_limit *limit, uint64_t count, struct ev_err *err)
{
	struct rlimit now;
	count += OWN_DESCRIPTORS;
	if (ev_sys_descriptor_limit(NULL, &now) || now.rlim_cur >= count)
		return 0;
	/* root may raise the hard limit as well */
	struct rlimit wanted = { .rlim_cur = count,
				 .rlim_max = now.rlim_max < count ? count : now.rlim_max };
	uint64_t before = now.rlim_cur;
	int rc = ev_sys_descriptor_limit(&wanted, NULL);
	if (rc) {
		wanted = (struct rlimit){ .rlim_cur = now.rlim_max, .rlim_max = now.rlim_max };
		if (!ev_sys_descriptor_limit(&wanted, NULL) && !limit->before)
			limit->before = before;
		return refuse_descriptors(count, now.rlim_max, err);
	}
	if (!limit->before)
		limit->before = before;
	return 0;
}

void ev_descriptors_restore(struct ev_descriptor_limit *limit)
{
	struct rlimit now;
	if (!limit->before || ev_sys_descriptor_limit(NULL, &now))
		return;
	now.rlim_cur = limit->before;
	ev_sys_descriptor_limit(&now, NULL);
	limit->before = 0;
}

/* ---- locked memory -----------------------------------------------------------------------------
 */

struct ev_lock_limit ev_lock_limit_find(void)
{
	struct ev_lock_limit limit = { .cpus = ev_cpus_online() };
	struct rlimit own;
	int64_t per_cpu_kb;
	bool known = !ev_file_number("/proc/sys/kernel/perf_event_mlock_kb", &per_cpu_kb) &&
		     per_cpu_kb >= 0 && !ev_sys_locked_limit(&own);
	/* What cannot be known does not limit: the kernel's own answer must do. */
	limit.unlimited = !known || own.rlim_cur == RLIM_INFINITY || ev_machine_paranoid() < 0 ||
			  ev_machine_has_capability(CAP_IPC_LOCK);
	if (known) {
		limit.per_cpu_kb = (uint64_t)per_cpu_kb;
		limit.own_bytes = own.rlim_cur;
	}
	return limit;
}

/* All rings of a user together may have so much for each CPU; what is beyond counts against the
 * limit of the process (perf_mmap in the kernel's events/core.c). */
static uint64_t allowed_bytes(const struct ev_lock_limit *limit)
{
	return limit->per_cpu_kb * 1024 * limit->cpus + limit->own_bytes;
}

uint64_t ev_lock_limit_fit(const struct ev_lock_limit *limit, uint64_t rings, uint64_t wanted_bytes,
			   uint64_t floor_bytes)
{
	uint64_t header_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	while (!limit->unlimited && wanted_bytes / 2 >= floor_bytes &&
	       rings * (wanted_bytes + header_bytes) > allowed_bytes(limit))
		wanted_bytes /= 2;
	return wanted_bytes;
}

char *ev_lock_limit_tell(const struct ev_lock_limit *limit, uint64_t rings, uint64_t wanted_bytes,
			 char *out, size_t size_bytes)
{
	uint64_t need = rings * (wanted_bytes + (uint64_t)sysconf(_SC_PAGESIZE)), own = 0;
	if (!limit->unlimited)
		own = limit->own_bytes < need ? limit->own_bytes : need;
	uint64_t per_cpu_kb = ((need - own) / (limit->cpus ? limit->cpus : 1) + 1023) / 1024;
	if (per_cpu_kb <= limit->per_cpu_kb) /* others hold what would do for these alone */
		per_cpu_kb += limit->per_cpu_kb;
	snprintf(out, size_bytes,
		 "this user may lock %llu KiB (perf_event_mlock_kb: %llu for each of %llu CPUs, "
		 "and %llu by ulimit -l): sudo sysctl kernel.perf_event_mlock_kb=%llu",
		 (unsigned long long)(allowed_bytes(limit) >> 10),
		 (unsigned long long)limit->per_cpu_kb, (unsigned long long)limit->cpus,
		 (unsigned long long)(limit->own_bytes >> 10), (unsigned long long)per_cpu_kb);
	return out;
}
