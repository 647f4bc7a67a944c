/* Options of `evprof record` that make samples carry more. */
#ifndef CMD_RECORD_DETAILS_H
#define CMD_RECORD_DETAILS_H

#include <evprof/collect.h>

struct record_options;
struct record_run;

struct record_details {
	bool cgroups;                /* --all-cgroups */
	bool namespaces;             /* --namespaces */
	bool raw, weights;           /* -R, -W */
	bool registers;              /* -I */
	bool physical;               /* --phys-data */
	bool switches;               /* --switch-events */
	bool transactions;           /* --transaction */
	bool identified;             /* --sample-identifier */
	bool no_bpf_events;          /* --no-bpf-event */
	bool data_pages, code_pages; /* --data-page-size, --code-page-size */
};

/* Into run->sampling; -EINVAL or -ENOENT with a sentence for what cannot be. */
int record_details_plan(struct record_run *run, struct ev_err *err);
/* What is there at the start, as records. */
int record_details_begin(struct record_run *run, ev_take_record take, struct ev_err *err);
/* One that samples have no place for which evprof makes itself, as a user knows it; NULL without.
 */
const char *record_details_given(const struct record_options *options);
int record_parse_registers(void *into, const char *value, struct ev_err *err);

#endif
