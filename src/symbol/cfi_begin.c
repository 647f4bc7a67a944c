/* Where threads begin, as far as it is known without a rule, is marked in a file's rows. */
#include <string.h>
#include "cfi_row.h"

static void insert(struct ev_cfi_rows *rows, size_t at, uint32_t offset, enum ev_cfi_kind kind)
{
	rows->rows = ev_realloc(rows->rows, (rows->count + 1) * sizeof(*rows->rows));
	memmove(&rows->rows[at + 1], &rows->rows[at], (rows->count - at) * sizeof(*rows->rows));
	rows->rows[at] = (struct ev_cfi_row){ .offset = offset, .kind = (uint8_t)kind };
	rows->count++;
}

/* The first row behind an offset. */
static size_t place_of(const struct ev_cfi_rows *rows, uint32_t offset)
{
	size_t low = 0, high = rows->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (rows->rows[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ev_cfi_rows_begin(struct ev_cfi_rows *rows, uint32_t from, uint32_t to, bool whatever)
{
	size_t at = place_of(rows, from);
	struct ev_cfi_row before = { 0 };
	if (at)
		before = rows->rows[at - 1];
	if (to <= from || (before.kind != EV_CFI_ROW_NOTHING && !whatever))
		return;
	if (at < rows->count && rows->rows[at].offset < to)
		to = rows->rows[at].offset;
	if (at && before.offset == from)
		rows->rows[--at].kind = EV_CFI_ROW_END;
	else
		insert(rows, at, from, EV_CFI_ROW_END);
	at++;
	if (at < rows->count && rows->rows[at].offset == to)
		return;
	before.offset = to;
	insert(rows, at, to, EV_CFI_ROW_NOTHING);
	rows->rows[at] = before;
}
