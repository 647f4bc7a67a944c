/* perfdata: record bytes <-> typed records, and the perf.data (PERFILE2) file around them.
 * Formats: linux/perf_event.h and tools/perf/Documentation/perf.data-file-format.txt. */
#ifndef EVPROF_PERFDATA_H
#define EVPROF_PERFDATA_H

#include <linux/perf_event.h>
#include <evprof/base.h>

/* Of Linux 6.19, which headers of older ones lack: a chain whose user part was walked on the way
 * back to user space, and in a sample's chain the marker that a cookie follows, by which that
 * record knows the samples it is for. */
#define EV_RECORD_CALLCHAIN_DEFERRED 22
#define EV_CONTEXT_USER_DEFERRED ((uint64_t)-640)

/* PERF_RECORD_MISC_… of the addresses behind a marker of a chain (PERF_CONTEXT_…); 0 for one that
 * is not known. */
uint16_t ev_context_cpumode(uint64_t marker);

/* Record types that user space adds to the kernel's. */
enum {
	EV_RECORD_HEADER_ATTR = 64,
	EV_RECORD_HEADER_EVENT_TYPE = 65,
	EV_RECORD_HEADER_TRACING_DATA = 66,
	EV_RECORD_HEADER_BUILD_ID = 67,
	EV_RECORD_FINISHED_ROUND = 68,
	EV_RECORD_ID_INDEX = 69,
	EV_RECORD_AUXTRACE_INFO = 70,
	EV_RECORD_AUXTRACE = 71,
	EV_RECORD_AUXTRACE_ERROR = 72,
	EV_RECORD_THREAD_MAP = 73,
	EV_RECORD_CPU_MAP = 74,
	EV_RECORD_STAT_CONFIG = 75,
	EV_RECORD_STAT = 76,
	EV_RECORD_STAT_ROUND = 77,
	EV_RECORD_EVENT_UPDATE = 78,
	EV_RECORD_TIME_CONV = 79,
	EV_RECORD_HEADER_FEATURE = 80,
	EV_RECORD_COMPRESSED = 81,
	EV_RECORD_FINISHED_INIT = 82,
	EV_RECORD_COMPRESSED2 = 83,
};

/* Feature sections: the numbers perf uses, and those only evprof writes (others skip them). */
enum {
	EV_FEATURE_TRACING_DATA = 1,
	EV_FEATURE_BUILD_ID = 2,
	EV_FEATURE_HOSTNAME = 3,
	EV_FEATURE_OSRELEASE = 4,
	EV_FEATURE_VERSION = 5,
	EV_FEATURE_ARCH = 6,
	EV_FEATURE_NRCPUS = 7,
	EV_FEATURE_CPUDESC = 8,
	EV_FEATURE_CPUID = 9,
	EV_FEATURE_TOTAL_MEM = 10,
	EV_FEATURE_CMDLINE = 11,
	EV_FEATURE_EVENT_DESC = 12,
	EV_FEATURE_CPU_TOPOLOGY = 13,
	EV_FEATURE_NUMA_TOPOLOGY = 14,
	EV_FEATURE_BRANCH_STACK = 15,
	EV_FEATURE_PMU_MAPPINGS = 16,
	EV_FEATURE_GROUP_DESC = 17,
	EV_FEATURE_AUXTRACE = 18,
	EV_FEATURE_STAT = 19,
	EV_FEATURE_CACHE = 20,
	EV_FEATURE_SAMPLE_TIME = 21,
	EV_FEATURE_MEM_TOPOLOGY = 22,
	EV_FEATURE_CLOCKID = 23,
	EV_FEATURE_DIR_FORMAT = 24,
	EV_FEATURE_BPF_PROG_INFO = 25,
	EV_FEATURE_BPF_BTF = 26,
	EV_FEATURE_COMPRESSED = 27,
	EV_FEATURE_CPU_PMU_CAPS = 28,
	EV_FEATURE_CLOCK_DATA = 29,
	EV_FEATURE_HYBRID_TOPOLOGY = 30,
	EV_FEATURE_PMU_CAPS = 31,
	EV_FEATURE_COUNT = 256,
	EV_FEATURE_EVPROF_SYMBOLS = 200, /* encoded and decoded by symbol */
	EV_FEATURE_EVPROF_NOTES = 201, /* text lines "key value": fallbacks, losses, the interval */
	EV_FEATURE_EVPROF_PYTHON = 202, /* Python functions: perfdata_python.h */
};

/* ---- records -------------------------------------------------------------------------------- */

/* A record as it stands in a ring or file, in the byte order of the file. 8-byte aligned. */
struct ev_raw {
	const struct perf_event_header *header; /* of the file's byte order: use the fields below */
	uint32_t type;
	uint16_t misc;
	/* Header included; may be bigger than header->size for unpacked data. */
	uint32_t size_bytes;
	uint64_t offset; /* in the file, of the record or of the compressed record that held it */
};
/* The record at `*at` of a span of native byte order, such as a ring gives; `*at`, 0 at first,
 * moves behind it. False at the end, which is also where no whole record follows. The record's
 * bytes are those of the span. */
bool ev_records_next(const void *bytes, size_t size_bytes, size_t *at, struct ev_raw *raw);

struct ev_branch {
	uint64_t from, to;
	uint64_t flags; /* EV_BRANCH_…, cycles << 4 … */
};
enum {
	EV_BRANCH_MISPREDICTED = 1,
	EV_BRANCH_PREDICTED = 2,
	EV_BRANCH_IN_TRANSACTION = 4,
	EV_BRANCH_ABORT = 8,
};
/* Since the branch before, 0 where the CPU does not tell. */
#define EV_BRANCH_CYCLES(flags) ((flags) >> 4 & 0xffff)
struct ev_read_value {
	uint64_t value, id, lost;
};
struct ev_sample {
	/* PERF_SAMPLE_… bits that were in the record; other fields are zero. Without PERIOD the
	 * sample stands for attr.sample_period. */
	uint64_t has;
	uint64_t ip, time_ns, addr, id, stream_id, period, weight, data_src, transaction;
	uint64_t phys_addr, cgroup, data_page_size, code_page_size;
	uint32_t pid, tid, cpu;
	uint16_t weight2, weight3; /* of WEIGHT_STRUCT */
	const uint64_t *chain;     /* addresses with PERF_CONTEXT_… markers, leaf first */
	size_t chain_count;
	const struct ev_branch *branches; /* newest first */
	size_t branch_count;
	uint64_t branch_hw_index;          /* of the newest one, with BRANCH_HW_INDEX */
	const uint64_t *branch_counters;   /* one word per branch, with BRANCH_COUNTERS */
	const struct ev_read_value *reads; /* one, or the group's, leader first */
	size_t read_count;
	uint64_t enabled_ns, running_ns; /* of reads, when read_format asks for them */
	const void *raw;                 /* tracepoint payload */
	size_t raw_bytes;
	uint64_t user_regs_abi, user_regs_mask; /* mask: of the kernel's numbering */
	const uint64_t *user_regs;              /* one per bit of the mask, lowest first */
	uint64_t intr_regs_abi, intr_regs_mask;
	const uint64_t *intr_regs;
	const void *user_stack;        /* from the stack pointer upwards */
	size_t user_stack_bytes;       /* really copied (dyn_size), not reserved */
	size_t user_stack_asked_bytes; /* to be copied; more than that when the stack, or the
					* memory that could be read, ended before; 0 = not known */
	const void *aux;               /* of PERF_SAMPLE_AUX */
	size_t aux_bytes;
};
struct ev_mmap { /* MMAP and MMAP2 */
	uint32_t pid, tid;
	uint64_t start, length, file_offset;
	uint32_t prot, flags, major, minor;
	uint64_t inode, inode_generation;
	uint8_t build_id[20], build_id_bytes; /* 0 when the record has none */
	bool executable;                      /* MMAP: not MMAP_DATA; MMAP2: PROT_EXEC */
	const char *path;
};
struct ev_comm {
	uint32_t pid, tid;
	bool exec;
	const char *comm;
};
struct ev_task {
	uint32_t pid, parent_pid, tid, parent_tid;
	uint64_t time_ns;
}; /* FORK, EXIT */
struct ev_lost {
	uint64_t id, lost;
}; /* LOST; LOST_SAMPLES has lost only */
struct ev_throttle {
	uint64_t time_ns, id, stream_id;
};
struct ev_switch {
	bool out, preempted;
	uint32_t other_pid, other_tid;
};
struct ev_ksymbol {
	uint64_t address;
	uint32_t length;
	uint16_t kind, flags;
	const char *name;
};
struct ev_bpf_event {
	uint16_t kind, flags;
	uint32_t id;
	uint8_t tag[8];
};
struct ev_cgroup {
	uint64_t id;
	const char *path;
};
struct ev_namespaces {
	uint32_t pid, tid;
	uint64_t count;
	const uint64_t *dev_inode;
};
struct ev_deferred {
	uint64_t cookie;
	const uint64_t *chain; /* with PERF_CONTEXT_USER before the addresses */
	size_t chain_count;
}; /* CALLCHAIN_DEFERRED; whose, says the record's pid and tid */
struct ev_aux {
	uint64_t offset, size_bytes, flags;
};
struct ev_read_record {
	uint32_t pid, tid;
	struct ev_read_value value;
	uint64_t enabled_ns, running_ns;
};

/* A decoded record. What it points to lives until the next call on the iterator or decoder that
 * made it. pid, tid, time_ns, cpu and id come from the sample id that ends every kernel record
 * (attr.sample_id_all), or from the sample itself. */
struct ev_record {
	uint32_t type; /* PERF_RECORD_… or EV_RECORD_… */
	uint16_t misc;
	int event; /* index into ev_recording.events; -1 when unknown */
	uint32_t pid, tid, cpu;
	uint64_t time_ns; /* 0 when the file has no times */
	uint64_t id;
	union {
		struct ev_sample sample;
		struct ev_mmap mmap;
		struct ev_comm comm;
		struct ev_task task;
		struct ev_lost lost;
		struct ev_throttle throttle;
		struct ev_switch context_switch;
		struct ev_ksymbol ksymbol;
		struct ev_bpf_event bpf;
		struct ev_cgroup cgroup;
		struct ev_namespaces namespaces;
		struct ev_deferred deferred;
		struct ev_aux aux;
		struct ev_read_record read;
	};
};

/* ---- what a recording says about itself ----------------------------------------------------- */

struct ev_recorded_event {
	struct perf_event_attr attr; /* unknown trailing bytes skipped, missing ones zero */
	const char *name;            /* "" when the file does not tell */
	uint64_t *ids;
	size_t id_count;
	int leader; /* index of the group's leader, own index when alone (GROUP_DESC, or
		     * what EVENT_DESC and read_format let one know) */
};
struct ev_build_id {
	uint32_t pid; /* (uint32_t)-1 for the host kernel and any process */
	uint16_t misc;
	uint8_t id[20], id_bytes;
	const char *path;
};
struct ev_section {
	unsigned number;
	const void *bytes;
	size_t size_bytes;
};

struct ev_recording {
	struct ev_recorded_event *events;
	size_t event_count, event_room;
	bool swapped; /* other byte order than this machine's */
	bool pipe;    /* stream layout */
	bool compressed;
	bool unfinished; /* the recorder never wrote the end: features are missing, or records */
	uint64_t data_offset, data_size_bytes; /* in the file; 0 for a stream */
	int64_t written_s; /* when the file was last written, seconds of the epoch; 0 unknown */
	const char *hostname, *osrelease, *version, *arch, *cpudesc, *cpuid; /* NULL when absent */
	uint32_t cpus_online, cpus_available;                                /* 0 when absent */
	uint64_t total_mem_kb;
	const char **cmdline;
	size_t cmdline_count;
	uint64_t first_time_ns, last_time_ns; /* SAMPLE_TIME, 0 when absent */
	uint64_t clock_resolution_ns;         /* CLOCKID */
	uint32_t compression_level;
	double compression_ratio;
	struct ev_build_id *build_ids;
	size_t build_id_count, build_id_room;
	struct ev_section *sections;
	size_t section_count, section_room; /* every feature, raw */
	struct ev_buffer grown; /* the one section that came bit by bit, ev_writer_add_growth */
	unsigned grown_number;  /* which one, where there are bytes of it */
	struct ev_arena arena; /* owns what the pointers above point to (ids and arrays included) */
};
/* page-faults, or minor-faults alone. */
bool ev_event_is_page_fault(const struct perf_event_attr *attr);
struct ev_recorded_event *ev_recording_add_event(struct ev_recording *recording);
/* NULL when the recording has no such feature. */
const struct ev_section *ev_recording_section(const struct ev_recording *recording,
					      unsigned number);
/* The processor socket of a CPU + 1, of CPU_TOPOLOGY; 0 when the recording does not tell. */
uint32_t ev_recording_socket(const struct ev_recording *recording, uint32_t cpu);
/* The bytes are copied; an existing section of that number is replaced. */
void ev_recording_set_section(struct ev_recording *recording, unsigned number, const void *bytes,
			      size_t size_bytes);
/* The note of a recording whose data did not all fit: why, and how much is kept. */
#define EV_NOTE_PARTIAL "partial"
/* The note of a recording that a simulator made: the model, "callgrind 3.19.0: I1 …". */
#define EV_NOTE_SIMULATED "simulated"
/* The note of a recording that was made of another profiler's file: its format and path. */
#define EV_NOTE_IMPORTED "imported"
/* The note of a recording in which samples with a weight stand for so many that were counted
 * together: how they were. */
#define EV_NOTE_COUNTED "counted"
/* The note of a recording whose stacks were unwound while it was made: how they ended. */
#define EV_NOTE_STACKS "stacks"
/* The note of a recording that goes on where another file ended, or that was kept back: which of
 * how many, and from when to when. */
#define EV_NOTE_CONTINUED "continued"
/* The note of a recording of a command: the most memory that it had at once, "12345 KiB". */
#define EV_NOTE_PEAK_RSS "peak-rss"
/* The note of a recording with time off the CPUs: how many intervals, how long, how many are lost.
 */
#define EV_NOTE_WAITS "waits"
/* How frames of Python were read, and of how many samples. */
#define EV_NOTE_PYTHON "python"
/* Events of such a recording: intervals off the CPUs, as perf calls them; who ended those; and time
 * on and off the CPUs as one. */
#define EV_NAME_WAITS "offcpu-time"
#define EV_NAME_WAKERS "offcpu-wakers"
#define EV_NAME_WALL "wall-time"
/* Value of "key" in the EVPROF_NOTES section, NULL when absent; several lines with one key are
 * walked by passing the last answer as `after`. */
const char *ev_recording_note(const struct ev_recording *recording, const char *key,
			      const char *after);
void ev_recording_add_note(struct ev_recording *recording, const char *key, const char *fmt, ...)
	EV_PRINTF(3, 4);
void ev_recording_done(struct ev_recording *recording);

/* ---- decoding ------------------------------------------------------------------------------- */

/* Decodes the records of one recording: knows the sample layout of every event and which event an
 * id belongs to. One decoder per thread. */
struct ev_decoder;
struct ev_decoder *ev_decoder_open(const struct ev_recording *recording);
/* 0, or -EINVAL when the record is shorter than it claims or inconsistent. Records of unknown type
 * decode to a bare header. */
int ev_decode(struct ev_decoder *decoder, const struct ev_raw *raw, struct ev_record *record);
/* The same for a PERF_RECORD_SAMPLE, but stops after the last field in `want` (PERF_SAMPLE_… bits)
 * that comes before the callchain, so that flat reports never touch the stacks. Fields that `want`
 * does not name may be zero. */
int ev_decode_sample(struct ev_decoder *decoder, const struct ev_raw *raw, uint64_t want,
		     struct ev_record *record);
void ev_decoder_close(struct ev_decoder *decoder);

/* What a profile needs of a sample. */
struct ev_brief {
	int event;
	uint32_t pid, tid;
	uint64_t time_ns, ip, period, weight;
	bool has_period, has_weight;
	const uint64_t *chain; /* in the record; NULL when it was not asked for, or has none */
	size_t chain_count;
};
/* The same for most samples, at a fraction of the time. False for every sample that is laid out
 * in a way that takes more, or is damaged: ev_decode tells. */
bool ev_decode_brief(struct ev_decoder *decoder, const struct ev_raw *raw, bool with_chain,
		     struct ev_brief *brief);

/* The bytes of one record in native order, appended to `out`: the inverse of ev_decode for every
 * type that ev_record holds. Writes the sample id as `recording`'s event record->event asks. */
int ev_encode(const struct ev_recording *recording, const struct ev_record *record,
	      struct ev_buffer *out, struct ev_err *err);

/* ---- counts read with samples ----------------------------------------------------------------
 *
 * With PERF_SAMPLE_READ a sample carries the counts of its event's group so far. What was counted
 * since the sample before of the same counters is the difference: ({a,b}:S). */

struct ev_read_delta {
	int event;      /* index into ev_recording.events; -1 when unknown */
	uint64_t value; /* scaled to the time wanted where the group was not on the hardware always
			 */
};
struct ev_reads_tally {
	uint64_t samples;  /* with counts */
	uint64_t left_out; /* of those, without a difference: no sample before is in the file */
	uint64_t disorder; /* of those, counts that went backwards */
	uint64_t late;     /* of those, behind a later one, which has taken their counts */
	/* How long counters were wanted and there, of CPUs and of threads with samples enough to
	 * tell; 0 when not known. */
	uint64_t enabled_ns, running_ns;
};
/* True when samples of this recording carry counts. */
bool ev_recording_has_reads(const struct ev_recording *recording);
/* Remembers the last counts of every counter: of an id, and of a thread where they are inherited.
 * Wants the samples of each in the order of time, as they stand in a file. */
struct ev_reads *ev_reads_open(const struct ev_recording *recording);
/* The differences of a decoded sample, in the order of its counts; they live until the next call.
 * The first sample of a counter differs from 0 where counting began with the recording. 0 when it
 * is not known what was counted since the sample before. */
size_t ev_reads_take(struct ev_reads *reads, const struct ev_record *record,
		     const struct ev_read_delta **deltas);
struct ev_reads_tally ev_reads_tally(const struct ev_reads *reads);
void ev_reads_close(struct ev_reads *reads);

/* ---- reading -------------------------------------------------------------------------------- */

struct ev_reader;
/* Open a perf.data file or pipe ("-" is stdin). On failure: the reason ("not a perf.data file: …"),
 * -errno. A file that ends early or was never finished opens as far as it makes sense. */
int ev_reader_open(struct ev_reader **reader, const char *path, struct ev_err *err);
/* Complete after open for files; grows while a pipe is read. */
struct ev_recording *ev_reader_recording(struct ev_reader *reader);
/* 1 and a record (unpacked ones where the file is compressed), 0 at the end, -errno and a sentence
 * when the file is damaged here: what was read before stays good. Records such as HEADER_ATTR
 * are applied to the recording and also returned. raw's bytes live until the next call. */
int ev_reader_next(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err);
/* As many of the records that come next as are at hand, at most `room`, all of them good until the
 * next call. 0 says nothing: ask ev_reader_next. */
size_t ev_reader_batch(struct ev_reader *reader, struct ev_raw *raws, size_t room);
/* Back to the first record. -ESPIPE on a pipe that is not a regular file. */
int ev_reader_rewind(struct ev_reader *reader, struct ev_err *err);
/* Byte position of the next record and the size of everything, for progress and for splitting. */
uint64_t ev_reader_tell(const struct ev_reader *reader);
uint64_t ev_reader_size(const struct ev_reader *reader);
/* A second reader over the records that begin in [from, to) of a seekable, uncompressed file, for
 * another thread; from must be the beginning of a record (ev_reader_tell). -ENOTSUP where the
 * records can only be read in sequence. Shares the first one's recording; close it first. */
int ev_reader_part(struct ev_reader *whole, uint64_t from, uint64_t to, struct ev_reader **part,
		   struct ev_err *err);
/* How many COMPRESSED (or COMPRESSED2) records were unpacked: ev_reader_next hands out what is in
 * them. */
uint64_t ev_reader_packed(const struct ev_reader *reader, uint32_t type);
bool ev_reader_can_split(const struct ev_reader *reader);
/* Where at or after `from` a record seems to begin, by what follows it; UINT64_MAX when nothing
 * near looks like it. A guess: true when the records before it end there. */
uint64_t ev_reader_guess(const struct ev_reader *reader, uint64_t from);
/* Where the records end, in bytes of the file; UINT64_MAX for a pipe. */
uint64_t ev_reader_end(const struct ev_reader *reader);
/* Go on at a record that is `passed` records further on: others have read those between. */
void ev_reader_skip_to(struct ev_reader *reader, uint64_t place, uint64_t passed);
void ev_reader_close(struct ev_reader *reader);

/* ---- time order ----------------------------------------------------------------------------- */

/* Records of one reader in the order of their time, for `script` and live views: holds back what
 * FINISHED_ROUND allows (round N may overlap N+1, never N+2). Same answers as ev_reader_next; the
 * record is decoded, and lives until the next call. */
struct ev_ordered;
struct ev_ordered *ev_ordered_open(struct ev_reader *reader);
int ev_ordered_next(struct ev_ordered *ordered, struct ev_record *record, struct ev_err *err);
/* The bytes of the record that was handed out last; they live as long as it does. */
const struct ev_raw *ev_ordered_raw(const struct ev_ordered *ordered);
void ev_ordered_close(struct ev_ordered *ordered);

/* ---- tracepoints ------------------------------------------------------------------------------
 *
 * The layouts that a recording carries of its tracepoints (TRACING_DATA), and the text that the
 * kernel would have printed for one of their samples. */

struct ev_tracepoints;
/* Without TRACING_DATA nothing is known. `recording` must outlive it. */
struct ev_tracepoints *ev_tracepoints_open(const struct ev_recording *recording);
/* False when the format of this id (attr.config) is not there. *failure: why its `print fmt` can't
 * be followed, so that samples show as name=value; NULL when it can. The texts live until close. */
bool ev_tracepoints_know(struct ev_tracepoints *tracepoints, uint64_t id, const char **system,
			 const char **name, const char **failure);
/* The name of a kernel address and how far behind its beginning it is, NULL when not known. */
typedef const char *ev_name_address(void *context, uint64_t address, uint64_t *offset);
/* Appends the text of a sample's payload; name_address may be NULL. False as above. The text is not
 * made safe: a payload may hold anything. */
bool ev_tracepoints_print(struct ev_tracepoints *tracepoints, uint64_t id, const void *raw,
			  size_t raw_bytes, ev_name_address *name_address, void *context,
			  struct ev_buffer *out);
/* The name of one of its fields, those that every tracepoint has left out; NULL behind the last. */
const char *ev_tracepoints_field_name(struct ev_tracepoints *tracepoints, uint64_t id,
				      size_t index);
/* Appends what one field of a sample says: as the whole text has it behind "name=", or, `plain` or
 * where that has not, as it is stored. False when there is no such field. */
bool ev_tracepoints_field(struct ev_tracepoints *tracepoints, uint64_t id, const char *field,
			  bool plain, const void *raw, size_t raw_bytes, struct ev_buffer *out);
void ev_tracepoints_close(struct ev_tracepoints *tracepoints);

/* ---- writing -------------------------------------------------------------------------------- */

struct ev_writer;
struct ev_writer_options {
	bool pipe;             /* stream layout, for `-o -` */
	int compression_level; /* 0 = none, 1 … 22 */
	bool sudo_owner;       /* give the file to SUDO_UID/SUDO_GID */
};
/* Create a file for `path` (mode 0600; "-" is stdout with pipe) and write what is known of
 * `recording` now: events with their ids. It stands beside the path, as path.XXXXXX, until the
 * first flush puts it there and makes what stood there path.old. The file is readable from here on
 * after every flush. On failure no file is left. `recording` stays until the writer is closed:
 * ev_writer_add_record encodes by it. A path that is a pipe gets the stream layout too. */
int ev_writer_open(struct ev_writer **writer, const char *path,
		   const struct ev_writer_options *options, const struct ev_recording *recording,
		   struct ev_err *err);
/* Append whole records of native byte order. They may stay in memory until the next flush. */
int ev_writer_add(struct ev_writer *writer, const void *bytes, size_t size_bytes,
		  struct ev_err *err);
/* The same for records that readers want outside of compressed ones, such as TRACING_DATA with what
 * follows it: everything added before goes out first. */
int ev_writer_add_plain(struct ev_writer *writer, const void *bytes, size_t size_bytes,
			struct ev_err *err);
int ev_writer_add_record(struct ev_writer *writer, const struct ev_record *record,
			 struct ev_err *err);
/* More of a section, for who reads the file before it is finished: until then the section is all of
 * these behind each other. One that was begun at once, if only with no bytes, is whole when such a
 * file is opened. A finished file has the section itself, and these count for nothing. Only one
 * section of a file may grow. */
int ev_writer_add_growth(struct ev_writer *writer, unsigned number, const void *bytes,
			 size_t size_bytes, struct ev_err *err);
/* Everything added so far is in the file and the header's data size says so; a kill -9 from here on
 * loses nothing before it. Where not all fits (-ENOSPC and the like; ev_writer_add may meet it too)
 * as many whole records as do are kept, the sentence says how much that is, and no more are taken.
 */
int ev_writer_flush(struct ev_writer *writer, struct ev_err *err);
/* Write the feature sections of `recording` (also first and last time, build-ids, sections set) and
 * the final header; the writer can then only be closed. After a failure too: where there is room
 * the file gets its features, else it stays as a recorder that was killed leaves it; `unfinished`
 * is set when it is read in either case. */
int ev_writer_finish(struct ev_writer *writer, struct ev_recording *recording, struct ev_err *err);
uint64_t ev_writer_size(const struct ev_writer *writer);        /* bytes in the file so far */
uint64_t ev_writer_packed_from(const struct ev_writer *writer); /* bytes before compression */
/* Why not all that was added is in the file, NULL when nothing failed; until close. */
const char *ev_writer_failure(const struct ev_writer *writer);
/* Closes without finishing: the file stays as it is. */
void ev_writer_close(struct ev_writer *writer);
/* Remove the file, for a recording that never began: path and path.old are what they were before
 * open. Once a second flush has brought records, what path.old was before is gone. */
void ev_writer_discard(struct ev_writer *writer);

#endif
