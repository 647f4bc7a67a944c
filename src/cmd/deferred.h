/* Samples whose chains are completed by later records. */
#ifndef CMD_DEFERRED_H
#define CMD_DEFERRED_H

#include <evprof/perfdata.h>

struct deferred;
/* Gets every sample once, with its whole chain or without the part that never came. */
typedef void (*deferred_take)(void *context, struct ev_record *record);
struct deferred *deferred_open(deferred_take take, void *context);
/* A sample, decoded and as it stands in the file; taken at once where nothing is missing. Records
 * that `decoder` has decoded before are of no more use after this. */
void deferred_add_sample(struct deferred *deferred, struct ev_decoder *decoder,
			 const struct ev_raw *raw, struct ev_record *record);
/* A record of type EV_RECORD_CALLCHAIN_DEFERRED, after which its samples are taken. */
void deferred_add_chain(struct deferred *deferred, struct ev_decoder *decoder,
			const struct ev_record *record);
/* No more records come: what still waits is taken as it is. */
void deferred_end(struct deferred *deferred, struct ev_decoder *decoder);
void deferred_close(struct deferred *deferred);

#endif
