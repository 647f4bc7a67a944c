/* What was tried on this machine becomes one screen, 80 columns wide, or JSON. */
#include <string.h>
#include <evprof/view.h>

enum { WIDTH = 80, AREA = 10, STATE = 9, NAME = 17, DETAIL = AREA + STATE };

static const struct {
	const char *word, *colour;
} states[] = {
	[EV_CHECK_OK] = { "ok", "\33[32m" },
	[EV_CHECK_LIMITED] = { "limited", "\33[33m" },
	[EV_CHECK_MISSING] = { "missing", "\33[31m" },
};

static void put_padded(FILE *out, const char *text, size_t columns)
{
	size_t used = ev_text_columns(text);
	fprintf(out, "%s%*s", text, used < columns ? (int)(columns - used) : 1, "");
}

/* Bytes of the text that take at most so many columns, cut between words where that goes. */
static size_t fitting(const char *text, size_t columns)
{
	size_t bytes = 0, used = 0, space = 0;
	while (text[bytes]) {
		bool begins = ((unsigned char)text[bytes] & 0xc0) != 0x80;
		if (begins && used == columns)
			return text[bytes] == ' ' ? bytes : space ? space : bytes;
		if (text[bytes] == ' ')
			space = bytes;
		used += begins;
		bytes++;
	}
	return bytes;
}

/* Words from `column` on, later lines indented as far; each but the last ends in `broken`. */
static void put_wrapped(FILE *out, const char *text, size_t column, const char *broken)
{
	size_t columns = WIDTH - column;
	while (ev_text_columns(text) > columns) {
		size_t bytes = fitting(text, columns - strlen(broken));
		fprintf(out, "%.*s%s\n%*s", (int)bytes, text, broken, (int)column, "");
		text += bytes;
		text += strspn(text, " ");
	}
	fprintf(out, "%s\n", text);
}

/* A cure that can be pasted into a shell stays so when it is broken. */
static bool is_command(const char *cure)
{
	static const char *const begins[] = { "sudo ", "export ", "echo ", "docker ", "evprof " };
	for (size_t i = 0; i < EV_LENGTH(begins); i++)
		if (!strncmp(cure, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static void print_check(FILE *out, const struct ev_check *check, const char *area,
			const struct ev_check *before, bool colour, struct ev_arena *scratch)
{
	const char *word = states[check->state].word;
	const char *cure = ev_text_safe(scratch, check->cure);
	put_padded(out, area, AREA);
	if (colour)
		fputs(states[check->state].colour, out);
	put_padded(out, word, STATE);
	if (colour)
		fputs("\33[m", out);
	put_padded(out, ev_text_safe(scratch, check->name), NAME);
	put_wrapped(out, ev_text_safe(scratch, check->value), DETAIL + NAME, "");
	if (check->state == EV_CHECK_OK)
		return;
	bool same_why = before && !strcmp(check->why, before->why);
	if (*check->why) {
		fprintf(out, "%*s", DETAIL, "");
		put_wrapped(out, same_why ? "as above" : ev_text_safe(scratch, check->why), DETAIL,
			    "");
	}
	bool is_long = ev_text_columns(cure) > WIDTH - DETAIL;
	if (!*cure || (before && is_long && !strcmp(check->cure, before->cure)))
		return;
	fprintf(out, "%*s-> ", DETAIL, "");
	put_wrapped(out, cure, DETAIL + 3, is_command(cure) ? " \\" : "");
}

static bool can_work(const struct ev_checks *checks)
{
	return checks->can_count && checks->can_sample && checks->can_write;
}

static void print_verdict(FILE *out, const struct ev_checks *checks)
{
	size_t counts[EV_LENGTH(states)] = { 0 };
	for (size_t i = 0; i < checks->count; i++)
		counts[checks->items[i].state]++;
	fprintf(out, "\n%zu ok, %zu limited, %zu missing. ", counts[EV_CHECK_OK],
		counts[EV_CHECK_LIMITED], counts[EV_CHECK_MISSING]);
	if (can_work(checks)) {
		fputs("The main job works: events can be counted\nand sampled, and a recording can "
		      "be written.\n",
		      out);
		return;
	}
	const struct {
		bool there;
		const char *name;
	} parts[] = { { checks->can_count, "counting" },
		      { checks->can_sample, "sampling" },
		      { checks->can_write, "recording" } };
	const char *between = "The main job does not work here: no ";
	for (size_t i = 0; i < EV_LENGTH(parts); i++)
		if (!parts[i].there) {
			fprintf(out, "%s%s", between, parts[i].name);
			between = ", no ";
		}
	fputs(".\n", out);
}

static void print_text(FILE *out, const struct ev_checks *checks, bool colour)
{
	struct ev_arena scratch = { 0 };
	const struct ev_check *before = NULL; /* the last that was explained */
	const char *area = "";
	for (size_t i = 0; i < checks->count; i++) {
		const struct ev_check *check = &checks->items[i];
		bool same = !strcmp(area, check->area);
		print_check(out, check, same ? "" : check->area, before, colour, &scratch);
		area = check->area;
		before = check->state == EV_CHECK_OK ? before : check;
		ev_arena_reset(&scratch);
	}
	print_verdict(out, checks);
	ev_arena_done(&scratch);
}

static void put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	ev_json_text(out, text);
}

static void print_json(FILE *out, const struct ev_checks *checks)
{
	fprintf(out, "{\"ok\":%s,\"checks\":[", can_work(checks) ? "true" : "false");
	for (size_t i = 0; i < checks->count; i++) {
		const struct ev_check *check = &checks->items[i];
		fprintf(out, "%s\n{\"name\":", i ? "," : "");
		ev_json_text(out, check->name);
		put_text(out, "area", check->area);
		put_text(out, "state", states[check->state].word);
		put_text(out, "value", check->value);
		put_text(out, "why", check->why);
		put_text(out, "cure", check->cure);
		putc('}', out);
	}
	fputs("\n]}\n", out);
}

bool ev_doctor_print(FILE *out, const struct ev_checks *checks, bool json, bool colour)
{
	if (json)
		print_json(out, checks);
	else
		print_text(out, checks, colour);
	return can_work(checks);
}
