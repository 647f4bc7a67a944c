/* Register copies of a sample -> " ABI:2    AX:0x1 …", named as perf names those of the machine. */
#include <inttypes.h>
#include "script.h"

/* By the kernel's numbering in asm/perf_regs.h. */
static const char *const x86[] = { "AX", "BX",    "CX",  "DX",  "SI",  "DI",  "BP",  "SP",
				   "IP", "FLAGS", "CS",  "SS",  "DS",  "ES",  "FS",  "GS",
				   "R8", "R9",    "R10", "R11", "R12", "R13", "R14", "R15" };
static const char *const arm64[] = { "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",
				     "x9",  "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
				     "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
				     "x27", "x28", "x29", "lr",  "sp",  "pc" };
static const char *const arm[] = { "r0", "r1", "r2",  "r3", "r4", "r5", "r6", "r7",
				   "r8", "r9", "r10", "fp", "ip", "sp", "lr", "pc" };
static const char *const riscv[] = { "pc", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
				     "s0", "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
				     "a6", "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
				     "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
static const struct {
	const char *machine; /* as uname tells it, or what it begins with */
	const char *const *names;
	size_t count;
} machines[] = {
	{ "x86_64", x86, EV_LENGTH(x86) },      { "i686", x86, EV_LENGTH(x86) },
	{ "i386", x86, EV_LENGTH(x86) },        { "i586", x86, EV_LENGTH(x86) },
	{ "aarch64", arm64, EV_LENGTH(arm64) }, { "arm", arm, EV_LENGTH(arm) },
	{ "riscv", riscv, EV_LENGTH(riscv) },
};

void ev_script_registers(struct ev_script *script, uint64_t abi, uint64_t mask,
			 const uint64_t *values)
{
	const char *arch = script->recording->arch ? script->recording->arch : "x86_64";
	const char *const *names = NULL;
	size_t count = 0, next = 0;
	if (!mask || !values)
		return;
	for (size_t i = 0; i < EV_LENGTH(machines) && !names; i++)
		if (!strncmp(arch, machines[i].machine, strlen(machines[i].machine))) {
			names = machines[i].names;
			count = machines[i].count;
		}
	ev_script_printf(&script->out, " ABI:%" PRIu64 " ", abi);
	for (size_t bit = 0; bit < 64; bit++) {
		char number[8];
		if (!(mask >> bit & 1))
			continue;
		snprintf(number, sizeof(number), "r%zu", bit);
		ev_script_printf(&script->out, "%5s:0x%" PRIx64 " ",
				 bit < count ? names[bit] : number, values[next++]);
	}
}
