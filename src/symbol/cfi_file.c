/* A file's unwind tables become one array of rows, or an answer about its frame pointers. */
#include <errno.h>
#include <stdlib.h>
#include "cfi.h"

/* Of the code. Start files and the compiler's own library omit them even where all else keeps
 * them. */
enum { KEPT_PERCENT = 75 };

static int open_file(const char *path, struct cfi **cfi)
{
	struct image image;
	int code = ev_image_open(&image, path);
	if (code)
		return code;
	*cfi = ev_cfi_open(&image, path, NULL);
	ev_image_close(&image);
	return *cfi ? 0 : -EOPNOTSUPP;
}

void ev_cfi_rows_take(struct cfi *cfi, struct ev_cfi_rows *rows)
{
	struct cfi_rows found;
	ev_cfi_all(cfi, &found);
	*rows = (struct ev_cfi_rows){ .rows = found.rows.items,
				      .count = found.rows.count,
				      .others = found.others.items,
				      .other_count = found.others.count,
				      .machine = ev_cfi_machine(cfi)->machine,
				      .word_bytes = ev_cfi_machine(cfi)->word_bytes };
}

int ev_cfi_rows_of_file(const char *path, struct ev_cfi_rows *rows, struct ev_err *err)
{
	struct cfi *cfi;
	*rows = (struct ev_cfi_rows){ 0 };
	int code = open_file(path, &cfi);
	if (code == -EOPNOTSUPP)
		return ev_fail(err, EOPNOTSUPP,
			       "stacks of '%s' can't be followed: its machine is "
			       "not known",
			       path);
	if (code)
		return ev_fail(err, -code, "'%s' is no ELF file that can be read", path);
	ev_cfi_rows_take(cfi, rows);
	ev_cfi_close(cfi);
	return rows->count ? 0 : ev_fail(err, ENODATA, "'%s' has no unwind tables", path);
}

void ev_cfi_rows_done(struct ev_cfi_rows *rows)
{
	free(rows->rows);
	free(rows->others);
	*rows = (struct ev_cfi_rows){ 0 };
}

/* Where calls push the return address, functions with frame pointers find their frame by them.
 * Elsewhere they don't need to: they save the caller's beside the return address. */
static bool keeps(const struct ev_cfi_row *row, bool links)
{
	return links ? row->fp_words : row->kind == EV_CFI_ROW_FP;
}

/* Bytes of code that the rows say something of, and of those the ones with a frame pointer. */
static void weigh(const struct ev_cfi_rows *rows, uint64_t *kept, uint64_t *all)
{
	bool links = ev_cfi_machine_of(rows->machine)->links;
	for (size_t i = 0; i + 1 < rows->count; i++) {
		const struct ev_cfi_row *row = &rows->rows[i];
		uint64_t bytes = rows->rows[i + 1].offset - row->offset;
		/* The leaves of such machines need no frame at all. */
		bool leaf = links && row->kind == EV_CFI_ROW_SP && !row->fp_words;
		if (row->kind == EV_CFI_ROW_NOTHING || row->kind == EV_CFI_ROW_PLT || leaf)
			continue;
		*all += bytes;
		*kept += keeps(row, links) ? bytes : 0;
	}
}

/* Its compiler keeps them on these machines, and describes frames by the stack pointer alone. */
static bool is_go(const struct image *image)
{
	return (image->machine == EM_X86_64 || image->machine == EM_AARCH64) &&
	       ev_image_find(image, ".gopclntab");
}

static uint64_t code_bytes(const struct image *image)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < image->section_count; i++)
		if (image->sections[i].flags & SHF_EXECINSTR)
			bytes += image->sections[i].size_bytes;
	return bytes;
}

enum ev_frame_pointers ev_frame_pointers_of_file(const char *path)
{
	struct image image;
	struct ev_cfi_rows rows;
	uint64_t kept = 0, all = 0;
	if (ev_image_open(&image, path))
		return EV_FRAME_POINTERS_UNKNOWN;
	bool go = is_go(&image);
	uint64_t code = code_bytes(&image);
	ev_image_close(&image);
	if (go)
		return EV_FRAME_POINTERS_KEPT;
	if (!ev_cfi_rows_of_file(path, &rows, NULL))
		weigh(&rows, &kept, &all);
	ev_cfi_rows_done(&rows);
	/* Start files have tables when nothing else has. */
	if (!all || all < code / 4)
		return EV_FRAME_POINTERS_UNKNOWN;
	return kept >= all - all / 100 * (100 - KEPT_PERCENT) ? EV_FRAME_POINTERS_KEPT
							      : EV_FRAME_POINTERS_OMITTED;
}
