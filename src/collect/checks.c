/* The table of what evprof needs or can use becomes rows, each answered by trying it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "checks.h"

static const struct {
	const char *area, *name;
	ev_check_probe probe;
} rows[] = {
	{ "machine", "kernel", ev_check_kernel },
	{ "machine", "user", ev_check_user },
	{ "machine", "virtual machine", ev_check_hypervisor },
	{ "machine", "container", ev_check_container },
	{ "machine", "system calls", ev_check_seccomp },
	{ "machine", "clock", ev_check_clock },
	{ "machine", "event times", ev_check_event_time },

	{ "counters", "PMU", ev_check_pmu },
	{ "counters", "counters", ev_check_counters },
	{ "counters", "NMI watchdog", ev_check_watchdog },

	{ "events", "hardware", ev_check_hardware },
	{ "events", "software", ev_check_software },
	{ "events", "kernel side", ev_check_kernel_side },
	{ "events", "all CPUs", ev_check_all_cpus },
	{ "events", "tracepoints", ev_check_tracepoints },
	{ "events", "uprobes", ev_check_uprobes },
	{ "events", "kprobes", ev_check_kprobes },
	{ "events", "breakpoints", ev_check_breakpoints },

	{ "limits", "recording", ev_check_recording },
	{ "limits", "paranoid level", ev_check_paranoid },
	{ "limits", "rings", ev_check_rings },
	{ "limits", "descriptors", ev_check_descriptors },
	{ "limits", "sample rate", ev_check_rate },
	{ "limits", "stack depth", ev_check_depth },

	{ "BPF", "programs", ev_check_bpf },
	{ "BPF", "kernel types", ev_check_btf },
	{ "BPF", "counted samples", ev_check_bpf_counts },

	{ "names", "kernel symbols", ev_check_kptr },
	{ "names", "tracefs", ev_check_tracefs },
	{ "names", "kernel lines", ev_check_kernel_debug },
	{ "names", "libc lines", ev_check_libc_debug },
	{ "names", "python lines", ev_check_python_debug },
	{ "names", "debuginfod", ev_check_debuginfod },
	{ "names", "libc stacks", ev_check_stacks },

	{ "languages", "python", ev_check_python },
	{ "languages", "perf maps", ev_check_perf_map },
	{ "languages", "jitdump", ev_check_jitdump },
	{ "languages", "valgrind", ev_check_valgrind },
};

static void set(char *out, size_t size_bytes, const char *fmt, va_list args)
{
	vsnprintf(out, size_bytes, fmt, args);
}

#define SET_VALUE(name, answer)                                                                    \
	void ev_check_##name(struct ev_check *check, const char *value, ...)                       \
	{                                                                                          \
		va_list args;                                                                      \
		va_start(args, value);                                                             \
		check->state = answer;                                                             \
		set(check->value, sizeof(check->value), value, args);                              \
		va_end(args);                                                                      \
	}
SET_VALUE(ok, EV_CHECK_OK)
SET_VALUE(limited, EV_CHECK_LIMITED)
SET_VALUE(missing, EV_CHECK_MISSING)

void ev_check_why(struct ev_check *check, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	set(check->why, sizeof(check->why), fmt, args);
	va_end(args);
}

void ev_check_cure(struct ev_check *check, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	set(check->cure, sizeof(check->cure), fmt, args);
	va_end(args);
}

bool ev_check_unmounted(struct ev_check *check, const char *path)
{
	static const struct {
		const char *root, *sign, *type;
	} systems[] = { { "/proc", "/proc/self", "proc" }, { "/sys", "/sys/kernel", "sysfs" } };
	for (size_t i = 0; i < EV_LENGTH(systems); i++)
		if (!strncmp(path, systems[i].root, strlen(systems[i].root)) &&
		    access(systems[i].sign, F_OK)) {
			ev_check_why(check, "%s is not mounted", systems[i].root);
			ev_check_cure(check, "sudo mount -t %s none %s", systems[i].type,
				      systems[i].root);
			return true;
		}
	return false;
}

/* A refusal is told as "cause: cure". */
void ev_check_refused(struct ev_check *check, int error, const struct perf_event_attr *attr,
		      const struct ev_target *target)
{
	char why[512];
	const char *last = NULL;
	ev_explain_open(error, attr, target, why, sizeof(why));
	for (const char *at = why; (at = strstr(at, ": ")); at += 2)
		last = at;
	ev_check_why(check, "%.*s", last ? (int)(last - why) : (int)strlen(why), why);
	if (last)
		ev_check_cure(check, "%s", last + 2);
}

void ev_checks_run(struct ev_checks *checks)
{
	*checks = (struct ev_checks){ 0 };
	for (size_t i = 0; i < EV_LENGTH(rows); i++) {
		struct ev_check *check = ev_array_add(checks);
		check->area = rows[i].area;
		check->name = rows[i].name;
		rows[i].probe(check, checks);
	}
}

void ev_checks_done(struct ev_checks *checks)
{
	ev_array_done(checks);
}
