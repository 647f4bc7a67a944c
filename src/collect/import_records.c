/* An imported profile becomes the records of a recording. Its places get addresses in ranges of
 * their own, one for each object, and offsets behind the end of any file, so that no reader takes
 * them for places in the file that is here now; their names go into the recording's symbols. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "import.h"

#define USER_BASE UINT64_C(0x200000000000)
#define KERNEL_BASE UINT64_C(0xffffffff80000000)
#define MODULE_BASE UINT64_C(0xffffa00000000000)
#define FILE_OFFSET (UINT64_C(1) << 44)
#define PAGE UINT64_C(4096)
enum {
	PLACE_BYTES = 4,    /* of code that stands for a place */
	CHAIN_MAX = 8000,   /* addresses: a record has 64 KiB */
	HITS_MAX = 1 << 30, /* samples that a record can stand for */
	RECORDS_MAX = 64,   /* of one stack whose samples are more */
};

struct giving {
	struct ev_import *import;
	const struct ev_recording *recording;
	ev_take_record take;
	void *context;
	struct ev_map mapped; /* (pid, object) */
	uint64_t *chain;
};

/* ---- where places are --------------------------------------------------------------------------
 */

static const char *around(const struct ev_import *import, uint32_t place)
{
	const struct import_place *at = &import->places.items[place];
	return ev_strings_text(import->strings,
			       import->frames.items[at->first_frame + at->frame_count - 1]
				       .function);
}

static int by_object_and_function(const void *one, const void *other, void *context)
{
	const struct ev_import *import = context;
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
	uint32_t left = import->places.items[a].object, right = import->places.items[b].object;
	if (left != right)
		return left < right ? -1 : 1;
	int order = strcmp(around(import, a), around(import, b));
	return order ? order : a < b ? -1 : a > b;
}

/* The places in the order of their addresses; free() it. */
static uint32_t *sorted_places(const struct ev_import *import)
{
	size_t count = import->places.count - 1;
	uint32_t *order = ev_alloc((count + 1) * sizeof(*order));
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i + 1;
	if (count)
		qsort_r(order, count, sizeof(*order), by_object_and_function,
			(void *)(uintptr_t)import);
	return order;
}

static bool is_kernel_image(const struct ev_import *import, const struct import_object *object)
{
	return object->kernel &&
	       !strncmp(ev_strings_text(import->strings, object->path), "[kernel", 7);
}

static enum ev_object_kind kind_of(const struct ev_import *import,
				   const struct import_object *object)
{
	const char *path = ev_strings_text(import->strings, object->path);
	if (object->kernel)
		return is_kernel_image(import, object) ? EV_OBJECT_KERNEL : EV_OBJECT_MODULE;
	return !strncmp(path, "[vdso", 5) ? EV_OBJECT_VDSO
	       : *path == '['             ? EV_OBJECT_UNKNOWN
					  : EV_OBJECT_FILE;
}

/* Where its places begin, as ev_place counts them: in files by offset, else by address. */
static uint64_t first_offset(const struct ev_import *import, const struct import_object *object)
{
	enum ev_object_kind kind = kind_of(import, object);
	return kind == EV_OBJECT_FILE ? FILE_OFFSET : kind == EV_OBJECT_VDSO ? 0 : object->base;
}

static void lay_out(struct ev_import *import)
{
	uint64_t user = USER_BASE, kernel = KERNEL_BASE, module = MODULE_BASE;
	uint32_t *order = sorted_places(import);
	for (size_t i = 0; i + 1 < import->places.count; i++) {
		struct import_place *place = &import->places.items[order[i]];
		struct import_object *object = &import->objects.items[place->object];
		place->offset = object->size_bytes; /* from its beginning, as yet */
		object->size_bytes += PLACE_BYTES;
	}
	for (size_t i = 0; i < import->objects.count; i++) {
		struct import_object *object = &import->objects.items[i];
		uint64_t *next = is_kernel_image(import, object) ? &kernel
				 : object->kernel                ? &module
								 : &user;
		object->size_bytes = (object->size_bytes + 2 * PAGE - 1) / PAGE * PAGE;
		object->base = *next;
		*next += object->size_bytes + PAGE;
	}
	free(order);
}

static uint64_t address_of(const struct ev_import *import, uint32_t place)
{
	const struct import_place *at = &import->places.items[place];
	return import->objects.items[at->object].base + at->offset;
}

/* ---- events ------------------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	uint64_t config;
} hardware[] = {
	{ "cycles", PERF_COUNT_HW_CPU_CYCLES },
	{ "cpu-cycles", PERF_COUNT_HW_CPU_CYCLES },
	{ "instructions", PERF_COUNT_HW_INSTRUCTIONS },
	{ "cache-references", PERF_COUNT_HW_CACHE_REFERENCES },
	{ "cache-misses", PERF_COUNT_HW_CACHE_MISSES },
	{ "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
	{ "branch-misses", PERF_COUNT_HW_BRANCH_MISSES },
	{ "page-faults", UINT64_MAX },
	{ "context-switches", UINT64_MAX },
};

/* Its name tells what it counts; the kernel's numbers are for readers that go by those. */
static void set_kind(const struct ev_import *import, const struct import_event *event,
		     struct perf_event_attr *attr)
{
	const char *name = ev_strings_text(import->strings, event->name);
	size_t length = strcspn(name, ":");
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = event->is_time ? PERF_COUNT_SW_CPU_CLOCK : PERF_COUNT_SW_BPF_OUTPUT;
	for (size_t i = 0; i < EV_LENGTH(hardware) && !event->is_time; i++) {
		if (strlen(hardware[i].name) != length || memcmp(hardware[i].name, name, length))
			continue;
		if (hardware[i].config == UINT64_MAX) {
			attr->config = *name == 'p' ? PERF_COUNT_SW_PAGE_FAULTS
						    : PERF_COUNT_SW_CONTEXT_SWITCHES;
			continue;
		}
		attr->type = PERF_TYPE_HARDWARE;
		attr->config = hardware[i].config;
	}
}

void ev_import_events(const struct ev_import *import, struct ev_recording *recording)
{
	for (size_t i = 0; i < import->events.count; i++) {
		const struct import_event *from = &import->events.items[i];
		struct ev_recorded_event *event = ev_recording_add_event(recording);
		const char *name = ev_strings_text(import->strings, from->name);
		event->attr = (struct perf_event_attr){
			.size = sizeof(event->attr),
			.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				       PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |
				       PERF_SAMPLE_WEIGHT,
			.read_format = PERF_FORMAT_ID,
			.sample_period = 1,
			.mmap = 1,
			.mmap2 = 1,
			.comm = 1,
			.task = 1,
			.sample_id_all = 1,
		};
		event->attr.sample_type |= import->has_time ? PERF_SAMPLE_TIME : 0u;
		event->attr.sample_type |= import->has_cpu ? PERF_SAMPLE_CPU : 0u;
		set_kind(import, from, &event->attr);
		event->name = ev_arena_text(&recording->arena, name, strlen(name));
		event->ids = ev_arena_take(&recording->arena, sizeof(*event->ids));
		event->ids[0] = i + 1;
		event->id_count = 1;
		event->leader = (int)i;
	}
}

/* ---- records -----------------------------------------------------------------------------------
 */

static int give(struct giving *giving, struct ev_record *record, struct ev_err *err)
{
	const struct ev_recorded_event *event = &giving->recording->events[record->event];
	record->id = event->ids[0];
	return giving->take(giving->context, record, err);
}

static int give_map(struct giving *giving, uint32_t pid, const struct import_object *object,
		    struct ev_err *err)
{
	const char *path = ev_strings_text(giving->import->strings, object->path);
	struct ev_record record = { .type = PERF_RECORD_MMAP2, .pid = pid, .tid = pid };
	record.misc = object->kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
	record.mmap = (struct ev_mmap){
		.pid = object->kernel ? UINT32_MAX : pid,
		.tid = object->kernel ? 0 : pid,
		.start = object->base,
		.length = object->size_bytes,
		.file_offset = first_offset(giving->import, object),
		.prot = PROT_READ | PROT_EXEC,
		.flags = MAP_PRIVATE,
		.executable = true,
		.path = path,
		.build_id_bytes = object->build_id_bytes,
	};
	memcpy(record.mmap.build_id, object->build_id, sizeof(object->build_id));
	if (object->build_id_bytes)
		record.misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
	return give(giving, &record, err);
}

/* What each process has of each object that its samples lie in, before any sample. */
static int give_maps(struct giving *giving, struct ev_err *err)
{
	struct ev_import *import = giving->import;
	struct ev_map seen = { 0 }; /* (pid, stack) */
	int rc = 0;
	for (size_t i = 0; i < import->samples.count && !rc; i++) {
		const struct import_sample *sample = &import->samples.items[i];
		uint32_t pid = import->tasks.items[sample->task].pid;
		for (uint32_t stack = sample->stack; stack && !rc;
		     stack = import->stacks.items[stack].parent) {
			bool added;
			ev_map_add(&seen, pid, stack, &added);
			if (!added)
				break; /* its callers were looked at as well */
			uint32_t place = import->stacks.items[stack].place;
			uint32_t index = import->places.items[place].object;
			const struct import_object *object = &import->objects.items[index];
			ev_map_add(&giving->mapped, object->kernel ? UINT64_MAX : pid, index,
				   &added);
			if (added)
				rc = give_map(giving, pid, object, err);
		}
	}
	ev_map_done(&seen);
	return rc;
}

static int give_comm(struct giving *giving, const struct import_task *task, uint64_t time_ns,
		     struct ev_err *err)
{
	struct ev_record record = { .type = PERF_RECORD_COMM,
				    .misc = PERF_RECORD_MISC_USER,
				    .pid = task->pid,
				    .tid = task->tid,
				    .time_ns = time_ns };
	record.comm =
		(struct ev_comm){ .pid = task->pid,
				  .tid = task->tid,
				  .comm = ev_strings_text(giving->import->strings, task->comm) };
	return give(giving, &record, err);
}

/* A thread that changes its name is another task of the same number. Without times it cannot be
 * told when: it gets a number of its own. */
static int name_task(struct giving *giving, struct import_task *task, uint64_t time_ns,
		     struct ev_err *err)
{
	bool added;
	uint32_t index = (uint32_t)(task - giving->import->tasks.items);
	uint32_t *last = ev_map_add(&giving->import->tids, task->pid, task->tid, &added);
	if (!added && *last == index)
		return 0;
	if (!added && !giving->import->has_time && !task->told) {
		task->tid = (1u << 30) + index;
		ev_import_remark(giving->import, "threads of one number and several names got "
						 "numbers of their own");
	} else {
		*last = index;
	}
	if (task->told && !giving->import->has_time)
		return 0;
	task->told = true;
	return give_comm(giving, task, added ? 0 : time_ns, err);
}

/* Leaf first, callers as return addresses: behind the call. Those nearest the root are left out of
 * what no record can hold. */
static size_t chain_of(struct giving *giving, uint32_t stack)
{
	const struct ev_import *import = giving->import;
	size_t count = 0;
	int kernel = -1;
	for (bool leaf = true; stack; stack = import->stacks.items[stack].parent, leaf = false) {
		uint32_t place = import->stacks.items[stack].place;
		int now = import->objects.items[import->places.items[place].object].kernel;
		if (count + 2 > CHAIN_MAX) {
			ev_import_remark(giving->import,
					 "stacks of more than %d functions are cut at the root",
					 CHAIN_MAX);
			break;
		}
		if (now != kernel)
			giving->chain[count++] =
				(uint64_t)(now ? PERF_CONTEXT_KERNEL : PERF_CONTEXT_USER);
		kernel = now;
		giving->chain[count++] = address_of(import, place) + 1 + !leaf;
	}
	return count;
}

static int give_sample(struct giving *giving, const struct import_sample *from, struct ev_err *err)
{
	struct ev_import *import = giving->import;
	struct import_task *task = &import->tasks.items[from->task];
	int rc = name_task(giving, task, from->time_ns, err);
	struct ev_record record = { .type = PERF_RECORD_SAMPLE,
				    .event = (int)from->event,
				    .pid = task->pid,
				    .tid = task->tid,
				    .cpu = from->cpu ? from->cpu - 1 : 0,
				    .time_ns = from->time_ns };
	struct ev_sample *sample = &record.sample;
	uint64_t left = from->samples;
	sample->chain = giving->chain;
	sample->chain_count = chain_of(giving, from->stack);
	bool kernel = sample->chain_count && giving->chain[0] == (uint64_t)PERF_CONTEXT_KERNEL;
	sample->ip = sample->chain_count > 1 ? giving->chain[1] : 0;
	record.misc = kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
	sample->period = from->period;
	sample->id = giving->recording->events[from->event].ids[0];
	for (unsigned i = 0; i < RECORDS_MAX && !rc && (left || !i); i++) {
		sample->weight = left > HITS_MAX ? HITS_MAX : left;
		left -= sample->weight;
		rc = give(giving, &record, err);
		sample->period = 0; /* the first one has it all */
	}
	if (left)
		ev_import_remark(import,
				 "counts of samples beyond %llu are cut, not what they "
				 "weigh",
				 (unsigned long long)HITS_MAX * RECORDS_MAX);
	return rc;
}

int ev_import_give(struct ev_import *import, const struct ev_recording *recording,
		   ev_take_record take, void *context, struct ev_err *err)
{
	struct giving giving = {
		.import = import, .recording = recording, .take = take, .context = context
	};
	lay_out(import);
	giving.chain = ev_alloc((CHAIN_MAX + 2) * sizeof(*giving.chain));
	int rc = give_maps(&giving, err);
	for (size_t i = 0; i < import->samples.count && !rc; i++) {
		ev_import_tell(import, i, import->samples.count, 0, 1000);
		rc = give_sample(&giving, &import->samples.items[i], err);
	}
	ev_map_done(&giving.mapped);
	free(giving.chain);
	return rc;
}

/* ---- names -------------------------------------------------------------------------------------
 */

static const char *known(const struct ev_import *import, uint32_t text)
{
	return text ? ev_strings_text(import->strings, text) : NULL;
}

void ev_import_symbols(const struct ev_import *import, struct ev_buffer *out)
{
	size_t count = import->places.count - 1;
	uint32_t *order = sorted_places(import);
	struct ev_given_frame *frames = ev_alloc((import->frames.count + 1) * sizeof(*frames));
	struct ev_given_place *places = ev_alloc((count + 1) * sizeof(*places));
	struct ev_given_object *objects = ev_alloc((import->objects.count + 1) * sizeof(*objects));
	for (size_t i = 0; i < import->frames.count; i++) {
		const struct import_frame *frame = &import->frames.items[i];
		frames[i] = (struct ev_given_frame){ known(import, frame->function),
						     known(import, frame->file), frame->line };
	}
	for (size_t i = 0; i < count; i++) {
		const struct import_place *place = &import->places.items[order[i]];
		const struct import_object *object = &import->objects.items[place->object];
		places[i] = (struct ev_given_place){ first_offset(import, object) + place->offset,
						     PLACE_BYTES, &frames[place->first_frame],
						     place->frame_count };
		struct ev_given_object *given = &objects[place->object];
		if (!given->places)
			given->places = &places[i];
		given->place_count++;
	}
	for (size_t i = 0; i < import->objects.count; i++) {
		const struct import_object *object = &import->objects.items[i];
		objects[i].kind = kind_of(import, object);
		objects[i].path = ev_strings_text(import->strings, object->path);
		if (objects[i].kind == EV_OBJECT_KERNEL)
			objects[i].path = "[kernel.kallsyms]";
		objects[i].build_id = object->build_id;
		objects[i].build_id_bytes = object->build_id_bytes;
	}
	ev_symbols_encode_given(objects, import->objects.count, out);
	free(order);
	free(frames);
	free(places);
	free(objects);
}
