/* The inside of a symbolizer: for each object the names found for it, made when first asked for. */
#ifndef SYMBOL_SYMBOLIZER_H
#define SYMBOL_SYMBOLIZER_H

#include <pthread.h>
#include "carried.h"
#include "debug_info.h"
#include "eh_frame.h"
#include "image.h"
#include "kallsyms.h"
#include "perf_map.h"
#include "process_files.h"
#include "space.h"

/* Nothing here is shared between objects: two of them may be asked by two threads. */
struct names {
	bool loaded;
	bool forgotten;      /* what was loaded was given back */
	const char *trouble; /* why there are no names */
	const char *partial; /* why some are missing, told when one was missed */
	bool missed;
	struct table table;        /* FILE, VDSO: by file offset; MODULE: from its begin on */
	struct code_ranges ranges; /* functions, where the table lacks the local ones */
	struct image outline;      /* segments of the ELF file */
	struct perf_map map;       /* JIT */
	const char *debug_path;    /* the file with the DWARF, NULL when there is none */
	const char *program_path;  /* the file that was mapped */
	struct debug_info *debug;
	bool packed;  /* debug_path is a file of its own whose DWARF takes long to unpack */
	char *lacks;  /* what of its debug info can't be had, once it was looked for */
	bool skipped; /* lines were asked for, and not looked for because of that */
	enum { NOT_LOOKED_FOR, NO_MODULE_FILE, MODULE_FILE } module; /* MODULE: is its file here? */
	bool module_debug; /* MODULE: its debug info was looked for */
	const struct carried_object *carried;
	struct ev_strings *linkages;
	EV_ARRAY(const char *) shown; /* readable name of each linkage */
	struct ev_arena arena;
};

struct kernel {
	pthread_mutex_t lock; /* the kernel and its modules are several objects with one list */
	bool loaded;
	EV_ARRAY(uint64_t) wanted;   /* addresses that will be asked for, none when not known */
	bool wants_modules, fitted;  /* kallsyms holds no more than them */
	const char *trouble;         /* of the kernel itself */
	const char *modules_trouble; /* of its modules */
	struct kallsyms kallsyms;
	bool listed;            /* kallsyms may be used */
	uint64_t shift;         /* recorded address + shift = address in kallsyms */
	struct names vmlinux;   /* by file offset */
	uint64_t vmlinux_shift; /* recorded address + shift = address in vmlinux */
};

/* Files that a server gave for a build-id. */
struct fetched {
	uint8_t build_id[20], build_id_bytes;
	const char *file, *debug; /* file NULL: that of the recording is here */
};

struct ev_symbolizer {
	const struct ev_space_set *set;
	const char *symfs, *kallsyms_path, *vmlinux_path, *cache; /* NULL when not given */
	const struct ev_roots *roots;
	bool no_local_files;
	bool keeps;            /* forgets nothing */
	bool sparing;          /* leave packed debug files to those who ask for lines */
	bool same_host;        /* as far as the recording tells, it was made here */
	bool same_kernel;      /* and on the kernel that is running */
	const char *osrelease; /* of the recording, NULL when not known */
	const char *elsewhere; /* why a path means nothing here, when it was made elsewhere */
	struct carried carried;
	const struct ev_python_functions *python; /* NULL when there are none */
	struct ev_python_functions *own_python;   /* the same, where it was decoded here */
	EV_ARRAY(struct names) objects;
	EV_ARRAY(struct fetched) fetched;
	/* By object, of those that were asked for their frame pointers. */
	EV_ARRAY(struct frames_of {
		struct frame_tables *tables; /* NULL for none */
		bool tried;
	})
	frames;
	struct kernel kernel;
	struct variable_list *variables; /* NULL until one is asked for */
	struct ev_arena arena;
};

/* What a table says of an offset. */
struct found {
	const char *linkage; /* NULL when there is no name */
	uint64_t start, size_bytes;
	bool made_up;
};

/* As far as the recording tells, was it made on this machine? */
bool ev_recorded_here(const struct ev_recording *recording);
/* What is known of an object, loaded, and loaded again where it was given back. */
struct names *ev_names_at_hand(struct ev_symbolizer *symbolizer, uint32_t object);
/* Were lines of this object asked for, but left out to be sparing? */
bool ev_symbolizer_skipped(const struct ev_symbolizer *symbolizer, uint32_t object);

/* Open the file that was mapped, or this process' own vdso in its stead; `trouble` says why that
 * failed. `path` is to be freed. */
int ev_object_open(const struct ev_symbolizer *symbolizer, const struct object *object,
		   struct image *image, char **path, const char **trouble);
int ev_vdso_open(const struct ev_symbolizer *symbolizer, const struct object *object,
		 struct image *image, const char **trouble);
/* Fill `names` from the object's ELF file and its separate debug file, or from this process' own
 * vdso; names->trouble says why it failed. */
void ev_names_load_file(struct ev_symbolizer *symbolizer, const struct object *object,
			struct names *names);
void ev_names_load_vdso(struct ev_symbolizer *symbolizer, const struct object *object,
			struct names *names);
/* Everything that `image`, opened from `path`, and its debug file name. */
void ev_names_take(struct ev_symbolizer *symbolizer, struct names *names, struct image *image,
		   const char *path);
void ev_names_done(struct names *names);
/* The DWARF of an object, NULL when it has none, or when it is to be spared. */
struct debug_info *ev_names_debug(const struct ev_symbolizer *symbolizer, struct names *names);

void ev_kernel_load(struct ev_symbolizer *symbolizer);
/* Before the first find: addresses that will be asked for, in any order. Others may be asked
 * for all the same, at the price of reading everything. */
void ev_kernel_want(struct ev_symbolizer *symbolizer, bool module, uint64_t address);
bool ev_kernel_find(struct ev_symbolizer *symbolizer, bool module, uint64_t address,
		    struct found *found);
/* The same by the file of the module, where no list of the kernel's knows the address. */
bool ev_module_find(const struct ev_symbolizer *symbolizer, struct names *names,
		    const struct object *object, uint64_t address, struct found *found);

/* The DWARF of a module, NULL when it has none; where it is there, the place of it in that. */
struct debug_info *ev_module_debug(const struct ev_symbolizer *symbolizer, struct names *names,
				   const struct object *object, uint64_t at,
				   const struct found *found, uint64_t *address);
/* Has the file debug info of its own? */
bool ev_image_has_dwarf(const struct image *image);

const struct fetched *ev_fetched_find(const struct ev_symbolizer *symbolizer, const uint8_t *id,
				      size_t id_bytes);
/* Path of the separate debug file of an ELF file, NULL when there is none that fits. */
char *ev_debug_file_find(const struct image *image, const char *path, const char *symfs);
/* Gives back what ev_frame_pointers_at read of an object. */
void ev_frame_pointers_forget(struct ev_symbolizer *symbolizer, uint32_t object);
void ev_variables_close(struct variable_list *list);

#endif
