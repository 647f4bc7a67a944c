/* Objects of mappings, and their unwind tables in maps that have only so much room. */
#include "live.h"
#include "walk_tables.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#if EV_HAVE_BPF

#include <bpf/bpf.h>

struct scene {
	struct walk_tables_maps maps;
	struct walk_tables *tables;
	struct walk_objects objects;
	struct ev_walk_object *shown;
	uint64_t step, now_ns;
};

static int make_map(enum bpf_map_type type, uint32_t value_bytes, uint32_t count, uint32_t flags,
		    int inner)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags,
		    .inner_map_fd = (uint32_t)inner);
	int fd = bpf_map_create(type, "test", 4, value_bytes, count, &options);
	assert_true(fd >= 0);
	return fd;
}

/* Room for so many rows. */
static void open_scene(struct scene *scene, uint32_t rows)
{
	char why[256];
	if (ev_bpf_absence(why, sizeof(why)))
		SKIP("walk_tables", why);
	*scene = (struct scene){
		.maps = { .object_count = 64, .other_count = 256, .row_count = rows }
	};
	int inner = make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct ev_walk_row), EV_WALK_SEGMENT_ROWS,
			     BPF_F_MMAPABLE, 0);
	scene->maps.rows = make_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, EV_WALK_SEGMENTS, 0, inner);
	close(inner);
	scene->maps.namer = -1;
	scene->maps.objects =
		make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct ev_walk_object), 64, BPF_F_MMAPABLE, 0);
	scene->maps.others =
		make_map(BPF_MAP_TYPE_ARRAY, sizeof(struct ev_walk_rule), 256, BPF_F_MMAPABLE, 0);
	assert_int_equal(ev_walk_tables_open(&scene->tables, &scene->maps, NULL, NULL, NULL), 0);
	scene->objects = ev_walk_tables_objects(scene->tables);
	scene->shown = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, scene->maps.objects, 0);
	assert_true(scene->shown != MAP_FAILED);
}

static void close_scene(struct scene *scene)
{
	munmap(scene->shown, 4096);
	ev_walk_tables_close(scene->tables);
	close(scene->maps.rows);
	close(scene->maps.objects);
	close(scene->maps.others);
}

static void step(struct scene *scene, uint64_t seconds)
{
	scene->now_ns += seconds * 1000000000u;
	ev_walk_tables_step(scene->tables, ++scene->step, scene->now_ns);
}

static uint32_t use(struct scene *scene, const char *path, uint64_t inode)
{
	struct ev_record record = { .type = PERF_RECORD_MMAP2 };
	record.mmap = (struct ev_mmap){ .pid = (uint32_t)getpid(),
					.start = 0x400000,
					.length = 0x100000,
					.executable = true,
					.inode = inode,
					.path = path };
	uint32_t object = scene->objects.find(scene->objects.context, &record);
	scene->objects.keep(scene->objects.context, object);
	return object;
}

static const char *self(void)
{
	static char path[4096];
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	return path;
}

static void tables_are_there_after_they_were_read(void **state)
{
	(void)state;
	struct scene scene;
	struct walk_tables_tally tally;
	open_scene(&scene, EV_WALK_SEGMENT_ROWS);
	uint32_t object = use(&scene, self(), 1);
	assert_int_equal(scene.shown[object].tables, EV_WALK_NOT_YET);
	assert_false(ev_walk_tables_load(scene.tables, 0));
	assert_int_equal(scene.shown[object].tables, EV_WALK_READY);
	assert_true(scene.shown[object].row_count > 20);
	ev_walk_tables_tally(scene.tables, &tally);
	assert_int_equal(tally.objects, 1);
	assert_int_equal(tally.rows, scene.shown[object].row_count);
	assert_int_equal(tally.without_room, 0);
	close_scene(&scene);
}

static void an_object_is_read_once_for_all_who_map_it(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, EV_WALK_SEGMENT_ROWS);
	uint32_t one = use(&scene, self(), 1), other = use(&scene, self(), 1);
	assert_int_equal(one, other);
	assert_int_not_equal(use(&scene, self(), 2), one);
	assert_true(ev_walk_tables_load(scene.tables, 0)); /* one at a time */
	close_scene(&scene);
}

static void what_is_no_file_has_no_tables(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, EV_WALK_SEGMENT_ROWS);
	uint32_t generated = use(&scene, "//anon", 0), text = use(&scene, "/etc/passwd", 3);
	ev_walk_tables_load(scene.tables, 1000000000);
	assert_int_equal(scene.shown[generated].tables, EV_WALK_GENERATED);
	assert_int_equal(scene.shown[text].tables, EV_WALK_NONE);
	close_scene(&scene);
}

static void what_does_not_fit_is_told_until_there_is_room(void **state)
{
	(void)state;
	struct scene scene;
	struct walk_tables_tally tally;
	open_scene(&scene, EV_WALK_SEGMENT_ROWS);
	uint32_t rows;
	uint32_t one = use(&scene, self(), 1);
	ev_walk_tables_load(scene.tables, 0);
	rows = scene.shown[one].row_count;
	close_scene(&scene);

	open_scene(&scene, rows + rows / 2);
	one = use(&scene, self(), 1);
	uint32_t other = use(&scene, self(), 2);
	ev_walk_tables_load(scene.tables, 1000000000);
	assert_int_equal(scene.shown[one].tables, EV_WALK_READY);
	assert_int_equal(scene.shown[other].tables, EV_WALK_NO_ROOM);
	ev_walk_tables_tally(scene.tables, &tally);
	assert_int_equal(tally.without_room, 1);
	/* Nobody uses the first one any more: after a while it makes room. */
	scene.objects.let_go(scene.objects.context, one);
	for (int i = 0; i < 5; i++)
		step(&scene, 30);
	ev_walk_tables_load(scene.tables, 1000000000);
	assert_int_equal(scene.shown[other].tables, EV_WALK_READY);
	close_scene(&scene);
}

static void on_demand_those_are_read_that_a_walk_lacked(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, EV_WALK_SEGMENT_ROWS);
	uint32_t before = use(&scene, self(), 1);
	ev_walk_tables_load(scene.tables, 1000000000);
	ev_walk_tables_on_demand(scene.tables);
	uint32_t lacked = use(&scene, self(), 2), other = use(&scene, self(), 3);
	assert_false(ev_walk_tables_load(scene.tables, 1000000000));
	assert_int_equal(scene.shown[before].tables, EV_WALK_READY);
	assert_int_equal(scene.shown[lacked].tables, EV_WALK_NOT_YET);
	/* As a program does it; who used it meanwhile makes no difference. */
	scene.shown[lacked].missed = true;
	scene.objects.let_go(scene.objects.context, lacked);
	scene.objects.keep(scene.objects.context, lacked);
	assert_false(ev_walk_tables_load(scene.tables, 1000000000));
	assert_int_equal(scene.shown[lacked].tables, EV_WALK_READY);
	assert_int_equal(scene.shown[lacked].missed, false);
	assert_int_equal(scene.shown[other].tables, EV_WALK_NOT_YET);
	close_scene(&scene);
}

static void room_is_made_by_what_was_unused_for_longest(void **state)
{
	(void)state;
	struct scene scene;
	open_scene(&scene, EV_WALK_SEGMENT_ROWS);
	for (uint64_t inode = 1; inode < 200; inode++) {
		uint32_t object = use(&scene, self(), inode);
		ev_walk_tables_load(scene.tables, 0);
		assert_int_equal(scene.shown[object].tables, EV_WALK_READY);
		scene.objects.let_go(scene.objects.context, object);
		step(&scene, 0);
	}
	close_scene(&scene);
}

static void memory_is_given_back_when_nothing_is_left_in_it(void **state)
{
	(void)state;
	struct scene scene;
	struct walk_tables_tally tally;
	open_scene(&scene, EV_WALK_SEGMENT_ROWS);
	uint32_t object = use(&scene, self(), 1);
	ev_walk_tables_load(scene.tables, 0);
	ev_walk_tables_tally(scene.tables, &tally);
	assert_int_equal(tally.bytes, EV_WALK_SEGMENT_ROWS * sizeof(struct ev_walk_row));
	scene.objects.let_go(scene.objects.context, object);
	for (int i = 0; i < 5; i++)
		step(&scene, 30);
	ev_walk_tables_tally(scene.tables, &tally);
	assert_int_equal(tally.rows, 0);
	assert_int_equal(tally.bytes, 0);
	close_scene(&scene);
}

#endif

int main(void)
{
#if EV_HAVE_BPF
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_there_after_they_were_read),
		cmocka_unit_test(an_object_is_read_once_for_all_who_map_it),
		cmocka_unit_test(what_is_no_file_has_no_tables),
		cmocka_unit_test(what_does_not_fit_is_told_until_there_is_room),
		cmocka_unit_test(on_demand_those_are_read_that_a_walk_lacked),
		cmocka_unit_test(room_is_made_by_what_was_unused_for_longest),
		cmocka_unit_test(memory_is_given_back_when_nothing_is_left_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	print_message("SKIP test_walk_tables: BPF is not built in\n");
	return 0;
#endif
}
