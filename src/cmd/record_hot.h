/* Which functions the samples were in until now, for who asks a running recorder. */
#ifndef CMD_RECORD_HOT_H
#define CMD_RECORD_HOT_H

#include <evprof/perfdata.h>

struct record_hot;
/* `recording` says how samples are laid out once the first one comes, and outlives it. */
struct record_hot *record_hot_open(const struct ev_recording *recording);
/* Records on their way: a bounded table of their places is kept, of the first event. */
void record_hot_see(struct record_hot *hot, const void *bytes, size_t size_bytes);
/* Lines of the functions with most weight, by what is mapped now. */
void record_hot_tell(const struct record_hot *hot, size_t most, struct ev_buffer *text);
void record_hot_close(struct record_hot *hot);

#endif
