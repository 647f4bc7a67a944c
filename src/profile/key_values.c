/* The text of a frame's and a tag's value of each key. */
#include <inttypes.h>
#include <string.h>
#include "memory_words.h"
#include "table.h"

static const char *plain_words(struct ev_arena *scratch, uint64_t number)
{
	return ev_arena_printf(scratch, "%" PRIu64, number);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static uint32_t intern(const struct ev_named *named, struct ev_arena *scratch, const char *text)
{
	uint32_t id = ev_strings_add_text(named->profile->strings, text);
	ev_arena_reset(scratch);
	return id;
}

/* Where no line is known the row says which function it was. */
static uint32_t line_text(const struct ev_named *named, const struct ev_frame *frame,
			  struct ev_arena *scratch)
{
	const struct ev_strings *strings = named->profile->strings;
	const char *file = ev_strings_text(strings, frame->file);
	const char *object = ev_strings_text(strings, named->object_names[frame->object]);
	if (frame->file)
		return intern(named, scratch,
			      ev_arena_printf(scratch, "%s:%" PRIu32, base_name(file),
					      frame->line));
	return intern(named, scratch,
		      ev_arena_printf(scratch, "%s[%s]", object,
				      ev_strings_text(strings, frame->function)));
}

/* Nothing where it is not known. */
static uint32_t size_text(const struct ev_named *named, uint64_t bytes, struct ev_arena *scratch)
{
	return bytes ? intern(named, scratch, plain_words(scratch, bytes)) : 0;
}

static uint64_t object_bytes(const struct ev_named *named, uint32_t index)
{
	if (named->object_bytes)
		return named->object_bytes[index];
	if (!named->spaces || index >= ev_space_set_object_count(named->spaces))
		return 0;
	return ev_space_set_object(named->spaces, index)->mapped_bytes;
}

uint32_t ev_frame_value(const struct ev_named *named, uint32_t index, enum ev_key key,
			struct ev_arena *scratch)
{
	const struct ev_frame *frame = &named->frames.items[index];
	switch (key) {
	case EV_KEY_OBJECT:
	case EV_KEY_OBJECT_TO:
		return named->object_names[frame->object];
	case EV_KEY_SYMBOL:
	case EV_KEY_SYMBOL_TO:
	case EV_KEY_SYMBOL_CODE:
		return frame->function;
	case EV_KEY_SRCLINE:
	case EV_KEY_SRCLINE_TO:
		return line_text(named, frame, scratch);
	case EV_KEY_SYMBOL_SIZE:
		return size_text(named, frame->size_bytes, scratch);
	case EV_KEY_OBJECT_SIZE:
		return size_text(named, object_bytes(named, frame->object), scratch);
	case EV_KEY_SRCFILE:
		return intern(named, scratch,
			      base_name(ev_strings_text(named->profile->strings, frame->file)));
	default:
		return 0;
	}
}

/* A number with the name that goes with it; the name may change while the process lives. */
static uint32_t owner_text(const struct ev_named *named, const struct ev_map *comms,
			   uint32_t number, struct ev_arena *scratch)
{
	const uint32_t *comm = ev_map_find(comms, number, 0);
	const char *name = ev_strings_text(named->profile->strings, comm ? *comm : 0);
	return intern(named, scratch,
		      ev_arena_printf(scratch, *name ? "%" PRIu32 ":%s" : "%" PRIu32, number,
				      name));
}

/* ---- values that are texts made of one detail ------------------------------------------------ */

static const char *address_words(struct ev_arena *scratch, uint64_t address)
{
	return ev_arena_printf(scratch, "0x%016" PRIx64, address);
}

static const char *line_words(struct ev_arena *scratch, uint64_t address)
{
	return address_words(scratch, address & ~(uint64_t)63);
}

static const char *state_words(struct ev_arena *scratch, uint64_t state)
{
	(void)scratch;
	return ev_wait_state_word((enum ev_wait_state)state);
}

static const char *socket_words(struct ev_arena *scratch, uint64_t socket)
{
	return socket ? ev_arena_printf(scratch, "%03" PRIu64, socket - 1) : "";
}

static const char *page_words(struct ev_arena *scratch, uint64_t bytes)
{
	static const char units[] = " KMGTPE";
	size_t unit = 0;
	if (!bytes)
		return "N/A";
	for (; bytes % 1024 == 0 && unit + 2 < sizeof(units); unit++)
		bytes /= 1024;
	return ev_arena_printf(scratch, unit ? "%" PRIu64 "%c" : "%" PRIu64, bytes, units[unit]);
}

static const char *prediction_words(struct ev_arena *scratch, uint64_t flags)
{
	(void)scratch;
	return flags & EV_BRANCH_PREDICTED ? "N" : flags & EV_BRANCH_MISPREDICTED ? "Y" : "N/A";
}

static const char *in_transaction_words(struct ev_arena *scratch, uint64_t flags)
{
	(void)scratch;
	return flags & EV_BRANCH_IN_TRANSACTION ? "T" : ".";
}

static const char *abort_words(struct ev_arena *scratch, uint64_t flags)
{
	(void)scratch;
	return flags & EV_BRANCH_ABORT ? "A" : ".";
}

static const char *cycles_words(struct ev_arena *scratch, uint64_t flags)
{
	uint64_t cycles = EV_BRANCH_CYCLES(flags);
	return cycles ? plain_words(scratch, cycles) : "-";
}

static const struct {
	enum ev_detail detail;
	const char *(*words)(struct ev_arena *scratch, uint64_t number);
} of_detail[EV_KEY_COUNT] = {
	[EV_KEY_SOCKET] = { EV_DETAIL_SOCKET, socket_words },
	[EV_KEY_ADDRESS] = { EV_DETAIL_IP, address_words },
	[EV_KEY_STATE] = { EV_DETAIL_STATE, state_words },
	[EV_KEY_CODE_PAGE] = { EV_DETAIL_CODE_PAGE, page_words },
	[EV_KEY_WEIGHT] = { EV_DETAIL_WEIGHT, plain_words },
	[EV_KEY_LOCAL_WEIGHT] = { EV_DETAIL_WEIGHT, plain_words },
	[EV_KEY_LATENCY] = { EV_DETAIL_LATENCY, plain_words },
	[EV_KEY_LOCAL_LATENCY] = { EV_DETAIL_LATENCY, plain_words },
	[EV_KEY_STAGE_CYCLES] = { EV_DETAIL_STAGE_CYCLES, plain_words },
	[EV_KEY_LOCAL_STAGE_CYCLES] = { EV_DETAIL_STAGE_CYCLES, plain_words },
	[EV_KEY_TRANSACTION] = { EV_DETAIL_TRANSACTION, ev_transaction_words },
	[EV_KEY_SYMBOL_DATA] = { EV_DETAIL_ADDRESS, address_words },
	[EV_KEY_MEMORY] = { EV_DETAIL_DATA_SOURCE, ev_memory_level_words },
	[EV_KEY_SNOOP] = { EV_DETAIL_DATA_SOURCE, ev_memory_snoop_words },
	[EV_KEY_TLB] = { EV_DETAIL_DATA_SOURCE, ev_memory_tlb_words },
	[EV_KEY_LOCKED] = { EV_DETAIL_DATA_SOURCE, ev_memory_lock_words },
	[EV_KEY_BLOCKED] = { EV_DETAIL_DATA_SOURCE, ev_memory_block_words },
	[EV_KEY_CACHE_LINE] = { EV_DETAIL_ADDRESS, line_words },
	[EV_KEY_PHYSICAL] = { EV_DETAIL_PHYSICAL, address_words },
	[EV_KEY_DATA_PAGE] = { EV_DETAIL_DATA_PAGE, page_words },
	[EV_KEY_ADDRESS_FROM] = { EV_DETAIL_FROM, address_words },
	[EV_KEY_ADDRESS_TO] = { EV_DETAIL_TO, address_words },
	[EV_KEY_MISPREDICT] = { EV_DETAIL_BRANCH_FLAGS, prediction_words },
	[EV_KEY_IN_TRANSACTION] = { EV_DETAIL_BRANCH_FLAGS, in_transaction_words },
	[EV_KEY_ABORT] = { EV_DETAIL_BRANCH_FLAGS, abort_words },
	[EV_KEY_CYCLES] = { EV_DETAIL_BRANCH_FLAGS, cycles_words },
};

/* ---- values of tags ---------------------------------------------------------------------------
 */

static uint32_t or_text(const struct ev_named *named, uint64_t id, const char *absent)
{
	return id ? (uint32_t)id : ev_strings_add_text(named->profile->strings, absent);
}

/* The frame where a branch began. */
static uint32_t source_frame(const struct ev_named *named, const struct ev_tag *tag)
{
	uint64_t place = ev_tag_detail(named->profile, tag, EV_DETAIL_FROM_PLACE);
	const uint32_t *frame = ev_map_find(&named->frame_of_place, place, 0);
	return frame ? *frame : 0;
}

static uint32_t detail_value(const struct ev_named *named, const struct ev_tag *tag,
			     enum ev_key key, struct ev_arena *scratch)
{
	if (!of_detail[key].words)
		return 0;
	uint64_t number = ev_tag_detail(named->profile, tag, of_detail[key].detail);
	return intern(named, scratch, of_detail[key].words(scratch, number));
}

/* Memory of no file is not what it is called where code runs in it. */
static uint32_t data_object(const struct ev_named *named, const struct ev_tag *tag)
{
	uint64_t index = ev_tag_detail(named->profile, tag, EV_DETAIL_DATA_OBJECT);
	const struct ev_object *object =
		named->spaces ? ev_space_set_object(named->spaces, (uint32_t)index) : NULL;
	if (object && object->kind == EV_OBJECT_JIT)
		return ev_strings_add_text(named->profile->strings, "anon");
	return named->object_names[index < named->object_count ? index : 0];
}

/* The variable where one is known, else the address. */
static uint32_t data_symbol(const struct ev_named *named, const struct ev_tag *tag,
			    struct ev_arena *scratch)
{
	uint64_t place = ev_tag_detail(named->profile, tag, EV_DETAIL_DATA_PLACE);
	const uint32_t *text = place ? ev_map_find(&named->data_of_place, place, 0) : NULL;
	return text && *text ? *text : detail_value(named, tag, EV_KEY_SYMBOL_DATA, scratch);
}

static struct ev_origin origin_of(const struct ev_named *named, const struct ev_tag *tag)
{
	const struct ev_profile *profile = named->profile;
	return tag->recording < profile->origins.count ? profile->origins.items[tag->recording]
						       : (struct ev_origin){ 0 };
}

uint32_t ev_tag_value(const struct ev_named *named, const struct ev_tag *tag, enum ev_key key,
		      const struct ev_owners *owners, struct ev_arena *scratch)
{
	const struct ev_profile *profile = named->profile;
	uint64_t time_ns = tag->slice ? (tag->slice - 1) * profile->slice_ns : 0;
	switch (key) {
	case EV_KEY_COMM:
		return tag->comm;
	case EV_KEY_PID:
		return owner_text(named, &owners->of_pid, tag->pid, scratch);
	case EV_KEY_TID:
		return owner_text(named, &owners->of_tid, tag->tid, scratch);
	case EV_KEY_CPU:
		if (!tag->cpu)
			return 0;
		return intern(named, scratch, ev_arena_printf(scratch, "%03" PRIu32, tag->cpu - 1));
	case EV_KEY_TIME:
		if (!tag->slice)
			return 0;
		return intern(named, scratch,
			      ev_arena_printf(scratch, "%" PRIu64 ".%06" PRIu64,
					      time_ns / 1000000000, time_ns / 1000 % 1000000));
	case EV_KEY_HOST:
		return origin_of(named, tag).host;
	case EV_KEY_RECORDING:
		return origin_of(named, tag).path;
	case EV_KEY_PARENT:
		return or_text(named, ev_tag_detail(profile, tag, EV_DETAIL_PARENT), "[other]");
	case EV_KEY_CGROUP:
		return or_text(named, ev_tag_detail(profile, tag, EV_DETAIL_CGROUP), "N/A");
	case EV_KEY_CGROUP_ID:
		return or_text(named, ev_tag_detail(profile, tag, EV_DETAIL_CGROUP_SPACE), "0/0x0");
	case EV_KEY_TRACE:
		return (uint32_t)ev_tag_detail(profile, tag, EV_DETAIL_TRACE);
	case EV_KEY_OBJECT_DATA:
		return data_object(named, tag);
	case EV_KEY_OBJECT_FROM:
		return ev_frame_value(named, source_frame(named, tag), EV_KEY_OBJECT, scratch);
	case EV_KEY_SYMBOL_FROM:
		return ev_frame_value(named, source_frame(named, tag), EV_KEY_SYMBOL, scratch);
	case EV_KEY_SRCLINE_FROM:
		return ev_frame_value(named, source_frame(named, tag), EV_KEY_SRCLINE, scratch);
	case EV_KEY_SYMBOL_DATA:
		return data_symbol(named, tag, scratch);
	default:
		if (key >= EV_KEY_FIELD && key <= EV_KEY_FIELD_LAST)
			return (uint32_t)ev_tag_detail(profile, tag,
						       EV_DETAIL_FIELD + (key - EV_KEY_FIELD));
		return detail_value(named, tag, key, scratch);
	}
}

/* The kernel's addresses are the upper half. */
char ev_key_level(const struct ev_named *named, const struct ev_tag *tag, uint32_t frame,
		  enum ev_key key)
{
	bool kernel;
	if (ev_keys[key].kind != EV_KEY_IS_FUNCTION)
		return 0;
	if (ev_keys[key].of_frame)
		kernel = named->frames.items[frame].kernel;
	else if (key == EV_KEY_SYMBOL_FROM)
		kernel = named->frames.items[source_frame(named, tag)].kernel;
	else
		kernel = ev_tag_detail(named->profile, tag, EV_DETAIL_ADDRESS) >> 63;
	return kernel ? 'k' : '.';
}

/* A process is called as its first thread was last; without one, as any thread was last. */
void ev_owners_find(struct ev_owners *owners, const struct ev_named *named)
{
	for (size_t i = 1; i < named->profile->tags.count; i++) {
		const struct ev_tag *tag = &named->profile->tags.items[i];
		bool added;
		if (!tag->comm)
			continue;
		uint32_t *comm = ev_map_add(&owners->of_pid, tag->pid, 0, &added);
		if (added || !tag->tid || tag->tid == tag->pid)
			*comm = tag->comm;
		*ev_map_add(&owners->of_tid, tag->tid, 0, NULL) = tag->comm;
	}
}

void ev_owners_done(struct ev_owners *owners)
{
	ev_map_done(&owners->of_pid);
	ev_map_done(&owners->of_tid);
}
