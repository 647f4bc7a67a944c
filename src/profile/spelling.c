/* The name of an event as a user wrote it becomes what it names: its PMU, plain name and level. */
#include <string.h>
#include <strings.h>
#include "spelling.h"

/* Other spellings of the names that formulas use. */
static const struct alias {
	const char *alias, *name;
} aliases[] = {
	{ "cpu-cycles", "cycles" },
	{ "faults", "page-faults" },
	{ "cs", "context-switches" },
	{ "migrations", "cpu-migrations" },
	{ "branch-instructions", "branches" },
	{ "idle-cycles-frontend", "stalled-cycles-frontend" },
	{ "idle-cycles-backend", "stalled-cycles-backend" },
};

static void take_level(struct ev_spelling *out, const char *modifiers)
{
	size_t length = 0;
	for (const char *letter = "ukhGH"; *letter; letter++) {
		if (strchr(modifiers, *letter))
			out->level[length++] = *letter;
	}
	out->level[length] = 0;
}

void ev_spelling_parse(const char *event, struct ev_spelling *out)
{
	static const char letters[] = "ukhIGHpPSDWebR";
	*out = (struct ev_spelling){ 0 };
	const char *end = event + strlen(event), *slash = strchr(event, '/');
	const char *second = slash ? strrchr(slash + 1, '/') : NULL;
	if (second) { /* pmu/name/modifiers */
		snprintf(out->pmu, sizeof(out->pmu), "%.*s", (int)(slash - event), event);
		if (!strcmp(out->pmu, "cpu"))
			out->pmu[0] = 0;
		take_level(out, second + 1 + (second[1] == ':'));
		event = slash + 1;
		end = second;
	} else {
		const char *colon = strrchr(event, ':');
		if (colon && colon[1] && colon[1 + strspn(colon + 1, letters)] == 0) {
			take_level(out, colon + 1);
			end = colon;
		}
	}
	snprintf(out->name, sizeof(out->name), "%.*s", (int)(end - event), event);
	for (size_t i = 0; i < EV_LENGTH(aliases); i++) {
		if (!strcasecmp(out->name, aliases[i].alias))
			snprintf(out->name, sizeof(out->name), "%s", aliases[i].name);
	}
}
