/* The many ways in which one event's name is written. */
#ifndef PROFILE_SPELLING_H
#define PROFILE_SPELLING_H

#include <evprof/profile.h>

/* A row's name taken apart: "cpu_core/cycles/u" is cycles of cpu_core, user space only. */
struct ev_spelling {
	char pmu[32];   /* "" also for "cpu", which is what plain names mean */
	char name[128]; /* without modifiers, aliases resolved */
	char level[8];  /* those of "ukhGH" that were written, in this order */
};
void ev_spelling_parse(const char *event, struct ev_spelling *out);

#endif
