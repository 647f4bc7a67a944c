/* How far a report can be trusted, in a line or two. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "report.h"

enum {
	WORTH_NAMING_PERCENT = 20, /* of unresolved samples */
	WORTH_TELLING_LATE = 5,    /* of samples out of order */
	WORTH_TELLING = 95,        /* a smaller share of the time */
};

/* One decimal, rounded down: what is not complete never reads 100 %. */
static void print_percent(FILE *out, uint64_t part, uint64_t whole)
{
	char number[48];
	double percent = floor(ev_percent(part, whole) * 10) / 10;
	fprintf(out, "%s%%", ev_format_fixed(number, sizeof(number), percent, 1));
}

static void print_count(FILE *out, const char *before, uint64_t count, const char *after)
{
	char number[32];
	fprintf(out, "%s%s%s", before, ev_format_grouped(number, sizeof(number), count), after);
}

static void print_worst(FILE *out, const struct ev_report *report, const char *prefix)
{
	const struct ev_named *named = report->named;
	struct ev_arena scratch = { 0 };
	fprintf(out, "%sUnresolved: ", prefix);
	for (size_t i = 0; i < report->worst_count; i++) {
		uint32_t object = report->worst[i].object;
		const char *name = object < named->object_count
					   ? ev_strings_text(named->profile->strings,
							     named->object_names[object])
					   : "[unknown]";
		const char *trouble = report->worst[i].trouble;
		fputs(i ? "; " : "", out);
		print_percent(out, report->worst[i].samples, named->profile->quality.samples);
		fprintf(out, " %s", ev_text_safe(&scratch, name));
		if (trouble)
			fprintf(out, " (%s)", ev_text_safe(&scratch, trouble));
	}
	putc('\n', out);
	ev_arena_done(&scratch);
}

static void print_notes(FILE *out, const struct ev_report *report, const char *prefix)
{
	struct ev_arena scratch = { 0 };
	const char *note = NULL;
	if (report->partial)
		fprintf(out, "%sPartial: %s\n", prefix, ev_text_safe(&scratch, report->partial));
	while (report->recording && (note = ev_recording_note(report->recording, "fallback", note)))
		fprintf(out, "%sNote: %s\n", prefix, ev_text_safe(&scratch, note));
	ev_arena_done(&scratch);
}

/* A clock that is not told of while the kernel runs goes on there. */
static bool skips_the_kernel(const struct ev_report *report)
{
	const struct ev_recording *recording = report->recording;
	for (size_t i = 0; recording && i < recording->event_count; i++) {
		const struct perf_event_attr *attr = &recording->events[i].attr;
		if (attr->type == PERF_TYPE_SOFTWARE && attr->sample_type & PERF_SAMPLE_READ &&
		    (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
		     attr->config == PERF_COUNT_SW_TASK_CLOCK) &&
		    attr->exclude_kernel && attr->sample_period)
			return true;
	}
	return false;
}

/* What is wrong with counts that were read with samples. */
static void print_reads(FILE *out, const struct ev_report *report, const char *prefix)
{
	const struct ev_reads_tally *reads = &report->reads;
	if (!reads->samples)
		return;
	if (report->named->profile->quality.lost)
		fprintf(out,
			"%sCounts: what lost samples counted is in the next sample of the same "
			"counters\n",
			prefix);
	if (skips_the_kernel(report))
		fprintf(out,
			"%sCounts: what was counted while the kernel ran is in the next sample of "
			"user space\n",
			prefix);
	if (reads->left_out || reads->disorder) {
		fprintf(out, "%sCounts: ", prefix);
		print_count(out, "", reads->left_out + reads->disorder, " of ");
		print_count(out, "", reads->samples,
			    reads->samples == 1 ? " sample has none: nothing to compare "
						: " samples have none: nothing to compare ");
		print_count(out, "", reads->left_out, " with, ");
		print_count(out, "", reads->disorder, " went backwards\n");
	}
	if (ev_percent(reads->late, reads->samples) > WORTH_TELLING_LATE) {
		fprintf(out, "%sCounts: ", prefix);
		print_count(out, "", reads->late, " of ");
		print_count(out, "", reads->samples,
			    reads->samples == 1 ? " sample is" : " samples are");
		fputs(" out of order; the next one has what was counted\n", out);
	}
	if (reads->enabled_ns && ev_percent(reads->running_ns, reads->enabled_ns) < WORTH_TELLING) {
		fprintf(out, "%sCounts: the group was on the hardware for ", prefix);
		print_percent(out, reads->running_ns, reads->enabled_ns);
		fputs(" of the time; ratios hold for that part\n", out);
	}
}

/* Of stacks that were unwound from copies: where those that are not complete ended. */
static void print_unwound(FILE *out, const struct ev_quality *quality, const char *prefix)
{
	uint64_t all = 0;
	bool any = false;
	for (size_t i = 0; i < EV_UNWOUND_END_COUNT; i++)
		all += quality->unwound[i];
	for (enum ev_unwound_end i = 0; i < EV_UNWOUND_END_COUNT; i++) {
		if (!quality->unwound[i] || !ev_unwound_words(i))
			continue;
		fputs(any ? ", " : prefix, out);
		fputs(any ? "" : "Stacks: ", out);
		print_percent(out, quality->unwound[i], all);
		fprintf(out, " %s", ev_unwound_words(i));
		any = true;
	}
	if (quality->guessed_frames) {
		fputs(any ? "; " : prefix, out);
		fputs(any ? "" : "Stacks: ", out);
		print_count(out, "", quality->guessed_frames,
			    quality->guessed_frames == 1 ? " frame" : " frames");
		fputs(" guessed, for want of unwind tables", out);
		any = true;
	}
	if (any)
		putc('\n', out);
}

static void print_aux(FILE *out, uint64_t aux_bytes, const char *prefix)
{
	fprintf(out, "%sTrace: ", prefix);
	print_count(out, "", aux_bytes,
		    " bytes of a processor's trace (AUX) are passed over; what it says of "
		    "instructions and branches is not in this report\n");
}

/* What the recorder said of stacks that were not looked at. */
static void print_recorded_stacks(FILE *out, const struct ev_report *report, const char *prefix)
{
	struct ev_arena scratch = { 0 };
	const char *note = report->recording && !report->stacks_loaded
				   ? ev_recording_note(report->recording, EV_NOTE_STACKS, NULL)
				   : NULL;
	if (note)
		fprintf(out, "%sStacks: %s\n", prefix, ev_text_safe(&scratch, note));
	ev_arena_done(&scratch);
}

static uint64_t left(uint64_t all, uint64_t without)
{
	return without < all ? all - without : 0;
}

const char *ev_report_simulated(const struct ev_report *report)
{
	return report->recording ? ev_recording_note(report->recording, EV_NOTE_SIMULATED, NULL)
				 : NULL;
}

void ev_print_simulated(FILE *out, const struct ev_report *report, const char *prefix)
{
	struct ev_arena scratch = { 0 };
	const char *model = ev_report_simulated(report);
	if (model)
		fprintf(out, "%sSimulated: exact counts of a model, nothing was measured (%s)\n",
			prefix, ev_text_safe(&scratch, model));
	ev_arena_done(&scratch);
}

/* One of several recordings. */
static void print_part(FILE *out, const struct ev_report_part *part, const char *prefix)
{
	const struct ev_quality *quality = part->quality;
	const char *host = part->recording ? part->recording->hostname : NULL;
	struct ev_arena scratch = { 0 };
	fprintf(out, "%s  %s", prefix, ev_text_safe(&scratch, part->path));
	if (host)
		fprintf(out, " (%s)", ev_text_safe(&scratch, host));
	print_count(out, ": ", quality->samples, quality->samples == 1 ? " sample" : " samples");
	if (quality->samples) {
		fputs(", ", out);
		print_percent(out, left(quality->samples, quality->unresolved), quality->samples);
		fputs(" resolved", out);
	}
	print_count(out, ", ", quality->lost, " lost\n");
	ev_arena_done(&scratch);
}

void ev_print_part_headers(FILE *out, const struct ev_report *report, bool full)
{
	struct ev_arena scratch = { 0 };
	for (size_t i = 0; i < report->part_count; i++) {
		fprintf(out, "# recording : %s\n", ev_text_safe(&scratch, report->parts[i].path));
		ev_print_header(out, report->parts[i].recording, full);
	}
	ev_arena_done(&scratch);
}

void ev_print_quality(FILE *out, const struct ev_report *report, const char *prefix)
{
	const struct ev_quality *quality = &report->named->profile->quality;
	uint64_t samples = quality->samples;
	ev_print_simulated(out, report, prefix);
	fprintf(out, "%sQuality", prefix);
	if (report->named->profile->of_branches)
		print_count(out, ": ", samples, samples == 1 ? " branch" : " branches");
	else
		print_count(out, ": ", samples, samples == 1 ? " sample" : " samples");
	if (samples) {
		fputs(", ", out);
		print_percent(out, left(samples, quality->unresolved), samples);
		fputs(" resolved", out);
	}
	bool imported =
		report->recording && ev_recording_note(report->recording, EV_NOTE_IMPORTED, NULL);
	if (imported)
		fputs(", imported", out);
	else if (report->recording && ev_recording_note(report->recording, EV_NOTE_COUNTED, NULL))
		fputs(", counted in the kernel", out);
	/* How another profiler's stacks ended is not known. */
	if (quality->with_stack && !imported) {
		fputs(", ", out);
		print_percent(out, left(quality->with_stack, quality->truncated_stacks),
			      quality->with_stack);
		fputs(" complete stacks", out);
	} else if (samples && !quality->with_stack && ev_report_has_chains(report)) {
		fputs(report->stacks_loaded ? ", no sample has a stack"
					    : ", stacks are there (-g shows them)",
		      out);
	}
	print_count(out, ", ", quality->lost, " lost");
	if (quality->throttled)
		print_count(out, ", throttled ", quality->throttled,
			    quality->throttled == 1 ? " time" : " times");
	if (quality->damaged_records)
		print_count(out, ", ", quality->damaged_records,
			    quality->damaged_records == 1 ? " damaged record" : " damaged records");
	putc('\n', out);
	for (size_t i = 0; i < report->part_count; i++)
		print_part(out, &report->parts[i], prefix);
	if (quality->aux_bytes)
		print_aux(out, quality->aux_bytes, prefix);
	print_unwound(out, quality, prefix);
	print_recorded_stacks(out, report, prefix);
	ev_print_waits(out, report, prefix);
	print_notes(out, report, prefix);
	print_reads(out, report, prefix);
	if (report->worst_count && ev_percent(quality->unresolved, samples) > WORTH_NAMING_PERCENT)
		print_worst(out, report, prefix);
}
