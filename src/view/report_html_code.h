/* When lines and instructions had their weight. */
#ifndef VIEW_REPORT_HTML_CODE_H
#define VIEW_REPORT_HTML_CODE_H

#include "report_html.h"

struct ev_html_moment {
	bool of_lines; /* of a line; else of a spot */
	uint32_t index, event, time;
	struct ev_weight weight;
};
struct ev_html_moments {
	EV_ARRAY(struct ev_html_moment) items; /* unique: spots, then lines, by index */
	size_t merge_at;                       /* private */
};
/* What the annotation's sections weigh themselves in parts of so many columns of the time; nothing
 * where the grain is 0. */
void ev_html_moments_build(struct ev_html_moments *moments, const struct ev_annotation *annotation,
			   uint32_t grain);
/* The first of a line or spot, or of one behind it. */
size_t ev_html_moments_find(const struct ev_html_moments *moments, bool of_lines, size_t index);
void ev_html_moments_done(struct ev_html_moments *moments);

#endif
