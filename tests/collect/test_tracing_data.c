/* The section is taken apart again by the layout that perf reads. */
#include <ftw.h>
#include <sys/stat.h>
#include "live.h"
#include "tracing_data.h"

#define TRACEFS "/sys/kernel/tracing"
#define SWITCH "name: sched_switch\nID: 5\nformat:\n\tfield:int prev_pid;\n"
#define WAKEUP "name: sched_wakeup\nID: 70000\nformat:\n\tfield:int pid;\n"
#define WRITE "name: sys_enter_write\nID: 9\nformat:\n\tfield:int fd;\n"

/* ---- a tracefs of few files ---------------------------------------------------------------------
 */

struct place {
	char folder[64];
};

static void add_file(const struct place *place, const char *path, const char *text)
{
	char whole[256];
	snprintf(whole, sizeof(whole), "%s/%s", place->folder, path);
	for (char *at = whole + strlen(place->folder); (at = strchr(at + 1, '/')); *at = '/') {
		*at = 0;
		mkdir(whole, 0777);
	}
	FILE *file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void remove_file(const struct place *place, const char *path)
{
	char whole[256];
	snprintf(whole, sizeof(whole), "%s/%s", place->folder, path);
	assert_int_equal(unlink(whole), 0);
}

static int make_place(void **state)
{
	static const char *const files[][2] = {
		{ "events/header_page", "page\n" },
		{ "events/header_event", "event\n" },
		{ "events/enable", "0\n" },
		{ "events/sched/enable", "0\n" },
		{ "events/sched/sched_switch/id", "5\n" },
		{ "events/sched/sched_switch/format", SWITCH },
		{ "events/sched/sched_wakeup/id", "70000\n" },
		{ "events/sched/sched_wakeup/format", WAKEUP },
		{ "events/sched/sched_other/id", "6\n" },
		{ "events/sched/sched_other/format", "other\n" },
		{ "events/syscalls/sys_enter_write/id", "9\n" },
		{ "events/syscalls/sys_enter_write/format", WRITE },
		{ "events/empty/nothing/filter", "none\n" },
		{ "events/odd/broken/id", "many\n" },
	};
	struct place *place = calloc(1, sizeof(*place));
	assert_non_null(place);
	strcpy(place->folder, "/tmp/evprof-tracing-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	for (size_t i = 0; i < EV_LENGTH(files); i++)
		add_file(place, files[i][0], files[i][1]);
	*state = place;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int remove_place(void **state)
{
	struct place *place = *state;
	int rc = nftw(place->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(place);
	return rc;
}

static void add_tracepoint(struct ev_event_list *list, const char *name, uint64_t id)
{
	struct ev_event event = software_event(name, id, (unsigned)list->count);
	event.attr.type = PERF_TYPE_TRACEPOINT;
	add_event(list, event);
}

/* ---- taking it apart ----------------------------------------------------------------------------
 */

struct part {
	const char *system, *text;
	size_t size_bytes;
};
struct parts {
	struct part header_page, header_event, formats[8], printk;
	uint32_t systems;
	size_t format_count;
};

static struct part take_part(struct ev_cursor *cursor, uint64_t size_bytes)
{
	struct part part = { .size_bytes = size_bytes };
	assert_true(size_bytes <= ev_cursor_left(cursor));
	part.text = ev_cursor_bytes(cursor, size_bytes);
	return part;
}

static void take_formats(struct ev_cursor *cursor, struct parts *parts)
{
	parts->systems = ev_cursor_u32(cursor);
	for (uint32_t i = 0; i < parts->systems; i++) {
		const char *system = ev_cursor_text(cursor);
		assert_non_null(system);
		for (uint32_t count = ev_cursor_u32(cursor); count; count--) {
			struct part *part = &parts->formats[parts->format_count++];
			assert_true(parts->format_count < EV_LENGTH(parts->formats));
			*part = take_part(cursor, ev_cursor_u64(cursor));
			part->system = system;
		}
	}
}

static struct parts take_apart(const struct ev_buffer *section)
{
	struct ev_cursor cursor = ev_cursor_of(section->bytes, section->size_bytes, false);
	struct parts parts = { 0 };
	const void *magic = ev_cursor_bytes(&cursor, 10);
	assert_non_null(magic);
	assert_memory_equal(magic, "\x17\x08\x44tracing", 10);
	assert_string_equal(ev_cursor_text(&cursor), "0.6");
	assert_int_equal(ev_cursor_u8(&cursor), __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	assert_int_equal(ev_cursor_u8(&cursor), sizeof(long));
	assert_int_equal(ev_cursor_u32(&cursor), sysconf(_SC_PAGESIZE));
	assert_string_equal(ev_cursor_text(&cursor), "header_page");
	parts.header_page = take_part(&cursor, ev_cursor_u64(&cursor));
	assert_string_equal(ev_cursor_text(&cursor), "header_event");
	parts.header_event = take_part(&cursor, ev_cursor_u64(&cursor));
	assert_int_equal(ev_cursor_u32(&cursor), 0);
	take_formats(&cursor, &parts);
	assert_int_equal(ev_cursor_u32(&cursor), 0);
	parts.printk = take_part(&cursor, ev_cursor_u32(&cursor));
	assert_int_equal(ev_cursor_u64(&cursor), 0);
	assert_int_equal(ev_cursor_left(&cursor), 0);
	assert_false(cursor.bad);
	return parts;
}

static void expect_part(const struct part *part, const char *text)
{
	assert_int_equal(part->size_bytes, strlen(text));
	assert_memory_equal(part->text, text, part->size_bytes);
}

/* ---- the tests ----------------------------------------------------------------------------------
 */

static void the_formats_of_the_events_stand_by_system(void **state)
{
	const struct place *place = *state;
	struct ev_event_list list = { 0 };
	struct ev_buffer section = { 0 };
	add_tracepoint(&list, "syscalls:sys_enter_write", 9);
	add_event(&list, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 1));
	add_tracepoint(&list, "sched:sched_wakeup:k", 70000);
	add_tracepoint(&list, "my name", 5);
	assert_int_equal(ev_tracing_data_from(place->folder, &list, &section, NULL), 0);
	struct parts parts = take_apart(&section);
	expect_part(&parts.header_page, "page\n");
	expect_part(&parts.header_event, "event\n");
	assert_int_equal(parts.systems, 2);
	assert_int_equal(parts.format_count, 3);
	assert_string_equal(parts.formats[0].system, "sched");
	expect_part(&parts.formats[0], SWITCH);
	expect_part(&parts.formats[1], WAKEUP);
	assert_string_equal(parts.formats[2].system, "syscalls");
	expect_part(&parts.formats[2], WRITE);
	expect_part(&parts.printk, "");
	ev_buffer_done(&section);
	ev_event_list_done(&list);
}

static void an_event_that_is_recorded_twice_has_one_format(void **state)
{
	const struct place *place = *state;
	struct ev_event_list list = { 0 };
	struct ev_buffer section = { 0 };
	add_tracepoint(&list, "sched:sched_switch", 5);
	add_tracepoint(&list, "sched:sched_switch:u", 5);
	assert_int_equal(ev_tracing_data_from(place->folder, &list, &section, NULL), 0);
	assert_int_equal(take_apart(&section).format_count, 1);
	ev_buffer_done(&section);
	ev_event_list_done(&list);
}

static void texts_that_samples_point_to_are_carried(void **state)
{
	const struct place *place = *state;
	struct ev_event_list list = { 0 };
	struct ev_buffer section = { 0 };
	add_file(place, "printk_formats", "0xffffffff81000000 : \"Start\"\n");
	add_tracepoint(&list, "sched:sched_switch", 5);
	assert_int_equal(ev_tracing_data_from(place->folder, &list, &section, NULL), 0);
	struct parts parts = take_apart(&section);
	expect_part(&parts.printk, "0xffffffff81000000 : \"Start\"\n");
	ev_buffer_done(&section);
	ev_event_list_done(&list);
}

static void without_tracepoints_there_is_no_section(void **state)
{
	(void)state;
	struct ev_event_list list = { 0 };
	struct ev_buffer section = { 0 };
	assert_int_equal(ev_tracing_data_from("/nowhere", &list, &section, NULL), 0);
	/* Its config is the number of a tracepoint, but it is none. */
	add_event(&list, software_event("cpu-clock", 5, 0));
	assert_int_equal(ev_tracing_data_from("/nowhere", &list, &section, NULL), 0);
	assert_int_equal(section.size_bytes, 0);
	ev_event_list_done(&list);
}

/* The sentence names the file, and what stood in the buffer before stays alone. */
static void expect_failure(const char *folder, uint64_t id, int code, const char *named)
{
	struct ev_event_list list = { 0 };
	struct ev_buffer section = { 0 };
	struct ev_err err = { 0 };
	add_tracepoint(&list, "sched:sched_switch", id);
	ev_buffer_u32(&section, 7);
	assert_int_equal(ev_tracing_data_from(folder, &list, &section, &err), -code);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.text, named));
	assert_int_equal(section.size_bytes, 4);
	ev_buffer_done(&section);
	ev_event_list_done(&list);
}

static void a_format_that_cannot_be_read_is_named(void **state)
{
	const struct place *place = *state;
	remove_file(place, "events/sched/sched_switch/format");
	expect_failure(place->folder, 5, ENOENT, "events/sched/sched_switch/format");
}

static void a_format_that_may_not_be_read_is_named(void **state)
{
	const struct place *place = *state;
	char path[256];
	snprintf(path, sizeof(path), "%s/events/sched/sched_switch/format", place->folder);
	assert_int_equal(chmod(path, 0), 0);
	if (!access(path, R_OK))
		SKIP("a_format_that_may_not_be_read_is_named", "root may read everything");
	expect_failure(place->folder, 5, EACCES, "events/sched/sched_switch/format");
}

static void a_header_that_cannot_be_read_is_named(void **state)
{
	const struct place *place = *state;
	remove_file(place, "events/header_event");
	expect_failure(place->folder, 5, ENOENT, "events/header_event");
}

static void an_id_that_no_tracepoint_has_is_told(void **state)
{
	const struct place *place = *state;
	expect_failure(place->folder, 12, ENOENT, "sched:sched_switch (tracepoint 12)");
}

static void a_tracefs_that_is_not_there_is_told(void **state)
{
	(void)state;
	expect_failure("/nowhere", 5, ENOENT, "/nowhere/events");
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	const struct place *place = *state;
	char path[256];
	snprintf(path, sizeof(path), "%s/events/sched/sched_switch/format", place->folder);
	assert_int_equal(truncate(path, EV_TRACING_FILE_BYTES_MAX + 1), 0);
	expect_failure(place->folder, 5, EFBIG, "events/sched/sched_switch/format");
}

static void the_formats_of_this_machine_are_found(void **state)
{
	(void)state;
	int64_t id;
	struct ev_event_list list = { 0 };
	struct ev_buffer section = { 0 };
	char *format = NULL;
	size_t size_bytes = 0;
	if (ev_file_number(TRACEFS "/events/sched/sched_switch/id", &id) ||
	    ev_file_read(TRACEFS "/events/sched/sched_switch/format", &format, &size_bytes))
		SKIP("the_formats_of_this_machine_are_found", "tracefs cannot be read");
	add_tracepoint(&list, "sched:sched_switch", (uint64_t)id);
	assert_int_equal(ev_tracing_data(&list, &section, NULL), 0);
	struct parts parts = take_apart(&section);
	assert_int_equal(parts.format_count, 1);
	assert_string_equal(parts.formats[0].system, "sched");
	expect_part(&parts.formats[0], format);
	assert_true(parts.header_page.size_bytes > 0);
	assert_true(parts.header_event.size_bytes > 0);
	free(format);
	ev_buffer_done(&section);
	ev_event_list_done(&list);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACED(the_formats_of_the_events_stand_by_system),
		PLACED(an_event_that_is_recorded_twice_has_one_format),
		PLACED(texts_that_samples_point_to_are_carried),
		cmocka_unit_test(without_tracepoints_there_is_no_section),
		PLACED(a_format_that_cannot_be_read_is_named),
		PLACED(a_format_that_may_not_be_read_is_named),
		PLACED(a_header_that_cannot_be_read_is_named),
		PLACED(an_id_that_no_tracepoint_has_is_told),
		cmocka_unit_test(a_tracefs_that_is_not_there_is_told),
		PLACED(a_file_that_is_too_large_is_refused),
		cmocka_unit_test(the_formats_of_this_machine_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
