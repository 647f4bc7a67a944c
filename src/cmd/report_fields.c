/* A word of -s or -F that is no key is a field of a tracepoint, where the recording has it:
 *
 *   next_pid   sched_switch.next_pid   sched:sched_switch.prev_state/raw   trace_fields: all */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"
#include "samples.h"

/* Does an event go by this name, with its subsystem or without? NULL is any. */
bool sample_field_is_of(const struct sample_field *field, struct ev_tracepoints *tracepoints,
			uint64_t id)
{
	const char *system, *name, *failure, *wanted = field->event;
	if (!wanted)
		return true;
	if (!ev_tracepoints_know(tracepoints, id, &system, &name, &failure))
		return false;
	const char *colon = strchr(wanted, ':');
	if (!colon)
		return !strcmp(wanted, name);
	size_t length = (size_t)(colon - wanted);
	return strlen(system) == length && !memcmp(system, wanted, length) &&
	       !strcmp(colon + 1, name);
}

static struct sample_field split(struct ev_arena *arena, const char *word, bool plain)
{
	struct sample_field field = { .title = ev_text_safe(arena, word) };
	char *text = ev_arena_text(arena, word, strlen(word)), *dot = strrchr(text, '.');
	char *slash = strrchr(text, '/');
	field.plain = plain || (slash && !strcmp(slash, "/raw"));
	if (slash)
		*slash = 0;
	if (dot) {
		*dot = 0;
		field.event = text;
	}
	field.name = dot ? dot + 1 : text;
	return field;
}

static int add(struct report_plan *plan, const struct sample_field *field, struct ev_column *column,
	       struct ev_err *err)
{
	size_t at = 0;
	while (at < plan->field_count && strcmp(plan->fields[at].title, field->title) != 0)
		at++;
	if (at == EV_LENGTH(plan->fields))
		return ev_fail(err, E2BIG, "no more than %zu fields of tracepoints can be keys",
			       EV_LENGTH(plan->fields));
	if (at == plan->field_count)
		plan->fields[plan->field_count++] = *field;
	plan->titles[at] = plan->fields[at].title;
	*column = (struct ev_column){ EV_FIELD_KEY, EV_KEY_FIELD + at };
	return 0;
}

/* Whether a tracepoint of the recording has the field. */
static bool is_there(const struct sample_field *field, const struct ev_recording *recording,
		     struct ev_tracepoints *tracepoints)
{
	struct ev_buffer text = { 0 };
	bool found = false;
	for (size_t i = 0; i < recording->event_count && !found; i++) {
		const struct perf_event_attr *attr = &recording->events[i].attr;
		found = attr->type == PERF_TYPE_TRACEPOINT &&
			sample_field_is_of(field, tracepoints, attr->config) &&
			ev_tracepoints_field(tracepoints, attr->config, field->name, true, NULL, 0,
					     &text);
	}
	ev_buffer_done(&text);
	return found;
}

/* Where no section has the formats, they may stand among the records: simpleperf's do. */
static void read_formats(struct ev_reader *reader)
{
	const struct ev_recording *recording = ev_reader_recording(reader);
	struct ev_err ignored;
	struct ev_raw raw;
	bool any = false;
	for (size_t i = 0; i < recording->event_count; i++)
		any |= recording->events[i].attr.type == PERF_TYPE_TRACEPOINT;
	while (any && !ev_recording_section(recording, EV_FEATURE_TRACING_DATA) &&
	       ev_reader_next(reader, &raw, &ignored) == 1)
		;
}

/* Every field of every tracepoint, those of one name together. */
static int add_all(struct report_options *options, struct report_plan *plan,
		   const struct ev_recording *recording, struct ev_tracepoints *tracepoints,
		   report_column_list *list, struct ev_err *err)
{
	const char *name;
	int rc = 0;
	for (size_t i = 0; i < recording->event_count && !rc; i++) {
		const struct perf_event_attr *attr = &recording->events[i].attr;
		for (size_t k = 0; attr->type == PERF_TYPE_TRACEPOINT && !rc &&
				   (name = ev_tracepoints_field_name(tracepoints, attr->config, k));
		     k++) {
			struct ev_column column;
			struct sample_field field = split(&plan->texts, name, options->raw_trace);
			rc = add(plan, &field, &column, err);
			if (!rc)
				report_column_add(list, &column);
		}
	}
	return rc;
}

int report_field_parse(struct report_options *options, struct report_plan *plan, const char *word,
		       report_column_list *list, struct ev_err *err)
{
	struct ev_reader *reader;
	struct ev_err why = { 0 };
	bool all = !strcmp(word, "trace_fields");
	int rc = err->code ? -err->code : -EINVAL;
	/* Stdin is read once, and not yet. */
	if (!strcmp(options->input, "-"))
		return rc;
	int failed = load_reader(&reader, options->input, &why);
	if (failed && all) { /* a key it is, of whatever the recording has */
		*err = why;
		return failed;
	}
	if (failed)
		return rc;
	const struct ev_recording *recording = ev_reader_recording(reader);
	read_formats(reader);
	struct ev_tracepoints *tracepoints = ev_tracepoints_open(recording);
	struct sample_field field = split(&plan->texts, word, options->raw_trace);
	struct ev_column column;
	if (all) {
		size_t before = list->count;
		rc = add_all(options, plan, recording, tracepoints, list, &why);
		if (rc)
			*err = why;
		else if (list->count == before)
			rc = ev_fail(err, ENODATA,
				     "'%s' has no tracepoints, for the key trace_fields; record "
				     "with: evprof record -e SUBSYSTEM:NAME",
				     options->input);
	} else if (is_there(&field, recording, tracepoints)) {
		rc = add(plan, &field, &column, err);
		if (!rc)
			report_column_add(list, &column);
	}
	ev_tracepoints_close(tracepoints);
	ev_reader_close(reader);
	return rc;
}
