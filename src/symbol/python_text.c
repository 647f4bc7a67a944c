/* Characters of a Python string -> UTF-8; a path -> the version of Python that it tells. */
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol_python.h>

#define REPLACEMENT 0xfffd

static void add_utf8(struct ev_buffer *out, uint32_t c)
{
	if (c >= 0xdc80 && c <= 0xdcff) { /* a byte that was no UTF-8 */
		ev_buffer_u8(out, (uint8_t)c);
		return;
	}
	if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = REPLACEMENT;
	if (c < 0x80) {
		ev_buffer_u8(out, (uint8_t)c);
	} else if (c < 0x800) {
		ev_buffer_u8(out, (uint8_t)(0xc0 | c >> 6));
		ev_buffer_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		ev_buffer_u8(out, (uint8_t)(0xe0 | c >> 12));
		ev_buffer_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		ev_buffer_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
	} else {
		ev_buffer_u8(out, (uint8_t)(0xf0 | c >> 18));
		ev_buffer_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		ev_buffer_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		ev_buffer_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

const char *ev_python_text(struct ev_arena *arena, const void *characters, size_t count,
			   unsigned bytes_each)
{
	struct ev_buffer out = { 0 };
	for (size_t i = 0; i < count; i++) {
		uint16_t two;
		uint32_t c = 0;
		const uint8_t *at = (const uint8_t *)characters + i * bytes_each;
		if (bytes_each == 1) {
			c = *at;
		} else if (bytes_each == 2) {
			memcpy(&two, at, sizeof(two));
			c = two;
		} else {
			memcpy(&c, at, sizeof(c));
		}
		add_utf8(&out, c);
	}
	const char *text =
		ev_arena_text(arena, out.bytes ? (const char *)out.bytes : "", out.size_bytes);
	ev_buffer_done(&out);
	return text;
}

static uint32_t version_at(const char *digits, bool dotted)
{
	char *end;
	unsigned major = (unsigned)(*digits - '0');
	if (major < 2 || major > 4 || (dotted && digits[1] != '.'))
		return 0;
	digits += dotted ? 2 : 1;
	if (*digits < '0' || *digits > '9')
		return 0;
	unsigned long minor = strtoul(digits, &end, 10);
	return minor < 256 && end - digits < 4 ? major << 24 | (uint32_t)minor << 16 : 0;
}

uint32_t ev_python_path_version(const char *path)
{
	static const struct {
		const char *before;
		bool dotted;
	} ways[] = { { "libpython", true }, { "python", true }, { ".cpython-", false } };
	for (size_t i = 0; i < EV_LENGTH(ways); i++) {
		size_t length = strlen(ways[i].before);
		uint32_t last = 0;
		for (const char *at = path; (at = strstr(at, ways[i].before)); at += length) {
			uint32_t version = version_at(at + length, ways[i].dotted);
			last = version ? version : last;
		}
		if (last)
			return last;
	}
	return 0;
}
