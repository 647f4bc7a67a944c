/* evprof import: a profile of another profiler becomes a recording, so that every verb that reads
 * one serves it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/import.h>
#include "options.h"
#include "progress.h"
#include "verbs.h"

struct import_options {
	const char *output; /* -o */
	bool comm;          /* --comm */
	bool quiet;         /* -q */
	enum ev_import_format format;
};

static const struct {
	const char *name;
	enum ev_import_format format;
} formats[] = { { "folded", EV_IMPORT_FOLDED },
		{ "script", EV_IMPORT_SCRIPT },
		{ "pprof", EV_IMPORT_PPROF } };

static int parse_format(void *into, const char *value, struct ev_err *err)
{
	struct import_options *options = into;
	for (size_t i = 0; i < EV_LENGTH(formats); i++)
		if (!strcmp(value, formats[i].name)) {
			options->format = formats[i].format;
			return 0;
		}
	return ev_fail(err, EINVAL, "--format is one of folded, script and pprof, not '%s'", value);
}

#define ROW(letter, name, value, kind, field, help)                                                \
	OPTION(letter, name, value, kind, struct import_options, field, help)

static const struct option_row rows[] = {
	ROW('o', "output", "FILE", TEXT, output, "the recording to write (perf.data)"),
	OPTION_TO(0, "format", "folded|script|pprof", parse_format,
		  "what the file is; without it the content tells"),
	ROW(0, "comm", NULL, FLAG, comm,
	    "the first name of a folded stack is its thread's, as stackcollapse-perf.pl has it"),
	ROW('q', "quiet", NULL, FLAG, quiet, "no word of what the format does not tell"),
	{ 0 },
};

static const struct example examples[] = {
	{ "evprof import stacks.folded", "folded stacks; then evprof report -g, --format html …" },
	{ "evprof import --comm perf.folded", "as stackcollapse-perf.pl writes them" },
	{ "evprof import cpu.pb.gz -o cpu.data", "a profile of pprof's, from Go or elsewhere" },
	{ "perf script | evprof import -", "what perf script prints; - is stdin" },
	{ NULL, NULL },
};

/* ---- the file ----------------------------------------------------------------------------------
 */

/* Also what comes as slowly as another program writes it: a pipe, a fifo, <(perf script). */
static int open_file(const char *path, struct ev_err *err)
{
	int fd = !strcmp(path, "-") ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : ev_fail(err, errno, "cannot read '%s': %s", path, strerror(errno));
}

static void add_notes(struct ev_recording *recording, const struct ev_import *import,
		      const char *path)
{
	const char *words = ev_import_format_words(ev_import_format(import)), *note;
	struct ev_arena arena = { 0 };
	ev_recording_add_note(recording, EV_NOTE_IMPORTED, "%s, %s", words,
			      ev_text_safe(&arena, path));
	ev_recording_add_note(recording, EV_NOTE_COUNTED, "by another profiler");
	for (size_t i = 0; (note = ev_import_note(import, i)); i++)
		ev_recording_add_note(recording, "fallback", "%s", ev_text_safe(&arena, note));
	if (ev_import_trouble(import))
		ev_recording_add_note(recording, EV_NOTE_PARTIAL, "%s",
				      ev_text_safe(&arena, ev_import_trouble(import)));
	ev_arena_done(&arena);
}

static int take_record(void *context, const struct ev_record *record, struct ev_err *err)
{
	return ev_writer_add_record(context, record, err);
}

static int write_recording(struct ev_import *import, const char *path, const char *output,
			   struct ev_err *err)
{
	struct ev_recording recording = { 0 };
	struct ev_writer_options how = { .pipe = !strcmp(output, "-"), .sudo_owner = true };
	struct ev_writer *writer = NULL;
	struct ev_buffer symbols = { 0 };
	const char *cmdline[] = { "evprof", "import", path };
	recording.cmdline = cmdline;
	recording.cmdline_count = EV_LENGTH(cmdline);
	ev_import_events(import, &recording);
	int rc = ev_writer_open(&writer, output, &how, &recording, err);
	if (!rc)
		rc = ev_import_give(import, &recording, take_record, writer, err);
	if (!rc)
		rc = ev_writer_flush(writer, err);
	if (!rc) {
		add_notes(&recording, import, path);
		ev_import_symbols(import, &symbols);
		ev_recording_set_section(&recording, EV_FEATURE_EVPROF_SYMBOLS, symbols.bytes,
					 symbols.size_bytes);
		rc = ev_writer_finish(writer, &recording, err);
	}
	if (writer && rc)
		ev_writer_discard(writer);
	else if (writer)
		ev_writer_close(writer);
	ev_buffer_done(&symbols);
	ev_recording_done(&recording);
	return rc;
}

/* ---- what is told ------------------------------------------------------------------------------
 */

static void tell(const struct verb *verb, const struct ev_import *import, const char *output)
{
	struct ev_arena arena = { 0 };
	char samples[32];
	const char *note;
	fprintf(stderr, "[ evprof %s: %s: %s samples, written to %s ]\n", verb->name,
		ev_import_format_words(ev_import_format(import)),
		ev_format_grouped(samples, sizeof(samples), ev_import_samples(import)),
		ev_text_safe(&arena, output));
	for (size_t i = 0; (note = ev_import_note(import, i)); i++)
		fprintf(stderr, "[ evprof %s: %s ]\n", verb->name, ev_text_safe(&arena, note));
	ev_arena_done(&arena);
}

static int convert(const struct verb *verb, const struct import_options *options, const char *path)
{
	_Atomic uint64_t done_permille = 0;
	struct ev_import_options how = { .format = options->format,
					 .done_permille = &done_permille,
					 .comm_first = options->comm };
	struct ev_import *import = NULL;
	struct ev_err err = { 0 };
	int status = 0, fd = open_file(path, &err);
	if (fd < 0)
		return complain(verb, &err, STATUS_FAILED);
	struct progress_work *work = progress_work_begin("reading the profile", NULL);
	progress_work_measure(work, &done_permille, 1000);
	int rc = ev_import_open_file(&import, fd, &how, &err);
	progress_work_end(work);
	close(fd);
	if (rc)
		return complain_text(verb, STATUS_FAILED, "'%s': %s", path, err.text);
	done_permille = 0;
	work = progress_work_begin("writing the recording", stdout);
	progress_work_measure(work, &done_permille, 1000);
	rc = write_recording(import, path, options->output, &err);
	progress_work_end(work);
	if (rc)
		status = complain(verb, &err, STATUS_FAILED);
	else if (!options->quiet)
		tell(verb, import, options->output);
	/* As far as it goes, but not as if it were whole. */
	if (!status && ev_import_trouble(import))
		status = complain_text(verb, STATUS_FAILED, "'%s' was read in part only: %s", path,
				       ev_import_trouble(import));
	ev_import_close(import);
	return status;
}

static int run_import(const struct verb *verb, int argc, char **argv)
{
	struct import_options options = { .output = "perf.data" };
	struct option_list words = { 0 };
	int status = options_parse_words(verb, &options, argc, argv, &words);
	if (status < 0 && words.count != 1)
		status = complain_text(verb, STATUS_USAGE,
				       "name one file to read: evprof import FILE (- is stdin)");
	else if (status < 0)
		status = convert(verb, &options, words.items[0].text);
	options_list_done(&words);
	return status;
}

const struct verb import_verb = {
	.name = "import",
	.synopsis = "[OPTION]… FILE",
	.about =
		"Turn a profile of another profiler (folded, perf script, pprof) into a recording.",
	.options = rows,
	.examples = examples,
	.run = run_import,
	.notes = "Every verb then shows it: report, annotate, diff, script, and all of report's "
		 "formats. What the foreign format does not tell (addresses, processes, times) is "
		 "made up or missing, and said. A damaged file is read as far as it goes; the exit "
		 "status is then 1.",
};
