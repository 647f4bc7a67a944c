/* A place in an object becomes the rule that says how to leave it. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "cfi.h"
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
		bool tried;
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

void ev_unwind_tables_close(struct unwind_tables *tables)
{
	pthread_mutex_lock(&tables->lock);
	bool last = !--tables->holders;
	pthread_mutex_unlock(&tables->lock);
	if (!last)
		return;
	for (size_t i = 0; i < tables->count; i++)
		ev_cfi_close(tables->tables[i].cfi);
	free(tables->tables);
	ev_symbolizer_close(tables->symbolizer);
	pthread_mutex_destroy(&tables->lock);
	free(tables);
}

static struct cfi *open_table(struct unwind_tables *tables, const struct object *object)
{
	struct image image;
	const char *trouble;
	char *path = NULL;
	int code = -1;
	if (object->shown.kind == EV_OBJECT_FILE)
		code = ev_object_open(tables->symbolizer, object, &image, &path, &trouble);
	else if (object->shown.kind == EV_OBJECT_VDSO)
		code = ev_vdso_open(tables->symbolizer, object, &image, &trouble);
	if (code)
		return NULL;
	struct cfi *cfi = ev_cfi_open(&image, path, tables->symbolizer->symfs);
	ev_image_close(&image);
	free(path);
	return cfi;
}

/* NULL when it can't be read. */
static struct cfi *table_of(struct unwind_tables *tables, uint32_t index)
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
	if (!table->tried) {
		table->tried = true;
		table->cfi = open_table(tables, ev_space_object(tables->set, index));
	}
	return table->cfi;
}

static enum unwind_known find(struct unwind_tables *tables, struct ev_place place, uint16_t elf,
			      struct ev_cfi_rule *rule)
{
	struct cfi *cfi = table_of(tables, place.object);
	if (!cfi || ev_cfi_machine(cfi)->machine != elf)
		return UNWIND_NO_CFI;
	*rule = ev_cfi_find(cfi, place.offset);
	if (rule->base != EV_CFI_NOTHING || rule->ra == EV_CFI_LOST)
		return UNWIND_RULE;
	return ev_cfi_begins_at(cfi, place.offset) ? UNWIND_BEGIN : UNWIND_NO_CFI;
}

enum unwind_known ev_unwind_tables_find(struct unwind_tables *tables, struct ev_place place,
					uint16_t elf, struct ev_cfi_rule *rule)
{
	enum ev_object_kind kind = ev_space_set_object(tables->set, place.object)->kind;
	*rule = (struct ev_cfi_rule){ 0 };
	if (!place.object || kind == EV_OBJECT_UNKNOWN)
		return UNWIND_NOWHERE;
	if (kind != EV_OBJECT_FILE && kind != EV_OBJECT_VDSO)
		return UNWIND_GENERATED;
	pthread_mutex_lock(&tables->lock);
	enum unwind_known known = find(tables, place, elf, rule);
	pthread_mutex_unlock(&tables->lock);
	return known;
}

int ev_unwind_tables_rows(struct unwind_tables *tables, uint32_t object, struct ev_cfi_rows *rows,
			  struct ev_err *err)
{
	*rows = (struct ev_cfi_rows){ 0 };
	pthread_mutex_lock(&tables->lock);
	struct cfi *cfi = table_of(tables, object);
	if (cfi)
		ev_cfi_rows_take(cfi, rows);
	pthread_mutex_unlock(&tables->lock);
	if (rows->count)
		return 0;
	ev_cfi_rows_done(rows);
	return ev_fail(err, ENODATA, "'%s' has no unwind tables that can be read",
		       ev_space_set_object(tables->set, object)->name);
}
