/* What code every living process has mapped now, as the records of what happens tell: the present
 * only, for tables in the kernel that know no other. */
#ifndef COLLECT_WALK_SPACES_H
#define COLLECT_WALK_SPACES_H

#include <evprof/perfdata.h>

struct walk_mapping {
	uint64_t start, end, time_ns;
	uint32_t file_offset, object; /* object: of whoever is asked, see walk_spaces */
};
struct walk_space {
	uint32_t pid, threads; /* threads: others than the main one, that were seen to start */
	EV_ARRAY(struct walk_mapping) mappings; /* sorted, none overlapping another */
	uint64_t began_ns;                      /* the program that runs now, or the fork */
	bool changed;
	bool begun;     /* another program, since the publisher last set it to false */
	bool main_over; /* the main thread ended; with it the process, unless other threads run */
	bool over;
	/* For who publishes it. */
	uint32_t first, count; /* where it stands; count 0: nowhere */
	uint8_t insist;        /* for how many steps it is there without doubt */
	uint64_t changed_ns;   /* when it last was, 0 = nothing more is expected */
	uint64_t version;      /* of what stands there */
};

/* Who knows which object a mapping is of. Each object that `find` told is kept as often as mappings
 * have it, and let go as often. */
struct walk_objects {
	uint32_t (*find)(void *context, const struct ev_record *record);
	void (*keep)(void *context, uint32_t object);
	void (*let_go)(void *context, uint32_t object);
	void *context;
};

struct walk_spaces {
	struct walk_objects objects;
	struct ev_map by_pid;               /* index + 1 */
	EV_ARRAY(struct walk_space *) list; /* living ones first to last, in no order */
	EV_ARRAY(struct walk_event) events; /* since the last apply */
};
struct walk_event {
	uint64_t time_ns;
	struct walk_mapping mapping;
	uint32_t pid, tid, parent;
	uint8_t kind;
	bool fresh; /* a fork that is none: with mappings of its own */
};

/* MMAP, MMAP2, COMM, FORK and EXIT records; others are ignored. Of each the objects are asked at
 * once. */
void ev_walk_spaces_note(struct walk_spaces *spaces, const struct ev_record *record);
/* What was noted, in the order in which it happened, becomes true. Those that are over stay in the
 * list, for the publisher to see, until ev_walk_spaces_forget. */
void ev_walk_spaces_apply(struct walk_spaces *spaces);
void ev_walk_spaces_forget(struct walk_spaces *spaces);
struct walk_space *ev_walk_space_find(const struct walk_spaces *spaces, uint32_t pid);
/* What is mapped there; false: nothing. */
bool ev_walk_space_object(const struct walk_space *space, uint64_t address, uint32_t *object);
void ev_walk_spaces_done(struct walk_spaces *spaces);

#endif
