/* --snapshot-when: a condition over what can be counted cheaply, looked at once a second. */
#ifndef CMD_RECORD_TRIGGER_H
#define CMD_RECORD_TRIGGER_H

#include <evprof/collect.h>

struct record_run;
struct record_trigger;

enum condition_kind { CONDITION_CPU, CONDITION_RSS, CONDITION_EVENT, CONDITION_COMM };
struct condition_term {
	enum condition_kind kind;
	bool starts; /* what stands before it is one side of an || */
	bool below, or_equal;
	double limit;     /* percent, bytes, per second */
	const char *word; /* the event or name */
	const char *text; /* as it was written */
};
struct condition {
	EV_ARRAY(struct condition_term) terms;
	struct ev_arena arena;
};
/* "cpu>90% && EVENT>10k/s || comm==NAME", && before ||. -EINVAL with a sentence. */
int condition_parse(struct condition *condition, const char *text, struct ev_err *err);
/* What was measured, one for each term; NAN = not known. */
bool condition_holds(const struct condition *condition, const double *values);
void condition_done(struct condition *condition);

/* `rest_ns`: so long nothing fires after it has fired. */
int record_trigger_plan(struct record_trigger **trigger, const char *text, uint64_t rest_ns,
			struct ev_err *err);
/* The target is known: counters are opened. -errno with a sentence for what cannot be counted. */
int record_trigger_open(struct record_trigger *trigger, const struct record_run *run,
			struct ev_err *err);
/* Records on their way, for names. */
void record_trigger_see(struct record_trigger *trigger, const void *bytes, size_t size_bytes);
/* Has it become true? Then `why` says what was measured. */
bool record_trigger_fires(struct record_trigger *trigger, uint64_t now_ns, char *why,
			  size_t size_bytes);
uint64_t record_trigger_next_ns(const struct record_trigger *trigger);
void record_trigger_close(struct record_trigger *trigger);

#endif
