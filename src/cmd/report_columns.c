/* -s and -F become the keys of the table, its columns and the order of its rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

/* perf's */
#define DEFAULT_SORT "comm,dso,sym"
#define BRANCH_SORT "comm,dso_from,symbol_from,symbol_to,cycles"
#define HISTORY_SORT "srcline,sym,dso"
#define MEMORY_SORT                                                                                \
	"local_weight,mem,sym,dso,symbol_daddr,dso_daddr,snoop,tlb,locked,blocked,local_ins_lat"

typedef report_column_list columns;

static bool same(const struct ev_column *one, const struct ev_column *other)
{
	return one->field == other->field && (one->field != EV_FIELD_KEY || one->key == other->key);
}

void report_column_add(report_column_list *list, const struct ev_column *column)
{
	for (size_t i = 0; i < list->count; i++)
		if (same(&list->items[i], column))
			return;
	*ev_array_add(list) = *column;
}

static int parse(struct report_options *options, struct report_plan *plan, columns *list,
		 const char *text, const char *called, struct ev_err *err)
{
	char *words = ev_strdup(text), *rest = words;
	int rc = 0;
	for (char *word; !rc && (word = strsep(&rest, ","));) {
		struct ev_column column;
		if (!*word)
			continue;
		rc = ev_column_parse(word, called, &column, err);
		if (!rc)
			report_column_add(list, &column);
		else
			rc = report_field_parse(options, plan, word, list, err);
	}
	free(words);
	if (!rc && !list->count)
		rc = ev_fail(err, EINVAL, "-s and -F take a list of columns, such as overhead,sym");
	return rc;
}

static const char *default_sort(const struct report_options *options,
				const struct report_plan *plan)
{
	return plan->format->by_function ? "sym"
	       : options->by_branch      ? BRANCH_SORT
	       : options->by_weight      ? MEMORY_SORT
	       : options->branch_history ? HISTORY_SORT
					 : DEFAULT_SORT;
}

static void add_all(columns *list, const columns *more)
{
	for (size_t i = 0; i < more->count; i++)
		report_column_add(list, &more->items[i]);
}

int report_columns(struct report_options *options, struct report_plan *plan, struct ev_err *err)
{
	columns sort = { 0 }, fields = { 0 }, shown = { 0 }, order = { 0 };
	const char *text = options->fields  ? options->fields
			   : options->modes ? "+overhead_sys,overhead_us"
					    : NULL;
	bool more = text && *text == '+';
	const char *by = options->sort   ? options->sort
			 : text && !more ? NULL
					 : default_sort(options, plan);
	bool more_keys = by && *by == '+'; /* besides the usual ones */
	int rc = more_keys
			 ? parse(options, plan, &sort, default_sort(options, plan), "sort key", err)
			 : 0;
	if (!rc && by)
		rc = parse(options, plan, &sort, by + more_keys, "sort key", err);
	if (!rc && options->parent && !options->by_branch)
		report_column_add(&sort, &(struct ev_column){ EV_FIELD_KEY, EV_KEY_PARENT });
	if (!rc && text)
		rc = parse(options, plan, &fields, text + more, "column", err);
	add_all(&shown, &fields);
	add_all(&shown, &sort);
	if (text && !more) {
		add_all(&order, &sort);
		add_all(&order, &fields);
	}
	for (size_t i = 0; i < shown.count; i++)
		if (shown.items[i].field == EV_FIELD_KEY)
			plan->keys[plan->key_count++] = shown.items[i].key;
	ev_array_done(&sort);
	ev_array_done(&fields);
	plan->columns.items = shown.items;
	plan->columns.count = shown.count;
	plan->order.items = order.items;
	plan->order.count = order.count;
	options->view.field_titles = plan->titles;
	options->view.columns = shown.items;
	options->view.column_count = shown.count;
	options->view.columns_added = !text || more;
	options->view.row_order = order.items;
	options->view.row_order_count = order.count;
	/* Nobody sees what functions called: it need not be added up. */
	if (text && !more)
		options->children &= report_has_field(plan, EV_FIELD_CHILDREN);
	return rc;
}

bool report_has_field(const struct report_plan *plan, enum ev_field field)
{
	for (size_t i = 0; i < plan->columns.count; i++)
		if (plan->columns.items[i].field == field)
			return true;
	return false;
}
