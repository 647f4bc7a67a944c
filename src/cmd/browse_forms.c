/* Other forms of what the browser shows: evprof itself makes them, as a process of its own, of the
 * same recording with the same filters. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "browse.h"
#include "progress.h"
#include "screen.h"

enum {
	FORMS = 32,
	SCRIPT_FORM = 0,
	TEXT_LIMIT_BYTES = 16 << 20 /* of a form that is looked at */
};
typedef EV_ARRAY(const char *) word_list;

static void add(word_list *words, const char *flag, const char *value)
{
	if (!value)
		return;
	*ev_array_add(words) = flag;
	*ev_array_add(words) = value;
}

/* ---- running evprof -----------------------------------------------------------------------------
 */

/* Its last line that is no line of progress. */
static void tell_failure(const char *text, size_t size_bytes, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	while (size_bytes && text[size_bytes - 1] == '\n')
		size_bytes--;
	const char *line = size_bytes ? memrchr(text, '\n', size_bytes) : NULL;
	line = line ? line + 1 : text;
	ev_fail(err, EIO, "%s",
		size_bytes ? ev_text_safe(&arena, ev_arena_text(&arena, line,
								(size_t)(text + size_bytes - line)))
			   : "evprof could not be started for that");
	ev_arena_done(&arena);
}

/* All that comes, of which the first part is kept. */
static void take(int fd, struct ev_buffer *text)
{
	char bytes[65536];
	ssize_t got;
	while ((got = read(fd, bytes, sizeof(bytes))) > 0 || (got < 0 && errno == EINTR)) {
		if (got > 0)
			ev_buffer_add(text, bytes, (size_t)got);
		if (text->size_bytes > TEXT_LIMIT_BYTES)
			break; /* closing the pipe ends the process */
	}
}

static pid_t start(const char *const *words, int out)
{
	posix_spawn_file_actions_t files;
	pid_t child = 0;
	size_t count = 0;
	while (words[count])
		count++;
	const char **argv = ev_alloc((count + 2) * sizeof(*argv));
	argv[0] = "evprof";
	memcpy(argv + 1, words, count * sizeof(*argv));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	int rc = posix_spawn(&child, "/proc/self/exe", &files, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	free(argv);
	return rc ? 0 : child;
}

int browse_run(const char *const *words, FILE *out, struct ev_err *err)
{
	struct ev_buffer text = { 0 };
	int ends[2], status = 0;
	if (pipe2(ends, O_CLOEXEC))
		return ev_fail(err, errno, "cannot start evprof: %m");
	screen_leave(); /* it may take long, and says so */
	struct progress_work *work = progress_work_begin("making it", NULL);
	pid_t child = start(words, ends[1]);
	close(ends[1]);
	take(ends[0], &text);
	close(ends[0]);
	bool cut = text.size_bytes > TEXT_LIMIT_BYTES;
	while (child && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	progress_work_end(work);
	bool good = child && ((WIFEXITED(status) && !WEXITSTATUS(status)) || cut);
	if (!good)
		tell_failure((const char *)text.bytes, text.size_bytes, err);
	else if (out && text.size_bytes)
		fwrite(text.bytes, 1, text.size_bytes, out);
	if (good && out && cut)
		fputs("\n… and more: evprof script shows all of it\n", out);
	ev_buffer_done(&text);
	return good ? 0 : -EIO;
}

/* ---- the forms ----------------------------------------------------------------------------------
 */

const struct ev_browse_form *browse_forms(size_t *count)
{
	static struct ev_browse_form forms[FORMS] = {
		[SCRIPT_FORM] = { "script", "samples one by one, as text" },
	};
	*count = SCRIPT_FORM + 1;
	for (size_t i = 0; i < ev_report_format_count && *count < FORMS; i++)
		if (!ev_report_formats[i].text)
			forms[(*count)++] = (struct ev_browse_form){ ev_report_formats[i].name,
								     ev_report_formats[i].about };
	return forms;
}

/* The ending by which programs know what a file is. */
char *browse_form_path(const char *form, struct ev_err *err)
{
	static const struct {
		const char *form, *ending;
	} endings[] = {
		{ "flamegraph", ".svg" },
		{ "pprof", ".pb.gz" },
		{ "speedscope", ".speedscope.json" },
		{ "firefox", ".firefox.json" },
		{ "chrome", ".chrome.json" },
		{ "callgrind", ".callgrind" },
	};
	const char *ending = NULL;
	for (size_t i = 0; i < EV_LENGTH(endings); i++)
		if (!strcmp(endings[i].form, form))
			ending = endings[i].ending;
	char *path = NULL;
	int fd = -1;
	/* Numbers stand before the ending. */
	for (int i = 0; fd < 0 && i < 1000; i++) {
		free(path);
		path = i ? ev_printf("perf.%d%s%s", i, ending ? "" : ".", ending ? ending : form)
			 : ev_printf("perf%s%s", ending ? "" : ".", ending ? ending : form);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd >= 0) {
		close(fd);
		return path;
	}
	ev_fail(err, errno, "cannot write '%s': %m", path);
	free(path);
	return NULL;
}

/* What was typed and wished for, as options again. */
static void add_filters(word_list *words, const struct report_options *base,
			const struct ev_browse_wishes *wishes, bool is_script)
{
	const struct ev_filter *filter = &base->filter;
	add(words, "--time", wishes->time ? wishes->time : base->time);
	add(words, "--comms", filter->comms);
	add(words, "--dsos", filter->objects);
	add(words, "--pid", filter->pids);
	add(words, "--tid", filter->tids);
	add(words, "--cpu", filter->cpus);
	add(words, "--symbols", filter->symbols);
	add(words, "--symfs", base->symbols.symfs);
	for (size_t i = 0; !is_script && i < base->key_filters.count; i++)
		add(words, "--filter", base->key_filters.items[i].text);
	for (size_t i = 0; !is_script && i < wishes->filter_count; i++)
		add(words, "--filter", wishes->filters[i]);
}

int browse_form(void *self, size_t at, const struct ev_browse_wishes *wishes, FILE *out,
		char said[256], struct ev_err *err)
{
	struct browse *browse = self;
	size_t count;
	const struct ev_browse_form *form = &browse_forms(&count)[at];
	bool is_script = at == SCRIPT_FORM;
	word_list words = { 0 };
	char *path = is_script ? NULL : browse_form_path(form->name, err);
	if (!is_script && !path)
		return err ? -err->code : -EIO;
	*ev_array_add(&words) = is_script ? "script" : "report";
	add(&words, "-i", browse->base->input);
	add_filters(&words, browse->base, wishes, is_script);
	if (!is_script) {
		add(&words, "--format", form->name);
		add(&words, "-o", path);
	}
	*ev_array_add(&words) = NULL;
	int rc = browse_run(words.items, is_script ? out : NULL, err);
	if (rc && path)
		unlink(path);
	else if (path)
		snprintf(said, 256, "written: %.200s", path);
	else if (!rc && wishes->filter_count)
		snprintf(said, 256, "all samples: the filters of this table are not script's");
	ev_array_done(&words);
	free(path);
	return rc;
}
