/* The tracepoints among the events become a TRACING_DATA section: the layouts that tracefs
 * publishes of their samples, as perf's trace-event format 0.6 holds them.
 *
 *   17 08 44 "tracing"  version\0  u8 big endian  u8 bytes of a long  u32 bytes of a page
 *   "header_page"\0  file  "header_event"\0  file             a file: u64 size, contents
 *   u32 count, files of ftrace's own events
 *   u32 count of systems, each: name\0  u32 count, format files
 *   u32 size, kallsyms     u32 size, printk_formats     u64 size, saved_cmdlines
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tracing_data.h"

/* What was found so far. Zeroed = empty. */
struct search {
	const char *tracefs;
	struct ev_map wanted; /* tracepoint id -> 1 once its format stands in `systems` */
	size_t missing;       /* ids whose format was not found yet */
	uint32_t system_count;
	struct ev_buffer systems;
};

static int read_bounded(const char *path, char **text, size_t *size_bytes)
{
	int rc = ev_file_read(path, text, size_bytes);
	if (!rc && *size_bytes > EV_TRACING_FILE_BYTES_MAX) {
		free(*text);
		*text = NULL;
		rc = -EFBIG;
	}
	return rc;
}

static int add_file(struct ev_buffer *out, const char *path, struct ev_err *err)
{
	char *text;
	size_t size_bytes;
	int rc = read_bounded(path, &text, &size_bytes);
	if (rc)
		return ev_fail(err, -rc, "%s cannot be read: %s", path, strerror(-rc));
	ev_buffer_u64(out, size_bytes);
	ev_buffer_add(out, text, size_bytes);
	free(text);
	return 0;
}

static void add_text(struct ev_buffer *out, const char *text)
{
	ev_buffer_add(out, text, strlen(text) + 1);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type != DT_REG;
}

/* Adds the format of one tracepoint if it is wanted: 1, else 0. */
static int add_tracepoint(struct search *search, const char *folder, const char *name,
			  struct ev_buffer *formats, struct ev_err *err)
{
	char *path = ev_printf("%s/%s/id", folder, name);
	int64_t id;
	int rc = ev_file_number(path, &id);
	uint32_t *found = rc || id < 0 ? NULL : ev_map_find(&search->wanted, (uint64_t)id, 0);
	free(path);
	if (!found || *found)
		return 0;
	path = ev_printf("%s/%s/format", folder, name);
	rc = add_file(formats, path, err);
	free(path);
	if (rc)
		return rc;
	*found = 1;
	search->missing--;
	return 1;
}

static int add_system(struct search *search, const char *name, struct ev_err *err)
{
	struct dirent **entries = NULL;
	struct ev_buffer formats = { 0 };
	uint32_t format_count = 0;
	int rc = 0;
	char *folder = ev_printf("%s/events/%s", search->tracefs, name);
	int count = scandir(folder, &entries, is_visible, alphasort);
	for (int i = 0; i < count; i++) {
		if (rc >= 0 && search->missing)
			rc = add_tracepoint(search, folder, entries[i]->d_name, &formats, err);
		format_count += rc > 0;
		rc = rc > 0 ? 0 : rc;
		free(entries[i]);
	}
	if (!rc && format_count) {
		search->system_count++;
		add_text(&search->systems, name);
		ev_buffer_u32(&search->systems, format_count);
		ev_buffer_add(&search->systems, formats.bytes, formats.size_bytes);
	}
	ev_buffer_done(&formats);
	free(entries);
	free(folder);
	return rc;
}

static bool is_wanted(const struct ev_event *event)
{
	return event->kind == EV_EVENT_KERNEL && event->attr.type == PERF_TYPE_TRACEPOINT;
}

static int fail_missing(const struct search *search, const struct ev_event_list *events,
			struct ev_err *err)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct ev_event *event = &events->items[i];
		if (is_wanted(event) && !*ev_map_find(&search->wanted, event->attr.config, 0))
			return ev_fail(err, ENOENT,
				       "the format of %s (tracepoint %" PRIu64
				       ") cannot be found in %s/events",
				       event->name, (uint64_t)event->attr.config, search->tracefs);
	}
	return 0;
}

/* All formats that are wanted, in the order of their names. */
static int find_formats(struct search *search, const struct ev_event_list *events,
			struct ev_err *err)
{
	struct dirent **entries = NULL;
	int rc = 0;
	char *folder = ev_printf("%s/events", search->tracefs);
	int count = scandir(folder, &entries, is_visible, alphasort);
	if (count < 0)
		rc = ev_fail(err, errno, "%s cannot be read: %s", folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (!rc && search->missing)
			rc = add_system(search, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	free(folder);
	if (!rc && search->missing)
		rc = fail_missing(search, events, err);
	return rc;
}

static int add_head(const char *tracefs, struct ev_buffer *out, struct ev_err *err)
{
	static const uint8_t magic[] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };
	static const char *const files[] = { "header_page", "header_event" };
	int rc = 0;
	ev_buffer_add(out, magic, sizeof(magic));
	add_text(out, "0.6");
	ev_buffer_u8(out, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	ev_buffer_u8(out, sizeof(long));
	ev_buffer_u32(out, (uint32_t)sysconf(_SC_PAGESIZE));
	for (size_t i = 0; !rc && i < EV_LENGTH(files); i++) {
		char *path = ev_printf("%s/events/%s", tracefs, files[i]);
		add_text(out, files[i]);
		rc = add_file(out, path, err);
		free(path);
	}
	return rc;
}

/* Texts that samples hold only the kernel address of: without the file they show as addresses. */
static void add_printk_formats(const char *tracefs, struct ev_buffer *out)
{
	char *text = NULL, *path = ev_printf("%s/printk_formats", tracefs);
	size_t size_bytes = 0;
	if (read_bounded(path, &text, &size_bytes))
		size_bytes = 0;
	ev_buffer_u32(out, (uint32_t)size_bytes);
	if (size_bytes)
		ev_buffer_add(out, text, size_bytes);
	free(text);
	free(path);
}

int ev_tracing_data_from(const char *tracefs, const struct ev_event_list *events,
			 struct ev_buffer *out, struct ev_err *err)
{
	struct search search = { .tracefs = tracefs };
	size_t before = out->size_bytes;
	for (size_t i = 0; i < events->count; i++)
		if (is_wanted(&events->items[i]))
			ev_map_add(&search.wanted, events->items[i].attr.config, 0, NULL);
	search.missing = search.wanted.count;
	int rc = search.missing ? find_formats(&search, events, err) : 0;
	if (!rc && search.system_count) {
		rc = add_head(tracefs, out, err);
		ev_buffer_u32(out, 0); /* ftrace's own stand with the systems */
		ev_buffer_u32(out, search.system_count);
		ev_buffer_add(out, search.systems.bytes, search.systems.size_bytes);
		ev_buffer_u32(out, 0); /* kallsyms: the symbols travel elsewhere */
		add_printk_formats(tracefs, out);
		ev_buffer_u64(out, 0); /* saved_cmdlines: the recording has COMM records */
	}
	if (!rc && out->size_bytes - before > EV_TRACING_DATA_BYTES_MAX)
		rc = ev_fail(err, EFBIG, "the formats of so many tracepoints are too large");
	if (rc)
		out->size_bytes = before;
	ev_buffer_done(&search.systems);
	ev_map_done(&search.wanted);
	return rc;
}

int ev_tracing_data(const struct ev_event_list *events, struct ev_buffer *out, struct ev_err *err)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	const char *place = places[0];
	for (size_t i = EV_LENGTH(places); i-- > 0;) {
		char *folder = ev_printf("%s/events", places[i]);
		if (!access(folder, R_OK | X_OK))
			place = places[i];
		free(folder);
	}
	return ev_tracing_data_from(place, events, out, err);
}
