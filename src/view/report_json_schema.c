/* The schema (json-schema.org, 2020-12) of what --format json prints: every member with its type
 * and meaning; the columns of rows are made of the table of sort keys. */
#include <string.h>
#include "report.h"

/* What every object says of its members: {name, type, meaning}. Types: i integer, n number, s text,
 * b true or false, and with a ? behind it null as well. */
struct member {
	const char *name, *type, *about;
};
static const struct member recording[] = {
	{ "path", "s?", "as it was named" },
	{ "hostname", "s?", "of the machine that recorded" },
	{ "osrelease", "s?", "its kernel" },
	{ "arch", "s?", "its architecture" },
	{ 0 },
};
static const struct member part[] = {
	{ "path", "s?", "of one of several recordings" },
	{ "hostname", "s?", "of the machine that recorded" },
	{ "samples", "i", "its samples" },
	{ "lost", "i", "its lost samples" },
	{ 0 },
};
static const struct member event[] = {
	{ "name", "s?", "as recorded" },
	{ "samples", "i", "that count" },
	{ "period", "i", "what they stand for: events, or nanoseconds of a clock" },
	{ 0 },
};
static const struct member quality[] = {
	{ "samples", "i", "in the recording" },
	{ "lost", "i", "samples that the kernel could not write" },
	{ "throttled", "i", "times that the kernel slowed sampling down" },
	{ "unresolved", "i", "samples whose function has no name" },
	{ "with_stack", "i", "samples with a call chain" },
	{ "truncated_stacks", "i", "chains that do not reach a thread's root" },
	{ "damaged_records", "i", "records that make no sense" },
	{ "aux_bytes", "i", "bytes of a processor's trace, which are passed over" },
	{ 0 },
};
static const struct member worst[] = {
	{ "object", "s?", "that unresolved samples are in" },
	{ "cause", "s?", "why its functions have no names" },
	{ "samples", "i", "unresolved ones" },
	{ 0 },
};
static const struct member row[] = {
	{ "event", "s?", "that the row is of" },
	{ "samples", "i", "of its own" },
	{ "period", "i", "of its own" },
	{ "children_samples", "i?", "with those of what it calls" },
	{ "children_period", "i?", "with that of what it calls" },
	{ 0 },
};
static const struct member row_optional[] = {
	{ "kernel", "b", "the function is the kernel's" },
	{ "share_low", "n", "95 % interval of its share, --ci" },
	{ "share_high", "n", "" },
	{ "children_share_low", "n", "" },
	{ "children_share_high", "n", "" },
	{ 0 },
};
static const struct member ratio[] = {
	{ "name", "s?", "of two events that were counted together" },
	{ "value", "n?", "" },
	{ "low", "n?", "95 % interval" },
	{ "high", "n?", "" },
	{ "samples", "i", "that it rests on" },
	{ "few", "b", "too few to say much" },
	{ 0 },
};
static const struct member ranking[] = {
	{ "event", "s?", "that the rows are of" },
	{ "first", "i", "the first of rows whose order is within chance, 0 the heaviest" },
	{ "last", "i", "the last of them" },
	{ "samples", "n?", "that would settle their order" },
	{ 0 },
};

static void print_type(FILE *out, const char *type, const char *about)
{
	const char *name = *type == 'i'   ? "integer"
			   : *type == 'n' ? "number"
			   : *type == 'b' ? "boolean"
					  : "string";
	fprintf(out, type[1] == '?' ? "{\"type\": [\"%s\", \"null\"]" : "{\"type\": \"%s\"", name);
	if (*about) {
		fputs(", \"description\": ", out);
		ev_json_text(out, about);
	}
	putc('}', out);
}

static void print_members(FILE *out, const struct member *members, bool *first)
{
	for (const struct member *at = members; at->name; at++, *first = false) {
		fprintf(out, "%s\"%s\": ", *first ? "" : ", ", at->name);
		print_type(out, at->type, at->about);
	}
}

static void print_required(FILE *out, const struct member *members, const char *more)
{
	fputs("\"required\": [", out);
	for (const struct member *at = members; at->name; at++)
		fprintf(out, "%s\"%s\"", at == members ? "" : ", ", at->name);
	fprintf(out, "%s]", more);
}

/* An object; `more` are further properties, and `more_names` their names. */
static void print_object(FILE *out, const struct member *members, const char *more,
			 const char *more_names)
{
	bool first = true;
	fputs("{\"type\": \"object\", \"additionalProperties\": false, ", out);
	print_required(out, members, more_names);
	fputs(", \"properties\": {", out);
	print_members(out, members, &first);
	fprintf(out, "%s}}", more);
}

static void print_list(FILE *out, const char *name, const struct member *members)
{
	fprintf(out, "    \"%s\": {\"type\": \"array\", \"items\": ", name);
	print_object(out, members, "", "");
	fputs("},\n", out);
}

static const char *type_of(enum ev_key key)
{
	switch (ev_keys[key].kind) {
	case EV_KEY_IS_OWNER:
	case EV_KEY_IS_NUMBER:
		return "i?";
	case EV_KEY_IS_SECONDS:
		return "n?";
	default:
		return "s";
	}
}

static bool is_first_of_name(enum ev_key key, const char *name)
{
	for (enum ev_key other = 0; other < key; other++) {
		const char *theirs =
			ev_keys[other].json ? ev_keys[other].json : ev_keys[other].title;
		if (theirs && !strcmp(theirs, name))
			return false;
	}
	return true;
}

/* Columns are those of -s; fields of tracepoints have names of their own and are texts. */
static void print_rows(FILE *out)
{
	bool first = true;
	fputs("    \"rows\": {\"type\": \"array\", \"items\": {\"type\": \"object\", "
	      "\"additionalProperties\": {\"type\": \"string\"}, ",
	      out);
	print_required(out, row, "");
	fputs(", \"properties\": {", out);
	print_members(out, row, &first);
	print_members(out, row_optional, &first);
	for (enum ev_key key = 0; key < EV_KEY_FIELD; key++) {
		const char *name = ev_keys[key].json ? ev_keys[key].json : ev_keys[key].title;
		if (!name || !is_first_of_name(key, name))
			continue;
		fputs(", ", out);
		ev_json_text(out, name);
		fputs(": ", out);
		print_type(out, type_of(key), ev_keys[key].title ? ev_keys[key].title : "");
	}
	fputs(", \"ratios\": {\"type\": \"array\", \"items\": ", out);
	print_object(out, ratio, "", "");
	fputs("}}}},\n", out);
}

void ev_report_json_schema(FILE *out)
{
	fputs("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	      "  \"title\": \"evprof report --format json\",\n"
	      "  \"type\": \"object\",\n  \"additionalProperties\": false,\n"
	      "  \"required\": [\"evprof\", \"recording\", \"partial\", \"simulated\", \"events\", "
	      "\"quality\", \"keys\", \"rows\", \"ranking\"],\n  \"properties\": {\n"
	      "    \"evprof\": {\"type\": \"string\", \"description\": \"version that wrote "
	      "it\"},\n    \"recording\": ",
	      out);
	print_object(out, recording,
		     ", \"cmdline\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
		     ", \"cmdline\"");
	fputs(",\n", out);
	print_list(out, "recordings", part);
	fputs("    \"partial\": ", out);
	print_type(out, "s?", "why not all of the recording is there");
	fputs(",\n    \"simulated\": ", out);
	print_type(out, "s?", "the model that made these figures, which are then not measured");
	fputs(",\n", out);
	print_list(out, "events", event);
	fputs("    \"quality\": {\"type\": \"object\", \"additionalProperties\": false, ", out);
	print_required(out, quality, ", \"fallbacks\", \"worst\"");
	fputs(", \"properties\": {", out);
	bool first = true;
	print_members(out, quality, &first);
	fputs(", \"fallbacks\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}, "
	      "\"worst\": {\"type\": \"array\", \"items\": ",
	      out);
	print_object(out, worst, "", "");
	fputs("}}},\n    \"keys\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}},\n",
	      out);
	print_rows(out);
	fputs("    \"ranking\": {\"type\": \"array\", \"items\": ", out);
	print_object(out, ranking, "", "");
	fputs("}\n  }\n}\n", out);
}
