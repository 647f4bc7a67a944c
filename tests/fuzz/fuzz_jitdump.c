/* A jitdump: every answer must hold the offset that was asked for. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../../src/symbol/jitdump.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct jitdump dump;
	int fd = memfd_create("jitdump", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, size_bytes) != (ssize_t)size_bytes)
		abort();
	if (!ev_jitdump_read(&dump, fd, size_bytes)) {
		for (size_t i = 0; i < dump.codes.count; i++) {
			uint64_t at = dump.codes.items[i].offset;
			const struct jit_code *code = ev_jitdump_find(&dump, at);
			if (!code || at < code->offset || at - code->offset >= code->size_bytes ||
			    !*ev_jitdump_name(&dump, code))
				abort();
			ev_jitdump_line(&dump, code, at + code->size_bytes - 1);
			ev_jitdump_find(&dump, at - 1);
		}
		ev_jitdump_done(&dump);
	}
	close(fd);
	return 0;
}
