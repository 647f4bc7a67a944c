/* Memory that is there or ends the program, and arenas that give it back all at once. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <evprof/base.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT 16
#define BIG_PAGE_BYTES ((uintptr_t)2 << 20)

struct ev_arena_block {
	struct ev_arena_block *older;
	size_t room_bytes;
	_Alignas(ALIGNMENT) uint8_t bytes[];
};

static _Noreturn void out_of_memory(size_t size_bytes)
{
	fprintf(stderr, "evprof: out of memory (%zu more bytes were needed)\n", size_bytes);
	_Exit(125);
}

void *ev_alloc(size_t size_bytes)
{
	void *memory = calloc(1, size_bytes ? size_bytes : 1);
	if (!memory)
		out_of_memory(size_bytes);
	return memory;
}

void *ev_alloc_touched(size_t size_bytes)
{
	void *memory = malloc(size_bytes ? size_bytes : 1);
	if (!memory)
		out_of_memory(size_bytes);
	/* Its whole big pages, if there are any and the kernel likes to. */
	uintptr_t begin = ((uintptr_t)memory + BIG_PAGE_BYTES - 1) & ~(BIG_PAGE_BYTES - 1);
	uintptr_t end = ((uintptr_t)memory + size_bytes) & ~(BIG_PAGE_BYTES - 1);
	if (begin < end)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
	return memset(memory, 0, size_bytes);
}

void *ev_realloc(void *old, size_t size_bytes)
{
	void *memory = realloc(old, size_bytes ? size_bytes : 1);
	if (!memory)
		out_of_memory(size_bytes);
	return memory;
}

char *ev_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	return memcpy(ev_alloc(size), text, size);
}

char *ev_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int length = vasprintf(&text, fmt, args);
	va_end(args);
	if (length < 0)
		out_of_memory(0);
	return text;
}

void *ev_arena_take(struct ev_arena *arena, size_t size_bytes)
{
	size_t need = (size_bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (need < size_bytes)
		out_of_memory(size_bytes);
	if (!arena->block || arena->block->room_bytes - arena->used_bytes < need) {
		size_t room = need > BLOCK_BYTES / 4 ? need : BLOCK_BYTES;
		struct ev_arena_block *block = ev_realloc(NULL, sizeof(*block) + room);
		block->room_bytes = room;
		block->older = arena->block;
		arena->block = block;
		arena->used_bytes = 0;
	}
	void *memory = arena->block->bytes + arena->used_bytes;
	arena->used_bytes += need;
	return memset(memory, 0, need);
}

void *ev_arena_copy(struct ev_arena *arena, const void *bytes, size_t size_bytes)
{
	void *copy = ev_arena_take(arena, size_bytes);
	if (size_bytes)
		memcpy(copy, bytes, size_bytes);
	return copy;
}

char *ev_arena_text(struct ev_arena *arena, const char *text, size_t length)
{
	char *copy = ev_arena_take(arena, length + 1);
	memcpy(copy, text, length);
	return copy;
}

char *ev_arena_printf(struct ev_arena *arena, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *text = ev_arena_take(arena, length < 0 ? 1 : (size_t)length + 1);
	if (length >= 0)
		vsnprintf(text, (size_t)length + 1, fmt, again);
	va_end(again);
	return text;
}

void ev_arena_reset(struct ev_arena *arena)
{
	struct ev_arena_block *keep = arena->block;
	if (!keep)
		return;
	for (struct ev_arena_block *block = keep->older, *older; block; block = older) {
		older = block->older;
		free(block);
	}
	keep->older = NULL;
	arena->used_bytes = 0;
}

void ev_arena_done(struct ev_arena *arena)
{
	ev_arena_reset(arena);
	free(arena->block);
	*arena = (struct ev_arena){ 0 };
}
