/* Why a stack was not followed further becomes an address and a mapping with a name, and back. */
#include <stdlib.h>
#include <sys/mman.h>
#include <linux/perf_event.h>
#include <evprof/symbol_unwind.h>
#include "perf_map.h"
#include "space.h"

/* The uppermost 2 MiB of the address space are a hole in the maps of 64-bit kernels, for errors in
 * the place of pointers to fault in; its last page has perf's context markers. Each cause with each
 * detail has a slot here. */
#define FIRST_ADDRESS UINT64_C(0xffffffffffe00000)
#define SLOT_BYTES 128
#define SLOT_MIDDLE 64 /* readers may look one byte before an address */
/* A record has at most 64 KiB, of which its other fields leave less than was asked for. */
#define RECORD_BYTES 65536
#define OTHER_FIELDS 2048
#define LARGEST_COPY 65528

enum { DETAILS = 1024, LAST_DETAIL = DETAILS - 1, COPY_UNIT = 64 };

_Static_assert(FIRST_ADDRESS + (uint64_t)EV_UNWOUND_END_COUNT * DETAILS * SLOT_BYTES <
		       (uint64_t)PERF_CONTEXT_MAX,
	       "ends of stacks are no context markers");

struct ev_stack_ends {
	const struct ev_space_set *set;
	struct ev_map generated; /* by object: EV_GENERATED_… */
};

struct ev_stack_ends *ev_stack_ends_open(const struct ev_space_set *set)
{
	struct ev_stack_ends *ends = ev_alloc(sizeof(*ends));
	ends->set = set;
	return ends;
}

void ev_stack_ends_close(struct ev_stack_ends *ends)
{
	if (!ends)
		return;
	ev_map_done(&ends->generated);
	free(ends);
}

/* Is this generated code, and does it have a map that names its functions? */
static uint32_t generated(struct ev_stack_ends *ends, uint32_t index)
{
	const struct ev_object *object = ev_space_set_object(ends->set, index);
	bool added;
	uint32_t *known = ev_map_add(&ends->generated, index, 0, &added);
	if (!added)
		return *known;
	if (object->kind != EV_OBJECT_JIT)
		*known = EV_GENERATED_UNMAPPED;
	else
		*known =
			ev_perf_map_exists(object->pid) ? EV_GENERATED_NAMED : EV_GENERATED_UNNAMED;
	return *known;
}

struct ev_stack_end ev_stack_end_of(struct ev_stack_ends *ends, const struct ev_unwound *how,
				    uint64_t stack_bytes)
{
	struct ev_stack_end end = { .end = how->end };
	if (how->end == EV_UNWOUND_TRUNCATED)
		end.detail = stack_bytes > RECORD_BYTES - OTHER_FIELDS ? LARGEST_COPY
								       : (uint32_t)stack_bytes;
	else if (how->end == EV_UNWOUND_NO_CFI || how->end == EV_UNWOUND_NO_ROOM)
		end.detail = how->object;
	else if (how->end == EV_UNWOUND_NO_OBJECT)
		end.detail = generated(ends, how->object);
	return end;
}

/* ---- addresses --------------------------------------------------------------------------------
 */

static uint64_t slot_of(struct ev_stack_end end)
{
	uint64_t detail = end.detail;
	if (end.end == EV_UNWOUND_TRUNCATED)
		detail = (detail + COPY_UNIT - 1) / COPY_UNIT;
	if (detail > LAST_DETAIL)
		detail = LAST_DETAIL;
	return FIRST_ADDRESS + ((uint64_t)end.end * DETAILS + detail) * SLOT_BYTES;
}

uint64_t ev_stack_end_address(struct ev_stack_end end)
{
	if (end.end == EV_UNWOUND_COMPLETE || end.end == EV_UNWOUND_NO_REGISTERS)
		return 0;
	return slot_of(end) + SLOT_MIDDLE;
}

enum ev_unwound_end ev_stack_end_at(uint64_t address)
{
	uint64_t slot = (address - FIRST_ADDRESS) / SLOT_BYTES;
	if (address < FIRST_ADDRESS || slot >= (uint64_t)EV_UNWOUND_END_COUNT * DETAILS)
		return EV_UNWOUND_COMPLETE;
	return (enum ev_unwound_end)(slot / DETAILS);
}

size_t ev_stack_end_add(struct ev_stack_ends *ends, const struct ev_sample *sample,
			const struct ev_unwound *how, uint64_t *chain, size_t count, size_t limit,
			struct ev_stack_end *end)
{
	*end = ev_stack_end_of(ends, how, sample->user_stack_asked_bytes);
	uint64_t address = ev_stack_end_address(*end);
	if (!address || !count || limit - count < 2)
		return count;
	chain[count] = (uint64_t)PERF_CONTEXT_KERNEL;
	chain[count + 1] = address;
	return count + 2;
}

/* ---- names ------------------------------------------------------------------------------------
 */

const char *ev_stack_bytes_text(char *out, size_t size_bytes, uint64_t stack_bytes)
{
	/* The kernel's largest copy is 8 bytes short of 64 KiB. */
	uint64_t kib = (stack_bytes + 8) / 1024;
	bool whole = stack_bytes % 1024 == 0 || stack_bytes % 1024 == 1024 - 8;
	if (whole && kib)
		snprintf(out, size_bytes, "%llu KiB", (unsigned long long)kib);
	else
		snprintf(out, size_bytes, "%llu bytes", (unsigned long long)stack_bytes);
	return out;
}

static const char *of_object(const struct ev_space_set *set, uint32_t object, const char *what,
			     struct ev_arena *arena)
{
	if (object >= LAST_DETAIL)
		return ev_arena_printf(arena, "[%s]", what);
	return ev_arena_printf(arena, "[%s: %s]", what, ev_space_set_object(set, object)->name);
}

static const char *name_of(const struct ev_space_set *set, struct ev_stack_end end,
			   struct ev_arena *arena)
{
	static const char *const of_generated[EV_GENERATED_COUNT] = {
		[EV_GENERATED_UNNAMED] = "[JIT without map]",
		[EV_GENERATED_NAMED] = "[JIT without CFI]",
		[EV_GENERATED_UNMAPPED] = "[unknown code]",
	};
	char bytes[32];
	switch (end.end) {
	case EV_UNWOUND_TRUNCATED:
		return ev_arena_printf(arena, "[truncated at %s]",
				       ev_stack_bytes_text(bytes, sizeof(bytes), end.detail));
	case EV_UNWOUND_TOO_DEEP:
		return "[more frames than are kept]";
	case EV_UNWOUND_NO_CFI:
		return of_object(set, end.detail, "no CFI", arena);
	case EV_UNWOUND_NO_ROOM:
		return of_object(set, end.detail, "no room for CFI", arena);
	case EV_UNWOUND_NOT_YET:
		return "[before its CFI was read]";
	case EV_UNWOUND_UNREADABLE:
		return "[stack not in memory]";
	case EV_UNWOUND_OTHER_STACK:
		return "[other stack, not copied]";
	case EV_UNWOUND_NO_OBJECT:
		return of_generated[end.detail < EV_GENERATED_COUNT ? end.detail
								    : EV_GENERATED_UNMAPPED];
	default:
		return "[broken stack]";
	}
}

void ev_stack_end_mapping(struct ev_record *record, const struct ev_space_set *set,
			  struct ev_stack_end end, struct ev_arena *arena)
{
	*record = (struct ev_record){
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_KERNEL,
		.event = -1,
		.mmap = {
			.pid = UINT32_MAX,
			.start = slot_of(end),
			.length = SLOT_BYTES,
			.prot = PROT_EXEC,
			.executable = true,
			.path = name_of(set, end, arena),
		},
	};
}
