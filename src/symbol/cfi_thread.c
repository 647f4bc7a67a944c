/* The gap in the rows of code that makes a thread gets the rule that tells the new thread from the
 * one that made it. */
#include <stdlib.h>
#include <string.h>
#include "cfi_thread.h"

/* From the system call to the new thread's own instructions: a test, two jumps and a return. */
enum { GAP_BYTES = 32, SYSCALL_BYTES = 2, RESULT_REGISTER = 0 /* rax */ };

bool ev_code_makes_thread(const uint8_t before[BEFORE_THREAD_BYTES])
{
	/* mov $n,%eax or %al: clone and clone3; then, at once or a few moves later, syscall. */
	static const struct {
		uint8_t bytes[5], size;
	} numbers[] = { { { 0xb8, 0x38, 0, 0, 0 }, 5 },
			{ { 0xb8, 0xb3, 0x01, 0, 0 }, 5 },
			{ { 0xb0, 0x38 }, 2 } };
	enum { MOVES = BEFORE_THREAD_BYTES - SYSCALL_BYTES };
	if (before[MOVES] != 0x0f || before[MOVES + 1] != 0x05)
		return false;
	for (size_t i = 0; i < EV_LENGTH(numbers); i++)
		if (memmem(before, MOVES, numbers[i].bytes, numbers[i].size))
			return true;
	return false;
}

/* A row of nothing between one by the stack pointer and one of where threads begin. */
static bool is_gap(const struct ev_cfi_rows *rows, size_t at)
{
	const struct ev_cfi_row *row = &rows->rows[at];
	return row->kind == EV_CFI_ROW_NOTHING && row[-1].kind == EV_CFI_ROW_SP &&
	       row[1].kind == EV_CFI_ROW_END && row[1].offset - row->offset <= GAP_BYTES;
}

/* From `at` on; the number of rows where there is no more. */
static size_t next_gap(const struct ev_cfi_rows *rows, size_t at)
{
	if (rows->machine != EM_X86_64)
		return rows->count;
	for (; at + 1 < rows->count; at++)
		if (is_gap(rows, at))
			return at;
	return rows->count;
}

static bool begins_with_the_call(const struct image *image, uint32_t offset)
{
	uint8_t *bytes;
	uint64_t end = (uint64_t)offset + SYSCALL_BYTES;
	if (end < BEFORE_THREAD_BYTES ||
	    ev_image_read(image, end - BEFORE_THREAD_BYTES, BEFORE_THREAD_BYTES, &bytes))
		return false;
	bool makes = ev_code_makes_thread(bytes);
	free(bytes);
	return makes;
}

static void fill(struct ev_cfi_rows *rows, size_t at)
{
	const struct ev_cfi_row *before = &rows->rows[at - 1];
	int32_t word = rows->word_bytes;
	struct ev_cfi_rule rule = { .base = EV_CFI_THREAD_MAKER,
				    .base_register = RESULT_REGISTER,
				    .fp = before->fp_words ? EV_CFI_AT_CFA : EV_CFI_KEPT,
				    .ra = EV_CFI_AT_CFA,
				    .cfa_offset = before->cfa_words * word,
				    .fp_offset = before->fp_words * word,
				    .ra_offset = -word };
	if (rows->other_count > UINT16_MAX)
		return;
	rows->others = ev_realloc(rows->others, (rows->other_count + 1) * sizeof(*rows->others));
	rows->others[rows->other_count] = rule;
	rows->rows[at].kind = EV_CFI_ROW_OTHER;
	rows->rows[at].cfa_words = (int16_t)(uint16_t)rows->other_count++;
}

bool ev_cfi_rows_may_make_threads(const struct ev_cfi_rows *rows)
{
	return next_gap(rows, 1) < rows->count;
}

void ev_cfi_rows_threads(struct ev_cfi_rows *rows, const struct image *image)
{
	for (size_t at = 1; (at = next_gap(rows, at)) < rows->count; at++)
		if (begins_with_the_call(image, rows->rows[at].offset))
			fill(rows, at);
}
