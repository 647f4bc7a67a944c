/* Generated code as runtimes write it to jit-PID.dump: what was at which address from when on, its
 * names and its lines. */
#ifndef SYMBOL_JITDUMP_H
#define SYMBOL_JITDUMP_H

#include <evprof/base.h>

struct jit_code {
	uint64_t offset, size_bytes; /* of the code, in the file: what it is known by */
	uint64_t address;            /* where it ran */
	size_t name;                 /* in names */
	uint32_t first_line, line_count;
};
struct jit_line {
	uint64_t at; /* bytes from the code's begin: the line holds from here on */
	uint32_t file, line;
};
/* From a time on, code is at an address. */
struct jit_mapping {
	uint64_t time_ns, start, size_bytes, offset;
};
struct jitdump {
	uint32_t pid;                    /* as the process knows itself */
	uint64_t first_ns;               /* of the first record, on the writer's clock */
	bool foreign_clock;              /* times are ticks of the processor */
	EV_ARRAY(struct jit_code) codes; /* sorted by offset */
	EV_ARRAY(struct jit_line) lines;
	EV_ARRAY(struct jit_mapping) mappings; /* as they were written */
	struct ev_buffer names;
	struct ev_strings *files;
};

/* All that makes sense of the file, up to a record that was not finished; -ENOEXEC when it is no
 * jitdump. The descriptor stays the caller's. */
int ev_jitdump_read(struct jitdump *dump, int fd, uint64_t size_bytes);
/* The code that holds an offset in the file, NULL when none does. */
const struct jit_code *ev_jitdump_find(const struct jitdump *dump, uint64_t offset);
const char *ev_jitdump_name(const struct jitdump *dump, const struct jit_code *code);
/* The line of an offset in the file, inside `code`; NULL when none is known. */
const struct jit_line *ev_jitdump_line(const struct jitdump *dump, const struct jit_code *code,
				       uint64_t offset);
void ev_jitdump_done(struct jitdump *dump);

#endif
