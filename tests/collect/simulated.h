/* A simulation without a simulator: a folder with what one might have left. */
#ifndef TESTS_COLLECT_SIMULATED_H
#define TESTS_COLLECT_SIMULATED_H

#include <dirent.h>
#include "live.h"
#include "simulation.h"

#define HEAD(pid, command, thread)                                                                 \
	"creator: callgrind-9.8\npid: " #pid "\ncmd: " command "\npart: 1\nthread: " #thread       \
	"\npositions: instr\nevents: Ir Dr Dw I1mr D1mr D1mw\n"

/* instructions and L1-dcache-load-misses */
static inline const struct ev_simulated_event *const *two_events(void)
{
	static const struct ev_simulated_event *events[2];
	for (size_t i = 0; i < ev_simulated_event_count; i++) {
		if (!strcmp(ev_simulated_events[i].name, "instructions"))
			events[0] = &ev_simulated_events[i];
		if (!strcmp(ev_simulated_events[i].name, "L1-dcache-load-misses"))
			events[1] = &ev_simulated_events[i];
	}
	return events;
}

static inline struct ev_simulation *made_up_simulation(const struct ev_simulation_options *options)
{
	struct ev_simulation *simulation = ev_alloc(sizeof(*simulation));
	simulation->options = options;
	simulation->watch_fd = -1;
	simulation->strings = ev_strings_open();
	simulation->folder = ev_strdup("/tmp/evprof-simulated-XXXXXX");
	assert_non_null(mkdtemp(simulation->folder));
	return simulation;
}

/* Done with it: no workload, so that closing removes the folder only. */
static inline void leave(const struct ev_simulation *simulation, const char *name, const char *text)
{
	char *path = ev_printf("%s/%s", simulation->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	free(path);
	usleep(2000); /* results are told apart by the time of writing */
}

#endif
