/* The PMUs that the kernel describes under /sys/bus/event_source/devices. */
#ifndef EVPROF_SYSFS_H
#define EVPROF_SYSFS_H

#include <evprof/event.h>
#include "span.h"

struct ev_pmu {
	const char *name;
	uint32_t type;    /* attr.type */
	const char *cpus; /* "0,8" where only some CPUs can open it, else NULL */
	bool core;        /* counts on the CPU cores themselves */
	bool per_task;    /* may follow a thread */
};
struct ev_pmus {
	struct ev_pmu *items; /* sorted by name, runs of digits as numbers */
	size_t count, room;
	struct ev_arena arena;
	const char *root; /* "" for the machine's own files */
};
/* Never fails: a PMU whose files can't be read is left out. `root` must outlive the table. */
void ev_pmus_open(struct ev_pmus *pmus, const char *root);
void ev_pmus_close(struct ev_pmus *pmus);
/* The same spelling first, else one that is alike; NULL. */
const struct ev_pmu *ev_pmu_find(const struct ev_pmus *pmus, struct ev_span name);
const struct ev_pmu *ev_pmu_of(const struct ev_pmus *pmus, uint32_t type);
/* Does `word` (a glob, or a name without "uncore_" or without the number behind it) mean this PMU?
 */
bool ev_pmu_is_meant(const struct ev_pmu *pmu, struct ev_span word);
/* More than one kind of core, each with a PMU of its own. */
bool ev_pmus_are_hybrid(const char *root);

/* Where one format field lies. */
struct ev_field {
	unsigned word; /* 0 config, 1 config1, 2 config2, 3 config3 */
	uint64_t mask;
};
/* 1 found, 0 no such field, -EINVAL when the kernel's line can't be understood. */
int ev_pmu_field(const struct ev_pmus *pmus, const struct ev_pmu *pmu, struct ev_span name,
		 struct ev_field *field);
/* Spread value over the bits of mask, lowest first; false when it has more bits than the mask. */
bool ev_field_spread(uint64_t mask, uint64_t value, uint64_t *bits);

/* One file of the PMU's events folder. */
struct ev_alias {
	const char *name;  /* as the kernel spells it */
	const char *terms; /* "event=0x3c,umask=0x1" */
	const char *unit;  /* "" for none */
	double scale;
};
/* 1 found, 0 no such event, -EINVAL when its files can't be understood. Strings in `arena`. */
int ev_pmu_alias(const struct ev_pmus *pmus, const struct ev_pmu *pmu, struct ev_span name,
		 struct ev_arena *arena, struct ev_alias *alias);
/* Names in the PMU's events or format folder, sorted; the array is in the arena. */
const char **ev_pmu_names(const struct ev_pmus *pmus, const struct ev_pmu *pmu, const char *folder,
			  struct ev_arena *arena, size_t *count);

/* Sorted names in a folder without those that begin with '.'; *error gets the positive errno when
 * it can't be read. */
const char **ev_folder_names(const char *path, struct ev_arena *arena, size_t *count, int *error);

#endif
