/* What `evprof top` was asked to do, and the stages of doing it. */
#ifndef CMD_TOP_H
#define CMD_TOP_H

#include <sys/types.h>
#include "browse.h"
#include "record.h"
#include "samples.h"

struct top_options {
	/* The first, for what parses options of both: events, target, rate, call chains; -o. */
	struct record_options record;
	struct report_options report; /* what is shown, of what evprof report shows as well */
	const char *sort;             /* -s */
	double delay_s;               /* -d */
	uint64_t refreshes;           /* --refreshes; 0 = until it is left */
	uint64_t rows;                /* -E */
	double percent_limit;         /* --percent-limit */
	bool zero;                    /* -z */
	bool show_samples;            /* -n */
	bool batch;                   /* --batch, or there is no terminal */
	bool stdio;                   /* --stdio: the same */
	bool hide_user, hide_kernel;  /* -U, -K */
};

/* Records of one time out of the rings, kept for a recording of them. */
struct top_batch {
	struct ev_buffer records;
	size_t samples;
};

/* What is sampled, and what has become of it. Zeroed = closed. */
struct top {
	const struct verb *verb;
	const struct top_options *options;
	struct record_run run; /* of it: events, target, workload, sampler, recording */
	struct record_reader *reader;
	struct ev_decoder *decoder;
	struct ev_space_set *spaces;
	struct sample_options wanted;
	struct load_options load;
	struct ev_buffer arrived; /* out of the rings, just now */
	EV_ARRAY(struct ev_raw) raws;

	/* Records for `w`: what began everything and what is no sample of the time before, then
	 * whole batches. */
	struct ev_buffer told;
	uint64_t other_bytes; /* of records that are no sample, since the beginning */
	EV_ARRAY(struct top_batch) batches;
	uint64_t kept_bytes;

	struct ev_profile *fresh;  /* since the last refresh */
	struct ev_profile *fading; /* all, older ones counting less; in TOP_PARTS of a sample */
	uint64_t samples, lost, throttled; /* since the last refresh; in all; in all */
	bool zeroes, frozen, over;
	char *cache;
	size_t unreadable;

	struct report_options report;
	struct report_plan plan;
	struct loaded loaded; /* what is shown: a profile of its own */
	struct browse browse;
	struct ev_browser *browser;

	pid_t saving;  /* the process that writes a recording, 0 = none */
	int saving_fd; /* what it says at its end */

	uint64_t refreshed_ns, began_ns;
	double cpu_s;   /* used by evprof, at the last refresh */
	double rate_hz; /* samples a second, between the last two */
	double cost;    /* of one CPU, in the same time */
};

#define TOP_PARTS 64 /* of a sample: so that fading does not round it away */

/* Open events and tell what runs. */
int top_open(struct top *top, struct ev_err *err);
/* Take what the rings have into the fresh profile. */
int top_take(struct top *top, struct ev_err *err);
/* What was taken joins what is shown. */
void top_refresh(struct top *top);
/* Open, and let a command begin. */
int top_begin(struct top *top, struct ev_err *err);
/* Take and show, until it is left or nothing more comes. */
int top_watch(struct top *top, struct ev_err *err);
/* One line about evprof itself. */
void top_status(const struct top *top, FILE *out);
/* What is kept becomes a recording named by -o. A process of its own writes it: nothing waits. */
#define TOP_SAID_BYTES 512
int top_save_begin(struct top *top, char said[256], struct ev_err *err);
/* True once it has ended, or with `wait` as soon as it has: what there is to say of it. */
bool top_save_ended(struct top *top, bool wait, char said[TOP_SAID_BYTES]);
void top_done(struct top *top);

#endif
