/* The part of a sample behind its fixed fields: counts, stacks, registers and what else an event
 * asked for, each there only when its bit is set. */
#include <stdlib.h>
#include <string.h>
#include "layout.h"

/* What decodes one field; all of them stand in the order of the kernel. */
struct field {
	struct ev_decoder *decoder;
	const struct ev_layout *layout;
	struct ev_cursor cursor;
	struct ev_sample *sample;
};

static bool decode_values(struct field *field)
{
	struct ev_sample *sample = field->sample;

	return ev_decode_read(field->decoder, &field->cursor, field->layout->read_format,
			      &sample->reads, &sample->read_count, &sample->enabled_ns,
			      &sample->running_ns);
}

static bool decode_chain(struct field *field)
{
	uint64_t count = ev_cursor_u64(&field->cursor);

	field->sample->chain = ev_decoder_words(field->decoder, &field->cursor, count);
	field->sample->chain_count = field->sample->chain ? count : 0;
	return field->sample->chain;
}

static bool decode_raw(struct field *field)
{
	uint32_t size_bytes = ev_cursor_u32(&field->cursor);

	field->sample->raw = ev_cursor_bytes(&field->cursor, size_bytes);
	field->sample->raw_bytes = field->sample->raw ? size_bytes : 0;
	return field->sample->raw;
}

/* Flags are bit fields, which the other byte order allots from the top: single bits and numbers
 * change places, numbers stay as they are. */
static uint64_t mirror_flags(uint64_t flags)
{
	static const uint8_t widths[] = { 1, 1, 1, 1, 16, 4, 2, 4, 3 };
	uint64_t mirrored = 0;
	unsigned at = 0;

	for (size_t i = 0; i < EV_LENGTH(widths); i++) {
		uint64_t value = flags >> (64 - at - widths[i]) & ((1ULL << widths[i]) - 1);

		mirrored |= value << at;
		at += widths[i];
	}
	return mirrored;
}

static bool decode_branches(struct field *field)
{
	struct ev_sample *sample = field->sample;
	uint64_t count = ev_cursor_u64(&field->cursor);
	const uint64_t *words;

	if (field->layout->branch_type & PERF_SAMPLE_BRANCH_HW_INDEX)
		sample->branch_hw_index = ev_cursor_u64(&field->cursor);
	if (count > ev_cursor_left(&field->cursor) / sizeof(struct ev_branch))
		return false;
	words = ev_decoder_words(field->decoder, &field->cursor, count * 3);
	if (!words)
		return false;
	if (field->cursor.swap) { /* they are in the scratch: ours to change */
		uint64_t *own = (uint64_t *)(uintptr_t)words;

		for (uint64_t i = 0; i < count; i++)
			own[3 * i + 2] = mirror_flags(own[3 * i + 2]);
	}
	sample->branches = (const struct ev_branch *)words;
	sample->branch_count = count;
	if (field->layout->branch_type & EV_BRANCH_COUNTERS)
		sample->branch_counters = ev_decoder_words(field->decoder, &field->cursor, count);
	return !field->cursor.bad;
}

static bool decode_regs(struct field *field, uint64_t mask, uint64_t *abi, uint64_t *got_mask,
			const uint64_t **regs)
{
	*abi = ev_cursor_u64(&field->cursor);
	if (*abi == PERF_SAMPLE_REGS_ABI_NONE)
		return !field->cursor.bad;
	*got_mask = mask;
	*regs = ev_decoder_words(field->decoder, &field->cursor,
				 (uint64_t)__builtin_popcountll(mask));
	return *regs;
}

static bool decode_user_regs(struct field *field)
{
	struct ev_sample *sample = field->sample;

	return decode_regs(field, field->layout->user_regs, &sample->user_regs_abi,
			   &sample->user_regs_mask, &sample->user_regs);
}

static bool decode_intr_regs(struct field *field)
{
	struct ev_sample *sample = field->sample;

	return decode_regs(field, field->layout->intr_regs, &sample->intr_regs_abi,
			   &sample->intr_regs_mask, &sample->intr_regs);
}

static bool decode_user_stack(struct field *field)
{
	struct ev_sample *sample = field->sample;
	uint64_t reserved_bytes = ev_cursor_u64(&field->cursor), copied_bytes;

	if (reserved_bytes == 0)
		return !field->cursor.bad;
	sample->user_stack = ev_cursor_bytes(&field->cursor, reserved_bytes);
	copied_bytes = ev_cursor_u64(&field->cursor);
	if (field->cursor.bad || copied_bytes > reserved_bytes)
		return false;
	sample->user_stack_bytes = copied_bytes;
	sample->user_stack_asked_bytes = reserved_bytes;
	return true;
}

/* As one number or in three parts; the parts are of the number's value in both byte orders. */
static bool decode_weight(struct field *field)
{
	struct ev_sample *sample = field->sample;

	sample->weight = ev_cursor_u64(&field->cursor);
	if (field->layout->sample_type & PERF_SAMPLE_WEIGHT_STRUCT) {
		sample->weight2 = (uint16_t)(sample->weight >> 32);
		sample->weight3 = (uint16_t)(sample->weight >> 48);
		sample->weight = (uint32_t)sample->weight;
	}
	return !field->cursor.bad;
}

static bool decode_aux(struct field *field)
{
	uint64_t size_bytes = ev_cursor_u64(&field->cursor);

	field->sample->aux = ev_cursor_bytes(&field->cursor, size_bytes);
	field->sample->aux_bytes = field->sample->aux ? size_bytes : 0;
	return field->sample->aux;
}

#define WORD_FIELD(name)                                                                           \
	static bool decode_##name(struct field *field)                                             \
	{                                                                                          \
		field->sample->name = ev_cursor_u64(&field->cursor);                               \
		return !field->cursor.bad;                                                         \
	}
WORD_FIELD(data_src)
WORD_FIELD(transaction)
WORD_FIELD(phys_addr)
WORD_FIELD(cgroup)
WORD_FIELD(data_page_size)
WORD_FIELD(code_page_size)

static const struct {
	uint64_t bits;
	bool (*decode)(struct field *field);
} fields[] = {
	{ PERF_SAMPLE_READ, decode_values },
	{ PERF_SAMPLE_CALLCHAIN, decode_chain },
	{ PERF_SAMPLE_RAW, decode_raw },
	{ PERF_SAMPLE_BRANCH_STACK, decode_branches },
	{ PERF_SAMPLE_REGS_USER, decode_user_regs },
	{ PERF_SAMPLE_STACK_USER, decode_user_stack },
	{ PERF_SAMPLE_WEIGHT_TYPE, decode_weight },
	{ PERF_SAMPLE_DATA_SRC, decode_data_src },
	{ PERF_SAMPLE_TRANSACTION, decode_transaction },
	{ PERF_SAMPLE_REGS_INTR, decode_intr_regs },
	{ PERF_SAMPLE_PHYS_ADDR, decode_phys_addr },
	{ PERF_SAMPLE_CGROUP, decode_cgroup },
	{ PERF_SAMPLE_DATA_PAGE_SIZE, decode_data_page_size },
	{ PERF_SAMPLE_CODE_PAGE_SIZE, decode_code_page_size },
	{ PERF_SAMPLE_AUX, decode_aux },
};

bool ev_decode_variable(struct ev_decoder *decoder, const struct ev_layout *layout,
			struct ev_cursor cursor, uint64_t want, struct ev_sample *sample)
{
	struct field field = { decoder, layout, cursor, sample };

	for (size_t i = 0; want && i < EV_LENGTH(fields); i++) {
		uint64_t bits = layout->sample_type & fields[i].bits;

		if (!bits)
			continue;
		if (!fields[i].decode(&field))
			return false;
		sample->has |= bits;
		want &= ~bits;
		/* Bits of a later kernel stand behind all of these: nothing more is known. */
	}
	return true;
}
