/* The bytes of a sample -> the few numbers that a profile needs, by word positions that were worked
 * out once. */
#include <string.h>
#include "layout.h"

/* The event of a sample, -1 where that takes more than a look. */
static inline int event_of(const struct ev_decoder *decoder, const uint64_t *words, size_t count)
{
	const struct ev_recent_id *recent;
	size_t word;

	if (decoder->event_count == 1)
		return 0;
	if (decoder->id_word_count != 1)
		return -1;
	word = (size_t)decoder->id_words[0];
	if (word >= count)
		return -1;
	recent = &decoder->recent[words[word] % EV_LENGTH(decoder->recent)];
	return recent->id == words[word] ? (int)recent->event_plus1 - 1 : -1;
}

/* What stands behind the fixed fields of a brief layout. False where it is damaged. */
static bool decode_rest(const struct ev_layout *layout, const uint64_t *words, size_t count,
			bool with_chain, struct ev_brief *brief)
{
	bool weighs = layout->sample_type & PERF_SAMPLE_WEIGHT;
	if (layout->sample_type & PERF_SAMPLE_CALLCHAIN) {
		uint64_t length;

		if (!with_chain && !weighs)
			return true;
		if (!count || *words > count - 1)
			return false;
		length = *words++;
		if (with_chain) {
			brief->chain_count = (size_t)length;
			brief->chain = words;
		}
		words += length;
		count -= (size_t)length + 1;
	}
	if (weighs && !count)
		return false;
	brief->has_weight = weighs;
	if (weighs)
		brief->weight = *words;
	return true;
}

bool ev_decode_brief(struct ev_decoder *decoder, const struct ev_raw *raw, bool with_chain,
		     struct ev_brief *brief)
{
	const uint64_t *words = (const uint64_t *)(const void *)(raw->header + 1);
	size_t count = (raw->size_bytes - sizeof(*raw->header)) / sizeof(*words);
	const struct ev_layout *layout;
	int event;

	if (decoder->recording->swapped || decoder->event_count != decoder->recording->event_count)
		return false;
	event = event_of(decoder, words, count);
	if (event < 0)
		return false;
	layout = &decoder->layouts[event];
	if (count < layout->fixed_bytes / 8 || (with_chain && !layout->is_brief))
		return false;
	*brief = (struct ev_brief){ .event = event };
	if (layout->ip_word >= 0)
		brief->ip = words[layout->ip_word];
	if (layout->tid_word >= 0) {
		uint32_t ids[2];

		memcpy(ids, &words[layout->tid_word], sizeof(ids));
		brief->pid = ids[0];
		brief->tid = ids[1];
	}
	if (layout->time_word >= 0)
		brief->time_ns = words[layout->time_word];
	brief->has_period = layout->period_word >= 0;
	if (brief->has_period)
		brief->period = words[layout->period_word];
	if (!layout->is_brief)
		return true;
	return decode_rest(layout, words + layout->fixed_bytes / 8, count - layout->fixed_bytes / 8,
			   with_chain, brief);
}
