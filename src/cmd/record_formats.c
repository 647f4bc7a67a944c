/* The formats of the recorded tracepoints go into the file, where perf looks for them. */
#include "record.h"

/* In a stream a record announces the section, and its bytes follow behind the record. */
static int add_to_stream(struct record_run *run, const struct ev_buffer *section,
			 struct ev_err *err)
{
	struct ev_buffer record = { 0 };
	size_t padding = -section->size_bytes & 7;
	ev_buffer_u32(&record, EV_RECORD_HEADER_TRACING_DATA);
	ev_buffer_u16(&record, 0);
	ev_buffer_u16(&record, 16);
	ev_buffer_u32(&record, (uint32_t)(section->size_bytes + padding));
	ev_buffer_zero(&record, 4);
	ev_buffer_add(&record, section->bytes, section->size_bytes);
	ev_buffer_zero(&record, padding);
	int rc = ev_writer_add_plain(run->writer, record.bytes, record.size_bytes, err);
	ev_buffer_done(&record);
	return rc;
}

static int add_formats(struct record_run *run, const struct ev_buffer *section, struct ev_err *err)
{
	if (!run->stream)
		ev_recording_set_section(&run->recording, EV_FEATURE_TRACING_DATA, section->bytes,
					 section->size_bytes);
	else
		return add_to_stream(run, section, err);
	return 0;
}

/* evprof itself does without: a recording that lacks them is kept, and the user is told. */
int record_formats(struct record_run *run, struct ev_err *err)
{
	struct ev_buffer section = { 0 };
	struct ev_err why = { 0 };
	int rc = 0;
	if (ev_tracing_data(&run->events, &section, &why))
		ev_recording_add_note(&run->recording, "fallback",
				      "perf will not read this recording: %s", why.text);
	if (section.size_bytes)
		rc = add_formats(run, &section, err);
	ev_buffer_done(&section);
	return rc;
}
