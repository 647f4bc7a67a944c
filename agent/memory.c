/* An address in the interpreter's memory -> its bytes. The kernel reads them, which refuses what is
 * no memory. */
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "agent.h"

enum { PAGE_BYTES = 4096 };

static uint8_t window[2 * PAGE_BYTES];
static uint64_t window_at;
static size_t window_bytes;

bool agent_read(uint64_t address, void *bytes, size_t size_bytes)
{
	struct iovec here = { bytes, size_bytes },
		     there = { (void *)(uintptr_t)address, size_bytes };
	return syscall(SYS_process_vm_readv, agent.pid, &here, 1L, &there, 1L, 0L) ==
	       (long)size_bytes;
}

bool agent_read_pieces(const struct agent_piece *pieces, size_t count)
{
	struct iovec here[AGENT_PIECES], there[AGENT_PIECES];
	size_t size_bytes = 0, used = 0;
	for (size_t i = 0; i < count && used < AGENT_PIECES; i++) {
		if (!pieces[i].size_bytes)
			continue;
		here[used] = (struct iovec){ pieces[i].bytes, pieces[i].size_bytes };
		there[used++] = (struct iovec){ (void *)(uintptr_t)pieces[i].address,
						pieces[i].size_bytes };
		size_bytes += pieces[i].size_bytes;
	}
	return syscall(SYS_process_vm_readv, agent.pid, here, (long)used, there, (long)used, 0L) ==
	       (long)size_bytes;
}

bool agent_read_word(uint64_t address, uint32_t offset, uint64_t *value)
{
	return address && agent_read(address + offset, value, sizeof(*value));
}

/* Frames lie beside one another: whole pages of them are read. */
const uint8_t *agent_read_frame(uint64_t address, size_t size_bytes)
{
	uint64_t from = address & ~(uint64_t)(PAGE_BYTES - 1);
	uint64_t to = (address + size_bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
	if (!address || to < from || to - from > sizeof(window))
		return NULL;
	if (!window_bytes || address < window_at ||
	    address + size_bytes > window_at + window_bytes) {
		window_bytes = 0;
		if (!agent_read(from, window, (size_t)(to - from)))
			return NULL;
		window_at = from;
		window_bytes = (size_t)(to - from);
	}
	return window + (address - window_at);
}

void agent_forget_frames(void)
{
	window_bytes = 0;
}
