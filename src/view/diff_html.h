/* The parts of a page that only a difference has. */
#ifndef VIEW_DIFF_HTML_H
#define VIEW_DIFF_HTML_H

#include "report_html.h"

/* "diff":{…} with a comma behind, once frames have their numbers. */
void ev_html_diff(struct ev_html_page *page);
/* What makes the recordings hard to compare, as lines of the quality, a comma before each. */
void ev_html_diff_notes(struct ev_html_page *page);

#endif
