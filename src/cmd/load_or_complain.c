/* A recording that a verb cannot show becomes the sentence that says why, and the way out. */
#include <errno.h>
#include <string.h>
#include "load.h"
#include "options.h"

bool load_tells_cpus(const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & PERF_SAMPLE_CPU)
			return true;
	return false;
}

int load_or_complain(const struct verb *verb, struct loaded *loaded, const char *path,
		     const struct load_options *options)
{
	struct ev_err err = { 0 };
	int rc = load(loaded, path, options, &err);
	if (rc == -ENOENT && !strcmp(path, "perf.data"))
		return complain_text(verb, STATUS_FAILED,
				     "there is no perf.data here; make one with: evprof record "
				     "./program");
	if (rc)
		return complain(verb, &err, STATUS_FAILED);
	if (!options->by_cpu || load_tells_cpus(loaded->recording))
		return 0;
	loaded_done(loaded);
	return complain_text(verb, STATUS_FAILED,
			     "'%s' does not tell CPUs: record with --sample-cpu, or the whole "
			     "machine with -a",
			     path);
}
