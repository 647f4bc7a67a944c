/* Small files of /sys become lines, numbers, lists and the padded texts of a recording's header. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"

enum { LARGEST_ID = 65535, TEXT_ALIGN = 64 };

static bool read_start(char text[EV_HOST_TEXT_BYTES], const char *fmt, va_list args)
{
	char path[512];
	if (vsnprintf(path, sizeof(path), fmt, args) >= (int)sizeof(path))
		return false;
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t got = fread(text, 1, EV_HOST_TEXT_BYTES, file);
	fclose(file);
	if (!got || got == EV_HOST_TEXT_BYTES)
		return false;
	text[got] = 0;
	return true;
}

bool ev_host_text(char text[EV_HOST_TEXT_BYTES], const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	bool found = read_start(text, fmt, args);
	va_end(args);
	return found;
}

bool ev_host_line(char line[EV_HOST_TEXT_BYTES], const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	bool found = read_start(line, fmt, args);
	va_end(args);
	if (found)
		line[strcspn(line, "\n")] = 0;
	return found;
}

bool ev_host_number(uint64_t *number, const char *fmt, ...)
{
	char line[EV_HOST_TEXT_BYTES];
	va_list args;
	va_start(args, fmt);
	bool found = read_start(line, fmt, args);
	va_end(args);
	if (found)
		line[strcspn(line, "\n")] = 0;
	return found && !ev_parse_u64(line, number);
}

bool ev_host_list(const char *path, uint32_t **numbers, size_t *count)
{
	char line[EV_HOST_TEXT_BYTES];
	*numbers = NULL;
	if (!ev_host_line(line, "%s", path) || ev_parse_ranges(line, LARGEST_ID, numbers, count))
		return false;
	if (!*count) {
		free(*numbers);
		*numbers = NULL;
	}
	return *numbers;
}

void ev_host_add_text(struct ev_buffer *out, const char *text)
{
	size_t length = strlen(text) + 1;
	size_t room = (length + TEXT_ALIGN - 1) / TEXT_ALIGN * TEXT_ALIGN;
	ev_buffer_u32(out, (uint32_t)room);
	ev_buffer_add(out, text, length);
	ev_buffer_zero(out, room - length);
}
