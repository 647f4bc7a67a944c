/* What the simulator left in its folder becomes totals, and costs per task, instruction and
 * callers. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "simulation_python.h"

struct result_file {
	char *name;
	struct timespec written;
};

struct reading {
	struct ev_simulation *simulation;
	struct ev_simulation_result *result;
	EV_ARRAY(struct result_file) files;
	struct ev_callgrind_header header;
	struct ev_map started, pids; /* processes that began, and those that left costs */
	struct ev_map orders;        /* (pid, command) -> order + 1 */
	struct ev_map next_orders;   /* pid -> programs seen */
	uint32_t task;               /* of the file at hand, + 1; 0 = not known yet */
	struct ev_map divided;       /* processes that wrote a part before they forked */
	size_t damaged, unknown_instructions;
	char first_damage[256];
};

/* ---- tasks -------------------------------------------------------------------------------------
 */

/* The how-manieth program of its process wrote this file; they come in the order of writing. */
static uint32_t order_of(struct reading *reading, uint32_t command)
{
	uint32_t pid = reading->header.pid;
	bool added;
	uint32_t *order = ev_map_add(&reading->orders, pid, command, &added);
	if (added)
		*order = (*ev_map_add(&reading->next_orders, pid, 0, NULL))++;
	return *order;
}

static uint32_t task_of(struct reading *reading)
{
	struct ev_simulation *simulation = reading->simulation;
	const struct ev_callgrind_header *header = &reading->header;
	bool added;
	if (reading->task)
		return reading->task - 1;
	uint32_t command = ev_strings_add_text(simulation->strings, header->command);
	uint32_t order = order_of(reading, command), thread = header->thread ? header->thread : 1;
	uint32_t *id = ev_map_add(&simulation->task_ids, header->pid,
				  (uint64_t)thread << 32 | order, &added);
	if (added) {
		*ev_array_add(&simulation->tasks) =
			(struct ev_simulated_task){ header->pid, thread, order, command };
		*id = (uint32_t)simulation->tasks.count;
	}
	reading->task = *id;
	return reading->task - 1;
}

/* ---- lines -------------------------------------------------------------------------------------
 */

/* Callgrind's word for no object. */
static uint32_t named(const struct reading *reading, uint32_t object)
{
	return strcmp(ev_strings_text(reading->simulation->strings, object), "???") ? object : 0;
}

static void add_caller(struct reading *reading, const struct ev_callgrind_line *line)
{
	struct ev_simulation *simulation = reading->simulation;
	bool added;
	uint32_t *id = ev_map_add(&simulation->caller_ids, named(reading, line->called_object),
				  line->called_function, &added);
	struct ev_simulated_caller *caller;
	if (added) {
		caller = ev_array_add(&simulation->callers);
		*id = (uint32_t)simulation->callers.count;
	} else {
		caller = &simulation->callers.items[*id - 1];
	}
	if (line->calls <= caller->calls)
		return;
	*caller = (struct ev_simulated_caller){ line->object, line->function,
						named(reading, line->object), line->address,
						line->calls };
	if (!caller->named)
		ev_simulated_loads_find(simulation, reading->header.pid, &caller->object,
					&caller->address);
}

static void add_row(struct reading *reading, const struct ev_callgrind_line *line)
{
	struct ev_simulation *simulation = reading->simulation;
	const struct ev_simulation_options *options = simulation->options;
	uint64_t any = 0;
	bool added;
	for (size_t e = 0; e < options->event_count; e++) {
		for (size_t i = 0; i < EV_COST_COUNT; i++)
			if (options->events[e]->costs & 1u << i)
				any |= line->costs[i];
	}
	if (!any)
		return;
	uint32_t function = options->callers ? line->function : 0;
	uint32_t object = line->object, known = named(reading, object);
	uint64_t address = line->address;
	if (simulation->python)
		address = ev_simulated_python_see(simulation, reading->header.pid, line, known);
	if (!known)
		ev_simulated_loads_find(simulation, reading->header.pid, &object, &address);
	uint32_t *place = ev_map_add(&simulation->places, object, function, &added);
	if (added)
		*place = (uint32_t)simulation->places.count;
	uint32_t task = task_of(reading);
	uint32_t *id =
		ev_map_add(&simulation->row_ids, address, (uint64_t)task << 32 | *place, &added);
	if (added) {
		*ev_array_add(&simulation->rows) =
			(struct ev_simulated_row){ task, object, function, known, address };
		for (size_t e = 0; e < options->event_count; e++)
			*ev_array_add(&simulation->costs) = 0;
		*id = (uint32_t)simulation->rows.count;
	}
	uint64_t *sums = &simulation->costs.items[(*id - 1) * options->event_count];
	for (size_t e = 0; e < options->event_count; e++)
		for (size_t i = 0; i < EV_COST_COUNT; i++)
			if (options->events[e]->costs & 1u << i)
				sums[e] += line->costs[i];
}

static int take_line(void *context, const struct ev_callgrind_line *line, struct ev_err *err)
{
	struct reading *reading = context;
	const struct ev_simulation_options *options = reading->simulation->options;
	(void)err;
	if (line->calls) {
		if (reading->simulation->python)
			ev_simulated_python_call(reading->simulation, reading->header.pid, line,
						 named(reading, line->object));
		else if (options->callers)
			add_caller(reading, line);
		return 0;
	}
	task_of(reading);
	for (size_t i = 0; i < EV_COST_COUNT; i++)
		reading->result->totals[i] += line->costs[i];
	if (options->event_count)
		add_row(reading, line);
	return 0;
}

/* ---- files -------------------------------------------------------------------------------------
 */

static int by_time(const void *one, const void *other)
{
	const struct result_file *a = one, *b = other;
	if (a->written.tv_sec != b->written.tv_sec)
		return a->written.tv_sec < b->written.tv_sec ? -1 : 1;
	if (a->written.tv_nsec != b->written.tv_nsec)
		return a->written.tv_nsec < b->written.tv_nsec ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Parents, and instructions that the simulator does not know. */
static void read_log(struct reading *reading, const char *path, uint32_t pid)
{
	static const char parent[] = "Parent PID: ";
	char *text;
	if (ev_file_read(path, &text, NULL))
		return;
	const char *found = strstr(text, parent);
	if (found)
		*ev_map_add(&reading->simulation->parents, pid, 0, NULL) =
			(uint32_t)strtoul(found + strlen(parent), NULL, 10);
	size_t before = reading->simulation->loads.count;
	ev_simulated_loads_read(reading->simulation, text, pid);
	if (reading->simulation->loads.count > before)
		ev_map_add(&reading->simulation->exec_pids, pid, 0, NULL);
	reading->unknown_instructions += strstr(text, "unhandled instruction bytes") ||
					 strstr(text, "Unrecognised instruction");
	free(text);
}

/* python.PID.PROGRAM */
static void read_python(struct reading *reading, const char *name, const char *path, uint32_t pid)
{
	char *bytes;
	size_t size_bytes;
	if (ev_file_read(path, &bytes, &size_bytes))
		return;
	ev_simulated_python_read(reading->simulation->python, bytes, size_bytes, pid,
				 (uint32_t)strtoul(strrchr(name, '.') + 1, NULL, 10));
	free(bytes);
}

static void note_file(struct reading *reading, const char *name, const char *path)
{
	struct stat status;
	const char *number = strchr(name, '.');
	if (!number || stat(path, &status) || !S_ISREG(status.st_mode))
		return;
	uint32_t pid = (uint32_t)strtoul(number + 1, NULL, 10);
	if (!strncmp(name, "log.", 4)) {
		read_log(reading, path, pid);
		return;
	}
	if (reading->simulation->python && !strncmp(name, "python.", 7)) {
		read_python(reading, name, path, pid);
		return;
	}
	bool kept = !strncmp(name, "kept.", 5), cost = !strncmp(name, "cost.", 5);
	if (cost)
		ev_map_add(&reading->started, pid, 0, NULL);
	if ((!cost && !kept) || !status.st_size)
		return;
	struct result_file *file = ev_array_add(&reading->files);
	file->name = ev_strdup(path);
	file->written = status.st_mtim;
}

static int list_files(struct reading *reading, struct ev_err *err)
{
	const char *where = reading->simulation->folder;
	DIR *folder = opendir(where);
	if (!folder)
		return ev_fail(err, errno, "the simulator's folder '%s' cannot be read: %s", where,
			       strerror(errno));
	for (struct dirent *entry; (entry = readdir(folder));) {
		char *path = ev_printf("%s/%s", where, entry->d_name);
		if (entry->d_name[0] != '.')
			note_file(reading, entry->d_name, path);
		free(path);
	}
	closedir(folder);
	if (reading->files.count)
		qsort(reading->files.items, reading->files.count, sizeof(*reading->files.items),
		      by_time);
	return 0;
}

static void note_damage(struct reading *reading, const char *why)
{
	if (!reading->damaged++)
		snprintf(reading->first_damage, sizeof(reading->first_damage), "%.200s", why);
}

static void read_file(struct reading *reading, const char *path)
{
	struct ev_callgrind_header *header = &reading->header;
	struct ev_err err = { 0 };
	char *text;
	size_t size_bytes;
	int rc = ev_file_read(path, &text, &size_bytes);
	if (rc) {
		note_damage(reading, strerror(-rc));
		return;
	}
	reading->task = 0;
	rc = ev_callgrind_parse(text, size_bytes, reading->simulation->strings, header, take_line,
				reading, &err);
	free(text);
	if (rc)
		note_damage(reading, err.text);
	else if (!header->complete)
		note_damage(reading, "it ends early");
	else if (!header->has_addresses)
		note_damage(reading, "it tells no addresses of instructions");
	if (!rc || reading->task)
		ev_map_add(&reading->pids, header->pid, 0, NULL);
	const char *name = strrchr(path, '/') + 1;
	if (!strncmp(name, "kept.", 5) || strchr(name + 5, '.')) /* kept.N, cost.PID.PART-THREAD */
		ev_map_add(&reading->divided, header->pid, 0, NULL);
	const char *version = strchr(header->creator, '-');
	if (version)
		snprintf(reading->result->simulator, sizeof(reading->result->simulator),
			 "callgrind %.40s", version + 1);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static void count_threads(struct reading *reading)
{
	const struct ev_simulation *simulation = reading->simulation;
	struct ev_map threads = { 0 };
	for (size_t i = 0; i < simulation->tasks.count; i++)
		ev_map_add(&threads, simulation->tasks.items[i].pid,
			   simulation->tasks.items[i].thread, NULL);
	reading->result->threads = threads.count;
	reading->result->processes = reading->pids.count;
	ev_map_done(&threads);
}

/* Forked children whose parent did not write down its counts before: they have them as well. */
static size_t count_doubled(const struct reading *reading)
{
	const struct ev_simulation *simulation = reading->simulation;
	size_t doubled = 0;
	for (size_t i = 0; i < reading->pids.room; i++) {
		const struct ev_map_slot *slot = &reading->pids.slots[i];
		if (!slot->used || ev_map_find(&simulation->exec_pids, slot->key, 0))
			continue;
		const uint32_t *parent = ev_map_find(&simulation->parents, slot->key, 0);
		doubled += parent && ev_map_find(&reading->pids, *parent, 0) &&
			   !ev_map_find(&reading->divided, *parent, 0);
	}
	return doubled;
}

static void tell_trouble(struct reading *reading)
{
	char *out = reading->result->trouble;
	size_t room = sizeof(reading->result->trouble), used = 0;
	size_t begun = reading->started.count, left = reading->pids.count;
	*out = 0;
	if (reading->damaged)
		used += (size_t)snprintf(out, room,
					 "partial: %zu of the simulator's %zu results %s damaged "
					 "(%s); ",
					 reading->damaged, reading->files.count,
					 reading->damaged == 1 ? "is" : "are",
					 reading->first_damage);
	if (begun > left && used < room)
		used += (size_t)snprintf(out + used, room - used,
					 "%zu of %zu processes left no counts: killed at once "
					 "(SIGKILL), or still running; ",
					 begun - left, begun);
	size_t doubled = count_doubled(reading);
	if (doubled && used < room)
		used += (size_t)snprintf(out + used, room - used,
					 "the counts of %zu forked process%s hold what the parent "
					 "had counted before, too: the program has no symbol that "
					 "tells its fork(); ",
					 doubled, doubled == 1 ? "" : "es");
	if (reading->simulation->missed && used < room)
		used += (size_t)snprintf(out + used, room - used,
					 "processes forked faster than their counts could be kept: "
					 "some may be missing; ");
	if (reading->unknown_instructions && used < room)
		used += (size_t)snprintf(out + used, room - used,
					 "valgrind does not know an instruction of the program, "
					 "which got SIGILL: build it for an older CPU "
					 "(-march=x86-64-v2); ");
	if (used >= 2 && used < room)
		out[used - 2] = 0;
}

int ev_simulation_read(struct ev_simulation *simulation, struct ev_simulation_result *result,
		       struct ev_err *err)
{
	struct reading reading = { .simulation = simulation, .result = result };
	*result = (struct ev_simulation_result){ .simulator = "callgrind" };
	ev_simulation_tend(simulation);
	int rc = list_files(&reading, err);
	for (size_t i = 0; i < reading.files.count; i++) {
		if (!rc)
			read_file(&reading, reading.files.items[i].name);
		free(reading.files.items[i].name);
	}
	if (!rc) {
		count_threads(&reading);
		tell_trouble(&reading);
	}
	if (!rc && !simulation->tasks.count)
		rc = ev_fail(err, ENODATA, "the simulator left no counts%s%s",
			     *result->trouble ? ": " : "", result->trouble);
	ev_array_done(&reading.files);
	ev_map_done(&reading.started);
	ev_map_done(&reading.pids);
	ev_map_done(&reading.divided);
	ev_map_done(&reading.orders);
	ev_map_done(&reading.next_orders);
	return rc;
}

bool ev_simulation_has_order(const struct ev_simulation *simulation)
{
	for (size_t i = 0; i < simulation->tasks.count; i++)
		if (simulation->tasks.items[i].order)
			return true;
	return false;
}
