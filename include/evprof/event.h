/* event: the text a user types becomes perf_event_attr; nothing is opened here. */
#ifndef EVPROF_EVENT_H
#define EVPROF_EVENT_H

#include <linux/perf_event.h>
#include <evprof/base.h>

/* What the kernel says of one counter. The honest value is value * enabled_ns / running_ns;
 * running_ns 0 means it never ran, which is not "0". */
struct ev_count {
	uint64_t value;
	uint64_t enabled_ns; /* how long it was wanted */
	uint64_t running_ns; /* how long it was on the hardware */
};

enum ev_event_kind {
	EV_EVENT_KERNEL, /* a perf_event_attr opens it */
	EV_EVENT_TOOL,   /* evprof measures it itself: duration_time, user_time, system_time */
};
enum ev_tool { EV_TOOL_DURATION, EV_TOOL_USER, EV_TOOL_SYSTEM };

/* Whether modifiers or the event itself fixed a choice that collect may otherwise make. */
enum {
	EV_FIXED_LEVEL = 1,   /* :u or :k was written: no silent fall back to user space */
	EV_FIXED_PERIOD = 2,  /* period= or freq= was written */
	EV_FIXED_PRECISE = 4, /* :p… was written */
	EV_MAX_PRECISE = 8,   /* :P, take the highest that opens */
	EV_PINNED = 16,
	EV_WEAK_GROUP = 32,      /* :W on the group */
	EV_SAMPLE_READ = 64,     /* :S */
	EV_FROM_PFM = 128,       /* libpfm4 made the encoding */
	EV_BPF_COUNTER = 256,    /* :b, may be counted by a BPF program that shares the counter */
	EV_FIXED_GUEST = 1024,   /* :G or :H was written */
	EV_NATURAL_PERIOD = 512, /* a tracepoint or breakpoint: every hit is a sample (period 1,
				  * EV_FIXED_PERIOD is set too) unless -F or -c was typed */
};

/* A term that an event may carry for itself; unset leaves the choice to the command's options. */
enum ev_choice { EV_UNSET, EV_NO, EV_YES };
enum ev_call_graph {
	EV_CALL_GRAPH_UNSET,
	EV_CALL_GRAPH_NONE,
	EV_CALL_GRAPH_FP,
	EV_CALL_GRAPH_DWARF,
	EV_CALL_GRAPH_LBR
};

/* What a uprobe, uretprobe or usdt event asks for. Parsing looks into no file: a probe is opened
 * only after ev_event_place_probes gave it a place. */
enum ev_probe_kind {
	EV_PROBE_FUNCTION, /* uprobe: when a function begins */
	EV_PROBE_RETURN,   /* uretprobe: when it returns */
	EV_PROBE_MARKER,   /* usdt: a marker that its programmer set */
};
struct ev_probe {
	enum ev_probe_kind kind;
	const char *path;     /* as typed, without its escapes: a file, a name to be searched, or a
			       * glob of those */
	const char *provider; /* of a marker, may be a glob; else NULL */
	const char *name;     /* function or marker, may be a glob */
	bool has_offset;      /* +N was typed: exactly there */
	uint64_t offset_bytes;
	uint64_t semaphore_mask; /* bits of attr.config for a marker's semaphore, 0 = not offered */
	const char *typed;       /* the word; front + name + back */
	const char *front, *back;
};

/* One resolved event. Strings live as long as the list that holds it. */
struct ev_event {
	const char *name; /* as shown: what the user wrote, or name= */
	const char *word; /* the same without the PMU that it was expanded for: the "cycles" of
			   * "cpu_atom/cycles/"; name of the sum over `written` */
	const char
		*resolved; /* full spelling: "cpu/event=0x3c,umask=0x0/", "software/cpu-clock/" */
	const char *about; /* one line of meaning, or NULL */
	enum ev_event_kind kind;
	enum ev_tool tool;
	struct perf_event_attr attr; /* type, config*, exclude_*, precise_ip, pinned, sample_period
				      * or sample_freq when fixed; collect fills the rest */
	unsigned fixed;              /* EV_FIXED_… */
	const char *unit;            /* sysfs .unit: "Joules", or "" */
	double scale;                /* sysfs .scale, 1.0 else */
	const char *cgroup;          /* counted only in this cgroup, or NULL */
	const char *filter;          /* tracepoint filter, or NULL */
	const char *condition;       /* what a BPF program that counts it asks first, or NULL */
	const char *probe_path;      /* uprobe: the binary (attr.config1 points here), or NULL */
	const char *cpus;            /* sysfs cpumask or cpus of its PMU ("0,8"), NULL = anywhere */
	bool per_task;   /* may be opened on a thread (uncore and energy PMUs may not) */
	unsigned leader; /* index of its group's leader in the list; own index when alone */

	unsigned
		written; /* one written word may be several events (a core PMU each on a hybrid
			  * CPU, a PMU each of uncore_imc, a tracepoint glob): index of the first */
	const char *pmu; /* the PMU it was written or expanded for ("cpu_atom"), or NULL */
	enum ev_call_graph call_graph; /* call-graph= */
	uint32_t stack_size_bytes; /* stack-size=, 0 unset; max-stack= is attr.sample_max_stack */
	enum ev_choice inherit;    /* inherit, no-inherit */
	enum ev_choice time;       /* time=0, time=1 */
	enum ev_choice overwrite;  /* overwrite, no-overwrite */
	bool percore;              /* percore: with -A one count for all threads of a core */

	/* Of probes; probe_path and attr.config2, the offset in it, are set with their place. */
	const struct ev_probe *probe; /* a uprobe, uretprobe or usdt, else NULL */
	const char *placed;           /* where it was put and why, or NULL */
	const char *caution;          /* what its count leaves out, or NULL */
	/* Index of the event whose count this one's adds to, as a marker that stands in several
	 * places has one count; own index when it stands alone. */
	unsigned summed;
};

struct ev_event_list {
	struct ev_event *items;
	size_t count, room;
	struct ev_arena arena;
};

/* Append what `text` (one -e argument: list of events and {groups} with modifiers) says.
 * On failure the list is as before and err's text holds the sentence, the text with a caret under
 * the fault, and the nearest names; -EINVAL for grammar, -ENOENT for an unknown name,
 * -EACCES where it may be a tracepoint but those can't be read. */
int ev_event_parse(struct ev_event_list *list, const char *text, struct ev_err *err);
void ev_event_list_done(struct ev_event_list *list);

/* The first event of those that count the same thing on several PMUs because one word meant them
 * all (cycles on a hybrid CPU, the boxes of uncore_imc): their counts may be added. `index` itself
 * when it stands alone. */
size_t ev_event_sum(const struct ev_event_list *list, size_t index);

/* ---- probes: from names to places in files ----------------------------------------------------
 */

/* One place that a probe means. */
struct ev_probe_place {
	const char *path;    /* absolute */
	const char *name;    /* the function, or "provider:name" */
	uint64_t into_bytes; /* behind the function's start; 0 for a marker */
	uint64_t offset;     /* in the file */
	uint64_t semaphore;  /* the offset in the file of the counter that a marker looks at to
			      * know that it is watched; 0 = none */
	const char *note;    /* where it was put and why */
	const char *caution; /* what its count leaves out, or NULL */
};
struct ev_probe_places {
	struct ev_probe_place *items;
	size_t count, room;
	struct ev_arena *arena; /* for its strings */
};
/* Adds every place of a probe, at least one, or fails with a sentence. ev_probe_find of symbol is
 * one. */
typedef int (*ev_find_places)(void *context, const struct ev_probe *probe,
			      struct ev_probe_places *places, struct ev_err *err);
/* Give every probe of the list that has none yet its place; one that means several becomes as many
 * events, members of the same group. On failure the list is as before. */
int ev_event_place_probes(struct ev_event_list *list, ev_find_places find, void *context,
			  struct ev_err *err);

/* Attach a tracepoint filter to the last event of the list (--filter). */
int ev_event_filter(struct ev_event_list *list, const char *filter, struct ev_err *err);

/* The same for an event that is no tracepoint, whose samples a BPF program counts and asks; all of
 * the list when `all` says so. The text is not looked at. */
int ev_event_condition(struct ev_event_list *list, const char *condition, bool all,
		       struct ev_err *err);

/* The default counters of `stat`, by detail 0 … 3 (-d, -dd, -ddd): the list stands once. */
const char *const *ev_event_defaults(unsigned detail); /* NULL-terminated */

/* Is this attr something only a hardware PMU can count? */
bool ev_event_is_hardware(const struct perf_event_attr *attr);

/* A name for an attr found in a recording or a kernel answer ("cycles", "raw 0x1c2", "type 9
 * config 0x3"), in `out`. */
char *ev_event_attr_name(const struct perf_event_attr *attr, char *out, size_t size_bytes);
/* The full spelling with its modifiers, "software/task-clock/u": typed, it is this event again. In
 * the arena, or the event's own `resolved`. */
const char *ev_event_spelling(const struct ev_event *event, struct ev_arena *arena);
/* "cycles" + exclude bits + precise -> "cycles:u", "cpu-clock:ppp": perf's way of showing it. */
char *ev_event_modifiers(const struct perf_event_attr *attr, char *out, size_t size_bytes);

/* ---- the catalogue: every event this machine knows --------------------------------------------
 */

enum ev_catalogue_group {
	EV_GROUP_HARDWARE,
	EV_GROUP_CACHE,
	EV_GROUP_SOFTWARE,
	EV_GROUP_TOOL,
	EV_GROUP_PMU,
	EV_GROUP_PFM,
	EV_GROUP_TRACEPOINT,
	EV_GROUP_SYNTAX,
	EV_GROUP_COUNT
};
const char *ev_catalogue_group_title(
	enum ev_catalogue_group group); /* "Hardware event" … perf's words */

struct ev_catalogue_row {
	enum ev_catalogue_group group;
	const char *name;    /* what can be typed after -e; "rNNN" and the like for syntax rows */
	const char *aliases; /* "cpu-cycles", several separated by spaces, "" for none */
	const char *about;   /* one line of meaning, never NULL */
};
struct ev_catalogue {
	struct ev_catalogue_row *rows;
	size_t count, room;
	struct ev_arena arena;
	char *notes; /* sentences on what could not be listed ("tracepoints need root"), or NULL */
};
/* Fill with all groups whose bit (1 << EV_GROUP_…) is set in `groups`. Never fails: what cannot be
 * read is said in notes. */
void ev_catalogue_fill(struct ev_catalogue *catalogue, unsigned groups);
void ev_catalogue_done(struct ev_catalogue *catalogue);

#endif
