/* Differences made by hand, of the recordings old.data and new.data, with the words of
 * invented_report.h. */
#ifndef INVENTED_DIFF_H
#define INVENTED_DIFF_H

#include "invented_report.h"

struct invented_diff {
	struct invented it;
	struct ev_scatters scatters;
	struct ev_difference difference;
	struct ev_quality quality[2];
	struct ev_recording recordings[2];
	struct ev_report_part parts[2];
	double seconds[2];
	struct ev_diff diff;
	struct ev_diff_options options;
	bool of_stacks;
	struct ev_difference_options how;
};

static inline void invented_diff_open(struct invented_diff *made)
{
	*made = (struct invented_diff){
		.seconds = { 1, 1 },
		.how = { .compute = EV_COMPUTE_DELTA_ABS, .order = 1, .chance_share = 0.05 },
	};
	invented_open(&made->it);
	made->it.recording.events[0].name = "cycles";
}

static inline void invented_diff_add(struct invented_diff *made, const char *words, uint64_t old,
				     uint64_t new)
{
	if (old)
		invented_add_to(&made->it, 0, "prog", 7, words, old, old * 1000);
	if (new)
		invented_add_to(&made->it, 1, "prog", 7, words, new, new * 1000);
	made->quality[0].samples += old;
	made->quality[1].samples += new;
}

static inline const char *invented_diff_print(struct invented_diff *made, const char *keys,
					      const char *format)
{
	struct invented *it = &made->it;
	struct ev_err err = { 0 };
	it->profile->event_count = 2;
	invented_finish(it, keys, false, NULL);
	if (made->of_stacks)
		ev_stack_scatters(&made->scatters, &it->table, &it->named);
	else
		ev_table_scatters(&made->scatters, &it->table, &it->named);
	ev_difference_build(&made->difference, &it->table, &it->named, &made->scatters,
			    made->of_stacks, 0, 2, &made->how);
	for (size_t r = 0; r < 2; r++)
		made->parts[r] = (struct ev_report_part){ r ? "new.data" : "old.data",
							  &made->recordings[r], &made->quality[r] };
	made->diff = (struct ev_diff){
		.parts = made->parts,
		.seconds = made->seconds,
		.part_count = 2,
		.recording = &it->recording,
		.named = &it->named,
		.table = &it->table,
		.scatters = &made->scatters,
		.differences = &made->difference,
		.width = 1,
		.how = made->how,
	};
	FILE *out = open_memstream(&it->text, &it->text_bytes);
	assert_int_equal(ev_diff_format_find(format)->print(out, &made->diff, &made->options, &err),
			 0);
	fclose(out);
	return it->text;
}

static inline void invented_diff_done(struct invented_diff *made)
{
	ev_difference_done(&made->difference);
	ev_scatters_done(&made->scatters);
	for (size_t r = 0; r < 2; r++)
		ev_recording_done(&made->recordings[r]);
	invented_done(&made->it);
}

#endif
