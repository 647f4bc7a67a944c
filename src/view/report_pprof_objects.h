/* Where pprof's addresses of an object begin and end, and what is known of its code. */
#ifndef VIEW_REPORT_PPROF_OBJECTS_H
#define VIEW_REPORT_PPROF_OBJECTS_H

#include "report.h"

/* A mapping as pprof knows it: one for each object. */
struct ev_pprof_mapping {
	uint64_t start, limit; /* addresses; `limit` is outside */
	uint64_t offset;       /* of `start` in the file */
	uint64_t bias;         /* an address less its place's offset */
	bool has_functions, has_files, has_lines, has_inlines;
};
/* The file with the most samples; 0 without any. */
uint32_t ev_pprof_program(const struct ev_report *report);
/* One for each of the named objects; free() them. The program has the addresses of its file where
 * these are known: go tool pprof takes no others for its disassembly. */
struct ev_pprof_mapping *ev_pprof_mappings(const struct ev_report *report, uint32_t program);
/* The address of a place by its offset; 0 where it has none: it is beyond its object, or stands for
 * no code. */
uint64_t ev_pprof_address(const struct ev_pprof_mapping *mapping, uint64_t offset, bool leaf);

#endif
