/* One table describes the options of a verb; parsing, help, man page and completion are made of it.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <evprof/base.h>

/* What an option's value is and which C type stands at its offset. */
enum option_kind {
	OPTION_FLAG,  /* bool; --no-NAME clears it */
	OPTION_COUNT, /* unsigned; each -d adds one, --no-NAME clears */
	OPTION_TEXT,  /* const char *; last one wins */
	OPTION_LIST,  /* struct option_list; every one is kept */
	OPTION_U64,   /* uint64_t */
	OPTION_INT,   /* int64_t, may be negative */
	OPTION_SIZE,  /* uint64_t bytes, suffixes K M G */
	OPTION_REAL,  /* double */
	OPTION_CALL,  /* parse() gets the text, NULL when it was optional and absent */
	OPTION_DONE,  /* nowhere: what it asks for is done without it */
};
struct option_list {
	struct option_word {
		const struct option_row
			*row; /* several options may share a list: their order counts */
		const char *text;
	} * items;
	size_t count, room;
};
struct option_row {
	char letter;       /* 0 = none */
	const char *name;  /* long name; NULL ends the table; "" begins a group titled `help` */
	const char *value; /* "N" as shown in help; NULL = takes none */
	bool value_is_optional; /* as -zN or --name=N */
	enum option_kind kind;
	size_t offset;    /* in the verb's options */
	const char *help; /* one sentence, no full stop */
	int (*parse)(void *options, const char *value, struct ev_err *err); /* OPTION_CALL */
	bool word_may_follow; /* an optional value may be the next word too, unless it begins with
			       * '-': for verbs that take no words of their own */
	bool negatable;       /* OPTION_CALL: --no-NAME calls parse() with NULL */
	bool hidden;          /* accepted for perf's sake, not shown */
	const char *instead; /* perf's and refused: what serves in its place. With OPTION_REFUSED */
};

/* A row whose value stands in `field_` of `type_`; kind_ without its prefix. */
#define OPTION(letter_, name_, value_, kind_, type_, field_, help_)                                \
	{                                                                                          \
		.letter = letter_, .name = name_, .value = value_, .kind = OPTION_##kind_,         \
		.offset = offsetof(type_, field_), .help = help_                                   \
	}
/* A row that hands its text to a function. */
#define OPTION_TO(letter_, name_, value_, parse_, help_)                                           \
	{                                                                                          \
		.letter = letter_, .name = name_, .value = value_, .kind = OPTION_CALL,            \
		.parse = parse_, .help = help_                                                     \
	}
#define OPTION_HIDDEN_TO(letter_, name_, value_, parse_)                                           \
	{                                                                                          \
		.letter = letter_, .name = name_, .value = value_, .kind = OPTION_CALL,            \
		.parse = parse_, .hidden = true, .help = ""                                        \
	}
/* perf's, which evprof has not: the sentence tells what serves instead. */
#define OPTION_REFUSED(letter_, name_, value_, instead_)                                           \
	{                                                                                          \
		.letter = letter_, .name = name_, .value = value_,                                 \
		.value_is_optional = (value_) != NULL, .kind = OPTION_FLAG, .hidden = true,        \
		.instead = instead_                                                                \
	}
/* perf's, for what evprof does in any case: taken without a word. What is done stands in why_. */
#define OPTION_ANYWAY(letter_, name_, value_, why_)                                                \
	{                                                                                          \
		.letter = letter_, .name = name_, .value = value_, .kind = OPTION_DONE,            \
		.hidden = true, .help = why_                                                       \
	}
#define OPTION_GROUP(title_)                                                                       \
	{                                                                                          \
		.name = "", .help = title_                                                         \
	}

struct example {
	const char *command, *about;
};
struct verb {
	const char *name;
	const char *synopsis; /* "[OPTION]… [--] COMMAND [ARGUMENT]…" */
	const char *about;    /* one line */
	const struct option_row *options;
	const struct example *examples;                             /* ends with a NULL command */
	int (*run)(const struct verb *verb, int argc, char **argv); /* the exit status */
	const char *notes; /* paragraph at the end of --help, or NULL */
};

/* Fill *into from argv[1 …]; options end at the first argument that is none, or behind "--".
 * *first is then its index. -1: go on. 0 or more: the exit status, everything was said. */
int options_parse(const struct verb *verb, void *into, int argc, char **argv, int *first);
/* The same where words may stand before, between and behind options: they are added to `words`, all
 * of them behind "--". */
int options_parse_words(const struct verb *verb, void *into, int argc, char **argv,
			struct option_list *words);
void options_list_done(struct option_list *list);

void print_usage(FILE *out, const struct verb *verb, const char *keyword);
/* Text from column `indent` on, broken between words where `out` is a terminal; with a line end. */
void print_wrapped(FILE *out, const char *text, unsigned indent);
/* The same as a page for man(1). */
void print_manual(FILE *out, const struct verb *verb);
/* That of the program, with all its verbs. */
void print_program_manual(FILE *out, const struct verb *program, const struct verb *const *verbs,
			  size_t count);

/* "evprof record: sentence" on stderr; returns `status`, so that failing is one statement. */
int complain(const struct verb *verb, const struct ev_err *err, int status);
int complain_text(const struct verb *verb, int status, const char *fmt, ...) EV_PRINTF(3, 4);

/* Exit statuses: those of env(1), and perf's for wrong usage. */
enum {
	STATUS_FAILED = 1,
	STATUS_REFUSED = 125,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128,
	STATUS_USAGE = 129
};

#endif
