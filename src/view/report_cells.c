/* The cells of a text table: shares, numbers, ratios and names, each in its column's width. */
#include <inttypes.h>
#include <string.h>
#include "report_block.h"

static const char *joined(struct ev_arena *arena, const char *first, const char *second)
{
	size_t before = strlen(first), after = strlen(second);
	char *text = ev_arena_take(arena, before + after + 1);
	memcpy(text, first, before);
	memcpy(text + before, second, after);
	return text;
}

const char *ev_block_key_text(struct ev_block *block, const struct ev_shown *column,
			      const struct ev_row *row)
{
	const struct ev_table *table = block->report->table;
	const char *text = ev_report_key_text(block->report, row, column->key, block->events.first,
					      &block->scratch);
	const char *safe = ev_report_safe(&block->scratch, text);
	char level = ev_row_level(table, block->report->named, row, column->key);
	if (level) /* as perf marks where a function runs */
		return joined(&block->scratch, level == 'k' ? "[k] " : "[.] ", safe);
	if (ev_keys[table->keys[column->key]].kind == EV_KEY_IS_OWNER &&
	    !block->options->separator) {
		int digits = (int)strspn(safe, "0123456789");
		return ev_arena_printf(&block->scratch, "%*.*s%s", EV_PID_WIDTH, digits, safe,
				       safe + digits);
	}
	return safe;
}

static const char *colour_of(double percent)
{
	return percent >= 5 ? "\33[31m" : percent >= 0.5 ? "\33[32m" : NULL;
}

/* "%.2f" for a share that needs no care: most of the time of a long table goes here. */
static size_t format_share(char *out, size_t size_bytes, double percent)
{
	double hundredths = percent * 100;
	uint64_t whole = (uint64_t)hundredths;
	double rest = hundredths - (double)whole;
	if (percent >= 1e6 || (rest > 0.4999 && rest < 0.5001)) {
		ev_format_fixed(out, size_bytes, percent, 2);
		return strlen(out);
	}
	whole += rest > 0.5;
	char digits[24];
	size_t count = 0, length = 0;
	for (; whole || count < 3; whole /= 10)
		digits[count++] = (char)('0' + whole % 10);
	while (count) {
		if (count == 2)
			out[length++] = '.';
		out[length++] = digits[--count];
	}
	out[length] = 0;
	return length;
}

static void print_share(struct ev_block *block, size_t width, uint64_t part, uint64_t whole)
{
	double percent = ev_percent(part, whole);
	char number[48];
	const char *colour = block->options->colour ? colour_of(percent) : NULL;
	size_t length = format_share(number, sizeof(number), percent);
	for (size_t i = length + 1; i < width; i++)
		putc_unlocked(' ', block->out);
	fputs(colour ? colour : "", block->out);
	fputs(number, block->out);
	fputs(colour ? "%\33[m" : "%", block->out);
}

void ev_block_print_number(struct ev_block *block, const struct ev_shown *column, size_t event,
			   const uint64_t *number)
{
	size_t width = block->options->separator ? 0 : column->width / block->shown;
	if (column->half) /* a sum over rows has none */
		fprintf(block->out, "%*s", (int)width, "");
	else if (!number)
		fprintf(block->out, "%*s", (int)width, "N/A");
	else if (ev_fields[column->field].is_share)
		print_share(block, width, *number, block->report->table->total_period[event]);
	else
		fprintf(block->out, "%*" PRIu64, (int)width, *number);
}

/* Wider on one side near 0 and 100 %: that one is shown. */
static void print_half(struct ev_block *block, const struct ev_shown *column,
		       const struct ev_row *row, size_t width, size_t event)
{
	struct ev_estimate share =
		ev_report_share(block->report, row, event, column->field == EV_FIELD_CHILDREN);
	double above = share.high - share.value, below = share.value - share.low;
	char number[48];
	size_t length = format_share(number, sizeof(number), 100 * (above > below ? above : below));
	for (size_t i = length + 2; i < width; i++)
		putc_unlocked(' ', block->out);
	fprintf(block->out, "±%s%%", number);
}

static void print_numbers(struct ev_block *block, const struct ev_shown *column,
			  const struct ev_row *row)
{
	const struct ev_field_info *info = &ev_fields[column->field];
	char separator = block->options->separator;
	size_t width = separator ? 0 : column->width / ev_block_fields(block, column);
	bool first = true;
	for (size_t i = 0; i < block->events.count; i++) {
		size_t event = block->events.first + i;
		uint64_t number;
		if (ev_report_only_tells(block->report, event) && block->events.count > 1)
			continue;
		bool known = info->number(block->report, row, event, &number);
		if (!first && separator)
			putc_unlocked(separator, block->out);
		first = false;
		if (column->half)
			print_half(block, column, row, width, event);
		else
			ev_block_print_number(block, column, event, known ? &number : NULL);
	}
}

/* ---- ratios ---------------------------------------------------------------------------------- */

/* The value and half of its interval, "" for what is not known. */
static void format_ratio(const struct ev_shown *column, const struct ev_ratio_value *ratio,
			 char value[64], char half[64])
{
	*value = *half = 0;
	if (ratio->known)
		ev_format_fixed(value, 64, ratio->value, column->decimals);
	if (ratio->bounded)
		ev_format_fixed(half, 64, ratio->high - ratio->value, column->decimals);
}

void ev_block_widen_ratio(const struct ev_block *block, struct ev_shown *column,
			  const struct ev_ratio_value *ratio)
{
	char value[64], half[64];
	format_ratio(column, ratio, value, half);
	if (strlen(value) > column->value_width)
		column->value_width = strlen(value);
	if (strlen(half) > column->half_width)
		column->half_width = strlen(half);
	if (ratio->few && ratio->known && !block->options->colour)
		column->mark_width = 2;
	/* With " ±" between them and perhaps " ?" behind. */
	size_t width = column->value_width + 2 + column->half_width + column->mark_width;
	if (column->width < width)
		column->width = width;
}

void ev_block_measure_ratio(struct ev_block *block, struct ev_shown *column)
{
	column->value_width = column->half_width = column->mark_width = 0;
	for (size_t i = 0; i < block->row_count; i++) {
		struct ev_ratio_value ratio =
			ev_report_ratio(block->report, block->rows[i], column->ratio);
		ev_block_widen_ratio(block, column, &ratio);
	}
}

/* Padded to the right, so that what is behind the point stands below its like. */
void ev_block_print_ratio(struct ev_block *block, const struct ev_shown *column,
			  const struct ev_ratio_value *ratio)
{
	bool colour = block->options->colour, few = ratio->few && ratio->known;
	char value[64], half[64];
	format_ratio(column, ratio, value, half);
	block->has_few |= few;
	if (block->options->separator) {
		fprintf(block->out, "%s%s%s%s", value, *half ? " ±" : "", half, few ? " ?" : "");
		return;
	}
	size_t used = column->value_width + 2 + column->half_width + column->mark_width;
	fprintf(block->out, "%*s", (int)(column->width - used), "");
	fputs(few && colour ? "\33[2m" : "", block->out);
	fprintf(block->out, "%*s%s%*s%-*s", (int)column->value_width, value, *half ? " ±" : "  ",
		(int)column->half_width, half, (int)column->mark_width, few && !colour ? " ?" : "");
	fputs(few && colour ? "\33[m" : "", block->out);
}

static void print_row_ratio(struct ev_block *block, const struct ev_shown *column,
			    const struct ev_row *row)
{
	struct ev_ratio_value ratio = ev_report_ratio(block->report, row, column->ratio);
	ev_block_print_ratio(block, column, &ratio);
}

/* ---- any --------------------------------------------------------------------------------------
 */

/* Text in a column of its width; the separator inside a text would make two fields of one. */
void ev_block_print_text(struct ev_block *block, const struct ev_shown *column, const char *text,
			 bool last)
{
	size_t columns = 0;
	if (block->options->separator) {
		for (; *text; text++)
			putc_unlocked(*text == block->options->separator ? '.' : *text, block->out);
		return;
	}
	if (!last || column->fixed)
		columns = ev_text_columns(text);
	if (column->fixed && columns > column->width) {
		size_t bytes = strlen(text);
		char *cut = ev_arena_text(&block->scratch, text, bytes);
		while (ev_text_columns(cut) > column->width) {
			do
				bytes--;
			while (bytes && ((uint8_t)cut[bytes] & 0xc0) == 0x80);
			cut[bytes] = 0;
		}
		text = cut;
		columns = ev_text_columns(text);
	}
	fputs(text, block->out);
	for (; !last && columns < column->width; columns++)
		putc_unlocked(' ', block->out);
}

size_t ev_block_fields(const struct ev_block *block, const struct ev_shown *column)
{
	return ev_fields[column->field].number ? block->shown : 1;
}

void ev_block_print_cell(struct ev_block *block, const struct ev_shown *column,
			 const struct ev_row *row, bool last)
{
	if (column->field == EV_FIELD_KEY)
		ev_block_print_text(block, column, ev_block_key_text(block, column, row), last);
	else if (column->field == EV_FIELD_RATIO)
		print_row_ratio(block, column, row);
	else
		print_numbers(block, column, row);
}
