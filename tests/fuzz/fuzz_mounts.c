/* A text like /proc/mounts: a path that is found fits, and stands for a line of a cgroup. */
#include <stdlib.h>
#include <string.h>
#include "../../src/collect/cgroups.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	char path[64];
	char *text = ev_realloc(NULL, size_bytes + 1);
	if (size_bytes)
		memcpy(text, bytes, size_bytes);
	text[size_bytes] = 0;
	if (ev_cgroup_mount(text, path, sizeof(path)) &&
	    (strlen(path) >= sizeof(path) || !strstr(text, "cgroup")))
		abort();
	free(text);
	return 0;
}
