/* Registers and a copy of the stack become a chain of return addresses, by the unwind tables of the
 * code that was running; where there are none, by the frame pointer as long as that makes sense. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "space.h"
#include "unwind_machine.h"
#include "unwind_signal.h"
#include "unwind_tables.h"

/* What lies farther away than this is no part of the same stack: behind a signal handler, whose own
 * frame is small, and elsewhere. */
#define NEAR_SIGNAL ((uint64_t)64 << 10)
#define NEAR ((uint64_t)64 << 20)

/* What was found for an address, for as long as the process' mappings stay what they are. */
struct known {
	uint64_t address, epoch;
	struct ev_place place;
	enum unwind_known what;
	bool by_pointer;                              /* its code keeps frame pointers */
	enum { NOT_TRIED, IS_CALL, IS_NO_CALL } call; /* what ends there */
	struct ev_cfi_rule rule;
};

struct ev_unwinder {
	const struct ev_space_set *set;
	struct unwind_tables *tables;
	struct ev_space_cache cache;
	char *arch;
	bool swap; /* the recording is of the other byte order */
	/* Processes and addresses met lately. */
	struct met {
		uint64_t generation, epoch; /* epoch 0: none */
		struct ev_span span;
		uint32_t pid;
	} processes[64];
	struct known known[4096];
};

struct ev_unwinder *ev_unwinder_open(const struct ev_space_set *set,
				     const struct ev_recording *recording,
				     const struct ev_symbolizer_options *options)
{
	struct ev_unwinder *unwinder = ev_alloc(sizeof(*unwinder));
	struct utsname here;
	unwinder->set = set;
	unwinder->tables = ev_unwind_tables_open(set, recording, options);
	if (recording && recording->arch && *recording->arch)
		unwinder->arch = ev_strdup(recording->arch);
	else
		unwinder->arch = ev_strdup(uname(&here) ? "" : here.machine);
	unwinder->swap = recording && recording->swapped;
	return unwinder;
}

struct ev_unwinder *ev_unwinder_share(const struct ev_unwinder *unwinder)
{
	struct ev_unwinder *other = ev_alloc(sizeof(*other));
	other->set = unwinder->set;
	other->tables = ev_unwind_tables_share(unwinder->tables);
	other->arch = ev_strdup(unwinder->arch);
	other->swap = unwinder->swap;
	return other;
}

int ev_unwinder_rows(struct ev_unwinder *unwinder, uint32_t object, struct ev_cfi_rows *rows,
		     struct ev_err *err)
{
	return ev_unwind_tables_rows(unwinder->tables, object, rows, err);
}

size_t ev_unwinder_forget(struct ev_unwinder *unwinder, size_t most_bytes)
{
	return ev_unwind_tables_forget(unwinder->tables, most_bytes);
}

void ev_unwinder_close(struct ev_unwinder *unwinder)
{
	if (!unwinder)
		return;
	ev_unwind_tables_close(unwinder->tables);
	free(unwinder->arch);
	free(unwinder);
}

/* ---- what is known of an address ---------------------------------------------------------------
 */

/* The frame that is being left. */
struct walk {
	struct ev_unwinder *unwinder;
	const struct unwind_machine *machine;
	const struct ev_record *record;
	uint64_t epoch;       /* of the process' mappings */
	const uint8_t *stack; /* the copy */
	uint64_t stack_start, stack_bytes;
	bool swap; /* the copy is of the other byte order */
	uint64_t pc, sp, fp, lr;
	bool fp_known, lr_known;
	bool others_known; /* other registers are still those of the sample */
	bool interrupted;  /* pc is the next instruction, not one behind a call */
	bool handled;      /* a signal's handler was left */
	bool by_pointer;   /* the frame was found by the frame pointer */
	struct ev_unwound *how;
};

/* A number for a process between two changes of its mappings. */
static uint64_t epoch_of(struct ev_unwinder *unwinder, uint32_t pid, uint64_t time_ns)
{
	struct met *process = &unwinder->processes[pid % EV_LENGTH(unwinder->processes)];
	uint64_t generation = unwinder->set->generation;
	if (process->epoch && process->pid == pid && process->generation == generation &&
	    time_ns >= process->span.from_ns && time_ns < process->span.to_ns)
		return process->epoch;
	struct ev_span span = ev_space_still(unwinder->set, pid, time_ns);
	uint64_t when = ev_hash64(span.from_ns + (time_ns ? 0 : 1)) ^ generation;
	*process = (struct met){ .pid = pid,
				 .generation = generation,
				 .span = span,
				 .epoch = ev_hash64(when + ev_hash64(pid)) | 1 };
	return process->epoch;
}

static void find_known(struct walk *walk, struct known *known, uint64_t address, bool behind_call)
{
	struct ev_unwinder *unwinder = walk->unwinder;
	const struct ev_record *record = walk->record;
	*known = (struct known){ .address = address, .epoch = walk->epoch };
	known->place = ev_space_find(unwinder->set, &unwinder->cache, record->pid, record->time_ns,
				     address, PERF_RECORD_MISC_USER);
	known->what = ev_unwind_tables_find(unwinder->tables, known->place, walk->machine->elf,
					    behind_call, &known->rule, &known->by_pointer);
}

static inline struct known *known_of(struct walk *walk, uint64_t address, bool behind_call)
{
	uint64_t hash = (address ^ walk->epoch) * 0x9e3779b97f4a7c15u;
	struct known *known = &walk->unwinder->known[hash >> 52];
	_Static_assert(EV_LENGTH(walk->unwinder->known) == 1 << (64 - 52),
		       "the hash's top bits choose");
	if (known->address != address || known->epoch != walk->epoch)
		find_known(walk, known, address, behind_call);
	return known;
}

/* Is this where a call would return to? Asked of what was not found by a table. */
static bool is_behind_call(struct walk *walk, uint64_t address)
{
	struct known *known = known_of(walk, address - 1, true);
	if (known->call == NOT_TRIED)
		known->call = ev_unwind_tables_is_call(walk->unwinder->tables, known->place)
				      ? IS_CALL
				      : IS_NO_CALL;
	return known->call == IS_CALL;
}

/* ---- one stack --------------------------------------------------------------------------------
 */

/* A register of the sample; false when it was not recorded. */
static bool register_of(const struct ev_sample *sample, uint8_t number, uint64_t *value)
{
	if (number >= 64 || !(sample->user_regs_mask >> number & 1))
		return false;
	uint64_t below = sample->user_regs_mask & (((uint64_t)1 << number) - 1);
	*value = sample->user_regs[__builtin_popcountll(below)];
	return true;
}

static bool end(struct walk *walk, enum ev_unwound_end why)
{
	walk->how->end = why;
	return false;
}

/* Why there is no word of the copy at an address. */
static enum ev_unwound_end why_outside(const struct walk *walk, uint64_t address)
{
	uint64_t offset = address - walk->stack_start;
	bool below = address < walk->stack_start;
	uint64_t beyond = below ? 0 : offset - walk->stack_bytes;
	if (walk->handled && (below || beyond > NEAR_SIGNAL))
		return EV_UNWOUND_OTHER_STACK;
	if (below)
		return EV_UNWOUND_BROKEN;
	if (beyond > NEAR)
		return EV_UNWOUND_OTHER_STACK;
	/* The kernel copies up to the first page that is not there: one that was not touched yet
	 * (the middle of a large array), that exec has taken away, or behind the stack's end. */
	return walk->record->sample.user_stack_asked_bytes > walk->stack_bytes
		       ? EV_UNWOUND_UNREADABLE
		       : EV_UNWOUND_TRUNCATED;
}

static bool word_outside(struct walk *walk, uint64_t address)
{
	return end(walk, why_outside(walk, address));
}

/* A word of the copied stack; false, and why, when it is outside. */
static inline bool word_at(struct walk *walk, uint64_t address, uint64_t *value)
{
	uint64_t offset = address - walk->stack_start, size = walk->machine->word_bytes;
	if (__builtin_expect(address < walk->stack_start || offset > walk->stack_bytes ||
				     walk->stack_bytes - offset < size,
			     0))
		return word_outside(walk, address);
	const uint8_t *at = walk->stack + offset;
	if (__builtin_expect(size == sizeof(*value), 1)) {
		memcpy(value, at, sizeof(*value));
		*value = walk->swap ? ev_swap64(*value) : *value;
	} else {
		uint32_t word;
		memcpy(&word, at, sizeof(word));
		*value = walk->swap ? ev_swap32(word) : word;
	}
	return true;
}

/* To the caller whose frame begins at `cfa`. A frame takes room, except that the innermost function
 * may not have made one yet, and that a signal's handler may have had a stack of its own. */
static bool leave(struct walk *walk, uint64_t cfa, uint64_t return_address, bool innermost)
{
	bool grows = cfa > walk->sp || (cfa == walk->sp && innermost);
	if (!grows && !walk->interrupted)
		return end(walk, EV_UNWOUND_BROKEN);
	walk->sp = cfa;
	walk->pc = return_address & walk->machine->address_mask;
	walk->lr_known = false;
	return walk->pc ? true : end(walk, EV_UNWOUND_COMPLETE);
}

static bool place_of(struct walk *walk, uint8_t where, int32_t offset, uint64_t cfa,
		     uint64_t *address)
{
	uint64_t base = where == EV_CFI_AT_CFA ? cfa : where == EV_CFI_AT_SP ? walk->sp : walk->fp;
	if (where == EV_CFI_AT_FP && !walk->fp_known)
		return end(walk, EV_UNWOUND_BROKEN);
	*address = base + (uint64_t)(int64_t)offset;
	return true;
}

/* Another register than those that are followed: as long as nothing can have changed it. */
static bool find_other(const struct walk *walk, uint8_t dwarf, uint64_t *value)
{
	return walk->others_known &&
	       register_of(&walk->record->sample, ev_unwind_machine_register(walk->machine, dwarf),
			   value);
}

static bool find_cfa(struct walk *walk, const struct ev_cfi_rule *rule, uint64_t *cfa)
{
	uint64_t base = walk->sp;
	uint64_t offset = (uint64_t)(int64_t)rule->cfa_offset, word = walk->machine->word_bytes;
	if (rule->base == EV_CFI_PLT) {
		*cfa = walk->sp + word + ((walk->pc & 15) >= offset ? word : 0);
		return true;
	}
	if (rule->base == EV_CFI_NOTHING || (rule->base == EV_CFI_FP && !walk->fp_known) ||
	    (rule->base == EV_CFI_REGISTER && !find_other(walk, rule->base_register, &base)))
		return end(walk, EV_UNWOUND_BROKEN);
	if (rule->base == EV_CFI_FP)
		base = walk->fp;
	*cfa = base + offset;
	if (!rule->indirect)
		return true;
	if (!word_at(walk, *cfa, cfa))
		return false;
	*cfa += (uint64_t)(int64_t)rule->beyond;
	return true;
}

static bool find_return_address(struct walk *walk, const struct ev_cfi_rule *rule, uint64_t cfa,
				uint64_t *return_address)
{
	uint64_t address;
	bool known;
	if (rule->ra == EV_CFI_KEPT || rule->ra == EV_CFI_IN_REGISTER) {
		known = rule->ra == EV_CFI_KEPT
				? walk->lr_known
				: find_other(walk, (uint8_t)rule->ra_offset, return_address);
		return known ? true : end(walk, EV_UNWOUND_BROKEN);
	}
	return place_of(walk, rule->ra, rule->ra_offset, cfa, &address) &&
	       word_at(walk, address, return_address);
}

static bool follow_rule(struct walk *walk, const struct ev_cfi_rule *rule, bool innermost)
{
	uint64_t cfa = 0, return_address = walk->lr, fp = walk->fp, address;
	if (rule->ra == EV_CFI_LOST)
		return end(walk, EV_UNWOUND_COMPLETE);
	if (!find_cfa(walk, rule, &cfa))
		return false;
	if (!find_return_address(walk, rule, cfa, &return_address))
		return false;
	if (rule->fp == EV_CFI_LOST)
		walk->fp_known = false;
	else if (rule->fp != EV_CFI_KEPT) {
		if (!place_of(walk, rule->fp, rule->fp_offset, cfa, &address))
			return false;
		/* On its way out a function has popped it already, and its rule need not say so. */
		if (address >= walk->sp && !word_at(walk, address, &fp))
			return false;
	}
	walk->fp = fp;
	/* What pushed nothing is mostly written by hand, for callers that count on it. */
	walk->others_known = walk->others_known && cfa - walk->sp <= walk->machine->word_bytes;
	walk->interrupted = rule->signal;
	walk->handled = walk->handled || rule->signal;
	walk->by_pointer = false;
	return leave(walk, cfa, return_address, innermost);
}

static bool is_in_vdso(const struct walk *walk, const struct known *known)
{
	const struct ev_space_set *set = walk->unwinder->set;
	return known->place.object &&
	       ev_space_set_object(set, known->place.object)->kind == EV_OBJECT_VDSO;
}

/* A handler returns to the vdso. By its table there one finds who called the interrupted function,
 * and without it the frame pointer leads there as well: the function itself is in neither. True
 * where the stack says that this is it; `went` is then what becomes of the walk. */
static bool follow_arm64_signal(struct walk *walk, const struct known *known, bool *went)
{
	uint64_t first, last;
	struct interrupted was;
	if (walk->machine->elf != EM_AARCH64 || walk->interrupted || !is_in_vdso(walk, known))
		return false;
	*went = false;
	if (!word_at(walk, walk->sp, &first) ||
	    !word_at(walk, walk->sp + ARM64_SIGNAL_BYTES - sizeof(last), &last))
		return true;
	if (!ev_signal_read_arm64(walk->stack + (walk->sp - walk->stack_start), walk->swap, &was))
		return false;
	walk->interrupted = walk->handled = true;
	walk->others_known = walk->by_pointer = false;
	walk->fp = was.fp;
	walk->fp_known = true;
	*went = leave(walk, was.sp, was.pc, false);
	walk->lr = was.lr;
	walk->lr_known = true;
	return true;
}

/* Without a table: does the frame pointer lead on? It must point into the copy, upwards, and from
 * there back to code. */
static bool follow_frame_pointer(struct walk *walk)
{
	const struct unwind_machine *machine = walk->machine;
	uint64_t word = machine->word_bytes, fp = walk->fp, saved, return_address;
	enum ev_unwound_end why = walk->how->end;
	if (!walk->fp_known || fp < walk->sp || fp % word ||
	    fp - walk->stack_start > walk->stack_bytes)
		return false;
	if (!word_at(walk, fp + (uint64_t)(machine->caller_fp * (int64_t)word), &saved) ||
	    !word_at(walk, fp + (uint64_t)(machine->return_address * (int64_t)word),
		     &return_address))
		return end(walk, why);
	uint64_t outer = fp + (machine->caller_fp < 0 ? 0 : 2 * word);
	return_address &= machine->address_mask;
	if ((saved && saved <= fp) || (return_address && !is_behind_call(walk, return_address)))
		return end(walk, why);
	walk->how->guessed++;
	walk->fp = saved;
	walk->interrupted = false;
	walk->others_known = false;
	walk->by_pointer = true;
	return leave(walk, outer, return_address, false);
}

/* A call to nowhere: it has just been made, and where it came from is on top of the stack. */
static bool follow_wild_call(struct walk *walk)
{
	const struct unwind_machine *machine = walk->machine;
	uint64_t return_address = walk->lr, cfa = walk->sp;
	if (machine->lr == NO_REGISTER) {
		if (!word_at(walk, walk->sp, &return_address))
			return false;
		cfa += machine->word_bytes;
	} else if (!walk->lr_known) {
		return false;
	}
	if (!is_behind_call(walk, return_address & machine->address_mask))
		return false;
	walk->how->guessed++;
	walk->interrupted = false;
	return leave(walk, cfa, return_address, true);
}

/* By what the code seems to do; it must lead to where a call was made. */
static bool follow_scan(struct walk *walk, const struct ev_cfi_rule *rule, bool innermost)
{
	struct walk before = *walk;
	enum ev_unwound_end why = walk->how->end;
	if (follow_rule(walk, rule, innermost) && is_behind_call(walk, walk->pc)) {
		walk->how->guessed++;
		return true;
	}
	*walk = before;
	return end(walk, why);
}

/* The few functions between a program's first instructions and main may never return, and leave no
 * other trace: is the way to the first ones short? */
static bool find_beginning(struct walk *walk)
{
	enum { WORDS = 48 };
	uint64_t word = walk->machine->word_bytes, sp = walk->sp, address;
	enum ev_unwound_end why = walk->how->end;
	for (unsigned i = 0; i < WORDS && word_at(walk, sp + i * word, &address); i++) {
		if (!address || known_of(walk, address - 1, true)->what != UNWIND_BEGIN ||
		    !is_behind_call(walk, address))
			continue;
		walk->how->guessed++;
		walk->interrupted = false;
		return leave(walk, sp + (i + 1) * word, address, false);
	}
	return end(walk, why);
}

/* A thread that was just made stands behind the system call that made it, without a caller: the
 * call gave it 0. C libraries end their unwind tables before that call, so that those which stay
 * have none either. */
static bool is_new_thread(const struct walk *walk, const struct known *known)
{
	uint64_t result;
	return walk->machine->elf == EM_X86_64 &&
	       register_of(&walk->record->sample, ev_unwind_machine_register(walk->machine, 0),
			   &result) &&
	       !result && ev_unwind_tables_makes_thread(walk->unwinder->tables, known->place);
}

/* A caller's registers are not known, whatever its rule says of them. */
static bool can_follow(const struct walk *walk, const struct ev_cfi_rule *rule)
{
	uint64_t value;
	return rule->ra != EV_CFI_IN_REGISTER || find_other(walk, (uint8_t)rule->ra_offset, &value);
}

/* Without a table, or with one that does not help. */
static bool guess(struct walk *walk, const struct known *known, bool innermost)
{
	static const enum ev_unwound_end ends[] = {
		[UNWIND_RULE] = EV_UNWOUND_NO_CFI,       [UNWIND_SCANNED] = EV_UNWOUND_NO_CFI,
		[UNWIND_NO_CFI] = EV_UNWOUND_NO_CFI,     [UNWIND_GENERATED] = EV_UNWOUND_NO_OBJECT,
		[UNWIND_NOWHERE] = EV_UNWOUND_NO_OBJECT,
	};
	enum unwind_known what = known->what;
	struct ev_cfi_rule rule = known->rule;
	/* The last one of a chain of frame pointers is marked so. */
	if ((walk->by_pointer || known->by_pointer) && !innermost && walk->fp_known && !walk->fp &&
	    !is_in_vdso(walk, known))
		return end(walk, EV_UNWOUND_COMPLETE);
	if (innermost && is_new_thread(walk, known))
		return end(walk, EV_UNWOUND_COMPLETE);
	walk->how->end = ends[what];
	if (what == UNWIND_SCANNED && follow_scan(walk, &rule, innermost))
		return true;
	if (what == UNWIND_NOWHERE && innermost && follow_wild_call(walk))
		return true;
	walk->how->end = ends[what];
	if (follow_frame_pointer(walk))
		return true;
	bool in_file = ends[what] == EV_UNWOUND_NO_CFI;
	return in_file && !innermost && find_beginning(walk);
}

static bool step(struct walk *walk, bool innermost)
{
	/* A call may be the last instruction of its function. */
	const struct known *known = walk->interrupted ? known_of(walk, walk->pc, false)
						      : known_of(walk, walk->pc - 1, true);
	bool went;
	walk->how->object = known->place.object;
	if (follow_arm64_signal(walk, known, &went))
		return went;
	if (known->what == UNWIND_RULE && can_follow(walk, &known->rule))
		return follow_rule(walk, &known->rule, innermost);
	return known->what == UNWIND_BEGIN ? end(walk, EV_UNWOUND_COMPLETE)
					   : guess(walk, known, innermost);
}

size_t ev_unwind(struct ev_unwinder *unwinder, const struct ev_record *record, uint64_t *chain,
		 size_t limit, struct ev_unwound *how)
{
	const struct ev_sample *sample = &record->sample;
	struct walk walk = {
		.unwinder = unwinder,
		.machine = ev_unwind_machine_of(unwinder->arch, sample->user_regs_abi),
		.record = record,
		.interrupted = true,
		.others_known = true,
		.how = how,
	};
	*how = (struct ev_unwound){ .end = EV_UNWOUND_NO_REGISTERS };
	if (!walk.machine || !register_of(sample, walk.machine->pc, &walk.pc) ||
	    !register_of(sample, walk.machine->sp, &walk.sp))
		return 0;
	walk.epoch = epoch_of(unwinder, record->pid, record->time_ns);
	walk.fp_known = register_of(sample, walk.machine->fp, &walk.fp);
	walk.lr_known = register_of(sample, walk.machine->lr, &walk.lr);
	walk.stack_start = walk.sp;
	walk.stack = sample->user_stack;
	walk.stack_bytes = walk.stack ? sample->user_stack_bytes : 0;
	walk.swap = unwinder->swap;
	size_t count = 0;
	do {
		if (count == limit) {
			how->end = EV_UNWOUND_TOO_DEEP;
			break;
		}
		chain[count++] = walk.pc;
	} while (step(&walk, count == 1));
	how->outermost = walk.sp;
	how->stack_bytes = walk.sp - walk.stack_start;
	return count;
}
