/* base: what every stage stands on: errors, memory, arrays, interning, untrusted bytes, numbers,
 * safe text. */
#ifndef EVPROF_BASE_H
#define EVPROF_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EV_VERSION "0.1.0"
#define EV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define EV_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- errors: 0 or -errno, and one sentence for a person ---------------------------------------
 */

struct ev_err {
	int code;        /* the positive errno of the failure, 0 while there is none */
	char text[1024]; /* one sentence, no trailing newline, safe to print (names in it are
			    escaped) */
};

/* Set the sentence and return -code, so that a failing path is one statement. `err` may be NULL. */
int ev_fail(struct ev_err *err, int code, const char *fmt, ...) EV_PRINTF(3, 4);
/* Put "context: " in front of the sentence already there, and return -err->code. */
int ev_fail_in(struct ev_err *err, const char *fmt, ...) EV_PRINTF(2, 3);

/* ---- memory: running out ends the program with a message, so nothing here returns NULL --------
 */

void *ev_alloc(size_t size_bytes); /* zeroed; free() it */
/* The same with every page there from the beginning: for tables that are looked into before they
 * are written, whose pages would come twice. */
void *ev_alloc_touched(size_t size_bytes);
void *ev_realloc(void *old, size_t size_bytes);
char *ev_strdup(const char *text);
char *ev_printf(const char *fmt, ...) EV_PRINTF(1, 2); /* free() it */

/* An arena: what is taken lives until reset or done. A zeroed arena is empty and valid. */
struct ev_arena {
	struct ev_arena_block *block; /* newest first */
	size_t used_bytes;            /* in the newest block */
};
void *ev_arena_take(struct ev_arena *arena, size_t size_bytes); /* zeroed, 16-byte aligned */
void *ev_arena_copy(struct ev_arena *arena, const void *bytes, size_t size_bytes);
char *ev_arena_text(struct ev_arena *arena, const char *text, size_t length); /* NUL added */
char *ev_arena_printf(struct ev_arena *arena, const char *fmt, ...) EV_PRINTF(2, 3);
void ev_arena_reset(struct ev_arena *arena); /* keeps one block for reuse */
void ev_arena_done(struct ev_arena *arena);

/* ---- growing arrays: EV_ARRAY(int) numbers = {0}; *ev_array_add(&numbers) = 7; ----------------
 */

#define EV_ARRAY(type)                                                                             \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, room;                                                                \
	}
/* A zeroed new last element. Earlier pointers into the array are no longer valid. */
#define ev_array_add(array)                                                                        \
	((__typeof__((array)->items))((array)->count < (array)->room                               \
					      ? memset(&(array)->items[(array)->count++], 0,       \
						       sizeof(*(array)->items))                    \
					      : ev_array_grow((void **)&(array)->items,            \
							      &(array)->count, &(array)->room,     \
							      sizeof(*(array)->items))))
/* It grows no more: what it has no use for is given back. */
#define ev_array_fit(array)                                                                        \
	ev_array_shrink((void **)&(array)->items, (array)->count, &(array)->room,                  \
			sizeof(*(array)->items))
#define ev_array_done(array)                                                                       \
	do {                                                                                       \
		free((array)->items);                                                              \
		(array)->items = NULL;                                                             \
		(array)->count = (array)->room = 0;                                                \
	} while (0)
void *ev_array_grow(void **items, size_t *count, size_t *room, size_t item_bytes);
void ev_array_shrink(void **items, size_t count, size_t *room, size_t item_bytes);

/* ---- bytes being built ------------------------------------------------------------------------
 */

struct ev_buffer {
	uint8_t *bytes;
	size_t size_bytes, room_bytes;
};
void ev_buffer_add(struct ev_buffer *buffer, const void *bytes, size_t size_bytes);
void ev_buffer_u8(struct ev_buffer *buffer, uint8_t value);
void ev_buffer_u16(struct ev_buffer *buffer, uint16_t value);
void ev_buffer_u32(struct ev_buffer *buffer, uint32_t value);
void ev_buffer_u64(struct ev_buffer *buffer, uint64_t value);
/* Seven bits a byte, the lowest first, each but the last with its highest bit set. */
void ev_buffer_varint(struct ev_buffer *buffer, uint64_t value);
void ev_buffer_zero(struct ev_buffer *buffer, size_t size_bytes);
void ev_buffer_printf(struct ev_buffer *buffer, const char *fmt, ...) EV_PRINTF(2, 3);
void ev_buffer_done(struct ev_buffer *buffer);

/* ---- bounded cursor: the only way into bytes that came from outside ---------------------------
 */

struct ev_cursor {
	const uint8_t *at, *end;
	bool swap; /* the bytes are of the other byte order */
	bool bad;  /* something was read past the end; every later read gives 0 */
};
struct ev_cursor ev_cursor_of(const void *bytes, size_t size_bytes, bool swap);
size_t ev_cursor_left(const struct ev_cursor *cursor);
/* Here and not in the library: tables of large programs are read by millions of these. */
static inline bool ev_cursor_take(struct ev_cursor *cursor, void *number, size_t size_bytes)
{
	if (cursor->bad || (size_t)(cursor->end - cursor->at) < size_bytes) {
		cursor->bad = true;
		return false;
	}
	memcpy(number, cursor->at, size_bytes);
	cursor->at += size_bytes;
	return true;
}
static inline uint8_t ev_cursor_u8(struct ev_cursor *cursor)
{
	uint8_t value = 0;
	ev_cursor_take(cursor, &value, sizeof(value));
	return value;
}
static inline uint16_t ev_cursor_u16(struct ev_cursor *cursor)
{
	uint16_t value = 0;
	ev_cursor_take(cursor, &value, sizeof(value));
	return cursor->swap ? __builtin_bswap16(value) : value;
}
static inline uint32_t ev_cursor_u32(struct ev_cursor *cursor)
{
	uint32_t value = 0;
	ev_cursor_take(cursor, &value, sizeof(value));
	return cursor->swap ? __builtin_bswap32(value) : value;
}
static inline uint64_t ev_cursor_u64(struct ev_cursor *cursor)
{
	uint64_t value = 0;
	ev_cursor_take(cursor, &value, sizeof(value));
	return cursor->swap ? __builtin_bswap64(value) : value;
}
/* What ev_buffer_varint() wrote; bad when ten bytes do not end it. */
uint64_t ev_cursor_varint(struct ev_cursor *cursor);
/* Pointer to the next size_bytes bytes and past them; NULL and bad when there are not so many. */
const void *ev_cursor_bytes(struct ev_cursor *cursor, size_t size_bytes);
/* A NUL-terminated string inside the cursor, and past its NUL; NULL and bad when it has no NUL. */
const char *ev_cursor_text(struct ev_cursor *cursor);
void ev_cursor_skip(struct ev_cursor *cursor, size_t size_bytes);
/* The next size_bytes as a cursor of their own; an empty bad one when there are not so many. */
struct ev_cursor ev_cursor_part(struct ev_cursor *cursor, size_t size_bytes);

uint16_t ev_swap16(uint16_t value);
uint32_t ev_swap32(uint32_t value);
uint64_t ev_swap64(uint64_t value);

/* ---- interning: text -> small number, the same text the same number ---------------------------
 */

struct ev_strings; /* id 0 is "" */
struct ev_strings *ev_strings_open(void);
uint32_t ev_strings_add(struct ev_strings *strings, const char *text, size_t length);
uint32_t ev_strings_add_text(struct ev_strings *strings, const char *text);
/* Lives as long as the table; NUL-terminated. */
const char *ev_strings_text(const struct ev_strings *strings, uint32_t id);
uint32_t ev_strings_count(const struct ev_strings *strings);
void ev_strings_close(struct ev_strings *strings);

/* ---- map of 64-bit pairs -> 32-bit value: open addressing, grows by doubling ------------------
 */

struct ev_map {
	struct ev_map_slot *slots;
	size_t count, room; /* room is a power of two or 0 */
};
struct ev_map_slot {
	uint64_t key, more; /* the pair */
	uint32_t value;
	uint32_t used;
};
/* Where the value of (key, more) stands; it is 0 and *added is true when the pair was not there.
 * The pointer is valid until the next add. `added` may be NULL. */
uint32_t *ev_map_add(struct ev_map *map, uint64_t key, uint64_t more, bool *added);
/* Room for so many at once, for whom that many are sure to come. */
void ev_map_reserve(struct ev_map *map, size_t count);
/* NULL when absent. */
uint32_t *ev_map_find(const struct ev_map *map, uint64_t key, uint64_t more);
/* The next pair has its room. Nothing happens when it is not there. */
void ev_map_remove(struct ev_map *map, uint64_t key, uint64_t more);
void ev_map_done(struct ev_map *map);
uint64_t ev_hash64(uint64_t value);
uint64_t ev_hash_bytes(const void *bytes, size_t size_bytes);

/* ---- who has ended, until the last that is told of it has come --------------------------------
 */

struct ev_ended_one {
	uint64_t time_ns;
	uint32_t id; /* of a process or a thread */
};
struct ev_ended {
	EV_ARRAY(struct ev_ended_one) ones; /* as they were told */
	size_t taken;                       /* of them, from the first on */
	uint64_t latest_ns;
};
void ev_ended_add(struct ev_ended *ended, uint32_t id, uint64_t time_ns);
/* The next one that ended so long before the latest; false when there is none. */
bool ev_ended_take(struct ev_ended *ended, uint64_t after_ns, struct ev_ended_one *one);
void ev_ended_done(struct ev_ended *ended);

/* ---- order ------------------------------------------------------------------------------------
 */

struct ev_keyed {
	uint64_t key;
	uint32_t id; /* what it is the key of */
};
/* By rising key; items of one key stay in the order they are in, so that sorting by a lesser key
 * first orders by both. */
void ev_sort_keyed(struct ev_keyed *items, size_t count);
/* Move items of this size so that the one at order[i].id stands at i; changes the ids. Each number
 * below `count` is an id once. */
void ev_order_items(void *items, size_t item_bytes, struct ev_keyed *order, size_t count);

/* ---- numbers and text -------------------------------------------------------------------------
 */

/* Whole text as an unsigned number (0x… accepted); -EINVAL, -ERANGE. */
int ev_parse_u64(const char *text, uint64_t *value);
/* The same with a suffix K, M, G (powers of 1024, B allowed after it). */
int ev_parse_size(const char *text, uint64_t *size_bytes);
/* "0,2-5" -> 0 2 3 4 5; -EINVAL for anything else, also for numbers above `limit`. */
int ev_parse_ranges(const char *text, uint32_t limit, uint32_t **numbers, size_t *count);
/* Case-insensitive glob with * ? [set]; '-', '_' and '.' are taken for one another. */
bool ev_glob_match(const char *pattern, const char *text);
/* The same to the letter: "f_*" matches "f_a", not "F-a". */
bool ev_glob_match_exact(const char *pattern, const char *text);
/* Edits needed to make one text of the other (Damerau), cut off at `limit`. */
unsigned ev_edit_distance(const char *one, const char *other, unsigned limit);

/* Text that may hold anything, made safe for a terminal: control characters, broken UTF-8 and
 * bidirectional controls become \x1b-like escapes. Result in the arena. */
const char *ev_text_safe(struct ev_arena *arena, const char *text);
/* A JSON string with its quotes; broken UTF-8 becomes U+FFFD. */
void ev_json_text(FILE *out, const char *text);
/* One CSV field, quoted by RFC 4180 when it must be. */
void ev_csv_text(FILE *out, const char *text);
/* Columns the text takes on a terminal (UTF-8, no control characters expected). */
size_t ev_text_columns(const char *text);
/* 1234567 -> "1,234,567" into a buffer of at least 32 bytes; returns it. */
char *ev_format_grouped(char *out, size_t size_bytes, uint64_t value);
/* 1234567 -> "1.2 MB" (powers of 1000). */
char *ev_format_size(char *out, size_t size_bytes, uint64_t value_bytes);
/* "%.*f" with '.' whatever the locale says. */
char *ev_format_fixed(char *out, size_t size_bytes, double value, int decimals);

/* A whole file of unknown size (/proc, /sys) into a new buffer with a NUL behind; -errno. */
int ev_file_read(const char *path, char **text, size_t *size_bytes);
/* First number in a one-line file such as /proc/sys/kernel/perf_event_paranoid; -errno. */
int ev_file_number(const char *path, int64_t *value);

#endif
