/* Symbols inside a recording: what a place was called when it was recorded.
 *
 *   "EVSY", version 2, flags (EV_SYMBOL_LINES | EV_SYMBOL_INLINES that were asked for), then
 * numbers in LEB128: texts: count, each NUL-terminated; number 0 is no text, n is the n-th of them
 *   objects: count, each
 *     kind, path, trouble (texts), pid, 1 if lines and inlines were left to be looked for later,
 *     build-id length and bytes
 *     functions: count, each start (from the last one's), size, function, linkage, 1 if made up
 *     places: count, each first offset (from the last one's end), length, frame count, and
 *       frames, innermost first: function, linkage, file, line
 *
 *   and, of jitdumps, where sampled code was: count, each pid, path, time, start, length,
 *     offset in the dump
 *
 * The last frame of a place is the function around it, and has no name when that is made up.
 * Readers take what they understand and stop
 * at the first thing that makes no sense. */
#ifndef SYMBOL_CARRIED_H
#define SYMBOL_CARRIED_H

#include <evprof/symbol.h>

#define CARRIED_MAGIC "EVSY"
#define CARRIED_VERSION 2
#define CARRIED_FRAMES 64 /* at most, of one place */

struct carried_function {
	uint64_t start, end;
	const char *function, *linkage;
	bool made_up;
};
struct carried_frame {
	const char *function, *linkage, *file;
	uint32_t line;
};
struct carried_place {
	uint64_t from, to;
	uint32_t first_frame, frame_count;
};
struct carried_object {
	enum ev_object_kind kind;
	const char *path, *trouble; /* trouble NULL: none */
	uint32_t pid;
	bool skipped; /* lines and inlines were not looked for */
	uint8_t build_id[20], build_id_bytes;
	uint32_t next; /* index + 1 of another with the same kind, path and pid */
	EV_ARRAY(struct carried_function) functions; /* sorted */
	EV_ARRAY(struct carried_place) places;       /* sorted */
};
struct carried_code {
	uint32_t pid;
	const char *path; /* of the jitdump */
	uint64_t time_ns, start, size_bytes, offset;
};
struct carried {
	unsigned flags;
	uint8_t *bytes; /* own copy; holds the texts */
	EV_ARRAY(const char *) texts;
	EV_ARRAY(struct carried_object) objects;
	EV_ARRAY(struct carried_frame) frames;
	EV_ARRAY(struct carried_code) codes;
	struct ev_map by_path;
	struct ev_arena arena; /* of what other recorders carry */
};

/* What can be understood of a section; empty when nothing can. */
void ev_carried_decode(struct carried *carried, const void *bytes, size_t size_bytes);
/* What other recorders' sections tell, behind ev_carried_decode. */
void ev_carried_take_foreign(struct carried *carried, const struct ev_recording *recording);
/* Takes the object's arrays over. */
void ev_carried_add(struct carried *carried, const struct carried_object *object);
const struct carried_object *ev_carried_object(const struct carried *carried,
					       const struct ev_object *object);
const struct carried_function *ev_carried_function(const struct carried_object *object,
						   uint64_t offset);
const struct carried_place *ev_carried_place(const struct carried_object *object, uint64_t offset);
void ev_carried_done(struct carried *carried);

#endif
