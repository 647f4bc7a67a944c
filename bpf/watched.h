/* Whom a BPF program watches: what it and the loader agree on. */
#ifndef BPF_WATCHED_H
#define BPF_WATCHED_H

#include <linux/types.h>

enum ev_watching {
	EV_WATCHING_EVERYBODY, /* but not the idle loop */
	EV_WATCHING_PROCESSES, /* all their threads */
	EV_WATCHING_THREADS,
	EV_WATCHING_CGROUPS, /* and those under them */
};

/* `const volatile struct ev_watch watch` of a program, set before it is loaded. */
struct ev_watch {
	__u32 whom;   /* enum ev_watching */
	__u32 follow; /* what watched processes and threads start is watched, too */
};

enum { EV_WATCHED_MAX = 65536, EV_CGROUPS_MAX = 1024, EV_CGROUP_DEPTH = 32 };

#endif
