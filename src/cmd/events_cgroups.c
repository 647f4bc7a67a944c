/* -G and --for-each-cgroup say in which cgroups the events of a list are counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/collect.h>
#include "events.h"

/* Does the kernel know it? Said before anything is started. */
static int check_name(const char *name, struct ev_err *err)
{
	int fd = ev_cgroup_open(name, err);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* The words of a list, also empty ones; the pieces live in the arena. */
struct name_list {
	const char **items;
	size_t count, room;
};
static void split(const char *text, struct ev_arena *arena, struct name_list *names)
{
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, ",");
		*ev_array_add(names) = ev_arena_text(arena, at, length);
		at += length;
		if (!*at)
			break;
	}
}

int events_put_in_cgroups(struct ev_event_list *list, size_t *given, const char *text,
			  struct ev_err *err)
{
	struct name_list names = { 0 };
	int rc = 0;
	split(text, &list->arena, &names);
	bool for_all = !*given && names.count == 1;
	size_t first = *given;
	*given = for_all ? list->count : first + names.count;
	if (*given > list->count || !list->count)
		rc = ev_fail(err, EINVAL,
			     "-G gives a cgroup to each event of the -e before it: '%s' is for %zu "
			     "of %zu. Put -e first: -e cpu-clock,page-faults -G NAME,NAME",
			     ev_text_safe(&list->arena, text), *given, list->count);
	for (size_t i = 0; i < names.count && !rc; i++)
		rc = *names.items[i] ? check_name(names.items[i], err) : 0;
	for (size_t i = first; i < *given && !rc; i++) {
		const char *name = names.items[for_all ? 0 : i - first];
		list->items[i].cgroup = *name ? name : NULL;
	}
	/* A group is switched and scheduled as one, by the cgroup of its leader. */
	for (size_t i = first; i < *given && !rc; i++) {
		const char *own = list->items[i].cgroup;
		const char *leads = list->items[list->items[i].leader].cgroup;
		if (own != leads && (!own || !leads || strcmp(own, leads)))
			rc = ev_fail(err, EINVAL, "%s: the events of a group share one cgroup",
				     list->items[i].name);
	}
	ev_array_done(&names);
	return rc;
}

/* Plain names as they are; with one sign of a pattern all are regular expressions, as in perf. */
static int list_cgroups(const char *text, struct ev_arena *arena, struct name_list *names,
			struct ev_err *err)
{
	struct name_list words = { 0 };
	bool patterns = strpbrk(text, "{}[]()|*+?^$");
	int rc = 0;
	split(text, arena, &words);
	for (size_t i = 0; i < words.count && !rc; i++) {
		const char **matched;
		size_t count;
		if (!patterns) {
			rc = check_name(words.items[i], err);
			*ev_array_add(names) = words.items[i];
			continue;
		}
		rc = ev_cgroup_match(words.items[i], arena, &matched, &count, err);
		if (rc)
			break;
		for (size_t m = 0; m < count; m++) {
			bool known = false;
			for (size_t n = 0; n < names->count && !known; n++)
				known = !strcmp(names->items[n], matched[m]);
			if (!known)
				*ev_array_add(names) = matched[m];
		}
		free(matched);
	}
	ev_array_done(&words);
	return rc;
}

int events_for_each_cgroup(struct ev_event_list *list, const char *text, struct ev_err *err)
{
	struct name_list names = { 0 };
	size_t once = list->count;
	int rc = list_cgroups(text, &list->arena, &names, err);
	for (size_t c = 0; c < names.count && !rc; c++) {
		for (size_t i = 0; i < once; i++) {
			struct ev_event event = list->items[i];
			event.cgroup = names.items[c];
			event.leader += (unsigned)(c * once);
			event.written += (unsigned)(c * once);
			event.summed += (unsigned)(c * once);
			if (c)
				*ev_array_add(list) = event;
		}
	}
	for (size_t i = 0; i < once && !rc; i++)
		list->items[i].cgroup = names.items[0];
	ev_array_done(&names);
	return rc;
}

static bool names_cgroups(const struct event_options *options)
{
	for (size_t i = 0; i < options->words.count; i++)
		if (options->words.items[i].row->letter == 'G')
			return true;
	return false;
}

int events_check_cgroups(const struct event_options *options, const char *for_each,
			 const struct target_options *target, struct ev_err *err)
{
	bool named = names_cgroups(options);
	if (named && for_each)
		return ev_fail(err, EINVAL,
			       "-G and --for-each-cgroup both say which cgroups: choose");
	if ((named || for_each) && !target->system_wide && !target->cpus)
		return ev_fail(err, EINVAL, "a cgroup is watched on whole CPUs: %s needs -a or -C",
			       named ? "-G" : "--for-each-cgroup");
	return 0;
}
