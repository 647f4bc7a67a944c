/* symbol: who and where. Records become address spaces that remember their history; an address in
 * one becomes (object, offset), and that becomes function, file and line. Knows records, ELF and
 * DWARF, never the kernel interface. */
#ifndef EVPROF_SYMBOL_H
#define EVPROF_SYMBOL_H

#include <evprof/event.h>
#include <evprof/perfdata.h>
#include <evprof/perfdata_python.h>

/* ---- objects: mapped ELF files and the like ---------------------------------------------------
 */

enum ev_object_kind {
	EV_OBJECT_FILE,   /* an ELF file by path */
	EV_OBJECT_KERNEL, /* [kernel.kallsyms], one for the host */
	EV_OBJECT_MODULE, /* [nf_tables] */
	EV_OBJECT_VDSO,
	EV_OBJECT_JIT,     /* anonymous executable memory; perf map or jitdump */
	EV_OBJECT_BPF,     /* a BPF program's code, named by KSYMBOL */
	EV_OBJECT_UNKNOWN, /* no mapping was known: [unknown] */
	/* No code: why a stack was not followed further, "[no CFI: libx.so]", or what a thread
	 * waits for, "[waiting: lock]". */
	EV_OBJECT_END,
	EV_OBJECT_PYTHON, /* lines of Python functions: [python], one for all processes */
};
struct ev_object {
	enum ev_object_kind kind;
	const char *path; /* as in the recording */
	const char *name; /* short: basename, "[kernel.kallsyms]", "[vdso]", "[unknown]" */
	uint8_t build_id[20], build_id_bytes;
	uint32_t pid;          /* JIT objects belong to a process; 0 else */
	uint64_t mapped_bytes; /* of its longest mapping of code; 0 when not known */
	uint64_t start;        /* of its first mapping, which is all there is of the kernel's */
};

struct ev_space_set;
struct ev_space_set *ev_space_set_open(void);
/* Every MMAP, MMAP2, COMM, FORK, EXIT and KSYMBOL record, in any order; others are ignored.
 * Strings are copied. */
void ev_space_set_add(struct ev_space_set *set, const struct ev_record *record);
/* Sort what was added into histories. Once, before the first find; more records may be added and
 * `ready` called again (live views). */
void ev_space_set_ready(struct ev_space_set *set);
struct ev_symbolizer_options;
/* What the dump files of generated code (jit-PID.dump) that the recording's processes mapped tell
 * of where it was when: from the recording where it carries that, else from the files as they are
 * here now. Times are on the recording's clock; where that is not the monotonic one, shifted as far
 * as the mapping of the file tells. `options` may be NULL. Before ready, after all records. */
void ev_space_set_generated(struct ev_space_set *set, const struct ev_recording *recording,
			    const struct ev_symbolizer_options *options);
/* Build-ids of the recording's header, for mappings whose record has none. Before ready. */
void ev_space_set_build_ids(struct ev_space_set *set, const struct ev_recording *recording);
/* Forgets who ever ran and what was mapped, and nothing of the objects, which keep their numbers:
 * who records for days tells it anew what stands now. How much there is to forget. */
void ev_space_set_restart(struct ev_space_set *set);
size_t ev_space_set_weight(const struct ev_space_set *set);
void ev_space_set_close(struct ev_space_set *set);

/* Where an address was. object is an index for ev_space_set_object; 0 is the unknown object, and
 * offset is then the address itself. For ELF files offset is the offset in the file, for kernel,
 * JIT and BPF code the address. */
struct ev_place {
	uint32_t object;
	uint64_t offset;
};

/* A lookup's memory of the last answers, by block: one per thread of the reader, zeroed at first.
 * About 48 KiB. */
struct ev_space_cache {
	const void *set;
	uint64_t generation; /* of the set; `ready` makes older answers void */
	struct ev_space_answer {
		uint64_t start, end;      /* addresses it holds for */
		uint64_t from_ns, to_ns;  /* times it holds for */
		uint64_t bias;            /* address + bias = offset */
		uint32_t process, object; /* process: pid, or all ones for the kernel */
	} answers[1024];
};

/* cpumode: PERF_RECORD_MISC_KERNEL, _USER …, or 0 to decide by the address. Thread-safe after
 * ready as long as each thread has its own cache. */
struct ev_place ev_space_find(const struct ev_space_set *set, struct ev_space_cache *cache,
			      uint32_t pid, uint64_t time_ns, uint64_t address, uint16_t cpumode);
/* Name of a thread at a time ("" when unknown; the pid's when the tid has none). Lives as long as
 * the set. */
const char *ev_space_comm(const struct ev_space_set *set, uint32_t pid, uint32_t tid,
			  uint64_t time_ns);
/* The time around time_ns in which no mapping of a process changes (EV_KERNEL_PID: of the kernel),
 * so that equal addresses are equal places; and in which a thread keeps its name. */
struct ev_span {
	uint64_t from_ns, to_ns; /* to_ns is outside */
};
#define EV_KERNEL_PID UINT32_MAX
struct ev_span ev_space_still(const struct ev_space_set *set, uint32_t pid, uint64_t time_ns);
struct ev_span ev_space_comm_still(const struct ev_space_set *set, uint32_t pid, uint32_t tid,
				   uint64_t time_ns);
uint32_t ev_space_set_object_count(const struct ev_space_set *set);
const struct ev_object *ev_space_set_object(const struct ev_space_set *set, uint32_t object);
/* Of every object the part of its file that was mapped: from the mapping with the lowest offset
 * that holds offsets[object] to the end of the last one; zeros where none holds it. Both arrays
 * have a place for each object. After ready. */
struct ev_extent {
	uint64_t from, to; /* offsets in the file; `to` is outside */
};
void ev_space_set_mapped(const struct ev_space_set *set, const uint64_t *offsets,
			 struct ev_extent *out);

/* ---- file systems of processes ------------------------------------------------------------------
 */

/* File systems of processes in other mount namespaces, files that they run, users and numbers of
 * all, kept from when they were seen alive: a recorder's, so that files in containers, and files
 * that were deleted, can be read once they ended. */
struct ev_roots;
struct ev_roots *ev_roots_open(void);
/* COMM, FORK, MMAP and MMAP2 records, soon after they happened. */
void ev_roots_note(struct ev_roots *roots, const struct ev_record *record);
/* How many files that are run are held open, each once, and how many there was no room for: at most
 * 4096, and an eighth of the descriptors allowed. */
void ev_roots_tally(const struct ev_roots *roots, size_t *held, uint64_t *left_out);
void ev_roots_close(struct ev_roots *roots);

/* ---- symbols ----------------------------------------------------------------------------------
 */

/* What a place is called. Strings live as long as the symbolizer, or until it is told to forget the
 * place's object. Of Python: "fib (sorts.py:12)", `linkage` the name alone. */
struct ev_symbol {
	const char *function; /* demangled; NULL when not known */
	const char *linkage;  /* as in the symbol table, NULL when the same or not known */
	uint64_t start;       /* same coordinates as ev_place.offset */
	uint64_t size_bytes;
	const char *file;  /* source file, NULL when not asked for or not known */
	uint32_t line;     /* 0 when not known */
	uint32_t declared; /* line of `file` where the function begins; 0 when not asked for, not
			    * known, or in another file */
	bool inlined;      /* this frame was inlined into the next one */
	bool python;       /* a Python function: file and declared are told unasked */
	bool made_up; /* function is no name: the file has none here, but tells where a function
		       * begins: "[sort+0x5a30]", its short name and address as in objdump */
};
enum {
	EV_SYMBOL_LINES = 1,   /* look for file and line (debug info is read) */
	EV_SYMBOL_INLINES = 2, /* inlined functions as frames of their own */
	EV_SYMBOL_MANGLED = 4, /* leave names as in the symbol table */
	EV_SYMBOL_EXACT = 8,   /* the place is an instruction that was running, not a return address
				* (return addresses are looked up one byte before) */
	EV_SYMBOL_UNSEEN = 16, /* the place is none of the recording's: where that carries no line
				* of it, the files here are asked */
	EV_SYMBOL_SIZES = 64, /* of a profile's frames: those of functions of several sizes apart */
	EV_SYMBOL_DECLARED = 32, /* tell where functions begin, as far as the files here do */
};

struct ev_symbolizer;
struct ev_symbolizer_options {
	const char *symfs;    /* --symfs: prefix for every path, or NULL */
	const char *kallsyms; /* --kallsyms, NULL = /proc/kallsyms */
	const char *vmlinux;
	bool no_local_files; /* use only what the recording carries */
	/* A folder of the user's own for what takes long to find out again, made when needed; safe
	 * to delete. NULL: nothing is kept. */
	const char *cache;
	/* ev_symbolizer_forget gives nothing back: for who asks again and again, as live views do.
	 */
	bool keeps;
	const struct ev_roots *roots; /* borrowed; NULL: processes as they are now */
	/* Borrowed, decoded; NULL: those that the recording carries. */
	const struct ev_python_functions *python;
};
/* `recording` may be NULL; its carried symbols (EV_FEATURE_EVPROF_SYMBOLS) win over files on disk.
 * The kernel's own symbols are only used when `recording` is of the running kernel (same release
 * and, where known, build-id). */
struct ev_symbolizer *ev_symbolizer_open(const struct ev_space_set *set,
					 const struct ev_recording *recording,
					 const struct ev_symbolizer_options *options);
/* Before the first look: places that will be asked for, in any order, so that of long lists only
 * what they need is kept. Others may be asked for all the same, at the price of reading everything.
 * Once all places were told, different objects may be asked for, and forgotten, by different
 * threads at once; for everything else a symbolizer belongs to one thread. */
void ev_symbolizer_want(struct ev_symbolizer *symbolizer, const struct ev_place *places,
			size_t count);
/* Frames of one place, innermost first, at most `limit`; the count, at least 1: where nothing is
 * known, one symbol with function NULL. */
size_t ev_symbolize(struct ev_symbolizer *symbolizer, struct ev_place place, unsigned flags,
		    struct ev_symbol *out, size_t limit);
/* The variable at a place in an object's data, or, *in_code, the function; false when none is known
 * there. From one thread; the strings live as long as the symbolizer. */
bool ev_variable_find(struct ev_symbolizer *symbolizer, struct ev_place place,
		      struct ev_symbol *out, bool *in_code);
/* Why an object gives no names ("stripped", "file not found", "build-id differs: the file was
 * rebuilt", "kptr_restrict hides kernel addresses"), NULL when it gives names. */
const char *ev_symbolizer_trouble(struct ev_symbolizer *symbolizer, uint32_t object);
/* What of an object's debug info can't be had, so that inlined functions or their names are
 * missing: "its debug info in x.dwo is not here"; NULL when nothing was missed. */
const char *ev_symbolizer_lacks(struct ev_symbolizer *symbolizer, uint32_t object);
/* Ask the debuginfod servers named in DEBUGINFOD_URLS for what is missing here of some objects'
 * debug info; found files stay in the client's own cache. Before the first look and from one
 * thread, since nothing is looked up meanwhile. Nothing else in evprof asks any server. -EINVAL
 * without servers, -ENOENT without the client library. */
struct ev_fetch_options {
	double budget_s; /* for all objects together */
	/* Called about once a second; all_bytes 0: not known. May be NULL. */
	void (*progress)(void *context, const char *object, uint64_t done_bytes,
			 uint64_t all_bytes);
	void *context;
};
struct ev_fetch_tally {
	size_t wanted, fetched; /* objects without debug info here, and those that now have it */
	size_t absent;          /* those that no server has */
	bool late;              /* the time was over before all were asked for */
};
int ev_symbolizer_fetch(struct ev_symbolizer *symbolizer, const uint32_t *objects, size_t count,
			const struct ev_fetch_options *options, struct ev_fetch_tally *tally,
			struct ev_err *err);
/* All of an object's places were looked up: give back what was read for it, its trouble excepted.
 * Asked for another place it is read again. */
void ev_symbolizer_forget(struct ev_symbolizer *symbolizer, uint32_t object);
void ev_symbolizer_close(struct ev_symbolizer *symbolizer);

/* ---- machine code -----------------------------------------------------------------------------
 */

enum ev_flow { EV_FLOW_ON, EV_FLOW_JUMP, EV_FLOW_CALL, EV_FLOW_RETURN };
struct ev_instruction {
	uint64_t offset;  /* as ev_place.offset */
	uint64_t address; /* as in the file's symbol table, and in objdump */
	const uint8_t *bytes;
	uint8_t size_bytes;
	enum ev_flow flow;
	bool has_target;        /* of a jump or call, where the instruction itself tells it */
	uint64_t target_offset; /* as ev_place.offset */
	const char *text;       /* "jne    0x1150"; of a call with the name of what is called */
};
enum ev_assembly_style { EV_ASSEMBLY_ATT, EV_ASSEMBLY_INTEL }; /* matters on x86 only */
struct ev_assembly {
	EV_ARRAY(struct ev_instruction) items; /* by offset, without gaps */
	struct ev_arena arena;
};
/* Why no instruction can be taken apart by this program (capstone was left out of it), or NULL. */
const char *ev_assembly_absence(void);
/* The instructions from a place on, usually of one function. -ENOTSUP for code that is not in a
 * file, and for a processor that is not known; -ENOENT where the file is not the one that ran. */
int ev_assembly_read(struct ev_symbolizer *symbolizer, struct ev_place start, uint64_t size_bytes,
		     enum ev_assembly_style style, struct ev_assembly *out, struct ev_err *err);
void ev_assembly_done(struct ev_assembly *assembly);
/* The address of a place as its file's symbol table and objdump have it; false where the file that
 * ran is not here, or has no code there. */
bool ev_place_address(struct ev_symbolizer *symbolizer, struct ev_place place, uint64_t *address);
/* When the file of an object was last changed, in seconds since 1970; false when it is not here. */
bool ev_object_changed(struct ev_symbolizer *symbolizer, uint32_t object, int64_t *time_s);

/* ---- source text ------------------------------------------------------------------------------
 */

struct ev_source_options {
	const char *symfs;       /* --symfs: looked into first, or NULL */
	const char *prefix;      /* --prefix: goes before the paths that debug info names */
	uint64_t prefix_strip;   /* --prefix-strip: after so many folders were taken off */
	bool prefix_strip_given; /* else as many as needed to find a file */
};
struct ev_source {
	const char *path;    /* that was read, or that was looked for first */
	const char *trouble; /* why there is no text, or NULL */
	int64_t changed_s;   /* seconds since 1970 */
	uint32_t line_count;
	const struct ev_source_text *text; /* private */
};
/* Source files by the paths that debug info names, each read once. Only regular files of no more
 * than 64 MiB. */
struct ev_sources;
struct ev_sources *ev_sources_open(const struct ev_source_options *options);
const struct ev_source *ev_sources_find(struct ev_sources *sources, const char *path);
/* A line, from 1 on, without its end: any bytes; NULL when there is none. Lives as long as
 * `sources`. */
const char *ev_source_line(const struct ev_source *source, uint32_t line, size_t *length);
void ev_sources_close(struct ev_sources *sources);

/* ---- symbols carried in the file ---------------------------------------------------------------
 */

/* Look up every place (sorted or not, duplicates allowed) and encode what was found, functions with
 * their extents, lines and inlined frames, for EV_FEATURE_EVPROF_SYMBOLS. Separate debug files that
 * take long to unpack are left to whoever asks for lines later: they are found by build-id. */
void ev_symbols_encode(struct ev_symbolizer *symbolizer, const struct ev_space_set *set,
		       const struct ev_place *places, size_t count, unsigned flags,
		       struct ev_buffer *out);

/* The same of what is known without a file to look into: what another profiler called its places.
 * Offsets are as in ev_place; places and functions of an object do not overlap. */
struct ev_given_frame {
	const char *function, *file; /* NULL: not known */
	uint32_t line;               /* 0: not known */
};
struct ev_given_place {
	uint64_t offset, size_bytes;
	const struct ev_given_frame *frames; /* innermost first; at most EV_GIVEN_FRAMES */
	size_t frame_count;
};
struct ev_given_object {
	enum ev_object_kind kind;
	const char *path; /* as its object of the recording has it */
	const uint8_t *build_id;
	size_t build_id_bytes;
	/* By rising offset. Neighbours whose last frames are of one function make one of it. */
	const struct ev_given_place *places;
	size_t place_count;
};
enum { EV_GIVEN_FRAMES = 64 };
void ev_symbols_encode_given(const struct ev_given_object *objects, size_t count,
			     struct ev_buffer *out);

/* ---- names and files ---------------------------------------------------------------------------
 */

/* C++, Rust (v0 and legacy), D: the readable name in the arena, or `name` itself. */
const char *ev_demangle(struct ev_arena *arena, const char *name);
/* Build-id of an ELF file (GNU note); its length, 0 when it has none or can't be read. */
size_t ev_build_id_of_file(const char *path, uint8_t id[20]);
/* `take` gets the files that a program maps as it begins: itself, its loader, its libraries, as far
 * as they are found without running it. None of what is no ELF file. */
void ev_program_files(const char *path, void (*take)(void *context, const char *path),
		      void *context);
/* Build-id in a block of ELF notes (/sys/kernel/notes, a vdso). */
size_t ev_build_id_of_notes(const void *notes, size_t size_bytes, uint8_t id[20]);
/* Where the code of an ELF file lies: its executable segments. How many there are, of which at most
 * `limit` are filled in; -errno for what is no ELF file that can be read. */
struct ev_code {
	uint64_t address; /* as in the symbol table */
	uint64_t file_offset, size_bytes;
};
int ev_code_of_file(const char *path, struct ev_code *out, size_t limit);
/* How much an ELF file, or the separate debug file that belongs to it, tells about its code. */
enum ev_debug_kind {
	EV_DEBUG_UNREADABLE, /* there is no such file, or it is no ELF file */
	EV_DEBUG_EXPORTS,    /* names of exported functions only */
	EV_DEBUG_NAMES,      /* all functions (.symtab, .gnu_debugdata) */
	EV_DEBUG_LINES,      /* source lines and inlined functions too (DWARF) */
};
enum ev_debug_kind ev_debug_kind_of(const char *path);
/* The same for what belongs to a build-id, of which there is no file (the kernel): by
 * /usr/lib/debug/.build-id alone. */
enum ev_debug_kind ev_debug_kind_of_id(const uint8_t *id, size_t id_bytes);
/* File offset of a function in an ELF file's symbol tables, for probes; -ENOENT. */
int ev_function_offset(const char *path, const char *function, uint64_t *offset,
		       struct ev_err *err);

/* ---- probes ------------------------------------------------------------------------------------
 */

/* An ev_find_places: looks for the probe's file as a shell and the loader would, and in its symbols
 * for the functions, or in its notes for the markers. A call is counted once, whatever the price;
 * within that the place is the one that costs the kernel least. `context` is not used. */
int ev_probe_find(void *context, const struct ev_probe *probe, struct ev_probe_places *places,
		  struct ev_err *err);

#endif
