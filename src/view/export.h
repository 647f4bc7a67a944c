/* What the formats of other programs share. */
#ifndef VIEW_EXPORT_H
#define VIEW_EXPORT_H

#include "report.h"

/* The name of a frame's function; of one without a symbol its object's in brackets, for an address
 * would be a function of its own in every viewer. Safe for a terminal; in the arena. */
const char *ev_export_name(const struct ev_named *named, const struct ev_frame *frame,
			   struct ev_arena *arena);
/* The path of a frame's object, or its name where it has none; safe, in the arena. */
const char *ev_export_object(const struct ev_report *report, uint32_t object,
			     struct ev_arena *arena);
/* Its source file, "" where it is not known; safe, in the arena. */
const char *ev_export_file(const struct ev_named *named, const struct ev_frame *frame,
			   struct ev_arena *arena);
/* Periods of an event are nanoseconds. */
bool ev_export_is_time(const struct ev_report *report, size_t event);
/* What a stack weighs in a picture of one number: its period where that is a time or a simulated
 * count, or wanted; samples else. */
bool ev_export_by_period(const struct ev_report *report, const struct ev_report_options *options,
			 size_t event);
/* "evprof 0.3: ls -l; simulated: …": where a profile comes from; in the arena, not escaped. */
const char *ev_export_origin(const struct ev_report *report, struct ev_arena *arena);

#endif
