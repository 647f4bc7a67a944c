/* What stands around the records of a file: header, ids and attributes before them, features
 * behind; in a stream, records that say the same. */
#include <string.h>
#include "writer.h"

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

int ev_frame_begin(struct ev_writer *writer, const struct ev_recording *recording,
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
	if (!writer->pipe) /* a stream tells them at its end */
		ev_describe_notes(recording, &head);
	if (rc == 0)
		rc = ev_writer_append(writer, head.bytes, head.size_bytes, err);
	writer->head_end = writer->end;
	if (rc == 0)
		rc = ev_writer_say_end(writer, err);
	ev_buffer_done(&head);
	return rc;
}

/* The table of places and the sections behind it, to stand at writer->end. */
static void add_features(const struct ev_writer *writer, const struct ev_recording *recording,
			 uint64_t bits[4], struct ev_buffer *out)
{
	struct ev_buffer table = { 0 }, sections = { 0 };
	unsigned count = 0;

	for (unsigned number = 1; number < EV_FEATURE_EVPROF_FIRST; number++) {
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

static int end_pipe(struct ev_writer *writer, const struct ev_recording *recording,
		    struct ev_err *err)
{
	struct ev_buffer records = { 0 };
	int rc;

	ev_describe_features(recording, writer->told, true, &records);
	rc = ev_writer_append(writer, records.bytes, records.size_bytes, err);
	ev_buffer_done(&records);
	return rc;
}

static int end_file(struct ev_writer *writer, const struct ev_recording *recording,
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
	ev_tail_add(recording, writer->end, &bytes);
	rc = ev_writer_append(writer, bytes.bytes, bytes.size_bytes, err);
	/* What the records at the head say stands in the sections now: the data begins behind them.
	 */
	if (data_end > writer->head_end)
		writer->data_offset = writer->head_end;
	writer->said_end = data_end;
	add_header(writer, bits, &header);
	if (rc == 0 && attrs.size_bytes)
		rc = ev_output_patch(&writer->output, writer->attrs_offset, attrs.bytes,
				     attrs.size_bytes, err);
	if (rc == 0)
		rc = ev_output_patch(&writer->output, 0, header.bytes, header.size_bytes, err);
	ev_buffer_done(&bytes);
	ev_buffer_done(&attrs);
	ev_buffer_done(&header);
	return rc;
}

int ev_frame_end(struct ev_writer *writer, const struct ev_recording *recording, struct ev_err *err)
{
	if (!writer->pipe)
		return end_file(writer, recording, err);
	/* Behind a part of a record nothing makes sense. */
	return writer->failed && !writer->output.seekable ? 0 : end_pipe(writer, recording, err);
}
