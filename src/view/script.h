/* What the files that print samples as text share. */
#ifndef VIEW_SCRIPT_H
#define VIEW_SCRIPT_H

#include <string.h>
#include <evprof/view.h>

#define SCRIPT_FIELDS(X)                                                                           \
	X(COMM, "comm")                                                                            \
	X(TID, "tid")                                                                              \
	X(PID, "pid")                                                                              \
	X(TIME, "time")                                                                            \
	X(CPU, "cpu")                                                                              \
	X(EVENT, "event")                                                                          \
	X(TRACE, "trace")                                                                          \
	X(IP, "ip")                                                                                \
	X(SYM, "sym")                                                                              \
	X(DSO, "dso")                                                                              \
	X(DSOFF, "dsoff")                                                                          \
	X(ADDR, "addr")                                                                            \
	X(SYMOFF, "symoff")                                                                        \
	X(SRCLINE, "srcline")                                                                      \
	X(PERIOD, "period")                                                                        \
	X(IREGS, "iregs")                                                                          \
	X(UREGS, "uregs")                                                                          \
	X(BRSTACK, "brstack")                                                                      \
	X(BRSTACKSYM, "brstacksym")                                                                \
	X(BRSTACKOFF, "brstackoff")                                                                \
	X(DATA_SRC, "data_src")                                                                    \
	X(WEIGHT, "weight")                                                                        \
	X(INS_LAT, "ins_lat")                                                                      \
	X(RETIRE_LAT, "retire_lat")                                                                \
	X(BPF_OUTPUT, "bpf-output")                                                                \
	X(MISC, "misc")                                                                            \
	X(PHYS_ADDR, "phys_addr")                                                                  \
	X(DATA_PAGE_SIZE, "data_page_size")                                                        \
	X(CODE_PAGE_SIZE, "code_page_size")                                                        \
	X(CGROUP, "cgroup")
enum script_field {
#define X(name, word) SCRIPT_##name,
	SCRIPT_FIELDS(X)
#undef X
		SCRIPT_FIELD_COUNT
};
#define SCRIPT_BIT(name) (UINT64_C(1) << SCRIPT_##name)
/* Those that the text of a place depends on. */
#define SCRIPT_PLACE_FIELDS                                                                        \
	(SCRIPT_BIT(IP) | SCRIPT_BIT(SYM) | SCRIPT_BIT(DSO) | SCRIPT_BIT(DSOFF) |                  \
	 SCRIPT_BIT(SYMOFF) | SCRIPT_BIT(SRCLINE))

enum ev_script_kind ev_script_kind_of(uint32_t attr_type);

/* Text on its way out. */
struct script_out {
	FILE *file;
	char *bytes;
	size_t used, room;
	int error; /* errno of the first write that failed */
};
void ev_script_make_room(struct script_out *out, size_t more);
static inline void script_room(struct script_out *out, size_t more)
{
	if (__builtin_expect(out->room - out->used < more, 0))
		ev_script_make_room(out, more);
}
static inline void script_bytes(struct script_out *out, const void *bytes, size_t length)
{
	script_room(out, length);
	memcpy(out->bytes + out->used, bytes, length);
	out->used += length;
}
static inline void script_char(struct script_out *out, char letter)
{
	script_room(out, 1);
	out->bytes[out->used++] = letter;
}
static inline void script_text(struct script_out *out, const char *text)
{
	script_bytes(out, text, strlen(text));
}
void ev_script_printf(struct script_out *out, const char *fmt, ...) EV_PRINTF(2, 3);
/* Right-aligned in `width` columns; wider numbers take what they need. */
void ev_script_decimal(struct script_out *out, uint64_t number, unsigned width, char fill);
void ev_script_hex(struct script_out *out, uint64_t number, unsigned width);
void ev_script_flush_out(struct script_out *out);
/* Control characters of what was put in since `from` become \xNN; line ends and tabs stay. */
void ev_script_escape(struct script_out *out, size_t from);

/* How a place is shown: text behind the address of a sample, and whole lines of a chain. */
struct script_place {
	uint32_t rest, rest_bytes;   /* " sym+0x1 (dso)" in the store */
	uint32_t lines, lines_bytes; /* "\t  12ab sym+0x1 (dso)\n", inlined functions first */
	const char *symbol;          /* NULL when not known */
	uint64_t into;               /* how far behind the symbol's beginning */
	uint32_t object;
	bool stops; /* --stop-bt */
};
struct script_event {
	uint64_t fields;
	const char *label; /* the name, aligned, and ": " */
	size_t label_bytes;
	uint32_t style;
	bool has_chain; /* comm is not aligned, and an empty line ends a sample */
	bool lbr;       /* user callers are in the branch stack */
	bool addr_sym;  /* the data address is a place */
	bool bpf_output;
	uint64_t fixed_period;
};

struct script_epoch { /* of a process, see samples: nothing is mapped anew while it lasts */
	struct ev_span span;
	uint32_t pid, number; /* 0 = free */
};
struct script_comm {
	struct ev_span span;
	uint32_t pid, tid;
	const char *text;
	size_t length;
	bool known;
};

struct ev_script {
	struct script_out out;
	const struct ev_recording *recording;
	const struct ev_space_set *spaces;
	struct ev_symbolizer *symbolizer;
	struct ev_unwinder *unwinder;
	const struct ev_script_options *options;
	struct ev_tracepoints *tracepoints;
	struct ev_arena arena, scratch; /* scratch: of one record */
	EV_ARRAY(const char *) object_names;
	struct ev_map comm_ids; /* address of a name, or a tid without one -> index, +1 */
	EV_ARRAY(const char *) comm_texts;
	struct script_event *events; /* one more than the recording has: for unknown ones */
	EV_ARRAY(uint64_t) styles;   /* place fields of each */
	struct ev_map cgroups;       /* id -> index of its path, +1 */
	EV_ARRAY(const char *) cgroup_paths;

	struct ev_space_cache cache;
	uint32_t last_epoch;
	struct script_epoch kernel, processes[256];
	struct script_comm comms[256];
	/* Direct-mapped: a collision only costs time. */
	struct {
		uint64_t address;
		uint64_t about; /* epoch, style, exact; 0 = free */
		uint32_t place;
	} recent[1 << 16];
	struct ev_map place_ids; /* (object, offset) and how it is looked up -> index into places */
	EV_ARRAY(struct script_place) places;
	struct ev_buffer store;   /* their text */
	struct ev_buffer payload; /* scratch */
	uint64_t *unwound;
	uint64_t first_ns, previous_ns; /* --reltime, --deltatime */
	bool timed;                     /* first_ns is set */
	size_t source_bytes;            /* widest data_src so far */
};

const struct script_event *ev_script_event(const struct ev_script *script,
					   const struct ev_record *record);
const char *ev_script_comm(struct ev_script *script, const struct ev_record *record,
			   size_t *length);
/* The columns before the event's name. */
void ev_script_begin(struct ev_script *script, const struct ev_record *record,
		     const struct script_event *event);

/* Where an address was. exact: an instruction that ran, not a return address. The answer holds
 * until the next call. */
const struct script_place *ev_script_place(struct ev_script *script, const struct ev_record *record,
					   uint64_t address, uint16_t cpumode, bool exact,
					   uint32_t style);
/* As it is shown, safe. */
const char *ev_script_object_name(struct ev_script *script, uint32_t object);
/* The chain below a sample, a line for each frame. */
void ev_script_chain(struct ev_script *script, const struct ev_record *record,
		     const struct script_event *event);
void ev_script_branches(struct ev_script *script, const struct ev_record *record,
			const struct script_event *event);
/* "sym+0x1", and "(dso)" when asked for. */
void ev_script_symbol(struct ev_script *script, const struct ev_record *record, uint64_t address,
		      uint16_t cpumode, bool offset);
void ev_script_registers(struct ev_script *script, uint64_t abi, uint64_t mask,
			 const uint64_t *values);
/* "|OP LOAD|LVL L1 hit|…" */
void ev_script_data_source(uint64_t source, char *out, size_t size_bytes);

#endif
