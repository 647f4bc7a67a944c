/* Mangled names of C++, Rust and D become readable ones. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <libiberty/demangle.h>
#include <evprof/symbol.h>
#include "probe_functions.h"

#define NAME_LIMIT ((size_t)64 << 10)
/* A short name can stand for an endless one: back references double the text each time. */
#define TEXT_LIMIT ((size_t)64 << 10)
/* The D demangler gives no chance to stop it; its back references are what makes text grow. */
#define D_REFERENCE_LIMIT 16
#define D_NAME_LIMIT 4096

struct text {
	struct ev_buffer buffer;
	jmp_buf too_long;
};

static void add_text(const char *piece, size_t length, void *opaque)
{
	struct text *text = opaque;
	if (length > TEXT_LIMIT - text->buffer.size_bytes)
		longjmp(text->too_long, 1); /* the demanglers hold no memory while they print */
	ev_buffer_add(&text->buffer, piece, length);
}

static bool is_rust(const char *name)
{
	/* The older mangling is C++'s, with a hash of 17 characters at the end. */
	return !strncmp(name, "_R", 2) || (!strncmp(name, "_ZN", 3) && strstr(name, "17h"));
}

static bool print_into(struct text *text, const char *name, int options)
{
	if (setjmp(text->too_long))
		return false;
	if (is_rust(name) && rust_demangle_callback(name, DMGL_NO_OPTS, add_text, text))
		return true;
	text->buffer.size_bytes = 0;
	if (name[0] == '_' && name[1] == 'R')
		return false;
	return cplus_demangle_v3_callback(name, options, add_text, text);
}

static char *readable_d(const char *name)
{
	size_t references = 0, length = strlen(name);
	for (const char *at = name; *at; at++)
		references += *at == 'Q';
	if (length > D_NAME_LIMIT || references > D_REFERENCE_LIMIT)
		return NULL;
	return dlang_demangle(name, DMGL_NO_OPTS);
}

/* A compiler's own copy of a function, name.localalias, is told as in C++: its demangler knows
 * none. */
static const char *demangle_d(struct ev_arena *arena, const char *name, const char *suffix)
{
	const char *copy = strchr(name, '.');
	const char *mangled = copy ? ev_arena_text(arena, name, (size_t)(copy - name)) : name;
	char *text = readable_d(mangled);
	const char *answer = NULL;
	if (text && *text && strlen(text) <= TEXT_LIMIT)
		answer = copy ? ev_arena_printf(arena, "%s [clone %s]%s", text, copy, suffix)
			      : ev_arena_printf(arena, "%s%s", text, suffix);
	free(text);
	return answer;
}

static bool looks_mangled(const char *name)
{
	while (*name == '_' && name[1] == '_')
		name++; /* a platform's own underscores */
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R' || name[1] == 'D');
}

static const char *demangle(struct ev_arena *arena, const char *name, int options)
{
	if (!looks_mangled(name) || strnlen(name, NAME_LIMIT + 1) > NAME_LIMIT)
		return name;
	const char *plain = name, *suffix = "";
	const char *at = strchr(name, '@'); /* name@plt, name@@VERSION */
	if (at) {
		plain = ev_arena_text(arena, name, (size_t)(at - name));
		suffix = at;
	}
	const char *answer = name;
	if (!strncmp(plain, "_D", 2)) {
		const char *text = demangle_d(arena, plain, suffix);
		return text ? text : name;
	}
	struct text text = { 0 };
	if (print_into(&text, plain, options) && text.buffer.size_bytes)
		answer = ev_arena_printf(arena, "%.*s%s", (int)text.buffer.size_bytes,
					 (const char *)text.buffer.bytes, suffix);
	ev_buffer_done(&text.buffer);
	return answer;
}

/* No parameters: perf's short form. */
const char *ev_demangle(struct ev_arena *arena, const char *name)
{
	return demangle(arena, name, DMGL_NO_OPTS);
}

const char *ev_demangle_whole(struct ev_arena *arena, const char *name)
{
	return demangle(arena, name, DMGL_PARAMS | DMGL_ANSI);
}
