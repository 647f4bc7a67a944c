/* mem:address[/length][:rwx][:modifiers] becomes a hardware breakpoint. */
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <string.h>
#include "parse.h"

static int access_parse(struct ev_parse *parse, struct ev_span text, uint32_t *type)
{
	static const struct {
		char letter;
		uint32_t bit;
	} letters[] = { { 'r', HW_BREAKPOINT_R },
			{ 'w', HW_BREAKPOINT_W },
			{ 'x', HW_BREAKPOINT_X } };
	*type = 0;
	for (size_t i = 0; i < text.length; i++) {
		struct ev_span here = ev_span_head(ev_span_from(text, i), 1);
		uint32_t bit = 0;
		for (size_t k = 0; k < EV_LENGTH(letters); k++)
			if (letters[k].letter == *here.at)
				bit = letters[k].bit;
		if (!bit)
			return ev_parse_fault(parse, EINVAL, here,
					      "the access of a breakpoint is made of r, w and x, "
					      "not '%c'",
					      *here.at);
		if (*type & bit)
			return ev_parse_fault(parse, EINVAL, here, "'%c' stands there twice",
					      *here.at);
		*type |= bit;
	}
	return 0;
}

static bool is_access(struct ev_span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!strchr("rwx", text.at[i]))
			return false;
	return text.length > 0;
}

/* What stands behind the address: the access, the modifiers, or both. */
static int tail_parse(struct ev_parse *parse, struct ev_span tail, uint32_t *type,
		      struct ev_modifiers *modifiers)
{
	size_t colon = ev_span_find(tail, ':');
	struct ev_span first = ev_span_head(tail, colon), second = ev_span_from(tail, colon + 1);
	if (colon == tail.length && !is_access(first) && ev_modifiers_look_right(first))
		return ev_modifiers_parse(parse, first, modifiers);
	if (!first.length)
		return ev_parse_fault(parse, EINVAL, first, "after ':' r, w or x is missing");
	int rc = access_parse(parse, first, type);
	if (!rc && colon < tail.length)
		rc = ev_modifiers_parse(parse, second, modifiers);
	return rc;
}

/* What the debug registers of this machine's CPUs can watch, beyond 1 to 8 bytes. */
static int refuse_impossible(struct ev_parse *parse, struct ev_span word, struct ev_span address,
			     struct ev_span length, uint32_t type, uint64_t at, uint64_t bytes)
{
#if defined(__x86_64__) || defined(__i386__)
	if (bytes & (bytes - 1))
		return ev_parse_fault(parse, EINVAL, length,
				      "the length of a breakpoint is 1, 2, 4 or 8 bytes");
	if (type != HW_BREAKPOINT_X && !(type & HW_BREAKPOINT_W))
		return ev_parse_fault(parse, EINVAL, word,
				      "this CPU cannot watch reads alone: watch reads and writes, "
				      "rw");
	if (type & HW_BREAKPOINT_X && type != HW_BREAKPOINT_X)
		return ev_parse_fault(parse, EINVAL, word,
				      "a breakpoint watches accesses (rw, w) or execution (x), not "
				      "both");
	if (type == HW_BREAKPOINT_X && bytes != sizeof(long))
		return ev_parse_fault(parse, EINVAL, length,
				      "execution is watched at an address: leave the length out");
	if (type != HW_BREAKPOINT_X && at % bytes)
		return ev_parse_fault(parse, EINVAL, address,
				      "the address is no multiple of the %u bytes that are watched "
				      "there",
				      (unsigned)bytes);
#else
	(void)parse, (void)word, (void)address, (void)length, (void)type, (void)at, (void)bytes;
#endif
	return 0;
}

int ev_parse_breakpoint(struct ev_parse *parse, struct ev_span word)
{
	size_t start = ev_span_starts(word, "mem:");
	if (!start)
		return 0;
	struct ev_span rest = ev_span_from(word, start);
	size_t colon = ev_span_find(rest, ':');
	struct ev_span place = ev_span_head(rest, colon), tail = ev_span_from(rest, colon + 1);
	size_t slash = ev_span_find(place, '/');
	struct ev_span address = ev_span_head(place, slash),
		       length = ev_span_from(place, slash + 1);
	uint64_t at, bytes = 0;
	uint32_t type = HW_BREAKPOINT_RW;
	struct ev_modifiers modifiers = { 0 };
	if (ev_span_number(address, &at))
		return ev_parse_fault(parse, EINVAL, address,
				      "a breakpoint needs an address: mem:0x1234[/length][:rwx]");
	if (slash < place.length &&
	    (ev_span_number(length, &bytes) || bytes < 1 || bytes > HW_BREAKPOINT_LEN_8))
		return ev_parse_fault(parse, EINVAL, length,
				      "the length of a breakpoint is 1 to 8 bytes");
	int rc = colon < rest.length ? tail_parse(parse, tail, &type, &modifiers) : 0;
	if (rc)
		return rc;
	if (!bytes)
		bytes = type == HW_BREAKPOINT_X ? sizeof(long) : HW_BREAKPOINT_LEN_4;
	rc = refuse_impossible(parse, word, address, length, type, at, bytes);
	if (rc)
		return rc;
	struct ev_event *event = &ev_parse_add(parse, word)->event;
	event->attr.type = PERF_TYPE_BREAKPOINT;
	event->attr.bp_type = type;
	event->attr.bp_addr = at;
	event->attr.bp_len = bytes;
	event->attr.sample_period = 1;
	event->fixed = EV_FIXED_PERIOD | EV_NATURAL_PERIOD;
	event->resolved =
		ev_arena_printf(parse->keep, "mem:0x%llx/%llu:%s%s%s", (unsigned long long)at,
				(unsigned long long)bytes, type & HW_BREAKPOINT_R ? "r" : "",
				type & HW_BREAKPOINT_W ? "w" : "",
				type & HW_BREAKPOINT_X ? "x" : "");
	event->about = "accesses to these addresses, caught by the CPU's debug registers";
	rc = ev_modifiers_apply(parse, &modifiers, tail, event);
	return rc ? rc : 1;
}
