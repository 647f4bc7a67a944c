/* Intervals become counts that only grow, for --format openmetrics, and a file that readers never
 * find half written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "stat_sheet.h"

static bool is_same(const char *one, const char *other)
{
	return !strcmp(one ? one : "", other ? other : "");
}

static const char *kept(struct stat_totals *totals, const char *text)
{
	return text ? ev_arena_text(&totals->arena, text, strlen(text)) : NULL;
}

static struct ev_stat_row *row_of(struct stat_totals *totals, const struct ev_stat_row *row)
{
	for (size_t i = 0; i < totals->rows.count; i++) {
		struct ev_stat_row *at = &totals->rows.items[i];
		if (is_same(at->event, row->event) && is_same(at->slot, row->slot) &&
		    is_same(at->cgroup, row->cgroup))
			return at;
	}
	struct ev_stat_row *added = ev_array_add(&totals->rows);
	*added = (struct ev_stat_row){ .event = kept(totals, row->event),
				       .unit = kept(totals, row->unit),
				       .slot = kept(totals, row->slot),
				       .cgroup = kept(totals, row->cgroup),
				       .why = kept(totals, row->why),
				       .is_time = row->is_time,
				       .state = row->state };
	return added;
}

/* What was counted once stays, also when a later interval has nothing. */
static void add_rows(struct stat_totals *totals, const struct ev_stat *stat)
{
	if (stat->summary)
		for (size_t i = 0; i < totals->rows.count; i++)
			totals->rows.items[i].value = 0;
	for (size_t i = 0; i < stat->row_count; i++) {
		const struct ev_stat_row *row = &stat->rows[i];
		struct ev_stat_row *total = row_of(totals, row);
		if (row->state != EV_COUNTED)
			continue;
		total->state = EV_COUNTED;
		total->value += row->value;
		total->enabled_ns = row->enabled_ns;
		total->running_ns = row->running_ns;
	}
}

static int write_file(const char *path, const struct ev_stat *totals, const struct ev_stat *now,
		      struct ev_err *err)
{
	char *beside = ev_printf("%s.XXXXXX", path);
	int fd = mkstemp(beside);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int error = 0;
	if (!out) {
		error = errno;
	} else {
		mode_t mask = umask(0);
		umask(mask);
		fchmod(fd, 0666 & ~mask);
		ev_stat_print_openmetrics(out, totals, now);
		if (fflush(out) || ferror(out))
			error = errno ? errno : EIO;
		if (fclose(out) && !error)
			error = errno;
		if (!error && rename(beside, path))
			error = errno;
		if (error)
			unlink(beside);
	}
	free(beside);
	return error ? ev_fail(err, error, "cannot write '%s': %s", path, strerror(error)) : 0;
}

int stat_totals_check(const struct stat_options *options, struct ev_err *err)
{
	struct ev_stat none = { .user_s = -1, .sys_s = -1 };
	struct stat status;
	if (!options->openmetrics)
		return 0;
	if (options->repeat != 1)
		return ev_fail(err, EINVAL,
			       "--format openmetrics has counts that grow, -r means "
			       "of runs: choose");
	if (options->append || options->show.metric_only || options->show.json ||
	    options->show.csv || *options->show.separator_text)
		return ev_fail(err, EINVAL,
			       "--format openmetrics goes with none of -j, --csv, -x, "
			       "--metric-only and --append");
	if (options->output && !stat(options->output, &status) && !S_ISREG(status.st_mode))
		return ev_fail(err, EINVAL,
			       "'%s' is no regular file, to be replaced as a whole; without -o "
			       "every exposition goes to standard error",
			       options->output);
	/* Before the command runs for nothing; a reader finds that nothing was counted yet. */
	return options->output ? write_file(options->output, &none, &none, err) : 0;
}

void stat_totals_print(struct stat_sheet *sheet)
{
	struct stat_run *run = sheet->run;
	struct ev_err err = { 0 };
	add_rows(&run->totals, &sheet->stat);
	struct ev_stat totals = sheet->stat;
	totals.rows = run->totals.rows.items;
	totals.row_count = run->totals.rows.count;
	if (!sheet->stat.summary)
		totals.elapsed_s = sheet->stat.interval_s;
	if (!run->options->output) {
		ev_stat_print_openmetrics(run->output.file, &totals, &sheet->stat);
		fflush(run->output.file);
	} else if (write_file(run->options->output, &totals, &sheet->stat, &err) &&
		   !run->totals.failed) {
		run->totals.failed = true; /* a full disk may have room again: go on */
		complain(run->verb, &err, 0);
	}
}

void stat_totals_done(struct stat_totals *totals)
{
	ev_array_done(&totals->rows);
	ev_arena_done(&totals->arena);
}
