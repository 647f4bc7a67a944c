/* -F as perf script takes it -> which fields samples of each kind of event show. */
#include <errno.h>
#include "script.h"

static const char *const words[] = {
#define X(name, word) word,
	SCRIPT_FIELDS(X)
#undef X
};
/* Fields that only decoded instruction traces, or guests in a host's recording, have. */
static const char *const foreign[] = { "flags",         "synth",       "callindent",     "insn",
				       "insnlen",       "brstackinsn", "brstackinsnlen", "ipc",
				       "srccode",       "metric",      "machine_pid",    "vcpu",
				       "brstackdisasm", "disasm",      "brcntr" };

static const struct {
	const char *word, *name;
} kinds[EV_SCRIPT_KINDS] = {
	[EV_SCRIPT_HARDWARE] = { "hw", "hardware" },
	[EV_SCRIPT_SOFTWARE] = { "sw", "software" },
	[EV_SCRIPT_TRACEPOINT] = { "trace", "tracepoint" },
	[EV_SCRIPT_CACHE] = { "cache", "hardware-cache" },
	[EV_SCRIPT_RAW] = { "raw", "raw" },
	[EV_SCRIPT_BREAKPOINT] = { "break", "breakpoint" },
	[EV_SCRIPT_OTHER] = { "other", "other" },
};

#define USUAL_HEAD                                                                                 \
	(SCRIPT_BIT(COMM) | SCRIPT_BIT(TID) | SCRIPT_BIT(CPU) | SCRIPT_BIT(TIME) |                 \
	 SCRIPT_BIT(EVENT))
#define USUAL_PLACE (SCRIPT_BIT(IP) | SCRIPT_BIT(SYM) | SCRIPT_BIT(SYMOFF) | SCRIPT_BIT(DSO))
#define USUAL (USUAL_HEAD | USUAL_PLACE | SCRIPT_BIT(PERIOD))

enum ev_script_kind ev_script_kind_of(uint32_t attr_type)
{
	return attr_type < EV_SCRIPT_OTHER ? (enum ev_script_kind)attr_type : EV_SCRIPT_OTHER;
}

void ev_script_fields_usual(struct ev_script_fields *fields)
{
	*fields = (struct ev_script_fields){
		.shown = {
			[EV_SCRIPT_HARDWARE] = USUAL,
			[EV_SCRIPT_SOFTWARE] = USUAL | SCRIPT_BIT(BPF_OUTPUT),
			[EV_SCRIPT_TRACEPOINT] = USUAL_HEAD | SCRIPT_BIT(TRACE),
			[EV_SCRIPT_CACHE] = USUAL,
			[EV_SCRIPT_RAW] = USUAL | SCRIPT_BIT(ADDR) | SCRIPT_BIT(DATA_SRC) |
					  SCRIPT_BIT(WEIGHT) | SCRIPT_BIT(PHYS_ADDR) |
					  SCRIPT_BIT(DATA_PAGE_SIZE) | SCRIPT_BIT(CODE_PAGE_SIZE) |
					  SCRIPT_BIT(INS_LAT) | SCRIPT_BIT(RETIRE_LAT),
			[EV_SCRIPT_BREAKPOINT] = USUAL,
			[EV_SCRIPT_OTHER] = USUAL,
		},
	};
}

/* Payloads are of tracepoints; bpf-output is a software event. */
static uint64_t invalid_for(unsigned kind)
{
	uint64_t invalid = 0;
	if (kind != EV_SCRIPT_TRACEPOINT)
		invalid |= SCRIPT_BIT(TRACE);
	if (kind != EV_SCRIPT_SOFTWARE && kind != EV_SCRIPT_TRACEPOINT)
		invalid |= SCRIPT_BIT(BPF_OUTPUT);
	return invalid;
}

const char *ev_script_fields_names(struct ev_arena *arena)
{
	const char *all = words[0];
	for (size_t i = 1; i < EV_LENGTH(words); i++)
		all = ev_arena_printf(arena, "%s, %s", all, words[i]);
	return all;
}

static int fail_word(const char *word, size_t length, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	const char *safe = ev_text_safe(&arena, ev_arena_text(&arena, word, length));
	int rc = 0;
	for (size_t i = 0; i < EV_LENGTH(foreign) && !rc; i++)
		if (strlen(foreign[i]) == length && !memcmp(foreign[i], word, length))
			rc = ev_fail(err, EINVAL,
				     "-F %s: that field comes from instruction traces or guests, "
				     "which evprof does not decode",
				     safe);
	if (!rc)
		rc = ev_fail(err, EINVAL, "-F: there is no field '%s'; there are %s", safe,
			     ev_script_fields_names(&arena));
	ev_arena_done(&arena);
	return rc;
}

static int field_of(const char *word, size_t length, struct ev_err *err)
{
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		if (strlen(words[i]) == length && !memcmp(words[i], word, length))
			return (int)i;
	return fail_word(word, length, err);
}

/* "hw:" and the like in front: the kind, and past it; EV_SCRIPT_KINDS for all. */
static int take_kind(const char **text, struct ev_err *err)
{
	const char *colon = strchr(*text, ':');
	if (!colon)
		return EV_SCRIPT_KINDS;
	size_t length = (size_t)(colon - *text);
	for (int i = 0; i < EV_SCRIPT_KINDS; i++) {
		if (strlen(kinds[i].word) != length || memcmp(kinds[i].word, *text, length))
			continue;
		*text = colon + 1;
		return i;
	}
	return ev_fail(err, EINVAL,
		       "-F %.64s: in front of ':' stands hw, sw, trace, cache, raw, break or other",
		       *text);
}

/* One field into one kind; invalid ones matter only where the kind was named. */
static int change(struct ev_script_fields *fields, int kind, bool named, char sign, int field,
		  struct ev_err *err)
{
	uint64_t bit = UINT64_C(1) << field;
	if (invalid_for((unsigned)kind) & bit) {
		if (named && sign != '-')
			return ev_fail(err, EINVAL, "-F: '%s' is not valid for %s events",
				       words[field], kinds[kind].name);
		return 0;
	}
	if (sign == '-') {
		fields->shown[kind] &= ~bit;
		fields->asked[kind] &= ~bit;
	} else {
		fields->shown[kind] |= bit;
		fields->asked[kind] |= bit;
	}
	return 0;
}

int ev_script_fields_parse(struct ev_script_fields *fields, const char *text, struct ev_err *err)
{
	int kind = take_kind(&text, err), rc = 0;
	if (kind < 0)
		return kind;
	bool named = kind < EV_SCRIPT_KINDS;
	int from = named ? kind : 0, to = named ? kind : EV_SCRIPT_KINDS - 1;
	bool changes = *text == '+' || *text == '-';
	for (int i = from; i <= to; i++) {
		if (!changes)
			fields->shown[i] = fields->asked[i] = 0;
		fields->given[i] = true;
	}
	if (!*text && !named)
		return ev_fail(err, EINVAL, "-F: no field is named");
	while (*text && !rc) {
		char sign = *text == '+' || *text == '-' ? *text++ : 0;
		size_t length = strcspn(text, ",");
		if (!!sign != changes)
			return ev_fail(err, EINVAL,
				       "-F: fields with + or - change those that are shown; they "
				       "can't be mixed with others");
		int field = field_of(text, length, err);
		if (field < 0)
			return field;
		for (int i = from; i <= to && !rc; i++)
			rc = change(fields, i, named, sign, field, err);
		text += length;
		text += *text == ',';
	}
	return rc;
}

/* ---- what a recording has ---------------------------------------------------------------------
 */

static const struct {
	enum script_field field;
	uint64_t sample_type; /* any of these bits */
	const char *name;
	bool lenient; /* left out even where it was asked for, as perf does */
} needs[] = {
	{ SCRIPT_IP, PERF_SAMPLE_IP, "IP", false },
	{ SCRIPT_ADDR, PERF_SAMPLE_ADDR, "ADDR", false },
	{ SCRIPT_DATA_SRC, PERF_SAMPLE_DATA_SRC, "DATA_SRC", false },
	{ SCRIPT_WEIGHT, PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT, "WEIGHT", false },
	{ SCRIPT_INS_LAT, PERF_SAMPLE_WEIGHT_STRUCT, "WEIGHT_STRUCT", false },
	{ SCRIPT_RETIRE_LAT, PERF_SAMPLE_WEIGHT_STRUCT, "WEIGHT_STRUCT", false },
	{ SCRIPT_PID, PERF_SAMPLE_TID, "TID", false },
	{ SCRIPT_TID, PERF_SAMPLE_TID, "TID", false },
	{ SCRIPT_TIME, PERF_SAMPLE_TIME, "TIME", false },
	{ SCRIPT_CPU, PERF_SAMPLE_CPU, "CPU", true },
	{ SCRIPT_IREGS, PERF_SAMPLE_REGS_INTR, "IREGS", false },
	{ SCRIPT_UREGS, PERF_SAMPLE_REGS_USER, "UREGS", false },
	{ SCRIPT_BRSTACK, PERF_SAMPLE_BRANCH_STACK, "BRANCH_STACK", false },
	{ SCRIPT_BRSTACKSYM, PERF_SAMPLE_BRANCH_STACK, "BRANCH_STACK", false },
	{ SCRIPT_BRSTACKOFF, PERF_SAMPLE_BRANCH_STACK, "BRANCH_STACK", false },
	{ SCRIPT_PHYS_ADDR, PERF_SAMPLE_PHYS_ADDR, "PHYS_ADDR", false },
	{ SCRIPT_DATA_PAGE_SIZE, PERF_SAMPLE_DATA_PAGE_SIZE, "DATA_PAGE_SIZE", false },
	{ SCRIPT_CODE_PAGE_SIZE, PERF_SAMPLE_CODE_PAGE_SIZE, "CODE_PAGE_SIZE", false },
	{ SCRIPT_CGROUP, PERF_SAMPLE_CGROUP, "CGROUP", false },
};

/* Fields that say where mean nothing without an address. */
static int check_places(uint64_t shown, uint64_t asked, struct ev_err *err)
{
	const uint64_t addresses = SCRIPT_BIT(IP) | SCRIPT_BIT(ADDR) | SCRIPT_BIT(BRSTACK) |
				   SCRIPT_BIT(BRSTACKSYM) | SCRIPT_BIT(BRSTACKOFF);
	if (asked & SCRIPT_BIT(SYM) && !(shown & addresses))
		return ev_fail(err, EINVAL,
			       "-F sym: no address is shown whose symbol it could be; add ip or "
			       "addr");
	if (asked & SCRIPT_BIT(SYMOFF) && !(shown & SCRIPT_BIT(SYM)))
		return ev_fail(err, EINVAL, "-F symoff: no symbol is shown; add sym");
	if (asked & (SCRIPT_BIT(DSO) | SCRIPT_BIT(DSOFF)) && !(shown & addresses))
		return ev_fail(err, EINVAL,
			       "-F dso: no address is shown whose object it could be; add ip");
	if (asked & SCRIPT_BIT(SRCLINE) && !(shown & SCRIPT_BIT(IP)))
		return ev_fail(err, EINVAL, "-F srcline: no address is shown; add ip");
	return 0;
}

static int fit_kind(struct ev_script_fields *fields, int kind, const struct ev_recording *recording,
		    struct ev_err *err)
{
	const struct ev_recorded_event *first = NULL;
	uint64_t any = 0, *shown = &fields->shown[kind];
	for (size_t i = 0; i < recording->event_count; i++) {
		const struct ev_recorded_event *event = &recording->events[i];
		if ((int)ev_script_kind_of(event->attr.type) != kind)
			continue;
		first = first ? first : event;
		any |= event->attr.sample_type;
	}
	if (!first)
		return 0;
	for (size_t i = 0; i < EV_LENGTH(needs); i++) {
		uint64_t bit = UINT64_C(1) << needs[i].field;
		if (!(*shown & bit) || any & needs[i].sample_type)
			continue;
		if (fields->asked[kind] & bit && !needs[i].lenient) {
			struct ev_arena arena = { 0 };
			int rc = ev_fail(err, EINVAL,
					 "-F %s: samples of '%s' do not have it (%s was not "
					 "recorded)",
					 words[needs[i].field], ev_text_safe(&arena, first->name),
					 needs[i].name);
			ev_arena_done(&arena);
			return rc;
		}
		*shown &= ~bit;
	}
	if (!(*shown & SCRIPT_BIT(IP)) && !(*shown & SCRIPT_BIT(ADDR)))
		*shown &= ~((SCRIPT_BIT(SYM) | SCRIPT_BIT(SYMOFF) | SCRIPT_BIT(DSO)) &
			    ~fields->asked[kind]);
	return check_places(*shown, fields->asked[kind], err);
}

int ev_script_fields_fit(struct ev_script_fields *fields, const struct ev_recording *recording,
			 bool chains, struct ev_err *err)
{
	int rc = 0;
	/* Payloads come without an address, unless stacks were taken with them. */
	for (size_t i = 0; i < recording->event_count && chains; i++) {
		const struct perf_event_attr *attr = &recording->events[i].attr;
		if (attr->type == PERF_TYPE_TRACEPOINT &&
		    attr->sample_type & PERF_SAMPLE_CALLCHAIN &&
		    !fields->given[EV_SCRIPT_TRACEPOINT])
			fields->shown[EV_SCRIPT_TRACEPOINT] |= USUAL_PLACE;
	}
	for (int kind = 0; kind < EV_SCRIPT_KINDS && !rc; kind++)
		rc = fit_kind(fields, kind, recording, err);
	return rc;
}
