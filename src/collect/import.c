/* What readers of foreign profiles find becomes one small model: frames, places, stacks, tasks and
 * samples, each once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "import.h"

/* A small file can claim very many. */
enum { SAMPLES_MAX = 32 << 20, NOTES_MAX = 128 };

/* ---- names and places --------------------------------------------------------------------------
 */

/* Text with a NUL inside would be cut by whoever reads it: it ends there for all. */
uint32_t ev_import_text(struct ev_import *import, const char *text, size_t length)
{
	return ev_strings_add(import->strings, text, strnlen(text, length));
}

uint32_t ev_import_object(struct ev_import *import, const char *path, size_t length, bool kernel)
{
	static const char deleted[] = " (deleted)";
	static const char *const generated[] = { "//anon",  "/anon_hugepage", "[heap]",
						 "[stack",  "[anon",          "anon_inode:",
						 "/memfd:", "/dev/zero",      "/SYSV" };
	size_t mark = sizeof(deleted) - 1;
	if (length > mark && !memcmp(path + length - mark, deleted, mark))
		length -= mark;
	uint32_t text = ev_import_text(import, path, length);
	if (!text)
		text = ev_strings_add_text(import->strings, "[imported]");
	/* In a recording such names stand for memory that a perf map tells about. */
	for (size_t i = 0; i < EV_LENGTH(generated) && !kernel; i++)
		if (!strncmp(ev_strings_text(import->strings, text), generated[i],
			     strlen(generated[i])))
			text = ev_strings_add_text(import->strings, "[generated code]");
	bool added;
	uint32_t *id = ev_map_add(&import->object_ids, text, kernel, &added);
	if (added) {
		*id = (uint32_t)import->objects.count;
		*ev_array_add(&import->objects) =
			(struct import_object){ .path = text, .kernel = kernel };
	}
	return *id;
}

uint32_t ev_import_place(struct ev_import *import, uint32_t object,
			 const struct import_frame *frames, size_t count)
{
	struct import_frame kept[EV_GIVEN_FRAMES + 1] = { 0 };
	size_t room = EV_GIVEN_FRAMES;
	if (count > room)
		ev_import_remark(import, "functions inlined more than %zu deep are left out", room);
	for (size_t i = 0; i < count && i < room; i++)
		kept[i] = frames[i];
	if (count > room) {
		kept[room - 1] = frames[count - 1];
		count = room;
	}
	kept[count] = (struct import_frame){ .line = object };
	uint32_t before = ev_strings_count(import->places_known);
	uint32_t id = ev_strings_add(import->places_known, (const char *)kept,
				     (count + 1) * sizeof(*kept));
	if (id < before)
		return id;
	struct import_place *place = ev_array_add(&import->places);
	*place = (struct import_place){ .object = object,
					.first_frame = (uint32_t)import->frames.count,
					.frame_count = (uint32_t)count };
	for (size_t i = 0; i < count; i++)
		*ev_array_add(&import->frames) = kept[i];
	return id;
}

uint32_t ev_import_stack(struct ev_import *import, uint32_t parent, uint32_t place)
{
	bool added;
	uint32_t *id = ev_map_add(&import->stack_ids, parent, place, &added);
	if (added) {
		*id = (uint32_t)import->stacks.count;
		*ev_array_add(&import->stacks) = (struct import_stack){ parent, place };
	}
	import->has_stacks |= parent != 0;
	return *id;
}

/* ---- tasks and events --------------------------------------------------------------------------
 */

uint32_t ev_import_task(struct ev_import *import, bool has_id, uint32_t pid, uint32_t tid,
			uint32_t comm)
{
	bool added;
	uint64_t key = has_id ? (uint64_t)pid << 32 | tid : UINT64_MAX;
	uint32_t *id = ev_map_add(&import->task_ids, key, comm, &added);
	if (!added)
		return *id;
	*id = (uint32_t)import->tasks.count;
	struct import_task *task = ev_array_add(&import->tasks);
	*task = (struct import_task){ .pid = pid, .tid = tid, .comm = comm };
	if (!has_id)
		task->pid = task->tid = import->next_pid++;
	return *id;
}

static const struct {
	const char *name;
	uint64_t scale;
} units[] = {
	{ "nanoseconds", 1 }, { "nanosecond", 1 },
	{ "ns", 1 },          { "microseconds", 1000 },
	{ "us", 1000 },       { "milliseconds", 1000000 },
	{ "ms", 1000000 },    { "seconds", 1000000000 },
	{ "s", 1000000000 },
};

static bool is_clock(const char *name, size_t length)
{
	size_t plain = strcspn(name, ":/");
	if (plain > length)
		plain = length;
	return (plain == 9 && !memcmp(name, "cpu-clock", 9)) ||
	       (plain == 10 && !memcmp(name, "task-clock", 10));
}

uint32_t ev_import_event(struct ev_import *import, const char *name, size_t length,
			 const char *unit)
{
	uint32_t text = ev_import_text(import, name, length);
	bool added;
	uint32_t *id = ev_map_add(&import->event_ids, text, 0, &added);
	if (!added)
		return *id;
	*id = (uint32_t)import->events.count;
	struct import_event *event = ev_array_add(&import->events);
	*event = (struct import_event){ .name = text, .scale = 1 };
	event->is_time = is_clock(ev_strings_text(import->strings, text), length);
	for (size_t i = 0; i < EV_LENGTH(units); i++)
		if (!strcmp(unit, units[i].name)) {
			event->is_time = true;
			event->scale = units[i].scale;
		}
	return *id;
}

void ev_import_sample(struct ev_import *import, const struct import_sample *sample)
{
	if (import->samples.count >= SAMPLES_MAX) {
		ev_import_complain(import, "only the first %d samples are read", SAMPLES_MAX);
		return;
	}
	struct import_sample *added = ev_array_add(&import->samples);
	uint64_t scale = import->events.items[sample->event].scale;
	*added = *sample;
	if (__builtin_mul_overflow(sample->period, scale, &added->period)) {
		added->period = UINT64_MAX;
		ev_import_remark(import, "times too long for nanoseconds are cut");
	}
	if (__builtin_add_overflow(import->sample_count, sample->samples, &import->sample_count))
		import->sample_count = UINT64_MAX;
	import->has_time |= sample->time_ns != 0;
	import->has_cpu |= sample->cpu != 0;
}

/* ---- what is told ------------------------------------------------------------------------------
 */

void ev_import_complain(struct ev_import *import, const char *fmt, ...)
{
	va_list args;
	if (import->troubles++)
		return;
	va_start(args, fmt);
	if (vasprintf(&import->trouble, fmt, args) < 0)
		import->trouble = NULL;
	va_end(args);
}

void ev_import_remark(struct ev_import *import, const char *fmt, ...)
{
	char text[256];
	va_list args;
	if (import->notes.count > NOTES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (size_t i = 0; i < import->notes.count; i++)
		if (!strcmp(import->notes.items[i], text))
			return;
	if (import->notes.count == NOTES_MAX)
		snprintf(text, sizeof(text), "there was more to remark than these %d", NOTES_MAX);
	*ev_array_add(&import->notes) = ev_strdup(text);
}

const char *ev_import_note(const struct ev_import *import, size_t index)
{
	return index < import->notes.count ? import->notes.items[index] : NULL;
}

const char *ev_import_trouble(const struct ev_import *import)
{
	return import->trouble;
}

enum ev_import_format ev_import_format(const struct ev_import *import)
{
	return import->format;
}

uint64_t ev_import_samples(const struct ev_import *import)
{
	return import->sample_count;
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static struct ev_import *begin(const struct ev_import_options *options)
{
	struct ev_import *import = ev_alloc(sizeof(*import));
	import->comm_first = options->comm_first;
	import->done_permille = options->done_permille;
	import->strings = ev_strings_open();
	import->places_known = ev_strings_open();
	import->next_pid = 1;
	ev_array_add(&import->places);
	ev_array_add(&import->stacks);
	return import;
}

static int read_packed(struct ev_import *import, const uint8_t *bytes, size_t size_bytes,
		       struct ev_err *err)
{
	uint8_t *unpacked = NULL;
	size_t unpacked_bytes;
	if (size_bytes < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b)
		return ev_import_pprof(import, bytes, size_bytes, err);
	int rc = ev_import_unpack(import, bytes, size_bytes, &unpacked, &unpacked_bytes, err);
	if (rc > 0)
		ev_import_complain(import, "the file ends early: its gzip stream is cut off");
	if (rc >= 0)
		rc = ev_import_pprof(import, unpacked, unpacked_bytes, err);
	free(unpacked);
	return rc;
}

static void end_trouble(struct ev_import *import)
{
	char *first = import->trouble;
	if (import->troubles < 2 || !first)
		return;
	import->trouble = ev_printf("%s (and %llu more like it)", first,
				    (unsigned long long)import->troubles - 1);
	free(first);
}

static int take_all(struct ev_import **out, struct import_source *source,
		    const struct ev_import_options *options, struct ev_err *err)
{
	enum ev_import_format format = options->format;
	size_t size_bytes = (size_t)(source->end - source->at);
	int rc = 0;
	if (size_bytes >= 8 &&
	    (!memcmp(source->at, "PERFILE2", 8) || !memcmp(source->at, "2ELIFREP", 8)))
		return ev_fail(err, EINVAL, "it is a recording already: evprof report -i shows it");
	if (format == EV_IMPORT_UNKNOWN)
		format = ev_import_detect(source->at, size_bytes);
	struct ev_import *import = begin(options);
	import->format = format;
	switch (format) {
	case EV_IMPORT_FOLDED:
		ev_import_folded(import, source);
		break;
	case EV_IMPORT_SCRIPT:
		ev_import_script(import, source);
		break;
	case EV_IMPORT_PPROF:
		ev_import_source_rest(source);
		rc = read_packed(import, (const uint8_t *)source->at,
				 (size_t)(source->end - source->at), err);
		break;
	default:
		rc = ev_fail(err, EINVAL,
			     "it is neither folded stacks nor the text of perf script nor a pprof "
			     "profile");
	}
	end_trouble(import);
	if (source->failed)
		rc = ev_fail(err, source->failed, "cannot be read: %s", strerror(source->failed));
	if (!rc && !import->samples.count)
		rc = ev_fail(err, EINVAL, "there is no sample in it%s%s",
			     import->trouble ? ": " : "", import->trouble ? import->trouble : "");
	if (rc) {
		ev_import_close(import);
		return rc;
	}
	*out = import;
	return 0;
}

int ev_import_open(struct ev_import **out, const void *bytes, size_t size_bytes,
		   const struct ev_import_options *options, struct ev_err *err)
{
	struct import_source source;
	ev_import_source_bytes(&source, bytes, size_bytes);
	return take_all(out, &source, options, err);
}

int ev_import_open_file(struct ev_import **out, int fd, const struct ev_import_options *options,
			struct ev_err *err)
{
	struct import_source source;
	ev_import_source_file(&source, fd);
	int rc = take_all(out, &source, options, err);
	ev_import_source_done(&source);
	return rc;
}

void ev_import_close(struct ev_import *import)
{
	if (!import)
		return;
	ev_strings_close(import->strings);
	ev_strings_close(import->places_known);
	ev_array_done(&import->frames);
	ev_array_done(&import->places);
	ev_array_done(&import->objects);
	ev_array_done(&import->stacks);
	ev_array_done(&import->tasks);
	ev_array_done(&import->events);
	ev_array_done(&import->samples);
	ev_map_done(&import->object_ids);
	ev_map_done(&import->stack_ids);
	ev_map_done(&import->task_ids);
	ev_map_done(&import->event_ids);
	ev_map_done(&import->tids);
	for (size_t i = 0; i < import->notes.count; i++)
		free(import->notes.items[i]);
	ev_array_done(&import->notes);
	free(import->trouble);
	free(import);
}
