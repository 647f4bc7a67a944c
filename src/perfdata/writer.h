/* A recording that is being written, for the files that write its parts. */
#ifndef EVPROF_PERFDATA_WRITER_H
#define EVPROF_PERFDATA_WRITER_H

#include "layout.h"

struct ev_writer {
	struct ev_output output;
	bool pipe;
	const struct ev_recording *recording; /* as given when opened */
	struct ev_buffer pending;             /* whole records, not yet in the file */
	struct ev_buffer encoded;
	struct ev_packer *packer;
	struct ev_buffer packed;
	int level;

	uint64_t attrs_offset; /* of the attr entries */
	uint64_t attr_bytes;   /* of one attribute, without the place behind it */
	uint64_t told[4];      /* features that stand at the head */
	size_t event_count;
	size_t id_count;      /* of all events, as written at the beginning */
	uint64_t data_offset; /* of the first record */
	uint64_t head_end;    /* of the records that describe the recording */
	uint64_t end;         /* of what is well written */
	uint64_t said_end;    /* of the data as the header says it */
	uint64_t published;   /* as much was written when the file got its name */
	uint64_t packed_from;
	int failed;
	char *failure;
};

/* ---- writer.c ------------------------------------------------------------------------------- */

/* Bytes to the end of the file, or the file as it was. */
int ev_writer_append(struct ev_writer *writer, const void *bytes, size_t size_bytes,
		     struct ev_err *err);
/* Let the header say how far the data goes. */
int ev_writer_say_end(struct ev_writer *writer, struct ev_err *err);

/* ---- frame.c -------------------------------------------------------------------------------- */

/* What stands before the first record that is added. */
int ev_frame_begin(struct ev_writer *writer, const struct ev_recording *recording,
		   struct ev_err *err);
/* What is known at the end, and the header that says where it is. */
int ev_frame_end(struct ev_writer *writer, const struct ev_recording *recording,
		 struct ev_err *err);

#endif
