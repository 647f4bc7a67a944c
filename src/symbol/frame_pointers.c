/* An ELF file becomes a word on whether its code keeps frame pointers: what its unwind tables say
 * in the middle of each function. */
#include <evprof/symbol.h>
#include "cfi.h"
#include "eh_frame.h"

/* So many functions, evenly spread, speak for all. */
enum { ASKED = 4096 };

static enum ev_frame_pointers ask(struct cfi *cfi, const struct code_ranges *ranges)
{
	size_t count = ranges->items.count, each = count / ASKED + 1;
	uint64_t with = 0, all = 0;
	for (size_t i = 0; i < count; i += each) {
		const struct code_range *range = &ranges->items.items[i];
		uint64_t bytes = range->end - range->start;
		struct cfi_rule rule = ev_cfi_find(cfi, range->start + bytes / 2);
		all += bytes;
		with += rule.base == CFI_FP ? bytes : 0;
	}
	if (!all)
		return EV_FRAME_POINTERS_UNKNOWN;
	return with > all - all / 10 ? EV_FRAME_POINTERS_KEPT : EV_FRAME_POINTERS_OMITTED;
}

enum ev_frame_pointers ev_frame_pointers_of_file(const char *path)
{
	struct image image = { 0 };
	struct code_ranges ranges = { 0 };
	enum ev_frame_pointers answer = EV_FRAME_POINTERS_UNKNOWN;
	if (ev_image_open(&image, path))
		return answer;
	struct cfi *cfi = ev_cfi_open(&image);
	if (cfi) {
		ev_code_ranges_read(&ranges, &image);
		answer = ask(cfi, &ranges);
	}
	ev_code_ranges_done(&ranges);
	ev_cfi_close(cfi);
	ev_image_close(&image);
	return answer;
}
