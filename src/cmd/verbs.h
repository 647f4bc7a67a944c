/* The verbs of evprof, one file (or family of files) each. */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include "options.h"

extern const struct verb list_verb, stat_verb, record_verb, report_verb, annotate_verb, diff_verb,
	script_verb, doctor_verb, trace_verb, dump_verb, control_verb, import_verb, completion_verb,
	top_verb;
/* All of them, as `evprof --help` lists them. */
extern const struct verb *const all_verbs[];
extern const size_t all_verb_count;

#endif
