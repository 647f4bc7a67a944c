/* What is counted of the records that pass. */
// wrap: ev_sys_read
#include "live.h"
#include "sampler.h"

static uint64_t answer[64];
static size_t answer_words;

ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes)
{
	(void)fd;
	assert_true(size_bytes >= answer_words * 8);
	memcpy(bytes, answer, answer_words * 8);
	return (ssize_t)(answer_words * 8);
}

static void put(struct ev_buffer *out, uint32_t type, const uint64_t *words, size_t count)
{
	struct perf_event_header header = { .type = type, .size = (uint16_t)(8 + 8 * count) };
	ev_buffer_add(out, &header, sizeof(header));
	ev_buffer_add(out, words, count * 8);
}

/* A sampler of one event of this layout, whose chains are cut off at 3 addresses. */
static struct ev_sampled_event sampled[2];
static struct ev_sampler sampler_of(uint64_t type, uint64_t read_format)
{
	memset(sampled, 0, sizeof(sampled));
	sampled[0].opening.attr.sample_type = type;
	sampled[0].opening.attr.read_format = read_format;
	return (struct ev_sampler){ .events = sampled, .event_count = 1, .depth_limit = 3 };
}

static uint64_t truncated(struct ev_sampler *sampler, const uint64_t *words, size_t count)
{
	struct ev_buffer bytes = { 0 };
	uint64_t before = sampler->tally.truncated_stacks;
	put(&bytes, PERF_RECORD_SAMPLE, words, count);
	ev_sampler_count(sampler, bytes.bytes, bytes.size_bytes);
	ev_buffer_done(&bytes);
	return sampler->tally.truncated_stacks - before;
}

static void records_are_counted_by_kind(void **state)
{
	(void)state;
	struct ev_sampler sampler = sampler_of(PERF_SAMPLE_IP, 0);
	struct ev_buffer bytes = { 0 };
	put(&bytes, PERF_RECORD_SAMPLE, (uint64_t[]){ 1 }, 1);
	put(&bytes, PERF_RECORD_LOST, (uint64_t[]){ 77, 5 }, 2);
	put(&bytes, 13, (uint64_t[]){ 7 }, 1);
	put(&bytes, PERF_RECORD_THROTTLE, (uint64_t[]){ 1, 2, 3 }, 3);
	put(&bytes, PERF_RECORD_SAMPLE, (uint64_t[]){ 2 }, 1);
	put(&bytes, PERF_RECORD_LOST, NULL, 0); /* too short for what it claims */
	ev_sampler_count(&sampler, bytes.bytes, bytes.size_bytes);
	assert_int_equal(sampler.tally.samples, 2);
	assert_int_equal(sampler.tally.lost, 12);
	assert_int_equal(sampler.tally.throttled, 1);
	assert_int_equal(sampler.tally.records, 6);
	assert_int_equal(sampler.tally.bytes, bytes.size_bytes);
	ev_buffer_done(&bytes);
}

static void a_chain_at_the_limit_is_cut_off(void **state)
{
	(void)state;
	const uint64_t user = PERF_CONTEXT_USER, kernel = PERF_CONTEXT_KERNEL;
	struct ev_sampler sampler = sampler_of(PERF_SAMPLE_IP | PERF_SAMPLE_TID |
						       PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN,
					       0);
	/* ip, tid, period, count, chain: markers are no addresses */
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 9, 9, 9, 4, user, 1, 2, 3 }, 8), 1);
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 9, 9, 9, 3, user, 1, 2 }, 7), 0);
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 9, 9, 9, 4, kernel, 1, user, 2 }, 8), 0);
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 9, 9, 9, 0 }, 4), 0);
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 9, 9, 9, 1ull << 60, user, 1 }, 6), 0);
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 9 }, 1), 0);
}

static void an_events_own_depth_counts(void **state)
{
	(void)state;
	struct ev_sampler sampler = sampler_of(PERF_SAMPLE_CALLCHAIN, 0);
	sampled[0].opening.attr.sample_max_stack = 2;
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 3, PERF_CONTEXT_USER, 1, 2 }, 4), 1);
}

static void group_counts_before_the_chain_are_stepped_over(void **state)
{
	(void)state;
	const uint64_t user = PERF_CONTEXT_USER;
	struct ev_sampler sampler = sampler_of(PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN,
					       PERF_FORMAT_GROUP | PERF_FORMAT_ID | EV_FORMAT_LOST);
	/* two members of value, id, lost; then the chain */
	const uint64_t words[] = { 2, 10, 1, 0, 20, 2, 0, 4, user, 1, 2, 3 };
	assert_int_equal(truncated(&sampler, words, EV_LENGTH(words)), 1);
	sampler = sampler_of(PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN,
			     PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED |
				     PERF_FORMAT_TOTAL_TIME_RUNNING);
	const uint64_t single[] = { 10, 5, 5, 1, 4, user, 1, 2, 3 };
	assert_int_equal(truncated(&sampler, single, EV_LENGTH(single)), 1);
}

static void events_of_other_layout_are_told_by_their_id(void **state)
{
	(void)state;
	const uint64_t user = PERF_CONTEXT_USER;
	struct ev_sampler sampler = sampler_of(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_CALLCHAIN, 0);
	sampled[1].opening.attr.sample_type =
		PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN;
	sampler.event_count = 2;
	sampler.uneven = true;
	*ev_map_add(&sampler.event_of_id, 100, 0, NULL) = 1;
	*ev_map_add(&sampler.event_of_id, 200, 0, NULL) = 2;
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 100, 4, user, 1, 2, 3 }, 6), 1);
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 200, 1, 4, user, 1, 2, 3 }, 7), 1);
	assert_int_equal(truncated(&sampler, (uint64_t[]){ 200, 4, 1, user, 1, 2, 3 }, 7), 0);
	ev_map_done(&sampler.event_of_id);
}

static void the_kernels_own_count_of_losses_wins_when_it_knows_more(void **state)
{
	(void)state;
	struct ev_sampler sampler = sampler_of(0, PERF_FORMAT_ID | EV_FORMAT_LOST);
	struct ev_sampler_tally tally;
	int fds[3] = { 5, -1, 6 };
	struct ev_ring rings[3] = { 0 };
	sampler.fds = fds;
	sampler.rings = rings;
	sampler.ring_count = 3;
	sampler.tid_count = 1;
	memcpy(answer, (uint64_t[]){ 1000, 1, 4 }, 24);
	answer_words = 3;
	ev_sampler_tally(&sampler, &tally);
	assert_int_equal(tally.lost, 8);
	sampler.tally.lost = 9;
	ev_sampler_tally(&sampler, &tally);
	assert_int_equal(tally.lost, 9);
	sampled[0].opening.attr.read_format |= PERF_FORMAT_GROUP;
	memcpy(answer, (uint64_t[]){ 2, 1000, 1, 30, 1000, 2, 12 }, 56);
	answer_words = 7;
	ev_sampler_tally(&sampler, &tally);
	assert_int_equal(tally.lost, 84);
	/* An older kernel's answer has no such word. */
	sampled[0].opening.attr.read_format = PERF_FORMAT_ID;
	ev_sampler_tally(&sampler, &tally);
	assert_int_equal(tally.lost, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_counted_by_kind),
		cmocka_unit_test(a_chain_at_the_limit_is_cut_off),
		cmocka_unit_test(an_events_own_depth_counts),
		cmocka_unit_test(group_counts_before_the_chain_are_stepped_over),
		cmocka_unit_test(events_of_other_layout_are_told_by_their_id),
		cmocka_unit_test(the_kernels_own_count_of_losses_wins_when_it_knows_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
