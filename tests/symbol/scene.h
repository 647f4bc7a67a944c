/* A program compiled in many ways, and its mapping looked into. */
#ifndef TESTS_SYMBOL_SCENE_H
#define TESTS_SYMBOL_SCENE_H

#include "compiled.h"
#include "symbolizer.h"

static const char program[] =
	"#include <stdio.h>\n"                                                  /* 1 */
	"static inline __attribute__((always_inline)) int leaf(int x)\n"        /* 2 */
	"{\n"                                                                   /* 3 */
	"	return x * x + getchar();\n"                                    /* 4 */
	"}\n"                                                                   /* 5 */
	"static __attribute__((noinline)) int hidden(int x)\n"                  /* 6 */
	"{\n"                                                                   /* 7 */
	"	return leaf(x) + 1;\n"                                          /* 8 */
	"}\n"                                                                   /* 9 */
	"__attribute__((noinline)) int seen(int x)\n"                           /* 10 */
	"{\n"                                                                   /* 11 */
	"	return hidden(x) * 2;\n"                                        /* 12 */
	"}\n"                                                                   /* 13 */
	"int main(int argc, char **argv) { (void)argv; return seen(argc); }\n"; /* 14 */

static inline int setup(void **state)
{
	if (folder_make(state))
		return -1;
	if (!has_program("gcc"))
		return 0;
	write_file(in_folder(state, "p.c"), program, sizeof(program) - 1);
	run_in(state, "gcc -O2 -g -pie -fPIE -Wl,--build-id -Wl,-z,lazy -o pie p.c;"
		      "gcc -O2 -g -static -Wl,--build-id -o static p.c 2>/dev/null || true;"
		      "gcc -O2 -g -rdynamic -Wl,--build-id -o rdynamic p.c;"
		      "gcc -O2 -g -Wl,--build-id=none -o noid p.c;"
		      "gcc -O2 -Wl,--build-id -o nodebug p.c");
	return 0;
}

/* A mapping of a whole file, and everything to look into it with. */
struct scene {
	struct ev_space_set *set;
	struct ev_symbolizer *symbolizer;
	struct ev_recording recording;
	struct ev_place place;
};

static inline void open_scene(struct scene *scene, const char *path, const char *build_id,
			      const struct ev_symbolizer_options *options)
{
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	scene->set = ev_space_set_open();
	map_with_id(scene->set, 0, 7, 0x10000000, 0x10000000, 0, path, build_id);
	ev_space_set_ready(scene->set);
	scene->place = ev_space_find(scene->set, cache, 7, 0, 0x10000000, USER);
	scene->symbolizer = ev_symbolizer_open(scene->set, &scene->recording, options);
	free(cache);
}

static inline void close_scene(struct scene *scene)
{
	ev_symbolizer_close(scene->symbolizer);
	ev_space_set_close(scene->set);
	ev_recording_done(&scene->recording);
	*scene = (struct scene){ 0 };
}

static inline size_t frames_at(struct scene *scene, uint64_t offset, unsigned flags,
			       struct ev_symbol *out, size_t limit)
{
	struct ev_place place = { .object = scene->place.object, .offset = offset };
	return ev_symbolize(scene->symbolizer, place, flags, out, limit);
}

static inline const char *function_at(struct scene *scene, uint64_t offset)
{
	struct ev_symbol symbol;
	frames_at(scene, offset, EV_SYMBOL_EXACT, &symbol, 1);
	return symbol.function ? symbol.function : "-";
}

static inline uint64_t offset_of(void **state, const char *file, const char *function)
{
	uint64_t offset = 0;
	struct ev_err err = { 0 };
	int code = ev_function_offset(in_folder(state, file), function, &offset, &err);
	if (code)
		print_message("%s\n", err.text);
	assert_int_equal(code, 0);
	return offset;
}

#endif
