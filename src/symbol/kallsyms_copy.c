/* The kernel's own part of /proc/kallsyms, which stays the same from one boot to the next, as a
 * sorted file of which only a few lines are read. Whoever can write into the user's folder could
 * make evprof show wrong names, so it has to be the user's alone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kallsyms_copy.h"
#include "own_folder.h"
#include "regular_file.h"

#define FRONT "kernel-symbols-"
#define HEAD_BYTES 128 /* one line, filled up with spaces */
#define HEAD "evprof kernel symbols 1, boot %s, %zu bytes"
#define LINE_MOST 1024 /* longer ones are no symbols */
#define SIZE_LIMIT ((off_t)64 << 20)
#define BEGINNING 64 /* lines in front, with _text and _stext */

static int boot_id(char out[64])
{
	char *text;
	size_t size;
	int code = ev_file_read("/proc/sys/kernel/random/boot_id", &text, &size);
	if (code)
		return code;
	size_t length = strspn(text, "0123456789abcdef-");
	snprintf(out, 64, "%.*s", (int)length, text);
	free(text);
	return length >= 32 && length < 63 ? 0 : -EINVAL;
}

/* ---- making -----------------------------------------------------------------------------------
 */

struct copying {
	struct ev_buffer text;
	uint64_t last;
	size_t lines;
	unsigned begins; /* of _text and _stext, how many are among the first lines */
	bool unsorted;
};

static bool is_named(const struct kallsyms_line *line, const char *name)
{
	return line->name_length == strlen(name) && !memcmp(line->name, name, line->name_length);
}

static bool copy_line(void *context, const struct kallsyms_line *line)
{
	struct copying *copying = context;
	char front[20];
	if (line->module_length)
		return false; /* modules come last, and go */
	/* Without addresses, or with those of each CPU's own memory, they name nothing. */
	if (!line->address || line->type == 'A' || line->type == 'a' ||
	    line->name_length > LINE_MOST - sizeof(front))
		return true;
	if (copying->lines++ < BEGINNING)
		copying->begins += is_named(line, "_text") + is_named(line, "_stext");
	copying->unsorted |= line->address < copying->last;
	copying->last = line->address;
	for (int i = 0; i < 16; i++)
		front[i] = "0123456789abcdef"[line->address >> (60 - 4 * i) & 15];
	front[16] = ' ';
	front[17] = line->type;
	front[18] = ' ';
	ev_buffer_add(&copying->text, front, 19);
	ev_buffer_add(&copying->text, line->name, line->name_length);
	ev_buffer_u8(&copying->text, '\n');
	return !copying->unsorted;
}

static int make(int folder, const char *name, const char *boot, const char *list)
{
	struct copying copying = { 0 };
	char head[HEAD_BYTES + 1];
	ev_buffer_zero(&copying.text, HEAD_BYTES);
	int code = ev_kallsyms_lines(list ? list : "/proc/kallsyms", copy_line, &copying);
	if (!code && (copying.unsorted || copying.begins != 2))
		code = -ENODATA;
	if (!code) {
		size_t size = copying.text.size_bytes;
		int length = snprintf(head, sizeof(head), HEAD, boot, size);
		memset(head + length, ' ', sizeof(head) - (size_t)length);
		head[HEAD_BYTES - 1] = '\n';
		memcpy(copying.text.bytes, head, HEAD_BYTES);
		code = ev_own_file_write(folder, name, copying.text.bytes, size);
	}
	if (!code)
		ev_own_files_prune(folder, FRONT, name, 0);
	ev_buffer_done(&copying.text);
	return code;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static int open_made(int folder, const char *name, const char *boot)
{
	struct stat status;
	char head[HEAD_BYTES + 1] = "", wanted[HEAD_BYTES];
	int fd = ev_own_file_open(folder, name, &status);
	if (fd < 0)
		return fd;
	if (status.st_size > HEAD_BYTES && !ev_regular_read_at(fd, 0, head, HEAD_BYTES)) {
		snprintf(wanted, sizeof(wanted), HEAD, boot, (size_t)status.st_size);
		if (!strncmp(head, wanted, strlen(wanted)))
			return fd;
	}
	close(fd);
	return -EINVAL;
}

int ev_kallsyms_copy_open(const char *folder_path, const char *list)
{
	char boot[64], name[96];
	int code = boot_id(boot);
	int folder = code ? code : ev_own_folder_open(folder_path);
	if (folder < 0)
		return folder;
	snprintf(name, sizeof(name), FRONT "%s", boot);
	int fd = open_made(folder, name, boot);
	if (fd < 0) {
		code = make(folder, name, boot, list);
		fd = code ? code : open_made(folder, name, boot);
	}
	close(folder);
	return fd;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* The lines, of which blocks are read when they are first looked at: memory that is touched for the
 * first time costs more than a call. */
#define BLOCK_BYTES 4096
#define FIRST_STEP 128 /* a few lines */

struct text {
	char *bytes;
	size_t size;
	int fd, failed;
	uint8_t *have; /* which blocks: a bit each */
};

/* The bytes around `offset`, as far as a line reaches. */
static void need(struct text *text, size_t offset)
{
	size_t first = (offset > LINE_MOST ? offset - LINE_MOST : 0) / BLOCK_BYTES;
	size_t end = offset + LINE_MOST < text->size ? offset + LINE_MOST : text->size;
	for (size_t block = first; block * BLOCK_BYTES < end; block++) {
		size_t at = block * BLOCK_BYTES, left = text->size - at;
		size_t size = left < BLOCK_BYTES ? left : BLOCK_BYTES;
		uint8_t bit = (uint8_t)(1u << block % 8);
		if (text->have[block / 8] & bit)
			continue;
		text->have[block / 8] |= bit;
		if (!ev_regular_read_at(text->fd, HEAD_BYTES + at, text->bytes + at, size))
			continue;
		memset(text->bytes + at, 0, size);
		text->failed = -EIO;
	}
}

/* The line that begins at `offset`; where the next begins, or 0. */
static size_t line_at(struct text *text, size_t offset, struct kallsyms_line *line)
{
	if (offset >= text->size)
		return 0;
	need(text, offset);
	size_t left = text->size - offset;
	const char *at = text->bytes + offset;
	const char *end = memchr(at, '\n', left < LINE_MOST ? left : LINE_MOST);
	return end && ev_kallsyms_line_parse(at, end, line) ? (size_t)(end + 1 - text->bytes) : 0;
}

/* Where the line of the byte at `offset` begins. */
static size_t line_start(struct text *text, size_t offset)
{
	size_t before = offset < LINE_MOST ? offset : LINE_MOST;
	need(text, offset);
	const char *from = text->bytes + offset - before;
	const char *end = before ? memrchr(from, '\n', before) : NULL;
	return end ? (size_t)(end + 1 - text->bytes) : offset - before;
}

/* Where the first line begins whose address is above `address`, at or behind `low`, where a line
 * begins; SIZE_MAX when it makes no sense. It is mostly near, as what is looked for rises: each
 * look is twice as far away as the one before, until one is too far. */
static size_t first_above(struct text *text, size_t low, uint64_t address)
{
	size_t high = text->size, step = 0;
	bool bounded = false;
	struct kallsyms_line line;
	while (low < high) {
		size_t middle =
			low + (bounded || step > (high - low) / 2 ? (high - low) / 2 : step);
		size_t begin = line_start(text, middle);
		size_t next = line_at(text, begin, &line);
		if (!next)
			return SIZE_MAX;
		if (line.address <= address) {
			low = next;
			step = step ? 2 * step : FIRST_STEP;
		} else {
			high = begin;
			bounded = true;
		}
	}
	return low;
}

/* Where the names of the symbol begin whose last one ends at `offset`; SIZE_MAX as above. */
static size_t names_before(struct text *text, size_t offset)
{
	struct kallsyms_line last, line;
	size_t begin = line_start(text, offset - 1);
	if (!line_at(text, begin, &last))
		return SIZE_MAX;
	while (begin) {
		size_t before = line_start(text, begin - 1);
		if (!line_at(text, before, &line))
			return SIZE_MAX;
		if (line.address != last.address)
			break;
		begin = before;
	}
	return begin;
}

static int give_lines(struct text *text, const uint64_t *wanted, size_t count,
		      bool (*take)(void *context, const struct kallsyms_line *line), void *context)
{
	struct kallsyms_line line;
	size_t told = 0, above = 0; /* `told`: up to here */
	for (unsigned i = 0; i < BEGINNING && told < text->size; i++) {
		if (!(told = line_at(text, told, &line)))
			return -EIO;
		take(context, &line);
	}
	for (size_t i = 0; i < count; i++) {
		above = first_above(text, above, wanted[i]);
		/* Nor has the kernel code below its first symbol. */
		size_t at = above && above != SIZE_MAX ? names_before(text, above) : SIZE_MAX;
		if (at == SIZE_MAX)
			return -EIO;
		for (at = at > told ? at : told; at <= above && at < text->size; at = told) {
			if (!(told = line_at(text, at, &line)))
				return -EIO;
			take(context, &line);
		}
	}
	return 0;
}

int ev_kallsyms_copy_lines(int fd, const uint64_t *wanted, size_t count,
			   bool (*take)(void *context, const struct kallsyms_line *line),
			   void *context)
{
	struct stat status;
	if (fstat(fd, &status) || status.st_size <= HEAD_BYTES || status.st_size > SIZE_LIMIT)
		return -EIO;
	size_t size = (size_t)status.st_size - HEAD_BYTES;
	struct text text = { .bytes = ev_realloc(NULL, size),
			     .size = size,
			     .fd = fd,
			     .have = ev_alloc(size / BLOCK_BYTES / 8 + 1) };
	int code = give_lines(&text, wanted, count, take, context);
	free(text.bytes);
	free(text.have);
	return code ? code : text.failed;
}
