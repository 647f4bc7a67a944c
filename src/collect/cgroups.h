/* Where the cgroups that events know are mounted. */
#ifndef COLLECT_CGROUPS_H
#define COLLECT_CGROUPS_H

#include <evprof/collect.h>

/* From a text like /proc/mounts: the hierarchy of perf_event (version 1) where it has one of its
 * own, else the first one of version 2. False when there is neither. */
/* Is a process in, or under, the cgroup with this id, the inode of its folder there? False for one
 * that is gone. */
bool ev_process_in_cgroup(uint32_t pid, uint64_t id);
bool ev_cgroup_mount(const char *mounts, char *path, size_t size_bytes);

#endif
