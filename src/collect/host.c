/* The machine and the command line become the header of a recording. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "host.h"
#include "machine.h"

static const char *keep(struct ev_recording *recording, const char *text)
{
	return ev_arena_text(&recording->arena, text, strlen(text));
}

static void describe_system(struct ev_recording *recording)
{
	struct utsname name;
	long available = sysconf(_SC_NPROCESSORS_CONF);
	char *text, field[64];
	if (!uname(&name)) {
		recording->hostname = keep(recording, name.nodename);
		recording->osrelease = keep(recording, name.release);
		recording->arch = keep(recording, name.machine);
	}
	recording->version = "evprof " EV_VERSION;
	recording->cpus_online = ev_cpus_online();
	recording->cpus_available = available > 0 ? (uint32_t)available : recording->cpus_online;
	if (ev_file_read("/proc/meminfo", &text, NULL))
		return;
	if (ev_proc_field(text, "MemTotal", field, sizeof(field)))
		recording->total_mem_kb = strtoull(field, NULL, 10);
	free(text);
}

/* perf's cpuid strings: "GenuineIntel,6,85,4" on x86, the MIDR register on arm64. */
static void describe_cpuid(struct ev_recording *recording, const char *cpuinfo)
{
	char vendor[64], family[32], model[32], stepping[32], *midr;
	if (ev_proc_field(cpuinfo, "vendor_id", vendor, sizeof(vendor)) &&
	    ev_proc_field(cpuinfo, "cpu family", family, sizeof(family)) &&
	    ev_proc_field(cpuinfo, "model", model, sizeof(model)) &&
	    ev_proc_field(cpuinfo, "stepping", stepping, sizeof(stepping))) {
		recording->cpuid = ev_arena_printf(&recording->arena, "%s,%s,%s,%s", vendor, family,
						   model, stepping);
	} else if (!ev_file_read("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", &midr,
				 NULL)) {
		midr[strcspn(midr, "\n")] = 0;
		recording->cpuid = keep(recording, midr);
		free(midr);
	}
}

static void describe_cpu(struct ev_recording *recording)
{
	/* x86 and arm, RISC-V, POWER, s390, MIPS */
	static const char *const names[] = { "model name", "uarch", "cpu", "vendor_id",
					     "cpu model" };
	char *cpuinfo, field[256];
	if (ev_file_read("/proc/cpuinfo", &cpuinfo, NULL))
		return;
	for (size_t i = 0; i < EV_LENGTH(names) && !recording->cpudesc; i++)
		if (ev_proc_field(cpuinfo, names[i], field, sizeof(field)))
			recording->cpudesc = keep(recording, field);
	describe_cpuid(recording, cpuinfo);
	free(cpuinfo);
}

void ev_describe_host(struct ev_recording *recording, int argc, char *const *argv)
{
	char self[4096];
	describe_system(recording);
	describe_cpu(recording);
	ev_host_sections(recording, "");
	recording->cmdline_count = argc > 0 ? (size_t)argc : 0;
	recording->cmdline =
		ev_arena_take(&recording->arena, (recording->cmdline_count + 1) * sizeof(char *));
	for (int i = 0; i < argc; i++)
		recording->cmdline[i] = keep(recording, argv[i]);
	/* The program itself by its path, whatever it was called as. */
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (argc > 0 && length > 0)
		recording->cmdline[0] = ev_arena_text(&recording->arena, self, (size_t)length);
}

static uint64_t clock_now_ns(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void ev_describe_clock(struct ev_recording *recording, int clock_id)
{
	enum { VERSION = 1 };
	struct timespec resolution;
	struct ev_buffer out = { 0 };
	if (clock_id < 0 || clock_getres(clock_id, &resolution))
		return;
	ev_buffer_u32(&out, VERSION);
	ev_buffer_u32(&out, (uint32_t)clock_id);
	ev_buffer_u64(&out, clock_now_ns(CLOCK_REALTIME));
	ev_buffer_u64(&out, clock_now_ns(clock_id));
	ev_recording_set_section(recording, EV_FEATURE_CLOCK_DATA, out.bytes, out.size_bytes);
	ev_buffer_done(&out);
}
