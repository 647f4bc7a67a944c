/* A tracepoint's format and one of its samples -> the text that the kernel would print. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "tracepoint.h"

/* No text of a sample is longer: formats of an invented file could go on for ever. */
enum { TEXT_BYTES = 1 << 18 };

struct printer {
	const struct trace_sample *sample;
	struct ev_buffer *out;
	ev_name_address *name_address;
	void *context;
};

/* "%" flags width precision, with a place for the length modifier: for printf. */
static void spec_of(const struct trace_piece *piece, const struct trace_sample *sample,
		    const char *end, char spec[40])
{
	int width = piece->width, precision = piece->precision;
	if (piece->width_from)
		width = (int)(ev_trace_number(piece->width_from, sample) & 0x1ff);
	if (piece->precision_from)
		precision = (int)(ev_trace_number(piece->precision_from, sample) & 0xfff);
	int length = snprintf(spec, 40, "%%%s", piece->flags);
	if (width >= 0)
		length += snprintf(spec + length, (size_t)(40 - length), "%d", width);
	if (precision >= 0)
		length += snprintf(spec + length, (size_t)(40 - length), ".%d", precision);
	snprintf(spec + length, (size_t)(40 - length), "%s", end);
}

static bool is_plain(const struct trace_piece *piece)
{
	return !piece->flags[0] && piece->width == -1 && piece->precision == -1;
}

static void print_plain_decimal(struct ev_buffer *out, uint64_t number, bool negative)
{
	char digits[24];
	size_t at = sizeof(digits);
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	if (negative)
		digits[--at] = '-';
	ev_buffer_add(out, digits + at, sizeof(digits) - at);
}

static void print_number(const struct printer *printer, const struct trace_piece *piece)
{
	uint64_t number = ev_trace_number(piece->argument, printer->sample);
	unsigned rest = 64 - 8 * piece->size_bytes;
	bool is_signed = piece->conversion == 'd';
	number = is_signed ? (uint64_t)((int64_t)(number << rest) >> rest) : number << rest >> rest;
	if (is_plain(piece) && strchr("du", piece->conversion)) {
		bool negative = is_signed && (int64_t)number < 0;
		print_plain_decimal(printer->out, negative ? -number : number, negative);
		return;
	}
	char spec[40], end[8] = { 'l', 'l', piece->conversion };
	if (piece->conversion == 'c') {
		spec_of(piece, printer->sample, "c", spec);
		ev_buffer_printf(printer->out, spec, (int)(uint8_t)number);
		return;
	}
	spec_of(piece, printer->sample, end, spec);
	ev_buffer_printf(printer->out, spec, (unsigned long long)number);
}

static void print_string(const struct printer *printer, const struct trace_piece *piece)
{
	if (is_plain(piece)) {
		ev_trace_text(piece->argument, printer->sample, printer->out);
		return;
	}
	struct ev_buffer text = { 0 };
	char spec[40];
	ev_trace_text(piece->argument, printer->sample, &text);
	ev_buffer_u8(&text, 0);
	spec_of(piece, printer->sample, "s", spec);
	ev_buffer_printf(printer->out, spec, (const char *)text.bytes);
	ev_buffer_done(&text);
}

/* ---- %p and what may follow it ----------------------------------------------------------------
 */

static void print_function(const struct printer *printer, const struct trace_piece *piece)
{
	uint64_t address = ev_trace_number(piece->argument, printer->sample), offset = 0;
	const char *name = printer->name_address
				   ? printer->name_address(printer->context, address, &offset)
				   : NULL;
	if (!name) {
		ev_buffer_printf(printer->out, "0x%" PRIx64, address);
		return;
	}
	ev_buffer_add(printer->out, name, strlen(name));
	if (strchr("SFB", piece->pointer[0]))
		ev_buffer_printf(printer->out, "+0x%" PRIx64, offset);
}

/* The bytes that %pM, %pI4, %pU … show; NULL when the sample has not so many. */
static const uint8_t *shown_bytes(const struct printer *printer, const struct trace_piece *piece,
				  size_t wanted)
{
	struct trace_value value = ev_trace_value(piece->argument, printer->sample);
	return value.bytes && value.size_bytes >= wanted ? value.bytes : NULL;
}

static bool print_mac(const struct printer *printer, const struct trace_piece *piece)
{
	const uint8_t *mac = shown_bytes(printer, piece, 6);
	for (size_t i = 0; mac && i < 6; i++)
		ev_buffer_printf(printer->out, "%s%02x", i && piece->pointer[0] == 'M' ? ":" : "",
				 mac[i]);
	return mac;
}

static bool print_uuid(const struct printer *printer, const struct trace_piece *piece)
{
	const uint8_t *uuid = shown_bytes(printer, piece, 16);
	for (size_t i = 0; uuid && i < 16; i++)
		ev_buffer_printf(printer->out, "%s%02x",
				 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	return uuid;
}

static bool print_ip(const struct printer *printer, int family, const void *address)
{
	char text[INET6_ADDRSTRLEN];
	if (!address || !inet_ntop(family, address, text, sizeof(text)))
		return false;
	ev_buffer_add(printer->out, text, strlen(text));
	return true;
}

/* A struct sockaddr: u16 family, u16 port (network order), address */
static bool print_socket(const struct printer *printer, const struct trace_piece *piece)
{
	const uint8_t *socket = shown_bytes(printer, piece, 8);
	if (!socket)
		return false;
	unsigned family = printer->sample->machine->swap ? socket[0] << 8 | socket[1]
							 : socket[1] << 8 | socket[0];
	bool port = piece->pointer[2] == 'p', done = false;
	if (family == AF_INET) {
		done = print_ip(printer, AF_INET, socket + 4);
	} else if (family == AF_INET6 && (socket = shown_bytes(printer, piece, 24))) {
		if (port)
			ev_buffer_u8(printer->out, '[');
		done = print_ip(printer, AF_INET6, socket + 8);
		if (port)
			ev_buffer_u8(printer->out, ']');
	}
	if (done && port)
		ev_buffer_printf(printer->out, ":%u", socket[2] << 8 | socket[3]);
	return done;
}

static bool print_address(const struct printer *printer, const struct trace_piece *piece)
{
	if (piece->pointer[1] == 'S')
		return print_socket(printer, piece);
	bool four = piece->pointer[1] == '4';
	return print_ip(printer, four ? AF_INET : AF_INET6,
			shown_bytes(printer, piece, four ? 4 : 16));
}

static void print_pointer(const struct printer *printer, const struct trace_piece *piece)
{
	size_t before = printer->out->size_bytes;
	bool done = false;
	switch (piece->pointer[0]) {
	case 'S':
	case 's':
	case 'F':
	case 'f':
	case 'B':
		print_function(printer, piece);
		return;
	case 'M':
	case 'm':
		done = print_mac(printer, piece);
		break;
	case 'U':
		done = print_uuid(printer, piece);
		break;
	case 'I':
	case 'i':
		done = print_address(printer, piece);
		break;
	case 'b': /* %*pbl: a mask, shown as one */
		ev_trace_text(piece->argument, printer->sample, printer->out);
		return;
	default:
		break;
	}
	if (done)
		return;
	printer->out->size_bytes = before;
	uint64_t address = ev_trace_number(piece->argument, printer->sample);
	ev_buffer_printf(printer->out, address ? "0x%" PRIx64 : "(nil)", address);
}

/* ---- without a format -------------------------------------------------------------------------
 */

static bool is_printable(const struct trace_value *value)
{
	size_t length = strnlen((const char *)value->bytes, value->size_bytes);
	for (size_t i = 0; i < length; i++)
		if (value->bytes[i] < ' ' || value->bytes[i] > '~')
			return false;
	return true;
}

void ev_trace_print_field(const struct trace_field *field, const struct trace_sample *sample,
			  struct ev_buffer *out)
{
	struct trace_value value = ev_trace_field_value(field, sample);
	if (value.bytes && field->flags & FIELD_TEXT && is_printable(&value)) {
		ev_buffer_add(out, value.bytes,
			      strnlen((const char *)value.bytes, value.size_bytes));
	} else if (value.bytes) {
		ev_buffer_printf(out, "ARRAY[");
		for (size_t i = 0; i < value.size_bytes; i++)
			ev_buffer_printf(out, i ? ", %02x" : "%02x", value.bytes[i]);
		ev_buffer_printf(out, "]");
	} else if (field->flags & FIELD_POINTER ||
		   (field->flags & FIELD_LONG &&
		    (!(field->flags & FIELD_SIGNED) || field->size_bytes == 4))) {
		/* A long may be an address; as in perf, not one of 64 bits with a sign. */
		ev_buffer_printf(out, "0x%" PRIx64, value.number);
	} else if (field->flags & FIELD_SIGNED) {
		ev_buffer_printf(out, "%" PRId64, (int64_t)value.number);
	} else {
		ev_buffer_printf(out, "%" PRIu64, value.number);
	}
}

static void print_fields(const struct printer *printer, const struct trace_format *format)
{
	for (size_t i = 0; i < format->fields.count && printer->out->size_bytes < TEXT_BYTES; i++) {
		const struct trace_field *field = &format->fields.items[i];
		if (field->flags & FIELD_COMMON)
			continue;
		ev_buffer_printf(printer->out, " %s=", field->name);
		ev_trace_print_field(field, printer->sample, printer->out);
	}
}

void ev_trace_print(const struct trace_format *format, const struct trace_sample *sample,
		    struct ev_buffer *out, ev_name_address *name_address, void *context)
{
	struct printer printer = { sample, out, name_address, context };
	if (format->failure) {
		print_fields(&printer, format);
		return;
	}
	for (size_t i = 0; i < format->pieces.count && out->size_bytes < TEXT_BYTES; i++) {
		const struct trace_piece *piece = &format->pieces.items[i];
		ev_buffer_add(out, piece->literal, piece->literal_bytes);
		if (piece->argument && piece->argument->unknown)
			ev_buffer_u8(out, '?'); /* a variable of the kernel's */
		else if (piece->conversion == 's')
			print_string(&printer, piece);
		else if (piece->conversion == 'p')
			print_pointer(&printer, piece);
		else if (piece->conversion)
			print_number(&printer, piece);
	}
}
