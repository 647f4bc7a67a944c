/* Registers and a copy of the stack become a chain of return addresses, by the unwind tables of the
 * code that was running; where there are none, by the frame pointer as long as that makes sense. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "cfi.h"
#include "symbolizer.h"

enum { NO_REGISTER = 255 };

/* A machine's registers in PERF_SAMPLE_REGS_USER (the kernel's asm/perf_regs.h), and where a frame
 * pointer leads to (its ABI). */
struct machine {
	uint16_t elf;
	uint8_t abi; /* PERF_SAMPLE_REGS_ABI_… */
	const char *names[3];
	uint8_t word_bytes, pc, sp, fp, lr;
	int8_t caller_fp, return_address; /* words from where the frame pointer points to */
	uint64_t address_mask;            /* what is left of a signed return address */
};
static const struct machine machines[] = {
	{ EM_X86_64,
	  PERF_SAMPLE_REGS_ABI_64,
	  { "x86_64" },
	  8,
	  8,
	  7,
	  6,
	  NO_REGISTER,
	  0,
	  1,
	  UINT64_MAX },
	{ EM_386,
	  PERF_SAMPLE_REGS_ABI_32,
	  { "x86_64", "i686", "i386" },
	  4,
	  8,
	  7,
	  6,
	  NO_REGISTER,
	  0,
	  1,
	  UINT32_MAX },
	{ EM_AARCH64,
	  PERF_SAMPLE_REGS_ABI_64,
	  { "aarch64", "arm64" },
	  8,
	  32,
	  31,
	  29,
	  30,
	  0,
	  1,
	  ((uint64_t)1 << 48) - 1 },
	{ EM_RISCV, PERF_SAMPLE_REGS_ABI_64, { "riscv64" }, 8, 0, 2, 8, 1, -2, -1, UINT64_MAX },
};

struct ev_unwinder {
	const struct ev_space_set *set;
	struct ev_symbolizer *symbolizer; /* knows where files are */
	struct ev_space_cache cache;
	char *arch;
	bool swap; /* the recording is of the other byte order */
	/* By object, opened when first needed; `tried` where there is none. */
	struct tables {
		struct cfi *cfi;
		bool tried;
	} * tables;
	size_t table_count;
};

/* ---- tables -----------------------------------------------------------------------------------
 */

struct ev_unwinder *ev_unwinder_open(const struct ev_space_set *set,
				     const struct ev_recording *recording,
				     const struct ev_symbolizer_options *options)
{
	struct ev_unwinder *unwinder = ev_alloc(sizeof(*unwinder));
	struct utsname here;
	unwinder->set = set;
	unwinder->symbolizer = ev_symbolizer_open(set, recording, options);
	if (recording && recording->arch && *recording->arch)
		unwinder->arch = ev_strdup(recording->arch);
	else
		unwinder->arch = ev_strdup(uname(&here) ? "" : here.machine);
	unwinder->swap = recording && recording->swapped;
	return unwinder;
}

void ev_unwinder_close(struct ev_unwinder *unwinder)
{
	if (!unwinder)
		return;
	for (size_t i = 0; i < unwinder->table_count; i++)
		ev_cfi_close(unwinder->tables[i].cfi);
	free(unwinder->tables);
	ev_symbolizer_close(unwinder->symbolizer);
	free(unwinder->arch);
	free(unwinder);
}

static struct cfi *open_table(struct ev_unwinder *unwinder, const struct object *object)
{
	struct image image;
	const char *trouble;
	char *path = NULL;
	int code = -1;
	if (object->shown.kind == EV_OBJECT_FILE)
		code = ev_object_open(unwinder->symbolizer, object, &image, &path, &trouble);
	else if (object->shown.kind == EV_OBJECT_VDSO)
		code = ev_vdso_open(unwinder->symbolizer, object, &image, &trouble);
	if (code)
		return NULL;
	struct cfi *cfi = ev_cfi_open(&image, path, unwinder->symbolizer->symfs);
	ev_image_close(&image);
	free(path);
	return cfi;
}

/* NULL when it has none that can be read. */
static struct cfi *table_of(struct ev_unwinder *unwinder, uint32_t index)
{
	if (index >= unwinder->table_count) {
		size_t count = ev_space_set_object_count(unwinder->set);
		unwinder->tables = ev_realloc(unwinder->tables, count * sizeof(*unwinder->tables));
		memset(&unwinder->tables[unwinder->table_count], 0,
		       (count - unwinder->table_count) * sizeof(*unwinder->tables));
		unwinder->table_count = count;
	}
	struct tables *table = &unwinder->tables[index];
	if (!table->tried) {
		table->tried = true;
		table->cfi = open_table(unwinder, ev_space_object(unwinder->set, index));
	}
	return table->cfi;
}

/* ---- one stack --------------------------------------------------------------------------------
 */

/* The frame that is being left. */
struct walk {
	struct ev_unwinder *unwinder;
	const struct machine *machine;
	const struct ev_record *record;
	uint64_t stack_start, stack_bytes;
	uint64_t pc, sp, fp, lr;
	bool fp_known, lr_known;
	bool interrupted; /* pc is the next instruction, not one behind a call */
	struct ev_unwound *how;
};

/* A register of the sample; false when it was not recorded. */
static bool register_of(const struct ev_sample *sample, uint8_t number, uint64_t *value)
{
	if (number >= 64 || !(sample->user_regs_mask >> number & 1))
		return false;
	uint64_t below = sample->user_regs_mask & (((uint64_t)1 << number) - 1);
	*value = sample->user_regs[__builtin_popcountll(below)];
	return true;
}

/* A word of the copied stack; false, and why, when it is outside. */
static bool word_at(struct walk *walk, uint64_t address, uint64_t *value)
{
	const struct machine *machine = walk->machine;
	uint64_t offset = address - walk->stack_start;
	if (address < walk->stack_start || offset > UINT32_MAX) {
		walk->how->end = EV_UNWOUND_BROKEN;
		return false;
	}
	if (offset > walk->stack_bytes || walk->stack_bytes - offset < machine->word_bytes) {
		walk->how->end = EV_UNWOUND_TRUNCATED;
		return false;
	}
	const uint8_t *at = (const uint8_t *)walk->record->sample.user_stack + offset;
	struct ev_cursor word = ev_cursor_of(at, machine->word_bytes, walk->unwinder->swap);
	*value = machine->word_bytes == 8 ? ev_cursor_u64(&word) : ev_cursor_u32(&word);
	return true;
}

static bool end(struct walk *walk, enum ev_unwound_end why)
{
	walk->how->end = why;
	return false;
}

/* To the caller whose frame begins at `cfa`. A frame takes room, except that the innermost function
 * may not have made one yet. */
static bool leave(struct walk *walk, uint64_t cfa, uint64_t return_address, bool innermost)
{
	if (cfa < walk->sp || (cfa == walk->sp && !innermost))
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

static bool find_cfa(struct walk *walk, const struct ev_cfi_rule *rule, uint64_t *cfa)
{
	uint64_t offset = (uint64_t)(int64_t)rule->cfa_offset;
	switch (rule->base) {
	case EV_CFI_PLT:
		*cfa = walk->sp + 8 + ((walk->pc & 15) >= offset ? 8 : 0);
		return true;
	case EV_CFI_SP:
		*cfa = walk->sp + offset;
		break;
	case EV_CFI_FP:
		if (!walk->fp_known)
			return end(walk, EV_UNWOUND_BROKEN);
		*cfa = walk->fp + offset;
		break;
	default:
		return end(walk, EV_UNWOUND_NO_CFI);
	}
	if (!rule->indirect)
		return true;
	if (!word_at(walk, *cfa, cfa))
		return false;
	*cfa += (uint64_t)(int64_t)rule->beyond;
	return true;
}

static bool follow_rule(struct walk *walk, const struct ev_cfi_rule *rule, bool innermost)
{
	uint64_t cfa = 0, return_address = walk->lr, fp = walk->fp;
	if (rule->ra == EV_CFI_LOST)
		return end(walk, EV_UNWOUND_COMPLETE);
	if (!find_cfa(walk, rule, &cfa))
		return false;
	if (rule->ra == EV_CFI_KEPT && !walk->lr_known)
		return end(walk, EV_UNWOUND_BROKEN);
	uint64_t address;
	if (rule->ra != EV_CFI_KEPT && (!place_of(walk, rule->ra, rule->ra_offset, cfa, &address) ||
					!word_at(walk, address, &return_address)))
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
	walk->interrupted = rule->signal;
	return leave(walk, cfa, return_address, innermost);
}

/* Without a table: does the frame pointer lead on? It must point into the copy, upwards. */
static bool follow_frame_pointer(struct walk *walk)
{
	const struct machine *machine = walk->machine;
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
	if (saved && saved <= fp)
		return end(walk, why);
	walk->how->guessed++;
	walk->fp = saved;
	walk->interrupted = false;
	return leave(walk, outer, return_address, false);
}

static bool step(struct walk *walk, bool innermost)
{
	struct ev_unwinder *unwinder = walk->unwinder;
	const struct ev_record *record = walk->record;
	/* A call may be the last instruction of its function. */
	uint64_t at = walk->interrupted ? walk->pc : walk->pc - 1;
	struct ev_place place = ev_space_find(unwinder->set, &unwinder->cache, record->pid,
					      record->time_ns, at, PERF_RECORD_MISC_USER);
	walk->how->object = place.object;
	struct cfi *table = place.object ? table_of(unwinder, place.object) : NULL;
	if (table && ev_cfi_machine(table)->machine == walk->machine->elf) {
		struct ev_cfi_rule rule = ev_cfi_find(table, place.offset);
		if (rule.base != EV_CFI_NOTHING || rule.ra == EV_CFI_LOST)
			return follow_rule(walk, &rule, innermost);
	}
	enum ev_object_kind kind = ev_space_set_object(unwinder->set, place.object)->kind;
	if (table && ev_cfi_begins_at(table, place.offset))
		return end(walk, EV_UNWOUND_COMPLETE);
	walk->how->end = kind == EV_OBJECT_FILE || kind == EV_OBJECT_VDSO ? EV_UNWOUND_NO_CFI
									  : EV_UNWOUND_NO_OBJECT;
	return follow_frame_pointer(walk);
}

static const struct machine *machine_of(const struct ev_unwinder *unwinder, uint64_t abi)
{
	for (size_t i = 0; i < EV_LENGTH(machines); i++)
		for (size_t j = 0; j < EV_LENGTH(machines[i].names); j++)
			if (machines[i].abi == abi && machines[i].names[j] &&
			    !strcmp(machines[i].names[j], unwinder->arch))
				return &machines[i];
	return NULL;
}

uint64_t ev_unwind_registers(void)
{
	struct utsname here;
	if (uname(&here))
		return 0;
	for (size_t i = 0; i < EV_LENGTH(machines); i++) {
		const struct machine *machine = &machines[i];
		if (strcmp(machine->names[0], here.machine) ||
		    machine->abi != PERF_SAMPLE_REGS_ABI_64)
			continue;
		uint64_t mask = (uint64_t)1 << machine->pc | (uint64_t)1 << machine->sp |
				(uint64_t)1 << machine->fp;
		return machine->lr == NO_REGISTER ? mask : mask | (uint64_t)1 << machine->lr;
	}
	return 0;
}

size_t ev_unwind(struct ev_unwinder *unwinder, const struct ev_record *record, uint64_t *chain,
		 size_t limit, struct ev_unwound *how)
{
	const struct ev_sample *sample = &record->sample;
	struct walk walk = {
		.unwinder = unwinder,
		.machine = machine_of(unwinder, sample->user_regs_abi),
		.record = record,
		.interrupted = true,
		.how = how,
	};
	*how = (struct ev_unwound){ .end = EV_UNWOUND_NO_REGISTERS };
	if (!walk.machine || !register_of(sample, walk.machine->pc, &walk.pc) ||
	    !register_of(sample, walk.machine->sp, &walk.sp))
		return 0;
	walk.fp_known = register_of(sample, walk.machine->fp, &walk.fp);
	walk.lr_known = register_of(sample, walk.machine->lr, &walk.lr);
	walk.stack_start = walk.sp;
	walk.stack_bytes = sample->user_stack_bytes;
	size_t count = 0;
	do {
		if (count == limit) {
			how->end = EV_UNWOUND_TOO_DEEP;
			break;
		}
		chain[count++] = walk.pc;
	} while (step(&walk, count == 1));
	return count;
}

size_t ev_unwind_chain(struct ev_unwinder *unwinder, const struct ev_record *record,
		       uint64_t *chain, size_t limit, struct ev_unwound *how)
{
	const struct ev_sample *sample = &record->sample;
	size_t count = 0;
	while (count < sample->chain_count && count < limit / 2 &&
	       sample->chain[count] != (uint64_t)PERF_CONTEXT_USER) {
		chain[count] = sample->chain[count];
		count++;
	}
	*how = (struct ev_unwound){ .end = EV_UNWOUND_COMPLETE };
	if (sample->user_regs_abi == PERF_SAMPLE_REGS_ABI_NONE)
		return count;
	size_t found = ev_unwind(unwinder, record, &chain[count + 1], limit - count - 1, how);
	if (!found)
		return count;
	chain[count] = (uint64_t)PERF_CONTEXT_USER;
	return count + 1 + found;
}

const char *ev_unwound_words(enum ev_unwound_end end)
{
	static const char *const words[EV_UNWOUND_END_COUNT] = {
		[EV_UNWOUND_TRUNCATED] = "are deeper than the copy of the stack",
		[EV_UNWOUND_TOO_DEEP] = "have more frames than are kept",
		[EV_UNWOUND_NO_CFI] = "pass through code without unwind tables",
		[EV_UNWOUND_NO_OBJECT] = "pass through generated code",
		[EV_UNWOUND_BROKEN] = "make no sense to the unwind tables",
		[EV_UNWOUND_NO_REGISTERS] = "came without registers",
	};
	return words[end];
}
