/* Loads BPF programs that watch somebody (bpf/watched.bpf.h), whichever they are. */
#ifndef COLLECT_BPF_WATCHED_H
#define COLLECT_BPF_WATCHED_H

#include <evprof/collect_bpf.h>
#include <watched.h>

struct bpf_object;

/* Whom programs that are about to be loaded have to watch: for `watch` of their rodata. */
struct ev_watch ev_watched_plan(const struct ev_watch_target *target);
/* Programs named typed_… are loaded, or with `raw` those named raw_… in their place. Of opened,
 * not yet loaded programs. */
void ev_watched_choose(struct bpf_object *programs, bool raw);
/* Lists that this target has no use for get no room. Before loading. */
void ev_watched_size(struct bpf_object *programs, const struct ev_watch_target *target);
/* Loaded and attached, they see every fork: now they are told whom to watch, and miss nothing that
 * those start from here on. -ESRCH, -ENOENT … with a sentence. */
int ev_watched_begin(struct bpf_object *programs, const struct ev_watch_target *target,
		     struct ev_err *err);

#endif
