/* What the current process has mapped that user space has not told of yet: the kernel is asked for
 * it, at most once in a walk, and of files that are known the answer is kept. */
#ifndef BPF_WALK_RECENT_BPF_H
#define BPF_WALK_RECENT_BPF_H

#include "kernel_types.h"
#include "walk_machine.bpf.h"
#include "walk_tables.bpf.h"

enum { EV_VM_EXEC = 4 };

__u64 walk_versions = 0;

/* No process that user space has told of has one like it. */
static __always_inline __u64 walk_new_version(void)
{
	return __sync_fetch_and_add(&walk_versions, 1) | 1ull << 63;
}

static __always_inline struct ev_walk_recent *walk_recent_of(__u32 pid)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct ev_walk_recent *recent = bpf_map_lookup_elem(&walk_recent, &pid);
	return recent && recent->mm == (__u64)BPF_CORE_READ(task, mm) ? recent : NULL;
}

/* Made, or emptied when it was another program's. */
static __always_inline struct ev_walk_recent *walk_recent_begin(__u32 pid)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct ev_walk_recent *recent, *none;
	__u32 first = 0;
	none = bpf_map_lookup_elem(&walk_none_recent, &first);
	if (!none || bpf_map_update_elem(&walk_recent, &pid, none, BPF_ANY))
		return NULL;
	recent = bpf_map_lookup_elem(&walk_recent, &pid);
	if (recent) {
		recent->version = walk_new_version();
		recent->mm = (__u64)BPF_CORE_READ(task, mm);
	}
	return recent;
}

/* Which file is mapped there? False for none, and what is no code. */
static __always_inline bool walk_file_of(struct vm_area_struct *area, struct ev_walk_file *file)
{
	struct file *from = BPF_CORE_READ(area, vm_file);
	if (!from || !(BPF_CORE_READ(area, vm_flags) & EV_VM_EXEC))
		return false;
	struct inode *inode = BPF_CORE_READ(from, f_inode);
	file->inode = BPF_CORE_READ(inode, i_ino);
	file->size_bytes = BPF_CORE_READ(inode, i_size);
	file->generation = BPF_CORE_READ(inode, i_generation);
	file->device = BPF_CORE_READ(inode, i_sb, s_dev);
	return true;
}

static long walk_take_area(struct task_struct *task, struct vm_area_struct *area, void *context)
{
	struct ev_walk_mapping *mapping = context;
	__u32 first = 0, *object;
	struct ev_walk_file file = {};
	const struct ev_walk_naming *naming = bpf_map_lookup_elem(&walk_naming, &first);
	if (!naming || !walk_file_of(area, &file))
		return 0;
	object = bpf_map_lookup_elem(&walk_files, &file);
	if (!object)
		return 0;
	mapping->start = BPF_CORE_READ(area, vm_start);
	mapping->end = BPF_CORE_READ(area, vm_end);
	mapping->file_offset = BPF_CORE_READ(area, vm_pgoff) * naming->page_bytes;
	mapping->object = *object;
	return 0;
}

struct walk_recently {
	__u64 address, found; /* found: its place + 1 */
};

static long walk_look_at_recent(__u32 index, void *context)
{
	struct walk_recently *at = context;
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	const struct ev_walk_recent *recent = bpf_map_lookup_elem(&walk_recent, &pid);
	if (!recent || index >= recent->count)
		return 1;
	__u32 place = (recent->count - 1 - index) & (EV_WALK_RECENT - 1);
	const struct ev_walk_mapping *mapping = &recent->mappings[place];
	if (at->address < mapping->start || at->address >= mapping->end)
		return 0;
	at->found = 1 + place;
	return 1;
}

static __always_inline void walk_take_mapping(struct walk *walk,
					      const struct ev_walk_mapping *mapping)
{
	walk->start = mapping->start;
	walk->end = mapping->end;
	walk->file_offset = mapping->file_offset;
	walk->object = mapping->object;
}

static __always_inline bool walk_find_kept(struct walk *walk, __u64 address,
					   const struct ev_walk_recent *recent)
{
	struct walk_recently at = { .address = address };
	if (!recent)
		return false;
	bpf_loop(EV_WALK_RECENT, walk_look_at_recent, &at, 0);
	if (!at.found)
		return false;
	walk_take_mapping(walk, &recent->mappings[(at.found - 1) & (EV_WALK_RECENT - 1)]);
	return true;
}

/* 1 when the address is mapped, and the mapping is in `walk`. From an interrupt the kernel answers
 * once: its lock is given back behind that. */
__noinline int walk_find_recent(struct walk *walk, __u64 address)
{
	/* Of a settled process all is told: code that it makes itself is not asked for each time.
	 */
	if (!walk_wanted || !walk || walk->settled)
		return 0;
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct ev_walk_recent *recent = walk_recent_of(pid);
	if (walk_find_kept(walk, address, recent))
		return 1;
	if (walk->asked)
		return 0;
	walk->asked = true;
	struct ev_walk_mapping mapping = {};
	bpf_find_vma((void *)bpf_get_current_task_btf(), address, walk_take_area, &mapping, 0);
	if (!mapping.end)
		return 0;
	if (!recent)
		recent = walk_recent_begin(pid);
	if (!recent)
		return 0;
	recent->mappings[recent->count & (EV_WALK_RECENT - 1)] = mapping;
	recent->count++;
	if (!walk->count)
		walk->version = recent->version;
	walk_take_mapping(walk, &mapping);
	return 1;
}

/* A program begins: it is asked where its own code is while nothing forbids to ask again. What it
 * calls is found by the one question of a walk. */
static __always_inline void walk_begin_program(struct task_struct *task, __u32 pid)
{
	struct ev_walk_mapping mapping = {};
	struct ev_walk_recent *recent;
	bpf_find_vma((void *)bpf_get_current_task_btf(), BPF_CORE_READ(task, mm, start_code),
		     walk_take_area, &mapping, 0);
	recent = mapping.end ? walk_recent_begin(pid) : NULL;
	if (!recent)
		return;
	recent->mappings[0] = mapping;
	recent->count = 1;
}

static long walk_name_area(struct task_struct *task, struct vm_area_struct *area, void *context)
{
	struct ev_walk_naming *naming = context;
	struct ev_walk_file file = {};
	if (walk_file_of(area, &file))
		naming->file = file;
	return 0;
}

/* The recorder runs it, to learn which file it has mapped at walk_naming's address. */
static __always_inline int ev_walk_name(void)
{
	__u32 first = 0, object;
	struct ev_walk_naming found = {};
	if (!walk_wanted)
		return 0;
	struct ev_walk_naming *naming = bpf_map_lookup_elem(&walk_naming, &first);
	if (!naming)
		return 0;
	object = naming->object;
	bpf_find_vma((void *)bpf_get_current_task_btf(), naming->address, walk_name_area, &found,
		     0);
	if (found.file.inode && !bpf_map_update_elem(&walk_files, &found.file, &object, BPF_ANY))
		naming->file = found.file;
	return 0;
}

#endif
