/* Reads a recording twice: first the few records that say what was mapped where, then the samples,
 * on several CPUs at once, in any order, each into the profile of its thread. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <evprof/collect.h>
#include <evprof/profile.h>
#include <evprof/tables.h>
#include "load.h"
#include "options.h"
#include "sample_details.h"
#include "samples.h"
#include "sideband.h"

#define PYTHON_BLOCKS 1000 /* of the time, for when memory grew */

/* ---- second walk: samples ----------------------------------------------------------------------
 */

enum { BATCH = 32 };

struct walker {
	pthread_t thread;
	bool started;
	size_t index, count; /* of all walkers, which stand in one array */
	struct ev_reader *reader;
	struct ev_profile *profile;
	struct sample_sink sink;
	struct loaded *loaded;
};

static void walk_samples(struct walker *walker)
{
	struct ev_decoder *decoder = ev_decoder_open(walker->loaded->recording);
	struct ev_raw raws[BATCH];
	uint64_t place = ev_reader_tell(walker->reader);
	for (;;) {
		uint64_t now = ev_reader_tell(walker->reader);
		progress_add(&walker->loaded->progress, now - place);
		place = now;
		if (!walker->index)
			progress_tell(&walker->loaded->progress);
		size_t count = ev_reader_batch(walker->reader, raws, BATCH);
		/* Damage was told by the first walk, which stopped at the same place. */
		if (!count && ev_reader_next(walker->reader, raws, NULL) <= 0)
			break;
		sample_take_all(&walker->sink, decoder, raws, count ? count : 1);
	}
	sample_end(&walker->sink, decoder);
	sample_sink_close(&walker->sink);
	ev_decoder_close(decoder);
}

/* Walks, and takes over what others found, so that all is in the first one's at the end:
 *
 *   0 ◀── 1   2 ◀── 3   4 ◀── 5
 *   0 ◀────── 2         4
 *   0 ◀──────────────── 4           */
static void *walk_and_merge(void *argument)
{
	struct walker *walker = argument;
	walk_samples(walker);
	for (size_t step = 1; !(walker->index & step) && walker->index + step < walker->count;
	     step *= 2) {
		struct walker *other = walker + step;
		if (other->started)
			pthread_join(other->thread, NULL);
		else
			walk_and_merge(other);
		ev_profile_merge(walker->profile, other->profile);
		ev_profile_close(other->profile);
		other->profile = NULL;
	}
	return NULL;
}

/* The bytes from cuts[first] to cuts[last] for one thread. */
static int walker_open(struct walker *walker, struct loaded *loaded, const offsets *cuts,
		       size_t first, size_t last, const struct sample_options *options)
{
	walker->loaded = loaded;
	walker->profile = walker->index ? ev_profile_open() : loaded->profile;
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
	struct walker *walkers = ev_alloc_touched(threads * sizeof(*walkers));
	size_t parts = cuts->count - 1;
	int rc = 0;
	for (size_t i = 0; i < threads && !rc; i++) {
		walkers[i].index = i;
		walkers[i].count = threads;
		rc = walker_open(&walkers[i], loaded, cuts, parts * i / threads,
				 parts * (i + 1) / threads, options);
	}
	/* The last first: it is waited for by one that may not yet run. */
	for (size_t i = threads; i-- > 1 && !rc;)
		walkers[i].started =
			!pthread_create(&walkers[i].thread, NULL, walk_and_merge, &walkers[i]);
	if (!rc)
		walk_and_merge(&walkers[0]);
	for (size_t i = 0; i < threads; i++) {
		if (rc)
			sample_sink_close(&walkers[i].sink);
		if (i)
			ev_profile_close(walkers[i].profile);
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
	struct walker *walker = ev_alloc_touched(sizeof(*walker));
	walker->loaded = loaded;
	walker->reader = loaded->reader;
	sample_sink_open(&walker->sink, options, loaded->recording, loaded->spaces,
			 loaded->profile);
	walk_samples(walker);
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
	struct progress_work *work = progress_work_begin("reading standard input", NULL);
	int fd = spool_stdin(err);
	progress_work_end(work);
	if (fd < 0)
		return fd;
	char *name = ev_printf("/proc/self/fd/%d", fd);
	int rc = ev_reader_open(&loaded->reader, name, err);
	free(name);
	close(fd);
	return rc;
}

int load_reader(struct ev_reader **reader, const char *path, struct ev_err *err)
{
	struct loaded loaded = { 0 };
	int rc = open_recording(&loaded, path, err);
	*reader = loaded.reader;
	return rc;
}

char *load_why_unfinished(const struct ev_recording *recording)
{
	const char *note = ev_recording_note(recording, EV_NOTE_PARTIAL, NULL);
	if (note)
		return ev_printf("%.*s", (int)strcspn(note, "\n"), note);
	return ev_strdup("the recorder did not end it; it is complete up to its last flush");
}

/* *all, unless NULL: every call chain of the recording is such a copy. */
bool load_carries_stacks(const struct ev_recording *recording, bool *all)
{
	uint64_t needed = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	bool any = false, only = true;
	for (size_t i = 0; i < recording->event_count; i++) {
		const struct perf_event_attr *attr = &recording->events[i].attr;
		bool has_samples =
			attr->type != PERF_TYPE_SOFTWARE || attr->config != PERF_COUNT_SW_DUMMY;
		if ((attr->sample_type & needed) == needed)
			any = true;
		else if (has_samples && attr->sample_type & PERF_SAMPLE_CALLCHAIN)
			only = false;
	}
	if (all)
		*all = only;
	return any;
}

/* Names for how stacks may end that are unwound now. Those that were unwound when they were
 * recorded brought theirs with them. */
static void name_ends(struct loaded *loaded)
{
	const struct ev_recording *recording = loaded->recording;
	uint32_t objects = ev_space_set_object_count(loaded->spaces);
	EV_ARRAY(struct ev_stack_end) ends = { 0 };
	struct ev_arena arena = { 0 };
	for (size_t i = 0; i < recording->event_count; i++)
		*ev_array_add(&ends) =
			(struct ev_stack_end){ EV_UNWOUND_TRUNCATED,
					       recording->events[i].attr.sample_stack_user };
	*ev_array_add(&ends) = (struct ev_stack_end){ EV_UNWOUND_TOO_DEEP, 0 };
	*ev_array_add(&ends) = (struct ev_stack_end){ EV_UNWOUND_BROKEN, 0 };
	for (uint32_t i = 0; i < EV_GENERATED_COUNT; i++)
		*ev_array_add(&ends) = (struct ev_stack_end){ EV_UNWOUND_NO_OBJECT, i };
	for (uint32_t i = 0; i < objects; i++)
		*ev_array_add(&ends) = (struct ev_stack_end){ EV_UNWOUND_NO_CFI, i };
	for (size_t i = 0; i < ends.count; i++) {
		struct ev_record mapping;
		ev_stack_end_mapping(&mapping, loaded->spaces, ends.items[i], &arena);
		ev_space_set_add(loaded->spaces, &mapping);
	}
	ev_space_set_ready(loaded->spaces);
	ev_arena_done(&arena);
	ev_array_done(&ends);
}

/* Was every chain of the recording unwound from copies? */
static bool was_unwound(const struct ev_recording *recording)
{
	return ev_recording_note(recording, EV_NOTE_STACKS, NULL);
}

/* Equal parts of the time that is looked at. */
static void choose_blocks(struct sample_options *wanted, const struct ev_recording *recording)
{
	uint64_t from = recording->first_time_ns, to = recording->last_time_ns;
	if (!wanted->load->blocks)
		return;
	if (wanted->time.from_ns > from)
		from = wanted->time.from_ns;
	if (wanted->time.to_ns < to)
		to = wanted->time.to_ns;
	wanted->blocks_from_ns = from;
	wanted->block_ns = (to > from ? to - from : 0) / wanted->load->blocks + 1;
}

/* What lines of Python need besides. */
static void want_python(struct load_options *options, const struct ev_recording *recording)
{
	if (!options->python_lines || !ev_recording_section(recording, EV_FEATURE_EVPROF_PYTHON))
		return;
	options->stacks = true;
	for (size_t i = 0; i < recording->event_count && !options->blocks; i++)
		if (ev_event_is_page_fault(&recording->events[i].attr))
			options->blocks = PYTHON_BLOCKS;
}

int load(struct loaded *loaded, const char *path, const struct load_options *asked,
	 struct ev_err *err)
{
	struct load_options own = *asked;
	const struct load_options *options = &own;
	struct sample_options wanted = { .load = options };
	*loaded = (struct loaded){ 0 };
	int rc = time_range_parse(&wanted.time, options->time, err);
	if (rc)
		return rc;
	rc = open_recording(loaded, path, err);
	if (rc)
		return rc;
	loaded->recording = ev_reader_recording(loaded->reader);
	want_python(&own, loaded->recording);
	loaded->spaces = ev_space_set_open();
	loaded->profile = ev_profile_open();
	loaded->profile->detail_mask = options->details;
	loaded->profile->of_branches = options->by_branch;
	loaded->profile->of_weights = options->by_weight;
	loaded->profile->has_history = options->branch_history;
	if (options->details & (EV_DETAIL_BIT(CGROUP) | EV_DETAIL_BIT(CGROUP_SPACE)))
		wanted.groups = loaded->groups = sample_groups_open();
	size_t threads = options->threads ? options->threads : ev_cpus_online();
	offsets cuts = { 0 };
	/* Every byte is walked over twice. */
	progress_begin(&loaded->progress, "reading the recording",
		       2 * ev_reader_size(loaded->reader));
	walk_sideband(loaded, &cuts,
		      (wanted.time.of_whole || options->blocks ||
		       (loaded->recording->pipe && options->python_lines)) &&
			      !loaded->recording->last_time_ns,
		      threads, options->symbols);
	want_python(&own, loaded->recording); /* a stream tells it at its end */
	if (loaded->groups)
		sample_groups_ready(loaded->groups);
	time_range_resolve(&wanted.time, loaded->recording->first_time_ns,
			   loaded->recording->last_time_ns);
	python_frames_prepare(options->python, loaded->spaces);
	choose_blocks(&wanted, loaded->recording);
	loaded->profile->blocks_from_ns = wanted.blocks_from_ns;
	loaded->profile->block_ns = wanted.block_ns;
	loaded->profile->event_count = (uint32_t)loaded->recording->event_count;
	loaded->profile->slice_ns = options->slice_ns;
	ev_profile_origin(loaded->profile, path, loaded->recording->hostname);
	bool all;
	struct ev_unwinder *unwinder = NULL;
	wanted.unwound = options->stacks && (options->unwound || was_unwound(loaded->recording));
	if (load_carries_stacks(loaded->recording, &all) && options->stacks) {
		name_ends(loaded);
		unwinder = ev_unwinder_open(loaded->spaces, loaded->recording, options->symbols);
	}
	wanted.unwinder = unwinder;
	loaded->profile->quality.ends_known =
		wanted.unwound || (unwinder && all) || options->python == PYTHON_ONLY;
	loaded->profile->tell_ends = options->stacks && !loaded->profile->quality.ends_known &&
				     !options->chain_limit && !options->branch_history &&
				     !ev_recording_note(loaded->recording, EV_NOTE_IMPORTED, NULL);
	if (threads > cuts.count - 1)
		threads = cuts.count - 1;
	rc = open_reads(loaded, options, &wanted, err);
	wanted.deferred = loaded->has_deferred;
	if (wanted.reads || wanted.deferred)
		threads = 1; /* what a sample counts, or its chain, is told by others around it */
	bool parts = threads > 1 && ev_reader_can_split(loaded->reader);
	if (!rc && (!parts || walk_in_parts(loaded, &cuts, threads, &wanted)))
		rc = walk_in_sequence(loaded, &wanted, err);
	progress_end(&loaded->progress);
	ev_unwinder_close(unwinder);
	close_reads(loaded, wanted.reads);
	malloc_trim(0); /* what the walks needed is not needed by what follows */
	ev_array_done(&cuts);
	if (loaded->recording->unfinished && !loaded->partial)
		loaded->partial = load_why_unfinished(loaded->recording);
	if (rc)
		loaded_done(loaded);
	return rc;
}

void loaded_shrink(struct loaded *loaded)
{
	if (loaded->profile)
		ev_profile_close(loaded->profile);
	if (loaded->spaces)
		ev_space_set_close(loaded->spaces);
	ev_ratios_done(&loaded->ratios);
	ev_joints_done(&loaded->joints);
	sample_groups_close(loaded->groups);
	loaded->profile = NULL;
	loaded->spaces = NULL;
}

void loaded_done(struct loaded *loaded)
{
	loaded_shrink(loaded);
	if (loaded->reader)
		ev_reader_close(loaded->reader);
	free(loaded->partial);
	*loaded = (struct loaded){ 0 };
}
