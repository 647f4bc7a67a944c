/* Numbers typed by people and numbers shown to them. */
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/base.h>

/* Reads a number at *text and moves past it. */
static int number_at(const char **text, uint64_t *value)
{
	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	bool hex = (*text)[0] == '0' && ((*text)[1] == 'x' || (*text)[1] == 'X');
	char *end;
	errno = 0;
	*value = strtoull(*text, &end, hex ? 16 : 10);
	if (errno)
		return -ERANGE;
	if (hex && end == *text + 1)
		return -EINVAL; /* "0x" alone */
	*text = end;
	return 0;
}

int ev_parse_u64(const char *text, uint64_t *value)
{
	int rc = number_at(&text, value);
	return rc ? rc : *text ? -EINVAL : 0;
}

int ev_parse_size(const char *text, uint64_t *size_bytes)
{
	static const char suffixes[] = "KMGT";
	int rc = number_at(&text, size_bytes);
	if (rc)
		return rc;
	const char *suffix = *text ? strchr(suffixes, toupper((unsigned char)*text)) : NULL;
	if (suffix) {
		unsigned bits = 10 * (unsigned)(suffix - suffixes + 1);
		if (*size_bytes > UINT64_MAX >> bits)
			return -ERANGE;
		*size_bytes <<= bits;
		text++;
	}
	if (*text == 'B' || *text == 'b')
		text++;
	return *text ? -EINVAL : 0;
}

int ev_parse_ranges(const char *text, uint32_t limit, uint32_t **numbers, size_t *count)
{
	EV_ARRAY(uint32_t) found = { 0 };
	int rc = *text ? 0 : -EINVAL;
	while (!rc && *text) {
		uint64_t first, last;
		if ((rc = number_at(&text, &first)))
			break;
		last = first;
		if (*text == '-' && (text++, (rc = number_at(&text, &last))))
			break;
		if (last < first || last > limit || last - first > 1u << 20) {
			rc = -EINVAL;
			break;
		}
		for (uint64_t n = first; n <= last; n++)
			*ev_array_add(&found) = (uint32_t)n;
		if (*text == ',' && text[1])
			text++;
		else if (*text)
			rc = -EINVAL;
	}
	if (rc) {
		ev_array_done(&found);
		return rc;
	}
	*numbers = found.items;
	*count = found.count;
	return 0;
}

char *ev_format_grouped(char *out, size_t size_bytes, uint64_t value)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	size_t at = 0;
	for (int i = 0; i < length && at + 2 < size_bytes; i++) {
		if (i && (length - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at < size_bytes ? at : size_bytes - 1] = 0;
	return out;
}

char *ev_format_size(char *out, size_t size_bytes, uint64_t value_bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)value_bytes;
	size_t unit = 0;
	while (value >= 999.95 && unit + 1 < EV_LENGTH(units)) {
		value /= 1000;
		unit++;
	}
	char number[32];
	ev_format_fixed(number, sizeof(number), value, unit ? 1 : 0);
	snprintf(out, size_bytes, "%s %s", number, units[unit]);
	return out;
}

char *ev_format_fixed(char *out, size_t size_bytes, double value, int decimals)
{
	snprintf(out, size_bytes, "%.*f", decimals, value);
	const char *point = localeconv()->decimal_point;
	char *found = *point && strcmp(point, ".") ? strstr(out, point) : NULL;
	if (found) {
		size_t width = strlen(point);
		*found = '.';
		memmove(found + 1, found + width, strlen(found + width) + 1);
	}
	return out;
}
