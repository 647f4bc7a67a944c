/* Lines of Python functions become addresses, and addresses lines again. */
#include <stdlib.h>
#include <sys/mman.h>
#include "python_functions.h"

struct ev_python_functions *ev_python_functions_open(void)
{
	struct ev_python_functions *functions = ev_alloc(sizeof(*functions));

	functions->texts = ev_strings_open();
	return functions;
}

void ev_python_functions_close(struct ev_python_functions *functions)
{
	if (!functions)
		return;
	ev_strings_close(functions->texts);
	ev_python_labels_close(functions->labels);
	ev_array_done(&functions->items);
	ev_array_done(&functions->blocks);
	ev_map_done(&functions->by_words);
	ev_map_done(&functions->by_lines);
	ev_arena_done(&functions->arena);
	free(functions);
}

uint32_t ev_python_function_add(struct ev_python_functions *functions, const char *name,
				const char *file, uint32_t first_line)
{
	struct python_function function = {
		.name = ev_strings_add_text(functions->texts, name ? name : ""),
		.file = ev_strings_add_text(functions->texts, file ? file : ""),
		.first_line = first_line,
	};
	bool added;
	uint32_t *id =
		ev_map_add(&functions->by_words, (uint64_t)function.name << 32 | function.file,
			   first_line, &added);

	if (added) {
		*id = (uint32_t)functions->items.count;
		struct python_function *item = ev_array_add(&functions->items);
		*item = function;
		if (functions->labels)
			ev_python_label_add(functions, item);
	}
	return *id;
}

uint64_t ev_python_function_address(struct ev_python_functions *functions, uint32_t function,
				    uint32_t line)
{
	struct python_block block = { .function = function,
				      .number = line / EV_PYTHON_BLOCK_LINES };
	bool added;
	uint32_t *id;

	if (function >= functions->items.count || functions->blocks.count >= PYTHON_BLOCKS_MAX)
		return 0;
	id = ev_map_add(&functions->by_lines, block.function, block.number, &added);
	if (added) {
		*id = (uint32_t)functions->blocks.count;
		*ev_array_add(&functions->blocks) = block;
	}
	return EV_PYTHON_BASE + (uint64_t)*id * EV_PYTHON_BLOCK_LINES +
	       line % EV_PYTHON_BLOCK_LINES;
}

bool ev_python_line_find(const struct ev_python_functions *functions, uint64_t address,
			 struct ev_python_line *out)
{
	uint64_t index = (address - EV_PYTHON_BASE) / EV_PYTHON_BLOCK_LINES;
	const struct python_block *block;
	const struct python_function *function;

	if (!functions || address < EV_PYTHON_BASE || index >= functions->blocks.count)
		return false;
	block = &functions->blocks.items[index];
	function = &functions->items.items[block->function];
	*out = (struct ev_python_line){
		.name = ev_strings_text(functions->texts, function->name),
		.file = ev_strings_text(functions->texts, function->file),
		.label = function->label,
		.function = block->function,
		.first_line = function->first_line,
		.line = block->number * EV_PYTHON_BLOCK_LINES +
			(uint32_t)(address % EV_PYTHON_BLOCK_LINES),
	};
	return true;
}

uint32_t ev_python_function_count(const struct ev_python_functions *functions)
{
	return (uint32_t)functions->items.count;
}

void ev_python_mapping(struct ev_record *record, uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	*record = (struct ev_record){
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_USER,
		.event = -1,
		.time_ns = time_ns,
		.mmap = {
			.pid = pid,
			.tid = tid,
			.start = EV_PYTHON_BASE,
			.length = EV_PYTHON_LENGTH,
			.prot = PROT_READ | PROT_EXEC,
			.executable = true,
			.path = EV_PYTHON_OBJECT,
		},
	};
}

void ev_python_native_mapping(struct ev_record *record)
{
	enum { AROUND = 0x40 };

	*record = (struct ev_record){
		.type = PERF_RECORD_MMAP2,
		.misc = PERF_RECORD_MISC_KERNEL,
		.event = -1,
		.mmap = {
			.pid = UINT32_MAX,
			.start = EV_PYTHON_NATIVE - AROUND,
			.length = 2 * AROUND,
			.prot = PROT_EXEC,
			.executable = true,
			.path = EV_PYTHON_NATIVE_OBJECT,
		},
	};
}
