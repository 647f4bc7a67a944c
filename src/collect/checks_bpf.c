/* Can samples be counted in the kernel? Tried on evprof itself. */
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <evprof/collect_bpf.h>
#include "checks.h"

static bool is_ok(const struct ev_checks *checks, const char *name)
{
	for (size_t i = 0; i < checks->count; i++)
		if (!strcmp(checks->items[i].name, name))
			return checks->items[i].state == EV_CHECK_OK;
	return false;
}

static int try_counting(struct ev_err *err)
{
	uint32_t pid = (uint32_t)getpid();
	struct ev_target self = { .kind = EV_TARGET_TIDS, .ids = &pid, .id_count = 1 };
	struct ev_sampler_options sampling = {
		.frequency_hz = 99, .callchain = true, .counted = true, .clock_id = CLOCK_MONOTONIC
	};
	struct ev_bpf_counts_options options = { .interval_ns = 1, .callchain = true };
	struct ev_recording recording = { 0 };
	struct ev_event_list events = { 0 };
	struct ev_sampler *sampler = NULL;
	struct ev_bpf_counts *counts = NULL;
	int rc = ev_event_parse(&events, "cpu-clock", err);
	if (!rc)
		rc = ev_sampler_open(&sampler, &events, &self, &sampling, &recording, err);
	if (!rc)
		rc = ev_bpf_counts_open(&counts, sampler, &events, &self, &options, &recording,
					err);
	ev_bpf_counts_close(counts);
	ev_sampler_close(sampler);
	ev_event_list_done(&events);
	ev_recording_done(&recording);
	return rc;
}

void ev_check_bpf_counts(struct ev_check *check, struct ev_checks *checks)
{
	struct ev_err err = { 0 };
	if (!is_ok(checks, "programs")) {
		ev_check_missing(check, "record --bpf is refused");
		ev_check_why(check, "no BPF program can be used");
		return;
	}
	if (!try_counting(&err)) {
		ev_check_ok(check, "in the kernel, by stack and thread (record --bpf)");
		return;
	}
	ev_check_missing(check, "record --bpf is refused");
	ev_check_why(check, "%s", err.text);
}
