/* The columns that a table can have. Adding one that shows a number of an event is adding a row. */
#include <errno.h>
#include <string.h>
#include "report.h"

enum { SHARE_WIDTH = 8, NUMBER_WIDTH = 12 };

static bool children_of(const struct ev_report *report, const struct ev_row *row, size_t event,
			uint64_t *out)
{
	*out = report->table->has_children ? row->children[event] : 0;
	return report->table->has_children;
}

static bool own_of(const struct ev_report *report, const struct ev_row *row, size_t event,
		   uint64_t *out)
{
	(void)report;
	*out = row->period[event];
	return true;
}

static bool kernel_of(const struct ev_report *report, const struct ev_row *row, size_t event,
		      uint64_t *out)
{
	size_t index = (size_t)(row - report->table->rows);
	*out = report->kernel_period
		       ? report->kernel_period[index * report->table->event_count + event]
		       : 0;
	return report->kernel_period;
}

static bool user_of(const struct ev_report *report, const struct ev_row *row, size_t event,
		    uint64_t *out)
{
	bool known = kernel_of(report, row, event, out);
	*out = row->period[event] - *out;
	return known;
}

static bool samples_of(const struct ev_report *report, const struct ev_row *row, size_t event,
		       uint64_t *out)
{
	(void)report;
	*out = row->samples[event];
	return true;
}

/* Names and titles are perf's. */
const struct ev_field_info ev_fields[EV_FIELD_COUNT] = {
	[EV_FIELD_CHILDREN] = { "overhead_children", "children", "Children", SHARE_WIDTH, true,
				children_of },
	[EV_FIELD_OVERHEAD] = { "overhead", "self", "Overhead", SHARE_WIDTH, true, own_of },
	[EV_FIELD_KERNEL] = { "overhead_sys", NULL, "sys", SHARE_WIDTH, true, kernel_of },
	[EV_FIELD_USER] = { "overhead_us", NULL, "usr", SHARE_WIDTH, true, user_of },
	[EV_FIELD_SAMPLES] = { "sample", "samples", "Samples", NUMBER_WIDTH, false, samples_of },
	[EV_FIELD_PERIOD] = { "period", NULL, "Period", NUMBER_WIDTH, false, own_of },
	[EV_FIELD_RATIO] = { .name = "ratio", .alias = "ratios" },
	[EV_FIELD_KEY] = { .name = "" }, /* ev_keys has these */
};

static const char *nearest_field(const char *word)
{
	const char *nearest = ev_key_nearest(word);
	unsigned least = nearest ? ev_edit_distance(word, nearest, 3) : 3;
	for (enum ev_field field = 0; field < EV_FIELD_KEY; field++) {
		unsigned edits = ev_edit_distance(word, ev_fields[field].name, least);
		if (edits < least && 2 * edits < strlen(word)) {
			least = edits;
			nearest = ev_fields[field].name;
		}
	}
	return nearest;
}

int ev_column_parse(const char *word, const char *called, struct ev_column *column,
		    struct ev_err *err)
{
	size_t count;
	*column = (struct ev_column){ 0 };
	for (enum ev_field field = 0; field < EV_FIELD_KEY; field++)
		if (!strcmp(word, ev_fields[field].name) ||
		    (ev_fields[field].alias && !strcmp(word, ev_fields[field].alias))) {
			column->field = field;
			return 0;
		}
	column->field = EV_FIELD_KEY;
	if (!strchr(word, ',') && !ev_keys_parse(word, &column->key, &count, NULL))
		return 0;
	int rc = ev_key_check_absent(word, err);
	if (rc)
		return rc;
	struct ev_buffer good = { 0 };
	struct ev_arena arena = { 0 };
	const char *nearest = nearest_field(word);
	for (enum ev_field field = 0; field < EV_FIELD_KEY; field++)
		ev_buffer_printf(&good, "%s, ", ev_fields[field].name);
	for (enum ev_key key = 0; key < EV_KEY_FIELD; key++)
		ev_buffer_printf(&good, "%s%s", key ? ", " : "", ev_keys[key].name);
	rc = ev_fail(err, EINVAL, "unknown %s '%s'; %s%s%sthere are %.*s", called,
		     ev_text_safe(&arena, word), nearest ? "did you mean '" : "",
		     nearest ? nearest : "", nearest ? "'? " : "", (int)good.size_bytes,
		     (const char *)good.bytes);
	ev_buffer_done(&good);
	ev_arena_done(&arena);
	return rc;
}
