/* Records pass from the rings to whoever takes them, and are counted on the way. */
#include <errno.h>
#include <string.h>
#include <evprof/perfdata.h>
#include "sampler.h"
#include "syscalls.h"

#define RECORD_LOST_SAMPLES 13

/* ---- call chains cut off ------------------------------------------------------------------------
 */

static uint64_t word_at(const uint8_t *record, size_t size_bytes, size_t offset)
{
	uint64_t word = 0;
	if (offset + sizeof(word) <= size_bytes)
		memcpy(&word, record + offset, sizeof(word));
	return word;
}

/* Bytes of a READ field that begins at `offset`. */
static size_t read_bytes(const uint8_t *record, size_t size_bytes, size_t offset, uint64_t format)
{
	size_t words = !!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
		       !!(format & PERF_FORMAT_TOTAL_TIME_RUNNING);
	size_t each = 1 + !!(format & PERF_FORMAT_ID) + !!(format & EV_FORMAT_LOST);
	uint64_t count = 1;
	if (format & PERF_FORMAT_GROUP) {
		count = word_at(record, size_bytes, offset);
		words++;
	}
	if (count > size_bytes / 8)
		count = size_bytes / 8;
	return (words + (size_t)count * each) * 8;
}

/* The event that a sample belongs to. */
static const struct ev_sampled_event *event_of(const struct ev_sampler *sampler,
					       const uint8_t *record, size_t size_bytes)
{
	const struct ev_sampled_event *first = &sampler->events[0];
	if (!sampler->uneven)
		return first;
	uint64_t id = word_at(record, size_bytes, sizeof(struct perf_event_header));
	const uint32_t *index = ev_map_find(&sampler->event_of_id, id, 0);
	return index && *index ? &sampler->events[*index - 1] : first;
}

/* A chain as long as the kernel allows has lost its outer callers. */
static bool is_cut_off(const struct ev_sampler *sampler, const uint8_t *record, size_t size_bytes)
{
	/* Fields before READ and CALLCHAIN are 8 bytes each. */
	static const uint64_t fixed = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				      PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
				      PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;
	const struct perf_event_attr *attr = &event_of(sampler, record, size_bytes)->opening.attr;
	uint64_t type = attr->sample_type, limit = attr->sample_max_stack;
	if (!(type & PERF_SAMPLE_CALLCHAIN))
		return false;
	size_t at =
		sizeof(struct perf_event_header) + 8 * (size_t)__builtin_popcountll(type & fixed);
	if (type & PERF_SAMPLE_READ)
		at += read_bytes(record, size_bytes, at, attr->read_format);
	uint64_t count = word_at(record, size_bytes, at), addresses = 0;
	limit = limit ? limit : sampler->depth_limit;
	if (count < limit || count > size_bytes / 8)
		return false;
	for (uint64_t i = 1; i <= count; i++)
		addresses += word_at(record, size_bytes, at + 8 * i) < PERF_CONTEXT_MAX;
	return addresses >= limit;
}

/* ---- counting ----------------------------------------------------------------------------------
 */

void ev_sampler_count(struct ev_sampler *sampler, const void *bytes, size_t size_bytes)
{
	struct ev_sampler_tally *tally = &sampler->tally;
	struct ev_raw raw;
	tally->bytes += size_bytes;
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);) {
		const uint8_t *record = (const uint8_t *)raw.header;
		tally->records++;
		switch (raw.type) {
		case PERF_RECORD_SAMPLE:
			tally->samples++;
			tally->truncated_stacks += is_cut_off(sampler, record, raw.size_bytes);
			break;
		case PERF_RECORD_LOST: /* header, id, lost */
			tally->lost += word_at(record, raw.size_bytes, 16);
			break;
		case RECORD_LOST_SAMPLES: /* header, lost */
			tally->lost += word_at(record, raw.size_bytes, 8);
			break;
		case PERF_RECORD_THROTTLE:
			tally->throttled++;
			break;
		case PERF_RECORD_EXIT:
			tally->ended_threads++;
			break;
		}
	}
}

/* ---- what was meant for others --------------------------------------------------------------- */

/* Of a mapping, Linux tells each listener in turn, and leaves the bit for build-ids set behind one
 * who asked for them: for those who did not, device and inode would be read as a build-id. */
static const void *without_build_ids(struct ev_sampler *sampler, const void *bytes,
				     size_t size_bytes)
{
	struct ev_raw raw;
	if (!sampler->no_build_ids)
		return bytes;
	uint8_t *copy = ev_sampler_own(sampler, bytes, size_bytes);
	for (size_t at = 0, next = 0; ev_records_next(copy, size_bytes, &next, &raw); at = next) {
		struct perf_event_header *header = (void *)(copy + at);
		if (raw.type == PERF_RECORD_MMAP2)
			header->misc &= (uint16_t)~PERF_RECORD_MISC_MMAP_BUILD_ID;
	}
	return copy;
}

struct taking {
	struct ev_sampler *sampler;
	size_t ring;
	ev_take_records take;
	void *context;
};

static int take_and_count(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct taking *taking = context;
	bytes = ev_sampler_weigh(taking->sampler, taking->ring, bytes, size_bytes);
	bytes = ev_sampler_mark(taking->sampler, bytes, size_bytes);
	bytes = without_build_ids(taking->sampler, bytes, size_bytes);
	int rc = taking->take(taking->context, bytes, size_bytes, err);
	if (!rc)
		ev_sampler_count(taking->sampler, bytes, size_bytes);
	return rc;
}

int ev_sampler_drain(struct ev_sampler *sampler, ev_take_records take, void *context,
		     struct ev_err *err)
{
	struct taking taking = { .sampler = sampler, .take = take, .context = context };
	int rc = 0;
	ev_sampler_settle(sampler);
	for (taking.ring = 0; taking.ring < sampler->ring_count && !rc; taking.ring++)
		rc = ev_ring_drain(&sampler->rings[taking.ring], &sampler->copy, take_and_count,
				   &taking, err);
	return rc;
}

/* What the kernel says was lost by one descriptor (of a group: by all its members). */
static uint64_t lost_of(int fd, uint64_t format)
{
	uint64_t words[512], lost = 0;
	size_t times = !!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
		       !!(format & PERF_FORMAT_TOTAL_TIME_RUNNING);
	ssize_t got = ev_sys_read(fd, words, sizeof(words));
	size_t count = got > 0 ? (size_t)got / 8 : 0;
	/* ID comes before LOST, which is the last word of each value. */
	if (!(format & PERF_FORMAT_GROUP))
		return count >= times + 3 ? words[times + 2] : 0;
	for (size_t at = 1 + times; at + 3 <= count; at += 3)
		lost += words[at + 2];
	return lost;
}

void ev_sampler_tally(struct ev_sampler *sampler, struct ev_sampler_tally *tally)
{
	size_t places = sampler->ring_count * sampler->tid_count;
	uint64_t lost = 0;
	*tally = sampler->tally;
	for (size_t i = 0; i < sampler->event_count; i++) {
		const struct ev_sampled_event *sampled = &sampler->events[i];
		uint64_t format = sampled->opening.attr.read_format;
		bool told_by_leader = format & PERF_FORMAT_GROUP && sampled->leader != i;
		if (!(format & EV_FORMAT_LOST) || told_by_leader)
			continue;
		for (size_t place = 0; place < places; place++)
			if (sampler->fds[i * places + place] >= 0)
				lost += lost_of(sampler->fds[i * places + place], format);
	}
	/* Records tell of losses only once there is room again; the counters know all. */
	if (lost > tally->lost)
		tally->lost = lost;
}
