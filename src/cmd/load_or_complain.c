/* A recording that a verb cannot show becomes the sentence that says why, and the way out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/import.h>
#include "load.h"
#include "options.h"

bool load_tells_cpus(const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & PERF_SAMPLE_CPU)
			return true;
	return false;
}

/* By its first bytes: another profiler's file? */
static enum ev_import_format foreign_format(const char *path)
{
	static const size_t looked_at = 65536;
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : NULL;
	enum ev_import_format format = EV_IMPORT_UNKNOWN;
	if (!file)
		return format;
	char *bytes = ev_alloc(looked_at);
	format = ev_import_detect(bytes, fread(bytes, 1, looked_at, file));
	free(bytes);
	fclose(file);
	return format;
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
	if (rc == -EINVAL && foreign_format(path) != EV_IMPORT_UNKNOWN)
		return complain_text(verb, STATUS_FAILED,
				     "'%s' is no recording but %s; make one of it with: evprof "
				     "import %s",
				     path, ev_import_format_words(foreign_format(path)), path);
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
