/* Rows of unwind tables become a file in the user's folder, and rows again, of which every byte is
 * looked at: head, rows, others. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cfi_kept.h"
#include "own_folder.h"
#include "regular_file.h"

#define FRONT "unwind-"
#define LIMIT_BYTES (UINT64_C(256) << 20) /* all of them together */
#define ROWS_LEAST 8192                   /* with fewer it is a matter of milliseconds */
#define ROWS_MOST (32u << 20)
#define OTHERS_MOST (UINT16_MAX + 1u)
#define MAGIC "evprof unwind 2\n"

struct head {
	char magic[16];
	uint16_t machine;
	uint8_t word_bytes, unused[5];
	uint64_t count, other_count;
	uint64_t hash; /* of what follows */
};
_Static_assert(sizeof(struct head) == 48 && sizeof(struct ev_cfi_row) == 8 &&
		       sizeof(struct ev_cfi_rule) == 24,
	       "files of one kind are laid out in one way");

static bool name_of(const uint8_t *id, size_t id_bytes, char out[64])
{
	if (!id_bytes || id_bytes > 20)
		return false;
	memcpy(out, FRONT, sizeof(FRONT));
	for (size_t i = 0; i < id_bytes; i++)
		sprintf(out + strlen(FRONT) + 2 * i, "%02x", id[i]);
	return true;
}

static uint64_t hash_of(const struct ev_cfi_rows *rows)
{
	uint64_t hash = ev_hash_bytes(rows->rows, rows->count * sizeof(*rows->rows));
	return ev_hash64(hash) ^
	       ev_hash_bytes(rows->others, rows->other_count * sizeof(*rows->others));
}

/* Sorted, of known kinds, and nothing that points beyond. */
static bool makes_sense(const struct ev_cfi_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct ev_cfi_row *row = &rows->rows[i];
		if ((i && row->offset <= row[-1].offset) || row->kind > EV_CFI_ROW_OTHER ||
		    (row->kind == EV_CFI_ROW_OTHER &&
		     (uint16_t)row->cfa_words >= rows->other_count))
			return false;
	}
	for (size_t i = 0; i < rows->other_count; i++) {
		/* Bytes first: a bool may be none. */
		uint8_t bytes[8];
		memcpy(bytes, &rows->others[i], sizeof(bytes));
		if (bytes[0] > EV_CFI_THREAD_MAKER || bytes[2] > 1 || bytes[3] > 1 ||
		    bytes[4] > EV_CFI_LOST || bytes[5] > EV_CFI_IN_REGISTER || bytes[6] || bytes[7])
			return false;
	}
	return true;
}

static int read_rows(int fd, uint64_t size_bytes, struct ev_cfi_rows *rows)
{
	struct head head;
	if (size_bytes < sizeof(head) || ev_regular_read_at(fd, 0, &head, sizeof(head)))
		return -EINVAL;
	if (memcmp(head.magic, MAGIC, sizeof(head.magic)) || !head.count ||
	    head.count > ROWS_MOST || head.other_count > OTHERS_MOST ||
	    (head.word_bytes != 4 && head.word_bytes != 8))
		return -EINVAL;
	uint64_t row_bytes = head.count * sizeof(*rows->rows);
	uint64_t other_bytes = head.other_count * sizeof(*rows->others);
	if (size_bytes != sizeof(head) + row_bytes + other_bytes)
		return -EINVAL;
	rows->rows = ev_realloc(NULL, row_bytes);
	rows->others = other_bytes ? ev_realloc(NULL, other_bytes) : NULL;
	rows->count = head.count;
	rows->other_count = head.other_count;
	rows->machine = head.machine;
	rows->word_bytes = head.word_bytes;
	if (ev_regular_read_at(fd, sizeof(head), rows->rows, row_bytes) ||
	    (other_bytes &&
	     ev_regular_read_at(fd, sizeof(head) + row_bytes, rows->others, other_bytes)))
		return -EIO;
	return hash_of(rows) == head.hash && makes_sense(rows) ? 0 : -EINVAL;
}

int ev_cfi_kept_read(const char *folder, const uint8_t *id, size_t id_bytes,
		     struct ev_cfi_rows *rows)
{
	char name[64];
	struct stat status;
	*rows = (struct ev_cfi_rows){ 0 };
	if (!folder || !name_of(id, id_bytes, name))
		return -ENOENT;
	int place = ev_own_folder_open(folder);
	if (place < 0)
		return place;
	int fd = ev_own_file_open(place, name, &status);
	close(place);
	if (fd < 0)
		return fd;
	int code = read_rows(fd, (uint64_t)status.st_size, rows);
	if (!code)
		futimens(fd, NULL); /* it was of use */
	close(fd);
	if (code)
		ev_cfi_rows_done(rows);
	return code;
}

void ev_cfi_kept_write(const char *folder, const uint8_t *id, size_t id_bytes,
		       const struct ev_cfi_rows *rows)
{
	char name[64];
	struct head head = { .magic = MAGIC,
			     .machine = rows->machine,
			     .word_bytes = rows->word_bytes,
			     .count = rows->count,
			     .other_count = rows->other_count };
	struct ev_buffer bytes = { 0 };
	if (!folder || rows->count < ROWS_LEAST || rows->count > ROWS_MOST ||
	    rows->other_count > OTHERS_MOST || !name_of(id, id_bytes, name))
		return;
	int place = ev_own_folder_open(folder);
	if (place < 0)
		return;
	head.hash = hash_of(rows);
	ev_buffer_add(&bytes, &head, sizeof(head));
	ev_buffer_add(&bytes, rows->rows, rows->count * sizeof(*rows->rows));
	if (rows->other_count)
		ev_buffer_add(&bytes, rows->others, rows->other_count * sizeof(*rows->others));
	if (!ev_own_file_write(place, name, bytes.bytes, bytes.size_bytes))
		ev_own_files_prune(place, FRONT, name, LIMIT_BYTES);
	ev_buffer_done(&bytes);
	close(place);
}
