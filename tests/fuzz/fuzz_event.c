/* Any bytes as the argument of -e, on a small imaginary machine: an answer, never a crash, and what
 * is resolved can be typed again with the same meaning. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../src/event/parse.h"
#include "../described.h"

#define PMUS "/sys/bus/event_source/devices/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[] = "/tmp/evprof-fuzz-XXXXXX";

static void put(const char *path, const char *text)
{
	described_file(root, path, text);
}

static int drop(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static void drop_all(void)
{
	nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_machine(void)
{
	if (!mkdtemp(root))
		abort();
	atexit(drop_all);
	/* The same names everywhere, and only one table to search. */
	setenv("LIBPFM_FORCE_PMU", "skx", 1);
	put(PMUS "cpu_core/type", "4");
	put(PMUS "cpu_core/cpus", "0-3");
	put(PMUS "cpu_core/format/event", "config:0-7,32-35");
	put(PMUS "cpu_core/format/ldlat", "config1:0-15");
	put(PMUS "cpu_core/events/mem-loads", "event=0xcd,ldlat=3");
	put(PMUS "cpu_core/events/wanting", "event=1,ldlat=?");
	put(PMUS "cpu_atom/type", "10");
	put(PMUS "cpu_atom/cpus", "4-7");
	put(PMUS "cpu_atom/format/event", "config:0-7");
	put(PMUS "uncore_imc_0/type", "20");
	put(PMUS "uncore_imc_0/cpumask", "0");
	put(PMUS "uncore_imc_0/format/event", "config:0-7");
	put(PMUS "uncore_imc_0/events/reads", "event=4");
	put(PMUS "uncore_imc_1/type", "21");
	put(PMUS "uncore_imc_1/cpumask", "0");
	put(PMUS "uncore_imc_1/format/event", "config:0-7");
	put(PMUS "uncore_imc_1/events/reads", "event=4");
	put(PMUS "tracepoint/type", "2");
	put(PMUS "uprobe/type", "8");
	put(PMUS "uprobe/format/retprobe", "config:0");
	put(PMUS "uprobe/format/ref_ctr_offset", "config:32-63");
	put(PMUS "software/type", "1");
	put("/sys/kernel/tracing/events/sched/sched_switch/id", "372");
	put("/sys/kernel/tracing/events/sched/sched_waking/id", "373");
}

static void check(const struct ev_event_list *list, size_t i)
{
	const struct ev_event *event = &list->items[i];
	struct ev_event_list again = { 0 };
	char text[128];
	if (event->leader > i || event->written > i || !event->name || !event->word ||
	    !event->resolved)
		abort();
	size_t sum = ev_event_sum(list, i);
	if (sum > i || ev_event_sum(list, sum) != sum)
		abort();
	ev_event_modifiers(&event->attr, text, sizeof(text));
	if (event->fixed & EV_FROM_PFM)
		return; /* libpfm4 doesn't take back all that it writes */
	if (ev_event_parse_at(&again, root, event->resolved, NULL) || again.count != 1 ||
	    again.items[0].attr.type != event->attr.type ||
	    again.items[0].attr.config != event->attr.config ||
	    again.items[0].attr.config1 != event->attr.config1)
		abort();
	ev_event_list_done(&again);
}

/* Two places for each probe. */
static int find_two(void *context, const struct ev_probe *probe, struct ev_probe_places *places,
		    struct ev_err *err)
{
	(void)context;
	(void)err;
	for (unsigned i = 0; i < 2; i++)
		*ev_array_add(places) = (struct ev_probe_place){
			.path = "/p",
			.name = probe->name,
			.offset = i + 1,
			.semaphore = probe->kind == EV_PROBE_MARKER ? 5 : 0,
		};
	return 0;
}

static void check_places(struct ev_event_list *list)
{
	if (ev_event_place_probes(list, find_two, NULL, NULL))
		abort();
	for (size_t i = 0; i < list->count; i++) {
		const struct ev_event *event = &list->items[i];
		if (event->leader > i || event->written > i || event->summed > i ||
		    !event->probe != !event->probe_path)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	if (!made)
		make_machine();
	made = true;
	char *text = ev_alloc(size + 1);
	memcpy(text, data, size);
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	int rc = ev_event_parse_at(&list, root, text, &err);
	if ((rc != 0) != (err.code != 0) || (rc && list.count))
		abort();
	for (size_t i = 0; i < list.count && i < 64; i++)
		check(&list, i);
	check_places(&list);
	ev_event_filter(&list, "x == 1", &err);
	ev_event_list_done(&list);
	free(text);
	return 0;
}
