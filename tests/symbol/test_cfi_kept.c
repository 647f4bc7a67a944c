/* Rows that are kept: the same again, and nothing of a file in which any byte is wrong. */
#include <fcntl.h>
#include <sys/stat.h>
#include "compiled.h"
#include "cfi_kept.h"

enum { ROWS = 9000 };
static const uint8_t id[20] = { 0xab, 0xcd };

static void fill(struct ev_cfi_rows *rows, size_t count)
{
	*rows = (struct ev_cfi_rows){ .rows = ev_alloc(count * sizeof(*rows->rows)),
				      .count = count,
				      .others = ev_alloc(sizeof(*rows->others)),
				      .other_count = 1,
				      .machine = 62,
				      .word_bytes = 8 };
	for (size_t i = 0; i < count; i++)
		rows->rows[i] = (struct ev_cfi_row){ .offset = (uint32_t)(16 * i),
						     .cfa_words = (int16_t)(i % 100),
						     .kind = EV_CFI_ROW_SP };
	rows->rows[5] = (struct ev_cfi_row){ .offset = 80, .kind = EV_CFI_ROW_OTHER };
	rows->others[0] = (struct ev_cfi_rule){ .base = EV_CFI_THREAD_MAKER,
						.base_register = 10,
						.ra = EV_CFI_IN_REGISTER };
}

/* The only file there. */
static const char *file_of(void **state)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/unwind-abcd000000000000000000000000000000000000",
		 in_folder(state, "kept"));
	return path;
}

static void rows_are_the_same_again(void **state)
{
	struct ev_cfi_rows rows, found;
	const char *folder = in_folder(state, "kept");
	fill(&rows, ROWS);
	assert_true(ev_cfi_kept_read(folder, id, sizeof(id), &found) < 0);
	ev_cfi_kept_write(folder, id, sizeof(id), &rows);
	assert_int_equal(ev_cfi_kept_read(folder, id, sizeof(id), &found), 0);
	assert_int_equal(found.count, rows.count);
	assert_int_equal(found.machine, 62);
	assert_int_equal(found.word_bytes, 8);
	assert_memory_equal(found.rows, rows.rows, ROWS * sizeof(*rows.rows));
	assert_memory_equal(found.others, rows.others, sizeof(*rows.others));
	ev_cfi_rows_done(&found);
	ev_cfi_rows_done(&rows);
}

static void what_is_small_or_nameless_is_not_kept(void **state)
{
	struct ev_cfi_rows rows, found;
	const char *folder = in_folder(state, "kept");
	fill(&rows, 100);
	ev_cfi_kept_write(folder, id, sizeof(id), &rows);
	assert_true(ev_cfi_kept_read(folder, id, sizeof(id), &found) < 0);
	ev_cfi_rows_done(&rows);
	fill(&rows, ROWS);
	ev_cfi_kept_write(NULL, id, sizeof(id), &rows);
	ev_cfi_kept_write(folder, id, 0, &rows);
	assert_true(ev_cfi_kept_read(NULL, id, sizeof(id), &found) < 0);
	assert_true(ev_cfi_kept_read(folder, id, 0, &found) < 0);
	ev_cfi_rows_done(&rows);
}

static void refuses(void **state)
{
	struct ev_cfi_rows found;
	assert_true(ev_cfi_kept_read(in_folder(state, "kept"), id, sizeof(id), &found) < 0);
	assert_null(found.rows);
}

static void no_byte_can_be_wrong_and_none_be_missing(void **state)
{
	struct ev_cfi_rows rows;
	fill(&rows, ROWS);
	ev_cfi_kept_write(in_folder(state, "kept"), id, sizeof(id), &rows);
	int fd = open(file_of(state), O_RDWR);
	assert_true(fd >= 0);
	for (off_t at = 0; at < 48 + ROWS * 8 + 24; at += at < 64 ? 1 : 997) {
		uint8_t byte, other;
		if (at >= 19 && at < 24) /* of no meaning */
			continue;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		other = byte ^ 0x40;
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		/* Which machine it is of, who asked knows. */
		if (at != 16 && at != 17)
			refuses(state);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(ftruncate(fd, 48 + ROWS * 8), 0);
	refuses(state);
	assert_int_equal(ftruncate(fd, 10), 0);
	refuses(state);
	close(fd);
	ev_cfi_rows_done(&rows);
}

/* With a right hash: written by whoever. */
static void rows_that_make_no_sense_are_refused(void **state)
{
	struct ev_cfi_rows rows;
	const char *folder = in_folder(state, "kept");
	for (int wrong = 0; wrong < 6; wrong++) {
		fill(&rows, ROWS);
		if (wrong == 0)
			rows.rows[100].offset = 3; /* not sorted */
		else if (wrong == 1)
			rows.rows[100].kind = EV_CFI_ROW_OTHER + 1;
		else if (wrong == 2)
			rows.rows[5].cfa_words = 1; /* of one */
		else if (wrong == 3)
			rows.others[0].ra = EV_CFI_IN_REGISTER + 1;
		else if (wrong == 4)
			rows.others[0].fp = EV_CFI_IN_REGISTER; /* only return addresses are */
		else
			rows.others[0].base = EV_CFI_THREAD_MAKER + 1;
		ev_cfi_kept_write(folder, id, sizeof(id), &rows);
		refuses(state);
		ev_cfi_rows_done(&rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_are_the_same_again, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(what_is_small_or_nameless_is_not_kept, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(no_byte_can_be_wrong_and_none_be_missing,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(rows_that_make_no_sense_are_refused, folder_make,
						folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
