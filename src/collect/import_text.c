/* Lines, numbers and names with a place out of text, and what kind of profile some bytes are. */
#include <string.h>
#include "import.h"

enum { LOOK_LINES = 200, LOOK_BYTES = 512 };

const char *ev_import_format_words(enum ev_import_format format)
{
	static const char *const words[EV_IMPORT_FORMATS] = {
		[EV_IMPORT_UNKNOWN] = "",
		[EV_IMPORT_FOLDED] = "folded stacks",
		[EV_IMPORT_SCRIPT] = "the text of perf script",
		[EV_IMPORT_PPROF] = "a pprof profile",
	};
	return format < EV_IMPORT_FORMATS ? words[format] : "";
}

bool ev_import_line(const char **at, const char *end, const char **line, size_t *length)
{
	if (*at >= end)
		return false;
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	*line = *at;
	*length = (size_t)((stop ? stop : end) - *at);
	*at = stop ? stop + 1 : end;
	if (*length && (*line)[*length - 1] == '\r')
		--*length;
	return true;
}

bool ev_import_number(const char *text, size_t length, uint64_t *value)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(text[i] - '0'), &sum))
			return false;
	}
	*value = sum;
	return length > 0;
}

bool ev_import_split_line(const char *text, size_t length, size_t *name_length, const char **file,
			  size_t *file_length, uint32_t *line)
{
	uint64_t number;
	if (length < 5 || text[length - 1] != ')')
		return false;
	size_t open = length, colon = 0;
	while (open > 1 && !(text[open - 1] == '(' && text[open - 2] == ' '))
		open--;
	if (open < 3)
		return false;
	for (size_t i = open; i < length; i++)
		if (text[i] == ':')
			colon = i;
	if (colon <= open || !ev_import_number(text + colon + 1, length - colon - 2, &number) ||
	    number > UINT32_MAX)
		return false;
	*name_length = open - 2;
	*file = text + open;
	*file_length = colon - open;
	*line = (uint32_t)number;
	return true;
}

static bool is_binary(const uint8_t *bytes, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes && i < LOOK_BYTES; i++)
		if (bytes[i] < ' ' && bytes[i] != '\t' && bytes[i] != '\n' && bytes[i] != '\r' &&
		    bytes[i] != '\f' && bytes[i] != '\x1b')
			return true;
	return false;
}

static bool ends_in_number(const char *line, size_t length)
{
	size_t digits = 0;
	while (digits < length && line[length - 1 - digits] >= '0' &&
	       line[length - 1 - digits] <= '9')
		digits++;
	return digits && digits + 1 < length && line[length - 1 - digits] == ' ';
}

enum ev_import_format ev_import_detect(const void *bytes, size_t size_bytes)
{
	const uint8_t *first = bytes;
	if (size_bytes < 2)
		return EV_IMPORT_UNKNOWN;
	if (first[0] == 0x1f && first[1] == 0x8b)
		return EV_IMPORT_PPROF;
	/* Its first field is most often sample_type, a message. */
	if (is_binary(first, size_bytes))
		return first[0] == 0x0a || first[0] == 0x12 || first[0] == 0x1a ||
				       first[0] == 0x22 || first[0] == 0x2a || first[0] == 0x32
			       ? EV_IMPORT_PPROF
			       : EV_IMPORT_UNKNOWN;
	const char *at = bytes, *line;
	size_t length, folded = 0, heads = 0, others = 0;
	for (unsigned i = 0; i < LOOK_LINES &&
			     ev_import_line(&at, (const char *)bytes + size_bytes, &line, &length);
	     i++) {
		if (!length || *line == '#' || *line == '\t')
			continue;
		if (ev_import_is_head(line, length))
			heads++;
		else if (ends_in_number(line, length))
			folded++;
		else
			others++;
	}
	/* A name may look like anything; a head of a sample hardly. */
	return heads && heads >= folded     ? EV_IMPORT_SCRIPT
	       : folded && folded >= others ? EV_IMPORT_FOLDED
					    : EV_IMPORT_UNKNOWN;
}
