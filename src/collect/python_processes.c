/* Frames of Python processes, as programs in the kernel saw them -> addresses of a recording's
 * table of functions. Code is read out of the process once, or out of that of which it is a copy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/collect_stopped.h>
#include "python_processes.h"

enum {
	KEPT_ROUNDS = 8,
	ADDRESSES_MAX = 1 << 20, /* of a process; what is still used is soon there again */
	ANCESTORS_MAX = 16,
};
/* What stands for code that was gone, or not readable, before anyone could ask for its name. */
#define UNKNOWN_CODE "[code that is gone]"

struct python_process *ev_python_process_find(const struct python_processes *processes,
					      uint32_t pid)
{
	const uint32_t *index = ev_map_find(&processes->by_pid, pid, 0);
	return index ? processes->list.items[*index - 1] : NULL;
}

struct python_process *ev_python_process_at(const struct python_processes *processes, uint32_t pid,
					    uint64_t time_ns)
{
	struct python_process *process = ev_python_process_find(processes, pid);
	while (process && process->former && time_ns < process->former->ended_ns)
		process = process->former;
	return process;
}

static void process_free(struct python_process *process)
{
	if (process->former)
		process_free(process->former);
	ev_python_codes_close(process->codes);
	ev_map_done(&process->by_frame);
	ev_array_done(&process->addresses);
	free(process->folder);
	free(process);
}

/* It stays as it is, for the caller. */
static void take_out(struct python_processes *processes, size_t at)
{
	struct python_process *process = processes->list.items[at];
	struct python_process *last = processes->list.items[--processes->list.count];
	ev_map_remove(&processes->by_pid, process->pid, 0);
	if (last != process) {
		processes->list.items[at] = last;
		*ev_map_add(&processes->by_pid, last->pid, 0, NULL) = (uint32_t)at + 1;
	}
}

/* What had the number before is still asked for by what was told of it in another ring. */
static struct python_process *replace(struct python_processes *processes, uint32_t pid)
{
	const uint32_t *index = ev_map_find(&processes->by_pid, pid, 0);
	struct python_process *former = index ? processes->list.items[*index - 1] : NULL;
	if (!former)
		return NULL;
	take_out(processes, *index - 1);
	if (former->former)
		process_free(former->former);
	former->former = NULL;
	return former;
}

static struct python_process *add(struct python_processes *processes, uint32_t pid,
				  const struct ev_python_runtime *runtime,
				  struct ev_python_codes *codes)
{
	struct python_process *process = ev_alloc(sizeof(*process));
	process->former = replace(processes, pid);
	process->pid = pid;
	process->runtime = *runtime;
	process->codes = codes;
	*ev_array_add(&processes->list) = process;
	*ev_map_add(&processes->by_pid, pid, 0, NULL) = (uint32_t)processes->list.count;
	processes->found++;
	return process;
}

/* The memory of a process by its number, which the context is. */
static int read_memory(void *context, uint64_t address, void *bytes, size_t size_bytes)
{
	uint32_t pid = (uint32_t)(uintptr_t)context;
	return ev_process_memory(&pid, address, bytes, size_bytes);
}

static struct ev_python_memory memory_of(uint32_t pid)
{
	return (struct ev_python_memory){ read_memory, (void *)(uintptr_t)pid };
}

static bool fits(uint32_t offset, uint32_t from, size_t size_bytes)
{
	return offset >= from && offset - from + size_bytes < EV_PYTHON_RECORD_BYTES;
}

static bool describe(const struct ev_python_runtime *runtime, const struct ev_python_shape *shape,
		     struct ev_python_process *to)
{
	const uint32_t of_frame[] = {
		shape->frame_code, shape->frame_previous, shape->frame_position,
		shape->frame_mark == UINT32_MAX ? shape->frame_code : shape->frame_mark,
		shape->frame_copy == UINT32_MAX ? shape->frame_code : shape->frame_copy
	};
	const uint32_t code_from = shape->bytes_size;
	uint32_t from = UINT32_MAX, until = 0;
	for (size_t i = 0; i < EV_LENGTH(of_frame); i++) {
		from = of_frame[i] < from ? of_frame[i] : from;
		until = of_frame[i] > until ? of_frame[i] : until;
	}
	/* The last code word looked at may end with the record. */
	if (!fits(until, from, 8) || !fits(shape->code_file, code_from + EV_PYTHON_CODE_FIXED, 0) ||
	    !fits(shape->code_file, code_from, 23) || !fits(shape->code_function, code_from, 7) ||
	    !fits(shape->code_lines, code_from, 7) || !fits(shape->code_first_line, code_from, 7) ||
	    !fits(shape->text_state, shape->text_length, 8) ||
	    !fits(shape->text_ascii, shape->text_length, 8) ||
	    !fits(shape->text_compact, shape->text_length, 8) ||
	    !fits(shape->bytes_data, shape->bytes_size, 8))
		return false;
	*to = (struct ev_python_process){
		.interpreters = runtime->address + shape->interpreters,
		.interpreter_next = shape->interpreter_next,
		.interpreter_threads = shape->interpreter_threads,
		.thread_next = shape->thread_next,
		.thread_id = shape->thread_id,
		.thread_frame = shape->thread_frame,
		.cframe_frame = shape->cframe_frame,
		.frame_from = from,
		.frame_code = shape->frame_code - from,
		.frame_previous = shape->frame_previous - from,
		.frame_position = shape->frame_position - from,
		.frame_mark = of_frame[3] - from,
		.frame_copy = shape->frame_copy == UINT32_MAX ? EV_PYTHON_ABSENT
							      : shape->frame_copy - from,
		.code_copies = shape->code_copies,
		.code_file = shape->code_file - code_from,
		.code_function = shape->code_function - code_from,
		.code_lines = shape->code_lines - code_from,
		.code_first_line = shape->code_first_line - code_from,
		.code_instructions = shape->code_instructions,
		.text_length = shape->text_length,
		.text_state = shape->text_state,
		.text_ascii = shape->text_ascii,
		.text_compact = shape->text_compact,
		.bytes_size = shape->bytes_size,
		.bytes_data = shape->bytes_data,
		.position = shape->position,
		.entry = shape->entry,
		.numbered = shape->numbered,
		.based = shape->based,
		.frame_bytes = (uint8_t)(until - from + 8),
	};
	return true;
}

/* Elsewhere than on x86-64 threads are told by their numbers, which are known from 3.11 on. */
static int choose_id(const struct ev_python_shape *shape, struct ev_python_process *to,
		     struct ev_err *err)
{
#if defined(__x86_64__)
	(void)shape, (void)to, (void)err;
	return 0;
#else
	if (shape->thread_native == UINT32_MAX)
		return ev_fail(err, ENOTSUP,
			       "threads of a Python before 3.11 can't be told apart on this "
			       "processor");
	to->thread_id = shape->thread_native;
	to->by_number = 1;
	return 0;
#endif
}

int ev_python_process_begin(struct python_processes *processes, uint32_t pid,
			    const struct ev_python_runtime *runtime, struct ev_python_process *to,
			    struct ev_err *err)
{
	struct ev_python_shape shape;
	struct ev_python_codes *codes;
	struct ev_python_memory memory = memory_of(pid);
	int rc = ev_python_codes_open(&codes, runtime, &memory, err);
	if (rc)
		return rc;
	ev_python_codes_shape(codes, &shape);
	if (!describe(runtime, &shape, to))
		rc = ev_fail(err, ENOTSUP, "its frames are of a shape that is not known");
	if (!rc)
		rc = choose_id(&shape, to, err);
	if (rc) {
		ev_python_codes_close(codes);
		return rc;
	}
	if (shape.newer)
		processes->newer = runtime->version;
	add(processes, pid, runtime, codes);
	return 0;
}

void ev_python_process_fork(struct python_processes *processes, uint32_t pid, uint32_t parent)
{
	struct ev_python_codes *codes;
	struct ev_python_memory memory = memory_of(pid);
	const struct python_process *from = ev_python_process_find(processes, parent);
	if (!from)
		return;
	struct ev_python_runtime runtime = from->runtime;
	/* What is over already is known by its parent. */
	if (ev_python_codes_open(&codes, &runtime, &memory, NULL))
		codes = NULL;
	add(processes, pid, &runtime, codes)->parent = parent;
}

void ev_python_process_end(struct python_processes *processes, uint32_t pid, uint64_t time_ns)
{
	struct python_process *process = ev_python_process_find(processes, pid);
	if (!process || process->ended_round)
		return;
	process->ended_round = processes->round + 1;
	process->ended_ns = time_ns;
}

/* ---- frames ------------------------------------------------------------------------------------
 */

/* A name as the program was given it means another file elsewhere. */
static const char *whole_path(struct python_process *process, const char *file,
			      struct ev_arena *arena)
{
	char link[64], folder[4096];
	if (*file == '/' || *file == '<' || !*file)
		return file;
	if (!process->folder) {
		snprintf(link, sizeof(link), "/proc/%u/cwd", process->pid);
		ssize_t length = readlink(link, folder, sizeof(folder) - 1);
		folder[length > 0 ? length : 0] = 0;
		process->folder = ev_strdup(folder);
	}
	if (!strncmp(file, "./", 2))
		file += 2;
	return *process->folder
		       ? ev_arena_printf(arena, "%s/%s",
					 strcmp(process->folder, "/") ? process->folder : "", file)
		       : file;
}

static uint64_t address_of(struct python_processes *processes, struct python_process *process,
			   const struct ev_python_code *code, int64_t position)
{
	struct ev_arena arena = { 0 };
	const char *file = whole_path(process, code->file, &arena);
	uint32_t function = ev_python_function_add(processes->functions, code->function, file,
						   code->first_line);
	uint64_t address = ev_python_function_address(processes->functions, function,
						      ev_python_code_line(code, position));
	ev_arena_done(&arena);
	return address;
}

/* A copy has at each address what its parent has there, as long as the check says so. */
static const struct ev_python_code *find_code(struct python_processes *processes,
					      struct python_process *process,
					      const struct ev_python_word *word)
{
	uint64_t address = word->code & ~EV_PYTHON_ENTRY;
	const struct ev_python_code *code = NULL;
	struct python_process *at = process;
	for (unsigned i = 0; at && !code && i < ANCESTORS_MAX; i++) {
		if (at->codes)
			code = ev_python_codes_find(at->codes, address, word->check);
		at = at->parent ? ev_python_process_find(processes, at->parent) : NULL;
	}
	return code;
}

uint64_t ev_python_process_address(struct python_processes *processes,
				   struct python_process *process,
				   const struct ev_python_word *word)
{
	bool added;
	uint64_t more = (uint64_t)(uint32_t)word->position << 32 | word->check, address;
	uint32_t *index =
		ev_map_add(&process->by_frame, word->code & ~EV_PYTHON_ENTRY, more, &added);
	if (!added)
		return process->addresses.items[*index - 1];
	const struct ev_python_code *code = find_code(processes, process, word);
	if (code) {
		address = address_of(processes, process, code, word->position);
	} else {
		if (!processes->unknown)
			processes->unknown = 1 + ev_python_function_add(processes->functions,
									UNKNOWN_CODE, "", 0);
		processes->unreadable++;
		address =
			ev_python_function_address(processes->functions, processes->unknown - 1, 0);
	}
	*ev_array_add(&process->addresses) = address;
	*index = (uint32_t)process->addresses.count;
	if (process->addresses.count >= ADDRESSES_MAX) {
		ev_map_done(&process->by_frame);
		ev_array_done(&process->addresses);
	}
	return address;
}

/* Memory as a program in the kernel has kept it, else as it is now. */
struct kept {
	const struct ev_python_code_note *note;
	uint32_t pid;
};

static int read_kept(void *context, uint64_t address, void *bytes, size_t size_bytes)
{
	struct kept *kept = context;
	const struct ev_python_code_note *note = kept->note;
	for (unsigned part = 0; part < EV_PYTHON_CODE_PARTS; part++) {
		uint64_t from = address - note->address[part];
		if (address >= note->address[part] && from <= note->size[part] &&
		    size_bytes <= note->size[part] - from) {
			memcpy(bytes, note->bytes + EV_PYTHON_PART_AT(part) + from, size_bytes);
			return 0;
		}
	}
	return ev_process_memory(&kept->pid, address, bytes, size_bytes);
}

/* Does every part lie in what came out of the ring? */
static bool is_whole(const struct ev_python_code_note *note, size_t size_bytes)
{
	size_t head = offsetof(struct ev_python_code_note, bytes);
	if (size_bytes < head)
		return false;
	size_bytes -= head;
	for (unsigned part = 0; part < EV_PYTHON_CODE_PARTS; part++) {
		size_t at = EV_PYTHON_PART_AT(part);
		if (note->size[part] && (size_bytes < at || note->size[part] > size_bytes - at))
			return false;
	}
	return true;
}

void ev_python_process_learn(struct python_processes *processes,
			     const struct ev_python_code_note *note, size_t size_bytes)
{
	if (!is_whole(note, size_bytes))
		return;
	struct python_process *process = ev_python_process_find(processes, note->note.pid);
	struct kept kept = { note, note->note.pid };
	struct ev_python_memory memory = { read_kept, &kept };
	if (process && process->codes)
		ev_python_codes_learn(process->codes, note->code & ~EV_PYTHON_ENTRY, note->check,
				      &memory);
}

/* ---- the end -----------------------------------------------------------------------------------
 */

static bool is_over(const struct python_processes *processes, const struct python_process *process)
{
	return processes->round > process->ended_round + KEPT_ROUNDS;
}

void ev_python_processes_round(struct python_processes *processes)
{
	processes->round++;
	for (size_t i = processes->list.count; i-- > 0;) {
		struct python_process *process = processes->list.items[i];
		if (process->former && is_over(processes, process->former)) {
			process_free(process->former);
			process->former = NULL;
		}
		if (!process->ended_round || !is_over(processes, process))
			continue;
		take_out(processes, i);
		process_free(process);
	}
}

void ev_python_processes_done(struct python_processes *processes)
{
	for (size_t i = 0; i < processes->list.count; i++)
		process_free(processes->list.items[i]);
	ev_array_done(&processes->list);
	ev_map_done(&processes->by_pid);
}
