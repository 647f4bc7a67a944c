/* The life of a symbolizer: what is known of each object is loaded when it is first asked for, and
 * given back when it is told to. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "symbolizer.h"

bool ev_recorded_here(const struct ev_recording *recording)
{
	struct utsname here;
	return !recording || !recording->hostname || !*recording->hostname || uname(&here) ||
	       !strcmp(recording->hostname, here.nodename);
}

static void learn_origin(struct ev_symbolizer *symbolizer, const struct ev_recording *recording)
{
	struct utsname here;
	symbolizer->same_host = symbolizer->same_kernel = true;
	if (!recording || uname(&here))
		return;
	struct ev_arena *arena = &symbolizer->arena;
	if (recording->osrelease && *recording->osrelease)
		symbolizer->osrelease =
			ev_arena_text(arena, recording->osrelease, strlen(recording->osrelease));
	symbolizer->same_host = ev_recorded_here(recording);
	if (!symbolizer->same_host)
		symbolizer->elsewhere =
			ev_arena_printf(arena,
					"recorded on %.64s, without a build-id to know the file by",
					recording->hostname);
	symbolizer->same_kernel =
		symbolizer->osrelease && !strcmp(symbolizer->osrelease, here.release) &&
		(!recording->arch || !*recording->arch || !strcmp(recording->arch, here.machine));
}

static const char *option(struct ev_symbolizer *symbolizer, const char *text)
{
	return text && *text ? ev_arena_text(&symbolizer->arena, text, strlen(text)) : NULL;
}

struct ev_symbolizer *ev_symbolizer_open(const struct ev_space_set *set,
					 const struct ev_recording *recording,
					 const struct ev_symbolizer_options *options)
{
	struct ev_symbolizer *symbolizer = ev_alloc(sizeof(*symbolizer));
	symbolizer->set = set;
	pthread_mutex_init(&symbolizer->kernel.lock, NULL);
	learn_origin(symbolizer, recording);
	if (options) {
		symbolizer->symfs = option(symbolizer, options->symfs);
		symbolizer->kallsyms_path = option(symbolizer, options->kallsyms);
		symbolizer->vmlinux_path = option(symbolizer, options->vmlinux);
		symbolizer->cache = option(symbolizer, options->cache);
		symbolizer->roots = options->roots;
		symbolizer->python = options->python;
		symbolizer->no_local_files = options->no_local_files;
		symbolizer->keeps = options->keeps;
	}
	const struct ev_section *section =
		recording ? ev_recording_section(recording, EV_FEATURE_EVPROF_SYMBOLS) : NULL;
	if (section)
		ev_carried_decode(&symbolizer->carried, section->bytes, section->size_bytes);
	if (recording)
		ev_carried_take_foreign(&symbolizer->carried, recording);
	section = recording ? ev_recording_section(recording, EV_FEATURE_EVPROF_PYTHON) : NULL;
	if (section && !symbolizer->python)
		symbolizer->python = symbolizer->own_python =
			ev_python_functions_decode(section->bytes, section->size_bytes);
	return symbolizer;
}

void ev_symbolizer_close(struct ev_symbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	for (size_t i = 0; i < symbolizer->objects.count; i++)
		ev_names_done(&symbolizer->objects.items[i]);
	ev_array_done(&symbolizer->objects);
	ev_array_done(&symbolizer->fetched);
	ev_kallsyms_done(&symbolizer->kernel.kallsyms);
	ev_array_done(&symbolizer->kernel.wanted);
	ev_names_done(&symbolizer->kernel.vmlinux);
	for (uint32_t i = 0; i < symbolizer->frames.count; i++)
		ev_frame_pointers_forget(symbolizer, i);
	ev_array_done(&symbolizer->frames);
	ev_variables_close(symbolizer->variables);
	ev_carried_done(&symbolizer->carried);
	ev_python_functions_close(symbolizer->own_python);
	pthread_mutex_destroy(&symbolizer->kernel.lock);
	ev_arena_done(&symbolizer->arena);
	free(symbolizer);
}

/* ---- what is known of an object ---------------------------------------------------------------
 */

static bool is_dump(const struct object *object)
{
	return ev_jitdump_pid(object->shown.path);
}

static void load_jit(struct ev_symbolizer *symbolizer, const struct object *object,
		     struct names *names)
{
	struct process_view view = { symbolizer->symfs, symbolizer->roots };
	if (is_dump(object)) /* read before, to know what was where */
		names->trouble = object->dump ? NULL : "the jitdump is not here any more";
	else if (!symbolizer->same_host && !symbolizer->symfs)
		names->trouble = "generated code, its perf map is on the machine that was recorded";
	else
		names->trouble = ev_perf_map_read(&names->map, object->shown.pid, &view);
}

static void load_names(struct ev_symbolizer *symbolizer, uint32_t index, struct names *names)
{
	const struct object *object = ev_space_object(symbolizer->set, index);
	names->loaded = true;
	/* What was fetched since knows more than the recorder did. */
	if (!ev_fetched_find(symbolizer, object->shown.build_id, object->shown.build_id_bytes))
		names->carried = ev_carried_object(&symbolizer->carried, &object->shown);
	switch (object->shown.kind) {
	case EV_OBJECT_KERNEL:
	case EV_OBJECT_MODULE: /* one list for all, read when an address asks for it */
	case EV_OBJECT_BPF:    /* has its name with it */
	case EV_OBJECT_END:
		return;
	case EV_OBJECT_PYTHON:
		if (!symbolizer->python)
			names->trouble = "the recording carries no names of its Python functions";
		return;
	case EV_OBJECT_UNKNOWN:
		names->trouble = index ? "nothing is known of this memory"
				       : "no mapping of this address was recorded";
		return;
	default:
		break;
	}
	if (symbolizer->no_local_files)
		names->trouble = "the recording carries no symbols of it";
	else if (object->shown.kind == EV_OBJECT_FILE)
		ev_names_load_file(symbolizer, object, names);
	else if (object->shown.kind == EV_OBJECT_VDSO)
		ev_names_load_vdso(symbolizer, object, names);
	else
		load_jit(symbolizer, object, names);
}

static struct names *names_of(struct ev_symbolizer *symbolizer, uint32_t object)
{
	while (symbolizer->objects.count <= object)
		ev_array_add(&symbolizer->objects);
	struct names *names = &symbolizer->objects.items[object];
	if (!names->loaded)
		load_names(symbolizer, object, names);
	return names;
}

/* The same, with what was given back there again. */
struct names *ev_names_at_hand(struct ev_symbolizer *symbolizer, uint32_t object)
{
	struct names *names = names_of(symbolizer, object);
	if (names->forgotten) {
		*names = (struct names){ .missed = names->missed,
					 .skipped = names->skipped,
					 .lacks = names->lacks };
		load_names(symbolizer, object, names);
	}
	return names;
}

static void keep_lacks(struct names *names)
{
	if (!names->lacks && names->debug && ev_debug_lacks(names->debug))
		names->lacks =
			ev_printf("its debug info in %s is not here", ev_debug_lacks(names->debug));
}

const char *ev_symbolizer_lacks(struct ev_symbolizer *symbolizer, uint32_t object)
{
	if (object >= symbolizer->objects.count)
		return NULL;
	keep_lacks(&symbolizer->objects.items[object]);
	return symbolizer->objects.items[object].lacks;
}

void ev_symbolizer_forget(struct ev_symbolizer *symbolizer, uint32_t object)
{
	if (object >= symbolizer->objects.count || !symbolizer->objects.items[object].loaded ||
	    symbolizer->keeps)
		return;
	ev_frame_pointers_forget(symbolizer, object);
	struct names *names = &symbolizer->objects.items[object];
	if (names->forgotten)
		return;
	keep_lacks(names);
	struct names kept = *names;
	names->lacks = NULL;
	ev_names_done(names);
	*names = (struct names){
		.loaded = true,
		.forgotten = true,
		.trouble = kept.trouble,
		.partial = kept.partial,
		.missed = kept.missed,
		.skipped = kept.skipped,
		.lacks = kept.lacks,
		.module = kept.module,
		.carried = kept.carried,
	};
}

void ev_symbolizer_want(struct ev_symbolizer *symbolizer, const struct ev_place *places,
			size_t count)
{
	uint32_t objects = ev_space_set_object_count(symbolizer->set);
	while (symbolizer->objects.count < objects)
		ev_array_add(&symbolizer->objects);
	/* Who keeps names will ask for others later: all are read at once. */
	for (size_t i = 0; i < count && !symbolizer->keeps; i++) {
		if (places[i].object >= objects)
			continue;
		enum ev_object_kind kind =
			ev_space_set_object(symbolizer->set, places[i].object)->kind;
		bool module = kind == EV_OBJECT_MODULE;
		if (kind != EV_OBJECT_KERNEL && !module)
			continue;
		if (places[i].offset)
			ev_kernel_want(symbolizer, module, places[i].offset - 1);
		ev_kernel_want(symbolizer, module, places[i].offset);
	}
}

bool ev_symbolizer_skipped(const struct ev_symbolizer *symbolizer, uint32_t object)
{
	return object < symbolizer->objects.count && symbolizer->objects.items[object].skipped;
}

const char *ev_symbolizer_trouble(struct ev_symbolizer *symbolizer, uint32_t object)
{
	struct names *names = names_of(symbolizer, object);
	if (names->carried && !names->carried->trouble && names->carried->functions.count)
		return NULL; /* known without looking at what is here */
	enum ev_object_kind kind = ev_space_set_object(symbolizer->set, object)->kind;
	const char *local = names->trouble;
	if (kind == EV_OBJECT_KERNEL || kind == EV_OBJECT_MODULE) {
		ev_kernel_load(symbolizer);
		local = kind == EV_OBJECT_KERNEL       ? symbolizer->kernel.trouble
			: names->module == MODULE_FILE ? NULL
						       : symbolizer->kernel.modules_trouble;
	} else if (!local && names->missed) {
		local = names->partial;
	}
	if (!names->carried)
		return local;
	if ((local || names->missed) && names->carried->trouble)
		return names->carried->trouble; /* the machine that was recorded knew better */
	return names->carried->functions.count ? NULL : local;
}
