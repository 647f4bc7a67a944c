/* What people call programs and libraries. */
#include <errno.h>
#include "compiled.h"
#include "probe_files.h"

static char *found(const char *wanted)
{
	struct probe_files files = { 0 };
	struct ev_arena arena = { 0 };
	struct ev_err err = { 0 };
	char *path = NULL;
	if (!ev_probe_files(wanted, &arena, &files, &err))
		path = ev_printf("%zu %s", files.count, files.items[0]);
	else
		path = ev_printf("%s", err.text);
	ev_array_done(&files);
	ev_arena_done(&arena);
	return path;
}

static void expect(const char *wanted, const char *answer)
{
	char *got = found(wanted);
	if (!strstr(got, answer))
		fail_msg("'%s' is '%s', expected '%s'", wanted, got, answer);
	free(got);
}

static void names_are_looked_for_as_a_shell_and_the_loader_do(void **state)
{
	needs_program("gcc");
	const char *folder = ((struct folder *)*state)->path;
	char here[256], before[4096];
	char *old_path = ev_strdup(getenv("PATH"));
	assert_non_null(getcwd(before, sizeof(before)));
	run_in(state, "mkdir -p bin lib; echo 'int main(void){return 0;}' >p.c;"
		      "gcc -o bin/prog_of_test p.c; gcc -o ./here p.c; ln -sf here there;"
		      "gcc -shared -fPIC -o lib/libtest_a.so.1 p.c; echo no >lib/libtest_b.so.1");
	snprintf(here, sizeof(here), "%s/bin:%s", folder, old_path);
	setenv("PATH", here, 1);
	snprintf(here, sizeof(here), "%s/lib", folder);
	setenv("LD_LIBRARY_PATH", here, 1);
	assert_int_equal(chdir(folder), 0);
	expect("here", "/here");
	expect("./here", "/here");
	expect("prog_of_test", "/bin/prog_of_test");
	expect("prog_of_*", "1 ");
	expect("libtest_a.so.1", "/lib/libtest_a.so.1");
	expect("libtest_*.so.1", "1 "); /* the other is no ELF file */
	expect("*here", "1 ");          /* one file, two names */
	expect("./lib/*", "1 ");
	expect("libtest_b.so.1", "neither a file here");
	expect("no_such_program", "neither a file here");
	expect("./no_such_program", "No such file");
	expect("no_such_*", "no program or library matches");
	expect("./bin", "no regular file");
	assert_int_equal(chdir(before), 0);
	setenv("PATH", old_path, 1);
	unsetenv("LD_LIBRARY_PATH");
	free(old_path);
}

static void the_c_library_is_found_by_its_names(void **state)
{
	(void)state;
	if (access("/etc/ld.so.cache", R_OK)) {
		print_message("SKIP %s: there is no /etc/ld.so.cache\n", __func__);
		skip();
	}
	expect("libc.so.6", "libc.so.6");
	expect("libc", "libc.so.6");
	expect("libc.so*", "libc.so.6");
}

static int count_library(void *context, const char *name, const char *path)
{
	unsigned *count = context;
	assert_true(*name && *path);
	++*count;
	return 0;
}

static void a_cache_that_was_cut_is_refused_at_every_length(void **state)
{
	(void)state;
	struct ev_buffer cache = { 0 };
	ev_buffer_add(&cache, "glibc-ld.so.cache1.1", 20);
	ev_buffer_u32(&cache, 1);
	ev_buffer_zero(&cache, 24);
	ev_buffer_u32(&cache, 3);
	ev_buffer_u32(&cache, 72);
	ev_buffer_u32(&cache, 76);
	ev_buffer_zero(&cache, 12);
	ev_buffer_add(&cache, "l.so\0/l.so", 11);
	cache.bytes[56] = 77; /* the path */
	for (size_t size = 0; size <= cache.size_bytes; size++) {
		unsigned count = 0;
		uint8_t *exact = malloc(size + !size);
		memcpy(exact, cache.bytes, size);
		int rc = ev_library_cache_read(exact, size, count_library, &count);
		assert_int_equal(rc, size < cache.size_bytes ? -EINVAL : 0);
		assert_int_equal(count, size == cache.size_bytes);
		free(exact);
	}
	ev_buffer_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_looked_for_as_a_shell_and_the_loader_do),
		cmocka_unit_test(the_c_library_is_found_by_its_names),
		cmocka_unit_test(a_cache_that_was_cut_is_refused_at_every_length),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
