/* The instructions of a function that several recordings have: evprof annotate shows them of each,
 * one below the other, the latest first, for a rebuilt program has other addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "browse.h"

typedef EV_ARRAY(const char *) word_list;

static void add(word_list *words, const char *flag, const char *value)
{
	if (!value || !*value)
		return;
	*ev_array_add(words) = flag;
	*ev_array_add(words) = value;
}

static int show_one(const struct browse_code *of, const char *path, FILE *out, struct ev_err *err)
{
	static const char *const shares[] = {
		[EV_SHARE_LOCAL_PERIOD] = "local-period",
		[EV_SHARE_LOCAL_HITS] = "local-hits",
		[EV_SHARE_GLOBAL_PERIOD] = "global-period",
		[EV_SHARE_GLOBAL_HITS] = "global-hits",
	};
	word_list words = { 0 };
	static const char *const first[] = { "annotate", "--asm", "--all", "-q" };
	for (size_t i = 0; i < EV_LENGTH(first); i++)
		*ev_array_add(&words) = first[i];
	if (of->code->raw_bytes)
		*ev_array_add(&words) = "--asm-raw";
	add(&words, "--stdio-color", "always");
	add(&words, "-i", path);
	add(&words, "-e", of->event);
	add(&words, "--percent-type", shares[of->code->share]);
	add(&words, "--time", of->time);
	add(&words, "--symfs", of->symfs);
	add(&words, "-s", of->place->function);
	*ev_array_add(&words) = NULL;
	int rc = browse_run(words.items, out, err);
	ev_array_done(&words);
	return rc;
}

int browse_print_code(const struct browse_code *of, FILE *out, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	size_t good = 0;
	if (ev_assembly_absence())
		return ev_fail(err, ENOTSUP, "%s", ev_assembly_absence());
	for (size_t i = of->count; i-- > 0;) {
		struct ev_err one = { 0 };
		fprintf(out, "%sInstructions in %s\n", i + 1 < of->count ? "\n" : "",
			ev_text_safe(&arena, of->paths[i]));
		if (show_one(of, of->paths[i], out, &one))
			fprintf(out, "none: %s\n", one.text);
		else
			good++;
		if (!good && !i && err)
			*err = one;
	}
	ev_arena_done(&arena);
	return good ? 0 : err && err->code ? -err->code : -ENOENT;
}
