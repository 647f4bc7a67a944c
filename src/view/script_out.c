/* Pieces of text -> large writes. */
#include <errno.h>
#include <stdlib.h>
#include "script.h"

enum { OUT_BYTES = 1 << 20 };

void ev_script_flush_out(struct script_out *out)
{
	if (out->used && !out->error && fwrite(out->bytes, 1, out->used, out->file) != out->used)
		out->error = errno ? errno : EIO;
	out->used = 0;
}

void ev_script_make_room(struct script_out *out, size_t more)
{
	ev_script_flush_out(out);
	if (out->room >= more)
		return;
	out->room = more > OUT_BYTES ? more : OUT_BYTES;
	out->bytes = ev_realloc(out->bytes, out->room);
}

void ev_script_printf(struct script_out *out, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	script_room(out, 256);
	int length = vsnprintf(out->bytes + out->used, out->room - out->used, fmt, args);
	if (length > 0 && (size_t)length >= out->room - out->used) {
		script_room(out, (size_t)length + 1);
		vsnprintf(out->bytes + out->used, out->room - out->used, fmt, again);
	}
	if (length > 0)
		out->used += (size_t)length;
	va_end(again);
	va_end(args);
}

void ev_script_decimal(struct script_out *out, uint64_t number, unsigned width, char fill)
{
	char digits[24];
	unsigned count = 0;
	do
		digits[sizeof(digits) - ++count] = (char)('0' + number % 10);
	while (number /= 10);
	unsigned padding = width > count ? width - count : 0;
	script_room(out, padding + count);
	memset(out->bytes + out->used, fill, padding);
	memcpy(out->bytes + out->used + padding, digits + sizeof(digits) - count, count);
	out->used += padding + count;
}

void ev_script_hex(struct script_out *out, uint64_t number, unsigned width)
{
	char digits[16];
	unsigned count = 0;
	do
		digits[sizeof(digits) - ++count] = "0123456789abcdef"[number & 15];
	while (number >>= 4);
	unsigned padding = width > count ? width - count : 0;
	script_room(out, padding + count);
	memset(out->bytes + out->used, ' ', padding);
	memcpy(out->bytes + out->used + padding, digits + sizeof(digits) - count, count);
	out->used += padding + count;
}

static bool is_control(unsigned char letter)
{
	return (letter < ' ' && letter != '\n' && letter != '\t') || letter == 0x7f;
}

void ev_script_escape(struct script_out *out, size_t from)
{
	size_t bad = 0, end = out->used;
	for (size_t i = from; i < end; i++)
		bad += is_control((unsigned char)out->bytes[i]);
	if (!bad)
		return;
	size_t length = end - from;
	char *copy = ev_alloc(length);
	memcpy(copy, out->bytes + from, length);
	out->used = from;
	for (size_t i = 0; i < length; i++) {
		if (is_control((unsigned char)copy[i]))
			ev_script_printf(out, "\\x%02x", (unsigned char)copy[i]);
		else
			script_char(out, copy[i]);
	}
	free(copy);
}
