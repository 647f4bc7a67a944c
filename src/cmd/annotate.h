/* What `evprof annotate` was asked to show, and what it makes of that. */
#ifndef CMD_ANNOTATE_H
#define CMD_ANNOTATE_H

#include <evprof/view.h>
#include "load.h"
#include "options.h"

struct annotate_options {
	const char *input;         /* -i */
	const char *symbol;        /* -s */
	struct option_list wanted; /* -l */
	const char *event;         /* -e */
	const char *style;         /* -M */
	const char *share;         /* --percent-type */
	const char *time;          /* --time */
	double percent_limit;      /* --percent-limit; < 0: not given */
	uint64_t context;          /* --context */
	enum python_frames python; /* --python */
	bool assembly;             /* --asm */
	bool json;                 /* --json */
	bool children;             /* true unless --no-children */
	bool demangle, inlined;    /* true unless --no-… */
	const char *colours;       /* --stdio-color */
	bool force, stdio;         /* -f; --stdio and the like: perf's, this is how it is here */
	struct ev_filter filter;
	struct ev_symbolizer_options symbols;
	struct ev_source_options source;
	uint64_t prefix_strip; /* --prefix-strip; UINT64_MAX: not given */
	struct ev_annotate_options view;
	char **words; /* functions and files to show, besides -l and -s */
	size_t word_count;
};

/* Everything that is shown. */
struct annotating {
	struct annotate_options *options;
	struct loaded *loaded;
	struct ev_symbolizer *symbolizer;
	struct ev_lines lines, files; /* `files` by file; empty unless it is needed */
	struct ev_spots spots;
	struct ev_ratio_sums *line_ratios, *file_ratios, *spot_ratios; /* NULL without */
	uint64_t *line_reached, *file_reached; /* NULL without page faults of Python */
	size_t faults_event;
	bool *events;
	size_t event; /* the first that is shown: it decides what is hot */
	struct ev_annotation annotation;
	struct ev_arena arena;
	struct { /* what was found out about an object last */
		uint32_t object;
		bool known;
		int64_t changed_s;
	} age;
};

/* Weigh the lines and instructions of annotation.report.named; then choose, then print. Names and
 * symbolizer stay the caller's. */
int annotate_weigh(struct annotating *it, struct ev_err *err);
void annotate_print(struct annotating *it, FILE *out);
void annotate_done(struct annotating *it);
/* The one function of this very name, in an object of this short name (NULL: any), becomes the only
 * section. -ENOENT with a sentence. */
int annotate_choose_function(struct annotating *it, const char *name, const char *object,
			     struct ev_err *err);
/* Fill annotation.sections with the functions and files that were named, else with the hottest
 * functions. -ENOENT for a name that nothing sampled has. */
int annotate_choose(struct annotating *it, struct ev_err *err);
/* Which lines belong to a section; and its instructions, where they are to be shown. */
void annotate_extend(struct annotating *it, struct ev_annotated *section);
void annotate_read_code(struct annotating *it, struct ev_annotated *section);
void annotate_forget_code(struct ev_annotated *section);

/* Does a person mean this function, or this file? "push" means std::vector<int>::push(int); globs
 * mean whole names. */
bool annotate_means_function(const char *word, const char *name);
/* And a function of Python, "Work.inner (toy.py:6)": by all of that, by its name, or the end of it.
 */
bool annotate_means_python(const char *word, const char *label);
bool annotate_means_file(const char *word, const char *path);

#endif
