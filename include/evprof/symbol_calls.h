/* symbol, for tracing calls: where functions begin and by which instructions they are left. */
#ifndef EVPROF_SYMBOL_CALLS_H
#define EVPROF_SYMBOL_CALLS_H

#include <evprof/symbol.h>

/* A function whose calls can be traced. */
struct ev_call_point {
	const char *path, *name; /* its file, absolute; its readable name */
	const char *source;      /* the source file that declares it, NULL = not known */
	uint32_t line;           /* 0 = not known */
	uint64_t entry_offset;   /* in the file: of its beginning */
	uint64_t offset;         /* in the file: the instruction to be probed, run once per call */
	uint32_t stack_bytes;    /* by how much the stack has grown when it comes there */
	bool cheap;              /* the kernel emulates that instruction */
	bool recursive;          /* it may call itself, as far as direct calls among these tell */
	/* Offsets in the file of all the instructions by which it goes back, and of those by which
	 * it jumps into another function instead (tail calls). Not known without a disassembler or
	 * where its code can't be read as a whole. */
	bool exits_known;
	const uint64_t *returns, *jumps;
	size_t return_count, jump_count;
	const uint64_t *jump_targets; /* addresses; 0 = computed */
	uint64_t address;             /* of its beginning, in its file's own numbering */
	const uint64_t *callees;      /* what it calls directly, in that numbering */
	size_t callee_count;
};
/* Zeroed: none. Strings and lists live until done. */
struct ev_call_points {
	struct ev_call_point *items;
	size_t count, room;
	size_t left_out; /* that were meant, beyond the limit */
	struct ev_arena arena;
};
/* Adds the functions of a file (a path, a program of PATH, a library's name, or a glob of one) that
 * a name or glob means, each place once, as long as there are fewer than `limit`. A glob leaves out
 * what the C library's start files put into every program. -ENOENT with a sentence when it means
 * none; it then tells when all that it means were inlined. */
int ev_call_points_add(struct ev_call_points *points, const char *file, const char *functions,
		       size_t limit, struct ev_err *err);
/* After the last was added: who is recursive. */
void ev_call_points_ready(struct ev_call_points *points);
void ev_call_points_done(struct ev_call_points *points);

/* Why the stack of a program with this file in it may be walked or changed by more than calls and
 * returns ("C++ or Rust exceptions", …), so that no return address on it may be replaced. NULL when
 * nothing in the file says so. The text lives for ever. */
const char *ev_stack_walker_of(const char *path);
/* Is a library of this file name one that walks stacks? As above. */
const char *ev_stack_walker_named(const char *library);

/* Where calls begin to be left other than by returning: longjmp, throws. */
struct ev_leavers {
	struct ev_leaver {
		const char *path;
		uint64_t offset; /* in the file */
	} * items;
	size_t count, room;
};
/* Adds those that a file (as above) defines; none is no error. Paths live in the arena, the caller
 * frees with ev_array_done. */
void ev_leavers_add(struct ev_leavers *leavers, const char *file, struct ev_arena *arena);

#endif
