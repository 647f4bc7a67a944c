// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
/* Probes that are inherited, in a tracefs that is a folder of files. */
#include <ftw.h>
#include <sys/stat.h>
#include "scripted.h"
#include "probe_points.h"

static int harmless(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)group_fd;
	assert_int_equal(attr->type, PERF_TYPE_SOFTWARE);
	assert_true(attr->inherit && attr->sample_type & PERF_SAMPLE_READ);
	assert_true(tid == 7 || tid == 8);
	assert_int_equal(cpu, -1);
	return 0;
}

static int old_kernel(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)group_fd;
	if (attr->type == PERF_TYPE_SOFTWARE)
		return EINVAL;
	assert_int_equal(attr->type, PERF_TYPE_TRACEPOINT);
	assert_int_equal(tid, -1);
	assert_int_equal(cpu, 0);
	return 0;
}

struct place {
	char root[64];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	char path[256];
	strcpy(place->root, "/tmp/evprof-points-XXXXXX");
	if (!mkdtemp(place->root))
		return -1;
	static const char *const folders[] = { "sys", "sys/kernel", "sys/kernel/tracing" };
	for (size_t i = 0; i < EV_LENGTH(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", place->root, folders[i]);
		mkdir(path, 0777);
	}
	snprintf(path, sizeof(path), "%s/sys/kernel/tracing/uprobe_events", place->root);
	FILE *file = fopen(path, "w");
	if (!file)
		return -1;
	/* Of an evprof that is gone (no process has this number), and of somebody else. */
	fputs("p:evprof_4194305_1/e0 /bin/x:0x1\np:others/e0 /bin/x:0x1\n", file);
	fclose(file);
	*state = place;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status, (void)kind, (void)where;
	return remove(path);
}

static int remove_place(void **state)
{
	struct place *place = *state;
	nftw(place->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

static char *lines_of(const struct place *place)
{
	char path[256], *text;
	size_t size;
	snprintf(path, sizeof(path), "%s/sys/kernel/tracing/uprobe_events", place->root);
	assert_int_equal(ev_file_read(path, &text, &size), 0);
	return text;
}

static const struct ev_probe entry = { .kind = EV_PROBE_FUNCTION },
			     marker = { .kind = EV_PROBE_MARKER,
					.semaphore_mask = (uint64_t)UINT32_MAX << 32 },
			     returns = { .kind = EV_PROBE_RETURN };

static struct ev_event probe_event(const struct ev_probe *probe, const char *path, uint64_t offset)
{
	return (struct ev_event){
		.name = "probe",
		.kind = EV_EVENT_KERNEL,
		.probe = probe,
		.probe_path = path,
		.attr = { .type = 8, .config2 = offset },
	};
}

static void every_probe_is_a_line_and_an_own_kernel_is_asked_for_its_number(void **state)
{
	const struct place *place = *state;
	struct ev_event items[4] = {
		probe_event(&entry, "/bin/prog", 0x10),
		{ .name = "cs", .kind = EV_EVENT_KERNEL },
		probe_event(&returns, "/bin/prog", 0x20),
		probe_event(&marker, "/bin/prog", 0x30),
	};
	items[3].attr.config = (uint64_t)0x400 << 32;
	const struct ev_event_list list = { .items = items, .count = 4 };
	const struct ev_target target = { .kind = EV_TARGET_COMMAND };
	struct ev_probe_points points;
	char line[128];
	script_reset(harmless);
	ev_probe_points_open(&points, place->root, &list, &target);
	char *text = lines_of(place);
	static const char *const lines[] = { "p:%s/e0 /bin/prog:0x10\n", "r:%s/e2 /bin/prog:0x20\n",
					     "p:%s/e3 /bin/prog:0x30(0x400)\n",
					     "-:evprof_4194305_1/e0\n" };
	for (size_t i = 0; i < EV_LENGTH(lines); i++) {
		snprintf(line, sizeof(line), lines[i], points.group);
		assert_non_null(strstr(text, line));
	}
	assert_null(strstr(text, "-:others"));
	free(text);
	/* This folder hands out no numbers: nothing stands for the probes, and that is told. */
	struct ev_opening opening = { .attr = items[0].attr };
	ev_probe_points_apply(&points, &list, 0, &target, &opening);
	assert_int_equal(opening.tracepoint, 0);
	assert_false(opening.attr.inherit);
	assert_non_null(strstr(opening.fallback, "children born later are left out"));
	snprintf(line, sizeof(line), "\n-:%s/\n", points.group);
	ev_probe_points_close(&points, place->root);
	text = lines_of(place);
	assert_non_null(strstr(text, line));
	free(text);
}

static void nothing_is_made_where_nothing_is_inherited(void **state)
{
	const struct place *place = *state;
	struct ev_event items[2] = { probe_event(&entry, "/bin/prog", 0x10),
				     { .name = "cs", .kind = EV_EVENT_KERNEL } };
	const struct ev_event_list list = { .items = items, .count = 2 };
	static const struct ev_target targets[] = {
		{ .kind = EV_TARGET_SYSTEM }, { .kind = EV_TARGET_PIDS, .no_inherit = true }
	};
	for (size_t i = 0; i < EV_LENGTH(targets); i++) {
		struct ev_probe_points points;
		struct ev_opening opening = { .attr = { .inherit = 1 } };
		char *before = lines_of(place);
		ev_probe_points_open(&points, place->root, &list, &targets[i]);
		char *after = lines_of(place);
		assert_string_equal(before, after);
		assert_null(points.ids);
		ev_probe_points_apply(&points, &list, 0, &targets[i], &opening);
		assert_false(opening.attr.inherit);
		assert_int_equal(*opening.fallback, 0);
		ev_probe_points_close(&points, place->root);
		free(before);
		free(after);
	}
}

static void a_path_with_odd_signs_goes_by_its_descriptor(void **state)
{
	const struct place *place = *state;
	char path[128];
	snprintf(path, sizeof(path), "%s/a b;#", place->root);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	struct ev_event item = probe_event(&entry, path, 0x10);
	const struct ev_event_list list = { .items = &item, .count = 1 };
	const struct ev_target target = { .kind = EV_TARGET_COMMAND };
	struct ev_probe_points points;
	ev_probe_points_open(&points, place->root, &list, &target);
	char *text = lines_of(place);
	assert_null(strstr(text, "a b"));
	assert_non_null(strstr(text, "/e0 /proc/"));
	free(text);
	ev_probe_points_close(&points, place->root);
}

static void without_tracefs_children_are_left_out_and_that_is_told(void **state)
{
	(void)state;
	struct ev_event item = probe_event(&entry, "/bin/prog", 0x10);
	const struct ev_event_list list = { .items = &item, .count = 1 };
	const struct ev_target target = { .kind = EV_TARGET_COMMAND };
	struct ev_probe_points points;
	struct ev_opening opening = { .attr = { .inherit = 1 } };
	ev_probe_points_open(&points, "/nowhere", &list, &target);
	ev_probe_points_apply(&points, &list, 0, &target, &opening);
	assert_false(opening.attr.inherit);
	assert_non_null(strstr(opening.fallback, "mount -t tracefs"));
	ev_probe_points_close(&points, "/nowhere");
}

static void each_thread_is_guarded_or_else_each_probe(void **state)
{
	(void)state;
	static const uint32_t tids[] = { 7, 8 };
	struct ev_probe_points points = { .made = true, .count = 3 };
	points.ids = ev_alloc(3 * sizeof(*points.ids));
	points.ids[0] = 100;
	points.ids[2] = 101;
	script_reset(harmless);
	ev_probe_points_guard(&points, tids, 2);
	assert_int_equal(script.opens, 2);
	ev_probe_points_guard(&points, tids, 1);
	assert_int_equal(script.closes, 2);
	assert_int_equal(script.opens, 3);
	script.answer = old_kernel;
	ev_probe_points_guard(&points, tids, 2);
	assert_int_equal(script.opens, 5);
	points.made = false;
	ev_probe_points_close(&points, "/nowhere");
	assert_int_equal(script.closes, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_probe_is_a_line_and_an_own_kernel_is_asked_for_its_number),
		cmocka_unit_test(nothing_is_made_where_nothing_is_inherited),
		cmocka_unit_test(a_path_with_odd_signs_goes_by_its_descriptor),
		cmocka_unit_test(without_tracefs_children_are_left_out_and_that_is_told),
		cmocka_unit_test(each_thread_is_guarded_or_else_each_probe),
	};
	return cmocka_run_group_tests(tests, make_place, remove_place);
}
