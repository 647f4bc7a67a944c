/* What the walk over user stacks in BPF shares with those who fill its tables: which process has
 * what mapped where, and the rows and rules of the unwind tables of each mapped object.
 *
 *   processes[pid] -> mappings[first .. first + count) -> objects[object] -> rows, others
 */
#ifndef BPF_WALK_H
#define BPF_WALK_H

#include <linux/types.h>

enum {
	EV_WALK_FRAMES = 512,              /* of a stack, at most */
	EV_WALK_SEGMENT_ROWS = 512 * 1024, /* rows come in segments of 4 MiB */
	EV_WALK_SEGMENTS = 128,
	EV_WALK_OTHERS = 32 * 1024,
	EV_WALK_OBJECTS = 16 * 1024,
	EV_WALK_PROCESSES = 32 * 1024,
	EV_WALK_MAPPINGS = 256 * 1024,
	EV_WALK_REMEMBERED = 1024, /* rules of addresses, on each CPU */
	EV_WALK_FILES = 16 * 1024, /* that are known as mapped */
	EV_WALK_MAPPERS = 4096,    /* processes of which mappings were asked for */
	EV_WALK_RECENT = 32,       /* mappings of each of them */
};

struct ev_walk_process {
	__u32 first, count; /* its mappings, by rising address */
	__u32 pid;
	__u32 settled; /* nothing was mapped lately: what is not found is no file's */
	__u64 version; /* of its mappings: the same number always is of the same ones */
};

struct ev_walk_mapping {
	__u64 start, end;
	__u32 file_offset;
	__u32 object;
};

/* A file as the kernel has it, whatever its path is. */
struct ev_walk_file {
	__u64 inode, size_bytes;
	__u32 generation, device;
};
/* What one process has mapped, of files that are known, as far as walks have asked for it before
 * anyone told of it. */
struct ev_walk_recent {
	__u64 mm;      /* whose mappings they are: others' after an exec */
	__u64 version; /* as that of a process; no process has the same */
	__u64 count;   /* all in all: the last one is at count - 1, modulo their number */
	struct ev_walk_mapping mappings[EV_WALK_RECENT];
};
/* Who fills the tables maps a file, and asks which one it is. */
struct ev_walk_naming {
	__u64 address;
	__u32 object, page_bytes;
	struct ev_walk_file file; /* the answer; inode 0: not known */
};

enum ev_walk_tables {
	EV_WALK_NOT_YET,   /* they are being read, or about to be */
	EV_WALK_READY,     /* rows and others are there */
	EV_WALK_NONE,      /* a file's code without tables that can be read */
	EV_WALK_GENERATED, /* memory that is no file's */
	EV_WALK_NO_ROOM,   /* there are tables, and no room for them */
};
struct ev_walk_object {
	__u32 tables; /* enum ev_walk_tables */
	__u32 first_row, row_count;
	__u32 first_other;
	__u32 missed; /* a walk needed them before they were read */
	__u32 unused; /* maps have their entries at multiples of eight bytes */
};

/* As the unwind tables of the user's side have them: struct ev_cfi_row and struct ev_cfi_rule. */
struct ev_walk_row {
	__u32 offset;
	__s16 cfa_words;
	__s8 fp_words;
	__u8 kind;
};
enum {
	EV_WALK_ROW_NOTHING,
	EV_WALK_ROW_END,
	EV_WALK_ROW_SP,
	EV_WALK_ROW_FP,
	EV_WALK_ROW_PLT,
	EV_WALK_ROW_OTHER,
};
struct ev_walk_rule {
	__u8 base, base_register, indirect, is_signal, fp, ra;
	__u16 unused;
	__s32 cfa_offset, beyond, fp_offset, ra_offset;
};
/* Most frames are those of the sample before: what was found for an address is found at once. */
struct ev_walk_remembered {
	__u64 address, version; /* 0: nothing yet */
	struct ev_walk_rule rule;
};
enum {
	EV_WALK_BASE_NOTHING,
	EV_WALK_BASE_SP,
	EV_WALK_BASE_FP,
	EV_WALK_BASE_REGISTER,
	EV_WALK_BASE_PLT,
	EV_WALK_BASE_THREAD_MAKER,
};
enum {
	EV_WALK_KEPT,
	EV_WALK_AT_CFA,
	EV_WALK_AT_SP,
	EV_WALK_AT_FP,
	EV_WALK_LOST,
	EV_WALK_IN_REGISTER,
};

/* Why a walk went no further: enum ev_unwound_end, as far as it can occur. */
enum {
	EV_WALKED_COMPLETE = 0,
	EV_WALKED_TOO_DEEP = 2,
	EV_WALKED_NO_CFI = 3,
	EV_WALKED_NO_OBJECT = 4,
	EV_WALKED_BROKEN = 5,
	EV_WALKED_NO_REGISTERS = 6,
	EV_WALKED_UNREADABLE = 8,
	EV_WALKED_NOT_YET = 9,
	EV_WALKED_NO_ROOM = 10,
	EV_WALKED_COUNT,
};
struct ev_walk_result {
	__u32 count;   /* addresses; the last one is where the walk ended */
	__u16 end;     /* EV_WALKED_… */
	__u16 guessed; /* frames without a table, by the frame pointer */
};

/* What all walks on a CPU came to. */
struct ev_walk_tally {
	__u64 ends[EV_WALKED_COUNT];
	__u64 frames, guessed;
};

#endif
