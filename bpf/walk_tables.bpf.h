/* The unwind tables of all code, as user space fills them, for walks over user stacks in the
 * kernel. */
#ifndef BPF_WALK_TABLES_BPF_H
#define BPF_WALK_TABLES_BPF_H

#include "kernel_types.h"
#include "walk.h"

/* Without it no table is ever asked, and kernels that lack bpf_loop load the programs too. */
const volatile bool walk_wanted = false;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_WALK_PROCESSES);
	__type(key, __u32);
	__type(value, struct ev_walk_process);
} walk_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_MAPPINGS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ev_walk_mapping);
} walk_mappings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_OBJECTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ev_walk_object);
} walk_objects SEC(".maps");

struct walk_segment {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_SEGMENT_ROWS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size,
	       sizeof(struct ev_walk_row)); /* clang forgets the type of an inner map's */
};

/* Row n is in segment n / EV_WALK_SEGMENT_ROWS: segments come and go with the need for room. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, EV_WALK_SEGMENTS);
	__type(key, __u32);
	__array(values, struct walk_segment);
} walk_rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_OTHERS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ev_walk_rule);
} walk_others SEC(".maps");

/* Which object a file is. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_WALK_FILES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ev_walk_file);
	__type(value, __u32);
} walk_files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, EV_WALK_MAPPERS);
	__type(key, __u32);
	__type(value, struct ev_walk_recent);
} walk_recent SEC(".maps");

/* An empty one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ev_walk_recent);
} walk_none_recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ev_walk_naming);
} walk_naming SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EV_WALK_REMEMBERED);
	__type(key, __u32);
	__type(value, struct ev_walk_remembered);
} walk_remembered SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ev_walk_tally);
} walk_tally SEC(".maps");

#endif
