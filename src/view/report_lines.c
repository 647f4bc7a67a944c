/* The rows of a text table become lines, on several threads: each prints some rows into memory, and
 * they are written in their order. */
#include <pthread.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include "report_block.h"

/* The first rows can have as much below them as all others together: each is a chunk. */
enum {
	CHUNKS_OF_ONE = 64,
	CHUNK_ROWS = 32,
	AHEAD_MAX = 64, /* chunks that wait for one before them */
	THREADS_MAX = 16,
};

/* The first row of a chunk. */
static size_t row_of(size_t chunk)
{
	return chunk <= CHUNKS_OF_ONE ? chunk
				      : CHUNKS_OF_ONE + (chunk - CHUNKS_OF_ONE) * CHUNK_ROWS;
}

static size_t chunks_of(size_t rows)
{
	return rows <= CHUNKS_OF_ONE
		       ? rows
		       : CHUNKS_OF_ONE + (rows - CHUNKS_OF_ONE + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

static void print_row(struct ev_block *block, const struct ev_row *row)
{
	char separator = block->options->separator;
	for (size_t c = 0; c < block->columns.count; c++) {
		const struct ev_shown *column = &block->columns.items[c];
		if (separator && c)
			putc_unlocked(separator, block->out);
		else if (!separator)
			fputs("  ", block->out);
		ev_block_print_cell(block, column, row, c + 1 == block->columns.count);
	}
	putc_unlocked('\n', block->out);
	ev_arena_reset(&block->scratch);
}

static void print_rows(struct ev_block *block, size_t from, size_t to)
{
	const struct ev_report_options *options = block->options;
	for (size_t i = from; i < to; i++) {
		print_row(block, block->rows[i]);
		if (options->chains != EV_CHAIN_NONE)
			ev_print_chains(block->out, block->report, options, block->rows[i],
					block->events.first);
	}
}

struct chunk {
	char *bytes;
	size_t size_bytes;
	bool done;
};

struct printing {
	const struct ev_block *block;
	pthread_mutex_t lock;
	pthread_cond_t moved;           /* a chunk is done, or written */
	size_t count, next, written;    /* chunks: of all rows; that is begun next; in the file */
	struct chunk chunks[AHEAD_MAX]; /* by their number, in a ring */
	bool has_few;
};

/* One chunk, into memory. The lock is held before and after, not while it is made. */
static void make_chunk(struct printing *printing, size_t number)
{
	struct chunk *chunk = &printing->chunks[number % AHEAD_MAX];
	struct ev_block block = *printing->block;
	size_t from = row_of(number), to = row_of(number + 1);
	pthread_mutex_unlock(&printing->lock);
	block.scratch = (struct ev_arena){ 0 };
	block.out = open_memstream(&chunk->bytes, &chunk->size_bytes);
	if (block.out) {
		__fsetlocking(block.out, FSETLOCKING_BYCALLER);
		print_rows(&block, from, to < block.row_count ? to : block.row_count);
		if (fclose(block.out))
			chunk->size_bytes = 0;
	}
	ev_arena_done(&block.scratch);
	pthread_mutex_lock(&printing->lock);
	printing->has_few |= block.has_few;
	chunk->done = true;
	pthread_cond_broadcast(&printing->moved);
}

static bool may_begin(const struct printing *printing)
{
	return printing->next < printing->count && printing->next < printing->written + AHEAD_MAX;
}

static void *make_chunks(void *argument)
{
	struct printing *printing = argument;
	pthread_mutex_lock(&printing->lock);
	while (printing->next < printing->count) {
		if (may_begin(printing))
			make_chunk(printing, printing->next++);
		else
			pthread_cond_wait(&printing->moved, &printing->lock);
	}
	pthread_mutex_unlock(&printing->lock);
	return NULL;
}

/* Writes what is done, and helps while that is nothing. */
static void write_chunks(struct printing *printing)
{
	pthread_mutex_lock(&printing->lock);
	while (printing->written < printing->count) {
		struct chunk *chunk = &printing->chunks[printing->written % AHEAD_MAX];
		if (chunk->done) {
			pthread_mutex_unlock(&printing->lock);
			fwrite(chunk->bytes, 1, chunk->size_bytes, printing->block->out);
			free(chunk->bytes);
			pthread_mutex_lock(&printing->lock);
			*chunk = (struct chunk){ 0 };
			printing->written++;
			pthread_cond_broadcast(&printing->moved);
		} else if (may_begin(printing)) {
			make_chunk(printing, printing->next++);
		} else {
			pthread_cond_wait(&printing->moved, &printing->lock);
		}
	}
	pthread_mutex_unlock(&printing->lock);
}

void ev_block_print_rows(struct ev_block *block)
{
	size_t chunks = chunks_of(block->row_count);
	size_t threads =
		block->options->threads < THREADS_MAX ? block->options->threads : THREADS_MAX;
	if (threads < 2 || chunks < 4) {
		print_rows(block, 0, block->row_count);
		return;
	}
	struct printing printing = { .block = block, .count = chunks };
	pthread_t others[THREADS_MAX];
	size_t started = 0;
	pthread_mutex_init(&printing.lock, NULL);
	pthread_cond_init(&printing.moved, NULL);
	ev_table_prepare_trees(block->report->table, block->report->named);
	while (started + 1 < threads &&
	       !pthread_create(&others[started], NULL, make_chunks, &printing))
		started++;
	write_chunks(&printing);
	while (started)
		pthread_join(others[--started], NULL);
	pthread_cond_destroy(&printing.moved);
	pthread_mutex_destroy(&printing.lock);
	block->has_few |= printing.has_few;
}
