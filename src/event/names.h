/* The generic names that every kernel knows, as tables. */
#ifndef EVPROF_NAMES_H
#define EVPROF_NAMES_H

#include <evprof/event.h>
#include "span.h"

struct ev_generic {
	enum ev_catalogue_group group; /* hardware, software or tool */
	const char *name;
	const char *aliases; /* separated by spaces */
	uint32_t type;       /* attr.type; unused for tools */
	uint64_t config;     /* attr.config, or enum ev_tool */
	const char *about;
};
/* Row i of the table, NULL behind the last. */
const struct ev_generic *ev_generic_at(size_t i);
const struct ev_generic *ev_generic_find(struct ev_span name);
const struct ev_generic *ev_generic_of(uint32_t type, uint64_t config);

/* Cache events: id | op << 8 | result << 16. */
bool ev_cache_find(struct ev_span name, uint64_t *config);
/* The usual spelling; NULL when config is none of the known ones. */
const char *ev_cache_name(uint64_t config, char *out, size_t size_bytes);
const char *ev_cache_about(uint64_t config, char *out, size_t size_bytes);
/* Its other spellings, separated by spaces. */
const char *ev_cache_aliases(uint64_t config, char *out, size_t size_bytes);
/* The config of the i-th cache event that makes sense (no stores to an instruction cache); false
 * behind the last. */
bool ev_cache_at(size_t i, uint64_t *config);

#endif
