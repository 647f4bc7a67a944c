/* What the tests of tracing_data.c reach: the same with another folder in tracefs' place. */
#ifndef COLLECT_TRACING_DATA_H
#define COLLECT_TRACING_DATA_H

#include <evprof/collect.h>

/* More than any file of tracefs that is read here holds, and more than all of them together. */
enum { EV_TRACING_FILE_BYTES_MAX = 8 << 20, EV_TRACING_DATA_BYTES_MAX = 1 << 30 };

int ev_tracing_data_from(const char *tracefs, const struct ev_event_list *events,
			 struct ev_buffer *out, struct ev_err *err);

#endif
