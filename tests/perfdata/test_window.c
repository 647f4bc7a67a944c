/* A window shows every byte of a source once, whether the source is memory or a pipe. */
#include <sys/wait.h>
#include "recordings.h"

enum { SIZE_BYTES = 1000000 };

static uint8_t byte_at(uint64_t place)
{
	return (uint8_t)(place * 31 + place / 256);
}

static uint8_t *make_bytes(void)
{
	uint8_t *bytes = ev_alloc(SIZE_BYTES);

	for (size_t i = 0; i < SIZE_BYTES; i++)
		bytes[i] = byte_at(i);
	return bytes;
}

/* Walk from `place` to the end in steps of many sizes. */
static void assert_shows_the_rest(struct ev_window *window, uint64_t place, uint64_t end)
{
	for (size_t step = 1; place < end; step = step * 7 % 60013 + 1) {
		ssize_t got = ev_window_ready(window, step);
		size_t here = (size_t)got < step ? (size_t)got : step;

		assert_true(got > 0);
		assert_true((size_t)got >= step || place + (size_t)got == end);
		assert_int_equal(window->base + window->at, place);
		for (size_t i = 0; i < here; i++)
			if (window->buffer[window->at + i] != byte_at(place + i))
				fail_msg("byte %llu is wrong", (unsigned long long)(place + i));
		window->at += here;
		place += here;
	}
	assert_int_equal(ev_window_ready(window, 1), 0);
}

static void a_window_moves_over_memory(void **state)
{
	uint8_t *bytes = make_bytes();
	struct ev_source source = { .fd = -1,
				    .memory = bytes,
				    .size_bytes = SIZE_BYTES,
				    .first_bytes = SIZE_BYTES,
				    .seekable = true };
	struct ev_window window;
	struct ev_buffer kept = { 0 };

	(void)state;
	ev_window_open(&window, &source, 16, SIZE_BYTES - 100);
	assert_shows_the_rest(&window, 16, SIZE_BYTES - 100);
	ev_window_move(&window, 1000);
	assert_true(ev_window_skip(&window, 700000, NULL));
	assert_true(ev_window_skip(&window, 100, &kept));
	assert_int_equal(kept.size_bytes, 100);
	assert_memory_equal(kept.bytes, bytes + 701000, 100);
	assert_true(ev_window_skip(&window, 7, NULL));
	assert_shows_the_rest(&window, 701107, SIZE_BYTES - 100);
	ev_window_move(&window, 1000);
	assert_false(ev_window_skip(&window, SIZE_BYTES, NULL));
	assert_false(ev_window_skip(&window, UINT64_MAX, NULL));
	ev_window_close(&window);
	ev_buffer_done(&kept);
	free(bytes);
}

static void a_window_moves_over_a_pipe(void **state)
{
	uint8_t *bytes = make_bytes();
	struct ev_source source = { 0 };
	struct ev_window window;
	int ends[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		size_t at = 0;

		while (at < SIZE_BYTES) {
			ssize_t done = write(ends[1], bytes + at,
					     SIZE_BYTES - at < 5003 ? SIZE_BYTES - at : 5003);
			if (done <= 0)
				_exit(1);
			at += (size_t)done;
		}
		_exit(0);
	}
	close(ends[1]);
	source.fd = ends[0];
	source.owned = true;
	ev_window_open(&window, &source, 0, UINT64_MAX);
	assert_true(ev_window_skip(&window, 300001, NULL));
	assert_shows_the_rest(&window, 300001, SIZE_BYTES);
	assert_false(ev_window_skip(&window, 1, NULL));
	ev_window_close(&window);
	ev_source_close(&source);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_moves_over_memory),
		cmocka_unit_test(a_window_moves_over_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
