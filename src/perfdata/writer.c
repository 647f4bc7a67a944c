/* Records and what describes them -> a perf.data file or stream, readable after every flush. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "layout.h"

/* Records gather to this before they go out; one COMPRESSED chunk holds no more. */
enum { PENDING_BYTES_MAX = EV_UNPACKED_BYTES_MAX };

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
	uint64_t packed_from;
	int failed;
	char *failure;
};

static uint64_t known_attr_bytes(const struct ev_recording *recording)
{
	uint64_t attr_bytes = EV_ATTR_BYTES_WRITTEN;

	for (size_t i = 0; i < recording->event_count; i++)
		if (ev_attr_size(&recording->events[i].attr) > attr_bytes)
			attr_bytes = ev_attr_size(&recording->events[i].attr);
	return attr_bytes;
}

static size_t count_ids(const struct ev_recording *recording)
{
	size_t count = 0;

	for (size_t i = 0; i < recording->event_count; i++)
		count += recording->events[i].id_count;
	return count;
}

static void add_ids(const struct ev_recording *recording, struct ev_buffer *out)
{
	for (size_t i = 0; i < recording->event_count; i++)
		ev_buffer_add(out, recording->events[i].ids,
			      recording->events[i].id_count * sizeof(uint64_t));
}

/* The attr entries: attribute, place of its ids. */
static void add_attrs(const struct ev_writer *writer, const struct ev_recording *recording,
		      uint64_t ids_offset, struct ev_buffer *out)
{
	for (size_t i = 0; i < recording->event_count; i++) {
		const struct ev_recorded_event *event = &recording->events[i];
		uint64_t size_bytes = event->id_count * sizeof(uint64_t);

		ev_attr_encode(&event->attr, writer->attr_bytes, out);
		ev_buffer_u64(out, ids_offset);
		ev_buffer_u64(out, size_bytes);
		ids_offset += size_bytes;
	}
}

static void add_header(const struct ev_writer *writer, const uint64_t bits[4],
		       struct ev_buffer *out)
{
	uint64_t entry_bytes = writer->attr_bytes + EV_PLACE_BYTES;

	ev_buffer_add(out, EV_MAGIC, 8);
	ev_buffer_u64(out, EV_FILE_HEADER_BYTES);
	ev_buffer_u64(out, entry_bytes);
	ev_buffer_u64(out, writer->attrs_offset);
	ev_buffer_u64(out, entry_bytes * writer->event_count);
	ev_buffer_u64(out, writer->data_offset);
	ev_buffer_u64(out, writer->said_end - writer->data_offset);
	ev_buffer_zero(out, EV_PLACE_BYTES); /* event types, long out of use */
	for (int i = 0; i < 4; i++)
		ev_buffer_u64(out, bits[i]);
}

static int fail(struct ev_writer *writer, struct ev_err *why, struct ev_err *err)
{
	writer->failed = why->code;
	free(writer->failure);
	writer->failure = ev_strdup(why->text);
	return ev_fail(err, why->code, "%s", why->text);
}

/* Bytes to the end of the file, or the file as it was. */
static int append(struct ev_writer *writer, const void *bytes, size_t size_bytes,
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

/* Records on their way out, packed if asked. */
static int send(struct ev_writer *writer, const uint8_t *bytes, size_t size_bytes,
		struct ev_err *err)
{
	writer->packed_from += size_bytes;
	if (!writer->packer)
		return append(writer, bytes, size_bytes, err);
	while (size_bytes) {
		size_t here = size_bytes < PENDING_BYTES_MAX ? size_bytes : PENDING_BYTES_MAX;
		struct ev_err why = { 0 };
		int rc;

		writer->packed.size_bytes = 0;
		if (ev_packer_add(writer->packer, bytes, here, &writer->packed, &why) < 0)
			return fail(writer, &why, err);
		rc = append(writer, writer->packed.bytes, writer->packed.size_bytes, err);
		if (rc < 0)
			return rc;
		bytes += here;
		size_bytes -= here;
	}
	return 0;
}

static int drain(struct ev_writer *writer, struct ev_err *err)
{
	int rc = send(writer, writer->pending.bytes, writer->pending.size_bytes, err);

	writer->pending.size_bytes = 0;
	return rc;
}

/* Let the header say how far the data goes. */
static int say_end(struct ev_writer *writer, struct ev_err *err)
{
	uint64_t size_bytes = writer->end - writer->data_offset;
	int rc;

	if (writer->pipe || writer->end == writer->said_end)
		return 0;
	rc = ev_output_patch(&writer->output, EV_FILE_HEADER_DATA_AT + 8, &size_bytes,
			     sizeof(size_bytes), err);
	if (rc == 0)
		writer->said_end = writer->end;
	return rc;
}

/* What stands before the first record that is added. */
static int write_head(struct ev_writer *writer, const struct ev_recording *recording,
		      struct ev_err *err)
{
	static const uint64_t no_bits[4];
	struct ev_buffer head = { 0 };
	int rc = 0;

	writer->attr_bytes = known_attr_bytes(recording);
	writer->event_count = recording->event_count;
	writer->id_count = count_ids(recording);
	if (writer->pipe) {
		ev_buffer_add(&head, EV_MAGIC, 8);
		ev_buffer_u64(&head, EV_PIPE_HEADER_BYTES);
		rc = ev_describe_attrs(recording, writer->attr_bytes, &head, err);
	} else {
		writer->attrs_offset = EV_FILE_HEADER_BYTES + writer->id_count * sizeof(uint64_t);
		writer->data_offset = writer->attrs_offset +
				      (writer->attr_bytes + EV_PLACE_BYTES) * writer->event_count;
		writer->said_end = writer->data_offset;
		add_header(writer, no_bits, &head);
		add_ids(recording, &head);
		add_attrs(writer, recording, EV_FILE_HEADER_BYTES, &head);
	}
	ev_describe_names(recording, &head);
	ev_describe_features(recording, writer->told, false, &head);
	if (rc == 0)
		rc = append(writer, head.bytes, head.size_bytes, err);
	writer->head_end = writer->end;
	if (rc == 0)
		rc = say_end(writer, err);
	ev_buffer_done(&head);
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
		rc = write_head(opened, &told, err);
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

int ev_writer_flush(struct ev_writer *writer, struct ev_err *err)
{
	int rc;

	if (writer->failed)
		return failed_before(writer, err);
	rc = drain(writer, err);
	return rc < 0 ? rc : say_end(writer, err);
}

/* The table of places and the sections behind it, to stand at writer->end. */
static void add_features(const struct ev_writer *writer, const struct ev_recording *recording,
			 uint64_t bits[4], struct ev_buffer *out)
{
	struct ev_buffer table = { 0 }, sections = { 0 };
	unsigned count = 0;

	for (unsigned number = 1; number < EV_FEATURE_COUNT; number++) {
		size_t before = sections.size_bytes;

		if (!ev_feature_bytes(recording, number, &sections))
			continue;
		bits[number / 64] |= 1ULL << (number % 64);
		count++;
		ev_buffer_u64(&table, before);
		ev_buffer_u64(&table, sections.size_bytes - before);
		ev_buffer_zero(&sections, -sections.size_bytes & 7);
	}
	for (unsigned i = 0; i < count; i++) {
		uint64_t offset;

		memcpy(&offset, table.bytes + i * EV_PLACE_BYTES, sizeof(offset));
		offset += writer->end + count * EV_PLACE_BYTES;
		memcpy(table.bytes + i * EV_PLACE_BYTES, &offset, sizeof(offset));
	}
	ev_buffer_add(out, table.bytes, table.size_bytes);
	ev_buffer_add(out, sections.bytes, sections.size_bytes);
	ev_buffer_done(&table);
	ev_buffer_done(&sections);
}

static int finish_pipe(struct ev_writer *writer, const struct ev_recording *recording,
		       struct ev_err *err)
{
	struct ev_buffer records = { 0 };
	int rc;

	ev_describe_features(recording, writer->told, true, &records);
	rc = append(writer, records.bytes, records.size_bytes, err);
	ev_buffer_done(&records);
	return rc;
}

static int finish_file(struct ev_writer *writer, const struct ev_recording *recording,
		       struct ev_err *err)
{
	uint64_t bits[4] = { 0 }, data_end = writer->end;
	struct ev_buffer bytes = { 0 }, attrs = { 0 }, header = { 0 };
	int rc;

	add_features(writer, recording, bits, &bytes);
	/* Counters opened since the beginning: all ids once more, where there is room for them. */
	if (recording->event_count == writer->event_count &&
	    count_ids(recording) != writer->id_count) {
		add_attrs(writer, recording, writer->end + bytes.size_bytes, &attrs);
		add_ids(recording, &bytes);
	}
	rc = append(writer, bytes.bytes, bytes.size_bytes, err);
	/* What the records at the head say stands in the sections now: the data begins behind them.
	 */
	if (data_end > writer->head_end)
		writer->data_offset = writer->head_end;
	add_header(writer, bits, &header);
	if (rc == 0 && attrs.size_bytes)
		rc = ev_output_patch(&writer->output, writer->attrs_offset, attrs.bytes,
				     attrs.size_bytes, err);
	if (rc == 0)
		rc = ev_output_patch(&writer->output, 0, header.bytes, header.size_bytes, err);
	if (rc < 0)
		ev_output_cut(&writer->output, data_end);
	ev_buffer_done(&bytes);
	ev_buffer_done(&attrs);
	ev_buffer_done(&header);
	return rc;
}

int ev_writer_finish(struct ev_writer *writer, struct ev_recording *recording, struct ev_err *err)
{
	struct ev_err ignored;
	int first = 0, rc;

	/* After a failure what is well written can still be described, if there is room for that:
	 * the first failure is the answer then. */
	if (!writer->failed)
		first = drain(writer, err);
	rc = say_end(writer, first < 0 ? &ignored : err);
	first = first < 0 ? first : rc;
	if (writer->packer) {
		uint64_t packed_to = writer->end - writer->head_end;

		recording->compressed = true;
		recording->compression_level = (uint32_t)writer->level;
		recording->compression_ratio =
			packed_to ? (double)writer->packed_from / (double)packed_to : 1;
	}
	rc = writer->pipe ? finish_pipe(writer, recording, first < 0 ? &ignored : err)
			  : finish_file(writer, recording, first < 0 ? &ignored : err);
	return first < 0 ? first : rc;
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
