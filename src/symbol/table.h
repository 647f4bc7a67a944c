/* A table of functions by address: filled in any order, sorted once, searched by address. */
#ifndef SYMBOL_TABLE_H
#define SYMBOL_TABLE_H

#include <evprof/base.h>

enum { BIND_LOCAL, BIND_GLOBAL, BIND_WEAK };
struct symbol {
	uint64_t start, end;
	size_t name;    /* in names */
	uint32_t outer; /* index + 1 of the nearest symbol before that reaches past this start */
	uint8_t bind;   /* BIND_… */
	bool label;     /* no function of its own where a function covers it */
	bool old;       /* a name kept for programs linked long ago: cfree for free */
	bool open;      /* has no size: ends at the next symbol, at most at `end` */
};
struct table {
	EV_ARRAY(struct symbol) symbols;
	size_t sorted;          /* how many of them can be found */
	struct ev_buffer names; /* NUL-terminated */
};

/* Add one; `name` is copied. size_bytes 0: until the next symbol, at most until `limit`. */
struct symbol *ev_symtab_add(struct table *table, uint64_t start, uint64_t size_bytes,
			     uint64_t limit, const char *name, size_t name_length);
/* Has it more than any real program? Then its maker means no good: symbols may share their text,
 * and a small file would fill the memory. */
bool ev_symtab_full(const struct table *table);
/* Sort, keep the best of the names of one address. What is added later is found after the next. */
void ev_symtab_sort(struct table *table);
const struct symbol *ev_symtab_find(const struct table *table, uint64_t address);
const char *ev_symtab_name(const struct table *table, const struct symbol *symbol);
void ev_symtab_done(struct table *table);

#endif
