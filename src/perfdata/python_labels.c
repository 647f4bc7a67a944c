/* Python functions -> what they are called on a screen: name, file and line, with as many folders
 * as tell one file from another. */
#include <stdlib.h>
#include <string.h>
#include "python_functions.h"

/* Of labels together, for each byte of the section and beside. */
#define LABEL_BYTES_EACH 16
#define LABEL_BYTES ((size_t)1 << 20)

static const unsigned steps[] = { 1, 2, 4, UINT16_MAX };

/* The last `parts` parts of a path; all of it when it has no more. */
static const char *tail_of(const char *path, unsigned parts)
{
	const char *at = path + strlen(path);

	while (at > path) {
		if (at[-1] == '/' && !--parts)
			return at;
		at--;
	}
	return path;
}

/* Many functions can have one long name: what their labels take together has a bound, and its own
 * name is the label of one beyond it. */
static const char *label_of(struct ev_python_functions *functions,
			    const struct python_function *function, unsigned parts,
			    size_t *left_bytes)
{
	const char *name = ev_strings_text(functions->texts, function->name);
	const char *file = ev_strings_text(functions->texts, function->file);
	const char *tail = *file ? tail_of(file, parts) : "?";
	size_t needed = strlen(name) + strlen(tail) + 16;

	if (needed > *left_bytes)
		return name;
	*left_bytes -= needed;
	return ev_arena_printf(&functions->arena, "%s (%s:%u)", *name ? name : "?", tail,
			       function->first_line);
}

/* Functions of one name at the same line of files of one name get folders before it: one,
 * three or all. What is wholly the same stays so. */
void ev_python_labels_make(struct ev_python_functions *functions, size_t size_bytes)
{
	size_t left_bytes = LABEL_BYTES_EACH * size_bytes + LABEL_BYTES;
	size_t count = functions->items.count;
	bool *settled = ev_alloc(count + 1);

	for (size_t step = 0; step < EV_LENGTH(steps); step++) {
		struct ev_strings *labels = ev_strings_open();
		EV_ARRAY(uint32_t) files = { 0 }; /* by label: its file + 1, or all ones for two */
		uint32_t *ids = ev_alloc((count + 1) * sizeof(*ids));
		for (size_t i = 0; i < count; i++) {
			struct python_function *function = &functions->items.items[i];
			if (settled[i])
				continue;
			function->label = label_of(functions, function, steps[step], &left_bytes);
			settled[i] = function->label ==
				     ev_strings_text(functions->texts, function->name);
			if (settled[i])
				continue; /* no room: it stays so */
			ids[i] = ev_strings_add_text(labels, function->label);
			while (files.count <= ids[i])
				ev_array_add(&files);
			uint32_t *file = &files.items[ids[i]];
			*file = !*file || *file == function->file + 1 ? function->file + 1
								      : UINT32_MAX;
		}
		for (size_t i = 0; i < count; i++)
			if (!settled[i])
				settled[i] = files.items[ids[i]] != UINT32_MAX;
		ev_array_done(&files);
		ev_strings_close(labels);
		free(ids);
	}
	free(settled);
}

/* The first that comes has the shortest one. */
void ev_python_label_add(struct ev_python_functions *functions, struct python_function *function)
{
	struct python_labels *labels = functions->labels;

	for (size_t step = 0; step < EV_LENGTH(steps); step++) {
		bool added;
		const char *label = label_of(functions, function, steps[step], &labels->left_bytes);
		uint32_t *file = ev_map_add(&labels->files,
					    ev_strings_add_text(labels->texts, label), 0, &added);
		function->label = label;
		if (added)
			*file = function->file;
		if (*file == function->file)
			return;
	}
}

void ev_python_functions_label(struct ev_python_functions *functions)
{
	enum { LIVE_BYTES = 64 << 20 };

	functions->labels = ev_alloc(sizeof(*functions->labels));
	functions->labels->texts = ev_strings_open();
	functions->labels->left_bytes = LIVE_BYTES;
}

void ev_python_labels_close(struct python_labels *labels)
{
	if (!labels)
		return;
	ev_strings_close(labels->texts);
	ev_map_done(&labels->files);
	free(labels);
}
