/* A recording that is being read, for the files that open it and those that walk over it. */
#ifndef EVPROF_PERFDATA_READER_H
#define EVPROF_PERFDATA_READER_H

#include "layout.h"

struct ev_reader {
	struct ev_source source;
	struct ev_recording *recording;
	struct ev_reader *whole; /* of a part: owns source and recording */
	uint64_t begin;          /* of the records in the source */
	uint64_t first_end;      /* of those of the first file, behind which other things stand */
	uint64_t stop;           /* no record begins at or after it */
	bool open_ended;         /* a record cut off at the end is no damage */

	struct ev_window window;
	uint64_t *copy; /* of a record that does not stand at a multiple of 8 */

	struct ev_unpacker *unpacker;
	bool unpacking;
	uint64_t packed[2]; /* COMPRESSED and COMPRESSED2 records unpacked, since the beginning */
	uint64_t packed_at; /* place of the compressed record being unpacked */

	uint64_t sequence; /* records handed out since the beginning */
	uint64_t applied;  /* so many of them have been applied to the recording */
	int failed;        /* the answer of every further call */
	char *failure;
};

/* The place of the next record, whatever file it is in. */
void ev_reader_go_to(struct ev_reader *reader, uint64_t place);
/* Are the records in several files, each in an order of its own? */
bool ev_reader_has_files(const struct ev_reader *reader);
/* From here on every call fails with `reason` and where it was. Returns -code. */
int ev_reader_fail(struct ev_reader *reader, struct ev_err *err, int code, const char *reason);

/* ---- reader_packed.c ------------------------------------------------------------------------ */

/* Begin to unpack the chunk that `raw` is. */
int ev_reader_feed(struct ev_reader *reader, const struct ev_raw *raw, struct ev_err *err);
/* 1 and the next record of the chunk, 0 behind its last, -errno. */
int ev_reader_next_unpacked(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err);

static inline uint32_t reader_type_of(const struct perf_event_header *header, bool swapped)
{
	return swapped ? ev_swap32(header->type) : header->type;
}

#endif
