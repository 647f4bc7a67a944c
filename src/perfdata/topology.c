/* The CPU_TOPOLOGY section becomes the socket of a CPU. */
#include <evprof/perfdata.h>

/* u32 count; as many texts, each a u32 length and so many bytes. */
static void skip_texts(struct ev_cursor *at)
{
	uint32_t count = ev_cursor_u32(at);
	while (count-- && !at->bad)
		ev_cursor_skip(at, ev_cursor_u32(at));
}

/* Sibling cores and sibling threads, then u32 core, u32 socket for every CPU; since 4.2. */
uint32_t ev_recording_socket(const struct ev_recording *recording, uint32_t cpu)
{
	const struct ev_section *section = ev_recording_section(recording, EV_FEATURE_CPU_TOPOLOGY);
	if (!section || cpu >= recording->cpus_available)
		return 0;
	struct ev_cursor at = ev_cursor_of(section->bytes, section->size_bytes, recording->swapped);
	skip_texts(&at);
	skip_texts(&at);
	if (at.bad || ev_cursor_left(&at) / 8 < recording->cpus_available)
		return 0;
	ev_cursor_skip(&at, (size_t)cpu * 8 + 4);
	uint32_t socket = ev_cursor_u32(&at);
	return at.bad || socket == UINT32_MAX ? 0 : socket + 1;
}
