/* Text of /proc about what already runs, as records. */
#ifndef COLLECT_SYNTHESIZE_H
#define COLLECT_SYNTHESIZE_H

#include <evprof/collect.h>
#include "tasks.h"

struct ev_synthesis {
	ev_take_record take;
	void *context;
	size_t *unreadable;
	bool unborn; /* a command before its exec: what is mapped now is evprof's own */
	struct ev_map known_files; /* (device, inode) -> index + 1 into build_ids */
	EV_ARRAY(struct ev_known_build_id) build_ids;
	uint8_t vdso_id[20], vdso_id_bytes;
	struct ev_buffer text; /* of the /proc file being read */
};
struct ev_known_build_id {
	uint8_t id[20], id_bytes;
};

/* One line of /proc/PID/maps, its newline excluded. The path points into `path`, a buffer of
 * size_bytes. False when the line is no mapping. */
bool ev_maps_parse(const char *line, size_t length, struct ev_mmap *mmap, char *path,
		   size_t size_bytes);
/* One line of /proc/modules: name, size, address. False when it is none, or its address hidden. */
bool ev_module_parse(const char *line, char name[64], uint64_t *size_bytes, uint64_t *address);
/* The kernel's own text, found by walking /proc/kallsyms line by line. */
struct ev_kernel_extent {
	uint64_t start, end; /* 0 = not met yet */
	uint64_t code_bytes; /* end - start where it is known beforehand, 0 else */
};
/* True when both ends are known. */
bool ev_kernel_extent_add(struct ev_kernel_extent *extent, const char *line);
/* Records of the kernel and its modules. */
int ev_synthesize_kernel(struct ev_synthesis *synthesis, struct ev_err *err);
/* Processes that run before the target is watched; appended. */
void ev_synthesized_processes(const struct ev_target *target, struct ev_task_list *pids);
/* Records of one process and its threads. 0 also when it is gone. */
int ev_synthesize_process(struct ev_synthesis *synthesis, uint32_t pid, struct ev_err *err);

#endif
