/* Terms for what only a processor's branch records and hardware trace give: branch_type,
 * aux-output, aux-sample-size, aux-action become fields of the attr. */
#include <errno.h>
#include "parse.h"

#define LARGEST_AUX_SAMPLE 0xffff /* the kernel's */

/* ---- branch_type='any_call,u' -----------------------------------------------------------------
 */

#define BRANCH(name) PERF_SAMPLE_BRANCH_##name
static const struct {
	const char *name;
	uint64_t bit;
} branch_kinds[] = {
	{ "u", BRANCH(USER) },
	{ "k", BRANCH(KERNEL) },
	{ "hv", BRANCH(HV) },
	{ "any", BRANCH(ANY) },
	{ "any_call", BRANCH(ANY_CALL) },
	{ "any_ret", BRANCH(ANY_RETURN) },
	{ "ind_call", BRANCH(IND_CALL) },
	{ "ind_jmp", BRANCH(IND_JUMP) },
	{ "call", BRANCH(CALL) },
	{ "cond", BRANCH(COND) },
	{ "abort_tx", BRANCH(ABORT_TX) },
	{ "in_tx", BRANCH(IN_TX) },
	{ "no_tx", BRANCH(NO_TX) },
	{ "stack", BRANCH(CALL_STACK) },
	{ "no_flags", BRANCH(NO_FLAGS) },
	{ "no_cycles", BRANCH(NO_CYCLES) },
	{ "save_type", BRANCH(TYPE_SAVE) },
	{ "hw_index", BRANCH(HW_INDEX) },
	{ "priv", BRANCH(PRIV_SAVE) },
};
#define LEVELS (BRANCH(USER) | BRANCH(KERNEL) | BRANCH(HV))

static uint64_t branch_bit(struct ev_span word)
{
	for (size_t i = 0; i < EV_LENGTH(branch_kinds); i++)
		if (ev_span_alike(word, branch_kinds[i].name))
			return branch_kinds[i].bit;
	return 0;
}

int ev_term_branch_type(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	struct ev_span rest = term->value;
	uint64_t type = 0;
	if (!rest.length)
		return ev_parse_fault(parse, EINVAL, term->name,
				      "branch_type= needs a kind of branches, as in "
				      "branch_type='any_call,u'");
	for (;;) {
		size_t length = ev_span_find(rest, ',');
		struct ev_span word = ev_span_trim(ev_span_head(rest, length));
		uint64_t bit = branch_bit(word);
		if (!bit)
			return ev_parse_fault(
				parse, EINVAL, word.length ? word : term->value,
				"branch_type= has no kind '%.*s' (there are u k hv any any_call "
				"any_ret ind_call ind_jmp call cond abort_tx in_tx no_tx stack "
				"no_flags no_cycles save_type hw_index priv)",
				(int)word.length, word.at);
		type |= bit;
		if (length == rest.length)
			break;
		rest = ev_span_from(rest, length + 1);
	}
	/* Of levels alone, every branch in them. */
	made->event.attr.branch_sample_type = type & ~(uint64_t)LEVELS ? type : type | BRANCH(ANY);
	return 0;
}

/* ---- samples of a hardware trace ---------------------------------------------------------------
 */

int ev_term_aux_output(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	uint64_t number = 1;
	int rc = term->has_value ? ev_term_number(parse, term, 0, 1, &number) : 0;
	made->event.attr.aux_output = number & 1;
	return rc;
}

int ev_term_aux_sample_size(struct ev_parse *parse, const struct ev_term *term,
			    struct ev_made *made)
{
	uint64_t number;
	int rc = ev_term_number(parse, term, 0, LARGEST_AUX_SAMPLE, &number);
	if (!rc)
		made->event.attr.aux_sample_size = (uint32_t)number;
	return rc;
}

int ev_term_aux_action(struct ev_parse *parse, const struct ev_term *term, struct ev_made *made)
{
	/* The bits of aux_action, which headers have since Linux 6.13. */
	static const struct {
		const char *name;
		uint32_t bit;
	} actions[] = { { "start-paused", 1 }, { "pause", 2 }, { "resume", 4 } };
	for (size_t i = 0; i < EV_LENGTH(actions); i++)
		if (ev_span_alike(term->value, actions[i].name)) {
			made->event.attr.__reserved_3 = actions[i].bit;
			return 0;
		}
	return ev_parse_fault(parse, EINVAL, term->value.length ? term->value : term->name,
			      "aux-action= is one of pause, resume, start-paused");
}
