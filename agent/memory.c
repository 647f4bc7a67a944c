/* An address in the interpreter's memory -> its bytes. The kernel reads them, which refuses what is
 * no memory. */
#include <sys/syscall.h>
#include <unistd.h>
#include "agent.h"

enum { PAGE_BYTES = 4096 };

static uint8_t window[2 * PAGE_BYTES];
static uint64_t window_at;
static size_t window_bytes;

/* As if it wrote to itself: the kernel copies what it writes, and pins what it reads, page by page,
 * which takes three times as long. */
size_t agent_gather(const struct iovec *pieces, size_t count, void *bytes, size_t size_bytes)
{
	struct iovec here = { bytes, size_bytes };
	long got = syscall(SYS_process_vm_writev, agent.pid, pieces, count, &here, 1L, 0L);
	return got > 0 ? (size_t)got : 0;
}

bool agent_read(uint64_t address, void *bytes, size_t size_bytes)
{
	struct iovec there = { (void *)(uintptr_t)address, size_bytes };
	return agent_gather(&there, 1, bytes, size_bytes) == size_bytes;
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
