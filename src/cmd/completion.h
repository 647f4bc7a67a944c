/* What can stand at the end of a command line that is being typed. */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include <stdio.h>
#include "options.h"

/* Prints "WORD<TAB>MEANING" lines, the words of a command line being "evprof", …, and what stands
 * of the last one. */
void completion_print(FILE *out, char *const *words, size_t count);
/* Values that an option's row or a verb's word can take, beginning with `typed`; false where it is
 * a file or anything else that only the shell or nobody knows. */
bool completion_values(FILE *out, const struct verb *verb, const struct option_row *row,
		       const char *typed);
bool completion_arguments(FILE *out, const struct verb *verb, const char *typed);
/* One candidate, unless it does not begin so or holds what no terminal should get. */
void completion_offer(FILE *out, const char *typed, const char *before, const char *word,
		      const char *about);

#endif
