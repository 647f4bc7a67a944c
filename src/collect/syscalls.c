/* The raw system calls, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include "syscalls.h"

int ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	long fd = syscall(SYS_perf_event_open, attr, tid, cpu, group_fd, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int ev_sys_perf_event_open_cgroup(struct perf_event_attr *attr, int cgroup_fd, int cpu,
				  int group_fd)
{
	long fd = syscall(SYS_perf_event_open, attr, cgroup_fd, cpu, group_fd,
			  PERF_FLAG_FD_CLOEXEC | PERF_FLAG_PID_CGROUP);
	return fd < 0 ? -errno : (int)fd;
}

int ev_sys_ioctl(int fd, unsigned long request, void *argument)
{
	int rc = ioctl(fd, request, argument);
	return rc < 0 ? -errno : rc;
}

ssize_t ev_sys_read(int fd, void *bytes, size_t size_bytes)
{
	ssize_t got = read(fd, bytes, size_bytes);
	return got < 0 ? -errno : got;
}

void ev_sys_close(int fd)
{
	close(fd);
}

int ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	void *at = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	*base = at;
	return 0;
}

int ev_sys_code_map(int fd, void **base)
{
	void *at = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	*base = at;
	return 0;
}

void ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	munmap(base, size_bytes);
}

int ev_sys_memory_make(const char *name, size_t size_bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size_bytes) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		int error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

int ev_sys_poll(struct pollfd *fds, size_t count, int timeout_ms)
{
	int rc = poll(fds, count, timeout_ms);
	return rc < 0 ? -errno : rc;
}

int ev_sys_file_handle(int fd, uint64_t *handle)
{
	union {
		struct file_handle head;
		uint8_t bytes[sizeof(struct file_handle) + sizeof(*handle)];
	} got = { .head.handle_bytes = sizeof(*handle) };
	int mount;
	if (name_to_handle_at(fd, "", &got.head, &mount, AT_EMPTY_PATH))
		return -errno;
	memcpy(handle, got.bytes + offsetof(struct file_handle, f_handle), sizeof(*handle));
	return got.head.handle_bytes == sizeof(*handle) ? 0 : -EOVERFLOW;
}

int ev_sys_pidfd_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 ? -errno : (int)fd;
}

int ev_sys_pidfd_send_signal(int pidfd, int signal_number)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) < 0 ? -errno : 0;
}

int ev_sys_affinity_get(uint8_t mask[EV_CPU_MASK_BYTES])
{
	memset(mask, 0, EV_CPU_MASK_BYTES);
	return syscall(SYS_sched_getaffinity, 0, EV_CPU_MASK_BYTES, mask) < 0 ? -errno : 0;
}

int ev_sys_affinity_set(const uint8_t mask[EV_CPU_MASK_BYTES])
{
	return syscall(SYS_sched_setaffinity, 0, EV_CPU_MASK_BYTES, mask) < 0 ? -errno : 0;
}

int ev_sys_descriptor_limit(const struct rlimit *to, struct rlimit *old)
{
	if (old && getrlimit(RLIMIT_NOFILE, old))
		return -errno;
	return to && setrlimit(RLIMIT_NOFILE, to) ? -errno : 0;
}

int ev_sys_affinity(const cpu_set_t *to, cpu_set_t *old)
{
	if (old && sched_getaffinity(0, sizeof(*old), old))
		return -errno;
	return to && sched_setaffinity(0, sizeof(*to), to) ? -errno : 0;
}

int ev_sys_wait_for_programs(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0 ? -errno : 0;
}

int ev_sys_capabilities_keep(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &header, sets))
		return -errno;
	for (int i = 0; i < 2; i++) {
		sets[i].effective &= (uint32_t)(capabilities >> (32 * i));
		sets[i].permitted &= (uint32_t)(capabilities >> (32 * i));
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, sets) ? -errno : 0;
}

int ev_sys_locked_limit(struct rlimit *limit)
{
	return getrlimit(RLIMIT_MEMLOCK, limit) ? -errno : 0;
}

/* What bpf(2) wants for BPF_LINK_CREATE of a "uprobe_multi" link; younger than some headers. */
struct probe_many {
	uint32_t program_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, semaphores, cookies;
	uint32_t count, probe_flags, pid, unused;
};
enum { BPF_LINK_CREATE_COMMAND = 28, BPF_TRACE_UPROBE_MULTI_TYPE = 48, PROBE_MANY_RETURNS = 1 };

int ev_sys_bpf_probe_many(int program_fd, const char *path, const uint64_t *offsets,
			  const uint64_t *cookies, uint32_t count, int returns)
{
	struct probe_many wanted = {
		.program_fd = (uint32_t)program_fd,
		.attach_type = BPF_TRACE_UPROBE_MULTI_TYPE,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.cookies = (uintptr_t)cookies,
		.count = count,
		.probe_flags = returns ? PROBE_MANY_RETURNS : 0,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE_COMMAND, &wanted, sizeof(wanted));
	return fd < 0 ? -errno : (int)fd;
}

ssize_t ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes)
{
	struct iovec here = { bytes, size_bytes };
	struct iovec there = { (void *)(uintptr_t)address, size_bytes };
	ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);
	return got < 0 ? -errno : got;
}

int ev_sys_trace(int request, pid_t tid, uint64_t address, void *data)
{
	long rc = ptrace((enum __ptrace_request)request, tid, (void *)(uintptr_t)address, data);
	return rc < 0 ? -errno : 0;
}

pid_t ev_sys_wait(pid_t tid, int *status, int options)
{
	pid_t who = waitpid(tid, status, options);
	return who < 0 ? -errno : who;
}
