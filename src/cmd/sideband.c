/* The first walk over a recording: mappings, names and losses, found among the samples by several
 * readers at once.
 *
 *   records   |....A....|....B....|....C....|      A begins where the data does; where B and C
 *             0         ?         ?         end    begin is guessed, and true if A ends there
 *
 * What a reader finds waits until all before it is known to be right; from a wrong guess on, and
 * where a record asks for the records before it, the walk goes on in sequence. */
#include <pthread.h>
#include <stdlib.h>
#include "sample_details.h"
#include "sideband.h"

#define PART_BYTES ((uint64_t)8 << 20) /* a part is worth a thread from here on */
enum { BATCH = 64, PARTS_MAX = 64 };

static void count_loss(struct ev_quality *quality, const struct ev_record *record)
{
	switch (record->type) {
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		quality->lost += record->lost.lost;
		break;
	case PERF_RECORD_THROTTLE:
		quality->throttled++;
		break;
	default:
		break;
	}
}

/* Does anybody look at what such a record says? */
static bool tells(uint32_t type)
{
	switch (type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
	case PERF_RECORD_COMM:
	case PERF_RECORD_FORK:
	case PERF_RECORD_KSYMBOL:
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_CGROUP:
	case PERF_RECORD_NAMESPACES:
		return true;
	default:
		return false;
	}
}

struct times {
	uint64_t first_ns, last_ns;
};

static void widen(struct times *times, uint64_t time_ns)
{
	if (!times->first_ns || time_ns < times->first_ns)
		times->first_ns = time_ns;
	if (time_ns > times->last_ns)
		times->last_ns = time_ns;
}

/* What all readers of one walk do alike. */
struct walk {
	struct ev_decoder *decoder;
	struct times times;
	bool needs_times;
	offsets *cuts;
};

static void take_sample(struct walk *walk, const struct ev_raw *raw)
{
	struct ev_record record;
	if (raw->offset >= walk->cuts->items[walk->cuts->count - 1] + PART_BYTES)
		*ev_array_add(walk->cuts) = raw->offset;
	if (walk->needs_times && !ev_decode_sample(walk->decoder, raw, PERF_SAMPLE_TIME, &record))
		widen(&walk->times, record.time_ns);
}

/* Records at hand, or the next one. 0 at the end, -errno. */
static int next_records(struct ev_reader *reader, struct ev_raw raws[BATCH], struct ev_err *err)
{
	size_t count = ev_reader_batch(reader, raws, BATCH);
	return count ? (int)count : ev_reader_next(reader, raws, err);
}

/* ---- a part of the file -----------------------------------------------------------------------
 */

struct part {
	pthread_t thread;
	bool started;
	struct ev_reader *reader;
	struct walk walk;
	offsets cuts;
	uint64_t from;
	uint64_t ended, count; /* where it stopped, and behind how many records */
	uint64_t damaged;
	struct ev_buffer kept; /* records for the loader, one behind another */
};

static void keep(struct part *part, const struct ev_raw *raw)
{
	struct ev_record record;
	if (tells(raw->type)) {
		ev_buffer_add(&part->kept, raw->header, raw->size_bytes);
		ev_buffer_zero(&part->kept, -part->kept.size_bytes & 7);
	} else {
		part->damaged += ev_decode(part->walk.decoder, raw, &record) != 0;
	}
}

/* May several read such records at once? Others change what the recording says of itself. */
static bool is_harmless(uint32_t type)
{
	return type < EV_RECORD_HEADER_ATTR || type == EV_RECORD_FINISHED_ROUND ||
	       type == EV_RECORD_FINISHED_INIT || type == EV_RECORD_AUXTRACE;
}

static void *walk_part(void *argument)
{
	struct part *part = argument;
	struct ev_raw raws[BATCH];
	for (;;) {
		part->ended = ev_reader_tell(part->reader);
		int count = next_records(part->reader, raws, NULL);
		if (count <= 0)
			return NULL;
		for (int i = 0; i < count; i++, part->count++) {
			if (raws[i].type == PERF_RECORD_SAMPLE) {
				take_sample(&part->walk, &raws[i]);
			} else if (is_harmless(raws[i].type)) {
				keep(part, &raws[i]);
			} else {
				part->ended = raws[i].offset;
				return NULL;
			}
		}
	}
}

static int part_open(struct part *part, const struct loaded *loaded, uint64_t from, uint64_t to,
		     bool needs_times)
{
	part->from = from;
	part->walk = (struct walk){ .needs_times = needs_times, .cuts = &part->cuts };
	*ev_array_add(&part->cuts) = from;
	part->walk.decoder = ev_decoder_open(loaded->recording);
	return ev_reader_part(loaded->reader, from, to, &part->reader, NULL);
}

static void part_close(struct part *part)
{
	ev_decoder_close(part->walk.decoder);
	ev_reader_close(part->reader);
	ev_array_done(&part->cuts);
	ev_buffer_done(&part->kept);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

struct whole {
	struct loaded *loaded;
	struct walk walk;
	size_t events; /* that the decoder knows */
};

static void take_record(struct whole *whole, const struct ev_raw *raw)
{
	struct loaded *loaded = whole->loaded;
	struct ev_record record;
	if (ev_decode(whole->walk.decoder, raw, &record)) {
		loaded->profile->quality.damaged_records++;
		return;
	}
	count_loss(&loaded->profile->quality, &record);
	if (loaded->groups)
		sample_groups_add(loaded->groups, &record);
	ev_space_set_add(loaded->spaces, &record);
}

/* To the end, or to behind a first sample; 1, 0 or -errno. */
static int walk_on(struct whole *whole, bool to_sample, struct ev_err *damage)
{
	struct loaded *loaded = whole->loaded;
	struct ev_raw raws[BATCH];
	bool sampled = false;
	int count = 1;
	while (!(to_sample && sampled) &&
	       (count = next_records(loaded->reader, raws, damage)) > 0) {
		/* A stream names its events as it goes. */
		if (!whole->walk.decoder || loaded->recording->event_count != whole->events) {
			ev_decoder_close(whole->walk.decoder);
			whole->walk.decoder = ev_decoder_open(loaded->recording);
			whole->events = loaded->recording->event_count;
		}
		for (int i = 0; i < count; i++) {
			if (raws[i].type == PERF_RECORD_SAMPLE)
				take_sample(&whole->walk, &raws[i]);
			else
				take_record(whole, &raws[i]);
			sampled |= raws[i].type == PERF_RECORD_SAMPLE;
		}
	}
	return count > 0 ? 1 : count;
}

/* What a part found, all before it being right. */
static void take_part(struct whole *whole, const struct part *part)
{
	for (size_t at = 0; at < part->kept.size_bytes;) {
		const struct perf_event_header *header =
			(const void *)((const char *)part->kept.bytes + at);
		struct ev_raw raw = { .header = header, .size_bytes = header->size };
		raw.type = header->type;
		raw.misc = header->misc;
		at += (raw.size_bytes + 7) & ~(size_t)7;
		take_record(whole, &raw);
	}
	whole->loaded->profile->quality.damaged_records += part->damaged;
	for (size_t i = 0; i < part->cuts.count; i++)
		*ev_array_add(whole->walk.cuts) = part->cuts.items[i];
	if (part->walk.times.first_ns)
		widen(&whole->walk.times, part->walk.times.first_ns);
	if (part->walk.times.last_ns)
		widen(&whole->walk.times, part->walk.times.last_ns);
}

/* Where parts begin, the first one here, the others by guess; how many, 0 = there is no need. */
static size_t find_parts(const struct loaded *loaded, size_t threads, uint64_t begins[PARTS_MAX])
{
	uint64_t begin = ev_reader_tell(loaded->reader), end = ev_reader_end(loaded->reader);
	size_t count = threads < PARTS_MAX ? threads : PARTS_MAX, kept = 1;
	/* What parts keep for later is decoded as native. */
	if (!ev_reader_can_split(loaded->reader) || loaded->recording->swapped || end < begin)
		return 0;
	if ((end - begin) / PART_BYTES < count)
		count = (size_t)((end - begin) / PART_BYTES);
	begins[0] = begin;
	for (size_t i = 1; i < count; i++) {
		uint64_t from = begin + ((end - begin) / count * i & ~(uint64_t)7);
		from = ev_reader_guess(loaded->reader, from);
		if (from == UINT64_MAX || from <= begins[kept - 1])
			break;
		begins[kept++] = from;
	}
	return kept > 1 ? kept : 0;
}

static void walk_in_parts(struct whole *whole, size_t threads)
{
	struct ev_reader *reader = whole->loaded->reader;
	uint64_t begins[PARTS_MAX], here = ev_reader_tell(reader);
	size_t count = find_parts(whole->loaded, threads, begins);
	struct part *parts = ev_alloc((count + 1) * sizeof(*parts));
	int rc = 0;
	for (size_t i = 0; i < count; i++)
		rc |= part_open(&parts[i], whole->loaded, begins[i],
				i + 1 < count ? begins[i + 1] : UINT64_MAX,
				whole->walk.needs_times);
	for (size_t i = 1; i < count && !rc; i++)
		parts[i].started = !pthread_create(&parts[i].thread, NULL, walk_part, &parts[i]);
	if (count && !rc)
		walk_part(&parts[0]);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].started)
			pthread_join(parts[i].thread, NULL);
		if (rc || here != parts[i].from)
			continue;
		if (i && !parts[i].started)
			walk_part(&parts[i]);
		take_part(whole, &parts[i]);
		here = parts[i].ended;
		ev_reader_skip_to(reader, here, parts[i].count);
	}
	for (size_t i = 0; i < count; i++)
		part_close(&parts[i]);
	free(parts);
}

void walk_sideband(struct loaded *loaded, offsets *cuts, bool needs_times, size_t threads)
{
	struct whole whole = { .loaded = loaded,
			       .walk = { .cuts = cuts, .needs_times = needs_times } };
	struct ev_recording *recording = loaded->recording;
	struct ev_err damage = { 0 };
	*ev_array_add(cuts) = ev_reader_tell(loaded->reader);
	int rc = walk_on(&whole, threads > 1, &damage);
	if (rc > 0 && threads > 1)
		walk_in_parts(&whole, threads);
	if (rc >
	    0) /* whatever is left, be it only the end, which tells whether the file is whole */
		rc = walk_on(&whole, false, &damage);
	if (rc < 0)
		loaded->partial = ev_printf("%s", damage.text);
	if (needs_times) {
		recording->first_time_ns = whole.walk.times.first_ns;
		recording->last_time_ns = whole.walk.times.last_ns;
	}
	ev_decoder_close(whole.walk.decoder);
	*ev_array_add(cuts) = UINT64_MAX;
	ev_space_set_build_ids(loaded->spaces, recording);
	ev_space_set_ready(loaded->spaces);
}
