/* Samples on their way to the file -> the functions most of them were in. Places are kept in a
 * table of one size, in which a new one takes the room of the least: what is told of a function is
 * the least that it had. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/collect.h>
#include "record_hot.h"

enum { SETS = 1024, WAYS = 4, PLACES_NAMED = 512 };

struct spot {
	uint64_t ip, weight;
	uint32_t pid; /* EV_KERNEL_PID for the kernel's */
};

struct record_hot {
	const struct ev_recording *recording;
	struct ev_decoder *decoder;
	struct spot spots[SETS][WAYS];
	uint64_t weight; /* of all samples */
	uint64_t samples;
};

struct record_hot *record_hot_open(const struct ev_recording *recording)
{
	struct record_hot *hot = ev_alloc(sizeof(*hot));
	hot->recording = recording;
	return hot;
}

void record_hot_close(struct record_hot *hot)
{
	if (!hot)
		return;
	ev_decoder_close(hot->decoder);
	free(hot);
}

/* ---- counting -----------------------------------------------------------------------------------
 */

static void add_spot(struct record_hot *hot, uint32_t pid, uint64_t ip, uint64_t weight)
{
	struct spot *set = hot->spots[ev_hash64(ip ^ (uint64_t)pid << 32) % SETS], *least = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].ip == ip && set[i].pid == pid) {
			set[i].weight += weight;
			return;
		}
		if (set[i].weight < least->weight)
			least = &set[i];
	}
	/* Who comes again and again gets in: each try takes a little of the least. */
	if (least->weight > weight)
		least->weight -= weight;
	else
		*least = (struct spot){ ip, weight, pid };
}

/* The quick way, and for samples that it does not know the other one. */
static bool take_sample(struct ev_decoder *decoder, const struct ev_raw *raw,
			struct ev_brief *brief)
{
	struct ev_record record;
	if (ev_decode_brief(decoder, raw, false, brief))
		return true;
	if (ev_decode(decoder, raw, &record))
		return false;
	*brief = (struct ev_brief){ .event = record.event,
				    .pid = record.pid,
				    .ip = record.sample.ip,
				    .period = record.sample.period,
				    .has_period = record.sample.has & PERF_SAMPLE_PERIOD };
	return true;
}

void record_hot_see(struct record_hot *hot, const void *bytes, size_t size_bytes)
{
	struct ev_brief brief;
	struct ev_raw raw;
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);) {
		if (raw.type != PERF_RECORD_SAMPLE)
			continue;
		if (!hot->decoder)
			hot->decoder = ev_decoder_open(hot->recording);
		if (!take_sample(hot->decoder, &raw, &brief) || brief.event > 0)
			continue;
		bool kernel = (raw.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
		uint64_t weight = brief.has_period ? brief.period : 1;
		hot->samples++;
		hot->weight += weight;
		add_spot(hot, kernel ? EV_KERNEL_PID : brief.pid, brief.ip, weight);
	}
}

/* ---- naming -------------------------------------------------------------------------------------
 */

struct function {
	uint64_t weight;
	const char *name, *object;
};

static int by_weight(const void *one, const void *other)
{
	const struct spot *a = one, *b = other;
	return a->weight < b->weight ? 1 : a->weight > b->weight ? -1 : 0;
}

/* The heaviest places, in *spots. */
static size_t choose(const struct record_hot *hot, struct spot **spots)
{
	size_t count = 0;
	*spots = ev_alloc(sizeof(hot->spots));
	for (size_t i = 0; i < (size_t)SETS * WAYS; i++)
		if (hot->spots[i / WAYS][i % WAYS].weight)
			(*spots)[count++] = hot->spots[i / WAYS][i % WAYS];
	qsort(*spots, count, sizeof(**spots), by_weight);
	return count < PLACES_NAMED ? count : PLACES_NAMED;
}

static int take_mapping(void *context, const struct ev_record *record, struct ev_err *err)
{
	(void)err;
	ev_space_set_add(context, record);
	return 0;
}

/* What the processes of these places have mapped now; who has ended meanwhile has no names. */
static struct ev_space_set *spaces_of(const struct spot *spots, size_t count)
{
	struct ev_space_set *spaces = ev_space_set_open();
	struct ev_target target = { .kind = EV_TARGET_PIDS,
				    .ids = ev_alloc((count + 1) * sizeof(*target.ids)) };
	for (size_t i = 0; i < count; i++)
		if (spots[i].pid != EV_KERNEL_PID)
			target.ids[target.id_count++] = spots[i].pid;
	ev_synthesize(&target, take_mapping, spaces, NULL, NULL);
	ev_space_set_ready(spaces);
	free(target.ids);
	return spaces;
}

static struct ev_place *find_places(const struct ev_space_set *spaces, const struct spot *spots,
				    size_t count)
{
	struct ev_place *places = ev_alloc((count + 1) * sizeof(*places));
	struct ev_space_cache *cache = ev_alloc(sizeof(*cache));
	for (size_t i = 0; i < count; i++) {
		bool kernel = spots[i].pid == EV_KERNEL_PID;
		places[i] = ev_space_find(spaces, cache, spots[i].pid, UINT64_MAX - 1, spots[i].ip,
					  kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER);
	}
	free(cache);
	return places;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static const char *nameless(const struct spot *spot)
{
	bool ended = spot->pid != EV_KERNEL_PID && kill((pid_t)spot->pid, 0) && errno == ESRCH;
	return ended ? "processes that have ended" : "[unknown]";
}

/* Functions of the places, heaviest first; how many. Names live as long as the symbolizer. */
static size_t add_up(struct ev_symbolizer *symbolizer, const struct ev_space_set *spaces,
		     const struct spot *spots, const struct ev_place *places, size_t count,
		     struct function *functions)
{
	size_t known = 0, k;
	for (size_t i = 0; i < count; i++) {
		struct ev_symbol symbol = { 0 };
		const struct ev_object *object = ev_space_set_object(spaces, places[i].object);
		ev_symbolize(symbolizer, places[i], EV_SYMBOL_EXACT, &symbol, 1);
		const char *name = symbol.function ? symbol.function : "[unknown]";
		const char *path = object && *object->path ? object->path : nameless(&spots[i]);
		for (k = 0; k < known; k++)
			if (!strcmp(functions[k].name, name) && !strcmp(functions[k].object, path))
				break;
		if (k == known)
			functions[known++] = (struct function){ 0, name, path };
		functions[k].weight += spots[i].weight;
	}
	return known;
}

static int by_function_weight(const void *one, const void *other)
{
	const struct function *a = one, *b = other;
	return a->weight < b->weight ? 1 : a->weight > b->weight ? -1 : strcmp(a->name, b->name);
}

void record_hot_tell(const struct record_hot *hot, size_t most, struct ev_buffer *text)
{
	struct spot *spots;
	struct ev_arena arena = { 0 };
	size_t count = choose(hot, &spots);
	struct ev_space_set *spaces = spaces_of(spots, count);
	struct ev_place *places = find_places(spaces, spots, count);
	struct ev_symbolizer_options options = { 0 };
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(spaces, NULL, &options);
	struct function *functions = ev_alloc((count + 1) * sizeof(*functions));
	ev_symbolizer_want(symbolizer, places, count);
	size_t known = add_up(symbolizer, spaces, spots, places, count, functions);
	qsort(functions, known, sizeof(*functions), by_function_weight);
	for (size_t i = 0; i < known && i < most; i++)
		ev_buffer_printf(text, "top: %5.1f%%  %.60s (%.40s)\n",
				 100.0 * (double)functions[i].weight / (double)hot->weight,
				 ev_text_safe(&arena, functions[i].name),
				 ev_text_safe(&arena, last_part(functions[i].object)));
	ev_arena_done(&arena);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(spaces);
	free(functions);
	free(places);
	free(spots);
}
