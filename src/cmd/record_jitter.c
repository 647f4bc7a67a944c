/* --jitter: after what was read from the rings, rates change a little, at random. */
#include <errno.h>
#include <unistd.h>
#include "record.h"
#include "record_reader.h"

#define USUAL_PERCENT 10
#define LARGEST_PERCENT 50

int record_parse_jitter(void *into, const char *value, struct ev_err *err)
{
	struct record_options *options = into;
	uint64_t percent = USUAL_PERCENT;
	if (value && (ev_parse_u64(value, &percent) || !percent || percent > LARGEST_PERCENT))
		return ev_fail(err, EINVAL, "--jitter takes 1 to %d percent, not '%s'",
			       LARGEST_PERCENT, value);
	options->jitter_percent = (unsigned)percent;
	return 0;
}

int record_jitter_check(const struct record_options *options, struct ev_err *err)
{
	const char *why = options->simulate.on ? "what a model counts varies by itself in nothing"
			  : options->bpf
				  ? "what is counted in the kernel would count for wrong periods"
				  : NULL;
	if (!options->jitter_percent || !why)
		return 0;
	return ev_fail(err, EINVAL, "--jitter is for samples taken one by one: %s", why);
}

int record_jitter_begin(struct record_run *run, struct ev_err *err)
{
	unsigned percent = run->options->jitter_percent;
	if (!percent)
		return 0;
	if (!ev_sampler_may_jitter(run->sampler))
		return ev_fail(err, EINVAL,
			       "--jitter: no event here is sampled by a frequency or period that "
			       "can vary");
	run->jitter_state = ev_now_ns() ^ (uint64_t)getpid() << 32;
	ev_recording_add_note(&run->recording, "jitter",
			      "frequencies and periods varied by up to %u %% at random", percent);
	return 0;
}

int record_jitter(struct record_run *run, struct ev_err *err)
{
	int rc;
	if (!run->options->jitter_percent)
		return 0;
	if (run->reader)
		record_reader_pause(run->reader);
	rc = ev_sampler_jitter(run->sampler, run->options->jitter_percent, &run->jitter_state, err);
	if (run->reader)
		record_reader_resume(run->reader);
	return rc;
}
