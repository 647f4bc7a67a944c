/* One parse under way: what the steps from text to events share. */
#ifndef EVPROF_PARSE_H
#define EVPROF_PARSE_H

#include <evprof/event.h>
#include "span.h"
#include "sysfs.h"

struct ev_made {
	struct ev_event event; /* leader and written count from the first made */
	struct ev_span word;   /* as typed, with its modifiers */
	bool named;            /* by name= */
	bool split;            /* one of several, because several PMUs are meant */
};

struct ev_parse {
	const char *root;        /* "" for the machine's own /sys */
	struct ev_span text;     /* the whole argument; spans point into it */
	struct ev_arena *keep;   /* of the list: what the events point to */
	struct ev_arena scratch; /* lives as long as the parse */
	struct ev_err *err;
	struct ev_pmus pmus; /* read on first use */
	bool pmus_open;
	struct ev_made *items; /* so far */
	size_t count, room;
};

/* The same as ev_event_parse with another root than "/" (tests). "" is the machine's own. */
int ev_event_parse_at(struct ev_event_list *list, const char *root, const char *text,
		      struct ev_err *err);

const struct ev_pmus *ev_parse_pmus(struct ev_parse *parse);
/* A new event at the end: alone in its group, named after `word`. */
struct ev_made *ev_parse_add(struct ev_parse *parse, struct ev_span word);

/* Sets the sentence, the text with a caret under `at`, and returns -code. */
int ev_parse_fault(struct ev_parse *parse, int code, struct ev_span at, const char *fmt, ...)
	EV_PRINTF(4, 5);
/* The same for a name that nothing knows, -ENOENT: adds the names nearest to `wanted` and where to
 * look. */
int ev_parse_unknown(struct ev_parse *parse, struct ev_span at, struct ev_span wanted,
		     const char *fmt, ...) EV_PRINTF(4, 5);

/* ---- modifiers --------------------------------------------------------------------------------
 */

struct ev_modifiers {
	bool user, kernel, hypervisor, idle, guest, host;
	bool sample_read, pinned, weak, exclusive, max_precise, bpf;
	unsigned precise;
};
/* False when a character is no modifier; says nothing. */
bool ev_modifiers_look_right(struct ev_span text);
int ev_modifiers_parse(struct ev_parse *parse, struct ev_span text, struct ev_modifiers *modifiers);
/* -EINVAL with the sentence when the event and the modifiers don't go together. */
int ev_modifiers_apply(struct ev_parse *parse, const struct ev_modifiers *modifiers,
		       struct ev_span at, struct ev_event *event);
/* What is left of the modifiers of a group for the name of a member: "u", "kpp". */
char *ev_modifiers_text(const struct ev_modifiers *modifiers, char *out, size_t size_bytes);

/* ---- steps; each adds events and returns 1, or 0 when the text is not of its kind, or -errno ---
 */

int ev_parse_breakpoint(struct ev_parse *parse, struct ev_span word);
/* uprobe:path:function[+offset], uretprobe:path:function, usdt:path:provider:name. */
int ev_parse_probe(struct ev_parse *parse, struct ev_span word);
/* Length of the word of that kind at the start of text, 0 when there is none. */
size_t ev_probe_word_length(struct ev_span text);
/* The probe as it could be typed: the path and names with their escapes. */
const char *ev_probe_spell(struct ev_arena *arena, const struct ev_probe *probe, const char *path,
			   const char *name, uint64_t into_bytes);
/* `head` is the name without modifiers, `word` what the user wrote. */
int ev_parse_generic(struct ev_parse *parse, struct ev_span head, struct ev_span word);
/* The CPU's own encoding, always 1; `head` is its part of the word. */
int ev_parse_raw(struct ev_parse *parse, uint64_t config, struct ev_span head, struct ev_span word);
/* sys:name[:modifiers]; sys and name may be globs. */
int ev_parse_tracepoint(struct ev_parse *parse, struct ev_span word);
int ev_parse_pfm(struct ev_parse *parse, struct ev_span word);
/* A word with slashes: pmu/term,term=value/modifiers or event/term=value/modifiers. */
int ev_parse_slashed(struct ev_parse *parse, struct ev_span word);
/* name, type:config … without slashes and modifiers. */
int ev_parse_head(struct ev_parse *parse, struct ev_span head, struct ev_span word);
/* One word (an event of a list, with its modifiers): adds one or more events. */
int ev_parse_word(struct ev_parse *parse, struct ev_span word);

/* The encoding libpfm4 has for `name`, without the CPU's levels: 1, or 0 when it knows no such. */
int ev_pfm_encode(const char *name, struct ev_arena *arena, struct perf_event_attr *attr,
		  const char **resolved, const char **about);

/* ---- terms between slashes ---------------------------------------------------------------------
 */

struct ev_term {
	struct ev_span name, value; /* without quotes */
	bool has_value;
};
struct ev_terms {
	struct ev_term *items;
	size_t count, room;
};
/* Splits "a=1,b,name='x,y'"; the caller frees with ev_array_done. */
int ev_terms_split(struct ev_parse *parse, struct ev_span text, struct ev_terms *terms);
/* A term that every event takes (period, name, …): 1, or 0 when it is none of those. */
int ev_term_apply(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made);
/* Its number, from `least` to `most`: 0, or the fault. */
int ev_term_number(struct ev_parse *parse, const struct ev_term *term, uint64_t least,
		   uint64_t most, uint64_t *number);
/* Each sets its fields of the event: 0, or the fault. */
int ev_term_branch_type(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made);
int ev_term_aux_output(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made);
int ev_term_aux_sample_size(struct ev_parse *parse, const struct ev_term *term,
			    struct ev_made *made);
int ev_term_aux_action(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made);
/* Their names, for messages. */
extern const char ev_terms_known[];
/* The event that the terms mean on this PMU. */
int ev_pmu_encode(struct ev_parse *parse, const struct ev_pmu *pmu, const struct ev_terms *terms,
		  struct ev_made *made);

/* ---- tracepoint files -------------------------------------------------------------------------
 */

/* The readable events folder of tracefs, NULL with the reason in *error: EACCES, or ENOENT where
 * it isn't mounted. */
const char *ev_tracefs_events(struct ev_arena *arena, const char *root, int *error);
/* How to make tracepoints readable, for *error of the above. */
const char *ev_tracefs_cure(int error);
/* What one counts, in words. */
char *ev_tracepoint_about(struct ev_arena *arena, const char *system, const char *name);

#endif
