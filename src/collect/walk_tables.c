/* An object's unwind tables are read once, for all processes that map it, and copied into maps.
 * What nobody uses any more stays for a while: programs are often started again. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <evprof/symbol_unwind.h>
#include "syscalls.h"
#include "walk_tables.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>

#define KEPT_NS UINT64_C(60000000000) /* unused */

/* Objects that are always there. */
enum { GENERATED, CROWDED_OUT, FIRST_FREE };

#if defined(__x86_64__)
enum { HERE = EM_X86_64 };
#elif defined(__aarch64__)
enum { HERE = EM_AARCH64 };
#elif defined(__riscv)
enum { HERE = EM_RISCV };
#else
enum { HERE = EM_NONE };
#endif

_Static_assert(sizeof(struct ev_walk_object) % 8 == 0, "an array in a map has no gaps");
/* The same on both sides. */
_Static_assert(sizeof(struct ev_walk_row) == sizeof(struct ev_cfi_row) &&
		       offsetof(struct ev_walk_row, cfa_words) ==
			       offsetof(struct ev_cfi_row, cfa_words) &&
		       offsetof(struct ev_walk_row, kind) == offsetof(struct ev_cfi_row, kind),
	       "rows");
_Static_assert(sizeof(struct ev_walk_rule) == sizeof(struct ev_cfi_rule) &&
		       offsetof(struct ev_walk_rule, is_signal) ==
			       offsetof(struct ev_cfi_rule, signal) &&
		       offsetof(struct ev_walk_rule, cfa_offset) ==
			       offsetof(struct ev_cfi_rule, cfa_offset) &&
		       offsetof(struct ev_walk_rule, ra_offset) ==
			       offsetof(struct ev_cfi_rule, ra_offset),
	       "rules");
_Static_assert((int)EV_WALK_ROW_OTHER == (int)EV_CFI_ROW_OTHER &&
		       (int)EV_WALK_ROW_PLT == (int)EV_CFI_ROW_PLT &&
		       (int)EV_WALK_BASE_THREAD_MAKER == (int)EV_CFI_THREAD_MAKER &&
		       (int)EV_WALK_IN_REGISTER == (int)EV_CFI_IN_REGISTER,
	       "their words");

struct object {
	uint64_t key, more;
	struct ev_record record; /* a mapping of it */
	char *path;
	uint32_t users;
	bool used;   /* this place is */
	bool named;  /* the kernel was asked for its file */
	bool read;   /* its tables were, or there are none */
	bool queued; /* in `unread` */
	uint32_t first_row, row_count, first_other, other_count;
	uint64_t unused_step, unused_ns; /* since when users is 0 */
	struct ev_walk_file file;        /* as the kernel knows it; inode 0: it was not asked */
};
struct walk_tables {
	struct ev_ranges slots, rows, others;
	struct ev_walk_object *shown;
	struct ev_walk_rule *shown_others;
	size_t shown_bytes, others_bytes;
	struct ev_walk_row *segments[EV_WALK_SEGMENTS]; /* NULL: not there */
	int rows_fd, files_fd, naming_fd, namer_fd;
	struct object *objects; /* by slot */
	uint32_t object_limit;  /* behind the last slot that was used */
	struct ev_map by_key;
	EV_ARRAY(uint32_t) unread;
	const struct ev_roots *roots;
	char *cache; /* folder, or NULL */
	uint64_t step, now_ns;
	bool on_demand; /* tables are read that a walk needed */
};

static uint64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void show(struct walk_tables *tables, uint32_t slot, enum ev_walk_tables what)
{
	struct ev_walk_object *shown = &tables->shown[slot];
	const struct object *object = &tables->objects[slot];
	shown->first_row = object->first_row;
	shown->row_count = object->row_count;
	shown->first_other = object->first_other;
	shown->missed = false;
	__atomic_store_n(&shown->tables, (uint32_t)what, __ATOMIC_RELEASE);
}

/* ---- room for rows ----------------------------------------------------------------------------
 */

static int open_segment(struct walk_tables *tables, uint32_t number)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	void *base;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "walk_segment", sizeof(uint32_t),
				sizeof(struct ev_walk_row), EV_WALK_SEGMENT_ROWS, &options);
	if (fd < 0)
		return fd;
	int rc = ev_sys_ring_map(fd, EV_WALK_SEGMENT_ROWS * sizeof(struct ev_walk_row), &base);
	if (!rc) {
		rc = bpf_map_update_elem(tables->rows_fd, &number, &fd, BPF_ANY);
		if (rc)
			ev_sys_ring_unmap(base, EV_WALK_SEGMENT_ROWS * sizeof(struct ev_walk_row));
		else
			tables->segments[number] = base;
	}
	ev_sys_close(fd); /* those who have it keep it */
	return rc;
}

static void close_segment(struct walk_tables *tables, uint32_t number)
{
	if (!tables->segments[number])
		return;
	ev_sys_ring_unmap(tables->segments[number],
			  EV_WALK_SEGMENT_ROWS * sizeof(struct ev_walk_row));
	tables->segments[number] = NULL;
}

/* False when the kernel has no memory for them. */
static bool write_rows(struct walk_tables *tables, uint32_t first, const struct ev_cfi_row *rows,
		       uint32_t count)
{
	while (count) {
		uint32_t number = first / EV_WALK_SEGMENT_ROWS, at = first % EV_WALK_SEGMENT_ROWS;
		uint32_t part =
			EV_WALK_SEGMENT_ROWS - at < count ? EV_WALK_SEGMENT_ROWS - at : count;
		if (!tables->segments[number] && open_segment(tables, number))
			return false;
		memcpy(&tables->segments[number][at], rows, part * sizeof(*rows));
		first += part;
		rows += part;
		count -= part;
	}
	return true;
}

static void give_rows(struct walk_tables *tables, uint32_t first, uint32_t count)
{
	if (!count)
		return;
	ev_ranges_give(&tables->rows, first, count);
	for (uint32_t number = first / EV_WALK_SEGMENT_ROWS;
	     number <= (first + count - 1) / EV_WALK_SEGMENT_ROWS; number++)
		if (ev_ranges_free(&tables->rows, number * EV_WALK_SEGMENT_ROWS,
				   EV_WALK_SEGMENT_ROWS)) {
			bpf_map_delete_elem(tables->rows_fd, &number);
			close_segment(tables, number);
		}
}

/* ---- objects ----------------------------------------------------------------------------------
 */

static void evict(struct walk_tables *tables, uint32_t slot)
{
	struct object *object = &tables->objects[slot];
	show(tables, slot, EV_WALK_NOT_YET);
	give_rows(tables, object->first_row, object->row_count);
	ev_ranges_give(&tables->others, object->first_other, object->other_count);
	ev_ranges_give(&tables->slots, slot, 1);
	ev_map_remove(&tables->by_key, object->key, object->more);
	if (object->file.inode)
		bpf_map_delete_elem(tables->files_fd, &object->file);
	free(object->path);
	*object = (struct object){ 0 };
}

/* May walks that began before look at it no more? */
static bool is_idle(const struct walk_tables *tables, const struct object *object)
{
	return object->used && !object->users && object->unused_step + 2 < tables->step;
}

/* Lets go of what was unused for longest; false when everything is used. */
static bool evict_one(struct walk_tables *tables)
{
	uint32_t oldest = 0;
	for (uint32_t i = FIRST_FREE; i < tables->object_limit; i++)
		if (is_idle(tables, &tables->objects[i]) &&
		    (!oldest || tables->objects[i].unused_ns < tables->objects[oldest].unused_ns))
			oldest = i;
	if (oldest)
		evict(tables, oldest);
	return oldest;
}

static bool take_room(struct walk_tables *tables, struct ev_ranges *ranges, uint32_t count,
		      uint32_t *first)
{
	*first = 0;
	while (count && !ev_ranges_take(ranges, count, first))
		if (!evict_one(tables))
			return false;
	return true;
}

static bool is_generated(const char *path)
{
	return path[0] != '/' ? strcmp(path, "[vdso]") != 0 : path[1] == '/';
}

static uint32_t find_object(void *context, const struct ev_record *record)
{
	struct walk_tables *tables = context;
	const struct ev_mmap *mmap = &record->mmap;
	size_t id_bytes = mmap->build_id_bytes;
	uint64_t key, more;
	uint32_t slot;
	if (is_generated(mmap->path))
		return GENERATED;
	if (id_bytes && id_bytes <= sizeof(mmap->build_id)) {
		key = ev_hash_bytes(mmap->build_id, id_bytes);
		more = 1;
	} else {
		key = ev_hash_bytes(mmap->path, strlen(mmap->path));
		more = ev_hash64(ev_hash64(mmap->inode) + mmap->inode_generation +
				 ((uint64_t)mmap->major << 32 | mmap->minor)) |
		       2;
	}
	const uint32_t *known = ev_map_find(&tables->by_key, key, more);
	if (known)
		return *known;
	if (!take_room(tables, &tables->slots, 1, &slot))
		return CROWDED_OUT;
	*ev_map_add(&tables->by_key, key, more, NULL) = slot;
	struct object *object = &tables->objects[slot];
	*object = (struct object){ .key = key,
				   .more = more,
				   .used = true,
				   .record = *record,
				   .path = ev_strdup(mmap->path),
				   .unused_step = tables->step,
				   .unused_ns = tables->now_ns };
	object->record.mmap.path = object->path;
	if (slot >= tables->object_limit)
		tables->object_limit = slot + 1;
	show(tables, slot, EV_WALK_NOT_YET);
	return slot;
}

static void queue(struct walk_tables *tables, uint32_t slot)
{
	if (!tables->objects[slot].queued)
		*ev_array_add(&tables->unread) = slot;
	tables->objects[slot].queued = true;
}

static void keep_object(void *context, uint32_t slot)
{
	struct walk_tables *tables = context;
	struct object *object = &tables->objects[slot];
	if (!object->users++ && object->used && !object->read)
		queue(tables, slot);
}

static void let_object_go(void *context, uint32_t slot)
{
	struct walk_tables *tables = context;
	struct object *object = &tables->objects[slot];
	if (object->users && !--object->users) {
		object->unused_step = tables->step;
		object->unused_ns = tables->now_ns;
	}
}

struct walk_objects ev_walk_tables_objects(struct walk_tables *tables)
{
	return (struct walk_objects){ find_object, keep_object, let_object_go, tables };
}

bool ev_walk_tables_is_generated(const struct walk_tables *tables, uint32_t object)
{
	return tables->shown[object].tables == EV_WALK_GENERATED;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* What is read of a mapping that is looked at alone. */
static enum ev_walk_tables read_rows(const struct walk_tables *tables, const struct object *object,
				     struct ev_cfi_rows *rows)
{
	struct ev_symbolizer_options options = { .roots = tables->roots, .cache = tables->cache };
	struct ev_space_set *set = ev_space_set_open();
	struct ev_space_cache *cache = ev_alloc(sizeof(*cache));
	const struct ev_record *record = &object->record;
	ev_space_set_add(set, record);
	ev_space_set_ready(set);
	struct ev_place place = ev_space_find(set, cache, record->mmap.pid, record->time_ns,
					      record->mmap.start, PERF_RECORD_MISC_USER);
	enum ev_object_kind kind = ev_space_set_object(set, place.object)->kind;
	struct ev_unwinder *unwinder = ev_unwinder_open(set, NULL, &options);
	enum ev_walk_tables found = EV_WALK_NONE;
	*rows = (struct ev_cfi_rows){ 0 };
	if (kind != EV_OBJECT_FILE && kind != EV_OBJECT_VDSO)
		found = EV_WALK_GENERATED;
	else if (!ev_unwinder_rows(unwinder, place.object, rows, NULL) && rows->machine == HERE)
		found = EV_WALK_READY;
	ev_unwinder_close(unwinder);
	free(cache);
	ev_space_set_close(set);
	return found;
}

static bool store(struct walk_tables *tables, struct object *object, const struct ev_cfi_rows *rows)
{
	uint32_t first_row, first_other;
	if (rows->count > tables->rows.limit || rows->other_count > tables->others.limit ||
	    !take_room(tables, &tables->rows, (uint32_t)rows->count, &first_row))
		return false;
	if (!write_rows(tables, first_row, rows->rows, (uint32_t)rows->count) ||
	    !take_room(tables, &tables->others, (uint32_t)rows->other_count, &first_other)) {
		give_rows(tables, first_row, (uint32_t)rows->count);
		return false;
	}
	if (rows->other_count)
		memcpy(&tables->shown_others[first_other], rows->others,
		       rows->other_count * sizeof(*rows->others));
	object->first_row = first_row;
	object->row_count = (uint32_t)rows->count;
	object->first_other = first_other;
	object->other_count = (uint32_t)rows->other_count;
	return true;
}

/* ---- files -------------------------------------------------------------------------------------
 */

/* The file that it is, as far as a path leads there still: the build-id tells. */
static int open_file(const struct object *object)
{
	const struct ev_mmap *mmap = &object->record.mmap;
	uint8_t id[20];
	char path[4200];
	for (int root = 1; root >= 0 && mmap->build_id_bytes; root--) {
		snprintf(path, sizeof(path), "/proc/%u/root", mmap->pid);
		snprintf(path + (root ? strlen(path) : 0), 4097, "%s", object->path);
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		size_t bytes = ev_build_id_of_file(path, id);
		if (bytes == mmap->build_id_bytes && !memcmp(id, mmap->build_id, bytes))
			return fd;
		ev_sys_close(fd);
	}
	return -ENOENT;
}

/* It is mapped here, and a program asks the kernel which file that is: where another process has it
 * mapped, walks know it from then on. A path and its numbers would not do, for file systems in
 * layers show others than the kernel has. */
static void name_file(struct walk_tables *tables, uint32_t slot)
{
	struct object *object = &tables->objects[slot];
	struct ev_walk_naming naming = { .object = slot,
					 .page_bytes = (uint32_t)sysconf(_SC_PAGESIZE) };
	LIBBPF_OPTS(bpf_test_run_opts, run);
	uint32_t first = 0;
	void *base;
	int fd = tables->namer_fd < 0 || object->named ? -1 : open_file(object);
	object->named = true;
	if (fd < 0)
		return;
	if (!ev_sys_code_map(fd, &base)) {
		naming.address = (uintptr_t)base;
		if (!bpf_map_update_elem(tables->naming_fd, &first, &naming, BPF_ANY) &&
		    !bpf_prog_test_run_opts(tables->namer_fd, &run) &&
		    !bpf_map_lookup_elem(tables->naming_fd, &first, &naming))
			object->file = naming.file;
		ev_sys_ring_unmap(base, 1);
	}
	ev_sys_close(fd);
}

void ev_walk_tables_expect(struct walk_tables *tables, const char *path)
{
	struct ev_record record = { .type = PERF_RECORD_MMAP2 };
	struct ev_mmap *mmap = &record.mmap;
	mmap->pid = (uint32_t)getpid();
	mmap->start = 0x10000;
	mmap->length = 0x10000;
	mmap->executable = true;
	mmap->path = path;
	mmap->build_id_bytes = (uint8_t)ev_build_id_of_file(path, mmap->build_id);
	if (!mmap->build_id_bytes)
		return;
	keep_object(tables, find_object(tables, &record)); /* for good */
}

static void read_object(struct walk_tables *tables, uint32_t slot)
{
	struct object *object = &tables->objects[slot];
	struct ev_cfi_rows rows;
	enum ev_walk_tables found = read_rows(tables, object, &rows);
	if (found == EV_WALK_READY && !store(tables, object, &rows))
		found = EV_WALK_NO_ROOM;
	ev_cfi_rows_done(&rows);
	object->read = true;
	show(tables, slot, found);
	if (found == EV_WALK_READY)
		name_file(tables, slot);
}

void ev_walk_tables_on_demand(struct walk_tables *tables)
{
	tables->on_demand = true;
}

bool ev_walk_tables_load(struct walk_tables *tables, uint64_t budget_ns)
{
	uint64_t end_ns = now() + budget_ns;
	size_t kept = 0;
	bool late = false, left = false;
	for (size_t i = 0; i < tables->unread.count; i++) {
		uint32_t slot = tables->unread.items[i];
		struct object *object = &tables->objects[slot];
		/* Nobody may use it any more. */
		bool wanted = object->users && !object->read;
		bool waits = tables->on_demand && !tables->shown[slot].missed;
		object->queued = wanted && (late || waits);
		if (object->queued)
			tables->unread.items[kept++] = slot;
		if (!wanted)
			continue;
		left |= late;
		if (late || (waits && object->named))
			continue;
		if (waits)
			name_file(tables, slot);
		else
			read_object(tables, slot);
		late = now() >= end_ns;
	}
	tables->unread.count = kept;
	return left;
}

/* What found no room before may find some now. */
static void try_again(struct walk_tables *tables)
{
	for (uint32_t i = FIRST_FREE; i < tables->object_limit; i++)
		if (tables->objects[i].used && tables->shown[i].tables == EV_WALK_NO_ROOM) {
			tables->objects[i].read = false;
			tables->shown[i].missed = true;
			queue(tables, i);
		}
}

void ev_walk_tables_step(struct walk_tables *tables, uint64_t step, uint64_t now_ns)
{
	bool evicted = false;
	tables->step = step;
	tables->now_ns = now_ns;
	for (uint32_t i = FIRST_FREE; i < tables->object_limit; i++) {
		struct object *object = &tables->objects[i];
		if (!is_idle(tables, object) || now_ns - object->unused_ns < KEPT_NS)
			continue;
		evict(tables, i);
		evicted = true;
	}
	if (evicted)
		try_again(tables);
}

/* ---- beginning and end ------------------------------------------------------------------------
 */

int ev_walk_tables_open(struct walk_tables **tables, const struct walk_tables_maps *maps,
			const struct ev_roots *roots, const char *cache, struct ev_err *err)
{
	struct walk_tables *made = ev_alloc(sizeof(*made));
	void *base;
	uint32_t slot;
	made->roots = roots;
	made->cache = cache ? ev_strdup(cache) : NULL;
	made->rows_fd = maps->rows;
	made->files_fd = maps->files;
	made->naming_fd = maps->naming;
	made->namer_fd = maps->namer;
	made->shown_bytes = maps->object_count * sizeof(*made->shown);
	made->others_bytes = maps->other_count * sizeof(*made->shown_others);
	int rc = ev_sys_ring_map(maps->objects, made->shown_bytes, &base);
	if (!rc) {
		made->shown = base;
		rc = ev_sys_ring_map(maps->others, made->others_bytes, &base);
	}
	if (!rc)
		made->shown_others = base;
	if (rc) {
		ev_walk_tables_close(made);
		return ev_fail(err, -rc, "cannot reach the unwind tables of a BPF program: %s",
			       strerror(-rc));
	}
	ev_ranges_init(&made->slots, maps->object_count);
	ev_ranges_init(&made->others, maps->other_count);
	ev_ranges_init(&made->rows, maps->row_count);
	made->objects = ev_alloc(maps->object_count * sizeof(*made->objects));
	for (unsigned i = 0; i < FIRST_FREE; i++)
		ev_ranges_take(&made->slots, 1, &slot);
	show(made, GENERATED, EV_WALK_GENERATED);
	show(made, CROWDED_OUT, EV_WALK_NO_ROOM);
	*tables = made;
	return 0;
}

void ev_walk_tables_tally(const struct walk_tables *tables, struct walk_tables_tally *tally)
{
	*tally = (struct walk_tables_tally){ .rows = tables->rows.used };
	for (uint32_t i = FIRST_FREE; i < tables->object_limit; i++) {
		tally->objects += tables->objects[i].users > 0;
		tally->without_room +=
			tables->objects[i].users > 0 && tables->shown[i].tables == EV_WALK_NO_ROOM;
	}
	tally->without_room += tables->objects[CROWDED_OUT].users;
	for (uint32_t i = 0; i < EV_WALK_SEGMENTS; i++)
		if (tables->segments[i])
			tally->bytes += EV_WALK_SEGMENT_ROWS * sizeof(struct ev_walk_row);
}

void ev_walk_tables_close(struct walk_tables *tables)
{
	if (!tables)
		return;
	for (uint32_t i = 0; i < tables->object_limit; i++)
		free(tables->objects[i].path);
	for (uint32_t i = 0; i < EV_WALK_SEGMENTS; i++)
		close_segment(tables, i);
	if (tables->shown)
		ev_sys_ring_unmap(tables->shown, tables->shown_bytes);
	if (tables->shown_others)
		ev_sys_ring_unmap(tables->shown_others, tables->others_bytes);
	free(tables->cache);
	free(tables->objects);
	ev_array_done(&tables->unread);
	ev_map_done(&tables->by_key);
	ev_ranges_done(&tables->slots);
	ev_ranges_done(&tables->rows);
	ev_ranges_done(&tables->others);
	free(tables);
}

#endif
