/* evprof dump: what each thread of a process is at now, in Python and below it, as py-spy dump
 * tells it. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dump.h"
#include "verbs.h"

#define LARGEST_PID (1u << 30)

static int parse_python(void *options, const char *value, struct ev_err *err)
{
	static const char *const words[] = { "merged", "only", "off" };
	struct dump_options *into = options;
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		if (!strcmp(value, words[i])) {
			into->python = (enum dump_python)i;
			return 0;
		}
	return ev_fail(err, EINVAL, "--python is one of merged, only and off");
}

#define ROW(letter, name, value, kind, field, help)                                                \
	OPTION(letter, name, value, kind, struct dump_options, field, help)

static const struct option_row rows[] = {
	ROW('p', "pid", "PID", TEXT, pid, "the process"),
	OPTION_TO(0, "python", "HOW", parse_python,
		  "merged: Python frames in place of the interpreter's; only: no others; off: "
		  "none"),
	ROW(0, "nonblocking", NULL, FLAG, running,
	    "let it run meanwhile: Python frames only, which may be torn"),
	ROW('j', "json", NULL, FLAG, json, "everything, for programs"),
	ROW('q', "quiet", NULL, FLAG, quiet, "no word about what is missing"),
	{ 0 },
};

static const struct example examples[] = {
	{ "evprof dump -p 1234", "every thread: native frames, and Python's where there are any" },
	{ "evprof dump --python only -p 1234", "as py-spy dump: Python frames alone" },
	{ "evprof dump -j -p 1234", "for programs" },
	{ NULL, NULL },
};

void dump_note(struct dump_run *run, const char *fmt, ...)
{
	char text[1100];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	*ev_array_add(&run->notes) = ev_arena_printf(&run->arena, "%s", text);
}

/* ---- taking -------------------------------------------------------------------------------------
 */

/* Which thread is whose: by its number from 3.11 on, else by where its thread-local memory is. */
static void match_threads(struct dump_run *run)
{
	size_t count = run->stopped.threads.count, matched = 0;
	for (size_t at = 0; at < run->python.threads.count; at++) {
		const struct ev_python_thread *thread = &run->python.threads.items[at];
		for (size_t i = 0; i < count; i++) {
			const struct ev_stopped_thread *stopped = &run->stopped.threads.items[i];
			bool same = thread->native_id ? thread->native_id == stopped->tid_inside
						      : stopped->pthread &&
								stopped->pthread == thread->pthread;
			/* A thread may be in several interpreters: that which it runs is told. */
			if (!same || (run->of_thread[i] && !thread->frame_count))
				continue;
			matched += !run->of_thread[i];
			run->of_thread[i] = thread;
			break;
		}
	}
	if (matched < run->python.threads.count)
		dump_note(run,
			  "%zu of %zu Python threads could not be found among the threads of the "
			  "process",
			  run->python.threads.count - matched, run->python.threads.count);
}

/* `found`: what looking for its interpreter came to, before it stood still. */
static int take_python(struct dump_run *run, int found, struct ev_err *err)
{
	struct ev_python_memory memory = { ev_process_memory, &run->pid };
	if (found == -ENOENT)
		return run->options->python == DUMP_PYTHON_ONLY
			       ? ev_fail(err, ENOENT,
					 "process %u runs no Python that names its interpreter "
					 "(_PyRuntime); without --python only its native frames "
					 "are "
					 "shown",
					 run->pid)
			       : 0;
	int rc = found ? found : ev_python_read(&run->runtime, &memory, &run->python, err);
	if (rc)
		return rc;
	run->has_python = true;
	if (run->python.newer)
		dump_note(run,
			  "Python %u.%u is newer than what is known (" EV_PYTHON_VERSIONS
			  "): it is "
			  "read by what it publishes about itself",
			  run->runtime.version >> 24, run->runtime.version >> 16 & 255);
	match_threads(run);
	return 0;
}

static int take(struct dump_run *run, struct ev_err *err)
{
	const struct dump_options *options = run->options;
	struct ev_err refusal = { 0 };
	bool native = options->python != DUMP_PYTHON_ONLY && !options->running;
	/* Symbols are read while it still runs: that takes longest. */
	int found = options->python == DUMP_PYTHON_OFF
			    ? -ENOENT
			    : ev_python_find(run->pid, &run->runtime, run->python_path,
					     sizeof(run->python_path), err);
	int rc = ev_process_stop(&run->stopped, run->pid, options->running, &refusal);
	if (rc) {
		*err = refusal;
		return rc;
	}
	if (run->stopped.trouble[0])
		dump_note(run, "%s", run->stopped.trouble);
	run->of_thread = ev_alloc(run->stopped.threads.count * sizeof(*run->of_thread));
	rc = take_python(run, found, err);
	if (rc && native) {
		/* Its other frames can still be told. */
		dump_note(run, "no Python frames: %s", err->text);
		rc = 0;
	}
	if (native)
		dump_native_take(run);
	else if (options->running)
		dump_note(run, "it was not stopped: only Python frames are shown");
	return rc;
}

/* ---- showing ------------------------------------------------------------------------------------
 */

static const char *command_of(struct dump_run *run)
{
	char path[64], *text = NULL;
	size_t size_bytes = 0;
	snprintf(path, sizeof(path), "/proc/%u/cmdline", run->pid);
	ev_file_read(path, &text, &size_bytes);
	if (!size_bytes) {
		free(text);
		return ev_arena_printf(&run->arena, "[%s]", run->stopped.threads.items[0].name);
	}
	for (size_t i = 0; i + 1 < size_bytes; i++)
		if (!text[i])
			text[i] = ' ';
	const char *command = ev_arena_text(&run->arena, text, size_bytes);
	free(text);
	return command;
}

static const char *version_of(struct dump_run *run)
{
	uint32_t version = run->runtime.version;
	unsigned micro = version >> 8 & 255;
	if (!run->has_python)
		return NULL;
	if (version & 0xff)
		return ev_arena_printf(&run->arena, "%u.%u.%u", version >> 24, version >> 16 & 255,
				       micro);
	return ev_arena_printf(&run->arena, "%u.%u", version >> 24, version >> 16 & 255);
}

static void show(struct dump_run *run, struct ev_dump_thread *threads, const char *command)
{
	struct ev_dump dump = {
		.pid = run->pid,
		.command = command,
		.version = version_of(run),
		.path = run->has_python ? run->python_path : NULL,
		.gil_known = run->python.gil_known,
		.free_threaded = run->python.free_threaded,
		.threads = threads,
		.thread_count = run->stopped.threads.count,
		.notes = run->notes.items,
		.note_count = run->options->quiet ? 0 : run->notes.count,
	};
	if (run->options->json)
		ev_dump_print_json(stdout, &dump);
	else
		ev_dump_print(stdout, &dump);
}

static void done(struct dump_run *run)
{
	for (size_t i = 0; run->moments && i < run->stopped.threads.count; i++)
		ev_buffer_done(&run->moments[i].stack);
	free(run->moments);
	free(run->of_thread);
	ev_process_release(&run->stopped);
	if (run->set)
		ev_space_set_close(run->set);
	ev_python_state_done(&run->python);
	ev_array_done(&run->notes);
	ev_arena_done(&run->arena);
}

static int run_dump(const struct verb *verb, int argc, char **argv)
{
	struct dump_options options = { 0 };
	struct dump_run run = { .options = &options };
	struct ev_err err = { 0 };
	uint64_t pid;
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status >= 0)
		return status;
	if (first < argc || !options.pid)
		return complain_text(verb, STATUS_USAGE, "which process? give -p PID, and no more");
	if (ev_parse_u64(options.pid, &pid) || !pid || pid > LARGEST_PID) {
		const char *text = ev_text_safe(&run.arena, options.pid);
		status = complain_text(verb, STATUS_USAGE, "'%s' is no process id", text);
		ev_arena_done(&run.arena);
		return status;
	}
	if (options.running && options.python == DUMP_PYTHON_OFF)
		return complain_text(verb, STATUS_USAGE,
				     "--nonblocking shows Python frames only: --python off leaves "
				     "nothing");
	if (pid == (uint64_t)getpid())
		return complain_text(verb, STATUS_USAGE, "%u is this evprof itself", (unsigned)pid);
	run.pid = (uint32_t)pid;
	int rc = take(&run, &err);
	if (rc) {
		status = complain(verb, &err, rc == -EPERM ? STATUS_REFUSED : STATUS_FAILED);
	} else {
		struct ev_dump_thread *threads =
			ev_arena_take(&run.arena, run.stopped.threads.count * sizeof(*threads));
		const char *command = command_of(&run);
		ev_process_continue(&run.stopped);
		dump_join(&run, threads);
		show(&run, threads, command);
		status = 0;
	}
	done(&run);
	return status;
}

const struct verb dump_verb = {
	.name = "dump",
	.synopsis = "[--python merged|only|off] [--json] -p PID",
	.about = "Show what every thread of a running process is at now, Python included.",
	.options = rows,
	.examples = examples,
	.run = run_dump,
	.notes = "The process is stopped for a few milliseconds and goes on as before. Frames are\n"
		 "shown innermost first, each with the line that runs. Python frames are those of\n"
		 "CPython " EV_PYTHON_VERSIONS
		 ", without a change to the program; which thread holds the GIL\n"
		 "is told. Needs the rights of a debugger: the same user, or root.",
};
