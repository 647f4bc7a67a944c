/* Gives back what a recorder may do beyond what it still has to do. */
#include <linux/capability.h>
#include "machine.h"
#include "syscalls.h"

/* Descriptors that are open stay usable. What is left is for names, at the end: files and the
 * memory maps of whoever was seen, the kernel's symbols; for the command, which may be someone
 * else's; and for maps of BPF programs, which older kernels show to nobody else. */
static const int kept[] = { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_CHOWN,
			    CAP_KILL,         CAP_SYS_PTRACE,      CAP_SYSLOG, EV_CAP_BPF };

void ev_capabilities_drop(void)
{
	uint64_t keep = 0;
	for (size_t i = 0; i < EV_LENGTH(kept); i++)
		keep |= UINT64_C(1) << kept[i];
	ev_sys_capabilities_keep(keep);
}
