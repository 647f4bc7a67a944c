/* What was typed becomes the same command line with --simulate, quoted for a shell. */
#include <string.h>
#include "simulate.h"

#define SHORTEST_OWN_TIME 0.05

static void add_word(struct ev_buffer *line, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_@%+=:,./-";
	if (line->size_bytes)
		ev_buffer_u8(line, ' ');
	if (*word && !word[strspn(word, plain)]) {
		ev_buffer_printf(line, "%s", word);
		return;
	}
	ev_buffer_u8(line, '\'');
	for (; *word; word++)
		ev_buffer_printf(line, *word == '\'' ? "'\\''" : "%c", *word);
	ev_buffer_u8(line, '\'');
}

/* Names of the events that can be simulated, with commas; *all when every one can. */
static void add_names(struct ev_buffer *names, const struct event_options *options, bool *all)
{
	struct ev_event_list list = { 0 };
	*all = !events_parse(options, &list, NULL);
	for (size_t i = 0; i < list.count; i++) {
		const struct ev_event *event = &list.items[i];
		if (ev_simulated_event_of(event) && event->written == i)
			ev_buffer_printf(names, "%s%s", names->size_bytes ? "," : "", event->name);
		else if (!ev_simulated_event_of(event))
			*all = false;
	}
	ev_event_list_done(&list);
	ev_buffer_u8(names, 0);
}

const char *simulate_hint(const struct verb *verb, const struct simulate_options *options,
			  const struct target_options *target, const struct event_options *events,
			  bool plain, double own_time_s, char *const *command,
			  struct ev_arena *arena)
{
	struct simulate_options wanted = { .on = true };
	struct ev_buffer line = { 0 }, names = { 0 };
	bool all;
	if (!command || simulate_check(&wanted, target, command, NULL))
		return NULL;
	add_names(&names, events, &all);
	add_word(&line, "evprof");
	add_word(&line, verb->name);
	add_word(&line, "--simulate");
	/* Of less the time to start the simulator is all that can be told. */
	if (own_time_s >= SHORTEST_OWN_TIME && !(options->own_time_s > 0)) {
		char text[32];
		add_word(&line, "--own-time");
		add_word(&line, ev_format_fixed(text, sizeof(text), own_time_s,
						own_time_s < 1    ? 2
						: own_time_s < 10 ? 1
								  : 0));
	}
	if (all && !plain) {
		for (size_t i = 0; i < options->typed_count; i++)
			add_word(&line, options->typed[i]);
	} else if (*names.bytes) {
		add_word(&line, "-e");
		add_word(&line, (const char *)names.bytes);
	}
	if ((!all || plain) && command[0][0] == '-')
		add_word(&line, "--");
	for (; *command; command++)
		add_word(&line, *command);
	ev_buffer_u8(&line, 0);
	const char *hint = ev_arena_text(arena, (const char *)line.bytes, line.size_bytes - 1);
	ev_buffer_done(&line);
	ev_buffer_done(&names);
	return hint;
}
