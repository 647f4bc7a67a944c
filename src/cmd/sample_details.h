/* What a sample tells besides where it was: its details, and its branches. */
#ifndef CMD_SAMPLE_DETAILS_H
#define CMD_SAMPLE_DETAILS_H

#include "samples.h"

/* Control groups that a recording names: paths by id, and who was in which namespace when. */
struct sample_groups;
struct sample_groups *sample_groups_open(void);
void sample_groups_add(struct sample_groups *groups, const struct ev_record *record);
/* Once, after all records. */
void sample_groups_ready(struct sample_groups *groups);
void sample_groups_close(struct sample_groups *groups);

/* The detail of a sample, or of one of its branches, in the sink's profile. */
uint32_t sample_detail(struct sample_sink *sink, const struct ev_record *record,
		       const struct ev_branch *branch);

/* Each branch of a sample becomes an entry of the profile, at where it went. */
void sample_take_branches(struct sample_sink *sink, const struct ev_record *record);

/* Branches become frames: where each went and where it came from, newest innermost, inside the
 * frames of the chain. */
struct sample_history;
struct sample_history *sample_history_open(void);
/* The record's chain is then the history's, until the next call. */
void sample_history_add(struct sample_history *history, struct ev_record *record);
void sample_history_close(struct sample_history *history);

#endif
