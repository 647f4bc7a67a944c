/* evprof doctor: what works here, what does not, and what cures it. */
#include <stdlib.h>
#include <unistd.h>
#include <evprof/view.h>
#include "options.h"
#include "screen.h"
#include "verbs.h"

struct doctor_options {
	bool json;
};

static const struct option_row rows[] = {
	OPTION('j', "json", NULL, FLAG, struct doctor_options, json,
	       "{\"ok\", \"checks\": [{\"name\", \"area\", \"state\", \"value\", \"why\", "
	       "\"cure\"}]}"),
	{ 0 },
};

static const struct example examples[] = {
	{ "evprof doctor", "as you are" },
	{ "sudo evprof doctor", "and with every right: what root gets beyond that" },
	{ "evprof doctor --json", "for programs" },
	{ NULL, NULL },
};

static int run_doctor(const struct verb *verb, int argc, char **argv)
{
	struct doctor_options options = { 0 };
	struct ev_checks checks;
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status >= 0)
		return status;
	if (first < argc)
		return complain_text(verb, STATUS_USAGE, "it takes no arguments");
	ev_checks_run(&checks);
	bool colour = screen_colours(STDOUT_FILENO);
	bool works = ev_doctor_print(stdout, &checks, options.json, colour);
	ev_checks_done(&checks);
	return works ? 0 : STATUS_FAILED;
}

const struct verb doctor_verb = {
	.name = "doctor",
	.synopsis = "[--json]",
	.about = "Try what evprof needs on this machine, and tell what cures the rest.",
	.options = rows,
	.examples = examples,
	.run = run_doctor,
	.notes = "Every line was found by trying: events are opened and made to happen, a BPF\n"
		 "program is loaded, python3 and valgrind are started. -> is the cure. The exit\n"
		 "status is 0 when events can be counted and sampled and a recording can be\n"
		 "written in this folder, else 1.",
};
