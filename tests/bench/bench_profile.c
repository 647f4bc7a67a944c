/* What a frame costs in the profile: the call chains of a recording, as bare addresses, are added
 * once (adding) and once more (finding). Built by hand, with LIBS of build/config.mk:
 *   gcc -O2 -D_GNU_SOURCE -Iinclude -o bench_profile tests/bench/bench_profile.c
 *       build/libprofile.a build/libsymbol.a build/libperfdata.a build/libbase.a $LIBS
 *   ./bench_profile perf.data */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <evprof/profile.h>

struct chains {
	EV_ARRAY(uint32_t) lengths;
	EV_ARRAY(uint64_t) addresses; /* root first */
};

static int take_chains(struct chains *chains, const char *path, struct ev_err *err)
{
	struct ev_reader *reader;
	struct ev_raw raw;
	struct ev_record record;
	int rc = ev_reader_open(&reader, path, err);
	if (rc)
		return rc;
	struct ev_decoder *decoder = ev_decoder_open(ev_reader_recording(reader));
	while ((rc = ev_reader_next(reader, &raw, err)) > 0) {
		if (raw.type != PERF_RECORD_SAMPLE || ev_decode(decoder, &raw, &record))
			continue;
		uint32_t length = 0;
		for (size_t i = record.sample.chain_count; i-- > 0;)
			if (record.sample.chain[i] < (uint64_t)PERF_CONTEXT_MAX) {
				*ev_array_add(&chains->addresses) = record.sample.chain[i];
				length++;
			}
		*ev_array_add(&chains->lengths) = length;
	}
	ev_decoder_close(decoder);
	ev_reader_close(reader);
	return rc;
}

static double now_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void add_all(struct ev_profile *profile, const struct chains *chains, const char *what)
{
	struct ev_tag tag = { .pid = 1 };
	const uint64_t *at = chains->addresses.items;
	double begin_ns = now_ns();
	for (size_t i = 0; i < chains->lengths.count; i++) {
		uint32_t stack = 0;
		for (uint32_t left = chains->lengths.items[i]; left; left--)
			stack = ev_profile_stack(profile, stack,
						 ev_profile_place(profile,
								  (struct ev_place){
									  .offset = *at++ }));
		ev_profile_add(profile, ev_profile_tag(profile, &tag), stack, 1, 1);
	}
	printf("%-8s %6.1f ns per frame\n", what,
	       (now_ns() - begin_ns) / (double)chains->addresses.count);
}

/* "VmRSS:	 1234 kB" */
static long resident_kb(void)
{
	char line[128];
	long size_kb = 0;
	FILE *status = fopen("/proc/self/status", "r");
	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "VmRSS:", 6))
			size_kb = strtol(line + 6, NULL, 10);
	if (status)
		fclose(status);
	return size_kb;
}

int main(int argc, char **argv)
{
	struct chains chains = { 0 };
	struct ev_err err = { 0 };
	if (argc != 2 || take_chains(&chains, argv[1], &err)) {
		fprintf(stderr, "%s\n", argc != 2 ? "bench_profile RECORDING" : err.text);
		return 1;
	}
	long before_kb = resident_kb();
	struct ev_profile *profile = ev_profile_open();
	add_all(profile, &chains, "adding");
	add_all(profile, &chains, "finding");
	printf("%zu samples, %zu frames; %zu places, %zu stacks, %zu cells in %ld MB\n",
	       chains.lengths.count, chains.addresses.count, profile->places.count,
	       profile->stacks.count, profile->cells.count, (resident_kb() - before_kb) / 1000);
	ev_profile_close(profile);
	ev_array_done(&chains.lengths);
	ev_array_done(&chains.addresses);
	return 0;
}
