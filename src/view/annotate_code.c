/* The instructions of a function become a table with weights, source lines between them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"

#define GAP "\342\200\246"
enum { RAW_BYTES = 8 /* that fit into the column */ };

struct listing {
	struct annotate_section *section;
	const struct ev_annotated_code *code;
	bool *shown;
	bool *is_target; /* some jump of this code leads here */
	size_t *spots;   /* of every instruction: its spot, SIZE_MAX for none */
	size_t first_spot, end_spot;
	const struct ev_symbol *line; /* the source line that was printed last */
	size_t address_width;
	struct ev_weight *sum;
	struct ev_ratio_sums *ratios; /* NULL without any */
	size_t ratio_count;
};

/* ---- which instructions ------------------------------------------------------------------------
 */

static size_t find_instruction(const struct ev_assembly *assembly, uint64_t offset)
{
	size_t low = 0, high = assembly->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ev_instruction *it = &assembly->items.items[middle];
		if (it->offset + it->size_bytes <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A sample may stand inside an instruction that was taken apart differently: it is this one's. */
static void find_spots(struct listing *listing)
{
	const struct ev_annotation *annotation = listing->section->annotation;
	const struct ev_assembly *assembly = &listing->code->assembly;
	const struct ev_spots *spots = annotation->spots;
	uint64_t start = assembly->items.items[0].offset;
	const struct ev_instruction *last = &assembly->items.items[assembly->items.count - 1];
	listing->first_spot = ev_spots_find(spots, listing->code->object, start);
	listing->end_spot =
		ev_spots_find(spots, listing->code->object, last->offset + last->size_bytes);
	for (size_t i = listing->end_spot; i-- > listing->first_spot;)
		listing->spots[find_instruction(assembly, spots->items.items[i].place.offset)] = i;
}

/* The weights of an instruction, added up where several spots are in it; NULL for none. */
static const struct ev_weight *weight_of(struct listing *listing, size_t instruction)
{
	const struct ev_spots *spots = listing->section->annotation->spots;
	const struct ev_instruction *it = &listing->code->assembly.items.items[instruction];
	size_t events = spots->event_count, spot = listing->spots[instruction];
	if (spot == SIZE_MAX)
		return NULL;
	memset(listing->sum, 0, events * sizeof(*listing->sum));
	for (; spot < listing->end_spot &&
	       spots->items.items[spot].place.offset < it->offset + it->size_bytes;
	     spot++) {
		for (size_t e = 0; e < events; e++) {
			listing->sum[e].samples += spots->weights[spot * events + e].samples;
			listing->sum[e].period += spots->weights[spot * events + e].period;
		}
	}
	return listing->sum;
}

/* Add up what the spots of an instruction have of the ratios. */
static void add_ratios(struct listing *listing, size_t instruction, struct ev_ratio_sums *sums)
{
	const struct ev_annotation *annotation = listing->section->annotation;
	const struct ev_instruction *it = &listing->code->assembly.items.items[instruction];
	size_t spot = listing->spots[instruction], count = listing->ratio_count;
	for (; spot < listing->end_spot &&
	       annotation->spots->items.items[spot].place.offset < it->offset + it->size_bytes;
	     spot++)
		for (size_t r = 0; r < count; r++)
			ev_ratio_sums_merge(&sums[r], &annotation->spot_ratios[spot * count + r]);
}

static const struct ev_ratio_sums *ratios_of(struct listing *listing, size_t instruction)
{
	if (!listing->ratios)
		return NULL;
	memset(listing->ratios, 0, listing->ratio_count * sizeof(*listing->ratios));
	add_ratios(listing, instruction, listing->ratios);
	return listing->ratios;
}

static void choose(struct listing *listing)
{
	const struct ev_annotate_options *options = listing->section->options;
	const struct ev_assembly *assembly = &listing->code->assembly;
	size_t count = assembly->items.count;
	bool *hot = ev_alloc(count);
	for (size_t i = 0; i < count; i++) {
		const struct ev_instruction *it = &assembly->items.items[i];
		struct annotate_weights weights = { .self = weight_of(listing, i) };
		double share = ev_annotate_share(listing->section, &weights);
		hot[i] = options->all || (share > 0 && share >= options->min_percent);
		if (!it->has_target || it->flow != EV_FLOW_JUMP)
			continue;
		size_t target = find_instruction(assembly, it->target_offset);
		if (target < count && assembly->items.items[target].offset == it->target_offset)
			listing->is_target[target] = true;
	}
	ev_annotate_choose(listing->shown, hot, count, options->context);
	free(hot);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static bool same_line(const struct ev_symbol *a, const struct ev_symbol *b)
{
	return a && b && a->line == b->line && a->file && b->file && !strcmp(a->file, b->file) &&
	       a->function && b->function && !strcmp(a->function, b->function);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* "sorts.c:31   while (…)", and for an inlined line " [less in main.c:12]". */
static void print_line(struct listing *listing, size_t instruction)
{
	struct annotate_section *section = listing->section;
	const struct ev_annotated_code *code = listing->code;
	uint32_t first = code->first[instruction], end = code->first[instruction + 1];
	if (first == end)
		return;
	const struct ev_symbol *inner = &code->frames.items[first];
	if (!inner->file || !inner->line || same_line(inner, listing->line))
		return;
	listing->line = inner;
	const struct ev_source *source = ev_sources_find(section->annotation->sources, inner->file);
	size_t length = 0;
	const char *text = ev_source_line(source, inner->line, &length);
	const char *name = ev_report_safe(&section->scratch, base_name(inner->file));
	ev_annotate_no_cells(section);
	fprintf(section->out, "  %s%s:%" PRIu32, section->options->colour ? "\33[34m" : "", name,
		inner->line);
	size_t used = section->cells_width + 2 + ev_text_columns(name) + 1 + 10;
	for (uint32_t i = first; i < end && code->frames.items[i].inlined; i++) {
		const struct ev_symbol *frame = &code->frames.items[i], *outer = frame + 1;
		fprintf(section->out, " [%s%s in %s:%" PRIu32 "]", i == first ? "inlined " : "",
			frame->function ? ev_report_safe(&section->scratch, frame->function) : "?",
			outer->file ? ev_report_safe(&section->scratch, base_name(outer->file))
				    : "?",
			outer->line);
		used = 0; /* the line is on its own */
	}
	if (text && !used) {
		putc('\n', section->out);
		ev_annotate_no_cells(section);
		used = section->cells_width;
	}
	if (text) {
		fputs("  ", section->out);
		ev_annotate_source(section, text, length, used + 2);
	}
	fputs(section->options->colour ? "\33[m\n" : "\n", section->out);
}

static void print_bytes(struct listing *listing, const struct ev_instruction *it)
{
	FILE *out = listing->section->out;
	size_t columns = 0;
	fputs("  ", out);
	for (size_t i = 0; i < it->size_bytes; i++) {
		fprintf(out, "%02x ", it->bytes[i]);
		columns += 3;
	}
	if (columns < RAW_BYTES * 3)
		fprintf(out, "%*s", (int)(RAW_BYTES * 3 - columns), "");
}

/* Up, down, out and back, as perf marks them. */
static const char *arrow(const struct listing *listing, const struct ev_instruction *it)
{
	const struct ev_assembly *assembly = &listing->code->assembly;
	const struct ev_instruction *last = &assembly->items.items[assembly->items.count - 1];
	if (it->flow == EV_FLOW_RETURN)
		return "\342\206\220";
	if (it->flow == EV_FLOW_CALL || (it->flow == EV_FLOW_JUMP && !it->has_target))
		return "\342\206\222";
	if (it->flow != EV_FLOW_JUMP)
		return " ";
	if (it->target_offset < assembly->items.items[0].offset ||
	    it->target_offset >= last->offset + last->size_bytes)
		return "\342\206\222";
	return it->target_offset > it->offset ? "\342\206\223" : "\342\206\221";
}

static void print_instruction(struct listing *listing, size_t i)
{
	struct annotate_section *section = listing->section;
	const struct ev_instruction *it = &listing->code->assembly.items.items[i];
	print_line(listing, i);
	struct annotate_weights weights = { .self = weight_of(listing, i),
					    .ratios = ratios_of(listing, i) };
	ev_annotate_cells(section, &weights);
	fprintf(section->out, "  %s%*" PRIx64 ":", listing->is_target[i] ? "\342\200\272" : " ",
		(int)listing->address_width, it->address);
	if (section->options->raw_bytes)
		print_bytes(listing, it);
	fprintf(section->out, "  %s ", arrow(listing, it));
	ev_annotate_source(section, it->text, strlen(it->text),
			   section->cells_width + listing->address_width + 8 +
				   (section->options->raw_bytes ? RAW_BYTES * 3 + 2 : 0));
	putc('\n', section->out);
	ev_arena_reset(&section->scratch);
}

static size_t print_gap(struct listing *listing, size_t from)
{
	struct annotate_section *section = listing->section;
	const struct ev_spots *spots = section->annotation->spots;
	size_t count = listing->code->assembly.items.count, events = spots->event_count, i = from;
	struct ev_weight *all = ev_alloc(events * sizeof(*all));
	struct ev_ratio_sums *ratios = listing->ratios;
	if (ratios)
		memset(ratios, 0, listing->ratio_count * sizeof(*ratios));
	for (; i < count && !listing->shown[i]; i++) {
		const struct ev_weight *weight = weight_of(listing, i);
		for (size_t e = 0; weight && e < events; e++) {
			all[e].samples += weight[e].samples;
			all[e].period += weight[e].period;
		}
		if (ratios)
			add_ratios(listing, i, ratios);
	}
	struct annotate_weights weights = { .self = all, .ratios = ratios };
	ev_annotate_cells(section, &weights);
	fprintf(section->out, "   %*s " GAP " %zu instruction%s\n", (int)listing->address_width - 1,
		"", i - from, i - from == 1 ? "" : "s");
	free(all);
	listing->line = NULL;
	return i;
}

static void print_code(struct annotate_section *section, const struct ev_annotated_code *code)
{
	size_t count = code->assembly.items.count;
	char address[32];
	if (!count)
		return;
	struct listing listing = {
		.section = section,
		.code = code,
		.shown = ev_alloc(count),
		.is_target = ev_alloc(count),
		.spots = ev_alloc((count + 1) * sizeof(*listing.spots)),
		.sum = ev_alloc(section->annotation->spots->event_count * sizeof(*listing.sum)),
	};
	listing.address_width = (size_t)snprintf(address, sizeof(address), "%" PRIx64,
						 code->assembly.items.items[count - 1].address);
	if (section->annotation->spot_ratios) {
		listing.ratio_count = section->annotation->report.ratios->items.count;
		listing.ratios = ev_alloc((listing.ratio_count + 1) * sizeof(*listing.ratios));
	}
	for (size_t i = 0; i <= count; i++)
		listing.spots[i] = SIZE_MAX;
	find_spots(&listing);
	choose(&listing);
	ev_annotate_heads(section);
	fprintf(section->out, "   %*s  Instruction\n", (int)listing.address_width, "Address");
	for (size_t i = 0; i < count;) {
		if (!listing.shown[i])
			i = print_gap(&listing, i);
		else
			print_instruction(&listing, i++);
	}
	putc('\n', section->out);
	free(listing.shown);
	free(listing.is_target);
	free(listing.spots);
	free(listing.sum);
	free(listing.ratios);
}

void ev_annotate_code(struct annotate_section *section)
{
	const struct ev_annotated *it = section->it;
	if (it->code_trouble)
		fprintf(section->out, "# %s instructions: %s\n\n",
			it->code.count ? "not all" : "no",
			ev_report_safe(&section->scratch, it->code_trouble));
	for (size_t i = 0; i < it->code.count; i++)
		print_code(section, &it->code.items[i]);
}
