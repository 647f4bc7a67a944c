/* Parts of a recording's header that describe the machine, each from its files under /sys. */
#ifndef COLLECT_HOST_H
#define COLLECT_HOST_H

#include <evprof/collect.h>

/* sysfs gives short texts; what is longer than this is taken for unreadable. */
enum { EV_HOST_TEXT_BYTES = 4096 };

/* At most EV_HOST_TEXT_BYTES - 1 bytes of a file and a NUL; false when it can't be read, is empty
 * or longer. */
bool ev_host_text(char text[EV_HOST_TEXT_BYTES], const char *fmt, ...) EV_PRINTF(2, 3);
/* The same for its first line; false also when that is longer than a page. */
bool ev_host_line(char line[EV_HOST_TEXT_BYTES], const char *fmt, ...) EV_PRINTF(2, 3);
bool ev_host_number(uint64_t *number, const char *fmt, ...) EV_PRINTF(2, 3);
/* A list such as "0-3,8" in a file; false when there is none. free() *numbers. */
bool ev_host_list(const char *path, uint32_t **numbers, size_t *count);
/* Text as the sections of a perf.data hold it: its padded length, then it. */
void ev_host_add_text(struct ev_buffer *out, const char *text);

/* The sections as perf lays them out, from the /sys under `root` ("" for the machine's own). False,
 * and `out` is as before, when the machine does not say enough. */
/* `cpus`: the number of CPUs the recording says are there; readers expect as many entries. */
bool ev_host_cpu_topology(const char *root, uint32_t cpus, struct ev_buffer *out);
bool ev_host_caches(const char *root, uint32_t cpus, struct ev_buffer *out);
bool ev_host_numa_topology(const char *root, struct ev_buffer *out);
bool ev_host_mem_topology(const char *root, struct ev_buffer *out);
bool ev_host_pmu_mappings(const char *root, struct ev_buffer *out);
/* Of the PMU "cpu", of all others, and which cores the PMUs of a hybrid CPU serve. */
bool ev_host_cpu_capabilities(const char *root, struct ev_buffer *out);
bool ev_host_pmu_capabilities(const char *root, struct ev_buffer *out);
bool ev_host_hybrid_topology(const char *root, struct ev_buffer *out);
/* All of them into the recording's sections. */
void ev_host_sections(struct ev_recording *recording, const char *root);

#endif
