/* The symbol section: whole, cut at every byte, and with every byte changed. */
#include "compiled.h"
#include "carried.h"

static struct ev_space_set *space_of(const char *path)
{
	struct ev_space_set *set = ev_space_set_open();
	map(set, 0, 7, 0x1000, 0x10000, 0, path);
	map(set, 0, 7, 0x20000, 0x10000, 0, "//anon");
	map(set, 0, 7, 0x40000, 0x10000, 0, "/nowhere");
	ev_space_set_ready(set);
	return set;
}

/* A section with functions, places, frames, build-ids and troubles. */
static void make_section(void **state, struct ev_buffer *bytes)
{
	static const char program[] =
		"static inline __attribute__((always_inline)) int leaf(int x)\n"
		"{ volatile int y = x; return y * x; }\n"
		"int work(int x) { return leaf(x) + 1; }\n"
		"int main(int c, char **v) { (void)v; return work(c); }\n";
	needs_program("gcc");
	write_file(in_folder(state, "p.c"), program, sizeof(program) - 1);
	run_in(state, "gcc -O2 -g -o p p.c; mkdir -p tmp;"
		      "printf '20000 100 js one\\n20100 100 js two\\n' >tmp/perf-7.map");
	struct ev_space_set *set = space_of(in_folder(state, "p"));
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, NULL);
	EV_ARRAY(struct ev_place) places = { 0 };
	uint64_t work, main_at;
	assert_int_equal(ev_function_offset(in_folder(state, "p"), "work", &work, NULL), 0);
	assert_int_equal(ev_function_offset(in_folder(state, "p"), "main", &main_at, NULL), 0);
	for (uint64_t i = 0; i < 8; i++) {
		*ev_array_add(&places) = ev_space_find(set, cache, 7, 0, 0x1000 + work + i, USER);
		*ev_array_add(&places) =
			ev_space_find(set, cache, 7, 0, 0x1000 + main_at + i, USER);
		*ev_array_add(&places) = ev_space_find(set, cache, 7, 0, 0x20000 + i * 50, USER);
		*ev_array_add(&places) = ev_space_find(set, cache, 7, 0, 0x40000 + i, USER);
		*ev_array_add(&places) = ev_space_find(set, cache, 7, 0, 0x90000 + i, USER);
	}
	ev_symbols_encode(symbolizer, set, places.items, places.count,
			  EV_SYMBOL_LINES | EV_SYMBOL_INLINES, bytes);
	ev_array_done(&places);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
}

/* Ask a decoded section for everything; a sanitizer sees what is wrong. */
static size_t use(const struct carried *carried)
{
	size_t found = 0;
	for (size_t i = 0; i < carried->objects.count; i++) {
		const struct carried_object *object = &carried->objects.items[i];
		struct ev_object shown = {
			.kind = object->kind, .path = object->path, .name = "", .pid = object->pid
		};
		found += strlen(object->path) + (object->trouble ? strlen(object->trouble) : 0);
		assert_non_null(ev_carried_object(carried, &shown));
		for (uint64_t at = 0x1000; at < 0x1400; at += 3) {
			const struct carried_place *place = ev_carried_place(object, at);
			const struct carried_function *function = ev_carried_function(object, at);
			found += function && function->function ? strlen(function->function) : 0;
			for (uint32_t n = 0; place && n < place->frame_count; n++) {
				const struct carried_frame *frame =
					&carried->frames.items[place->first_frame + n];
				found += frame->file ? strlen(frame->file) : 0;
			}
		}
	}
	return found;
}

static void a_section_says_what_it_was_told(void **state)
{
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	make_section(state, &bytes);
	ev_carried_decode(&carried, bytes.bytes, bytes.size_bytes);
	assert_int_equal(carried.flags, EV_SYMBOL_LINES | EV_SYMBOL_INLINES);
	assert_int_equal(carried.objects.count, 3); /* the unknown object is not carried */
	const struct carried_object *program = &carried.objects.items[0];
	assert_int_equal(program->kind, EV_OBJECT_FILE);
	assert_null(program->trouble);
	assert_true(program->functions.count >= 2); /* and what ends before them */
	assert_true(program->places.count > 0);
	assert_string_equal(carried.objects.items[2].trouble, "file not found");
	assert_int_equal(carried.objects.items[1].kind, EV_OBJECT_JIT);
	assert_int_equal(carried.objects.items[1].pid, 7);
	assert_true(use(&carried) > 0);
	ev_carried_done(&carried);
	ev_buffer_done(&bytes);
}

static void every_prefix_is_survived(void **state)
{
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	make_section(state, &bytes);
	for (size_t length = 0; length < bytes.size_bytes; length++) {
		uint8_t *part = malloc(length ? length : 1); /* nothing behind it */
		memcpy(part, bytes.bytes, length);
		ev_carried_decode(&carried, part, length);
		assert_true(carried.objects.count <= 3);
		use(&carried);
		ev_carried_done(&carried);
		free(part);
	}
	ev_buffer_done(&bytes);
}

static void every_changed_byte_is_survived(void **state)
{
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	make_section(state, &bytes);
	for (size_t at = 0; at < bytes.size_bytes; at++) {
		static const uint8_t changes[] = { 0x01, 0x80, 0xff, 0x40 };
		for (size_t i = 0; i < sizeof(changes); i++) {
			bytes.bytes[at] ^= changes[i];
			ev_carried_decode(&carried, bytes.bytes, bytes.size_bytes);
			use(&carried);
			ev_carried_done(&carried);
			bytes.bytes[at] ^= changes[i];
		}
	}
	ev_buffer_done(&bytes);
}

static void counts_that_lie_take_no_memory(void **state)
{
	(void)state;
	/* 2^63 texts, in a dozen bytes. */
	static const uint8_t texts[] = "EVSY\2\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\1";
	static const uint8_t version[] = "EVSY\x7f\0\0\0\0\0";
	static const uint8_t frames[] =
		"EVSY\2\3\1a\0\1\0\1\0\0\0\0\0\1\0\1\xff\xff\xff\xff\xff\xff\x7f";
	struct carried carried;
	ev_carried_decode(&carried, texts, sizeof(texts));
	assert_int_equal(carried.objects.count, 0);
	ev_carried_done(&carried);
	ev_carried_decode(&carried, version, sizeof(version));
	assert_int_equal(carried.objects.count, 0);
	ev_carried_done(&carried);
	ev_carried_decode(&carried, frames, sizeof(frames));
	assert_int_equal(carried.frames.count, 0);
	use(&carried);
	ev_carried_done(&carried);
}

static void nothing_sampled_is_an_empty_section(void **state)
{
	(void)state;
	struct ev_buffer bytes = { 0 };
	struct carried carried;
	struct ev_space_set *set = space_of("/nowhere");
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, NULL);
	ev_symbols_encode(symbolizer, set, NULL, 0, 0, &bytes);
	ev_carried_decode(&carried, bytes.bytes, bytes.size_bytes);
	assert_int_equal(carried.objects.count, 0);
	ev_carried_done(&carried);
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	ev_buffer_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_says_what_it_was_told),
		cmocka_unit_test(every_prefix_is_survived),
		cmocka_unit_test(every_changed_byte_is_survived),
		cmocka_unit_test(counts_that_lie_take_no_memory),
		cmocka_unit_test(nothing_sampled_is_an_empty_section),
	};
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
