/* Symbols in the sections of other recorders: found at their places, and harmless when cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "carried.h"

static void add_text(struct ev_buffer *bytes, const char *text)
{
	ev_buffer_add(bytes, text, strlen(text) + 1);
}

/* An ELF file whose lowest address 0x2000 is at offset 0x1000, and a kernel. */
static void make_file(struct ev_buffer *bytes)
{
	struct ev_buffer elf = { 0 }, kernel = { 0 };
	add_text(&elf, "/lib/a.so");
	ev_buffer_u32(&elf, 2);
	ev_buffer_u64(&elf, 0x2000);
	ev_buffer_u32(&elf, 2);
	ev_buffer_u64(&elf, 0x2100);
	ev_buffer_u32(&elf, 0x10);
	add_text(&elf, "_Z3foov");
	ev_buffer_u64(&elf, 0x2080);
	ev_buffer_u32(&elf, 0x20);
	add_text(&elf, "bar");
	ev_buffer_u64(&elf, 0x1000);
	add_text(&kernel, "[kernel.kallsyms]");
	ev_buffer_u32(&kernel, 0);
	ev_buffer_u64(&kernel, 0);
	ev_buffer_u32(&kernel, 1);
	ev_buffer_u64(&kernel, 0xffffffff81000000);
	ev_buffer_u32(&kernel, 0x100);
	add_text(&kernel, "do_it");
	ev_buffer_u32(bytes, (uint32_t)elf.size_bytes);
	ev_buffer_add(bytes, elf.bytes, elf.size_bytes);
	ev_buffer_u32(bytes, (uint32_t)kernel.size_bytes);
	ev_buffer_add(bytes, kernel.bytes, kernel.size_bytes);
	ev_buffer_done(&elf);
	ev_buffer_done(&kernel);
}

/* path 1, kind 2, lowest address 3, symbol 4 { address 1, length 2, name 3 }, elf 6 { offset 1 } */
static void make_file2(struct ev_buffer *bytes)
{
	static const uint8_t file[] = { 0x0a, 9,    '/',  'l',  'i',  'b',  '/',  'a',  '.',
					's',  'o',  0x10, 2,    0x18, 0x80, 0x40, 0x22, 10,
					0x08, 0x80, 0x41, 0x10, 0x20, 0x1a, 3,    'b',  'a',
					'r',  0x32, 3,    0x08, 0x80, 0x20 };
	ev_buffer_u32(bytes, sizeof(file));
	ev_buffer_add(bytes, file, sizeof(file));
}

static void make_hiperf(struct ev_buffer *bytes)
{
	ev_buffer_u32(bytes, 1);
	ev_buffer_u32(bytes, 10);
	add_text(bytes, "/lib/a.so");
	ev_buffer_u32(bytes, 2);
	ev_buffer_u64(bytes, 0x2000);
	ev_buffer_u64(bytes, 0x1000);
	ev_buffer_u32(bytes, 1);
	add_text(bytes, "");
	ev_buffer_u32(bytes, 1);
	ev_buffer_u64(bytes, 0x2080);
	ev_buffer_u32(bytes, 0x20);
	ev_buffer_u32(bytes, 4);
	add_text(bytes, "bar");
}

static void take(struct carried *carried, unsigned section, const void *bytes, size_t size_bytes)
{
	struct ev_recording recording = { 0 };
	/* A copy of just that size, so that a sanitizer sees every byte too far. */
	void *copy = memcpy(ev_realloc(NULL, size_bytes), bytes, size_bytes);
	*carried = (struct carried){ 0 };
	ev_recording_set_section(&recording, section, copy, size_bytes);
	free(copy);
	ev_carried_take_foreign(carried, &recording);
	ev_recording_done(&recording);
}

static const struct carried_function *function_of(const struct carried *carried,
						  enum ev_object_kind kind, const char *path,
						  uint64_t offset)
{
	struct ev_object shown = { .kind = kind, .path = path, .name = path };
	const struct carried_object *object = ev_carried_object(carried, &shown);
	return object ? ev_carried_function(object, offset) : NULL;
}

static void assert_bar(const struct carried *carried)
{
	const struct carried_function *bar =
		function_of(carried, EV_OBJECT_FILE, "/lib/a.so", 0x1085);
	assert_non_null(bar);
	assert_string_equal(bar->function, "bar");
	assert_int_equal(bar->start, 0x1080);
	assert_null(function_of(carried, EV_OBJECT_FILE, "/lib/a.so", 0x10a0));
	assert_null(function_of(carried, EV_OBJECT_FILE, "/lib/b.so", 0x1085));
}

static void functions_of_simpleperf_are_found_at_their_offsets(void **state)
{
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	(void)state;
	make_file(&bytes);
	take(&carried, 128, bytes.bytes, bytes.size_bytes);
	assert_bar(&carried);
	assert_string_equal(function_of(&carried, EV_OBJECT_FILE, "/lib/a.so", 0x1100)->function,
			    "foo");
	assert_string_equal(function_of(&carried, EV_OBJECT_KERNEL, "[kernel.kallsyms]",
					0xffffffff81000010)
				    ->function,
			    "do_it");
	ev_carried_done(&carried);
	bytes.size_bytes = 0;
	make_file2(&bytes);
	take(&carried, 132, bytes.bytes, bytes.size_bytes);
	assert_bar(&carried);
	ev_carried_done(&carried);
	ev_buffer_done(&bytes);
}

static void functions_of_hiperf_are_found_at_their_offsets(void **state)
{
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	(void)state;
	make_hiperf(&bytes);
	take(&carried, 192, bytes.bytes, bytes.size_bytes);
	assert_bar(&carried);
	ev_carried_done(&carried);
	ev_buffer_done(&bytes);
}

static void every_prefix_and_every_changed_byte_is_harmless(void **state)
{
	static void (*const makers[])(struct ev_buffer *) = { make_file, make_file2, make_hiperf };
	static const unsigned sections[] = { 128, 132, 192 };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(makers); i++) {
		struct ev_buffer bytes = { 0 };
		struct carried carried;
		makers[i](&bytes);
		for (size_t size = 1; size <= bytes.size_bytes; size++) {
			take(&carried, sections[i], bytes.bytes, size);
			ev_carried_done(&carried);
		}
		for (size_t at = 0; at < bytes.size_bytes; at++) {
			bytes.bytes[at] ^= 0xff;
			take(&carried, sections[i], bytes.bytes, bytes.size_bytes);
			ev_carried_done(&carried);
			bytes.bytes[at] ^= 0xff;
		}
		ev_buffer_done(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_simpleperf_are_found_at_their_offsets),
		cmocka_unit_test(functions_of_hiperf_are_found_at_their_offsets),
		cmocka_unit_test(every_prefix_and_every_changed_byte_is_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
