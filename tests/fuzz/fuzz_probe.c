/* Any bytes as the program that is to be probed or traced, as the notes of its markers and as the
 * loader's cache: an answer, never a crash. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/symbol_calls.h>
#include "../../src/symbol/probe_files.h"
#include "../../src/symbol/stapsdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static int take_library(void *context, const char *name, const char *path)
{
	size_t *total = context;
	*total += strlen(name) + strlen(path);
	return 0;
}

static void find(const char *path, enum ev_probe_kind kind, const char *name)
{
	struct ev_arena arena = { 0 };
	struct ev_probe_places places = { .arena = &arena };
	struct ev_err err = { 0 };
	const struct ev_probe probe = { .kind = kind, .path = path, .provider = "*", .name = name };
	int rc = ev_probe_find(NULL, &probe, &places, &err);
	if ((rc != 0) != (err.code != 0) || (!rc && !places.count))
		__builtin_trap();
	ev_array_done(&places);
	ev_arena_done(&arena);
}

/* Where calls of its functions begin and end. */
static void find_calls(const char *path)
{
	struct ev_call_points points = { 0 };
	struct ev_leavers leavers = { 0 };
	struct ev_err err = { 0 };
	struct ev_arena arena = { 0 };
	int rc = ev_call_points_add(&points, path, "*", 100, &err);
	if ((rc != 0) != (err.code != 0) || points.count > 100)
		__builtin_trap();
	ev_call_points_ready(&points);
	ev_stack_walker_of(path);
	ev_leavers_add(&leavers, path, &arena);
	ev_call_points_done(&points);
	ev_array_done(&leavers);
	ev_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	char path[] = "/tmp/evprof-fuzz-XXXXXX";
	size_t total = 0;
	for (unsigned way = 0; way < 4; way++) {
		struct markers markers = { 0 };
		ev_markers_parse(&markers, bytes, size_bytes, way, way & 1, way & 2);
		ev_markers_done(&markers);
	}
	ev_library_cache_read(bytes, size_bytes, take_library, &total);
	int fd = mkstemp(path);
	if (fd < 0)
		return 0;
	if (write(fd, bytes, size_bytes) == (ssize_t)size_bytes) {
		find(path, EV_PROBE_FUNCTION, "*");
		find(path, EV_PROBE_RETURN, "main");
		find(path, EV_PROBE_MARKER, "*");
		find_calls(path);
	}
	close(fd);
	unlink(path);
	return 0;
}
