/* What a person should look at first. */
#ifndef VIEW_REPORT_FINDINGS_H
#define VIEW_REPORT_FINDINGS_H

#include "report_html.h"

enum { EV_FINDINGS_SHOWN = 5 };

struct ev_finding {
	const char *rule;    /* name of the rule that it is from */
	const char *text;    /* a sentence, names as they are */
	const char *command; /* that shows it or cures it, or NULL */
	const char *view;   /* part of the page that shows it (function, threads, timeline, search),
			     * or NULL */
	uint32_t frame;     /* of the view function; a frame of the named profile */
	const char *search; /* of the view search: an expression */
	size_t event;       /* that it is about */
	double matters;     /* the greater, the earlier it stands: per cent, about */
};
struct ev_findings {
	EV_ARRAY(struct ev_finding) items; /* what matters most first */
	struct ev_arena arena;             /* of the texts */
};
/* The findings of a report, no more than EV_FINDINGS_SHOWN: of every rule that its data meets. */
void ev_findings_find(struct ev_findings *findings, const struct ev_report *report);
void ev_findings_done(struct ev_findings *findings);

#endif
