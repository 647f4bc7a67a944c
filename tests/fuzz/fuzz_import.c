/* Other profilers' files: whatever they hold, what comes out are records that can be encoded, the
 * same in a second reading, and symbols that can be decoded. */
#include <stdlib.h>
#include <string.h>
#include <evprof/import.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

struct taken {
	const struct ev_recording *recording;
	uint64_t records, sum;
};

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct taken *taken = context;
	struct ev_buffer out = { 0 };
	if (record->event < 0 || (size_t)record->event >= taken->recording->event_count)
		abort();
	int rc = ev_encode(taken->recording, record, &out, err);
	taken->records++;
	for (size_t i = 0; i < out.size_bytes; i++)
		taken->sum = taken->sum * 31 + out.bytes[i];
	ev_buffer_done(&out);
	return rc;
}

static struct taken read_all(const uint8_t *bytes, size_t size_bytes, enum ev_import_format format)
{
	struct ev_import_options options = { .format = format, .comm_first = size_bytes & 1 };
	struct ev_recording recording = { 0 };
	struct ev_buffer symbols = { 0 };
	struct ev_import *import = NULL;
	struct taken taken = { .recording = &recording };
	struct ev_err err = { 0 };
	if (ev_import_open(&import, bytes, size_bytes, &options, &err)) {
		if (!*err.text)
			abort();
		return taken;
	}
	ev_import_events(import, &recording);
	if (ev_import_give(import, &recording, take, &taken, &err) && !*err.text)
		abort();
	ev_import_symbols(import, &symbols);
	taken.sum += ev_hash_bytes(symbols.bytes, symbols.size_bytes);
	if (!ev_import_samples(import) || !taken.records)
		taken.sum++;
	ev_buffer_done(&symbols);
	ev_recording_done(&recording);
	ev_import_close(import);
	return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	for (int format = EV_IMPORT_UNKNOWN; format < EV_IMPORT_FORMATS; format++) {
		struct taken one = read_all(bytes, size_bytes, (enum ev_import_format)format);
		struct taken other = read_all(bytes, size_bytes, (enum ev_import_format)format);
		if (one.records != other.records || one.sum != other.sum)
			abort();
	}
	return 0;
}
