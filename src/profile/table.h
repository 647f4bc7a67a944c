/* A table's inside: what the rows, the filters and the trees under rows share. */
#ifndef PROFILE_TABLE_H
#define PROFILE_TABLE_H

#include <evprof/profile.h>
#include <evprof/tables.h>

enum { EV_NO_KEY = UINT32_MAX }; /* filtered out */

/* Frames that belong in one row have one frame key, tags one tag key. */
struct ev_table_index {
	uint32_t *frame_key; /* per frame */
	uint32_t *tag_key;   /* per tag */
	uint32_t frame_key_count, tag_key_count;
	uint32_t *tag_sample; /* per tag key: a tag that has it */
	uint32_t *canonical;  /* per frame: the frame that stands for its function in trees */
	bool absolute;        /* totals are those of everything, whatever passes the filters */
	bool by_frame;        /* a key depends on the frame */
	/* Cells by tag key, in the order of their stacks: those of key k stand in
	 * cells[cell_end[k - 1] … cell_end[k]). */
	uint32_t *cells, *cell_end;
	/* Made when the first tree is asked for. Tables with children: the stacks of a frame key
	 * that no other stack of it encloses. Without: the cells that end in a frame key. */
	uint32_t *starts, *start_end;
	uint64_t *weights;   /* the rows' */
	uint32_t *values;    /* the rows' */
	uint32_t *inner_end; /* tables with children: the stacks inside one end here */
};

/* Names of processes and threads. */
struct ev_owners {
	struct ev_map of_pid, of_tid; /* number -> string id */
};
void ev_owners_find(struct ev_owners *owners, const struct ev_named *named);
void ev_owners_done(struct ev_owners *owners);

/* String id of a key's value. `scratch` is reset. */
uint32_t ev_frame_value(const struct ev_named *named, uint32_t frame, enum ev_key key,
			struct ev_arena *scratch);
uint32_t ev_tag_value(const struct ev_named *named, const struct ev_tag *tag, enum ev_key key,
		      const struct ev_owners *owners, struct ev_arena *scratch);

/* See ev_row_level. */
char ev_key_level(const struct ev_named *named, const struct ev_tag *tag, uint32_t frame,
		  enum ev_key key);

/* A filter's texts, taken apart. */
struct ev_sieve {
	const struct ev_filter *filter;
	const struct ev_named *named;
	const struct ev_owners *owners;        /* set once they are found */
	struct ev_map comms, objects, symbols; /* string ids that pass */
	struct ev_map pids, tids, cpus;
};
int ev_sieve_open(struct ev_sieve *sieve, const struct ev_filter *filter,
		  const struct ev_named *named, struct ev_err *err);
bool ev_sieve_tag(const struct ev_sieve *sieve, const struct ev_tag *tag);
bool ev_sieve_frame(const struct ev_sieve *sieve, uint32_t frame);
void ev_sieve_done(struct ev_sieve *sieve);

/* Rows being made. The weights of one row: for every event its samples, for every event its period,
 * own and then with what was called. */
enum { EV_SELF_SAMPLES, EV_SELF_PERIOD, EV_ALL_SAMPLES, EV_ALL_PERIOD, EV_WEIGHT_COUNT };
struct ev_rows {
	EV_ARRAY(struct ev_row) rows; /* keys and depth only */
	EV_ARRAY(uint64_t) weights;   /* EV_WEIGHT_COUNT * events for every row */
};
/* Per cell whether it is in the table's totals; free() it. */
uint8_t *ev_table_counted(const struct ev_table *table, const struct ev_named *named);

/* Also fills index->cells and cell_end. */
void ev_rows_collect(struct ev_rows *rows, const struct ev_named *named,
		     struct ev_table_index *index, size_t event_count, bool children);

/* Order the table's rows as ev_table_build says; `hidden` is the text that parts rows of one frame
 * key from others with the same values; NULL where none do. */
void ev_rows_order(struct ev_table *table, struct ev_strings *strings, const uint32_t *hidden);

/* Sort what the index counts: end[k] is where the ids of key k end; ids of EV_NO_KEY are left out.
 * Both arrays are new; the order within a key stays. */
void ev_sort_by_key(size_t count, size_t key_count, const uint32_t *keys, uint32_t **ids,
		    uint32_t **end);

#endif
