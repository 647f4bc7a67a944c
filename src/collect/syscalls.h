/* Every raw system call of evprof, as thin functions that answer -errno, so that tests can take the
 * kernel's place (ld --wrap). */
#ifndef COLLECT_SYSCALLS_H
#define COLLECT_SYSCALLS_H

#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <linux/perf_event.h>

/* A descriptor (close-on-exec), or -errno. */
int ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);
/* The same for the threads of a cgroup, by a descriptor of its folder. */
int ev_sys_perf_event_open_cgroup(struct perf_event_attr *attr, int cgroup_fd, int cpu,
				  int group_fd);
/* 0 or more, or -errno. */
int ev_sys_ioctl(int fd, unsigned long request, void *argument);
/* Bytes read, or -errno. */
ssize_t ev_sys_read(int fd, void *bytes, size_t size_bytes);
void ev_sys_close(int fd);
/* A shared writable map of a ring: 0 and *base, or -errno. */
/* The beginning of a file as code. */
int ev_sys_code_map(int fd, void **base);
int ev_sys_ring_map(int fd, size_t size_bytes, void **base);
void ev_sys_ring_unmap(void *base, size_t size_bytes);
/* A descriptor of memory of so many bytes, for good, or -errno. */
int ev_sys_memory_make(const char *name, size_t size_bytes);
/* Descriptors that have something, or -errno. */
int ev_sys_poll(struct pollfd *fds, size_t count, int timeout_ms);
/* The eight bytes by which the kernel knows a file of kernfs (a cgroup's folder); -EOVERFLOW where
 * its handle is longer. */
int ev_sys_file_handle(int fd, uint64_t *handle);
int ev_sys_pidfd_open(pid_t pid);
int ev_sys_pidfd_send_signal(int pidfd, int signal_number);
/* The CPUs that this thread may run on, as the kernel's mask. 0 or -errno. */
enum { EV_CPU_MASK_BYTES = 8192 };
int ev_sys_affinity_get(uint8_t mask[EV_CPU_MASK_BYTES]);
int ev_sys_affinity_set(const uint8_t mask[EV_CPU_MASK_BYTES]);
/* The soft and hard limit of descriptors; `to` and `old` may be NULL. */
int ev_sys_descriptor_limit(const struct rlimit *to, struct rlimit *old);
/* The CPUs that this thread may run on; `to` and `old` may be NULL. */
int ev_sys_affinity(const cpu_set_t *to, cpu_set_t *old);
/* Returns when every CPU has left what it did in the kernel with the scheduler held off: programs
 * that ran before are done. 0 or -errno. */
int ev_sys_wait_for_programs(void);
/* Of this thread, effective and permitted: keep those of the bits 1 << CAP_…. 0 or -errno. */
int ev_sys_capabilities_keep(uint64_t capabilities);
/* Memory of another process: bytes read, as far as it was there, or -errno. */
ssize_t ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes);
/* ptrace(2); 0 or -errno. */
int ev_sys_trace(int request, pid_t tid, uint64_t address, void *data);
/* The thread when something of it can be told, 0 when not (WNOHANG), or -errno. */
pid_t ev_sys_wait(pid_t tid, int *status, int options);
/* How much memory this process may lock (RLIMIT_MEMLOCK). */
int ev_sys_locked_limit(struct rlimit *limit);

/* Puts probes of a BPF program at `count` offsets of a file, for everybody; `returns`: where the
 * functions that begin there return to. A descriptor that holds them, or -errno (-EINVAL before
 * Linux 6.6). */
int ev_sys_bpf_probe_many(int program_fd, const char *path, const uint64_t *offsets,
			  const uint64_t *cookies, uint32_t count, int returns);

#endif
