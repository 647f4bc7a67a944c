/* Options that say who is watched, the same for every verb that collects. */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include <evprof/collect.h>
#include "options.h"

struct target_options {
	const char *pids, *tids, *user, *cpus;
	bool system_wide;
	bool no_inherit;
};
/* Rows of a verb's table; `field` is where its options hold a struct target_options. */
#define TARGET_ROWS(type, field)                                                                   \
	OPTION('p', "pid", "PID|NAME[,…]", TEXT, type, field.pids,                                 \
	       "running processes, by number or by name ('redis*'): all their threads, now and "   \
	       "later"),                                                                           \
		OPTION('t', "tid", "TID[,TID]", TEXT, type, field.tids, "running threads"),        \
		OPTION('a', "all-cpus", NULL, FLAG, type, field.system_wide,                       \
		       "the whole machine, every CPU"),                                            \
		OPTION('C', "cpu", "CPU[,CPU-CPU]", TEXT, type, field.cpus,                        \
		       "the whole machine, but these CPUs only"),                                  \
		OPTION('u', "uid", "USER", TEXT, type, field.user,                                 \
		       "every process of a user, by name or number"),                              \
		OPTION('i', "no-inherit", NULL, FLAG, type, field.no_inherit,                      \
		       "leave out threads and children born later")

/* -EINVAL with a sentence for contradicting or unreadable options; target_done frees. */
int target_resolve(const struct target_options *options, bool has_command, struct ev_target *target,
		   struct ev_err *err);
void target_done(struct ev_target *target);
/* "'./sorts'", "process id '12'", "'system wide'": perf's way of naming it, in the arena. */
const char *target_name(const struct target_options *options, char *const *command,
			struct ev_arena *arena);

#endif
