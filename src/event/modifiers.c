/* Letters behind an event's name (cycles:upp) become exclude bits, precision and wishes of the
 * attr, and an attr's bits become letters again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "parse.h"

#define MOST_PRECISE 3

static const struct {
	char letter;
	size_t field; /* offset of a bool in struct ev_modifiers */
} letters[] = {
	{ 'u', offsetof(struct ev_modifiers, user) },
	{ 'k', offsetof(struct ev_modifiers, kernel) },
	{ 'h', offsetof(struct ev_modifiers, hypervisor) },
	{ 'I', offsetof(struct ev_modifiers, idle) },
	{ 'G', offsetof(struct ev_modifiers, guest) },
	{ 'H', offsetof(struct ev_modifiers, host) },
	{ 'P', offsetof(struct ev_modifiers, max_precise) },
	{ 'S', offsetof(struct ev_modifiers, sample_read) },
	{ 'D', offsetof(struct ev_modifiers, pinned) },
	{ 'W', offsetof(struct ev_modifiers, weak) },
	{ 'e', offsetof(struct ev_modifiers, exclusive) },
	{ 'b', offsetof(struct ev_modifiers, bpf) },
};

static bool *field_of(struct ev_modifiers *modifiers, char letter)
{
	for (size_t i = 0; i < EV_LENGTH(letters); i++)
		if (letters[i].letter == letter)
			return (bool *)((char *)modifiers + letters[i].field);
	return NULL;
}

bool ev_modifiers_look_right(struct ev_span text)
{
	struct ev_modifiers unused = { 0 };
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] != 'p' && !field_of(&unused, text.at[i]))
			return false;
	return text.length > 0;
}

int ev_modifiers_parse(struct ev_parse *parse, struct ev_span text, struct ev_modifiers *modifiers)
{
	*modifiers = (struct ev_modifiers){ 0 };
	if (!text.length)
		return ev_parse_fault(parse, EINVAL, text,
				      "modifiers are missing after ':' (u k h I G H p P S D W e "
				      "b)");
	for (size_t i = 0; i < text.length; i++) {
		struct ev_span here = ev_span_head(ev_span_from(text, i), 1);
		bool *field = field_of(modifiers, *here.at);
		if (*here.at == 'p') {
			if (++modifiers->precise > MOST_PRECISE)
				return ev_parse_fault(parse, EINVAL, here,
						      "'ppp' is the highest precision there is");
		} else if (*here.at == 'R') {
			return ev_parse_fault(parse, EINVAL, here,
					      "modifier 'R' (retire latency from Intel's TPEBS) is "
					      "not "
					      "measured by evprof");
		} else if (!field) {
			return ev_parse_fault(parse, EINVAL, here,
					      "unknown modifier '%c' in '%.*s' (there are u k h I "
					      "G H p P "
					      "S D W e b)",
					      *here.at, (int)text.length, text.at);
		} else if (*field) {
			return ev_parse_fault(parse, EINVAL, here,
					      "modifier '%c' stands there twice", *here.at);
		} else {
			*field = true;
		}
	}
	return 0;
}

/* The first level that is named excludes all others; a level named later is let in again, so that
 * {cycles:k}:u counts both. Guest and host go the same way by themselves. */
static void apply_levels(const struct ev_modifiers *modifiers, struct perf_event_attr *attr)
{
	if (modifiers->user || modifiers->kernel || modifiers->hypervisor) {
		if (!(attr->exclude_user | attr->exclude_kernel | attr->exclude_hv))
			attr->exclude_user = attr->exclude_kernel = attr->exclude_hv = 1;
		if (modifiers->user)
			attr->exclude_user = 0;
		if (modifiers->kernel)
			attr->exclude_kernel = 0;
		if (modifiers->hypervisor)
			attr->exclude_hv = 0;
	}
	if (modifiers->guest || modifiers->host) {
		if (!(attr->exclude_guest | attr->exclude_host))
			attr->exclude_guest = attr->exclude_host = 1;
		if (modifiers->guest)
			attr->exclude_guest = 0;
		if (modifiers->host)
			attr->exclude_host = 0;
	}
	if (modifiers->idle)
		attr->exclude_idle = 1;
}

int ev_modifiers_apply(struct ev_parse *parse, const struct ev_modifiers *modifiers,
		       struct ev_span at, struct ev_event *event)
{
	if (event->kind == EV_EVENT_TOOL)
		return ev_parse_fault(parse, EINVAL, at,
				      "evprof measures this event itself: it takes no modifiers");
	if (event->probe && (modifiers->kernel || modifiers->hypervisor) && !modifiers->user)
		return ev_parse_fault(parse, EINVAL, at,
				      "probes of programs are hit in user space only");
	unsigned precise = event->attr.precise_ip + modifiers->precise;
	if (precise > MOST_PRECISE)
		return ev_parse_fault(parse, EINVAL, at, "'ppp' is the highest precision there is");
	event->attr.precise_ip = precise & 3;
	apply_levels(modifiers, &event->attr);
	event->attr.pinned |= modifiers->pinned;
	event->attr.exclusive |= modifiers->exclusive;
	event->fixed |=
		(modifiers->user || modifiers->kernel || modifiers->hypervisor ? EV_FIXED_LEVEL
									       : 0u) |
		(modifiers->guest || modifiers->host ? EV_FIXED_GUEST : 0u) |
		(modifiers->precise ? EV_FIXED_PRECISE : 0u) |
		(modifiers->max_precise ? EV_MAX_PRECISE : 0u) |
		(modifiers->pinned ? EV_PINNED : 0u) | (modifiers->weak ? EV_WEAK_GROUP : 0u) |
		(modifiers->sample_read ? EV_SAMPLE_READ : 0u) |
		(modifiers->bpf ? EV_BPF_COUNTER : 0u);
	return 0;
}

char *ev_modifiers_text(const struct ev_modifiers *modifiers, char *out, size_t size_bytes)
{
	snprintf(out, size_bytes, "%s%s%s%s%s%s%.*s%s", modifiers->user ? "u" : "",
		 modifiers->kernel ? "k" : "", modifiers->hypervisor ? "h" : "",
		 modifiers->idle ? "I" : "", modifiers->guest ? "G" : "",
		 modifiers->host ? "H" : "", (int)modifiers->precise, "ppp",
		 modifiers->max_precise ? "P" : "");
	return out;
}

char *ev_event_modifiers(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	char tail[16];
	size_t used = 0;
	/* perf 6.1 takes an excluded guest as the default, but not next to a level or a precision,
	 * and then writes what is not excluded. Its readers know names such as cpu-clock:HG. */
	bool guest_default = false;
	if (attr->exclude_user || attr->exclude_kernel || attr->exclude_hv) {
		used += (size_t)snprintf(tail + used, sizeof(tail) - used, "%s%s%s",
					 attr->exclude_kernel ? "" : "k",
					 attr->exclude_user ? "" : "u",
					 attr->exclude_hv ? "" : "h");
		guest_default = true;
	}
	if (attr->precise_ip) {
		used += (size_t)snprintf(tail + used, sizeof(tail) - used, "%.*s",
					 (int)attr->precise_ip, "ppp");
		guest_default = true;
	}
	if (attr->exclude_host || attr->exclude_guest == guest_default)
		used += (size_t)snprintf(tail + used, sizeof(tail) - used, "%s%s",
					 attr->exclude_host ? "" : "H",
					 attr->exclude_guest ? "" : "G");
	tail[used] = 0;
	ev_event_attr_name(attr, out, size_bytes);
	size_t length = strlen(out);
	if (used && length < size_bytes)
		snprintf(out + length, size_bytes - length, ":%s", tail);
	return out;
}

const char *ev_event_spelling(const struct ev_event *event, struct ev_arena *arena)
{
	const struct perf_event_attr *attr = &event->attr;
	const unsigned fixed = event->fixed;
	const struct ev_modifiers written = {
		.user = fixed & EV_FIXED_LEVEL && !attr->exclude_user,
		.kernel = fixed & EV_FIXED_LEVEL && !attr->exclude_kernel,
		.hypervisor = fixed & EV_FIXED_LEVEL && !attr->exclude_hv,
		.idle = attr->exclude_idle,
		.guest = fixed & EV_FIXED_GUEST && !attr->exclude_guest,
		.host = fixed & EV_FIXED_GUEST && !attr->exclude_host,
		.precise = fixed & EV_FIXED_PRECISE ? attr->precise_ip : 0,
		.max_precise = fixed & EV_MAX_PRECISE,
		.pinned = fixed & EV_PINNED,
		.exclusive = attr->exclusive,
		.sample_read = fixed & EV_SAMPLE_READ,
		.weak = fixed & EV_WEAK_GROUP,
		.bpf = fixed & EV_BPF_COUNTER,
	};
	char text[EV_LENGTH(letters) + MOST_PRECISE + 1] = "";
	size_t used = 0, length = strlen(event->resolved);
	/* libpfm4 spells its own modifiers out. */
	if (fixed & EV_FROM_PFM || !length)
		return event->resolved;
	for (size_t i = 0; i < written.precise; i++)
		text[used++] = 'p';
	for (size_t i = 0; i < EV_LENGTH(letters); i++)
		if (*(const bool *)((const char *)&written + letters[i].field))
			text[used++] = letters[i].letter;
	if (!used)
		return event->resolved;
	return ev_arena_printf(arena, "%s%s%s", event->resolved,
			       event->resolved[length - 1] == '/' ? "" : ":", text);
}
