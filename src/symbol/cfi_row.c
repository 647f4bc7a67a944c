/* A rule of the usual shapes is packed into eight bytes; others go to a list, and their row says
 * where. */
#include <stdlib.h>
#include <string.h>
#include "cfi_row.h"

/* Rules in the list are few and come in runs: the latest are looked at before one is added. */
enum { LATEST = 16 };

static bool in_words(int32_t bytes, const struct cfi_machine *machine, int limit, int32_t *words)
{
	*words = bytes / machine->word_bytes;
	return *words * machine->word_bytes == bytes && *words >= -limit - 1 && *words <= limit;
}

/* Are the return address and the frame pointer where a row implies? */
static bool is_usual(const struct ev_cfi_rule *rule, const struct cfi_machine *machine)
{
	int32_t word = machine->word_bytes;
	if (rule->signal || rule->indirect ||
	    (rule->fp != EV_CFI_KEPT && (rule->fp != EV_CFI_AT_CFA || !rule->fp_offset)))
		return false;
	if (!machine->links)
		return rule->ra == EV_CFI_AT_CFA && rule->ra_offset == -word;
	if (rule->fp == EV_CFI_KEPT)
		return rule->ra == EV_CFI_KEPT;
	return rule->ra == EV_CFI_AT_CFA && rule->ra_offset == rule->fp_offset + word;
}

static bool pack(const struct ev_cfi_rule *rule, const struct cfi_machine *machine,
		 struct ev_cfi_row *row)
{
	int32_t cfa = 0, fp = 0;
	if (rule->base == EV_CFI_NOTHING || rule->ra == EV_CFI_LOST) {
		row->kind = rule->ra == EV_CFI_LOST ? EV_CFI_ROW_END : EV_CFI_ROW_NOTHING;
		return true;
	}
	if (!is_usual(rule, machine) || !in_words(rule->fp_offset, machine, INT8_MAX, &fp))
		return false;
	if (rule->base == EV_CFI_PLT && !fp) {
		row->kind = EV_CFI_ROW_PLT;
		cfa = rule->cfa_offset;
	} else if ((rule->base == EV_CFI_SP || rule->base == EV_CFI_FP) &&
		   in_words(rule->cfa_offset, machine, INT16_MAX, &cfa)) {
		row->kind = rule->base == EV_CFI_SP ? EV_CFI_ROW_SP : EV_CFI_ROW_FP;
	} else {
		return false;
	}
	row->cfa_words = (int16_t)cfa;
	row->fp_words = (int8_t)fp;
	return true;
}

static void add_other(struct cfi_rows *rows, const struct ev_cfi_rule *rule, struct ev_cfi_row *row)
{
	size_t count = rows->others.count;
	for (size_t i = count; i-- > 0 && count - i <= LATEST;)
		if (!memcmp(&rows->others.items[i], rule, sizeof(*rule))) {
			row->kind = EV_CFI_ROW_OTHER;
			row->cfa_words = (int16_t)(uint16_t)i;
			return;
		}
	if (count > UINT16_MAX)
		return; /* a row of nothing */
	*ev_array_add(&rows->others) = *rule;
	row->kind = EV_CFI_ROW_OTHER;
	row->cfa_words = (int16_t)(uint16_t)count;
}

void ev_cfi_rows_add(struct cfi_rows *rows, const struct cfi_machine *machine, uint32_t offset,
		     const struct ev_cfi_rule *rule, size_t from)
{
	struct ev_cfi_row row = { .offset = offset };
	if (!pack(rule, machine, &row))
		add_other(rows, rule, &row);
	if (rows->rows.count > from) {
		struct ev_cfi_row *last = &rows->rows.items[rows->rows.count - 1];
		if (last->kind == row.kind && last->cfa_words == row.cfa_words &&
		    last->fp_words == row.fp_words)
			return;
	}
	*ev_array_add(&rows->rows) = row;
}

struct ev_cfi_rule ev_cfi_row_rule(const struct cfi_rows *rows, const struct cfi_machine *machine,
				   const struct ev_cfi_row *row)
{
	static const uint8_t bases[] = { [EV_CFI_ROW_SP] = EV_CFI_SP,
					 [EV_CFI_ROW_FP] = EV_CFI_FP,
					 [EV_CFI_ROW_PLT] = EV_CFI_PLT };
	int32_t word = machine->word_bytes;
	struct ev_cfi_rule rule = { 0 };
	if (row->kind == EV_CFI_ROW_OTHER)
		return rows->others.items[(uint16_t)row->cfa_words];
	if (row->kind == EV_CFI_ROW_END)
		rule.ra = EV_CFI_LOST;
	if (row->kind == EV_CFI_ROW_END || row->kind == EV_CFI_ROW_NOTHING)
		return rule;
	rule.base = bases[row->kind];
	rule.cfa_offset = row->cfa_words * (row->kind == EV_CFI_ROW_PLT ? 1 : word);
	rule.fp = row->fp_words ? EV_CFI_AT_CFA : EV_CFI_KEPT;
	rule.fp_offset = row->fp_words * word;
	if (!machine->links || row->fp_words) {
		rule.ra = EV_CFI_AT_CFA;
		rule.ra_offset = machine->links ? rule.fp_offset + word : -word;
	}
	return rule;
}

void ev_cfi_rows_free(struct cfi_rows *rows)
{
	ev_array_done(&rows->rows);
	ev_array_done(&rows->others);
}
