/* The catalogue of another root than "/" (tests). */
#ifndef EVPROF_CATALOGUE_H
#define EVPROF_CATALOGUE_H

#include <evprof/event.h>

void ev_catalogue_fill_at(struct ev_catalogue *catalogue, const char *root, unsigned groups);

#endif
