/* The inside of a space set: what was added, and the histories made of it. */
#ifndef SYMBOL_SPACE_H
#define SYMBOL_SPACE_H

#include <evprof/symbol.h>
#include "jitdump.h"
#include "segments.h"

#define KERNEL_PROCESS UINT32_MAX
#define KERNEL_NAME "[kernel.kallsyms]"

/* What the public ev_object leaves out. */
struct object {
	struct ev_object shown;
	uint64_t size_bytes;  /* KSYMBOL code */
	uint32_t first_pid;   /* some process that had it mapped, for /proc/PID/root */
	bool deleted;         /* the path said so */
	struct jitdump *dump; /* code in it is known by its offset in the file; NULL: none */
};

struct build {
	uint8_t id[20], bytes;
};

/* One MMAP record, or a KSYMBOL as one. */
struct mapping {
	uint64_t start, end, file_offset;
	uint32_t path;  /* in texts */
	uint32_t build; /* in builds, 0 when the record had none */
	uint32_t object;
	bool ksymbol;
	bool dumped; /* code of a jitdump: on top of what memory was mapped for it */
};

enum event_kind { MAPPED, NAMED, EXECUTED, FORKED };
struct event {
	uint64_t time_ns;
	uint32_t pid, tid;
	uint32_t parent_pid, parent_tid;
	uint32_t what; /* mapping or text */
	uint8_t kind;
	bool fresh; /* FORKED: without the parent's maps */
};

/* From a time on: a mapping more (ADD), the same in a tree (TREE, a checkpoint), or another address
 * space altogether (RESET, whose tree is that of the parent at the fork or 0). */
enum step_kind { STEP_ADD, STEP_TREE, STEP_RESET };
struct step {
	uint64_t from_ns;
	uint32_t what;
	uint32_t kind;
};
struct process {
	EV_ARRAY(struct step) steps;
	uint32_t pending; /* ADD steps since the last tree */
};
struct name {
	uint64_t from_ns;
	uint32_t text;
};
struct thread {
	EV_ARRAY(struct name) names;
};

struct ev_space_set {
	struct ev_strings *texts;
	EV_ARRAY(struct event) events;
	EV_ARRAY(struct mapping) mappings;
	EV_ARRAY(struct build) builds;
	struct ev_strings *build_ids; /* whose numbers are those in builds */
	size_t applied;               /* events that are in the histories */
	uint64_t last_ns;             /* of the applied ones */
	uint64_t generation;

	EV_ARRAY(struct process) processes;
	EV_ARRAY(struct thread) threads;
	struct ev_map process_by_pid; /* and those of dumped code, by (pid, 1) */
	struct ev_map thread_by_tid;
	struct ev_segments segments;

	EV_ARRAY(struct object *) objects; /* in the arena: callers keep pointers to them */
	struct ev_map object_by_key;
	struct ev_map build_by_path;  /* header's build-id, else the only one seen: build + 1 */
	struct ev_map header_by_path; /* path -> build */
	struct ev_map dump_by_path;   /* (path, pid) of the jitdumps looked at */
	EV_ARRAY(struct jitdump *) dumps;
	struct ev_arena arena;
	uint32_t kernel_object;
	const char
		*kernel_reference; /* "_text" or "_stext": the symbol that the kernel's map names */
	uint64_t kernel_reference_address; /* 0 when there was no such map */
};

/* Index of the object that a mapping of `pid` maps. */
uint32_t ev_space_object_add(struct ev_space_set *set, const struct mapping *mapping, uint32_t pid);
/* That of a process' jitdump. */
uint32_t ev_space_dump_object(struct ev_space_set *set, uint32_t path, uint32_t pid);
uint32_t ev_space_kernel_object(struct ev_space_set *set);
uint32_t ev_space_build_add(struct ev_space_set *set, const uint8_t *id, uint8_t bytes);
const struct object *ev_space_object(const struct ev_space_set *set, uint32_t object);

#endif
