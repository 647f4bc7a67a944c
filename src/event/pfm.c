/* Names from the CPU makers' manuals (L2_RQSTS:MISS) become attrs by libpfm4's tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "parse.h"
#include "pfm.h"
/* Behind the kernel's header, so that it brings no attr of its own. */
#include <perfmon/pfmlib_perf_event.h>

/* Longer than any name with all its attributes. */
#define LONGEST 512

/* A name that libpfm4 may read differently from the way it was typed: '-' for '_', and letters and
 * digits only, so that nothing strange reaches its parser. */
static bool plain(const char *name, char *out)
{
	size_t length = strlen(name);
	if (!length || length >= LONGEST)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];
		if (c <= ' ' || c >= 0x7f || strchr("/{},'\"\\%", c))
			return false;
		out[i] = c == '-' ? '_' : (char)c;
	}
	out[length] = 0;
	return true;
}

/* Is one of the ':'-separated attributes behind the name this one ("u", "u=1")? */
static bool has_attribute(const char *name, const char *attribute)
{
	size_t length = strlen(attribute);
	for (const char *at = strchr(name, ':'); at; at = strchr(at + 1, ':'))
		if (!strncasecmp(at + 1, attribute, length) &&
		    (!at[length + 1] || strchr(":=", at[length + 1])))
			return true;
	return false;
}

/* What the event of this index counts, with its first named unit mask. */
static const char *about_of(struct ev_arena *arena, int index, const char *resolved)
{
	pfm_event_info_t event = { .size = sizeof(event) };
	if (pfm_get_event_info(index, PFM_OS_PERF_EVENT_EXT, &event) != PFM_SUCCESS)
		return NULL;
	const char *mask = "";
	for (int i = 0; i < event.nattrs; i++) {
		pfm_event_attr_info_t attr = { .size = sizeof(attr) };
		if (pfm_get_event_attr_info(index, i, PFM_OS_PERF_EVENT_EXT, &attr) !=
			    PFM_SUCCESS ||
		    attr.type != PFM_ATTR_UMASK)
			continue;
		const char *found = strstr(resolved, attr.name);
		size_t length = strlen(attr.name);
		if (found && found > resolved && found[-1] == ':' && attr.desc &&
		    (!found[length] || found[length] == ':')) {
			mask = attr.desc;
			break;
		}
	}
	return ev_arena_printf(arena, "%s%s%s", event.desc ? event.desc : event.name,
			       *mask ? ": " : "", mask);
}

static int encode(const char *name, struct perf_event_attr *attr, char **resolved, int *index)
{
	*resolved = NULL;
	memset(attr, 0, sizeof(*attr));
	pfm_perf_encode_arg_t arg = { .attr = attr, .fstr = resolved, .size = sizeof(arg) };
	int rc = pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3 | PFM_PLMH,
					   PFM_OS_PERF_EVENT_EXT, &arg);
	*index = arg.idx;
	return rc;
}

int ev_pfm_encode(const char *name, struct ev_arena *arena, struct perf_event_attr *attr,
		  const char **resolved, const char **about)
{
	char typed[LONGEST], *full;
	const char *respelled;
	int index, rc;
	if (!plain(name, typed) || pfm_initialize() != PFM_SUCCESS)
		return 0;
	rc = encode(typed, attr, &full, &index);
	/* A few names do have a '-'. */
	if (rc == PFM_ERR_NOTFOUND && strcmp(name, typed))
		rc = encode(name, attr, &full, &index);
	if (rc != PFM_SUCCESS && (respelled = ev_pfm_respell(arena, name))) {
		int again = encode(respelled, attr, &full, &index);
		/* The first refusal is of what was typed. */
		rc = again == PFM_SUCCESS ? again : rc;
	}
	if (rc != PFM_SUCCESS)
		return rc == PFM_ERR_NOTFOUND ? 0 : rc;
	/* Guests are left out only when that was asked for, as with every other event. */
	if (!has_attribute(typed, "mg") && !has_attribute(typed, "mh"))
		attr->exclude_guest = attr->exclude_host = 0;
	attr->size = sizeof(*attr);
	*resolved = full ? ev_arena_text(arena, full, strlen(full)) : name;
	*about = about_of(arena, index, *resolved);
	free(full);
	return 1;
}

/* libpfm4's refusals that mean "known name, wrong use". */
static const char *refusal(int rc)
{
	static const struct {
		int rc;
		const char *text;
	} refusals[] = {
		{ PFM_ERR_UMASK, "needs a unit mask, or has no such one" },
		{ PFM_ERR_ATTR, "has no such unit mask or attribute" },
		{ PFM_ERR_ATTR_VAL, "has an attribute with a value that doesn't fit" },
		{ PFM_ERR_ATTR_SET, "has an attribute that is set twice" },
		{ PFM_ERR_FEATCOMB, "combines unit masks or attributes that exclude each other" },
		{ PFM_ERR_TOOMANY, "has too many unit masks or attributes" },
		{ PFM_ERR_NOTSUPP, "can't be counted through the kernel" },
	};
	for (size_t i = 0; i < EV_LENGTH(refusals); i++)
		if (refusals[i].rc == rc)
			return refusals[i].text;
	return NULL;
}

/* What the user wrote decides what collect may still choose. */
static unsigned fixed_by(const char *name, struct perf_event_attr *attr)
{
	unsigned fixed = EV_FROM_PFM;
	if (has_attribute(name, "u") || has_attribute(name, "k") || has_attribute(name, "h"))
		fixed |= EV_FIXED_LEVEL;
	if (has_attribute(name, "precise"))
		fixed |= EV_FIXED_PRECISE;
	if (has_attribute(name, "period") || has_attribute(name, "freq"))
		fixed |= EV_FIXED_PERIOD;
	if (has_attribute(name, "pinned"))
		fixed |= EV_PINNED;
	if (!(fixed & EV_FIXED_PERIOD)) {
		attr->sample_period = 0;
		attr->freq = 0;
	}
	return fixed;
}

/* libpfm4 also knows PMUs outside the cores (rapl, skx_unc_…), and those of each kind of core. */
static void place(struct ev_parse *parse, struct ev_event *event)
{
	if (event->attr.type < PERF_TYPE_MAX && !ev_pmus_are_hybrid(parse->root))
		return;
	const struct ev_pmu *pmu = ev_pmu_of(ev_parse_pmus(parse), event->attr.type);
	if (!pmu)
		return;
	event->pmu = ev_arena_text(parse->keep, pmu->name, strlen(pmu->name));
	event->cpus = pmu->cpus ? ev_arena_text(parse->keep, pmu->cpus, strlen(pmu->cpus)) : NULL;
	event->per_task = pmu->per_task;
}

/* A name that libpfm4 has, but with an attribute or unit mask it refuses. */
static int misused(struct ev_parse *parse, struct ev_span word, const char *name, int rc)
{
	/* What is wrong stands behind the event's own name. */
	const char *pmu = strstr(name, "::");
	size_t start = pmu ? (size_t)(pmu - name) + 2 : 0;
	start += strcspn(name + start, ":.");
	return ev_parse_unknown(parse, ev_span_from(word, start + (start < word.length)), word,
				"'%.100s' %s (libpfm4's table)", name, refusal(rc));
}

struct found {
	struct perf_event_attr attr;
	const char *resolved, *about;
};

static void add_found(struct ev_parse *parse, struct ev_span word, struct ev_span head,
		      const struct found *found)
{
	struct ev_event *event = &ev_parse_add(parse, word)->event;
	event->attr = found->attr;
	event->resolved = found->resolved;
	event->about = found->about;
	event->fixed = fixed_by(ev_span_text(&parse->scratch, head), &event->attr);
	place(parse, event);
}

/* A name without its PMU means the cores of every kind that have it: libpfm4 itself knows the first
 * only. */
static void take_other_cores(struct ev_parse *parse, struct ev_span word, struct ev_span head,
			     size_t first)
{
	int pmu;
	if (!parse->items[first].event.pmu)
		return;
	pfm_for_all_pmus(pmu)
	{
		pfm_pmu_info_t info = { .size = sizeof(info) };
		struct found found;
		if (pfm_get_pmu_info((pfm_pmu_t)pmu, &info) != PFM_SUCCESS || !info.is_present ||
		    info.type != PFM_PMU_TYPE_CORE)
			continue;
		const char *name = ev_arena_printf(&parse->scratch, "%s::%.*s", info.name,
						   (int)head.length, head.at);
		if (ev_pfm_encode(name, parse->keep, &found.attr, &found.resolved, &found.about) !=
			    1 ||
		    found.attr.type == parse->items[first].event.attr.type)
			continue;
		add_found(parse, word, head, &found);
		parse->items[parse->count - 1].event.written = (unsigned)first;
	}
	for (size_t i = first; parse->count - first > 1 && i < parse->count; i++) {
		struct ev_made *made = &parse->items[i];
		size_t pmu_length = strcspn(made->event.resolved, ":");
		made->split = true;
		made->event.name = ev_arena_printf(parse->keep, "%.*s::%.*s", (int)pmu_length,
						   made->event.resolved, (int)word.length, word.at);
	}
}

int ev_parse_pfm(struct ev_parse *parse, struct ev_span word)
{
	const char *name = ev_span_text(&parse->scratch, word), *resolved, *about;
	const char *colon = strrchr(name, ':');
	struct ev_span head = word, tail = { word.at + word.length, 0 };
	struct perf_event_attr attr;
	struct ev_modifiers modifiers = { 0 };
	int rc = ev_pfm_encode(name, parse->keep, &attr, &resolved, &about);
	/* EVENT:UMASK:upp has modifiers as other events have them, which libpfm4 doesn't know. */
	if (rc != 1 && colon && ev_modifiers_look_right(ev_span_of(colon + 1))) {
		size_t length = (size_t)(colon - name);
		int without =
			ev_pfm_encode(ev_span_text(&parse->scratch, ev_span_head(word, length)),
				      parse->keep, &attr, &resolved, &about);
		if (without == 1) {
			rc = 1;
			head = ev_span_head(word, length);
			tail = ev_span_from(word, length + 1);
		}
	}
	if (rc != 1)
		return rc < 0 && refusal(rc) ? misused(parse, word, name, rc) : 0;
	rc = tail.length ? ev_modifiers_parse(parse, tail, &modifiers) : 0;
	if (rc)
		return rc;
	const struct found found = { attr, resolved, about };
	size_t first = parse->count;
	add_found(parse, word, head, &found);
	if (!strstr(name, "::") && ev_pmus_are_hybrid(parse->root))
		take_other_cores(parse, word, head, first);
	for (size_t i = first; i < parse->count && !rc; i++)
		rc = ev_modifiers_apply(parse, &modifiers, tail, &parse->items[i].event);
	return rc ? rc : 1;
}

/* ---- the whole tables -------------------------------------------------------------------------
 */

static void event_rows(const pfm_pmu_info_t *pmu, int index,
		       void (*take)(void *context, const struct ev_pfm_row *row), void *context)
{
	char name[256], about[1024];
	pfm_event_info_t event = { .size = sizeof(event) };
	if (pfm_get_event_info(index, PFM_OS_PERF_EVENT_EXT, &event) != PFM_SUCCESS)
		return;
	/* perf's own table repeats the tracepoints of the kernel. */
	if (strchr(event.name, ':'))
		return;
	struct ev_pfm_row row = { .pmu = pmu->name,
				  .name = name,
				  .about = event.desc ? event.desc : event.name,
				  .generic = pmu->type == PFM_PMU_TYPE_OS_GENERIC,
				  .core = pmu->type == PFM_PMU_TYPE_CORE };
	snprintf(name, sizeof(name), "%s", event.name);
	bool masked = false;
	for (int i = 0; i < event.nattrs; i++) {
		pfm_event_attr_info_t attr = { .size = sizeof(attr) };
		if (pfm_get_event_attr_info(index, i, PFM_OS_PERF_EVENT_EXT, &attr) !=
			    PFM_SUCCESS ||
		    attr.type != PFM_ATTR_UMASK)
			continue;
		masked = true;
		row.about = about;
		snprintf(name, sizeof(name), "%s:%s", event.name, attr.name);
		snprintf(about, sizeof(about), "%s: %s", event.desc ? event.desc : event.name,
			 attr.desc ? attr.desc : attr.name);
		take(context, &row);
	}
	if (!masked)
		take(context, &row);
}

void ev_pfm_rows(void (*take)(void *context, const struct ev_pfm_row *row), void *context)
{
	if (pfm_initialize() != PFM_SUCCESS)
		return;
	int pmu;
	pfm_for_all_pmus(pmu)
	{
		pfm_pmu_info_t info = { .size = sizeof(info) };
		if (pfm_get_pmu_info((pfm_pmu_t)pmu, &info) != PFM_SUCCESS || !info.is_present)
			continue;
		for (int index = info.first_event; index != -1; index = pfm_get_event_next(index))
			event_rows(&info, index, take, context);
	}
}
