/* The keys a table can be sorted by: their names, and the filters that name them. */
#include <errno.h>
#include <string.h>
#include "table.h"

#define BIT(name) EV_DETAIL_BIT(name)
#define SOURCE (BIT(FROM) | BIT(FROM_PLACE))
#define FLAGS BIT(BRANCH_FLAGS)
#define FIELD(n) [EV_KEY_FIELD + n] = { .details = UINT32_C(1) << (EV_DETAIL_FIELD + n) }

/* Names and titles are perf's. */
/* clang-format off */
const struct ev_key_info ev_keys[EV_KEY_COUNT] = {
	[EV_KEY_COMM] = { "comm", "command", "Command", "comm", .of_frame = false },
	[EV_KEY_PID] = { "pid", "process", "    Pid:Command", "pid", .kind = EV_KEY_IS_OWNER },
	[EV_KEY_TID] = { "tid", "thread", "    Tid:Command", "tid", .kind = EV_KEY_IS_OWNER },
	[EV_KEY_CPU] = { "cpu", "processor", "CPU", "cpu", .kind = EV_KEY_IS_NUMBER },
	[EV_KEY_OBJECT] = { "dso", "object", "Shared Object", "object", .of_frame = true },
	[EV_KEY_SYMBOL] = { "sym", "symbol", "Symbol", "symbol", .of_frame = true, .kind = EV_KEY_IS_FUNCTION },
	[EV_KEY_SYMBOL_SIZE] = { "symbol_size", NULL, "Symbol size", "symbol_size", .of_frame = true, .kind = EV_KEY_IS_NUMBER, .of_sizes = true },
	[EV_KEY_OBJECT_SIZE] = { "dso_size", NULL, "DSO size", "dso_size", .of_frame = true, .kind = EV_KEY_IS_NUMBER },
	[EV_KEY_SRCLINE] = { "srcline", "line", "Source:Line", "srcline", .of_frame = true, .of_lines = true },
	[EV_KEY_SRCFILE] = { "srcfile", "file", "Source File", "srcfile", .of_frame = true, .of_lines = true },
	[EV_KEY_TIME] = { "time", "slice", "Time", "time", .kind = EV_KEY_IS_SECONDS },
	[EV_KEY_PARENT] = { "parent", NULL, "Parent symbol", "parent", .details = BIT(PARENT) },
	[EV_KEY_SOCKET] = { "socket", NULL, "Socket", "socket", .kind = EV_KEY_IS_NUMBER, .details = BIT(SOCKET) },
	[EV_KEY_CGROUP] = { "cgroup", NULL, "Cgroup", "cgroup", .details = BIT(CGROUP) },
	[EV_KEY_CGROUP_ID] = { "cgroup_id", NULL, "cgroup id (dev/inode)", "cgroup_id", .details = BIT(CGROUP_SPACE) },
	[EV_KEY_ADDRESS] = { "addr", NULL, "Address", "addr", .details = BIT(IP) },
	[EV_KEY_CODE_PAGE] = { "code_page_size", NULL, "Code Page Size", "code_page_size", .details = BIT(CODE_PAGE) },
	[EV_KEY_WEIGHT] = { "weight", NULL, "Weight", "weight", .kind = EV_KEY_IS_NUMBER, .details = BIT(WEIGHT), .is_total = true },
	[EV_KEY_LOCAL_WEIGHT] = { "local_weight", NULL, "Local Weight", "local_weight", .kind = EV_KEY_IS_NUMBER, .details = BIT(WEIGHT) },
	[EV_KEY_LATENCY] = { "ins_lat", NULL, "INSTR Latency", "ins_lat", .kind = EV_KEY_IS_NUMBER, .details = BIT(LATENCY), .is_total = true },
	[EV_KEY_LOCAL_LATENCY] = { "local_ins_lat", NULL, "Local INSTR Latency", "local_ins_lat", .kind = EV_KEY_IS_NUMBER, .details = BIT(LATENCY) },
	[EV_KEY_STAGE_CYCLES] = { "p_stage_cyc", "retire_lat", "Pipeline Stage Cycle", "p_stage_cyc", .kind = EV_KEY_IS_NUMBER, .details = BIT(STAGE_CYCLES), .is_total = true },
	[EV_KEY_LOCAL_STAGE_CYCLES] = { "local_p_stage_cyc", "local_retire_lat", "Local Pipeline Stage Cycle", "local_p_stage_cyc", .kind = EV_KEY_IS_NUMBER, .details = BIT(STAGE_CYCLES) },
	[EV_KEY_TRANSACTION] = { "transaction", NULL, "Transaction", "transaction", .details = BIT(TRANSACTION) },
	[EV_KEY_TRACE] = { "trace", NULL, "Trace output", "trace", .details = BIT(TRACE) },
	[EV_KEY_STATE] = { "state", NULL, "State", "state", .details = BIT(STATE) },
	[EV_KEY_SYMBOL_DATA] = { "symbol_daddr", NULL, "Data Symbol", "symbol_daddr", .kind = EV_KEY_IS_FUNCTION, .details = BIT(ADDRESS) | BIT(DATA_PLACE) },
	[EV_KEY_OBJECT_DATA] = { "dso_daddr", NULL, "Data Object", "dso_daddr", .details = BIT(DATA_OBJECT) },
	[EV_KEY_SYMBOL_CODE] = { "symbol_iaddr", NULL, "Code Symbol", "symbol_iaddr", .of_frame = true, .kind = EV_KEY_IS_FUNCTION },
	[EV_KEY_MEMORY] = { "mem", NULL, "Memory access", "mem", .details = BIT(DATA_SOURCE) },
	[EV_KEY_SNOOP] = { "snoop", NULL, "Snoop", "snoop", .details = BIT(DATA_SOURCE) },
	[EV_KEY_TLB] = { "tlb", NULL, "TLB access", "tlb", .details = BIT(DATA_SOURCE) },
	[EV_KEY_LOCKED] = { "locked", NULL, "Locked", "locked", .details = BIT(DATA_SOURCE) },
	[EV_KEY_BLOCKED] = { "blocked", NULL, "Blocked", "blocked", .details = BIT(DATA_SOURCE) },
	[EV_KEY_CACHE_LINE] = { "dcacheline", NULL, "Data Cacheline", "dcacheline", .kind = EV_KEY_IS_FUNCTION, .details = BIT(ADDRESS) },
	[EV_KEY_PHYSICAL] = { "phys_daddr", NULL, "Data Physical Address", "phys_daddr", .details = BIT(PHYSICAL) },
	[EV_KEY_DATA_PAGE] = { "data_page_size", NULL, "Data Page Size", "data_page_size", .details = BIT(DATA_PAGE) },
	[EV_KEY_OBJECT_FROM] = { "dso_from", NULL, "Source Shared Object", "dso_from", .details = SOURCE, .of_branch = true },
	[EV_KEY_OBJECT_TO] = { "dso_to", NULL, "Target Shared Object", "dso_to", .of_frame = true, .of_branch = true },
	[EV_KEY_SYMBOL_FROM] = { "symbol_from", NULL, "Source Symbol", "symbol_from", .kind = EV_KEY_IS_FUNCTION, .details = SOURCE, .of_branch = true },
	[EV_KEY_SYMBOL_TO] = { "symbol_to", NULL, "Target Symbol", "symbol_to", .of_frame = true, .kind = EV_KEY_IS_FUNCTION, .of_branch = true },
	[EV_KEY_SRCLINE_FROM] = { "srcline_from", NULL, "From Source:Line", "srcline_from", .details = SOURCE, .of_branch = true, .of_lines = true },
	[EV_KEY_SRCLINE_TO] = { "srcline_to", NULL, "To Source:Line", "srcline_to", .of_frame = true, .of_branch = true, .of_lines = true },
	[EV_KEY_ADDRESS_FROM] = { "addr_from", NULL, "Source Address", "addr_from", .details = BIT(FROM), .of_branch = true },
	[EV_KEY_ADDRESS_TO] = { "addr_to", NULL, "Target Address", "addr_to", .details = BIT(TO), .of_branch = true },
	[EV_KEY_MISPREDICT] = { "mispredict", NULL, "Branch Mispredicted", "mispredict", .details = FLAGS, .of_branch = true },
	[EV_KEY_IN_TRANSACTION] = { "in_tx", NULL, "Branch in transaction", "in_tx", .details = FLAGS, .of_branch = true },
	[EV_KEY_ABORT] = { "abort", NULL, "Transaction abort", "abort", .details = FLAGS, .of_branch = true },
	[EV_KEY_CYCLES] = { "cycles", NULL, "Basic Block Cycles", "cycles", .details = FLAGS, .of_branch = true },
	[EV_KEY_HOST] = { "host", "hostname", "Host", "host", .of_frame = false },
	[EV_KEY_RECORDING] = { "recording", "input", "Recording", "recording", .of_frame = false },
	FIELD(0), FIELD(1), FIELD(2), FIELD(3), FIELD(4), FIELD(5), FIELD(6), FIELD(7), FIELD(8), FIELD(9),
};
/* clang-format on */

static enum ev_key key_of(const char *name, size_t length)
{
	for (enum ev_key key = 0; key < EV_KEY_COUNT; key++) {
		const char *names[] = { ev_keys[key].name, ev_keys[key].alias };
		for (size_t i = 0; i < EV_LENGTH(names); i++)
			if (names[i] && strlen(names[i]) == length &&
			    !memcmp(names[i], name, length))
				return key;
	}
	return EV_KEY_COUNT;
}

const char *ev_key_nearest(const char *word)
{
	const char *nearest = NULL;
	unsigned least = 3; /* edits; a short word is like anything */
	for (enum ev_key key = 0; key < EV_KEY_COUNT; key++) {
		const char *names[] = { ev_keys[key].name, ev_keys[key].alias };
		for (size_t i = 0; i < EV_LENGTH(names); i++) {
			unsigned edits = names[i] ? ev_edit_distance(word, names[i], least) : least;
			if (edits < least && 2 * edits < strlen(word)) {
				least = edits;
				nearest = names[i];
			}
		}
	}
	return nearest;
}

/* Keys of perf's that evprof has not, and why. */
static const struct {
	const char *name, *why;
} absent[] = {
	{ "ipc_null", "it is an empty column of perf's; -e '{cycles,instructions}:S' counts both" },
	{ "ipc_lbr", "instructions between branches are not counted by disassembly; "
		     "-e '{cycles,instructions}:S' measures them" },
	{ "simd", "it is in Arm's traces (SPE), which are not decoded" },
	{ "overhead_guest_sys",
	  "guests are not told apart from their host; -s cpu, comm or pid are" },
	{ "overhead_guest_us",
	  "guests are not told apart from their host; -s cpu, comm or pid are" },
	{ "type", "types of data are not looked up; symbol_daddr names the variable" },
	{ "typeoff", "types of data are not looked up; symbol_daddr names the variable" },
	{ "typecln", "types of data are not looked up; dcacheline is the line" },
};

int ev_key_check_absent(const char *word, struct ev_err *err)
{
	for (size_t i = 0; i < EV_LENGTH(absent); i++)
		if (!strcmp(absent[i].name, word))
			return ev_fail(err, ENOTSUP, "there is no key '%s' here: %s", word,
				       absent[i].why);
	return 0;
}

static int fail_key(struct ev_err *err, const char *name, size_t length)
{
	struct ev_buffer good = { 0 };
	struct ev_arena arena = { 0 };
	const char *word = ev_arena_text(&arena, name, length);
	const char *nearest = ev_key_nearest(word);
	int rc = ev_key_check_absent(word, err);
	if (rc) {
		ev_arena_done(&arena);
		return rc;
	}
	if (nearest)
		ev_buffer_printf(&good, "did you mean '%s'? ", nearest);
	ev_buffer_printf(&good, "there are ");
	for (enum ev_key key = 0; key < EV_KEY_FIELD; key++)
		ev_buffer_printf(&good, "%s%s", key ? ", " : "", ev_keys[key].name);
	rc = ev_fail(err, EINVAL, "unknown sort key '%s'; %.*s", ev_text_safe(&arena, word),
		     (int)good.size_bytes, (const char *)good.bytes);
	ev_buffer_done(&good);
	ev_arena_done(&arena);
	return rc;
}

int ev_keys_parse(const char *text, enum ev_key *keys, size_t *count, struct ev_err *err)
{
	*count = 0;
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, ",");
		enum ev_key key = key_of(at, length);
		if (key == EV_KEY_COUNT)
			return fail_key(err, at, length);
		bool twice = false;
		for (size_t i = 0; i < *count; i++)
			twice |= keys[i] == key;
		if (!twice)
			keys[(*count)++] = key;
		at += length;
		at += *at == ',';
	}
	if (!*count)
		return ev_fail(err, EINVAL, "no sort key was given");
	return 0;
}

int ev_key_filter_parse(const char *text, struct ev_key_filter *filter, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	size_t length = strcspn(text, "=~!");
	const char *at = text + length;
	*filter = (struct ev_key_filter){ .key = key_of(text, length) };
	filter->is_negated = *at == '!';
	at += *at == '!';
	filter->is_glob = *at == '~';
	filter->values = *at ? at + 1 : at;
	int rc = 0;
	if (!length || (*at != '=' && *at != '~') || !*filter->values)
		rc = ev_fail(err, EINVAL,
			     "--filter takes KEY=VALUE[,VALUE] or KEY~GLOB (with != and !~ for "
			     "what "
			     "is not), such as comm=sort or sym~mem*, not '%s'",
			     ev_text_safe(&arena, text));
	else if (filter->key == EV_KEY_COUNT)
		rc = fail_key(err, text, length);
	ev_arena_done(&arena);
	return rc;
}
