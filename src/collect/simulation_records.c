/* Simulated costs become the records of a recording: the processes with their names and mappings,
 * then a sample for each thread, instruction and event that cost something. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "python_agent.h"
#include "simulation_python.h"

/* The simulator tells addresses as they stand in each file. Every file gets a range of addresses of
 * its own, the same in all processes, where a program under valgrind never has anything. */
#define FIRST_BASE ((uint64_t)0x600000000000)
#define OBJECT_RANGE ((uint64_t)1 << 32)
enum { OBJECTS_MAX = 4096, CODE_MAX = 8, CALLERS_MAX = 64 };
/* Larger than any thread id of Linux: the simulator only numbers the threads of a process. */
#define FIRST_TID (4194304u + 1)

struct object {
	const char *path;
	uint64_t base; /* 0: addresses are taken as they are */
	struct ev_code code[CODE_MAX];
	size_t code_count;
	uint8_t build_id[20], build_id_bytes;
	uint64_t low, high; /* of anonymous code: what was run */
};
struct giving {
	struct ev_simulation *simulation;
	const struct ev_recording *recording;
	ev_take_record take;
	void *context;
	struct ev_map object_ids; /* string id -> object + 1 */
	EV_ARRAY(struct object) objects;
	uint32_t file_count;
	struct ev_map pids; /* seen */
	struct ev_map tids; /* (pid, thread) -> tid */
	uint32_t next_tid;
	bool has_order;
	uint64_t *counted;           /* by event: so far, in all processes */
	struct ev_read_value *reads; /* scratch for a group's */
	uint64_t samples;
};

/* ---- objects -----------------------------------------------------------------------------------
 */

static void find_code(struct object *object)
{
	int count = ev_code_of_file(object->path, object->code, CODE_MAX);
	object->build_id_bytes = (uint8_t)ev_build_id_of_file(object->path, object->build_id);
	for (int i = 0; i < count && i < CODE_MAX; i++) {
		struct ev_code *code = &object->code[i];
		if (code->address >= OBJECT_RANGE || code->size_bytes > OBJECT_RANGE ||
		    code->address + code->size_bytes > OBJECT_RANGE)
			continue;
		object->code[object->code_count++] = *code;
	}
	if (!object->code_count) /* the file went: its name is still worth having */
		object->code[object->code_count++] = (struct ev_code){ 0, 0, OBJECT_RANGE };
}

static struct object *object_of(struct giving *giving, uint32_t name)
{
	bool added;
	uint32_t *id = ev_map_add(&giving->object_ids, name, 0, &added);
	if (!added)
		return &giving->objects.items[*id - 1];
	struct object *object = ev_array_add(&giving->objects);
	*id = (uint32_t)giving->objects.count;
	object->path = ev_strings_text(giving->simulation->strings, name);
	object->low = UINT64_MAX;
	if (object->path[0] == '/' && giving->file_count < OBJECTS_MAX) {
		object->base = FIRST_BASE + OBJECT_RANGE * giving->file_count++;
		find_code(object);
	}
	return object;
}

static uint64_t address_of(struct giving *giving, uint32_t name, uint64_t address)
{
	const struct object *object = object_of(giving, name);
	return object->base && address < OBJECT_RANGE ? object->base + address : address;
}

/* ---- tasks -------------------------------------------------------------------------------------
 */

static uint32_t tid_of(struct giving *giving, const struct ev_simulated_task *task)
{
	bool added;
	uint32_t *tid = ev_map_add(&giving->tids, task->pid, task->thread, &added);
	if (added)
		*tid = task->thread == 1 ? task->pid : giving->next_tid++;
	return *tid;
}

/* The kernel's name of a task: 15 bytes of its program's. */
static void comm_of(const struct giving *giving, const struct ev_simulated_task *task,
		    char comm[16])
{
	const char *text = ev_strings_text(giving->simulation->strings, task->command);
	size_t length = strcspn(text, " "), from = length;
	while (from && text[from - 1] != '/')
		from--;
	snprintf(comm, 16, "%.*s", (int)(length - from), text + from);
}

static int give(struct giving *giving, struct ev_record *record, uint64_t time_ns,
		struct ev_err *err)
{
	record->time_ns = giving->has_order ? time_ns : 0;
	record->id =
		giving->recording->events[0].id_count ? giving->recording->events[0].ids[0] : 0;
	return giving->take(giving->context, record, err);
}

static int give_comm(struct giving *giving, const struct ev_simulated_task *task, uint32_t tid,
		     struct ev_err *err)
{
	char comm[16];
	struct ev_record record = { .type = PERF_RECORD_COMM, .pid = task->pid, .tid = tid };
	comm_of(giving, task, comm);
	record.comm = (struct ev_comm){ .pid = task->pid, .tid = tid, .comm = comm };
	return give(giving, &record, task->order ? task->order + 1 : 0, err);
}

static int give_task(struct giving *giving, const struct ev_simulated_task *task, uint32_t tid,
		     uint32_t parent_pid, struct ev_err *err)
{
	struct ev_record record = {
		.type = PERF_RECORD_FORK,
		.misc = PERF_RECORD_MISC_FORK_EXEC, /* it has maps of its own */
		.pid = task->pid,
		.tid = tid,
		.task = { .pid = task->pid,
			  .tid = tid,
			  .parent_pid = parent_pid,
			  .parent_tid = parent_pid },
	};
	return give(giving, &record, 0, err);
}

static int give_maps(struct giving *giving, uint32_t pid, const struct object *object,
		     struct ev_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < object->code_count && !rc; i++) {
		const struct ev_code *code = &object->code[i];
		uint64_t skipped = code->address & 4095;
		struct ev_record record = { .type = PERF_RECORD_MMAP2,
					    .misc = PERF_RECORD_MISC_USER,
					    .pid = pid,
					    .tid = pid };
		record.mmap = (struct ev_mmap){
			.pid = pid,
			.tid = pid,
			.start = object->base + code->address - skipped,
			.length = (code->size_bytes + skipped + 4095) & ~(uint64_t)4095,
			.file_offset = code->file_offset -
				       (skipped < code->file_offset ? skipped : code->file_offset),
			.prot = PROT_READ | PROT_EXEC,
			.flags = MAP_PRIVATE,
			.executable = true,
			.path = object->path,
			.build_id_bytes = object->build_id_bytes,
		};
		memcpy(record.mmap.build_id, object->build_id, sizeof(object->build_id));
		rc = give(giving, &record, 0, err);
	}
	return rc;
}

/* Code without a file, most likely made at run time: named by its perf map, if there is one. */
static int give_anonymous(struct giving *giving, uint32_t pid, const struct object *object,
			  struct ev_err *err)
{
	struct ev_record record = {
		.type = PERF_RECORD_MMAP2, .misc = PERF_RECORD_MISC_USER, .pid = pid, .tid = pid
	};
	if (object->low > object->high || object->high >= FIRST_BASE)
		return 0;
	uint64_t start = object->low & ~(uint64_t)4095;
	record.mmap = (struct ev_mmap){
		.pid = pid,
		.tid = pid,
		.start = start,
		.length = (object->high - start + 4096) & ~(uint64_t)4095,
		.prot = PROT_READ | PROT_EXEC,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS,
		.executable = true,
		.path = "//anon",
	};
	return give(giving, &record, 0, err);
}

/* Every object in every process: which one has which does not matter, the ranges are the same. */
static int give_process(struct giving *giving, const struct ev_simulated_task *task,
			struct ev_err *err)
{
	const struct ev_simulation *simulation = giving->simulation;
	const uint32_t *parent = ev_map_find(&simulation->parents, task->pid, 0);
	bool added;
	ev_map_add(&giving->pids, task->pid, 0, &added);
	if (!added)
		return 0;
	/* One of those that are not in the recording is as good as none. */
	int rc = give_task(giving, task, task->pid, parent ? *parent : 0, err);
	if (!rc && simulation->python) {
		struct ev_record mapping;
		ev_python_mapping(&mapping, task->pid, task->pid, 0);
		rc = give(giving, &mapping, 0, err);
	}
	for (size_t i = 0; i < giving->objects.count && !rc; i++) {
		const struct object *object = &giving->objects.items[i];
		rc = object->base ? give_maps(giving, task->pid, object, err)
				  : give_anonymous(giving, task->pid, object, err);
	}
	return rc;
}

static int give_tasks(struct giving *giving, struct ev_err *err)
{
	const struct ev_simulation *simulation = giving->simulation;
	int rc = 0;
	for (size_t i = 0; i < simulation->tasks.count && !rc; i++) {
		const struct ev_simulated_task *task = &simulation->tasks.items[i];
		uint32_t tid = tid_of(giving, task);
		rc = give_process(giving, task, err);
		if (!rc && tid != task->pid && !task->order)
			rc = give_task(giving, task, tid, task->pid, err);
		if (!rc)
			rc = give_comm(giving, task, tid, err);
	}
	return rc;
}

/* ---- samples -----------------------------------------------------------------------------------
 */

static bool is_python_call(uint64_t address)
{
	return address >= PYTHON_AGENT_CALLS_AT && address < PYTHON_AGENT_CALLS_END;
}

/* Finds every object that samples lie in, so that their mappings can come first. */
static void find_objects(struct giving *giving)
{
	const struct ev_simulation *simulation = giving->simulation;
	for (size_t i = 0; i < simulation->rows.count; i++) {
		const struct ev_simulated_row *row = &simulation->rows.items[i];
		struct object *object = object_of(giving, row->object);
		if (simulation->python && is_python_call(row->address))
			continue; /* made by the agent: it stands for a function */
		if (row->address < object->low)
			object->low = row->address;
		if (row->address > object->high)
			object->high = row->address;
	}
	for (size_t i = 0; i < simulation->callers.count; i++)
		object_of(giving, simulation->callers.items[i].object);
}

/* Callers stand behind the call, as return addresses do; readers look one byte before. */
static size_t chain_of(struct giving *giving, const struct ev_simulated_row *row, uint64_t ip,
		       uint64_t chain[CALLERS_MAX + 2])
{
	struct ev_simulated_caller callers[CALLERS_MAX];
	size_t count = ev_simulated_chain(giving->simulation, row, callers, CALLERS_MAX);
	chain[0] = (uint64_t)PERF_CONTEXT_USER;
	chain[1] = ip;
	for (size_t i = 0; i < count; i++)
		chain[i + 2] = address_of(giving, callers[i].object, callers[i].address) + 1;
	return count + 2;
}

/* Python's functions below the native one, if there is one; the innermost of all is the place. */
static size_t python_chain_of(struct giving *giving, const struct ev_simulated_row *row,
			      uint64_t *ip, uint64_t chain[CALLERS_MAX + 2])
{
	bool is_python;
	struct ev_simulated_frame frames[CALLERS_MAX];
	size_t filled = 0, count = ev_simulated_python_chain(giving->simulation, row, frames,
							     CALLERS_MAX, &is_python);
	chain[filled++] = (uint64_t)PERF_CONTEXT_USER;
	if (is_python && count)
		*ip = frames[0].python;
	else
		chain[filled++] = *ip;
	for (size_t i = 0; i < count; i++)
		chain[filled++] =
			frames[i].python
				? frames[i].python
				: address_of(giving, frames[i].object, frames[i].address) + 1;
	return filled;
}

static bool is_read(const struct giving *giving, size_t event)
{
	return giving->recording->events[event].attr.sample_type & PERF_SAMPLE_READ;
}

/* As the kernel writes {a,b}:S: what the whole group has counted so far, in one sample. False when
 * the instruction cost nothing of what is counted. */
static bool read_group(struct giving *giving, size_t leader, const uint64_t *costs,
		       struct ev_sample *sample)
{
	const struct ev_recording *recording = giving->recording;
	bool any = false;
	size_t count = 0;
	for (size_t e = leader; e < giving->simulation->options->event_count; e++) {
		const struct ev_recorded_event *event = &recording->events[e];
		if (event->leader != (int)leader)
			continue;
		any |= costs[e] != 0;
		giving->counted[e] += costs[e];
		giving->reads[count++] =
			(struct ev_read_value){ .value = giving->counted[e],
						.id = event->id_count ? event->ids[0] : 0 };
	}
	sample->reads = giving->reads;
	sample->read_count = count;
	return any;
}

static int give_row(struct giving *giving, size_t index, struct ev_err *err)
{
	struct ev_simulation *simulation = giving->simulation;
	const struct ev_simulation_options *options = simulation->options;
	const struct ev_simulated_row *row = &simulation->rows.items[index];
	const struct ev_simulated_task *task = &simulation->tasks.items[row->task];
	const uint64_t *costs = &simulation->costs.items[index * options->event_count];
	uint64_t chain[CALLERS_MAX + 2];
	struct ev_record record = { .type = PERF_RECORD_SAMPLE,
				    .misc = PERF_RECORD_MISC_USER,
				    .pid = task->pid,
				    .tid = tid_of(giving, task) };
	struct ev_sample *sample = &record.sample;
	int rc = 0;
	sample->ip = address_of(giving, row->object, row->address);
	if (simulation->python) {
		sample->chain_count = python_chain_of(giving, row, &sample->ip, chain);
		sample->chain = chain;
	} else if (options->callers) {
		sample->chain_count = chain_of(giving, row, sample->ip, chain);
		sample->chain = chain;
	}
	record.time_ns = giving->has_order ? task->order + 1 : 0;
	for (size_t e = 0; e < options->event_count && !rc; e++) {
		const struct ev_recorded_event *event = &giving->recording->events[e];
		if (is_read(giving, e)
			    ? event->leader != (int)e || !read_group(giving, e, costs, sample)
			    : !costs[e])
			continue;
		record.event = (int)e;
		record.id = sample->id = event->id_count ? event->ids[0] : 0;
		sample->period = costs[e];
		rc = giving->take(giving->context, &record, err);
		giving->samples += !rc;
	}
	return rc;
}

/* Counts of groups grow from sample to sample, so those follow one another by their times. */
static int give_rows(struct giving *giving, struct ev_err *err)
{
	const struct ev_simulation *simulation = giving->simulation;
	const struct ev_recording *recording = giving->recording;
	size_t count = simulation->rows.count, events = simulation->options->event_count;
	struct ev_keyed *order = ev_alloc((count + 1) * sizeof(*order));
	int rc = 0;
	giving->counted = ev_alloc((events + 1) * sizeof(*giving->counted));
	giving->reads = ev_alloc((events + 1) * sizeof(*giving->reads));
	for (size_t i = 0; i < count; i++)
		order[i] = (struct ev_keyed){
			simulation->tasks.items[simulation->rows.items[i].task].order, (uint32_t)i
		};
	ev_sort_keyed(order, giving->has_order && ev_recording_has_reads(recording) ? count : 0);
	for (size_t i = 0; i < count && !rc; i++)
		rc = give_row(giving, order[i].id, err);
	free(order);
	free(giving->counted);
	free(giving->reads);
	return rc;
}

int ev_simulation_give(struct ev_simulation *simulation, const struct ev_recording *recording,
		       ev_take_record take, void *context, uint64_t *samples, struct ev_err *err)
{
	struct giving giving = { .simulation = simulation,
				 .recording = recording,
				 .take = take,
				 .context = context,
				 .next_tid = FIRST_TID,
				 .has_order = ev_simulation_has_order(simulation) };
	if (recording->event_count < simulation->options->event_count)
		return ev_fail(err, EINVAL, "the recording lacks a simulated event");
	find_objects(&giving);
	int rc = give_tasks(&giving, err);
	if (!rc)
		rc = give_rows(&giving, err);
	*samples = giving.samples;
	ev_map_done(&giving.object_ids);
	ev_array_done(&giving.objects);
	ev_map_done(&giving.pids);
	ev_map_done(&giving.tids);
	return rc;
}
