/* A kernel that answers as the test says. The test file wraps what it scripts. */
#ifndef TESTS_COLLECT_SCRIPTED_H
#define TESTS_COLLECT_SCRIPTED_H

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/resource.h>
#include "live.h"

/* The answer to a perf_event_open: 0 opens, else a positive errno. */
typedef int (*script_open)(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);

static struct {
	script_open answer;
	int opens, closes, ioctls;
	int paranoid;
	bool may_perfmon, filtered, has_pmu;
	const char *hypervisor;
	int64_t number; /* of every /proc/sys file */
	struct rlimit limit;
} script;

static inline void script_reset(script_open answer)
{
	memset(&script, 0, sizeof(script));
	script.answer = answer;
	script.paranoid = 2;
	script.has_pmu = true;
	script.limit = (struct rlimit){ .rlim_cur = 1024, .rlim_max = 4096 };
}

int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);
int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	int error = script.answer(attr, tid, cpu, group_fd);
	if (error)
		return -error;
	script.opens++;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void __wrap_ev_sys_close(int fd);
void __wrap_ev_sys_close(int fd)
{
	script.closes++;
	close(fd);
}

int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd;
	if (request == PERF_EVENT_IOC_ID)
		*(uint64_t *)argument = (uint64_t)fd + 1000;
	script.ioctls++;
	return 0;
}

int __wrap_ev_sys_descriptor_limit(const struct rlimit *to, struct rlimit *old);
int __wrap_ev_sys_descriptor_limit(const struct rlimit *to, struct rlimit *old)
{
	if (old)
		*old = script.limit;
	if (to && to->rlim_max > script.limit.rlim_max)
		return -EPERM;
	if (to)
		script.limit = *to;
	return 0;
}

int __wrap_ev_machine_paranoid(void);
int __wrap_ev_machine_paranoid(void)
{
	return script.paranoid;
}

bool __wrap_ev_machine_may_perfmon(void);
bool __wrap_ev_machine_may_perfmon(void)
{
	return script.may_perfmon;
}

bool __wrap_ev_machine_is_filtered(void);
bool __wrap_ev_machine_is_filtered(void)
{
	return script.filtered;
}

bool __wrap_ev_machine_has_core_pmu(void);
bool __wrap_ev_machine_has_core_pmu(void)
{
	return script.has_pmu;
}

const char *__wrap_ev_machine_hypervisor(void);
const char *__wrap_ev_machine_hypervisor(void)
{
	return script.hypervisor;
}

int __wrap_ev_file_number(const char *path, int64_t *value);
int __wrap_ev_file_number(const char *path, int64_t *value)
{
	(void)path;
	*value = script.number;
	return 0;
}

#endif
