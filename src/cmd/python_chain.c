/* A merged chain becomes one of Python's frames alone, or one in which they are the interpreter's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "python_chain.h"

int python_frames_parse(enum python_frames *frames, const char *word, struct ev_err *err)
{
	static const char *const words[] = {
		[PYTHON_MERGED] = "merged", [PYTHON_ONLY] = "only", [PYTHON_OFF] = "off"
	};
	for (size_t i = 0; i < EV_LENGTH(words); i++) {
		if (strcmp(word, words[i]))
			continue;
		*frames = (enum python_frames)i;
		return 0;
	}
	return ev_fail(err, EINVAL, "--python is merged, only or off, not '%s'", word);
}

int python_frames_check(enum python_frames frames, const struct ev_recording *recording,
			struct ev_err *err)
{
	if (frames != PYTHON_ONLY || ev_recording_section(recording, EV_FEATURE_EVPROF_PYTHON))
		return 0;
	return ev_fail(err, ENODATA,
		       "the recording has no Python functions, for --python only; Python programs "
		       "are recorded with: evprof record python3 PROGRAM.py");
}

void python_frames_prepare(enum python_frames frames, struct ev_space_set *spaces)
{
	struct ev_record mapping;
	if (frames != PYTHON_ONLY)
		return;
	ev_python_native_mapping(&mapping);
	ev_space_set_add(spaces, &mapping);
	ev_space_set_ready(spaces);
}

static bool is_python(uint64_t address)
{
	return address >= EV_PYTHON_BASE && address < EV_PYTHON_BASE + EV_PYTHON_LENGTH;
}

static bool is_marker(uint64_t address)
{
	return address >= (uint64_t)PERF_CONTEXT_MAX;
}

/* Python's addresses, or what says that there are none. */
static size_t keep_python(uint64_t *out, const struct ev_sample *sample)
{
	size_t kept = 1;
	out[0] = (uint64_t)PERF_CONTEXT_USER;
	for (size_t i = 0; i < sample->chain_count; i++)
		if (is_python(sample->chain[i]))
			out[kept++] = sample->chain[i];
	if (kept == 1 && is_python(sample->ip))
		out[kept++] = sample->ip;
	if (kept > 1)
		return kept;
	out[0] = (uint64_t)PERF_CONTEXT_KERNEL;
	out[1] = EV_PYTHON_NATIVE;
	return 2;
}

/* Neighbours of Python become one frame, however many functions they were. */
static size_t fold_python(uint64_t *out, const struct ev_sample *sample)
{
	size_t kept = 0;
	bool open = false;
	for (size_t i = 0; i < sample->chain_count; i++) {
		bool python = is_python(sample->chain[i]);
		if (python && open)
			continue;
		out[kept++] = python ? EV_PYTHON_ANY : sample->chain[i];
		open = python;
	}
	return kept;
}

static uint64_t first_address(const uint64_t *chain, size_t count, uint64_t otherwise)
{
	for (size_t i = 0; i < count; i++)
		if (!is_marker(chain[i]))
			return chain[i];
	return otherwise;
}

void python_chain_adapt(struct python_chain *chain, enum python_frames frames,
			struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	if (frames == PYTHON_MERGED)
		return;
	if (chain->room < sample->chain_count + 2) {
		chain->room = 2 * sample->chain_count + 2;
		chain->addresses =
			ev_realloc(chain->addresses, chain->room * sizeof(*chain->addresses));
	}
	bool had_chain = sample->chain_count;
	size_t count = frames == PYTHON_ONLY ? keep_python(chain->addresses, sample)
					     : fold_python(chain->addresses, sample);
	if (frames == PYTHON_ONLY) {
		bool outside = chain->addresses[1] == EV_PYTHON_NATIVE;
		sample->ip = chain->addresses[1];
		record->misc =
			(uint16_t)((record->misc & ~PERF_RECORD_MISC_CPUMODE_MASK) |
				   (outside ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER));
		sample->user_regs_mask = 0; /* no caller that the link register names */
	} else {
		sample->ip = is_python(sample->ip)
				     ? EV_PYTHON_ANY
				     : first_address(chain->addresses, count, sample->ip);
	}
	if (!had_chain)
		return;
	sample->chain = chain->addresses;
	sample->chain_count = count;
}

void python_chain_done(struct python_chain *chain)
{
	free(chain->addresses);
	*chain = (struct python_chain){ 0 };
}
