/* Parts of a recording's header that are kept as bytes, as perf's lines. */
#ifndef VIEW_HEADER_H
#define VIEW_HEADER_H

#include <evprof/perfdata.h>

/* Those with numbers above `after` and below `before`; the long ones only when `full`, else that
 * they are there. */
void ev_header_sections(FILE *out, const struct ev_recording *recording, unsigned after,
			unsigned before, bool full);
/* "# missing features: …" */
void ev_header_missing(FILE *out, const struct ev_recording *recording);

/* ---- header_machine.c: CPUs, memory, caches -------------------------------------------------
 */

struct ev_header_section {
	FILE *out;
	const struct ev_recording *recording;
	struct ev_cursor cursor; /* over its bytes */
	struct ev_arena scratch;
};
/* A text with its length in front, safe to print; NULL and a bad cursor where there is none. */
const char *ev_header_text(struct ev_header_section *section, struct ev_cursor *cursor);
void ev_header_topology(struct ev_header_section *section);
void ev_header_nodes(struct ev_header_section *section);
void ev_header_caches(struct ev_header_section *section);
void ev_header_memory(struct ev_header_section *section);
void ev_header_programs(struct ev_header_section *section);
void ev_header_types(struct ev_header_section *section);

#endif
