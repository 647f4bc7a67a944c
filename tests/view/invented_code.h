/* Instructions of a function that test programs make by hand, eight of four bytes each. */
#ifndef INVENTED_CODE_H
#define INVENTED_CODE_H

#include "invented_annotation.h"

static inline void invented_code(struct invented *it, struct ev_annotated *section)
{
	static const char *const texts[] = {
		"push   %rbp",    "mov    %rsp,%rbp", "nop",           "nop",
		"add    $1,%rax", "call   0x40 <f>",  "jne    0x1010", "ret"
	};
	static const uint8_t bytes[4] = { 0x0f, 0x1f, 0x40, 0x00 };
	struct ev_annotated_code *code = ev_array_add(&section->code);
	code->object = 1;
	code->first = ev_alloc((EV_LENGTH(texts) + 1) * sizeof(*code->first));
	for (uint32_t i = 0; i < EV_LENGTH(texts); i++) {
		struct ev_instruction *to = ev_array_add(&code->assembly.items);
		*to = (struct ev_instruction){ .offset = 0x10 + 4 * i,
					       .address = 0x1010 + 4 * i,
					       .bytes = bytes,
					       .size_bytes = 4,
					       .text = texts[i] };
		struct ev_symbol *frame = ev_array_add(&code->frames);
		*frame = (struct ev_symbol){ .function = "work",
					     .file = it->path,
					     .line = i < 4 ? 1 : 2 };
		if (i == 4) {
			*frame = (struct ev_symbol){
				.function = "in", .file = it->path, .line = 3, .inlined = true
			};
			*(struct ev_symbol *)ev_array_add(&code->frames) = (struct ev_symbol){
				.function = "work", .file = it->path, .line = 2
			};
		}
		code->first[i + 1] = (uint32_t)code->frames.count;
	}
	struct ev_instruction *items = code->assembly.items.items;
	items[5].flow = EV_FLOW_CALL;
	items[6].flow = EV_FLOW_JUMP;
	items[6].has_target = true;
	items[6].target_offset = 0x10;
	items[7].flow = EV_FLOW_RETURN;
	const struct {
		uint64_t offset, samples;
	} spots[] = { { 0x20, 30 }, { 0x22, 1 }, { 0x28, 1 } };
	it->spots.event_count = 1;
	it->spots.weights = ev_alloc(3 * sizeof(*it->spots.weights));
	for (size_t i = 0; i < EV_LENGTH(spots); i++) {
		*ev_array_add(&it->spots.items) = (struct ev_spot){ .place = { 1, spots[i].offset },
								    .function = section->function };
		it->spots.weights[i] =
			(struct ev_weight){ spots[i].samples, spots[i].samples * 1000 };
	}
	it->spots.of_functions =
		ev_alloc(it->lines.functions.count * sizeof(*it->spots.of_functions));
	it->spots.of_functions[section->function] = (struct ev_weight){ 32, 32000 };
	it->annotation.spots = &it->spots;
}

#endif
