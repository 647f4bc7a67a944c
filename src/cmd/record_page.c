/* A recording that was just made becomes a page: what evprof report would do with it next. */
#include <errno.h>
#include <stdlib.h>
#include "record.h"
#include "verbs.h"

int record_page_check(const struct record_options *options, struct ev_err *err)
{
	if (options->html && record_is_stream(options->output))
		return ev_fail(err, EINVAL,
			       "--html shows a recording in a file, and '%s' is none: leave -o out",
			       options->output);
	return 0;
}

int record_page(const struct record_options *options)
{
	const char *words[] = { "report", "-i", options->output, "--format",
				"html",   "-o", options->html };
	char *copies[EV_LENGTH(words) + 1] = { 0 };
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		copies[i] = ev_strdup(words[i]);
	int status = report_verb.run(&report_verb, (int)EV_LENGTH(words), copies);
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		free(copies[i]);
	return status;
}
