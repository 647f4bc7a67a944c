/* The threads of a process and their stacks -> text, or JSON. */
#include <string.h>
#include <evprof/view_dump.h>

static const char *state_word(char state)
{
	static const struct {
		char state;
		const char *word;
	} words[] = {
		{ 'R', "running" }, { 'S', "sleeping" }, { 'D', "in the kernel" },
		{ 'T', "stopped" }, { 't', "traced" },   { 'Z', "ended" },
		{ 'I', "idle" },    { 'P', "parked" },
	};
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		if (words[i].state == state)
			return words[i].word;
	return "state not known";
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static void print_frame(FILE *out, const struct ev_dump_frame *frame, struct ev_arena *scratch)
{
	const char *function = frame->function ? frame->function : "[unknown]";
	fprintf(out, "    %s", ev_text_safe(scratch, function));
	if (frame->file && frame->line)
		fprintf(out, " (%s:%u)", ev_text_safe(scratch, frame->file), frame->line);
	else if (frame->file)
		fprintf(out, " (%s)", ev_text_safe(scratch, frame->file));
	else if (frame->object)
		fprintf(out, " (%s)", ev_text_safe(scratch, base_name(frame->object)));
	fputs(frame->inlined ? " (inlined)\n" : "\n", out);
}

static void print_thread(FILE *out, const struct ev_dump_thread *thread, struct ev_arena *scratch)
{
	fprintf(out, "\nThread %u (%s%s): \"%s\"\n", thread->tid, state_word(thread->state),
		thread->holds_gil ? ", holds the GIL" : "", ev_text_safe(scratch, thread->name));
	for (size_t i = 0; i < thread->frame_count; i++) {
		print_frame(out, &thread->frames[i], scratch);
		ev_arena_reset(scratch);
	}
	if (thread->trouble)
		fprintf(out, "    [%s]\n", ev_text_safe(scratch, thread->trouble));
	else if (!thread->frame_count)
		fputs("    [no frames]\n", out);
}

void ev_dump_print(FILE *out, const struct ev_dump *dump)
{
	struct ev_arena scratch = { 0 };
	fprintf(out, "Process %u: %s\n", dump->pid, ev_text_safe(&scratch, dump->command));
	if (dump->version)
		fprintf(out, "Python v%s (%s)%s\n", dump->version,
			ev_text_safe(&scratch, dump->path),
			dump->free_threaded ? ", free-threaded: no GIL" : "");
	for (size_t i = 0; i < dump->thread_count; i++)
		print_thread(out, &dump->threads[i], &scratch);
	if (dump->note_count)
		fputc('\n', out);
	for (size_t i = 0; i < dump->note_count; i++)
		fprintf(out, "# %s\n", dump->notes[i]);
	ev_arena_done(&scratch);
}

/* ---- JSON ---------------------------------------------------------------------------------------
 */

static void put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, ", \"%s\": ", key);
	if (text)
		ev_json_text(out, text);
	else
		fputs("null", out);
}

static void put_frame(FILE *out, const struct ev_dump_frame *frame)
{
	fprintf(out, "{\"kind\": \"%s\"", frame->python ? "python" : "native");
	put_text(out, "function", frame->function);
	put_text(out, "file", frame->file);
	if (frame->line)
		fprintf(out, ", \"line\": %u", frame->line);
	else
		fputs(", \"line\": null", out);
	if (!frame->python) {
		put_text(out, "object", frame->object);
		fprintf(out, ", \"inlined\": %s", frame->inlined ? "true" : "false");
	}
	fputc('}', out);
}

static void put_thread(FILE *out, const struct ev_dump_thread *thread, bool gil_known)
{
	fprintf(out, "{\"tid\": %u", thread->tid);
	put_text(out, "name", thread->name);
	put_text(out, "state", state_word(thread->state));
	fprintf(out, ", \"python\": %s, \"holds_gil\": %s", thread->python ? "true" : "false",
		!gil_known          ? "null"
		: thread->holds_gil ? "true"
				    : "false");
	put_text(out, "trouble", thread->trouble);
	fputs(", \"frames\": [", out);
	for (size_t i = 0; i < thread->frame_count; i++) {
		fputs(i ? ",\n   " : "\n   ", out);
		put_frame(out, &thread->frames[i]);
	}
	fputs("]}", out);
}

void ev_dump_print_json(FILE *out, const struct ev_dump *dump)
{
	fprintf(out, "{\"pid\": %u", dump->pid);
	put_text(out, "command", dump->command);
	put_text(out, "python_version", dump->version);
	put_text(out, "python_path", dump->path);
	fprintf(out, ", \"free_threaded\": %s",
		dump->free_threaded ? "true"
		: dump->gil_known   ? "false"
				    : "null");
	fputs(", \"threads\": [", out);
	for (size_t i = 0; i < dump->thread_count; i++) {
		fputs(i ? ",\n " : "\n ", out);
		put_thread(out, &dump->threads[i], dump->gil_known);
	}
	fputs("], \"notes\": [", out);
	for (size_t i = 0; i < dump->note_count; i++) {
		fputs(i ? ", " : "", out);
		ev_json_text(out, dump->notes[i]);
	}
	fputs("]}\n", out);
}
