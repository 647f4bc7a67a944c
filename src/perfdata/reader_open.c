/* A file, a stream or a folder -> a reader of its records, from the beginning or for a part of
 * them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "reader.h"

static struct ev_reader *new_reader(const struct ev_source *source, struct ev_recording *recording)
{
	struct ev_reader *reader = ev_alloc(sizeof(*reader));

	reader->source = *source;
	reader->recording = recording;
	reader->copy = ev_realloc(NULL, EV_RECORD_BYTES_MAX + 1);
	reader->stop = UINT64_MAX;
	return reader;
}

void ev_reader_close(struct ev_reader *reader)
{
	if (!reader)
		return;
	ev_unpacker_close(reader->unpacker);
	ev_window_close(&reader->window);
	free(reader->copy);
	free(reader->failure);
	if (!reader->whole) {
		ev_source_close(&reader->source);
		ev_recording_done(reader->recording);
		free(reader->recording);
	}
	free(reader);
}

struct ev_recording *ev_reader_recording(struct ev_reader *reader)
{
	return reader->recording;
}

uint64_t ev_reader_tell(const struct ev_reader *reader)
{
	return reader->unpacking ? reader->packed_at : reader->window.base + reader->window.at;
}

uint64_t ev_reader_size(const struct ev_reader *reader)
{
	return reader->source.size_bytes;
}

/* Where the records end of the file that `place` is in. */
static uint64_t file_end(const struct ev_reader *reader, uint64_t place)
{
	return place < reader->source.first_bytes || !reader->source.piece_count
		       ? reader->first_end
		       : ev_source_end(&reader->source, place);
}

void ev_reader_go_to(struct ev_reader *reader, uint64_t place)
{
	ev_window_move(&reader->window, place);
	reader->window.end = file_end(reader, place);
}

bool ev_reader_has_files(const struct ev_reader *reader)
{
	return reader->source.piece_count > 0;
}

int ev_reader_rewind(struct ev_reader *reader, struct ev_err *err)
{
	if (!reader->source.seekable)
		return ev_fail(err, ESPIPE, "a pipe can be read only once");
	if (reader->sequence > reader->applied)
		reader->applied = reader->sequence;
	ev_reader_go_to(reader, reader->begin);
	reader->sequence = 0;
	reader->unpacking = false;
	reader->packed[0] = reader->packed[1] = 0;
	if (reader->unpacker)
		ev_unpacker_reset(reader->unpacker);
	reader->failed = 0;
	free(reader->failure);
	reader->failure = NULL;
	return 0;
}

/* Where no finished header describes the recording, records at its head do: events are known when
 * the reader is open, also of stream layout as long as it can be rewound. */
static void look_ahead(struct ev_reader *reader)
{
	struct ev_err ignored;
	struct ev_raw raw;

	if (!reader->source.seekable || !(reader->recording->pipe || reader->recording->unfinished))
		return;
	while (ev_reader_next(reader, &raw, &ignored) == 1 && ev_metadata_is(raw.type))
		;
	/* A section that grows goes on to the end. */
	if (reader->recording->grown.size_bytes && !reader->recording->pipe)
		while (ev_reader_next(reader, &raw, &ignored) == 1)
			;
	ev_reader_rewind(reader, &ignored);
}

/* Takes `source` over, also when it fails. */
static int open_source(struct ev_reader **reader, const struct ev_source *source,
		       struct ev_err *err)
{
	struct ev_reader *opened = new_reader(source, ev_alloc(sizeof(struct ev_recording)));
	struct ev_file_header header = { 0 };
	int rc;

	rc = ev_file_header_read(&opened->source, opened->recording, &header, err);
	if (rc < 0) {
		ev_reader_close(opened);
		return rc;
	}
	opened->begin = header.data_begin;
	opened->first_end = header.data_end;
	ev_window_open(&opened->window, &opened->source, header.data_begin, header.data_end);
	opened->open_ended = header.data_open_ended || opened->recording->unfinished;
	look_ahead(opened);
	*reader = opened;
	return 0;
}

int ev_reader_open(struct ev_reader **reader, const char *path, struct ev_err *err)
{
	struct ev_source source;
	int rc = ev_source_open(&source, path, err);

	*reader = NULL;
	if (rc < 0)
		return rc;
	rc = open_source(reader, &source, err);
	return rc < 0 ? ev_fail_in(err, "%s", strcmp(path, "-") ? path : "standard input") : 0;
}

int ev_reader_open_memory(struct ev_reader **reader, const void *bytes, size_t size_bytes,
			  struct ev_err *err)
{
	struct ev_source source = { .fd = -1,
				    .memory = bytes,
				    .size_bytes = size_bytes,
				    .first_bytes = size_bytes,
				    .seekable = true };

	*reader = NULL;
	return open_source(reader, &source, err);
}

bool ev_reader_can_split(const struct ev_reader *reader)
{
	return reader->source.seekable && !reader->recording->compressed &&
	       !reader->recording->pipe && !reader->whole;
}

uint64_t ev_reader_end(const struct ev_reader *reader)
{
	return reader->source.piece_count ? reader->source.size_bytes : reader->first_end;
}

void ev_reader_skip_to(struct ev_reader *reader, uint64_t place, uint64_t passed)
{
	ev_reader_go_to(reader, place);
	reader->sequence += passed;
}

uint64_t ev_reader_guess(const struct ev_reader *reader, uint64_t from)
{
	uint64_t end = file_end(reader, from), found = UINT64_MAX;

	if (from < end)
		found = ev_boundary_guess(&reader->source, reader->recording->swapped, from, end);
	return found == UINT64_MAX ? ev_source_next(&reader->source, from) : found;
}

int ev_reader_part(struct ev_reader *whole, uint64_t from, uint64_t to, struct ev_reader **part,
		   struct ev_err *err)
{
	struct ev_reader *opened;

	*part = NULL;
	if (!ev_reader_can_split(whole))
		return ev_fail(err, ENOTSUP, "these records can only be read in sequence");
	if (from < whole->begin || from > ev_reader_end(whole) || to < from)
		return ev_fail(err, EINVAL, "bytes %llu to %llu are not of the data",
			       (unsigned long long)from, (unsigned long long)to);
	opened = new_reader(&whole->source, whole->recording);
	opened->whole = whole;
	opened->begin = from;
	opened->first_end = whole->first_end;
	ev_window_open(&opened->window, &opened->source, from, file_end(whole, from));
	opened->stop = to;
	opened->open_ended = whole->open_ended;
	*part = opened;
	return 0;
}
