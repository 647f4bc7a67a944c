/* The objects that processes have mapped, and the unwind tables of each in the maps of a BPF
 * program (bpf/walk.bpf.h). */
#ifndef COLLECT_WALK_TABLES_H
#define COLLECT_WALK_TABLES_H

#include <evprof/symbol.h>
#include <walk.h>
#include "ranges.h"
#include "walk_spaces.h"

struct walk_tables;
struct walk_tables_maps {
	int objects, others, rows; /* descriptors, borrowed while it is opened; rows: for good */
	uint32_t object_count, other_count, row_count; /* room; row_count: at most */
	/* Which object a file is, and the program that asks for it; borrowed for good. namer -1:
	 * that is not known. */
	int files, naming, namer;
};
int ev_walk_tables_open(struct walk_tables **tables, const struct walk_tables_maps *maps,
			const struct ev_roots *roots, const char *cache, struct ev_err *err);
/* Who knows the objects of mappings. */
struct walk_objects ev_walk_tables_objects(struct walk_tables *tables);
/* Is this one of memory that is no file's? */
bool ev_walk_tables_is_generated(const struct walk_tables *tables, uint32_t object);
/* A program that is about to be run: its tables are to be there before anyone maps it. */
void ev_walk_tables_expect(struct walk_tables *tables, const char *path);
/* Time goes on: what nobody used for long is let go of. */
void ev_walk_tables_step(struct walk_tables *tables, uint64_t step, uint64_t now_ns);
/* Reads the tables of what is used and not there yet, until so much time is over, one object at
 * least; false when all are there. */
bool ev_walk_tables_load(struct walk_tables *tables, uint64_t budget_ns);
/* From now on those are read that a walk needed. */
void ev_walk_tables_on_demand(struct walk_tables *tables);
struct walk_tables_tally {
	uint64_t objects, without_room; /* now used; of those for which there is no room */
	uint64_t rows;                  /* that are there */
	uint64_t bytes;                 /* of memory for rows */
};
void ev_walk_tables_tally(const struct walk_tables *tables, struct walk_tables_tally *tally);
void ev_walk_tables_close(struct walk_tables *tables);

#endif
