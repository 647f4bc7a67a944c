/* The catalogue of events becomes perf list's lines with what can be done with each here, or JSON.
 */
#include <string.h>
#include <evprof/view.h>

enum { NAME_COLUMNS = 50, MARK_COLUMNS = 14, CAUSE_LIMIT = 9 };

/* Causes that several rows of a group share, named by number behind the rows. */
struct causes {
	const char *texts[CAUSE_LIMIT];
	size_t count;
};

/* 1 …, or 0 when there is no number left. */
static size_t cause_number(struct causes *causes, const char *why)
{
	for (size_t i = 0; i < causes->count; i++) {
		if (!strcmp(causes->texts[i], why))
			return i + 1;
	}
	if (causes->count == CAUSE_LIMIT)
		return 0;
	causes->texts[causes->count++] = why;
	return causes->count;
}

static const char *mark_of(const struct ev_list_row *row)
{
	if (row->count_error < 0 && row->sample_error < 0)
		return "";
	if (!row->count_error)
		return row->sample_error > 0   ? "count only"
		       : row->sample_error < 0 ? "count"
					       : "count,sample";
	return row->sample_error ? "not here" : "sample only";
}

static bool is_refused(const struct ev_list_row *row)
{
	return row->why && *row->why && (row->count_error > 0 || row->sample_error > 0);
}

static void put_padded(FILE *out, const char *text, size_t columns)
{
	size_t used = ev_text_columns(text);
	fprintf(out, "%s%*s", text, used < columns ? (int)(columns - used) : 0, "");
}

/* "branches OR branch-instructions", with as many of the aliases as there is room for. */
static const char *names_of(const struct ev_list_row *row, struct ev_arena *arena)
{
	const char *names = ev_text_safe(arena, row->name);
	const char *alias = row->aliases ? ev_text_safe(arena, row->aliases) : "";
	while (*(alias += strspn(alias, " "))) {
		size_t length = strcspn(alias, " ");
		if (strlen(names) + strlen(" OR ") + length > NAME_COLUMNS)
			break;
		names = ev_arena_printf(arena, "%s OR %.*s", names, (int)length, alias);
		alias += length;
	}
	return names;
}

static void print_details(FILE *out, const struct ev_list_row *row, struct ev_arena *scratch)
{
	if (row->encoding)
		fprintf(out, "       %s\n", ev_text_safe(scratch, row->encoding));
	if (row->aliases && *row->aliases)
		fprintf(out, "       other spellings: %s\n", ev_text_safe(scratch, row->aliases));
}

static void print_row(FILE *out, const struct ev_list_row *row, struct causes *causes, bool verbose,
		      struct ev_arena *scratch)
{
	size_t number = is_refused(row) ? cause_number(causes, row->why) : 0;
	char mark[40];
	snprintf(mark, sizeof(mark), number ? "%s%s [%zu]" : "%s%s", mark_of(row),
		 row->is_inferred ? " *" : "", number);
	fputs("  ", out);
	put_padded(out, names_of(row, scratch), NAME_COLUMNS);
	fprintf(out, " [%s]  ", ev_text_safe(scratch, row->group));
	put_padded(out, mark, MARK_COLUMNS);
	fprintf(out, "  %s\n", ev_text_safe(scratch, row->about ? row->about : ""));
	if (is_refused(row) && !number)
		fprintf(out, "       why: %s\n", ev_text_safe(scratch, row->why));
	if (verbose)
		print_details(out, row, scratch);
}

static void print_text(FILE *out, const struct ev_list_row *rows, size_t count, const char *notes,
		       bool verbose)
{
	struct ev_arena scratch = { 0 };
	for (size_t first = 0, end; first < count; first = end) {
		struct causes causes = { 0 };
		const char *group = rows[first].group;
		fprintf(out, "%s%s:\n\n", first ? "\n" : "", ev_text_safe(&scratch, group));
		for (end = first; end < count && !strcmp(rows[end].group, group); end++) {
			print_row(out, &rows[end], &causes, verbose, &scratch);
			ev_arena_reset(&scratch);
		}
		for (size_t i = 0; i < causes.count; i++) {
			fprintf(out, "%s  [%zu] %s\n", i ? "" : "\n", i + 1,
				ev_text_safe(&scratch, causes.texts[i]));
		}
	}
	if (notes && *notes)
		fprintf(out, "%s%s\n", count ? "\n" : "", notes);
	ev_arena_done(&scratch);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	ev_json_text(out, text);
}

static const char *tried(int error)
{
	return error < 0 ? "null" : error ? "false" : "true";
}

static bool was_opened(const struct ev_list_row *row)
{
	return !row->is_inferred && (row->count_error >= 0 || row->sample_error >= 0);
}

static void put_aliases(FILE *out, const char *aliases, struct ev_arena *scratch)
{
	const char *separator = "";
	fputs(",\"aliases\":[", out);
	while (aliases && *(aliases += strspn(aliases, " "))) {
		size_t length = strcspn(aliases, " ");
		fputs(separator, out);
		ev_json_text(out, ev_arena_text(scratch, aliases, length));
		separator = ",";
		aliases += length;
	}
	putc(']', out);
}

static void print_json(FILE *out, const struct ev_list_row *rows, size_t count, const char *notes)
{
	struct ev_arena scratch = { 0 };
	fputs("{\"events\":[", out);
	for (size_t i = 0; i < count; i++) {
		const struct ev_list_row *row = &rows[i];
		fprintf(out, "%s\n{\"group\":", i ? "," : "");
		ev_json_text(out, row->group);
		put_text(out, "name", row->name);
		put_aliases(out, row->aliases, &scratch);
		put_text(out, "about", row->about ? row->about : "");
		fprintf(out, ",\"count\":%s,\"sample\":%s", tried(row->count_error),
			tried(row->sample_error));
		fprintf(out, ",\"tried\":%s", was_opened(row) ? "true" : "false");
		if (is_refused(row))
			put_text(out, "why", row->why);
		if (row->encoding)
			put_text(out, "encoding", row->encoding);
		putc('}', out);
		ev_arena_reset(&scratch);
	}
	fputs("\n]", out);
	if (notes && *notes)
		put_text(out, "notes", notes);
	fputs("}\n", out);
	ev_arena_done(&scratch);
}

void ev_list_print(FILE *out, const struct ev_list_row *rows, size_t count, const char *notes,
		   bool json, bool verbose)
{
	if (json)
		print_json(out, rows, count, notes);
	else
		print_text(out, rows, count, notes, verbose);
}
