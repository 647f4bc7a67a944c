/* A foreign profile while it is read and turned into records: what readers of formats add to. */
#ifndef COLLECT_IMPORT_H
#define COLLECT_IMPORT_H

#include <evprof/import.h>

struct import_frame {
	uint32_t function, file; /* string ids, 0 = not known */
	uint32_t line;
};
/* Where a stack goes through: one frame, or several where functions are inlined. */
struct import_place {
	uint32_t object;
	uint32_t first_frame, frame_count; /* innermost first */
	uint64_t offset;                   /* in its object; given when records are made */
};
struct import_object {
	uint32_t path; /* string id */
	bool kernel;
	uint8_t build_id[20], build_id_bytes;
	uint64_t base, size_bytes; /* where it is mapped; given when records are made */
};
struct import_stack {
	uint32_t parent, place; /* parent 0: the place is the root's */
};
struct import_task {
	uint32_t pid, tid, comm; /* comm a string id */
	bool told;               /* its name went out with a record */
};
struct import_event {
	uint32_t name;
	bool is_time;   /* periods are nanoseconds */
	uint64_t scale; /* what a period is multiplied by to be so */
};
struct import_sample {
	uint32_t event, task, stack; /* stack 0: none */
	uint32_t cpu;                /* + 1, 0 = not known */
	uint64_t time_ns, samples, period;
};
struct ev_import {
	enum ev_import_format format;
	bool comm_first;
	_Atomic uint64_t *done_permille;
	struct ev_strings *strings, *places_known; /* the latter: contents of places */
	EV_ARRAY(struct import_frame) frames;
	EV_ARRAY(struct import_place) places; /* 0 is unused */
	EV_ARRAY(struct import_object) objects;
	EV_ARRAY(struct import_stack) stacks; /* 0 is the empty one */
	EV_ARRAY(struct import_task) tasks;
	EV_ARRAY(struct import_event) events;
	EV_ARRAY(struct import_sample) samples;
	struct ev_map object_ids, stack_ids, task_ids, event_ids, tids;
	uint64_t sample_count;
	bool has_time, has_cpu, has_stacks;
	uint32_t next_pid; /* of tasks that have none */
	char *trouble;
	uint64_t troubles;
	EV_ARRAY(char *) notes;
};

/* Where its bytes come from, and how far they were read. */
struct import_source {
	const char *at, *end; /* what is at hand and was not read yet */
	uint64_t size_bytes;  /* of it all; 0 = not known */
	uint64_t passed_bytes, number /* of the line that was read last */;
	int fd; /* -1: all is at hand */
	char *room;
	size_t room_bytes;
	bool ended;
	int failed; /* errno of reading */
};
/* Whoever gave bytes or file keeps them; what is read of a file at first is enough to tell its
 * format. */
void ev_import_source_bytes(struct import_source *source, const void *bytes, size_t size_bytes);
void ev_import_source_file(struct import_source *source, int fd);
/* All that is left of it is at hand. */
void ev_import_source_rest(struct import_source *source);
void ev_import_source_done(struct import_source *source);
/* Its next line without the end, valid until the next call; false behind the last. */
bool ev_import_next(struct ev_import *import, struct import_source *source, const char **line,
		    size_t *length);

uint32_t ev_import_text(struct ev_import *import, const char *text, size_t length);
uint32_t ev_import_object(struct ev_import *import, const char *path, size_t length, bool kernel);
/* `frames` innermost first; those beyond EV_GIVEN_FRAMES are left out, but not the last. */
uint32_t ev_import_place(struct ev_import *import, uint32_t object,
			 const struct import_frame *frames, size_t count);
uint32_t ev_import_stack(struct ev_import *import, uint32_t parent, uint32_t place);
/* pid 0 and tid 0 with a name: one that is made up. */
uint32_t ev_import_task(struct ev_import *import, bool has_id, uint32_t pid, uint32_t tid,
			uint32_t comm);
/* unit: "nanoseconds", "ms", "count", "" … */
uint32_t ev_import_event(struct ev_import *import, const char *name, size_t length,
			 const char *unit);
void ev_import_sample(struct ev_import *import, const struct import_sample *sample);
/* Counts what could not be read; the first is told. */
void ev_import_complain(struct ev_import *import, const char *fmt, ...) EV_PRINTF(2, 3);
/* The same sentence is kept once. */
void ev_import_remark(struct ev_import *import, const char *fmt, ...) EV_PRINTF(2, 3);

/* One format each. */
void ev_import_folded(struct ev_import *import, struct import_source *source);
void ev_import_script(struct ev_import *import, struct import_source *source);
int ev_import_pprof(struct ev_import *import, const void *bytes, size_t size_bytes,
		    struct ev_err *err);
/* The head line of a sample as perf script prints it. */
bool ev_import_is_head(const char *line, size_t length);
/* gzip unpacked; free() *out. */
int ev_import_unpack(struct ev_import *import, const void *bytes, size_t size_bytes, uint8_t **out,
		     size_t *out_bytes, struct ev_err *err);
/* What of the work is unpacking, in thousandths. */
enum { IMPORT_UNPACKED = 100 };

/* The next line of a text without its end; false behind the last. */
bool ev_import_line(const char **at, const char *end, const char **line, size_t *length);
/* `done` of `all` of the work that takes it from one thousandth to another. */
void ev_import_tell(struct ev_import *import, uint64_t done, uint64_t all, unsigned from,
		    unsigned to);
/* "func (file.py:12)" -> its parts; false where the name is only a name. */
bool ev_import_split_line(const char *text, size_t length, size_t *name_length, const char **file,
			  size_t *file_length, uint32_t *line);
/* All of it is a number that fits. */
bool ev_import_number(const char *text, size_t length, uint64_t *value);

#endif
