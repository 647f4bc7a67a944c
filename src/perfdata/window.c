/* A source of any length -> a window of its bytes that moves forward in few large reads. */
#include <stdlib.h>
#include <string.h>
#include "layout.h"

/* Large enough for few system calls, small enough to stay in a second-level cache: larger chunks
 * were measured to be slower. */
enum { CHUNK_BYTES = 256 * 1024 };
enum { ROOM_BYTES = CHUNK_BYTES + EV_RECORD_BYTES_MAX + 1 };

void ev_window_open(struct ev_window *window, const struct ev_source *source, uint64_t begin,
		    uint64_t end)
{
	*window = (struct ev_window){ .source = source, .base = begin, .end = end };
	window->buffer = ev_realloc(NULL, ROOM_BYTES);
}

void ev_window_move(struct ev_window *window, uint64_t place)
{
	window->base = place;
	window->at = window->filled = 0;
}

static ssize_t fill_from_file(struct ev_window *window, uint64_t place, size_t need)
{
	size_t want = need > CHUNK_BYTES ? need : CHUNK_BYTES;
	ssize_t got;

	if (place >= window->end)
		return 0;
	if (want > window->end - place)
		want = window->end - place;
	got = ev_source_read_at(window->source, place, window->buffer, want);
	if (got < 0)
		return got;
	window->base = place;
	window->at = 0;
	window->filled = (size_t)got;
	return got;
}

ssize_t ev_window_ready(struct ev_window *window, size_t need)
{
	uint64_t place = window->base + window->at;

	if (window->filled - window->at >= need)
		return (ssize_t)(window->filled - window->at);
	if (window->source->seekable)
		return fill_from_file(window, place, need);
	memmove(window->buffer, window->buffer + window->at, window->filled - window->at);
	window->base = place;
	window->filled -= window->at;
	window->at = 0;
	while (window->filled < need && !window->drained) {
		ssize_t got = ev_source_read_more(window->source, window->buffer + window->filled,
						  ROOM_BYTES - window->filled);

		if (got < 0)
			return got;
		if (got == 0)
			window->drained = true;
		window->filled += (size_t)got;
	}
	return (ssize_t)window->filled;
}

bool ev_window_skip(struct ev_window *window, uint64_t size_bytes, struct ev_buffer *keep)
{
	if (window->source->seekable && !keep) {
		uint64_t place = window->base + window->at;

		if (place > window->end || size_bytes > window->end - place)
			return false;
		if (size_bytes <= window->filled - window->at)
			window->at += size_bytes;
		else
			ev_window_move(window, place + size_bytes);
		return true;
	}
	while (size_bytes) {
		ssize_t got = ev_window_ready(window, 1);
		size_t here;

		if (got <= 0)
			return false;
		here = (uint64_t)got < size_bytes ? (size_t)got : (size_t)size_bytes;
		if (keep)
			ev_buffer_add(keep, window->buffer + window->at, here);
		window->at += here;
		size_bytes -= here;
	}
	return true;
}

void ev_window_close(struct ev_window *window)
{
	free(window->buffer);
	window->buffer = NULL;
}
