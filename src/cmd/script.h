/* What `evprof script` was asked to show. */
#ifndef CMD_SCRIPT_H
#define CMD_SCRIPT_H

#include <evprof/view.h>
#include "load.h"
#include "options.h"
#include "time_range.h"

struct script_options {
	const char *input;         /* -i */
	const char *output;        /* -o: FILE instead of stdout */
	struct option_list fields; /* -F */
	const char *comms, *pids, *tids, *cpus, *symbols, *objects, *time, *stops;
	bool header, header_only, header_full;
	bool show_tasks, show_maps, show_switches, show_lost, show_namespaces, show_cgroups,
		show_bpf, show_rounds;
	bool dump;                 /* -D */
	bool per_event;            /* --per-event-dump */
	enum python_frames python; /* --python */
	bool force;                /* -f: perf's, whose owner check evprof has not */
	bool demangle, inlines;    /* true unless --no-… */
	struct ev_symbolizer_options names;
	struct ev_script_options view;
};

typedef EV_ARRAY(const char *) script_words;

/* -c, --pid, --tid, -C, -S, --dsos, --time become answers about samples. Zeroed = lets all through.
 */
struct script_filter {
	struct ev_arena arena;
	script_words comms, symbols, objects;
	EV_ARRAY(uint64_t) addresses; /* of -S that are numbers */
	struct ev_map pids, tids, cpus;
	struct time_range time;
	bool by_place; /* the sample's symbol or object counts */
};
int script_filter_open(struct script_filter *filter, const struct script_options *options,
		       struct ev_err *err);
bool script_filter_passes(const struct script_filter *filter, struct ev_script *script,
			  const struct ev_record *record);
void script_filter_done(struct script_filter *filter);

struct script_run {
	const struct script_options *options;
	struct loaded loaded;
	struct ev_script *script;
	struct script_filter filter;
	struct ev_reads *reads;    /* where samples carry counts; NULL else */
	struct deferred *deferred; /* where chains are told later; NULL else */
	struct ev_decoder *waking; /* decodes the samples that waited for them */
	FILE **files;              /* of each event, with --per-event-dump */
	struct python_chain python;
	bool tells;    /* how far it is */
	uint64_t told; /* records, since the walk began */
	uint64_t taken, damaged;
};

/* What was mapped where, and the times that the filter wants; fills `loaded` behind its reader. */
void script_learn(struct script_run *run);
/* Every record, from where the reader is on. */
void script_walk(struct script_run *run);

#endif
