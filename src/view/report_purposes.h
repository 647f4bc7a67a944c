/* What groups of functions are for. */
#ifndef VIEW_REPORT_PURPOSES_H
#define VIEW_REPORT_PURPOSES_H

#include <stdbool.h>
#include <stddef.h>

struct ev_purpose {
	const char *name;    /* of the finding's rule */
	const char *pattern; /* extended regular expression of whole names */
	bool kernel;         /* of the kernel's functions only; else of all others only */
	const char *text;    /* "… of cpu-clock:" this */
	const char *command; /* behind "evprof "; %s is the recording; or NULL */
};
extern const struct ev_purpose ev_purposes[];
extern const size_t ev_purpose_count;

#endif
