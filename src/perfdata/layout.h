/* What a perf.data file looks like on disk, and the functions that files of this folder share. */
#ifndef EVPROF_PERFDATA_LAYOUT_H
#define EVPROF_PERFDATA_LAYOUT_H

#include <sys/types.h>
#include <evprof/perfdata.h>

/* File layout, every number a u64 of the file's byte order:
 *
 *   0 magic  8 header size  16 size of one attr entry  24 attrs  40 data  56 event types
 *   72 feature bits (four words)  104 ids, attrs, data, then one place per feature bit, features
 *
 * "attrs", "data" and so on are places: offset, size. The pipe layout is the first two words,
 * header size 16, and records. */
enum {
	EV_FILE_HEADER_BYTES = 104,
	EV_PIPE_HEADER_BYTES = 16,
	EV_FILE_HEADER_DATA_AT = 40,
	EV_PLACE_BYTES = 16,
	EV_ATTR_BYTES_MIN = PERF_ATTR_SIZE_VER0,
	EV_ATTR_BYTES_MAX = 4096,        /* an attribute of the far future; more is damage */
	EV_ATTR_BYTES_WRITTEN = 128,     /* older readers refuse more */
	EV_TEXT_ALIGN = 64,              /* texts in features are padded to this */
	EV_RECORD_BYTES_MAX = 65535,     /* a record's size is a u16 */
	EV_UNPACKED_BYTES_MAX = 1 << 20, /* of one COMPRESSED record, as the file says it */
};
#define EV_MAGIC "PERFILE2"
#define EV_MAGIC_V1 "PERFFILE"

struct ev_file_place {
	uint64_t offset, size_bytes;
};

static inline size_t ev_align8(size_t size_bytes)
{
	return (size_bytes + 7) & ~(size_t)7;
}

/* ---- attr.c --------------------------------------------------------------------------------- */

/* Fill `attr` from the next room_bytes of the cursor, in which the attribute says its own size.
 * Returns that size limited to the room, 0 when there is no attribute. */
size_t ev_attr_decode(struct ev_cursor *cursor, size_t room_bytes, struct perf_event_attr *attr);
size_t ev_attr_size(const struct perf_event_attr *attr); /* bytes that ev_attr_encode adds */
void ev_attr_encode(const struct perf_event_attr *attr, size_t size_bytes, struct ev_buffer *out);

/* ---- source.c: a file, a pipe, memory, or several files ------------------------------------- */

struct ev_source {
	int fd; /* -1 for memory */
	const uint8_t *memory;
	uint64_t size_bytes; /* of all of it; 0 for a pipe */
	bool seekable, owned;
	uint64_t first_bytes; /* of the first file */
	struct ev_source_piece {
		int fd;
		uint64_t from, size_bytes; /* as if it stood behind the one before */
	} * pieces; /* files with nothing but records, as they follow one another */
	size_t piece_count;
};
int ev_source_open(struct ev_source *source, const char *path, struct ev_err *err);
/* As many bytes as there are, up to size_bytes; 0 at the end; -errno. The first reads anywhere in
 * a seekable source, the second goes on in a pipe. */
ssize_t ev_source_read_at(const struct ev_source *source, uint64_t offset, void *bytes,
			  size_t size_bytes);
ssize_t ev_source_read_more(const struct ev_source *source, void *bytes, size_t size_bytes);
/* Where the file ends that `offset` is in (or behind), and where the next one begins: UINT64_MAX
 * behind the last. */
uint64_t ev_source_end(const struct ev_source *source, uint64_t offset);
uint64_t ev_source_next(const struct ev_source *source, uint64_t offset);
void ev_source_close(struct ev_source *source);

/* ---- folder.c -------------------------------------------------------------------------------- */

/* `path` is only what messages call it. Nothing is left open on failure. */
int ev_source_open_folder(struct ev_source *source, int folder, const char *path,
			  struct ev_err *err);

/* ---- window.c: the bytes of a source, a large piece at a time -------------------------------- */

struct ev_window {
	const struct ev_source *source;
	uint64_t end; /* no bytes from here on */
	uint8_t *buffer;
	size_t at, filled; /* [at, filled) of the buffer is still to be used */
	uint64_t base;     /* place of buffer[0] in the source */
	bool drained;      /* a pipe has ended */
};
void ev_window_open(struct ev_window *window, const struct ev_source *source, uint64_t begin,
		    uint64_t end);
/* Bytes at buffer + at: at least `need` of them (no more than a record), fewer only where the
 * source ends; -errno. Pointers into the buffer are good until the next call. */
ssize_t ev_window_ready(struct ev_window *window, size_t need);
/* Go over bytes that are no records; what they are is added to `keep` unless it is NULL. false when
 * the source ends before. */
bool ev_window_skip(struct ev_window *window, uint64_t size_bytes, struct ev_buffer *keep);
/* Go on at another place of a seekable source. */
void ev_window_move(struct ev_window *window, uint64_t place);
void ev_window_close(struct ev_window *window);

/* ---- recording.c, features.c, metadata.c, header.c: what describes it -------------------------
 */

/* ev_recording_set_section for bytes that already live in the recording's arena. */
void ev_recording_put_section(struct ev_recording *recording, unsigned number, const void *bytes,
			      size_t size_bytes);
/* A feature's bytes (from a section or a HEADER_FEATURE record) into the recording's fields. */
void ev_feature_decode(struct ev_recording *recording, unsigned number, const void *bytes,
		       size_t size_bytes);
/* The typed fields as the bytes of a feature section; false when the recording has none. */
bool ev_feature_encode(const struct ev_recording *recording, unsigned number,
		       struct ev_buffer *out);
/* One build_id_event, of a section or a HEADER_BUILD_ID record (header included). */
bool ev_build_id_decode(struct ev_recording *recording, struct ev_cursor cursor);
/* Apply a record that describes the recording, of whatever type; true when it was one. */
bool ev_metadata_apply(struct ev_recording *recording, const struct ev_raw *raw);
/* Does a record of this type describe the recording rather than what happened? */
bool ev_metadata_is(uint32_t type);

struct ev_file_header {
	uint64_t data_begin, data_end;
	bool data_open_ended; /* its size was never written: it ends where the file does */
};
/* Read all that stands outside the data section. */
int ev_file_header_read(const struct ev_source *source, struct ev_recording *recording,
			struct ev_file_header *header, struct ev_err *err);

/* ---- tail.c: the sections that only evprof knows, at the end of a file -------------------------
 */

/* They have no bits in the header: perf inject looks such bits up behind the end of its table, and
 * crashes. Behind everything else stand their bytes; for each u64 number, offset, bytes; then u64
 * offset of these entries, how many, EV_TAIL_MAGIC. */
#define EV_TAIL_MAGIC 0x4c4941544c494154ULL
enum { EV_FEATURE_EVPROF_FIRST = EV_FEATURE_EVPROF_SYMBOLS, EV_TAIL_ENTRY_BYTES = 24 };
/* To be added to what is in `out`, which will stand at `at` in the file. */
void ev_tail_add(const struct ev_recording *recording, uint64_t at, struct ev_buffer *out);
/* The last EV_TAIL_ENTRY_BYTES of a file of size_bytes -> where its entries are; false when it has
 * none. */
bool ev_tail_find(const void *bytes, uint64_t size_bytes, bool swapped,
		  struct ev_file_place *entries);

/* The section numbers of evprof do not fit into HEADER_FEATURE records: perf refuses numbers it
 * does not know. They travel in records of the dead type HEADER_EVENT_TYPE, which all skip:
 * header, u64 EV_PIECE_MAGIC, u32 number, u32 bytes here, u64 bytes in all, bytes. */
#define EV_PIECE_MAGIC 0x31464f5250564500ULL
enum { EV_PIECE_HEADER_BYTES = 32, EV_PIECE_BYTES_MAX = 60000 };
/* More of a section that is not whole yet, in the same records: header, u64 EV_GROWTH_MAGIC, u32
 * number, u32 bytes, bytes. */
#define EV_GROWTH_MAGIC 0x31574f5247564500ULL
enum { EV_GROWTH_HEADER_BYTES = 24 };
void ev_growth_records(unsigned number, const void *bytes, size_t size_bytes,
		       struct ev_buffer *out);

/* ---- unpack.c: COMPRESSED and COMPRESSED2 records -> the records in them -------------------- */

struct ev_unpacker;
struct ev_unpacker *ev_unpacker_open(void);
/* The packed bytes of the next chunk; they must stay until ev_unpacker_next has answered 0. */
void ev_unpacker_feed(struct ev_unpacker *unpacker, const void *bytes, size_t size_bytes);
/* 1 and the next whole record, 0 when more must be fed, -EINVAL for damage. */
int ev_unpacker_next(struct ev_unpacker *unpacker, bool swapped, const void **record,
		     size_t *size_bytes, struct ev_err *err);
/* Is there a record of which a part is still missing? */
bool ev_unpacker_partial(const struct ev_unpacker *unpacker);
void ev_unpacker_reset(struct ev_unpacker *unpacker);
void ev_unpacker_close(struct ev_unpacker *unpacker);

/* ---- pack.c: the inverse -------------------------------------------------------------------- */

struct ev_packer;
int ev_packer_open(struct ev_packer **packer, int level, struct ev_err *err);
/* Up to EV_UNPACKED_BYTES_MAX bytes become one or more COMPRESSED records in `out`. */
int ev_packer_add(struct ev_packer *packer, const void *bytes, size_t size_bytes,
		  struct ev_buffer *out, struct ev_err *err);
void ev_packer_close(struct ev_packer *packer);

/* ---- describe.c: records that say what a recording says about itself ------------------------- */

/* HEADER_ATTR for every event. */
int ev_describe_attrs(const struct ev_recording *recording, size_t attr_bytes,
		      struct ev_buffer *out, struct ev_err *err);
/* EVENT_UPDATE with the name of every event. */
void ev_describe_names(const struct ev_recording *recording, struct ev_buffer *out);
/* The notes as records: with them an unfinished file still tells what was given up. */
void ev_describe_notes(const struct ev_recording *recording, struct ev_buffer *out);
/* HEADER_FEATURE for those features that `told` does not name yet; at the end also the sections
 * that only evprof knows, and the build-ids. */
void ev_describe_features(const struct ev_recording *recording, uint64_t told[4], bool at_end,
			  struct ev_buffer *out);
/* The bytes of a feature, from the typed fields or, where they have nothing, as set. */
bool ev_feature_bytes(const struct ev_recording *recording, unsigned number, struct ev_buffer *out);

/* ---- output.c: the file being written ------------------------------------------------------- */

struct ev_output {
	int fd;
	char *path;       /* where the file belongs */
	char *draft_path; /* where it stands until it is published, NULL from then on */
	char *old_path;   /* where that went which stood at the path, NULL when nothing did */
	char *older_path; /* where that waits which stood at path.old, NULL when nothing does */
	uint64_t end;     /* of what was appended */
	bool is_stdout;
	bool seekable;
};
/* The file gets a name of its own beside the path; nothing else is touched. */
int ev_output_open(struct ev_output *output, const char *path, bool sudo_owner, struct ev_err *err);
/* Put it at its path; what stood there becomes path.old. Once; where that fails all is as before.
 */
int ev_output_publish(struct ev_output *output, struct ev_err *err);
/* The file is there to stay: what stood at path.old before is given up. */
void ev_output_settle(struct ev_output *output);
/* All of the bytes at the end of the file, or as many as fit and -errno: output->end tells. */
int ev_output_append(struct ev_output *output, const void *bytes, size_t size_bytes,
		     struct ev_err *err);
int ev_output_patch(struct ev_output *output, uint64_t offset, const void *bytes, size_t size_bytes,
		    struct ev_err *err);
/* Forget what stands after `size_bytes`. */
void ev_output_cut(struct ev_output *output, uint64_t size_bytes);
/* Published and settled, if it was not. */
void ev_output_close(struct ev_output *output);
/* The file is gone, and everything else stands where it stood before open; once settled, path.old
 * is what was at the path. */
void ev_output_discard(struct ev_output *output);

/* ---- whole.c --------------------------------------------------------------------------------- */

/* How many of the bytes, which begin with a record, are whole records, with what follows those that
 * have more behind them. */
size_t ev_records_whole(const void *bytes, size_t size_bytes);

/* ---- reader.c ------------------------------------------------------------------------------- */

/* ev_reader_guess for the bytes from..end of a source. */
uint64_t ev_boundary_guess(const struct ev_source *source, bool swapped, uint64_t from,
			   uint64_t end);
/* As ev_reader_open for bytes in memory, which must stay; for tests and fuzzers. */
int ev_reader_open_memory(struct ev_reader **reader, const void *bytes, size_t size_bytes,
			  struct ev_err *err);

/* ---- decoder.c ------------------------------------------------------------------------------ */

#define EV_TRAILER_FIELDS                                                                          \
	(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |             \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER)
#define EV_FIXED_FIELDS (EV_TRAILER_FIELDS | PERF_SAMPLE_IP | PERF_SAMPLE_ADDR | PERF_SAMPLE_PERIOD)
/* Of branch_sample_type, 6.8: a word of counters for every branch after them all. */
#define EV_BRANCH_COUNTERS (1ULL << 19)

/* How the records of one event are laid out. */
struct ev_layout {
	uint64_t sample_type, read_format, branch_type, user_regs, intr_regs;
	uint32_t fixed_bytes;   /* of the fields of EV_FIXED_FIELDS, which open a sample */
	uint32_t trailer_bytes; /* of the sample id, 0 without sample_id_all */
	int id_word;            /* of a sample, -1 when it has no id */
	int id_word_back;       /* from the end of other records, 1 = the last; -1 when none */
	int ip_word, tid_word, time_word, period_word; /* of a sample, -1 when it has none */
	uint64_t is_brief; /* behind the fixed fields of a sample stand its chain and its weight,
			    * or one of them, or nothing */
};
struct ev_layout ev_layout_of(const struct perf_event_attr *attr);

struct ev_decoder {
	const struct ev_recording *recording;
	struct ev_layout *layouts; /* one per event */
	size_t event_count;
	bool uniform;                  /* all events have one layout */
	int *id_words, *id_words_back; /* the different positions, most files have one */
	size_t id_word_count, id_word_back_count;
	struct ev_map ids; /* id -> event */
	struct ev_recent_id {
		uint64_t id;
		uint32_t event_plus1; /* 0: empty */
	} recent[64];
	struct ev_arena scratch;
	bool scratch_used;
};

/* Words that are at the cursor: where they stand, or put right in the scratch of the decoder.
 * NULL when there are not so many. */
const uint64_t *ev_decoder_words(struct ev_decoder *decoder, struct ev_cursor *cursor,
				 uint64_t count);
/* The values of a read_format; false when the bytes do not hold them. */
bool ev_decode_read(struct ev_decoder *decoder, struct ev_cursor *cursor, uint64_t format,
		    const struct ev_read_value **values, size_t *count, uint64_t *enabled_ns,
		    uint64_t *running_ns);
/* The fields of a sample that stand behind the fixed ones, up to the last one of `want`. */
bool ev_decode_variable(struct ev_decoder *decoder, const struct ev_layout *layout,
			struct ev_cursor cursor, uint64_t want, struct ev_sample *sample);
/* What stands between header and sample id of a record that is no sample. */
bool ev_decode_body(struct ev_decoder *decoder, struct ev_cursor cursor, uint64_t read_format,
		    struct ev_record *record);
/* The time of a record without decoding all of it, 0 when it has none. */
uint64_t ev_decode_time(struct ev_decoder *decoder, const struct ev_raw *raw);

#endif
