/* The text of perf script, which evprof script prints too and several converters:
 *
 *   comm pid/tid [cpu] time: period event:
 *           55d0c0a011a9 function+0x9 (/path/object)
 *             file.c:12
 *
 * Frames stand leaf first, a blank line ends them; inlined functions have (inlined) for an object
 * and stand before what they are inlined into. pid, cpu, time and period may be missing, and a
 * sample without a chain has its only frame behind the event. */
#include <stdlib.h>
#include <string.h>
#include "import.h"

enum { WORDS_MAX = 64, DEPTH_MAX = 65536 };
#define KERNEL_BEGINS UINT64_C(0xffff000000000000)

struct word {
	const char *text;
	size_t length;
};
struct head {
	struct word comm, event, rest;
	bool has_pid, has_time, has_cpu, has_tid;
	uint32_t pid, tid, cpu;
	uint64_t time_ns, period;
};
struct script {
	struct ev_import *import;
	const struct import_source *source;
	bool open; /* a sample waits for its frames */
	struct import_sample sample;
	EV_ARRAY(struct import_frame) inlined; /* wait for what they are inlined into */
	EV_ARRAY(uint32_t) places;             /* leaf first */
	/* The frame that a line of source may follow: it is made a place when it is known. */
	bool pending;
	uint32_t object;
};

/* ---- the head line -----------------------------------------------------------------------------
 */

static size_t split(const char *line, size_t length, struct word *words)
{
	size_t count = 0, at = 0;
	while (at < length && count < WORDS_MAX) {
		while (at < length && (line[at] == ' ' || line[at] == '\t'))
			at++;
		size_t from = at;
		while (at < length && line[at] != ' ' && line[at] != '\t')
			at++;
		if (at > from)
			words[count++] = (struct word){ line + from, at - from };
	}
	return count;
}

/* "12.345678901:" */
static bool read_time(struct word word, uint64_t *time_ns)
{
	const char *dot = memchr(word.text, '.', word.length);
	uint64_t seconds, part;
	if (!dot || word.text[word.length - 1] != ':')
		return false;
	size_t whole = (size_t)(dot - word.text), digits = word.length - whole - 2;
	if (!digits || digits > 9 || !ev_import_number(word.text, whole, &seconds) ||
	    !ev_import_number(dot + 1, digits, &part))
		return false;
	for (; digits < 9; digits++)
		part *= 10;
	return !__builtin_mul_overflow(seconds, (uint64_t)1000000000, &seconds) &&
	       !__builtin_add_overflow(seconds, part, time_ns);
}

static bool read_id(struct word word, uint32_t *id)
{
	uint64_t value;
	bool minus = word.length > 1 && *word.text == '-';
	if (!ev_import_number(word.text + minus, word.length - minus, &value) || value > UINT32_MAX)
		return false;
	*id = minus ? UINT32_MAX : (uint32_t)value;
	return true;
}

/* "12" or "12/13" */
static bool read_ids(struct word word, struct head *head)
{
	const char *slash = memchr(word.text, '/', word.length);
	if (!slash) {
		head->has_tid = read_id(word, &head->tid);
		head->pid = head->tid;
		return head->has_tid;
	}
	size_t first = (size_t)(slash - word.text);
	head->has_pid = head->has_tid =
		read_id((struct word){ word.text, first }, &head->pid) &&
		read_id((struct word){ slash + 1, word.length - first - 1 }, &head->tid);
	return head->has_tid;
}

static bool read_cpu(struct word word, struct head *head)
{
	uint64_t cpu;
	if (word.length < 3 || *word.text != '[' || word.text[word.length - 1] != ']' ||
	    !ev_import_number(word.text + 1, word.length - 2, &cpu) || cpu >= 1u << 20)
		return false;
	head->cpu = (uint32_t)cpu;
	head->has_cpu = true;
	return true;
}

/* Comm, ids and CPU stand in front of the words from `end` on. */
static bool read_who(const char *line, const struct word *words, size_t end, struct head *head)
{
	if (end && read_cpu(words[end - 1], head))
		end--;
	if (!end || !read_ids(words[end - 1], head))
		return false;
	end--;
	if (end) {
		const struct word *last = &words[end - 1];
		head->comm.text = words[0].text;
		head->comm.length = (size_t)(last->text + last->length - words[0].text);
	}
	return line && end;
}

/* "cycles:u:", and behind it what is no part of the head. */
static bool read_event(const char *line, size_t length, const struct word *words, size_t count,
		       size_t at, struct head *head)
{
	if (at + 1 < count && ev_import_number(words[at].text, words[at].length, &head->period))
		at++;
	else
		head->period = 0;
	if (at >= count || words[at].length < 2 || words[at].text[words[at].length - 1] != ':')
		return false;
	head->event = (struct word){ words[at].text, words[at].length - 1 };
	const char *rest = words[at].text + words[at].length;
	head->rest = (struct word){ rest, length - (size_t)(rest - line) };
	return true;
}

static bool read_head(const char *line, size_t length, struct head *head)
{
	struct word words[WORDS_MAX];
	size_t count = split(line, length, words);
	for (size_t i = 1; i < count; i++) {
		*head = (struct head){ 0 };
		if (!read_time(words[i], &head->time_ns))
			continue;
		head->has_time = true;
		if (read_who(line, words, i, head) &&
		    (i + 1 == count || read_event(line, length, words, count, i + 1, head)))
			return true;
	}
	/* Without times: the first number behind a name is the thread's. */
	for (size_t i = 1; i + 1 < count; i++) {
		struct head tried = { 0 };
		size_t behind = i + 1;
		if (!read_ids(words[i], &tried))
			continue;
		if (behind < count && read_cpu(words[behind], &tried))
			behind++;
		if (!read_event(line, length, words, count, behind, &tried))
			continue;
		*head = tried;
		return read_who(line, words, behind, head);
	}
	return false;
}

bool ev_import_is_head(const char *line, size_t length)
{
	struct head head;
	return length && *line != ' ' && *line != '\t' && read_head(line, length, &head) &&
	       head.event.length;
}

/* ---- frames ------------------------------------------------------------------------------------
 */

static bool read_hex(const char *text, size_t length, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: 16;
		if (digit > 15)
			return false;
		*value = *value << 4 | digit;
	}
	return length > 0 && length <= 16;
}

static void end_frame(struct script *script)
{
	if (!script->pending)
		return;
	script->pending = false;
	if (script->places.count < DEPTH_MAX)
		*ev_array_add(&script->places) =
			ev_import_place(script->import, script->object, script->inlined.items,
					script->inlined.count);
	else
		ev_import_remark(script->import, "stacks of more than %d places are cut",
				 DEPTH_MAX);
	script->inlined.count = 0;
}

/* "function+0x12" without the offset */
static size_t without_offset(const char *text, size_t length)
{
	uint64_t value;
	for (size_t at = length; at-- > 1;)
		if (text[at] == 'x' && at > 1 && text[at - 1] == '0' && text[at - 2] == '+')
			return read_hex(text + at + 1, length - at - 1, &value) ? at - 2 : length;
	return length;
}

/* Where " (object)" begins, at the end of the line; its length when there is none. Objects may hold
 * parentheses: those in pairs belong to it. */
static size_t find_object(const char *text, size_t length)
{
	int depth = 0;
	if (!length || text[length - 1] != ')')
		return length;
	for (size_t at = length; at-- > 0;) {
		depth += text[at] == ')';
		depth -= text[at] == '(';
		if (!depth && (!at || text[at - 1] == ' ' || text[at - 1] == '\t'))
			return at;
	}
	return length;
}

/* Where code that has no name is: as evprof names it. */
static uint32_t place_text(struct script *script, const char *path, size_t length, uint64_t address)
{
	char text[320];
	size_t base = length;
	while (base && path[base - 1] != '/')
		base--;
	int used = length ? snprintf(text, sizeof(text), "[%.*s+0x%llx]",
				     (int)(length - base > 200 ? 200 : length - base), path + base,
				     (unsigned long long)address)
			  : snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
	return ev_import_text(script->import, text, (size_t)used);
}

/* "55d0c0a011a9 function+0x9 (/path/object)"; false when it is no frame. */
static bool take_frame(struct script *script, const char *text, size_t length)
{
	static const char inlined[] = "(inlined)";
	struct word words[WORDS_MAX];
	uint64_t address;
	size_t count = split(text, length, words);
	if (!count || !read_hex(words[0].text, words[0].length, &address))
		return false;
	end_frame(script);
	const char *rest = words[0].text + words[0].length;
	size_t left = length - (size_t)(rest - text);
	while (left && (*rest == ' ' || *rest == '\t')) {
		rest++;
		left--;
	}
	while (left && (rest[left - 1] == ' ' || rest[left - 1] == '\t'))
		left--;
	size_t object = find_object(rest, left), name = object;
	const char *path = rest + object + 1;
	size_t path_length = object < left ? left - object - 2 : 0;
	bool is_inlined = left - object == sizeof(inlined) - 1 &&
			  !memcmp(rest + object, inlined, sizeof(inlined) - 1);
	while (name && (rest[name - 1] == ' ' || rest[name - 1] == '\t'))
		name--;
	name = without_offset(rest, name);
	if (path_length == 9 && !memcmp(path, "[unknown]", 9))
		path_length = 0;
	struct import_frame *frame = ev_array_add(&script->inlined);
	bool unknown = !name || (name == 9 && !memcmp(rest, "[unknown]", 9));
	frame->function = unknown ? place_text(script, path, path_length, address)
				  : ev_import_text(script->import, rest, name);
	if (!is_inlined) {
		bool kernel = address >= KERNEL_BEGINS ||
			      (path_length && *path == '[' && path_length > 7 &&
			       !memcmp(path, "[kernel", 7));
		script->object = ev_import_object(script->import, path, path_length, kernel);
		script->pending = true;
	}
	return true;
}

/* "  file.c:12" behind a frame. */
static bool take_source(struct script *script, const char *text, size_t length)
{
	uint64_t number;
	while (length && (*text == ' ' || *text == '\t')) {
		text++;
		length--;
	}
	for (size_t i = 0; i + 1 < length; i++)
		if (text[i] == ' ' && text[i + 1] == '(') /* "(discriminator 3)" */
			length = i;
	const char *colon = length ? memrchr(text, ':', length) : NULL;
	size_t file = colon ? (size_t)(colon - text) : 0;
	if (!script->inlined.count || !file ||
	    !ev_import_number(colon + 1, length - file - 1, &number) || number > UINT32_MAX)
		return false;
	struct import_frame *frame = &script->inlined.items[script->inlined.count - 1];
	frame->file = ev_import_text(script->import, text, file);
	frame->line = (uint32_t)number;
	return true;
}

/* ---- samples -----------------------------------------------------------------------------------
 */

static void end_sample(struct script *script)
{
	uint32_t stack = 0;
	if (!script->open)
		return;
	if (script->inlined.count && !script->pending) { /* into what is not told */
		script->object = ev_import_object(script->import, "", 0, false);
		script->pending = true;
	}
	end_frame(script);
	for (size_t i = script->places.count; i-- > 0;)
		stack = ev_import_stack(script->import, stack, script->places.items[i]);
	script->sample.stack = stack;
	ev_import_sample(script->import, &script->sample);
	script->places.count = 0;
	script->open = false;
}

static void begin_sample(struct script *script, const struct head *head)
{
	struct ev_import *import = script->import;
	const char *event = head->event.length ? head->event.text : "samples";
	size_t length = head->event.length ? head->event.length : strlen("samples");
	script->sample = (struct import_sample){
		.event = ev_import_event(import, event, length, ""),
		.task = ev_import_task(import, true, head->pid, head->tid,
				       ev_import_text(import, head->comm.text, head->comm.length)),
		.cpu = head->has_cpu ? head->cpu + 1 : 0,
		.time_ns = head->time_ns,
		.samples = 1,
		.period = head->period ? head->period : 1,
	};
	script->open = true;
	script->pending = false;
	script->inlined.count = 0;
	if (!head->has_pid)
		ev_import_remark(import, "processes are not told (perf script -F +pid tells them): "
					 "each thread counts as one");
	if (!head->period)
		ev_import_remark(import, "periods are not told of some samples (perf script -F "
					 "+period tells them): each of these counts as one");
	/* What a tracepoint says stands there too, but no object behind it. */
	if (find_object(head->rest.text, head->rest.length) < head->rest.length)
		take_frame(script, head->rest.text, head->rest.length);
}

static void take_line(struct script *script, const char *line, size_t length)
{
	struct head head;
	bool indented = length && (*line == ' ' || *line == '\t');
	if (!length) {
		end_sample(script);
	} else if (indented && script->open &&
		   (take_frame(script, line, length) || take_source(script, line, length))) {
		return;
	} else if (read_head(line, length, &head)) { /* comms are set to the right */
		end_sample(script);
		begin_sample(script, &head);
	} else if (*line != '#') {
		ev_import_complain(script->import, "line %llu is no sample and no frame of one",
				   (unsigned long long)script->source->number);
	}
}

void ev_import_script(struct ev_import *import, struct import_source *source)
{
	struct script script = { .import = import, .source = source };
	const char *line;
	size_t length;
	while (ev_import_next(import, source, &line, &length))
		take_line(&script, line, length);
	end_sample(&script);
	ev_import_remark(import, "addresses are made up: the names that the text has are kept");
	ev_array_done(&script.inlined);
	ev_array_done(&script.places);
}
