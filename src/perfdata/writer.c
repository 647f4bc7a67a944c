/* Records and what describes them -> a perf.data file or stream, readable after every flush. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "writer.h"

/* Records gather to this before they go out. */
enum { PENDING_BYTES_MAX = EV_UNPACKED_BYTES_MAX };
/* So many are packed at once, or kept out of the file when the disk is full. */
enum { PIECE_BYTES_MAX = 64 * 1024 };

static int fail(struct ev_writer *writer, struct ev_err *why, struct ev_err *err)
{
	/* What went wrong first is why the later things did. */
	if (!writer->failed) {
		writer->failed = why->code;
		writer->failure = ev_strdup(why->text);
	}
	return ev_fail(err, why->code, "%s", why->text);
}

int ev_writer_append(struct ev_writer *writer, const void *bytes, size_t size_bytes,
		     struct ev_err *err)
{
	struct ev_err why = { 0 };

	if (ev_output_append(&writer->output, bytes, size_bytes, &why) < 0) {
		ev_output_cut(&writer->output, writer->end);
		return fail(writer, &why, err);
	}
	writer->end += size_bytes;
	return 0;
}

int ev_writer_say_end(struct ev_writer *writer, struct ev_err *err)
{
	uint64_t size_bytes = writer->end - writer->data_offset;
	struct ev_err why = { 0 };

	if (writer->pipe || writer->end == writer->said_end)
		return 0;
	if (ev_output_patch(&writer->output, EV_FILE_HEADER_DATA_AT + 8, &size_bytes,
			    sizeof(size_bytes), &why) < 0)
		return fail(writer, &why, err);
	writer->said_end = writer->end;
	return 0;
}

/* Records to the end of the file, or those of them that fit. Returns how many bytes of them. */
static size_t append_plain(struct ev_writer *writer, const uint8_t *bytes, size_t size_bytes,
			   struct ev_err *why)
{
	size_t kept = size_bytes;

	if (ev_output_append(&writer->output, bytes, size_bytes, why) < 0) {
		/* What a stream has swallowed can't be taken back. */
		kept = !writer->output.seekable
			       ? 0
			       : ev_records_whole(bytes, writer->output.end - writer->end);
		ev_output_cut(&writer->output, writer->end + kept);
	}
	writer->end += kept;
	return kept;
}

/* The same for a piece of them, packed: all or nothing. Only whole records go into a piece, so that
 * where it ends the data may end. */
static size_t append_packed(struct ev_writer *writer, const uint8_t *bytes, size_t size_bytes,
			    struct ev_err *why)
{
	size_t here = size_bytes;

	if (here > PIECE_BYTES_MAX)
		here = ev_records_whole(bytes, PIECE_BYTES_MAX);
	if (!here) /* what a record has behind it is more than a piece */
		here = size_bytes < PENDING_BYTES_MAX ? size_bytes : PENDING_BYTES_MAX;
	writer->packed.size_bytes = 0;
	if (ev_packer_add(writer->packer, bytes, here, &writer->packed, why) < 0)
		return 0;
	if (ev_output_append(&writer->output, writer->packed.bytes, writer->packed.size_bytes,
			     why) < 0) {
		ev_output_cut(&writer->output, writer->end);
		return 0;
	}
	writer->end += writer->packed.size_bytes;
	return here;
}

/* The records that did not fit are lost; those that did are data like all before them. */
static int keep_a_part(struct ev_writer *writer, const struct ev_err *why, size_t kept,
		       size_t size_bytes, struct ev_err *err)
{
	struct ev_err told = { 0 }, ignored;

	if (writer->output.seekable && ev_writer_say_end(writer, &ignored) == 0)
		ev_fail(&told, why->code,
			"%s: kept %zu of the last %zu bytes, and everything before them", why->text,
			kept, size_bytes);
	else
		told = *why;
	return fail(writer, &told, err);
}

/* Records on their way out, packed if asked. */
static int send(struct ev_writer *writer, const uint8_t *bytes, size_t size_bytes,
		struct ev_err *err)
{
	struct ev_err why = { 0 };
	size_t sent = 0;

	while (sent < size_bytes && !why.code)
		sent += (writer->packer ? append_packed : append_plain)(writer, bytes + sent,
									size_bytes - sent, &why);
	writer->packed_from += sent;
	return why.code ? keep_a_part(writer, &why, sent, size_bytes, err) : 0;
}

static int drain(struct ev_writer *writer, struct ev_err *err)
{
	int rc = send(writer, writer->pending.bytes, writer->pending.size_bytes, err);

	writer->pending.size_bytes = 0;
	return rc;
}

int ev_writer_open(struct ev_writer **writer, const char *path,
		   const struct ev_writer_options *options, const struct ev_recording *recording,
		   struct ev_err *err)
{
	struct ev_writer *opened = ev_alloc(sizeof(*opened));
	struct ev_recording told = *recording;
	int rc;

	*writer = NULL;
	opened->recording = recording;
	opened->level = options->compression_level;
	rc = opened->level ? ev_packer_open(&opened->packer, opened->level, err) : 0;
	if (rc == 0)
		rc = ev_output_open(&opened->output, path, options->sudo_owner, err);
	else
		opened->output.fd = -1;
	if (rc == 0) {
		opened->pipe = options->pipe || !opened->output.seekable;
		/* Unpacking needs to know the size of the chunks from the start. */
		told.compressed = opened->packer;
		told.compression_level = (uint32_t)opened->level;
		rc = ev_frame_begin(opened, &told, err);
	}
	if (rc < 0) {
		ev_writer_discard(opened);
		return rc;
	}
	*writer = opened;
	return 0;
}

static int failed_before(const struct ev_writer *writer, struct ev_err *err)
{
	return ev_fail(err, writer->failed, "%s", writer->failure);
}

int ev_writer_add(struct ev_writer *writer, const void *bytes, size_t size_bytes,
		  struct ev_err *err)
{
	int rc = 0;

	if (writer->failed)
		return failed_before(writer, err);
	if (writer->pending.size_bytes + size_bytes > PENDING_BYTES_MAX)
		rc = drain(writer, err);
	if (rc == 0 && size_bytes > PENDING_BYTES_MAX / 2)
		return send(writer, bytes, size_bytes, err);
	if (rc == 0)
		ev_buffer_add(&writer->pending, bytes, size_bytes);
	return rc;
}

int ev_writer_add_growth(struct ev_writer *writer, unsigned number, const void *bytes,
			 size_t size_bytes, struct ev_err *err)
{
	struct ev_buffer records = { 0 };
	int rc;

	ev_growth_records(number, bytes, size_bytes, &records);
	rc = ev_writer_add(writer, records.bytes, records.size_bytes, err);
	ev_buffer_done(&records);
	return rc;
}

int ev_writer_add_plain(struct ev_writer *writer, const void *bytes, size_t size_bytes,
			struct ev_err *err)
{
	struct ev_err why = { 0 };
	size_t sent;
	int rc;

	if (writer->failed)
		return failed_before(writer, err);
	rc = drain(writer, err);
	if (rc < 0)
		return rc;
	sent = append_plain(writer, bytes, size_bytes, &why);
	return why.code ? keep_a_part(writer, &why, sent, size_bytes, err) : 0;
}

int ev_writer_add_record(struct ev_writer *writer, const struct ev_record *record,
			 struct ev_err *err)
{
	int rc;

	writer->encoded.size_bytes = 0;
	rc = ev_encode(writer->recording, record, &writer->encoded, err);
	return rc < 0 ? rc
		      : ev_writer_add(writer, writer->encoded.bytes, writer->encoded.size_bytes,
				      err);
}

/* The first flush gives the file its name. A later one that brings records means that the recording
 * has really begun. */
static int publish(struct ev_writer *writer, struct ev_err *err)
{
	int rc = 0;

	if (writer->output.draft_path) {
		rc = ev_output_publish(&writer->output, err);
		writer->published = writer->end;
	} else if (writer->end > writer->published) {
		ev_output_settle(&writer->output);
	}
	return rc;
}

int ev_writer_flush(struct ev_writer *writer, struct ev_err *err)
{
	int rc;

	if (writer->failed)
		return failed_before(writer, err);
	rc = drain(writer, err);
	if (rc == 0)
		rc = ev_writer_say_end(writer, err);
	return rc < 0 ? rc : publish(writer, err);
}

/* How the recording went, for those who read it. */
static void describe_writing(const struct ev_writer *writer, struct ev_recording *recording)
{
	uint64_t packed_to = writer->end - writer->head_end;

	if (writer->failed)
		ev_recording_add_note(recording, EV_NOTE_PARTIAL, "%s", writer->failure);
	if (!writer->packer)
		return;
	recording->compressed = true;
	recording->compression_level = (uint32_t)writer->level;
	recording->compression_ratio =
		packed_to ? (double)writer->packed_from / (double)packed_to : 1;
}

int ev_writer_finish(struct ev_writer *writer, struct ev_recording *recording, struct ev_err *err)
{
	struct ev_err why = { 0 };

	if (!writer->failed)
		drain(writer, &why);
	/* After a failure what is well written can still be described, if there is room for that:
	 * the first failure is the answer then. */
	ev_writer_say_end(writer, why.code ? NULL : &why);
	ev_output_publish(&writer->output, why.code ? NULL : &why);
	describe_writing(writer, recording);
	ev_frame_end(writer, recording, why.code ? NULL : &why);
	return why.code ? fail(writer, &why, err) : 0;
}

const char *ev_writer_failure(const struct ev_writer *writer)
{
	return writer->failed ? writer->failure : NULL;
}

uint64_t ev_writer_size(const struct ev_writer *writer)
{
	return writer->end;
}

uint64_t ev_writer_packed_from(const struct ev_writer *writer)
{
	return writer->packed_from;
}

static void free_writer(struct ev_writer *writer)
{
	ev_packer_close(writer->packer);
	ev_buffer_done(&writer->pending);
	ev_buffer_done(&writer->encoded);
	ev_buffer_done(&writer->packed);
	free(writer->failure);
	free(writer);
}

void ev_writer_close(struct ev_writer *writer)
{
	if (!writer)
		return;
	ev_output_close(&writer->output);
	free_writer(writer);
}

void ev_writer_discard(struct ev_writer *writer)
{
	if (!writer)
		return;
	ev_output_discard(&writer->output);
	free_writer(writer);
}
