/* What a person calls a function or a file, against what debug info calls it. */
#include <string.h>
#include "annotate.h"

enum { NAME_BYTES = 1024 };

/* "std::vector<int>::push(int)" -> "std::vector::push". False when it is too long. */
static bool make_plain(char plain[NAME_BYTES], const char *name)
{
	size_t used = 0, depth = 0;
	for (const char *at = name; *at; at++) {
		if (!strncmp(at, "operator", 8) && !depth) { /* its < is none of a template */
			size_t length = 8 + strcspn(at + 8, "(");
			if (used + length + 1 > NAME_BYTES)
				return false;
			memcpy(plain + used, at, length);
			used += length;
			break;
		}
		if (*at == '<')
			depth++;
		else if (*at == '>' && depth)
			depth--;
		else if (*at == '(' && !depth && used && strncmp(at, "(anonymous", 10))
			break;
		else if (!depth && used + 1 < NAME_BYTES)
			plain[used++] = *at;
		else if (!depth)
			return false;
	}
	plain[used] = 0;
	return true;
}

static bool is_glob(const char *word)
{
	return strpbrk(word, "*?[");
}

/* The end of a name, from a part of it on: "shop::Till::add" ends in "add" and "Till::add". */
static bool ends_in(const char *name, const char *end, const char *between)
{
	size_t length = strlen(name), part = strlen(end), gap = strlen(between);
	return length >= part + gap && part && !strcmp(name + length - part, end) &&
	       !strncmp(name + length - part - gap, between, gap);
}

bool annotate_means_function(const char *word, const char *name)
{
	char plain[NAME_BYTES];
	if (!strcmp(word, name))
		return true;
	bool has_plain = make_plain(plain, name);
	const char *space = has_plain ? strrchr(plain, ' ') : NULL; /* behind a return type */
	if (is_glob(word))
		return ev_glob_match_exact(word, name) ||
		       (has_plain && ev_glob_match_exact(word, plain));
	return has_plain && (!strcmp(word, plain) || ends_in(plain, word, "::") ||
			     (space && !strcmp(word, space + 1)));
}

bool annotate_means_python(const char *word, const char *label)
{
	const char *end = strstr(label, " (");
	size_t length = end ? (size_t)(end - label) : strlen(label);
	char name[NAME_BYTES];
	if (!strcmp(word, label))
		return true;
	if (length >= sizeof(name))
		return false;
	memcpy(name, label, length);
	name[length] = 0;
	return !strcmp(word, name) || ends_in(name, word, ".") ||
	       (is_glob(word) && ev_glob_match_exact(word, name));
}

bool annotate_means_file(const char *word, const char *path)
{
	const char *slash = strrchr(path, '/');
	while (!strncmp(word, "./", 2) || !strncmp(word, "../", 3))
		word += word[1] == '/' ? 2 : 3;
	if (!*path)
		return false;
	if (!strcmp(word, path) || ends_in(path, word, "/"))
		return true;
	return is_glob(word) &&
	       (ev_glob_match_exact(word, path) || (slash && ev_glob_match_exact(word, slash + 1)));
}
