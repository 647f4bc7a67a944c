/* The copy of the kernel's list: made once, read in part, and never believed when it is not ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "compiled.h"
#include "kallsyms_copy.h"

#define CODE UINT64_C(0xffffffff81000000)

struct told {
	char text[8192];
	size_t lines;
};

static bool tell(void *context, const struct kallsyms_line *line)
{
	struct told *told = context;
	size_t used = strlen(told->text);
	snprintf(told->text + used, sizeof(told->text) - used, "%llx:%.*s ",
		 (unsigned long long)(line->address - CODE), (int)line->name_length, line->name);
	told->lines++;
	return true;
}

static const char *list_of(void **state, const char *text)
{
	const char *list = in_folder(state, "list");
	write_file(list, text, strlen(text));
	return list;
}

/* 70 symbols in the beginning, then those of interest. */
static char *usual_list(const char *rest)
{
	struct ev_buffer text = { 0 };
	ev_buffer_printf(&text, "0000000000001000 A fixed_percpu_data\n");
	for (unsigned i = 0; i < 70; i++)
		ev_buffer_printf(&text, "%llx T %s\n", (unsigned long long)CODE + i,
				 i == 0   ? "_text"
				 : i == 1 ? "_stext"
					  : "front");
	ev_buffer_printf(&text, "%s", rest);
	ev_buffer_u8(&text, 0);
	return (char *)text.bytes;
}

static int copy_of(void **state, const char *folder, const char *rest)
{
	char *text = usual_list(rest);
	int fd = ev_kallsyms_copy_open(folder, list_of(state, text));
	free(text);
	return fd;
}

static const char *copy_path(const char *folder)
{
	static char path[512];
	char *boot;
	size_t size;
	assert_int_equal(ev_file_read("/proc/sys/kernel/random/boot_id", &boot, &size), 0);
	snprintf(path, sizeof(path), "%s/kernel-symbols-%.*s", folder, 36, boot);
	free(boot);
	return path;
}

static void only_lines_around_the_wanted_addresses_are_told(void **state)
{
	struct told told = { 0 };
	const char *folder = in_folder(state, "around");
	int fd = copy_of(state, folder,
			 "ffffffff81000100 t one\n"
			 "ffffffff81000200 t two\n"
			 "ffffffff81000200 T two_again\n"
			 "ffffffff81000300 D data\n"
			 "ffffffff81000400 t three\n"
			 "ffffffff81000500 t four\n"
			 "ffffffff81000600 t five\n"
			 "ffffffffc0000000 t of_module\t[nf_tables]\n");
	assert_true(fd >= 0);
	const uint64_t wanted[] = { CODE + 0x234, CODE + 0x500, CODE + 0x501, CODE + 0x9000 };
	assert_int_equal(ev_kallsyms_copy_lines(fd, wanted, 4, tell, &told), 0);
	const char *at = strstr(told.text, "front 200:two");
	assert_non_null(at);
	assert_string_equal(at + 6, "200:two 200:two_again 300:data 500:four 600:five ");
	assert_int_equal(told.lines, 64 + 5); /* the beginning, with _text and _stext */
	assert_non_null(strstr(told.text, "0:_text 1:_stext "));
	assert_null(strstr(told.text, "percpu"));
	/* The kernel has no code below its first symbol. */
	const uint64_t below[] = { CODE - 1 };
	assert_int_equal(ev_kallsyms_copy_lines(fd, below, 1, tell, &told), -EIO);
	close(fd);
}

/* Names of all lengths, over many blocks of the file. */
static void every_symbol_of_a_long_list_is_found(void **state)
{
	struct ev_buffer text = { 0 };
	enum { COUNT = 600 };
	for (unsigned i = 1; i <= COUNT; i++)
		ev_buffer_printf(&text, "%llx t symbol_%u_%0*d\n",
				 (unsigned long long)CODE + i * 0x100, i, 1 + (int)(i * 37 % 500),
				 0);
	ev_buffer_u8(&text, 0);
	int fd = copy_of(state, in_folder(state, "long"), (char *)text.bytes);
	assert_true(fd >= 0);
	for (unsigned i = 1; i < COUNT; i++) {
		struct told told = { 0 };
		char name[64];
		const uint64_t wanted = CODE + i * 0x100 + i % 0x100;
		assert_int_equal(ev_kallsyms_copy_lines(fd, &wanted, 1, tell, &told), 0);
		assert_int_equal(told.lines, 64 + 2);
		snprintf(name, sizeof(name), " %x:symbol_%u_0", i * 0x100, i);
		assert_non_null(strstr(told.text, name));
		snprintf(name, sizeof(name), " %x:symbol_%u_0", (i + 1) * 0x100, i + 1);
		assert_non_null(strstr(told.text, name));
	}
	close(fd);
	ev_buffer_done(&text);
}

static void a_copy_is_made_once_in_a_boot(void **state)
{
	const char *folder = in_folder(state, "once");
	struct stat first, second;
	int fd = copy_of(state, folder, "ffffffff81000100 t one\n");
	assert_int_equal(fstat(fd, &first), 0);
	assert_int_equal(first.st_mode & 0777, 0600);
	close(fd);
	fd = ev_kallsyms_copy_open(folder, "/nowhere/is/a/list");
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	close(fd);
}

static void copies_of_other_boots_go_and_other_files_stay(void **state)
{
	const char *folder = in_folder(state, "boots");
	char old[512], other[512];
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(old, sizeof(old), "%s/kernel-symbols-0123", folder);
	snprintf(other, sizeof(other), "%s/pictures", folder);
	write_file(old, "x", 1);
	write_file(other, "x", 1);
	int fd = copy_of(state, folder, "ffffffff81000100 t one\n");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(access(old, F_OK), -1);
	assert_int_equal(access(other, F_OK), 0);
}

static void what_hides_addresses_or_is_out_of_order_is_not_copied(void **state)
{
	const char *folder = in_folder(state, "hidden");
	assert_int_equal(ev_kallsyms_copy_open(folder, list_of(state, "0000000000000000 T _text\n"
								      "0000000000000000 t one\n")),
			 -ENODATA);
	assert_int_equal(copy_of(state, folder,
				 "ffffffff81000300 t one\n"
				 "ffffffff81000200 t two\n"),
			 -ENODATA);
	assert_int_equal(ev_kallsyms_copy_open(folder, "/nowhere/is/a/list"), -ENOENT);
	assert_int_equal(ev_kallsyms_copy_open("/nowhere/is/a/folder", NULL), -ENOENT);
}

static void what_others_can_write_is_not_believed(void **state)
{
	const char *folder = in_folder(state, "others");
	int fd = copy_of(state, folder, "ffffffff81000100 t one\n");
	close(fd);
	assert_int_equal(chmod(copy_path(folder), 0666), 0);
	assert_int_equal(ev_kallsyms_copy_open(folder, "/nowhere/is/a/list"), -ENOENT);
	fd = copy_of(state, folder, "ffffffff81000100 t one\n"); /* made anew */
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(ev_kallsyms_copy_open(folder, NULL), -EPERM);
	assert_int_equal(chmod(folder, 0700), 0);
	char *link = ev_printf("%s.link", folder);
	assert_int_equal(symlink(folder, link), 0);
	assert_true(ev_kallsyms_copy_open(link, NULL) < 0);
	free(link);
}

/* A cut copy is made anew; bytes that make no sense are refused, or are other names. */
static void damage_ends_with_an_error_or_other_lines(void **state)
{
	const char *folder = in_folder(state, "damaged");
	const uint64_t wanted[] = { CODE + 0x10, CODE + 0x234, CODE + 0x9000 };
	int fd = copy_of(state, folder,
			 "ffffffff81000100 t one\n"
			 "ffffffff81000200 t two\n");
	struct stat status;
	assert_int_equal(fstat(fd, &status), 0);
	close(fd);
	for (off_t at = 128; at < status.st_size; at++) {
		struct told told = { 0 };
		int file = open(copy_path(folder), O_RDWR);
		char byte, wrong = at % 3 ? '\n' : '\xff';
		assert_int_equal(pread(file, &byte, 1, at), 1);
		assert_int_equal(pwrite(file, &wrong, 1, at), 1);
		ev_kallsyms_copy_lines(file, wanted, 3, tell, &told);
		assert_int_equal(pwrite(file, &byte, 1, at), 1);
		close(file);
	}
	assert_int_equal(truncate(copy_path(folder), status.st_size - 3), 0);
	assert_int_equal(ev_kallsyms_copy_open(folder, "/nowhere/is/a/list"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_lines_around_the_wanted_addresses_are_told),
		cmocka_unit_test(every_symbol_of_a_long_list_is_found),
		cmocka_unit_test(a_copy_is_made_once_in_a_boot),
		cmocka_unit_test(copies_of_other_boots_go_and_other_files_stay),
		cmocka_unit_test(what_hides_addresses_or_is_out_of_order_is_not_copied),
		cmocka_unit_test(what_others_can_write_is_not_believed),
		cmocka_unit_test(damage_ends_with_an_error_or_other_lines),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
