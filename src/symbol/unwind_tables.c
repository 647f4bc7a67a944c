/* A place in an object becomes the rule that says how to leave it. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "cfi.h"
#include "cfi_kept.h"
#include "cfi_thread.h"
#include "code_scan.h"
#include "elf_symbols.h"
#include "symbolizer.h"
#include "unwind_tables.h"

struct unwind_tables {
	pthread_mutex_t lock; /* over all below */
	unsigned holders;
	const struct ev_space_set *set;
	struct ev_symbolizer *symbolizer; /* knows where files are */
	/* By object, opened when first needed; `tried` where there is none. */
	struct opened {
		struct cfi *cfi;
		char *path;
		struct code_scan *scan;
		bool tried, scan_tried, used; /* used: since others were forgotten */
		bool go;                      /* Go's compiler made it: frame pointers are kept */
		uint64_t goexit; /* offset where all of its threads begin; 0 = not known */
	} * tables;
	size_t count;
};

struct unwind_tables *ev_unwind_tables_open(const struct ev_space_set *set,
					    const struct ev_recording *recording,
					    const struct ev_symbolizer_options *options)
{
	struct unwind_tables *tables = ev_alloc(sizeof(*tables));
	pthread_mutex_init(&tables->lock, NULL);
	tables->holders = 1;
	tables->set = set;
	tables->symbolizer = ev_symbolizer_open(set, recording, options);
	return tables;
}

struct unwind_tables *ev_unwind_tables_share(struct unwind_tables *tables)
{
	pthread_mutex_lock(&tables->lock);
	tables->holders++;
	pthread_mutex_unlock(&tables->lock);
	return tables;
}

static void close_table(struct opened *table)
{
	ev_cfi_close(table->cfi);
	ev_code_scan_close(table->scan);
	free(table->path);
	*table = (struct opened){ 0 };
}

size_t ev_unwind_tables_forget(struct unwind_tables *tables, size_t most_bytes)
{
	size_t bytes = 0, left = 0;
	pthread_mutex_lock(&tables->lock);
	for (size_t i = 0; i < tables->count; i++)
		bytes += ev_cfi_bytes(tables->tables[i].cfi);
	for (size_t i = 0; i < tables->count; i++) {
		if (bytes > most_bytes && !tables->tables[i].used)
			close_table(&tables->tables[i]);
		tables->tables[i].used = false;
		left += ev_cfi_bytes(tables->tables[i].cfi);
	}
	pthread_mutex_unlock(&tables->lock);
	return left;
}

void ev_unwind_tables_close(struct unwind_tables *tables)
{
	pthread_mutex_lock(&tables->lock);
	bool last = !--tables->holders;
	pthread_mutex_unlock(&tables->lock);
	if (!last)
		return;
	for (size_t i = 0; i < tables->count; i++)
		close_table(&tables->tables[i]);
	free(tables->tables);
	ev_symbolizer_close(tables->symbolizer);
	pthread_mutex_destroy(&tables->lock);
	free(tables);
}

/* The stack of a goroutine ends where the runtime pretends that its first function was called from,
 * and what lies above has no meaning. */
static void look_for_go(const struct image *image, struct opened *table)
{
	static const char *const names[] = { "runtime.goexit.abi0", "runtime.goexit" };
	table->go = table->path && ev_go_table_find(image);
	for (size_t i = 0; table->go && !table->goexit && i < EV_LENGTH(names); i++)
		ev_function_offset(table->path, names[i], &table->goexit, NULL);
}

static void open_table(struct unwind_tables *tables, const struct object *object,
		       struct opened *table)
{
	struct image image;
	const char *trouble;
	int code = -1;
	if (object->shown.kind == EV_OBJECT_FILE)
		code = ev_object_open(tables->symbolizer, object, &image, &table->path, &trouble);
	else if (object->shown.kind == EV_OBJECT_VDSO)
		code = ev_vdso_open(tables->symbolizer, object, &image, &trouble);
	if (code)
		return;
	table->cfi = ev_cfi_open(&image, table->path, tables->symbolizer->symfs);
	look_for_go(&image, table);
	ev_image_close(&image);
}

/* NULL when it can't be read. */
static struct opened *table_of(struct unwind_tables *tables, uint32_t index)
{
	if (index >= tables->count) {
		size_t count = ev_space_set_object_count(tables->set);
		if (index >= count)
			return NULL;
		tables->tables = ev_realloc(tables->tables, count * sizeof(*tables->tables));
		memset(&tables->tables[tables->count], 0,
		       (count - tables->count) * sizeof(*tables->tables));
		tables->count = count;
	}
	struct opened *table = &tables->tables[index];
	table->used = true;
	if (!table->tried) {
		table->tried = true;
		open_table(tables, ev_space_object(tables->set, index), table);
	}
	return table->cfi ? table : NULL;
}

static struct code_scan *scan_of(struct opened *table)
{
	if (!table->scan_tried) {
		table->scan_tried = true;
		table->scan = table->path ? ev_code_scan_open(table->path) : NULL;
	}
	return table->scan;
}

static enum unwind_known find(struct unwind_tables *tables, struct ev_place place, uint16_t elf,
			      bool behind_call, struct ev_cfi_rule *rule, bool *by_pointer)
{
	struct opened *table = table_of(tables, place.object);
	if (!table || ev_cfi_machine(table->cfi)->machine != elf)
		return UNWIND_NO_CFI;
	*by_pointer = table->go;
	if (table->goexit && behind_call && place.offset == table->goexit)
		return UNWIND_BEGIN;
	*rule = ev_cfi_find(table->cfi, place.offset);
	if (rule->base != EV_CFI_NOTHING || rule->ra == EV_CFI_LOST)
		return UNWIND_RULE;
	if (ev_cfi_begins_at(table->cfi, place.offset))
		return UNWIND_BEGIN;
	struct code_scan *scan = scan_of(table);
	uint64_t at = place.offset + behind_call;
	if (scan && behind_call && ev_code_scan_begins_context(scan, at))
		return UNWIND_BEGIN;
	return scan && ev_code_scan_find(scan, at, rule) ? UNWIND_SCANNED : UNWIND_NO_CFI;
}

static bool is_file(const struct unwind_tables *tables, struct ev_place place)
{
	enum ev_object_kind kind = ev_space_set_object(tables->set, place.object)->kind;
	return kind == EV_OBJECT_FILE || kind == EV_OBJECT_VDSO;
}

enum unwind_known ev_unwind_tables_find(struct unwind_tables *tables, struct ev_place place,
					uint16_t elf, bool behind_call, struct ev_cfi_rule *rule,
					bool *by_pointer)
{
	*rule = (struct ev_cfi_rule){ 0 };
	*by_pointer = false;
	if (!place.object)
		return UNWIND_NOWHERE;
	if (!is_file(tables, place))
		return UNWIND_GENERATED;
	pthread_mutex_lock(&tables->lock);
	enum unwind_known known = find(tables, place, elf, behind_call, rule, by_pointer);
	pthread_mutex_unlock(&tables->lock);
	return known;
}

bool ev_unwind_tables_is_call(struct unwind_tables *tables, struct ev_place place)
{
	if (!place.object || !is_file(tables, place))
		return place.object;
	pthread_mutex_lock(&tables->lock);
	struct opened *table = table_of(tables, place.object);
	struct code_scan *scan = table ? scan_of(table) : NULL;
	bool is_call = !scan || table->go || ev_code_scan_is_called(scan, place.offset + 1);
	pthread_mutex_unlock(&tables->lock);
	return is_call;
}

bool ev_unwind_tables_makes_thread(struct unwind_tables *tables, struct ev_place place)
{
	if (!place.object || !is_file(tables, place))
		return false;
	pthread_mutex_lock(&tables->lock);
	struct opened *table = table_of(tables, place.object);
	struct code_scan *scan = table ? scan_of(table) : NULL;
	bool makes = scan && ev_code_scan_makes_thread(scan, place.offset);
	pthread_mutex_unlock(&tables->lock);
	return makes;
}

static void mark_threads(const struct opened *table, struct ev_cfi_rows *rows)
{
	struct image image;
	if (!table->path || !ev_cfi_rows_may_make_threads(rows) ||
	    ev_image_open(&image, table->path))
		return;
	ev_cfi_rows_threads(rows, &image);
	ev_image_close(&image);
}

/* What `find` knows beside the rules of an object. */
static void mark_beginnings(const struct opened *table, struct ev_cfi_rows *rows)
{
	uint64_t from, to;
	if (!rows->count)
		return;
	if (ev_cfi_beginning(table->cfi, &from, &to))
		ev_cfi_rows_begin(rows, (uint32_t)from, (uint32_t)to, false);
	if (table->goexit && table->goexit < UINT32_MAX)
		ev_cfi_rows_begin(rows, (uint32_t)table->goexit, (uint32_t)table->goexit + 1, true);
}

int ev_unwind_tables_rows(struct unwind_tables *tables, uint32_t object, struct ev_cfi_rows *rows,
			  struct ev_err *err)
{
	const char *folder = tables->symbolizer->cache;
	bool known = object < ev_space_set_object_count(tables->set);
	const struct ev_object *shown = known ? ev_space_set_object(tables->set, object) : NULL;
	*rows = (struct ev_cfi_rows){ 0 };
	if (shown && !ev_cfi_kept_read(folder, shown->build_id, shown->build_id_bytes, rows))
		return 0;
	pthread_mutex_lock(&tables->lock);
	struct opened *table = table_of(tables, object);
	if (table) {
		ev_cfi_rows_take(table->cfi, rows);
		mark_threads(table, rows);
		mark_beginnings(table, rows);
	}
	pthread_mutex_unlock(&tables->lock);
	if (shown && rows->count)
		ev_cfi_kept_write(folder, shown->build_id, shown->build_id_bytes, rows);
	if (rows->count)
		return 0;
	ev_cfi_rows_done(rows);
	return ev_fail(err, ENODATA, "'%s' has no unwind tables that can be read",
		       known ? shown->name : "[unknown]");
}
