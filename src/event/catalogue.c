/* Every event this machine knows becomes a row: the tables, the PMUs of sysfs, libpfm4's tables,
 * the tracepoints, and the forms that can be typed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "catalogue.h"
#include "names.h"
#include "parse.h"
#include "pfm.h"

const char *ev_catalogue_group_title(enum ev_catalogue_group group)
{
	static const char *const titles[] = {
		[EV_GROUP_HARDWARE] = "Hardware event",
		[EV_GROUP_CACHE] = "Hardware cache event",
		[EV_GROUP_SOFTWARE] = "Software event",
		[EV_GROUP_TOOL] = "Tool event",
		[EV_GROUP_PMU] = "Kernel PMU event",
		[EV_GROUP_PFM] = "CPU model event (libpfm4)",
		[EV_GROUP_TRACEPOINT] = "Tracepoint event",
		[EV_GROUP_SYNTAX] = "Raw event descriptor",
	};
	return (size_t)group < EV_LENGTH(titles) ? titles[group] : "";
}

static char *keep(struct ev_catalogue *catalogue, const char *text)
{
	return ev_arena_text(&catalogue->arena, text, strlen(text));
}

static void add(struct ev_catalogue *catalogue, enum ev_catalogue_group group, const char *name,
		const char *aliases, const char *about)
{
	struct {
		struct ev_catalogue_row *items;
		size_t count, room;
	} rows = { catalogue->rows, catalogue->count, catalogue->room };
	*ev_array_add(&rows) = (struct ev_catalogue_row){ .group = group,
							  .name = keep(catalogue, name),
							  .aliases = keep(catalogue, aliases),
							  .about = keep(catalogue, about) };
	catalogue->rows = rows.items;
	catalogue->count = rows.count;
	catalogue->room = rows.room;
}

static void note(struct ev_catalogue *catalogue, const char *sentence)
{
	const char *old = catalogue->notes ? catalogue->notes : "";
	catalogue->notes =
		ev_arena_printf(&catalogue->arena, "%s%s%s.", old, *old ? " " : "", sentence);
}

static void add_tables(struct ev_catalogue *catalogue, unsigned groups)
{
	const struct ev_generic *generic;
	uint64_t config;
	char name[64], aliases[256], about[128];
	for (size_t i = 0; (generic = ev_generic_at(i)); i++)
		if (groups & 1u << generic->group)
			add(catalogue, generic->group, generic->name, generic->aliases,
			    generic->about);
	for (size_t i = 0; (groups & 1u << EV_GROUP_CACHE) && ev_cache_at(i, &config); i++)
		add(catalogue, EV_GROUP_CACHE, ev_cache_name(config, name, sizeof(name)),
		    ev_cache_aliases(config, aliases, sizeof(aliases)),
		    ev_cache_about(config, about, sizeof(about)));
}

/* ---- PMUs of sysfs ----------------------------------------------------------------------------
 */

/* The kernel gives its PMU events a name and an encoding, but no words. */
static const struct {
	const char *name, *about;
} known[] = {
	{ "tsc", "ticks of the time stamp counter" },
	{ "aperf", "cycles at the frequency the CPU really had" },
	{ "mperf", "cycles at the frequency the CPU is sold with" },
	{ "pperf", "cycles in which the CPU was productive" },
	{ "smi", "system management interrupts: time taken by the firmware" },
	{ "energy-cores", "energy used by all cores" },
	{ "energy-pkg", "energy used by the whole package" },
	{ "energy-ram", "energy used by the memory" },
	{ "energy-gpu", "energy used by the built-in graphics" },
	{ "energy-psys", "energy used by the whole platform" },
	{ "mem-loads", "loads, to be sampled with their address and latency" },
	{ "mem-stores", "stores, to be sampled with their address" },
	{ "mem-loads-aux", "leads a group with mem-loads where the CPU wants that" },
	{ "slots", "issue slots, the total of the topdown-… events" },
	{ "topdown-retiring", "issue slots whose work was of use" },
	{ "topdown-bad-spec", "issue slots lost to wrong speculation" },
	{ "topdown-fe-bound", "issue slots empty for want of instructions" },
	{ "topdown-be-bound", "issue slots that waited for data or execution units" },
	{ "inst-retired", "instructions completed" },
	{ "l1d-cache-refill", "lines brought into the first-level data cache" },
	{ "l2d-cache-refill", "lines brought into the second-level cache" },
};

static const char *pmu_about(struct ev_arena *arena, const struct ev_pmu *pmu,
			     const struct ev_alias *alias)
{
	struct ev_span name = ev_span_of(alias->name);
	const char *text = NULL;
	for (size_t i = 0; !text && i < EV_LENGTH(known); i++)
		text = ev_span_alike(name, known[i].name) ? known[i].about : NULL;
	const struct ev_generic *generic = ev_generic_find(name);
	if (!text && generic && pmu->core)
		text = generic->about;
	if (!text)
		text = ev_arena_printf(arena, "%s of PMU %s", alias->terms, pmu->name);
	if (!*alias->unit)
		return text;
	return ev_arena_printf(arena, "%s, in %s", text, alias->unit);
}

static void add_pmu(struct ev_catalogue *catalogue, const struct ev_pmus *pmus,
		    const struct ev_pmu *pmu, struct ev_arena *scratch)
{
	size_t count;
	const char **names = ev_pmu_names(pmus, pmu, "events", scratch, &count);
	for (size_t i = 0; i < count; i++) {
		struct ev_alias alias;
		if (ev_pmu_alias(pmus, pmu, ev_span_of(names[i]), scratch, &alias) != 1)
			continue;
		add(catalogue, EV_GROUP_PMU,
		    ev_arena_printf(scratch, "%s/%s/", pmu->name, names[i]), names[i],
		    pmu_about(scratch, pmu, &alias));
	}
}

static void add_pmus(struct ev_catalogue *catalogue, const struct ev_pmus *pmus)
{
	struct ev_arena scratch = { 0 };
	for (size_t i = 0; i < pmus->count; i++) {
		add_pmu(catalogue, pmus, &pmus->items[i], &scratch);
		ev_arena_reset(&scratch);
	}
	ev_arena_done(&scratch);
	if (!pmus->count)
		note(catalogue, "PMU events: /sys/bus/event_source/devices can't be read here");
}

/* ---- libpfm4 ----------------------------------------------------------------------------------
 */

struct pfm_rows {
	struct ev_catalogue *catalogue;
	size_t cores;
	bool generic; /* this pass adds the generic ones, the other all else */
};

static void add_pfm_row(void *context, const struct ev_pfm_row *row)
{
	struct pfm_rows *rows = context;
	char name[320];
	rows->cores += row->core && !rows->generic;
	if (row->generic != rows->generic)
		return;
	snprintf(name, sizeof(name), "%s::%s", row->pmu, row->name);
	add(rows->catalogue, EV_GROUP_PFM, name, row->name, row->about);
}

static void add_pfm(struct ev_catalogue *catalogue)
{
	struct pfm_rows rows = { .catalogue = catalogue };
	ev_pfm_rows(add_pfm_row, &rows);
	if (rows.cores)
		return;
	rows.generic = true;
	ev_pfm_rows(add_pfm_row, &rows);
	note(catalogue,
	     "libpfm4 has no table for this CPU: of its names only those for the kernel's generic "
	     "events are listed");
}

/* ---- tracepoints ------------------------------------------------------------------------------
 */

static void add_tracepoints(struct ev_catalogue *catalogue, const char *root)
{
	struct ev_arena scratch = { 0 };
	int error;
	size_t system_count = 0, count;
	const char *events = ev_tracefs_events(&scratch, root, &error);
	const char **systems = NULL;
	if (events)
		systems = ev_folder_names(events, &scratch, &system_count, &error);
	else
		note(catalogue, ev_tracefs_cure(error));
	for (size_t i = 0; i < system_count; i++) {
		const char *folder = ev_arena_printf(&scratch, "%s/%s", events, systems[i]);
		const char **names = ev_folder_names(folder, &scratch, &count, &error);
		for (size_t k = 0; k < count; k++)
			if (!access(ev_arena_printf(&scratch, "%s/%s/id", folder, names[k]), F_OK))
				add(catalogue, EV_GROUP_TRACEPOINT,
				    ev_arena_printf(&scratch, "%s:%s", systems[i], names[k]), "",
				    ev_tracepoint_about(&scratch, systems[i], names[k]));
	}
	ev_arena_done(&scratch);
}

/* ---- forms ------------------------------------------------------------------------------------
 */

static void add_syntax(struct ev_catalogue *catalogue, const struct ev_pmus *pmus)
{
	static const struct {
		const char *name, *about;
	} forms[] = {
		{ "rNNN", "the CPU's own encoding, in hexadecimal" },
		{ "TYPE:CONFIG", "attr.type and attr.config as numbers: 4:0x1c2" },
		{ "mem:ADDRESS[/LENGTH][:rwx]",
		  "a hardware breakpoint: reads, writes or executions at an address" },
		{ "SYSTEM:TRACEPOINT",
		  "a place in the kernel; both parts may be globs: sched:sched_*" },
		{ "uprobe:FILE:FUNCTION[+OFFSET]",
		  "each call of a function in a program or library: uprobe:./prog:sort_*" },
		{ "uretprobe:FILE:FUNCTION", "each return of a function" },
		{ "usdt:FILE:PROVIDER:NAME",
		  "a marker that a program brings along: usdt:python3:python:gc__*" },
		{ "PMU::EVENT[:UMASK…][:ATTRIBUTE=N…]", "an event of libpfm4's tables" },
		{ "{EVENT,EVENT…}[:MODIFIERS]", "a group: counted together or not at all" },
		{ "EVENT/TERM=VALUE…/[MODIFIERS]", ev_terms_known },
		{ "EVENT:MODIFIERS", "u k h: in user space, kernel, hypervisor; I: not when idle; "
				     "G H: guests, host; p "
				     "pp ppp P: precise; D: pinned; e: exclusive; S W: of groups" },
	};
	struct ev_arena scratch = { 0 };
	for (size_t i = 0; i < EV_LENGTH(forms); i++)
		add(catalogue, EV_GROUP_SYNTAX, forms[i].name, "", forms[i].about);
	for (size_t i = 0; i < pmus->count; i++) {
		size_t count;
		const char **fields =
				   ev_pmu_names(pmus, &pmus->items[i], "format", &scratch, &count),
			   *list = "";
		for (size_t k = 0; k < count; k++)
			list = ev_arena_printf(&scratch, "%s%s%s=N", list, k ? "," : "", fields[k]);
		if (count)
			add(catalogue, EV_GROUP_SYNTAX,
			    ev_arena_printf(&scratch, "%s/%s/", pmus->items[i].name, list), "",
			    "the fields of this PMU's own encoding, any of them");
	}
	ev_arena_done(&scratch);
}

void ev_catalogue_fill_at(struct ev_catalogue *catalogue, const char *root, unsigned groups)
{
	struct ev_pmus pmus = { 0 };
	add_tables(catalogue, groups);
	if (groups & (1u << EV_GROUP_PMU | 1u << EV_GROUP_SYNTAX))
		ev_pmus_open(&pmus, root);
	if (groups & 1u << EV_GROUP_PMU)
		add_pmus(catalogue, &pmus);
	if (groups & 1u << EV_GROUP_PFM)
		add_pfm(catalogue);
	if (groups & 1u << EV_GROUP_TRACEPOINT)
		add_tracepoints(catalogue, root);
	if (groups & 1u << EV_GROUP_SYNTAX)
		add_syntax(catalogue, &pmus);
	ev_pmus_close(&pmus);
}

void ev_catalogue_fill(struct ev_catalogue *catalogue, unsigned groups)
{
	ev_catalogue_fill_at(catalogue, "", groups);
}

void ev_catalogue_done(struct ev_catalogue *catalogue)
{
	free(catalogue->rows);
	ev_arena_done(&catalogue->arena);
	*catalogue = (struct ev_catalogue){ 0 };
}
