/* How often is sampled changes while it is sampled: at a command, or at random. What a sample then
 * counts for stays right, also where the kernel goes on telling the old period. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <linux/perf_event.h>
#include <evprof/perfdata.h>
#include "sampler.h"
#include "syscalls.h"

#define SECOND_NS UINT64_C(1000000000)
/* Each change cuts off the period that is under way: so many samples of a counter between two keep
 * that below half a percent. */
#define SAMPLES_BETWEEN 200

static size_t places_of(const struct ev_sampler *sampler)
{
	return sampler->ring_count * sampler->tid_count;
}

int ev_sampler_steer(struct ev_sampler *sampler, struct ev_err *err)
{
	size_t count = sampler->event_count * places_of(sampler);
	if (sampler->rates)
		return 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t id = 0;
		int rc = sampler->fds[i] < 0
				 ? 0
				 : ev_sys_ioctl(sampler->fds[i], PERF_EVENT_IOC_ID, &id);
		if (rc < 0)
			return ev_fail(err, -rc, "cannot ask for the id of an event: %s",
				       strerror(-rc));
		if (id)
			*ev_map_add(&sampler->place_of_id, id, 0, NULL) = (uint32_t)i + 1;
	}
	sampler->rates = ev_alloc((count + 1) * sizeof(*sampler->rates));
	return 0;
}

/* ---- what samples count for
 * ----------------------------------------------------------------------
 */

/* The counter that a sample is of; NULL for one that was inherited, and has the rate of the time it
 * was made at. A task that has forked may run on such a one itself: the kernel swaps the counters
 * of tasks that have the same ones, rather than to switch them. */
static struct ev_sampler_rate *rate_of(struct ev_sampler *sampler, const uint8_t *record,
				       size_t size_bytes, size_t *period_at)
{
	static const uint64_t before_stream = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |
					      PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
					      PERF_SAMPLE_ADDR | PERF_SAMPLE_ID;
	static const uint64_t before_period =
		before_stream | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU;
	struct ev_cursor in = ev_cursor_of(record, size_bytes, false);
	ev_cursor_skip(&in, sizeof(struct perf_event_header));
	uint64_t id = ev_cursor_u64(&in);
	const uint32_t *event = ev_map_find(&sampler->event_of_id, id, 0);
	if (!event || !*event)
		return NULL;
	uint64_t type = sampler->events[*event - 1].opening.attr.sample_type;
	*period_at = sizeof(struct perf_event_header) +
		     8 * (size_t)__builtin_popcountll(type & before_period);
	if (!(type & PERF_SAMPLE_IDENTIFIER) || !(type & PERF_SAMPLE_PERIOD) ||
	    *period_at + 8 > size_bytes)
		return NULL;
	if (type & PERF_SAMPLE_STREAM_ID) {
		ev_cursor_skip(&in, 8 * (size_t)__builtin_popcountll(type & before_stream) - 8);
		id = ev_cursor_u64(&in);
	}
	const uint32_t *place = ev_map_find(&sampler->place_of_id, id, 0);
	return place && *place ? &sampler->rates[*place - 1] : NULL;
}

void ev_sampler_passed(struct ev_sampler *sampler, size_t recorded, uint32_t cpu, uint32_t tid)
{
	size_t ring = 0, at = 0;
	if (!sampler->rates)
		return;
	while (ring < sampler->ring_count && sampler->rings[ring].cpu != (int)cpu)
		ring++;
	while (at < sampler->tid_count && sampler->tids[at] != tid &&
	       sampler->tids[at] != UINT32_MAX)
		at++;
	if (ring == sampler->ring_count || at == sampler->tid_count)
		return;
	for (size_t event = 0; event < sampler->event_count; event++)
		if (event / sampler->listed == sampler->size &&
		    ev_sampler_recorded(sampler, event) == recorded)
			sampler->rates[event * places_of(sampler) + ring * sampler->tid_count + at]
				.samples++;
}

uint8_t *ev_sampler_own(struct ev_sampler *sampler, const void *bytes, size_t size_bytes)
{
	if (bytes != sampler->owned.bytes) {
		sampler->owned.size_bytes = 0;
		ev_buffer_add(&sampler->owned, bytes, size_bytes);
	}
	return sampler->owned.bytes;
}

const void *ev_sampler_weigh(struct ev_sampler *sampler, size_t ring, const void *bytes,
			     size_t size_bytes)
{
	uint64_t from = sampler->rings[ring].tail;
	if (!sampler->rates)
		return bytes;
	uint8_t *copy = ev_sampler_own(sampler, bytes, size_bytes);
	struct ev_raw raw;
	for (size_t at = 0, next = 0; ev_records_next(copy, size_bytes, &next, &raw); at = next) {
		size_t period_at;
		struct ev_sampler_rate *rate =
			raw.type != PERF_RECORD_SAMPLE
				? NULL
				: rate_of(sampler, copy + at, raw.size_bytes, &period_at);
		uint64_t period = !rate                          ? 0
				  : from + at < rate->changed_at ? rate->period_before
								 : rate->period;
		if (rate)
			rate->samples++;
		if (period)
			memcpy(copy + at + period_at, &period, sizeof(period));
	}
	return copy;
}

/* ---- changing
 * ------------------------------------------------------------------------------------
 */

/* The kernel makes a fixed period of a clock's frequency, once. */
static bool is_clock_by_rate(const struct perf_event_attr *attr)
{
	return attr->freq && ev_attr_is_clock(attr);
}

/* One counter, which samples by `value`: a frequency where its event has one, else a period. */
static int tell_kernel(struct ev_sampler *sampler, size_t event, size_t place, uint64_t value,
		       struct ev_err *err)
{
	const struct perf_event_attr *attr = &sampler->events[event].opening.attr;
	size_t index = event * places_of(sampler) + place;
	uint64_t told = is_clock_by_rate(attr) ? SECOND_NS / value : value;
	if (sampler->fds[index] < 0)
		return 0;
	int rc = ev_sys_ioctl(sampler->fds[index], PERF_EVENT_IOC_PERIOD, &told);
	if (rc < 0)
		return ev_fail(err, -rc, "the kernel does not let %s be sampled so often: %s",
			       sampler->events[event].event->name, strerror(-rc));
	struct ev_sampler_rate *rate = &sampler->rates[index];
	const struct perf_event_mmap_page *control =
		sampler->rings[place / sampler->tid_count].base;
	rate->samples = 0;
	if (!ev_attr_is_clock(attr))
		return 0;
	/* A clock goes on telling the period it was opened with. What waits was sampled before: the
	 * next sample is at least a new period away. */
	rate->period_before = rate->period;
	rate->period = told;
	rate->changed_at = control ? __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE) : 0;
	return 0;
}

/* Only where every sample says what it counts for, and which counter it is of. */
static bool has_own_weight(const struct ev_sampler *sampler, size_t event)
{
	const struct ev_sampled_event *sampled = &sampler->events[event];
	const struct perf_event_attr *attr = &sampled->opening.attr;
	return sampled->event && !sampled->counted && attr->sample_type & PERF_SAMPLE_PERIOD &&
	       attr->sample_type & PERF_SAMPLE_IDENTIFIER &&
	       (!attr->inherit || attr->sample_type & PERF_SAMPLE_STREAM_ID);
}

int ev_sampler_frequency(struct ev_sampler *sampler, uint64_t frequency_hz, size_t *changed,
			 struct ev_err *err)
{
	int rc = ev_sampler_check_rate(frequency_hz, err);
	*changed = 0;
	if (!frequency_hz || frequency_hz > SECOND_NS / 10000)
		rc = ev_fail(err, EINVAL, "1 to 100000 samples per second can be had");
	if (!rc)
		rc = ev_sampler_steer(sampler, err);
	for (size_t event = 0; event < sampler->event_count && !rc; event++) {
		struct perf_event_attr *attr = &sampler->events[event].opening.attr;
		if (!attr->freq || !has_own_weight(sampler, event))
			continue;
		for (size_t place = 0; place < places_of(sampler) && !rc; place++)
			rc = tell_kernel(sampler, event, place, frequency_hz, err);
		if (!rc)
			attr->sample_freq = frequency_hz;
		*changed += event < sampler->listed;
	}
	if (!rc && !*changed)
		rc = ev_fail(err, EINVAL, "no event here is sampled by frequency");
	return rc;
}

/* ---- at random
 * -----------------------------------------------------------------------------------
 */

uint64_t ev_jittered(uint64_t value, unsigned percent, uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15); /* Weyl's sequence, then mixed */
	uint64_t reach = value / 100 * percent + value % 100 * percent / 100;
	uint64_t result = value - reach + ev_hash64(*state) % (2 * reach + 1);
	return result ? result : 1;
}

/* Things that are counted one by one have a period of one, and no weight of their own else. */
static bool may_vary(const struct ev_sampler *sampler, size_t event)
{
	const struct perf_event_attr *attr = &sampler->events[event].opening.attr;
	return has_own_weight(sampler, event) && sampler->events[event].leader == event &&
	       (attr->freq || attr->sample_period > 1);
}

bool ev_sampler_may_jitter(const struct ev_sampler *sampler)
{
	for (size_t event = 0; event < sampler->event_count; event++)
		if (may_vary(sampler, event))
			return true;
	return false;
}

int ev_sampler_jitter(struct ev_sampler *sampler, unsigned percent, uint64_t *state,
		      struct ev_err *err)
{
	int rc = ev_sampler_steer(sampler, err);
	for (size_t event = 0; event < sampler->event_count && !rc; event++) {
		const struct perf_event_attr *attr = &sampler->events[event].opening.attr;
		uint64_t value = attr->freq ? attr->sample_freq : attr->sample_period;
		if (!may_vary(sampler, event))
			continue;
		for (size_t place = 0; place < places_of(sampler) && !rc; place++) {
			size_t index = event * places_of(sampler) + place;
			if (sampler->rates[index].samples < SAMPLES_BETWEEN)
				continue;
			uint64_t now = ev_jittered(value, percent, state);
			/* Where the frequency is as high as it may be it only falls. */
			if (attr->freq && ev_sampler_check_rate(now, NULL))
				now = value;
			rc = tell_kernel(sampler, event, place, now, err);
		}
	}
	return rc;
}
