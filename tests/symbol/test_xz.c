/* What xz packs is unpacked, whatever it is; what is damaged is refused. */
#include <errno.h>
#include "compiled.h"
#include "xz.h"

static void make_inputs(void **state)
{
	struct ev_buffer bytes = { 0 };
	needs_program("xz");
	for (unsigned i = 0; i < 60000; i++) /* text with near and far repetitions */
		ev_buffer_printf(&bytes, "%u %s\n", i % 977,
				 i % 7 ? "the same words" : "and others now and then");
	write_file(in_folder(state, "text"), bytes.bytes, bytes.size_bytes);
	bytes.size_bytes = 0;
	for (unsigned i = 0; i < 200000; i++) /* nothing to be packed */
		ev_buffer_u64(&bytes, ev_hash64(i));
	write_file(in_folder(state, "noise"), bytes.bytes, bytes.size_bytes);
	ev_buffer_done(&bytes);
	write_file(in_folder(state, "empty"), "", 0);
	write_file(in_folder(state, "one"), "x", 1);
	run_in(state, "head -c 3000000 /dev/zero >zeros;"
		      "cat text noise zeros text >all");
}

static void read_file(const char *path, char **bytes, size_t *size_bytes)
{
	assert_int_equal(ev_file_read(path, bytes, size_bytes), 0);
}

static void everything_comes_back(void **state)
{
	static const char *const files[] = { "text", "noise", "zeros", "empty", "one", "all" };
	static const char *const flags[] = { "-1", "-T2 --block-size=500000", "--check=none",
					     "--x86 --lzma2=preset=1" };
	make_inputs(state);
	for (size_t i = 0; i < EV_LENGTH(files); i++) {
		for (size_t f = 0; f < EV_LENGTH(flags); f++) {
			char *command = ev_printf("xz -c %s %s >packed.xz", flags[f], files[i]);
			char *plain, *packed;
			size_t plain_size, packed_size;
			struct ev_buffer out = { 0 };
			run_in(state, command);
			free(command);
			read_file(in_folder(state, files[i]), &plain, &plain_size);
			read_file(in_folder(state, "packed.xz"), &packed, &packed_size);
			assert_int_equal(ev_xz_unpack(packed, packed_size, 1 << 24, &out), 0);
			assert_int_equal(out.size_bytes, plain_size);
			assert_true(!plain_size || !memcmp(out.bytes, plain, plain_size));
			out.size_bytes = 0;
			if (plain_size)
				assert_int_equal(ev_xz_unpack(packed, packed_size, plain_size - 1,
							      &out),
						 -EFBIG);
			ev_buffer_done(&out);
			free(plain);
			free(packed);
		}
	}
}

static void damage_is_survived(void **state)
{
	char *packed;
	size_t size;
	struct ev_buffer out = { 0 };
	needs_program("xz");
	run_in(state, "for i in 1 2 3 4 5 6 7 8 9; do echo some words $i, and again words; done |"
		      "xz -c >small.xz");
	read_file(in_folder(state, "small.xz"), &packed, &size);
	for (size_t length = 0; length < size; length++) {
		char *part = malloc(length ? length : 1);
		memcpy(part, packed, length);
		out.size_bytes = 0;
		ev_xz_unpack(part, length, 1 << 20, &out);
		free(part);
	}
	assert_int_equal(ev_xz_unpack(packed, size / 2, 1 << 20, &out), -EINVAL);
	for (size_t at = 0; at < size; at++) {
		for (unsigned change = 1; change < 256; change <<= 1) {
			packed[at] = (char)(packed[at] ^ change);
			out.size_bytes = 0;
			ev_xz_unpack(packed, size, 1 << 20, &out);
			assert_true(out.size_bytes <= 2 << 20);
			packed[at] = (char)(packed[at] ^ change);
		}
	}
	ev_buffer_done(&out);
	free(packed);
}

/* A program stripped as Fedora strips: local functions only in .gnu_debugdata. */
static void packed_symbols_of_a_program_are_found(void **state)
{
	static const char source[] = "static __attribute__((noinline)) int hidden(int x)\n"
				     "{ return x * 3; }\n"
				     "int main(int c, char **v) { (void)v; return hidden(c); }\n";
	uint64_t offset;
	struct ev_symbol symbol;
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	needs_program("gcc");
	needs_program("xz");
	needs_program("objcopy");
	write_file(in_folder(state, "h.c"), source, sizeof(source) - 1);
	run_in(state, "gcc -O1 -o whole h.c; objcopy --only-keep-debug whole mini; xz -f mini;"
		      "objcopy -S --add-section .gnu_debugdata=mini.xz whole bare");
	assert_int_equal(ev_function_offset(in_folder(state, "whole"), "hidden", &offset, NULL), 0);
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, 7, 0x100000, 0x100000, 0, in_folder(state, "bare"));
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, NULL);
	struct ev_place place = ev_space_find(set, cache, 7, 0, 0x100000 + offset, USER);
	ev_symbolize(symbolizer, place, EV_SYMBOL_EXACT, &symbol, 1);
	assert_non_null(symbol.function);
	assert_string_equal(symbol.function, "hidden");
	assert_null(ev_symbolizer_trouble(symbolizer, place.object));
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(packed_symbols_of_a_program_are_found),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
