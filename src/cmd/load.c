/* Reads a recording twice: first the few records that say what was mapped where, then the samples,
 * on several CPUs at once, in any order, each into the profile of its thread. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <evprof/collect.h>
#include <evprof/profile.h>
#include "load.h"
#include "options.h"
#include "sample_details.h"
#include "samples.h"

#define PART_BYTES ((uint64_t)8 << 20) /* a part is worth a thread from here on */

/* ---- first walk: mappings, names, losses -------------------------------------------------------
 */

static void count_loss(struct ev_quality *quality, const struct ev_record *record)
{
	switch (record->type) {
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		quality->lost += record->lost.lost;
		break;
	case PERF_RECORD_THROTTLE:
		quality->throttled++;
		break;
	default:
		break;
	}
}

typedef EV_ARRAY(uint64_t) offsets;

/* The first and last sample's time, for what is asked in parts of the whole. */
static void widen(struct ev_recording *recording, struct ev_decoder *decoder,
		  const struct ev_raw *raw)
{
	struct ev_record record;
	if (ev_decode_sample(decoder, raw, PERF_SAMPLE_TIME, &record))
		return;
	if (!recording->first_time_ns || record.time_ns < recording->first_time_ns)
		recording->first_time_ns = record.time_ns;
	if (record.time_ns > recording->last_time_ns)
		recording->last_time_ns = record.time_ns;
}

/* Also notes where the file can be cut for several readers. */
static void walk_sideband(struct loaded *loaded, offsets *cuts, bool needs_times)
{
	struct ev_decoder *decoder = NULL;
	struct ev_raw raw;
	struct ev_record record;
	struct ev_err damage = { 0 };
	size_t events = 0;
	uint64_t here = ev_reader_tell(loaded->reader);
	int rc;
	*ev_array_add(cuts) = here;
	while ((rc = ev_reader_next(loaded->reader, &raw, &damage)) > 0) {
		/* A stream names its events as it goes. */
		if (!decoder || loaded->recording->event_count != events) {
			ev_decoder_close(decoder);
			decoder = ev_decoder_open(loaded->recording);
			events = loaded->recording->event_count;
		}
		if (raw.type == PERF_RECORD_SAMPLE) {
			if (raw.offset >= cuts->items[cuts->count - 1] + PART_BYTES)
				*ev_array_add(cuts) = raw.offset;
			if (needs_times)
				widen(loaded->recording, decoder, &raw);
			continue;
		}
		if (ev_decode(decoder, &raw, &record)) {
			loaded->profile->quality.damaged_records++;
			continue;
		}
		count_loss(&loaded->profile->quality, &record);
		if (loaded->groups)
			sample_groups_add(loaded->groups, &record);
		ev_space_set_add(loaded->spaces, &record);
	}
	if (rc < 0)
		loaded->partial = ev_printf("%s", damage.text);
	ev_decoder_close(decoder);
	*ev_array_add(cuts) = UINT64_MAX;
	ev_space_set_build_ids(loaded->spaces, loaded->recording);
	ev_space_set_ready(loaded->spaces);
}

/* ---- second walk: samples ----------------------------------------------------------------------
 */

struct walker {
	pthread_t thread;
	bool started;
	struct ev_reader *reader;
	struct ev_profile *profile;
	struct sample_sink sink;
	const struct loaded *loaded;
};

static void *walk_samples(void *argument)
{
	struct walker *walker = argument;
	struct ev_decoder *decoder = ev_decoder_open(walker->loaded->recording);
	struct ev_raw raw;
	bool reads = walker->sink.options->reads;
	/* Damage was told by the first walk, which stopped at the same place. */
	while (ev_reader_next(walker->reader, &raw, NULL) > 0) {
		if (raw.type != PERF_RECORD_SAMPLE)
			continue;
		if (reads)
			sample_take_reads(&walker->sink, decoder, &raw);
		else
			sample_take(&walker->sink, decoder, &raw);
	}
	ev_decoder_close(decoder);
	return NULL;
}

/* The bytes from cuts[first] to cuts[last] for one thread. */
static int walker_open(struct walker *walker, const struct loaded *loaded, const offsets *cuts,
		       size_t first, size_t last, const struct sample_options *options)
{
	walker->loaded = loaded;
	walker->profile = ev_profile_open();
	walker->profile->detail_mask = loaded->profile->detail_mask;
	walker->profile->of_branches = loaded->profile->of_branches;
	sample_sink_open(&walker->sink, options, loaded->recording, loaded->spaces,
			 walker->profile);
	return ev_reader_part(loaded->reader, cuts->items[first], cuts->items[last],
			      &walker->reader, NULL);
}

static int walk_in_parts(struct loaded *loaded, const offsets *cuts, size_t threads,
			 const struct sample_options *options)
{
	struct walker *walkers = ev_alloc(threads * sizeof(*walkers));
	size_t parts = cuts->count - 1;
	int rc = 0;
	for (size_t i = 0; i < threads && !rc; i++)
		rc = walker_open(&walkers[i], loaded, cuts, parts * i / threads,
				 parts * (i + 1) / threads, options);
	for (size_t i = 1; i < threads && !rc; i++)
		walkers[i].started =
			!pthread_create(&walkers[i].thread, NULL, walk_samples, &walkers[i]);
	for (size_t i = 0; i < threads && !rc; i++)
		if (!walkers[i].started)
			walk_samples(&walkers[i]);
	for (size_t i = 0; i < threads; i++) {
		if (walkers[i].started)
			pthread_join(walkers[i].thread, NULL);
		if (!rc)
			ev_profile_merge(loaded->profile, walkers[i].profile);
		ev_profile_close(walkers[i].profile);
		sample_sink_close(&walkers[i].sink);
		ev_reader_close(walkers[i].reader);
	}
	free(walkers);
	return rc;
}

static int walk_in_sequence(struct loaded *loaded, const struct sample_options *options,
			    struct ev_err *err)
{
	int rc = ev_reader_rewind(loaded->reader, err);
	if (rc)
		return rc;
	struct walker *walker = ev_alloc(sizeof(*walker));
	walker->loaded = loaded;
	walker->reader = loaded->reader;
	sample_sink_open(&walker->sink, options, loaded->recording, loaded->spaces,
			 loaded->profile);
	walk_samples(walker);
	sample_sink_close(&walker->sink);
	free(walker);
	return 0;
}

/* ---- counts that samples carry -----------------------------------------------------------------
 */

static int open_reads(struct loaded *loaded, const struct load_options *options,
		      struct sample_options *wanted, struct ev_err *err)
{
	const struct option_list *asked = options->ratios;
	size_t count = asked ? asked->count : 0;
	int rc = 0;
	if (!options->reads)
		return 0;
	if (count && !ev_recording_has_reads(loaded->recording))
		return ev_fail(err, EINVAL,
			       "--ratio %s: nothing was counted together in this recording; record "
			       "a group: evprof record -e '{a,b}:S'",
			       asked->items[0].text);
	if (!ev_recording_has_reads(loaded->recording))
		return 0;
	for (size_t i = 0; i < count && !rc; i++)
		rc = ev_ratios_add(&loaded->ratios, loaded->recording, asked->items[i].text, err);
	if (!count)
		ev_ratios_find(&loaded->ratios, loaded->recording);
	wanted->ratios = &loaded->ratios;
	wanted->joints = &loaded->joints;
	wanted->reads = ev_reads_open(loaded->recording);
	return rc;
}

static void close_reads(struct loaded *loaded, struct ev_reads *reads)
{
	if (reads)
		loaded->reads = ev_reads_tally(reads);
	ev_reads_close(reads);
}

/* ---- opening -----------------------------------------------------------------------------------
 */

/* Copies stdin into an unnamed file; its descriptor or -errno. */
static int spool_stdin(struct ev_err *err)
{
	char *bytes = ev_alloc(1 << 20);
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		fd = memfd_create("evprof", MFD_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : 0;
	while (fd >= 0 && (got = read(STDIN_FILENO, bytes, 1 << 20)) > 0) {
		for (ssize_t done = 0, put; done < got; done += put)
			if ((put = write(fd, bytes + done, (size_t)(got - done))) < 0) {
				got = -1;
				break;
			}
		if (got < 0)
			break;
	}
	free(bytes);
	if (got < 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		return ev_fail(err, error, "could not keep the recording from stdin: %s",
			       strerror(error));
	}
	return fd;
}

static int open_recording(struct loaded *loaded, const char *path, struct ev_err *err)
{
	if (strcmp(path, "-"))
		return ev_reader_open(&loaded->reader, path, err);
	int fd = spool_stdin(err);
	if (fd < 0)
		return fd;
	char *name = ev_printf("/proc/self/fd/%d", fd);
	int rc = ev_reader_open(&loaded->reader, name, err);
	free(name);
	close(fd);
	return rc;
}

static char *why_unfinished(const struct ev_recording *recording)
{
	const char *note = ev_recording_note(recording, EV_NOTE_PARTIAL, NULL);
	if (note)
		return ev_printf("%.*s", (int)strcspn(note, "\n"), note);
	return ev_strdup("the recorder did not end it; it is complete up to its last flush");
}

static bool carries_stacks(const struct ev_recording *recording)
{
	uint64_t needed = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	for (size_t i = 0; i < recording->event_count; i++)
		if ((recording->events[i].attr.sample_type & needed) == needed)
			return true;
	return false;
}

int load(struct loaded *loaded, const char *path, const struct load_options *options,
	 struct ev_err *err)
{
	struct sample_options wanted = { .load = options };
	*loaded = (struct loaded){ 0 };
	int rc = time_range_parse(&wanted.time, options->time, err);
	if (rc)
		return rc;
	rc = open_recording(loaded, path, err);
	if (rc)
		return rc;
	loaded->recording = ev_reader_recording(loaded->reader);
	loaded->spaces = ev_space_set_open();
	loaded->profile = ev_profile_open();
	loaded->profile->detail_mask = options->details;
	loaded->profile->of_branches = options->by_branch;
	loaded->profile->of_weights = options->by_weight;
	loaded->profile->has_history = options->branch_history;
	if (options->details & (EV_DETAIL_BIT(CGROUP) | EV_DETAIL_BIT(CGROUP_SPACE)))
		wanted.groups = loaded->groups = sample_groups_open();
	offsets cuts = { 0 };
	walk_sideband(loaded, &cuts, wanted.time.of_whole && !loaded->recording->last_time_ns);
	if (loaded->groups)
		sample_groups_ready(loaded->groups);
	time_range_resolve(&wanted.time, loaded->recording->first_time_ns,
			   loaded->recording->last_time_ns);
	loaded->profile->event_count = (uint32_t)loaded->recording->event_count;
	loaded->profile->slice_ns = options->slice_ns;
	wanted.unwind = options->stacks && carries_stacks(loaded->recording);
	size_t threads = options->threads ? options->threads : ev_cpus_online();
	if (threads > cuts.count - 1)
		threads = cuts.count - 1;
	rc = open_reads(loaded, options, &wanted, err);
	if (wanted.reads)
		threads = 1; /* a sample's counts are compared with those of the one before */
	bool parts = threads > 1 && ev_reader_can_split(loaded->reader);
	if (!rc && (!parts || walk_in_parts(loaded, &cuts, threads, &wanted)))
		rc = walk_in_sequence(loaded, &wanted, err);
	close_reads(loaded, wanted.reads);
	ev_array_done(&cuts);
	if (loaded->recording->unfinished && !loaded->partial)
		loaded->partial = why_unfinished(loaded->recording);
	if (rc)
		loaded_done(loaded);
	return rc;
}

void loaded_done(struct loaded *loaded)
{
	if (loaded->profile)
		ev_profile_close(loaded->profile);
	if (loaded->spaces)
		ev_space_set_close(loaded->spaces);
	if (loaded->reader)
		ev_reader_close(loaded->reader);
	ev_ratios_done(&loaded->ratios);
	ev_joints_done(&loaded->joints);
	sample_groups_close(loaded->groups);
	free(loaded->partial);
	*loaded = (struct loaded){ 0 };
}
