/* An expression of a tracepoint and one of its samples -> a number or bytes, or their text. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "tracepoint.h"

/* Texts of a payload that an invented file makes endless. */
enum { ITEMS_LIMIT = 4096 };

static uint64_t read_number(const uint8_t *bytes, size_t size_bytes, bool swap)
{
	uint16_t two;
	uint32_t four;
	uint64_t eight;
	switch (size_bytes) {
	case 1:
		return bytes[0];
	case 2:
		memcpy(&two, bytes, 2);
		return swap ? ev_swap16(two) : two;
	case 4:
		memcpy(&four, bytes, 4);
		return swap ? ev_swap32(four) : four;
	case 8:
		memcpy(&eight, bytes, 8);
		return swap ? ev_swap64(eight) : eight;
	default:
		return 0;
	}
}

static uint64_t widened(uint64_t number, size_t size_bytes, bool is_signed)
{
	if (!size_bytes || size_bytes >= 8)
		return number;
	unsigned rest = 64 - 8 * (unsigned)size_bytes;
	return is_signed ? (uint64_t)((int64_t)(number << rest) >> rest) : number << rest >> rest;
}

/* What a dynamic field means: the bytes that its locator names. */
static struct trace_value dynamic_value(const struct trace_field *field,
					const struct trace_sample *sample)
{
	static const uint8_t nothing[1];
	struct trace_value value = { .bytes = nothing, .element_bytes = field->element_bytes };
	if (field->offset > sample->size_bytes || sample->size_bytes - field->offset < 4)
		return value;
	uint64_t locator = read_number(sample->bytes + field->offset, 4, sample->machine->swap);
	uint64_t offset = locator & 0xffff, size_bytes = locator >> 16 & 0xffff;
	if (field->flags & FIELD_RELATIVE)
		offset += field->offset + 4;
	if (offset > sample->size_bytes)
		return value;
	value.bytes = sample->bytes + offset;
	value.size_bytes =
		size_bytes < sample->size_bytes - offset ? size_bytes : sample->size_bytes - offset;
	return value;
}

struct trace_value ev_trace_field_value(const struct trace_field *field,
					const struct trace_sample *sample)
{
	bool is_signed = field->flags & FIELD_SIGNED;
	struct trace_value value = { .is_signed = is_signed };
	if (field->flags & FIELD_DYNAMIC)
		return dynamic_value(field, sample);
	if (field->offset > sample->size_bytes ||
	    field->size_bytes > sample->size_bytes - field->offset)
		return value;
	const uint8_t *at = sample->bytes + field->offset;
	if (field->flags & FIELD_ARRAY || !field->size_bytes || field->size_bytes > 8) {
		value.bytes = at;
		value.size_bytes = field->size_bytes;
		value.element_bytes = field->element_bytes ? field->element_bytes : 1;
	} else {
		value.number = widened(read_number(at, field->size_bytes, sample->machine->swap),
				       field->size_bytes, is_signed);
		value.is_unsigned = !is_signed && field->size_bytes == 8;
	}
	return value;
}

static struct trace_value item_of(const struct trace_value *from, uint64_t index,
				  const struct trace_sample *sample)
{
	struct trace_value value = { 0 };
	size_t each = from->element_bytes;
	if (from->bytes && each && each <= 8 && index < from->size_bytes / each)
		value.number = widened(read_number(from->bytes + index * each, each,
						   sample->machine->swap),
				       each, from->is_signed);
	return value;
}

/* Operators that differ with the sign: C's rules for 64 bits, nothing else divides or compares
 * differently. */
static uint64_t apply_signed(int operator_, int64_t left, int64_t right)
{
	switch (operator_) {
	case '/':
		return !right ? 0 : right == -1 ? -(uint64_t)left : (uint64_t)(left / right);
	case '%':
		return !right || right == -1 ? 0 : (uint64_t)(left % right);
	case OP_SHR:
		return right >= 0 && right < 64 ? (uint64_t)(left >> right) : 0;
	case '<':
		return left < right;
	case '>':
		return left > right;
	case OP_LE:
		return left <= right;
	default:
		return left >= right;
	}
}

static uint64_t apply_unsigned(int operator_, uint64_t left, uint64_t right)
{
	switch (operator_) {
	case '/':
		return right ? left / right : 0;
	case '%':
		return right ? left % right : 0;
	case OP_SHR:
		return right < 64 ? left >> right : 0;
	case '<':
		return left < right;
	case '>':
		return left > right;
	case OP_LE:
		return left <= right;
	default:
		return left >= right;
	}
}

static uint64_t apply(int operator_, uint64_t left, uint64_t right, bool is_unsigned)
{
	switch (operator_) {
	case '*':
		return left * right;
	case '+':
		return left + right;
	case '-':
		return left - right;
	case OP_SHL:
		return right < 64 ? left << right : 0;
	case OP_EQ:
		return left == right;
	case OP_NE:
		return left != right;
	case '&':
		return left & right;
	case '^':
		return left ^ right;
	case '|':
		return left | right;
	default:
		return is_unsigned ? apply_unsigned(operator_, left, right)
				   : apply_signed(operator_, (int64_t)left, (int64_t)right);
	}
}

static struct trace_value binary(const struct trace_node *node, const struct trace_sample *sample)
{
	struct trace_value left = ev_trace_value(node->one, sample), value = { 0 };
	if (node->operator_ == OP_AND || node->operator_ == OP_OR) {
		bool decided = (node->operator_ == OP_OR) == (left.number != 0);
		value.number = decided ? node->operator_ == OP_OR
				       : ev_trace_number(node->other, sample) != 0;
		return value;
	}
	struct trace_value right = ev_trace_value(node->other, sample);
	bool shifts = node->operator_ == OP_SHL || node->operator_ == OP_SHR;
	value.is_unsigned = left.is_unsigned || (right.is_unsigned && !shifts);
	value.number = apply(node->operator_, left.number, right.number, value.is_unsigned);
	return value;
}

static struct trace_value unary(const struct trace_node *node, const struct trace_sample *sample)
{
	struct trace_value value = ev_trace_value(node->one, sample);
	switch (node->operator_) {
	case '-':
		value.number = -value.number;
		break;
	case '~':
		value.number = ~value.number;
		break;
	case '!':
		value.number = !value.number;
		break;
	case '*':
		value = item_of(&value, 0, sample);
		break;
	default: /* + & */
		break;
	}
	return value;
}

static struct trace_value cast(const struct trace_node *node, const struct trace_sample *sample)
{
	struct trace_value value = ev_trace_value(node->one, sample);
	if (value.bytes) { /* another type of the same bytes */
		if (node->type.is_pointer && node->type.size_bytes) {
			value.element_bytes = node->type.size_bytes;
			value.is_signed = node->type.is_signed;
		}
	} else if (!node->type.is_pointer) {
		value.number = widened(value.number, node->type.size_bytes, node->type.is_signed);
		value.is_unsigned = !node->type.is_signed && node->type.size_bytes == 8;
	}
	return value;
}

struct trace_value ev_trace_value(const struct trace_node *node, const struct trace_sample *sample)
{
	struct trace_value value = { 0 };
	switch (node->kind) {
	case NODE_NUMBER:
		value.number = node->number;
		value.is_unsigned = node->number >> 63;
		break;
	case NODE_TEXT:
		value.bytes = (const uint8_t *)node->text;
		value.size_bytes = strlen(node->text);
		value.element_bytes = 1;
		break;
	case NODE_FIELD:
		return ev_trace_field_value(node->field, sample);
	case NODE_INDEX:
		value = ev_trace_value(node->one, sample);
		return item_of(&value, ev_trace_number(node->other, sample), sample);
	case NODE_CAST:
		return cast(node, sample);
	case NODE_UNARY:
		return unary(node, sample);
	case NODE_BINARY:
		return binary(node, sample);
	case NODE_CHOICE:
		return ev_trace_value(ev_trace_number(node->third, sample) ? node->one
									   : node->other,
				      sample);
	case NODE_DYNAMIC:
	case NODE_BITMASK:
		return ev_trace_field_value(node->field, sample);
	case NODE_DYNAMIC_LENGTH:
		value.number = ev_trace_field_value(node->field, sample).size_bytes;
		break;
	case NODE_FLAGS:
	case NODE_SYMBOLIC:
		return ev_trace_value(node->one, sample);
	default:
		break;
	}
	return value;
}

uint64_t ev_trace_number(const struct trace_node *node, const struct trace_sample *sample)
{
	return ev_trace_value(node, sample).number;
}

/* ---- text -------------------------------------------------------------------------------------
 */

static void add_text(struct ev_buffer *out, const char *text)
{
	ev_buffer_add(out, text, strlen(text));
}

/* Names that older kernels leave in lists and readers know. */
static bool pair_value(const struct trace_pair *pair, const struct trace_sample *sample,
		       uint64_t *value)
{
	static const char *const softirqs[] = { "HI_SOFTIRQ",      "TIMER_SOFTIRQ",
						"NET_TX_SOFTIRQ",  "NET_RX_SOFTIRQ",
						"BLOCK_SOFTIRQ",   "IRQ_POLL_SOFTIRQ",
						"TASKLET_SOFTIRQ", "SCHED_SOFTIRQ",
						"HRTIMER_SOFTIRQ", "RCU_SOFTIRQ" };
	if (pair->value->kind != NODE_UNKNOWN) {
		*value = ev_trace_number(pair->value, sample);
		return true;
	}
	for (size_t i = 0; i < EV_LENGTH(softirqs); i++) {
		if (strcmp(pair->value->text, softirqs[i]))
			continue;
		*value = i;
		return true;
	}
	return false;
}

static void print_flags(const struct trace_node *node, const struct trace_sample *sample,
			struct ev_buffer *out)
{
	uint64_t left = ev_trace_number(node->one, sample), value;
	size_t before = out->size_bytes;
	for (const struct trace_pair *pair = node->pairs; pair; pair = pair->next) {
		if (!pair_value(pair, sample, &value))
			continue;
		if (!left && !value) {
			add_text(out, pair->name);
			break;
		}
		if (!value || (left & value) != value)
			continue;
		if (out->size_bytes > before)
			add_text(out, node->delimiter);
		add_text(out, pair->name);
		left &= ~value;
	}
	if (!left)
		return;
	if (out->size_bytes > before)
		add_text(out, node->delimiter);
	ev_buffer_printf(out, "0x%" PRIx64, left);
}

static void print_symbolic(const struct trace_node *node, const struct trace_sample *sample,
			   struct ev_buffer *out)
{
	uint64_t wanted = ev_trace_number(node->one, sample), value;
	for (const struct trace_pair *pair = node->pairs; pair; pair = pair->next) {
		if (!pair_value(pair, sample, &value) || value != wanted)
			continue;
		add_text(out, pair->name);
		return;
	}
	ev_buffer_printf(out, "0x%" PRIx64, wanted);
}

static void print_hex(const struct trace_node *node, const struct trace_sample *sample,
		      struct ev_buffer *out)
{
	struct trace_value value = ev_trace_value(node->one, sample);
	uint64_t count = ev_trace_number(node->other, sample);
	for (size_t i = 0; value.bytes && i < count && i < value.size_bytes; i++)
		ev_buffer_printf(out, i && node->spaced ? " %02x" : "%02x", value.bytes[i]);
}

static void print_array(const struct trace_node *node, const struct trace_sample *sample,
			struct ev_buffer *out)
{
	struct trace_value value = ev_trace_value(node->one, sample);
	uint64_t count = ev_trace_number(node->other, sample);
	uint64_t each = ev_trace_number(node->third, sample);
	if (each != 1 && each != 2 && each != 4 && each != 8) {
		ev_buffer_printf(out, "BAD SIZE:%" PRIu64 " ", each);
		return;
	}
	value.element_bytes = each;
	value.is_signed = false;
	for (uint64_t i = 0; i < count && i < value.size_bytes / each && i < ITEMS_LIMIT; i++) {
		if (i)
			ev_buffer_u8(out, ' ');
		ev_buffer_printf(out, "%" PRIu64, item_of(&value, i, sample).number);
	}
}

/* As the kernel prints masks: words of 32 bits, highest first. */
static void print_bitmask(const struct trace_node *node, const struct trace_sample *sample,
			  struct ev_buffer *out)
{
	struct trace_value value = ev_trace_field_value(node->field, sample);
	value.element_bytes = 4;
	for (size_t i = value.size_bytes / 4; i-- > 0;)
		ev_buffer_printf(out, i ? "%08" PRIx64 "," : "%08" PRIx64,
				 item_of(&value, i, sample).number);
}

static void print_bytes(const struct trace_value *value, struct ev_buffer *out)
{
	ev_buffer_add(out, value->bytes, strnlen((const char *)value->bytes, value->size_bytes));
}

void ev_trace_text(const struct trace_node *node, const struct trace_sample *sample,
		   struct ev_buffer *out)
{
	switch (node->kind) {
	case NODE_FLAGS:
		print_flags(node, sample, out);
		return;
	case NODE_SYMBOLIC:
		print_symbolic(node, sample, out);
		return;
	case NODE_HEX:
		print_hex(node, sample, out);
		return;
	case NODE_ARRAY:
		print_array(node, sample, out);
		return;
	case NODE_BITMASK:
		print_bitmask(node, sample, out);
		return;
	case NODE_CHOICE:
		ev_trace_text(ev_trace_number(node->third, sample) ? node->one : node->other,
			      sample, out);
		return;
	case NODE_UNARY:
	case NODE_CAST:
		if (node->kind == NODE_CAST || node->operator_ == '&') {
			ev_trace_text(node->one, sample, out);
			return;
		}
		break;
	default:
		break;
	}
	struct trace_value value = ev_trace_value(node, sample);
	if (value.bytes) {
		print_bytes(&value, out);
		return;
	}
	const char *text = ev_tracepoints_text_at(sample->tracepoints, value.number);
	if (text)
		add_text(out, text);
	else
		ev_buffer_printf(out, "0x%" PRIx64, value.number);
}
