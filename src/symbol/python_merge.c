/* The chain of a sample and the Python frames of its thread -> one chain, in which Python's
 * functions stand where the interpreter ran them. */
#include <evprof/symbol.h>
#include <evprof/symbol_python.h>

enum code_kind { OTHER_CODE, LEADS_TO_PYTHON, RUNS_PYTHON, RUNS_A_PART };

struct merge {
	const struct ev_python_stack *stack;
	uint64_t *out;
	size_t count, limit;
	size_t at;   /* the next Python frame that is to be placed */
	size_t idle; /* so many times the interpreter is not yet, or no longer, where it runs any */
	struct ev_python_merged *how;
};

static enum code_kind kind_of(const struct ev_python_stack *stack, uint64_t address)
{
	for (uint32_t i = 0; i < stack->range_count; i++) {
		const struct ev_python_range *range = &stack->ranges[i];
		if (address < range->start || address >= range->end)
			continue;
		if (!range->evaluates)
			return LEADS_TO_PYTHON;
		return range->part ? RUNS_A_PART : RUNS_PYTHON;
	}
	return OTHER_CODE;
}

static void put(struct merge *merge, uint64_t address)
{
	if (merge->count < merge->limit)
		merge->out[merge->count++] = address;
	else
		merge->how->left_out++;
}

static bool put_frame(struct merge *merge)
{
	uint64_t frame = merge->stack->frames[merge->at++];
	uint64_t address = frame & ~EV_PYTHON_STACK_ENTRY;
	if (address) {
		put(merge, address);
		merge->how->placed++;
	}
	return frame & EV_PYTHON_STACK_ENTRY;
}

/* The frames of one call of the interpreter. */
static void put_call(struct merge *merge)
{
	while (merge->at < merge->stack->count && !put_frame(merge))
		;
}

static bool is_marker(uint64_t address)
{
	return address >= (uint64_t)PERF_CONTEXT_MAX;
}

/* Where the addresses of user space begin, and how many there are. */
static size_t find_user(const uint64_t *chain, size_t count, size_t *length)
{
	size_t first = 0;
	while (first < count && chain[first] != (uint64_t)PERF_CONTEXT_USER)
		first++;
	first += first < count;
	*length = 0;
	while (first + *length < count && !is_marker(chain[first + *length]))
		++*length;
	return first;
}

/* A call of the interpreter that is about to begin or has just ended has no frame, although it is
 * in the native stack: where there are more of them than calls with frames, and nothing is missing
 * from either, it is the innermost one. */
static size_t count_idle(const struct ev_python_stack *stack, const uint64_t *user, size_t length)
{
	size_t calls = 0, entries = 0;
	if (!stack->complete)
		return 0;
	enum code_kind last = OTHER_CODE;
	for (size_t i = 0; i < length; i++) {
		enum code_kind kind = kind_of(stack, user[i] - (i > 0));
		calls += kind == RUNS_A_PART || (kind == RUNS_PYTHON && last != RUNS_A_PART);
		last = kind;
	}
	for (size_t i = 0; i < stack->count; i++)
		entries += stack->frames[i] >> 63;
	return calls > entries ? calls - entries : 0;
}

static bool leads(const struct ev_python_stack *stack, uint64_t address, enum code_kind kind)
{
	return kind == LEADS_TO_PYTHON || (kind == OTHER_CODE && stack->generated &&
					   stack->generated(stack->context, address));
}

static void merge_user(struct merge *merge, const uint64_t *user, size_t length)
{
	bool led = false; /* what led to the interpreter stands behind it */
	enum code_kind last = OTHER_CODE;
	for (size_t i = 0; i < length; i++) {
		enum code_kind kind = kind_of(merge->stack, user[i] - (i > 0));
		bool same = kind == RUNS_PYTHON && last == RUNS_A_PART;
		bool runs = (kind == RUNS_PYTHON || kind == RUNS_A_PART) && !same &&
			    merge->at < merge->stack->count;
		last = kind;
		if (same && led) {
			continue;
		} else if (runs && merge->idle) {
			merge->idle--;
			runs = false;
		} else if (runs) {
			put_call(merge);
		}
		led = runs || (led && leads(merge->stack, user[i] - (i > 0), kind));
		if (!led)
			put(merge, user[i]);
	}
	/* Of a stack that was not followed so far, or by code that is not known as Python's. */
	while (merge->at < merge->stack->count) {
		put_frame(merge);
		merge->how->behind++;
	}
}

size_t ev_python_merge(const struct ev_python_stack *stack, const uint64_t *chain, size_t count,
		       uint64_t *out, size_t limit, struct ev_python_merged *how)
{
	size_t length, first = find_user(chain, count, &length);
	struct merge merge = { .stack = stack, .out = out, .limit = limit, .how = how };
	*how = (struct ev_python_merged){ 0 };
	for (size_t i = 0; i < first; i++)
		put(&merge, chain[i]);
	if (!first || chain[first - 1] != (uint64_t)PERF_CONTEXT_USER)
		put(&merge, (uint64_t)PERF_CONTEXT_USER);
	merge.idle = count_idle(stack, chain + first, length);
	merge_user(&merge, chain + first, length);
	for (size_t i = first + length; i < count; i++)
		put(&merge, chain[i]);
	return merge.count;
}

bool ev_python_place(const struct ev_python_stack *stack, uint64_t ip, uint64_t *address)
{
	size_t at = 0;
	while (at < stack->count && !(stack->frames[at] & ~EV_PYTHON_STACK_ENTRY))
		at++;
	enum code_kind kind = kind_of(stack, ip);
	if (at == stack->count || (kind != RUNS_PYTHON && kind != RUNS_A_PART))
		return false;
	*address = stack->frames[at] & ~EV_PYTHON_STACK_ENTRY;
	return true;
}
