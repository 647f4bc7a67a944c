/* The path of a mapping becomes an object: file, kernel, module, vdso, generated code. */
#include <string.h>
#include <evprof/symbol_unwind.h>
#include "space.h"

/* Executable memory without a file of code behind it; what runs there was generated. */
static const char *const generated[] = {
	"//anon",      "/anon_hugepage", "[heap]",  "[stack",    "[anon",
	"anon_inode:", "/anon_inode:",   "/memfd:", "/dev/zero", "/SYSV",
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* What stands in a stack and is no code. */
static bool is_stack_end(const struct mapping *mapping)
{
	if (ev_wait_state_is(mapping->start) && ev_wait_state_is(mapping->end - 1))
		return true;
	return ev_stack_end_at(mapping->start) != EV_UNWOUND_COMPLETE &&
	       ev_stack_end_at(mapping->end - 1) == ev_stack_end_at(mapping->start);
}

static enum ev_object_kind kind_of(const char *path, const struct mapping *mapping, bool kernel)
{
	if (mapping->ksymbol)
		return EV_OBJECT_BPF;
	if (kernel && !strcmp(path, EV_PYTHON_NATIVE_OBJECT))
		return EV_OBJECT_PYTHON;
	if (kernel)
		return is_stack_end(mapping)     ? EV_OBJECT_END
		       : begins(path, "[guest.") ? EV_OBJECT_UNKNOWN
		       : begins(path, "[kernel") ? EV_OBJECT_KERNEL
						 : EV_OBJECT_MODULE;
	if (begins(path, "[vdso"))
		return EV_OBJECT_VDSO;
	if (!*path)
		return EV_OBJECT_JIT;
	if (mapping->start == EV_PYTHON_BASE && !strcmp(path, EV_PYTHON_OBJECT))
		return EV_OBJECT_PYTHON;
	/* A memfd with a build-id is a program run from memory. */
	for (size_t i = 0; i < EV_LENGTH(generated) && !mapping->build; i++)
		if (begins(path, generated[i]))
			return EV_OBJECT_JIT;
	return *path == '[' ? EV_OBJECT_UNKNOWN : EV_OBJECT_FILE;
}

/* "/lib/modules/6.1/kernel/net/nf-x.ko.xz" -> "[nf_x]" */
static const char *module_name(struct ev_arena *arena, const char *base)
{
	if (*base == '[')
		return base;
	const char *end = strstr(base, ".ko");
	size_t length = end ? (size_t)(end - base) : strlen(base);
	char *name = ev_arena_printf(arena, "[%.*s]", (int)(length > 4096 ? 4096 : length), base);
	for (char *at = name; *at; at++)
		if (*at == '-')
			*at = '_';
	return name;
}

static const char *file_name(struct ev_space_set *set, const char *path, bool *deleted)
{
	static const char mark[] = " (deleted)";
	size_t length = strlen(path), mark_length = sizeof(mark) - 1;
	*deleted = length > mark_length && !strcmp(path + length - mark_length, mark);
	if (*deleted)
		path = ev_arena_text(&set->arena, path, length - mark_length);
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static void name_object(struct ev_space_set *set, struct object *object)
{
	struct ev_object *shown = &object->shown;
	switch (shown->kind) {
	case EV_OBJECT_KERNEL:
		shown->path = shown->name = KERNEL_NAME;
		break;
	case EV_OBJECT_VDSO:
		shown->name = "[vdso]";
		break;
	case EV_OBJECT_JIT:
		shown->name = ev_arena_printf(&set->arena, "[JIT] tid %u", shown->pid);
		break;
	case EV_OBJECT_MODULE:
		shown->name =
			module_name(&set->arena, file_name(set, shown->path, &object->deleted));
		break;
	case EV_OBJECT_FILE:
		shown->name = file_name(set, shown->path, &object->deleted);
		break;
	case EV_OBJECT_BPF:
	case EV_OBJECT_END:
	case EV_OBJECT_PYTHON:
	case EV_OBJECT_UNKNOWN:
		shown->name = shown->path;
		break;
	}
}

static uint32_t build_of(const struct ev_space_set *set, const struct mapping *mapping)
{
	if (mapping->build || mapping->ksymbol)
		return mapping->build;
	const uint32_t *header = ev_map_find(&set->header_by_path, mapping->path, 0);
	if (header)
		return *header;
	/* The kernel could not read the id of this mapping, but of another one of the same path. */
	const uint32_t *only = ev_map_find(&set->build_by_path, mapping->path, 0);
	return only && *only ? *only - 1 : 0;
}

/* "[kernel.kallsyms]_text" tells the address of _text in its offset. */
static void learn_kernel(struct ev_space_set *set, const struct mapping *mapping, const char *path)
{
	const char *reference = strchr(path, ']');
	if (reference && reference[1] && mapping->file_offset) {
		set->kernel_reference = reference + 1;
		set->kernel_reference_address = mapping->file_offset;
	}
}

static void set_build(const struct ev_space_set *set, struct object *object, uint32_t build)
{
	object->shown.build_id_bytes = set->builds.items[build].bytes;
	memcpy(object->shown.build_id, set->builds.items[build].id, sizeof(object->shown.build_id));
}

static uint32_t object_of(struct ev_space_set *set, enum ev_object_kind kind, uint32_t path,
			  uint32_t build, uint64_t more, bool *added)
{
	uint64_t key = (uint64_t)path << 32 | build;
	uint32_t *index = ev_map_add(&set->object_by_key, key, more << 4 | kind, added);
	if (*added) {
		*index = (uint32_t)set->objects.count;
		struct object *object = ev_arena_take(&set->arena, sizeof(*object));
		*ev_array_add(&set->objects) = object;
		object->shown.kind = kind;
		object->shown.path = ev_strings_text(set->texts, path);
		set_build(set, object, build);
	}
	return *index;
}

uint32_t ev_space_kernel_object(struct ev_space_set *set)
{
	if (set->kernel_object)
		return set->kernel_object;
	bool added;
	uint32_t path = ev_strings_add_text(set->texts, KERNEL_NAME);
	const uint32_t *header = ev_map_find(&set->header_by_path, path, 0);
	set->kernel_object =
		object_of(set, EV_OBJECT_KERNEL, path, header ? *header : 0, 0, &added);
	name_object(set, set->objects.items[set->kernel_object]);
	return set->kernel_object;
}

/* A mapping to the end of memory says that its end is not known. */
static void learn_size(struct object *object, const struct mapping *mapping)
{
	uint64_t bytes = mapping->end - mapping->start;
	if (object->shown.kind != EV_OBJECT_END && mapping->end < UINT64_MAX - 4096 &&
	    bytes > object->shown.mapped_bytes)
		object->shown.mapped_bytes = bytes;
}

uint32_t ev_space_object_add(struct ev_space_set *set, const struct mapping *mapping, uint32_t pid)
{
	const char *path = ev_strings_text(set->texts, mapping->path);
	if (mapping->ksymbol && !mapping->path)
		return 0; /* unloaded */
	bool kernel = pid == KERNEL_PROCESS, added;
	enum ev_object_kind kind = kind_of(path, mapping, kernel);
	if (kind == EV_OBJECT_KERNEL) {
		learn_kernel(set, mapping, path);
		uint32_t index = ev_space_kernel_object(set);
		learn_size(set->objects.items[index], mapping);
		if (!set->objects.items[index]->shown.start)
			set->objects.items[index]->shown.start = mapping->start;
		if (mapping->build)
			set_build(set, set->objects.items[index], mapping->build);
		return index;
	}
	/* Generated code is one object per process, whatever kind of memory it is in. */
	uint32_t named =
		kind == EV_OBJECT_JIT ? ev_strings_add_text(set->texts, "//anon") : mapping->path;
	uint64_t more = kind == EV_OBJECT_JIT ? pid : mapping->ksymbol ? mapping->start : 0;
	uint32_t build = kind == EV_OBJECT_JIT ? 0 : build_of(set, mapping);
	uint32_t index = object_of(set, kind, named, build, more, &added);
	struct object *object = set->objects.items[index];
	if (added) {
		object->first_pid = kernel ? 0 : pid;
		object->shown.pid = kind == EV_OBJECT_JIT ? pid : 0;
		object->shown.start = mapping->start;
		object->size_bytes = mapping->end - mapping->start;
		name_object(set, object);
	}
	learn_size(object, mapping);
	return index;
}

uint32_t ev_space_dump_object(struct ev_space_set *set, uint32_t path, uint32_t pid)
{
	bool added;
	uint32_t index = object_of(set, EV_OBJECT_JIT, path, 0, pid, &added);
	struct object *object = set->objects.items[index];
	if (added) {
		object->first_pid = object->shown.pid = pid;
		name_object(set, object);
		const uint32_t *dump = ev_map_find(&set->dump_by_path, path, pid);
		object->dump = dump && *dump ? set->dumps.items[*dump - 1] : NULL;
	}
	return index;
}

const struct object *ev_space_object(const struct ev_space_set *set, uint32_t object)
{
	return set->objects.items[object < set->objects.count ? object : 0];
}

uint32_t ev_space_set_object_count(const struct ev_space_set *set)
{
	return (uint32_t)set->objects.count;
}

const struct ev_object *ev_space_set_object(const struct ev_space_set *set, uint32_t object)
{
	return &ev_space_object(set, object)->shown;
}
