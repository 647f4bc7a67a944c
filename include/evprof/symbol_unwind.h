/* symbol: how stacks are followed through code, by its unwind tables or by frame pointers, and what
 * stands in a chain where there is no code: why a stack ends, what a thread waits for. */
#ifndef EVPROF_SYMBOL_UNWIND_H
#define EVPROF_SYMBOL_UNWIND_H

#include <evprof/symbol.h>

/* ---- unwind tables ----------------------------------------------------------------------------
 */

/* How to leave a function at one of its instructions: where the caller's frame begins (its CFA,
 * what the stack pointer is after the return), and where the return address and the frame pointer
 * were saved. */
enum ev_cfi_base {
	EV_CFI_NOTHING, /* no rule, or none that can be followed */
	EV_CFI_SP,
	EV_CFI_FP,
	EV_CFI_REGISTER, /* another, known only where the thread was interrupted */
	EV_CFI_PLT,      /* sp + word, and a word more from byte `cfa_offset` of each 16 on */
	/* As EV_CFI_SP, behind a system call that made a thread. Where base_register is 0 it is
	 * that thread which stands there, and nobody called it. Only in rows. */
	EV_CFI_THREAD_MAKER,
};
enum ev_cfi_where {
	EV_CFI_KEPT,   /* still in its register; the return address: in the link register */
	EV_CFI_AT_CFA, /* saved at the frame's beginning + offset */
	EV_CFI_AT_SP,
	EV_CFI_AT_FP,
	EV_CFI_LOST, /* of the return address: nobody called this */
	/* Of the return address: in the register that DWARF numbers ra_offset. Known only where the
	 * thread was interrupted. */
	EV_CFI_IN_REGISTER,
};
struct ev_cfi_rule {
	uint8_t base;          /* of the CFA: enum ev_cfi_base */
	uint8_t base_register; /* of EV_CFI_REGISTER and _THREAD_MAKER, as DWARF numbers them */
	bool indirect;         /* the CFA is what is stored at base + cfa_offset, plus `beyond` */
	bool signal;           /* a signal handler's frame: the caller was interrupted, no call */
	uint8_t fp, ra;        /* enum ev_cfi_where */
	uint16_t unused;       /* 0, so that equal rules are equal bytes */
	int32_t cfa_offset, beyond, fp_offset, ra_offset; /* bytes */
};

/* The same in eight bytes, for nearly all code. The return address is in the word below the CFA;
 * on machines with a link register it is in that where fp_offset is 0, and in the word behind the
 * saved frame pointer else. */
enum ev_cfi_kind {
	EV_CFI_ROW_NOTHING, /* no rule: between functions, or none that can be followed */
	EV_CFI_ROW_END,     /* nobody called this: where threads begin */
	EV_CFI_ROW_SP,      /* CFA = sp + cfa_words words */
	EV_CFI_ROW_FP,      /* CFA = fp + cfa_words words */
	EV_CFI_ROW_PLT,     /* as EV_CFI_PLT, cfa_words: the byte */
	EV_CFI_ROW_OTHER,   /* others[cfa_words, as uint16_t] */
};
struct ev_cfi_row {
	uint32_t offset;   /* in the file: it holds from there to the next row */
	int16_t cfa_words; /* words of the machine, as is fp_words */
	int8_t fp_words;   /* the caller's frame pointer is at CFA + fp_words; 0: it was kept */
	uint8_t kind;      /* enum ev_cfi_kind */
};
struct ev_cfi_rows {
	struct ev_cfi_row *rows; /* sorted by offset */
	size_t count;
	struct ev_cfi_rule *others; /* the rules that do not fit a row */
	size_t other_count;
	uint16_t machine;   /* EM_… */
	uint8_t word_bytes; /* of the machine */
};
/* All rows of an ELF file as one array, fit to be copied into a map that is searched by file
 * offset: a mapping's offset in the file + (address - its start). -errno when it can't be read,
 * -ENODATA when it has no unwind tables, -EOPNOTSUPP for a machine that is not known. */
int ev_cfi_rows_of_file(const char *path, struct ev_cfi_rows *rows, struct ev_err *err);
/* A zeroed one is empty. */
void ev_cfi_rows_done(struct ev_cfi_rows *rows);

/* Does the code of an ELF file keep frame pointers, so that stacks can be followed through it
 * without tables? By what most bytes of it do, as its unwind tables tell. A file whose code does
 * both counts as one that omits them. */
enum ev_frame_pointers {
	EV_FRAME_POINTERS_UNKNOWN, /* no such file, no tables, or a machine that is not known */
	EV_FRAME_POINTERS_KEPT,
	EV_FRAME_POINTERS_OMITTED,
};
enum ev_frame_pointers ev_frame_pointers_of_file(const char *path);
/* The same of the function at a place, by its rows of the file's tables; UNKNOWN where some of them
 * find the frame by a frame pointer and that of the place does not. `behind_call`: the place is a
 * return address. One thread at a time. */
enum ev_frame_pointers ev_frame_pointers_at(struct ev_symbolizer *symbolizer, struct ev_place place,
					    bool behind_call);

/* ---- unwinding ---------------------------------------------------------------------------------
 */

/* Why a stack was not followed further. */
enum ev_unwound_end {
	EV_UNWOUND_COMPLETE,     /* to where the thread began */
	EV_UNWOUND_TRUNCATED,    /* to the end of the copy of the stack */
	EV_UNWOUND_TOO_DEEP,     /* to the limit of frames */
	EV_UNWOUND_NO_CFI,       /* to an object without unwind tables that could be read */
	EV_UNWOUND_NO_OBJECT,    /* to memory of which nothing is known: generated code */
	EV_UNWOUND_BROKEN,       /* what the tables said made no sense */
	EV_UNWOUND_NO_REGISTERS, /* the sample does not tell those that are needed */
	EV_UNWOUND_OTHER_STACK, /* to another stack than the one that was copied: a signal handler's
				 * came from it, or a coroutine or a runtime switched */
	EV_UNWOUND_UNREADABLE,  /* to memory that was not there */
	/* Only where stacks are followed while they are in use. */
	EV_UNWOUND_NOT_YET, /* to code whose unwind tables had not been read yet */
	EV_UNWOUND_NO_ROOM, /* to an object for whose unwind tables there was no room */
	EV_UNWOUND_END_COUNT
};
struct ev_unwound {
	enum ev_unwound_end end;
	uint32_t object;  /* where it ended */
	uint64_t guessed; /* frames found without tables: by the frame pointer, or by what the code
			   * does on its way to its return */
	/* The stack pointer in the outermost frame that was found, and how far that is from the
	 * beginning of the copy: sense only when the stack is complete. */
	uint64_t outermost, stack_bytes;
};

/* Belongs to one thread; the unwind tables of every object, read as far as they are needed, may be
 * those of several. */
struct ev_unwinder;
/* `set` must outlive it; `recording` (architecture, host) may be NULL: this machine's. */
struct ev_unwinder *ev_unwinder_open(const struct ev_space_set *set,
				     const struct ev_recording *recording,
				     const struct ev_symbolizer_options *options);
/* The user-space chain of a sample with PERF_SAMPLE_REGS_USER and STACK_USER: its instruction
 * pointer, then return addresses, at most `limit`; how many. */
size_t ev_unwind(struct ev_unwinder *unwinder, const struct ev_record *record, uint64_t *chain,
		 size_t limit, struct ev_unwound *how);
/* A whole chain: the kernel's side as the sample has it, then the user's as ev_unwind finds it,
 * with the kernel's markers; how many. A sample of a kernel thread has no user's side. */
size_t ev_unwind_chain(struct ev_unwinder *unwinder, const struct ev_record *record,
		       uint64_t *chain, size_t limit, struct ev_unwound *how);
/* What is told of stacks that ended so: "are deeper than the copy of the stack"; NULL for complete
 * ones. */
const char *ev_unwound_words(enum ev_unwound_end end);
/* The registers that ev_unwind needs of a sample taken on this machine, as
 * perf_event_attr.sample_regs_user has them; 0 where stacks can't be unwound. */
uint64_t ev_unwind_registers(void);
/* Which of them is the stack pointer, where a copy begins; -1 where stacks can't be unwound. */
int ev_unwind_stack_register(void);
/* One more for another thread, with the same tables; open for as long as it is used, whatever
 * becomes of the first. */
struct ev_unwinder *ev_unwinder_share(const struct ev_unwinder *unwinder);
/* All rows of an object of the unwinder's set, found as for unwinding (the vdso, files of
 * containers); errors as ev_cfi_rows_of_file. */
int ev_unwinder_rows(struct ev_unwinder *unwinder, uint32_t object, struct ev_cfi_rows *rows,
		     struct ev_err *err);
/* Gives the tables back that nobody needed since the last time this was said, when all of them are
 * more than so many bytes; how many are left. */
size_t ev_unwinder_forget(struct ev_unwinder *unwinder, size_t most_bytes);
void ev_unwinder_close(struct ev_unwinder *unwinder);

/* ---- ends of stacks ----------------------------------------------------------------------------
 * A stack that was not followed to where its thread began ends in a frame that says why. In a
 * recording that is an address where no code can be, behind a marker of the kernel's, whose maps
 * are those of all processes; a mapping of its own gives it its name, for every reader.
 */

struct ev_stack_end {
	enum ev_unwound_end end;
	/* Truncated: bytes that were copied; without CFI: the object; generated code: an
	 * EV_GENERATED_… ; else 0. What is too large to be told apart is told together. */
	uint32_t detail;
};
enum { EV_GENERATED_UNNAMED, EV_GENERATED_NAMED, EV_GENERATED_UNMAPPED, EV_GENERATED_COUNT };
/* Remembers what it was asked for; belongs to one thread. `set` must outlive it. */
struct ev_stack_ends;
struct ev_stack_ends *ev_stack_ends_open(const struct ev_space_set *set);
/* The end of a stack that ev_unwind left so; stack_bytes were copied at most. */
struct ev_stack_end ev_stack_end_of(struct ev_stack_ends *ends, const struct ev_unwound *how,
				    uint64_t stack_bytes);
/* Of a chain that ev_unwind_chain made: puts the address of the end behind it, where it has one and
 * there is room for two more. The new count. *end tells what was put there. */
size_t ev_stack_end_add(struct ev_stack_ends *ends, const struct ev_sample *sample,
			const struct ev_unwound *how, uint64_t *chain, size_t count, size_t limit,
			struct ev_stack_end *end);
void ev_stack_ends_close(struct ev_stack_ends *ends);
/* Where it stands in a chain; 0 for a stack that is complete, or not there at all. */
uint64_t ev_stack_end_address(struct ev_stack_end end);
/* EV_UNWOUND_COMPLETE for an address that is none. */
enum ev_unwound_end ev_stack_end_at(uint64_t address);
/* The mapping that names it, for ever; its path is in the arena. */
void ev_stack_end_mapping(struct ev_record *record, const struct ev_space_set *set,
			  struct ev_stack_end end, struct ev_arena *arena);
/* "16 KiB", "512 bytes": a copy of a stack as it is told. In `out`, which is returned. */
const char *ev_stack_bytes_text(char *out, size_t size_bytes, uint64_t stack_bytes);

/* ---- what threads wait for ---------------------------------------------------------------------
 * An interval off the CPUs is a sample whose innermost frame says what the thread waited for: an
 * address where no code can be, with a mapping of its own, as ends of stacks have.
 */

enum ev_wait_state {
	EV_STATE_RUNNING,   /* it does not wait */
	EV_STATE_PREEMPTED, /* it could run, and waits for a CPU */
	EV_STATE_SLEEP,     /* for time to pass: nanosleep and its kin */
	EV_STATE_LOCK,      /* futex: mutexes, conditions, semaphores, joins */
	EV_STATE_READ,      /* for something to read: pipe, socket, terminal */
	EV_STATE_WRITE,     /* for room to write */
	EV_STATE_POLL,      /* for one of several descriptors */
	EV_STATE_DISK,      /* for a block device */
	EV_STATE_FAULT,     /* for memory that it touched */
	EV_STATE_CHILD,     /* for another process to end */
	EV_STATE_SIGNAL,    /* for a signal */
	EV_STATE_STOPPED,   /* by a signal, a debugger or a freezer */
	EV_STATE_KERNEL,    /* uninterruptibly, in the kernel: a lock or work there */
	EV_STATE_OTHER,     /* for something else, which its stack shows */
	EV_STATE_BLOCKED,   /* for what was not recorded */
	EV_STATE_COUNT
};
/* "lock", "page-fault": as reports sort by it. */
const char *ev_wait_state_word(enum ev_wait_state state);
uint64_t ev_wait_state_address(enum ev_wait_state state);
bool ev_wait_state_is(uint64_t address);
/* EV_STATE_RUNNING for an address of code. */
enum ev_wait_state ev_wait_state_at(uint64_t address);
/* The mapping that names it, for ever. */
void ev_wait_state_mapping(struct ev_record *record, enum ev_wait_state state);

#endif
