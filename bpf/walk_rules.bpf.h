/* From a frame to its caller by the rule that the unwind tables have for the place. */
#ifndef BPF_WALK_RULES_BPF_H
#define BPF_WALK_RULES_BPF_H

#include "walk_machine.bpf.h"
#include "walk_search.bpf.h"
#include "walk_tables.bpf.h"

static __always_inline bool walk_rule_of(const struct ev_walk_row *row, __u32 first_other,
					 struct ev_walk_rule *rule)
{
	__u8 kind = row->kind;
	__s32 cfa = row->cfa_words, fp = row->fp_words;
	if (kind == EV_WALK_ROW_OTHER) {
		__u32 at = first_other + (__u16)cfa;
		const struct ev_walk_rule *other = bpf_map_lookup_elem(&walk_others, &at);
		if (!other)
			return false;
		*rule = *other;
		return true;
	}
	__builtin_memset(rule, 0, sizeof(*rule));
	rule->base = kind == EV_WALK_ROW_SP    ? EV_WALK_BASE_SP
		     : kind == EV_WALK_ROW_FP  ? EV_WALK_BASE_FP
		     : kind == EV_WALK_ROW_PLT ? EV_WALK_BASE_PLT
					       : EV_WALK_BASE_NOTHING;
	rule->cfa_offset = kind == EV_WALK_ROW_PLT ? cfa : cfa * EV_WALK_WORD;
	rule->fp = fp ? EV_WALK_AT_CFA : EV_WALK_KEPT;
	rule->fp_offset = fp * EV_WALK_WORD;
	rule->ra = kind == EV_WALK_ROW_END ? EV_WALK_LOST
		   : EV_WALK_LINKS && !fp  ? EV_WALK_KEPT
					   : EV_WALK_AT_CFA;
	rule->ra_offset = EV_WALK_LINKS ? rule->fp_offset + EV_WALK_WORD : -EV_WALK_WORD;
	return rule->base != EV_WALK_BASE_NOTHING || rule->ra == EV_WALK_LOST;
}

static __always_inline bool walk_find_rule(struct walk *walk, const struct ev_walk_object *object,
					   __u64 address, struct ev_walk_rule *rule)
{
	if (!object->row_count)
		return false;
	struct walk_search search = { address - walk->start + walk->file_offset, object->first_row,
				      0, object->row_count - 1, 0 };
	bpf_loop(28, walk_halve_rows, &search, 0);
	const struct ev_walk_row *row = walk_row_at(search.base + search.low);
	return row && row->offset <= search.key && walk_rule_of(row, object->first_other, rule);
}

/* To the caller whose frame begins at `cfa`. A frame takes room, except that the innermost function
 * may not have made one yet, and that a signal's handler may have had a stack of its own. */
static __always_inline bool walk_leave(struct walk *walk, __u64 cfa, __u64 return_address)
{
	if (cfa < walk->sp || (cfa == walk->sp && walk->frames > 1))
		if (!walk->interrupted)
			return walk_ends(walk, EV_WALKED_BROKEN);
	walk->sp = cfa;
	walk->pc = return_address & EV_WALK_ADDRESS_MASK;
	walk->lr_known = false;
	return walk->pc ? true : walk_ends(walk, EV_WALKED_COMPLETE);
}

static __always_inline bool walk_find_cfa(struct walk *walk, const struct ev_walk_rule *rule,
					  __u64 *cfa)
{
	__u64 base = walk->sp;
	__s64 offset = rule->cfa_offset;
	if (rule->base == EV_WALK_BASE_PLT) {
		*cfa = base + EV_WALK_WORD + ((walk->pc & 15) >= (__u64)offset ? EV_WALK_WORD : 0);
		return true;
	}
	if (rule->base == EV_WALK_BASE_NOTHING ||
	    (rule->base == EV_WALK_BASE_FP && !walk->fp_known) ||
	    (rule->base == EV_WALK_BASE_REGISTER &&
	     !walk_register(walk, rule->base_register, &base)))
		return walk_ends(walk, EV_WALKED_BROKEN);
	if (rule->base == EV_WALK_BASE_FP)
		base = walk->fp;
	*cfa = base + offset;
	if (!rule->indirect)
		return true;
	if (!walk_word(walk, *cfa, &base))
		return false;
	*cfa = base + (__s64)rule->beyond;
	return true;
}

static __always_inline __u64 walk_base_of(const struct walk *walk, __u8 where, __u64 cfa)
{
	return where == EV_WALK_AT_CFA ? cfa : where == EV_WALK_AT_SP ? walk->sp : walk->fp;
}

static __always_inline bool walk_find_return(struct walk *walk, const struct ev_walk_rule *rule,
					     __u64 cfa, __u64 *return_address)
{
	bool by_fp = rule->ra == EV_WALK_AT_FP || rule->fp == EV_WALK_AT_FP;
	if ((rule->ra == EV_WALK_KEPT && !walk->lr_known) || (by_fp && !walk->fp_known))
		return walk_ends(walk, EV_WALKED_BROKEN);
	if (rule->ra == EV_WALK_KEPT)
		return true;
	if (rule->ra == EV_WALK_IN_REGISTER)
		return walk_register(walk, (__u32)rule->ra_offset, return_address)
			       ? true
			       : walk_ends(walk, EV_WALKED_BROKEN);
	return walk_word(walk, walk_base_of(walk, rule->ra, cfa) + (__s64)rule->ra_offset,
			 return_address);
}

/* Nobody called this, or it is a thread that was just made: what made it told it 0. */
static __always_inline bool walk_is_first(struct walk *walk, const struct ev_walk_rule *rule)
{
	__u64 result = 1;
	if (rule->base == EV_WALK_BASE_THREAD_MAKER)
		walk_register(walk, rule->base_register, &result);
	return rule->ra == EV_WALK_LOST || !result;
}

static __always_inline bool walk_follow_rule(struct walk *walk, const struct ev_walk_rule *rule)
{
	__u64 cfa = 0, return_address = walk->lr, fp = walk->fp, address;
	if (walk_is_first(walk, rule))
		return walk_ends(walk, EV_WALKED_COMPLETE);
	if (!walk_find_cfa(walk, rule, &cfa) || !walk_find_return(walk, rule, cfa, &return_address))
		return false;
	if (rule->fp == EV_WALK_LOST)
		walk->fp_known = false;
	else if (rule->fp != EV_WALK_KEPT) {
		address = walk_base_of(walk, rule->fp, cfa) + (__s64)rule->fp_offset;
		/* On its way out a function has popped it already, and its rule need not say so. */
		if (address >= walk->sp && !walk_word(walk, address, &fp))
			return false;
	}
	walk->fp = fp;
	/* What pushed nothing is mostly written by hand, for callers that count on it. */
	walk->others_known = walk->others_known && cfa - walk->sp <= EV_WALK_WORD;
	walk->interrupted = rule->is_signal;
	walk->by_pointer = false;
	return walk_leave(walk, cfa, return_address);
}

#endif
