/* The unwind tables of every object of a recording, read when they are first needed, for all the
 * threads that unwind. */
#ifndef SYMBOL_UNWIND_TABLES_H
#define SYMBOL_UNWIND_TABLES_H

#include <evprof/symbol_unwind.h>

struct unwind_tables;
struct unwind_tables *ev_unwind_tables_open(const struct ev_space_set *set,
					    const struct ev_recording *recording,
					    const struct ev_symbolizer_options *options);
/* One more who will close it. */
struct unwind_tables *ev_unwind_tables_share(struct unwind_tables *tables);
/* As ev_unwinder_forget. */
size_t ev_unwind_tables_forget(struct unwind_tables *tables, size_t most_bytes);
void ev_unwind_tables_close(struct unwind_tables *tables);

/* What is known of a place. */
enum unwind_known {
	UNWIND_RULE,
	UNWIND_SCANNED,   /* a rule without a table: a guess by what the code does */
	UNWIND_BEGIN,     /* the program begins there */
	UNWIND_NO_CFI,    /* a file's code without a rule */
	UNWIND_GENERATED, /* memory that is no file's: a compiler at run time wrote it */
	UNWIND_NOWHERE,   /* no code was mapped there */
};
/* Any thread may ask. *by_pointer: the file's code is known to keep frame pointers. `elf`: EM_… of
 * the code that was running. `behind_call`: the place is the last byte of a call that is being
 * returned from. */
enum unwind_known ev_unwind_tables_find(struct unwind_tables *tables, struct ev_place place,
					uint16_t elf, bool behind_call, struct ev_cfi_rule *rule,
					bool *by_pointer);
/* Is the place the last byte of a call, as far as can be told? */
bool ev_unwind_tables_is_call(struct unwind_tables *tables, struct ev_place place);
/* Is the place where a new thread begins, behind the system call that made it? */
bool ev_unwind_tables_makes_thread(struct unwind_tables *tables, struct ev_place place);
/* As ev_cfi_rows_of_file. */
int ev_unwind_tables_rows(struct unwind_tables *tables, uint32_t object, struct ev_cfi_rows *rows,
			  struct ev_err *err);

#endif
