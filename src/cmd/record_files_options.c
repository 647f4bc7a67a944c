/* --switch-output, --switch-max-files and --keep, as text, become when files are begun and how much
 * is kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"
#include "record_files_state.h"

/* "30s", "5m", "2h", "1d", as perf has it. */
static bool take_time(const char *text, uint64_t *ns)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	double number = strtod(text, &end);
	for (size_t i = 0; i < EV_LENGTH(units); i++)
		if (*end == units[i].unit && !end[1] && number > 0 && number < 1e6) {
			*ns = (uint64_t)(number * (double)units[i].seconds * 1e9);
			return *ns;
		}
	return false;
}

/* With its unit: a bare number is neither. */
static bool take_size(const char *text, uint64_t *bytes)
{
	size_t digits = strspn(text, "0123456789");
	return digits && text[digits] && !ev_parse_size(text, bytes) && *bytes;
}

int record_parse_switch(void *into, const char *value, struct ev_err *err)
{
	struct record_files_options *files = &((struct record_options *)into)->files;
	files->switches = true;
	files->by = RECORD_SWITCH_BY_SIGNAL;
	if (!value || !strcmp(value, "signal"))
		return 0;
	if (take_time(value, &files->switch_ns))
		files->by = RECORD_SWITCH_BY_TIME;
	else if (take_size(value, &files->switch_bytes))
		files->by = RECORD_SWITCH_BY_SIZE;
	else
		return ev_fail(err, EINVAL,
			       "--switch-output takes signal, a size such as 10M, or a time such "
			       "as 30s, 5m, 2h, 1d, not '%s'",
			       value);
	return 0;
}

int record_parse_most(void *into, const char *value, struct ev_err *err)
{
	struct record_files_options *files = &((struct record_options *)into)->files;
	files->most_given = true;
	if (ev_parse_u64(value, &files->most) || files->most > 1000000)
		return ev_fail(err, EINVAL, "--switch-max-files takes a number, not '%s'", value);
	return 0;
}

int record_parse_keep(void *into, const char *value, struct ev_err *err)
{
	struct record_files_options *files = &((struct record_options *)into)->files;
	char *parts = ev_strdup(value), *rest = parts, *part;
	int rc = 0;
	files->keep_ns = files->keep_bytes = 0;
	while (!rc && (part = strsep(&rest, ",")))
		if (!(!files->keep_ns && take_time(part, &files->keep_ns)) &&
		    !(!files->keep_bytes && take_size(part, &files->keep_bytes)))
			rc = ev_fail(err, EINVAL,
				     "--keep takes a time such as 60s or 5m, a size such as 64M, "
				     "or both, not '%s'",
				     value);
	free(parts);
	if (!rc && files->keep_bytes && files->keep_bytes < 65536)
		rc = ev_fail(err, EINVAL, "--keep of less than 64K keeps nothing");
	return rc;
}

/* ---- what goes together -------------------------------------------------------------------------
 */

struct clash {
	bool there;
	const char *what, *why;
};

static int refuse_first(const struct clash *clashes, size_t count, const char *option,
			struct ev_err *err)
{
	for (size_t i = 0; i < count; i++)
		if (clashes[i].there)
			return ev_fail(err, EINVAL, "%s does not go with %s: %s", clashes[i].what,
				       option, clashes[i].why);
	return 0;
}

static int check_memory(const struct record_options *options, struct ev_err *err)
{
	const struct record_files_options *files = &options->files;
	const struct clash clashes[] = {
		{ files->by == RECORD_SWITCH_BY_SIZE, "--switch-output=SIZE",
		  "no file grows while it is kept in memory; --keep bounds that" },
		{ options->max_size_bytes, "--max-size",
		  "no file grows while it is kept in memory; --keep bounds that" },
		{ files->switch_event, "--switch-output-event",
		  "--snapshot-when 'EVENT>0' says the same" },
	};
	return refuse_first(clashes, EV_LENGTH(clashes), "--overwrite", err);
}

int record_files_check(const struct record_options *options, struct ev_err *err)
{
	const struct record_files_options *files = &options->files;
	bool memory = files->overwrite || (files->when && !files->switches);
	bool several = files->switches || files->switch_event;
	const char *option = memory ? "--overwrite" : "--switch-output";
	const struct clash clashes[] = {
		{ record_is_stream(options->output), "a pipe or device", "several files are made" },
		{ options->simulate.on, "--simulate", "what a model counts is told at the end" },
		{ options->wall, "--wall",
		  "it tells what the whole life of each thread went into; --off-cpu tells waits "
		  "one by one" },
	};
	if (!memory && (files->keep_ns || files->keep_bytes))
		return ev_fail(err, EINVAL,
			       "--keep says how much --overwrite keeps: add that, or leave it out");
	if (files->stamped && record_is_stream(options->output))
		return ev_fail(err, EINVAL, "--timestamp-filename names a file, and '%s' is none",
			       options->output);
	if (!memory && !several)
		return files->most_given ? ev_fail(err, EINVAL,
						   "--switch-max-files counts the files of "
						   "--switch-output or --overwrite: add one")
					 : 0;
	int rc = refuse_first(clashes, EV_LENGTH(clashes), option, err);
	return !rc && memory ? check_memory(options, err) : rc;
}
