/* sys:name, or a glob over both, becomes tracepoint events by the ids that tracefs publishes. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "parse.h"

const char *ev_tracefs_events(struct ev_arena *arena, const char *root, int *error)
{
	static const char *const places[] = { "sys/kernel/tracing", "sys/kernel/debug/tracing" };
	*error = ENOENT;
	for (size_t i = 0; i < EV_LENGTH(places); i++) {
		const char *path = ev_arena_printf(arena, "%s/%s/events", root, places[i]);
		if (!access(path, R_OK | X_OK)) {
			*error = 0;
			return path;
		}
		if (errno == EACCES)
			*error = EACCES;
	}
	return NULL;
}

const char *ev_tracefs_cure(int error)
{
	return error == EACCES
		       ? "tracepoints can be read by root only here: run as root, or once: sudo "
			 "mount -o remount,mode=755 /sys/kernel/tracing"
		       : "tracepoints are not visible: tracefs is not mounted (as root: mount -t "
			 "tracefs nodev /sys/kernel/tracing)";
}

char *ev_tracepoint_about(struct ev_arena *arena, const char *system, const char *name)
{
	static const struct {
		const char *prefix, *text;
	} calls[] = { { "sys_enter_", "each entry into the system call" },
		      { "sys_exit_", "each return from the system call" } };
	for (size_t i = 0; i < EV_LENGTH(calls); i++) {
		size_t length = strlen(calls[i].prefix);
		if (!strcmp(system, "syscalls") && !strncmp(name, calls[i].prefix, length))
			return ev_arena_printf(arena, "%s %s", calls[i].text, name + length);
	}
	return ev_arena_printf(arena, "each pass of the kernel over %s in %s", name, system);
}

struct search {
	struct ev_parse *parse;
	struct ev_span word;
	const char *events; /* folder */
	size_t first;       /* event made */
	size_t made;
	int refused; /* errno of an id that could not be read */
};

static void add_one(struct search *search, const char *system, const char *name, bool glob)
{
	struct ev_parse *parse = search->parse;
	int64_t id;
	int rc = ev_file_number(ev_arena_printf(&parse->scratch, "%s/%s/%s/id", search->events,
						system, name),
				&id);
	if (rc || id < 0) {
		if (rc == -EACCES)
			search->refused = EACCES;
		return;
	}
	struct ev_event *event = &ev_parse_add(parse, search->word)->event;
	event->attr.type = PERF_TYPE_TRACEPOINT;
	event->attr.config = (uint64_t)id;
	event->attr.sample_period = 1;
	event->fixed = EV_FIXED_PERIOD | EV_NATURAL_PERIOD;
	event->resolved = ev_arena_printf(parse->keep, "tracepoint/config=%lld/", (long long)id);
	event->about = ev_tracepoint_about(parse->keep, system, name);
	if (glob)
		event->name = ev_arena_printf(parse->keep, "%s:%s", system, name);
	event->written = (unsigned)search->first;
	search->made++;
}

/* The one name that is meant, or all that the glob matches. A name that is spelled exactly wins. */
static const char **chosen(struct ev_parse *parse, const char *folder, struct ev_span wanted,
			   size_t *count)
{
	int error;
	size_t all;
	const char **names = ev_folder_names(folder, &parse->scratch, &all, &error);
	const char *pattern = ev_span_text(&parse->scratch, wanted);
	bool glob = ev_span_is_glob(wanted);
	*count = 0;
	for (size_t i = 0; i < all && !glob; i++)
		if (!strcmp(names[i], pattern)) {
			names[0] = names[i];
			*count = 1;
			return names;
		}
	for (size_t i = 0; i < all; i++)
		if (glob ? ev_glob_match(pattern, names[i]) : ev_span_alike(wanted, names[i]))
			names[(*count)++] = names[i];
	return names;
}

/* The exact file first: no folder has to be listed for it. */
static void find_all(struct search *search, struct ev_span system, struct ev_span name)
{
	struct ev_parse *parse = search->parse;
	struct ev_arena *arena = &parse->scratch;
	bool glob = ev_span_is_glob(system) || ev_span_is_glob(name);
	if (!glob) {
		add_one(search, ev_span_text(arena, system), ev_span_text(arena, name), false);
		if (search->made || search->refused)
			return;
	}
	size_t systems;
	const char **names = chosen(parse, search->events, system, &systems);
	for (size_t i = 0; i < systems; i++) {
		size_t count;
		const char *folder = ev_arena_printf(arena, "%s/%s", search->events, names[i]);
		const char **inside = chosen(parse, folder, name, &count);
		for (size_t k = 0; k < count; k++)
			add_one(search, names[i], inside[k], glob);
	}
}

/* A part of a path must not lead elsewhere. */
static bool is_sound(struct ev_span part)
{
	return part.length && part.at[0] != '.' && part.length < 256 &&
	       ev_span_find(part, '/') == part.length;
}

int ev_parse_tracepoint(struct ev_parse *parse, struct ev_span word)
{
	size_t colon = ev_span_find(word, ':');
	struct ev_span system = ev_span_head(word, colon), rest = ev_span_from(word, colon + 1);
	size_t second = ev_span_find(rest, ':');
	struct ev_span name = ev_span_head(rest, second), tail = ev_span_from(rest, second + 1);
	bool modified = second < rest.length;
	if (!is_sound(system) || !is_sound(name))
		return 0;
	int error;
	const char *events = ev_tracefs_events(&parse->scratch, parse->root, &error);
	if (!events)
		return 0;
	struct search search = {
		.parse = parse, .word = word, .events = events, .first = parse->count
	};
	find_all(&search, system, name);
	if (search.refused && !search.made)
		return ev_parse_fault(parse, EACCES, word, "%s", ev_tracefs_cure(EACCES));
	if (!search.made)
		return 0;
	if (!modified)
		return 1;
	struct ev_modifiers modifiers;
	int rc = ev_modifiers_parse(parse, tail, &modifiers);
	char letters[24];
	bool glob = ev_span_is_glob(system) || ev_span_is_glob(name);
	for (size_t i = search.first; !rc && i < parse->count; i++) {
		rc = ev_modifiers_apply(parse, &modifiers, tail, &parse->items[i].event);
		ev_modifiers_text(&modifiers, letters, sizeof(letters));
		if (glob && *letters)
			parse->items[i].event.name =
				ev_arena_printf(parse->keep, "%s:%s", parse->items[i].event.name,
						letters);
	}
	return rc ? rc : 1;
}
