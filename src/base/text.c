/* Text that may hold anything, made safe for the place it goes to: terminal, JSON, CSV. */
#include <string.h>
#include <wchar.h>
#include <evprof/base.h>

/* Decodes one UTF-8 character; its length in bytes, 0 when the bytes are not well-formed. */
static size_t utf8_at(const unsigned char *text, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = text[0] < 0x80             ? 1
			: (text[0] & 0xe0) == 0xc0 ? 2
			: (text[0] & 0xf0) == 0xe0 ? 3
			: (text[0] & 0xf8) == 0xf0 ? 4
						   : 0;
	if (length == 1) {
		*character = text[0];
		return 1;
	}
	if (!length)
		return 0;
	uint32_t value = text[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0; /* also the NUL of a text cut short */
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return length;
}

/* Characters that change how the text around them is shown. */
static bool is_deceptive(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/* Length of the part at the beginning that can be shown as it is: most names whole. */
static size_t plain_length(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	while (*at >= 0x20 && *at < 0x7f)
		at++;
	return (size_t)(at - (const unsigned char *)text);
}

const char *ev_text_safe(struct ev_arena *arena, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = plain_length(text);
	if (!text[used])
		return ev_arena_text(arena, text, used);
	char *out = ev_arena_take(arena, used + 4 * strlen(text + used) + 1);
	memcpy(out, text, used);
	for (const unsigned char *at = (const unsigned char *)text + used; *at;) {
		uint32_t character;
		size_t length = utf8_at(at, &character);
		bool plain = length && !is_deceptive(character);
		for (size_t left = length ? length : 1; left; left--, at++) {
			if (plain) {
				out[used++] = (char)*at;
				continue;
			}
			out[used++] = '\\';
			out[used++] = 'x';
			out[used++] = hex[*at >> 4];
			out[used++] = hex[*at & 15];
		}
	}
	return out;
}

void ev_json_text(FILE *out, const char *text)
{
	putc('"', out);
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		uint32_t character;
		size_t length = utf8_at(at, &character);
		if (!length)
			fputs("\\ufffd", out);
		else if (character == '"' || character == '\\')
			fprintf(out, "\\%c", (char)character);
		else if (character < 0x10000 && is_deceptive(character))
			fprintf(out, "\\u%04x", character);
		else
			fwrite(at, 1, length, out);
		at += length ? length : 1;
	}
	putc('"', out);
}

void ev_csv_text(FILE *out, const char *text)
{
	if (!strpbrk(text, "\",\r\n")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

size_t ev_text_columns(const char *text)
{
	size_t columns = plain_length(text);
	for (const unsigned char *at = (const unsigned char *)text + columns; *at;) {
		uint32_t character;
		size_t length = utf8_at(at, &character);
		int width = length > 1 ? wcwidth((wchar_t)character) : 1;
		columns += width >= 0 ? (size_t)width : 1;
		at += length ? length : 1;
	}
	return columns;
}
