/* A copy of the running kernel's own symbols, for its writing of the list takes it as long as a
 * short recording takes altogether. */
#ifndef SYMBOL_KALLSYMS_COPY_H
#define SYMBOL_KALLSYMS_COPY_H

#include "kallsyms_lines.h"

/* The copy in `folder`, made when there is none of this boot; `list` NULL is /proc/kallsyms. A
 * descriptor; -errno when none can be had, as where the list hides addresses. The folder is made,
 * in one that is there. Copies of earlier boots are taken away. */
int ev_kallsyms_copy_open(const char *folder, const char *list);
/* Calls `take`, whatever it answers, for the lines that say something of the wanted addresses
 * (rising): the last symbols that are not above each, and the first one that is; and for the first
 * lines of all, which tell where the kernel begins. -errno when the copy is damaged. */
int ev_kallsyms_copy_lines(int fd, const uint64_t *wanted, size_t count,
			   bool (*take)(void *context, const struct kallsyms_line *line),
			   void *context);

#endif
