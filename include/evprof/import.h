/* collect: profiles of other profilers become the records of a recording: folded stacks, the text
 * of perf script, pprof's profile.proto. What a format does not tell (processes, addresses) is made
 * up, and what of a profile has no place in a recording is told. */
#ifndef EVPROF_IMPORT_H
#define EVPROF_IMPORT_H

#include <evprof/collect.h>

enum ev_import_format {
	EV_IMPORT_UNKNOWN,
	EV_IMPORT_FOLDED, /* "root;caller;leaf 12" a line */
	EV_IMPORT_SCRIPT, /* what perf script and evprof script print */
	EV_IMPORT_PPROF,  /* profile.proto, gzipped or not */
	EV_IMPORT_FORMATS
};
/* "folded stacks", "the text of perf script", "a pprof profile"; "" for one that is not known. */
const char *ev_import_format_words(enum ev_import_format format);
/* By what the bytes are, not by a file's name. */
enum ev_import_format ev_import_detect(const void *bytes, size_t size_bytes);

struct ev_import_options {
	enum ev_import_format format; /* EV_IMPORT_UNKNOWN: by its content */
	/* NULL, or told how far reading, and later giving, is, of 1000; 0 while nobody knows. */
	_Atomic uint64_t *done_permille;
	bool comm_first; /* of folded stacks the first name is the thread's, not a function's */
};
struct ev_import;
/* 0 also where only a part can be understood: the rest is told by ev_import_trouble. -EINVAL with a
 * sentence for what is none of these formats, or has no sample in it. The bytes are not needed
 * afterwards. */
int ev_import_open(struct ev_import **import, const void *bytes, size_t size_bytes,
		   const struct ev_import_options *options, struct ev_err *err);
/* The same of a file or a pipe, from where it stands; text is read piece by piece, so that memory
 * is taken for stacks and samples only. */
int ev_import_open_file(struct ev_import **import, int fd, const struct ev_import_options *options,
			struct ev_err *err);
enum ev_import_format ev_import_format(const struct ev_import *import);
uint64_t ev_import_samples(const struct ev_import *import);
/* What could not be read and from where: one sentence, NULL when all could. */
const char *ev_import_trouble(const struct ev_import *import);
/* The how-manieth thing that was made up or has no place in a recording; NULL behind the last. */
const char *ev_import_note(const struct ev_import *import, size_t index);
/* Adds its events, with ids, to a recording that has none. */
void ev_import_events(const struct ev_import *import, struct ev_recording *recording);
/* Hands over mappings, names of tasks, and samples. Returns take's first failure. */
int ev_import_give(struct ev_import *import, const struct ev_recording *recording,
		   ev_take_record take, void *context, struct ev_err *err);
/* What its places are called, for EV_FEATURE_EVPROF_SYMBOLS; after ev_import_give. */
void ev_import_symbols(const struct ev_import *import, struct ev_buffer *out);
void ev_import_close(struct ev_import *import);

#endif
