/* An ELF file -> where the Python interpreter in it begins, and which of its code runs Python. */
#include <errno.h>
#include <string.h>
#include <evprof/symbol_python.h>
#include "elf_symbols.h"
#include "python_parts.h"

enum { RUNTIME, VERSION, CODE_TYPE, EVAL_OLD, STRING_OLD, DATA_COUNT };
static const char *const data_names[] = {
	[RUNTIME] = "_PyRuntime",       [VERSION] = "Py_Version",
	[CODE_TYPE] = "PyCode_Type",    [EVAL_OLD] = "PyEval_EvalFrameEx",
	[STRING_OLD] = "PyString_Type",
};

/* The first runs Python code; the others only lead there from one Python function that calls
 * another. The compiler may have put a part elsewhere: "….cold", "….part.0". */
static const char *const code_names[] = {
	"_PyEval_EvalFrameDefault",   "_PyEval_EvalFrame",
	"PyEval_EvalFrameEx",         "_PyEval_Vector",
	"_PyEval_EvalCode",           "_PyEval_EvalCodeWithName",
	"_PyFunction_Vectorcall",     "_PyFunction_FastCallDict",
	"function_code_fastcall",     "call_function",
	"_PyObject_Vectorcall",       "PyObject_Vectorcall",
	"_PyObject_VectorcallTstate", "do_call_core",
};

/* The interpreter may be many functions, one for each instruction, that stand beside each other. */
#define PART_NAME "_TAIL_CALL_"
struct parts {
	uint64_t start, end, bytes;
};

static void see_part(struct parts *parts, const char *name, const struct elf_symbol *symbol)
{
	uint64_t end = symbol->value + symbol->size_bytes;
	if (strncmp(name, PART_NAME, strlen(PART_NAME)) || end < symbol->value)
		return;
	if (!parts->bytes || symbol->value < parts->start)
		parts->start = symbol->value;
	if (end > parts->end)
		parts->end = end;
	parts->bytes += symbol->size_bytes;
}

static void add_parts(struct ev_python_file *file, const struct parts *parts)
{
	/* Where the linker has mixed them with others it can't be told. */
	if (parts->bytes && parts->end - parts->start < 2 * parts->bytes &&
	    file->range_count < EV_PYTHON_RANGES)
		file->ranges[file->range_count++] = (struct ev_python_range){
			.start = parts->start, .end = parts->end, .evaluates = true, .part = true
		};
}

/* In the table of the linker and in that of the loader it may stand twice. */
static bool has_range(const struct ev_python_file *file, uint64_t start)
{
	for (uint32_t i = 0; i < file->range_count; i++)
		if (file->ranges[i].start == start)
			return true;
	return false;
}

static void see_code(struct ev_python_file *file, const char *name, const struct elf_symbol *symbol)
{
	size_t length = strcspn(name, ".");
	if (file->range_count == EV_PYTHON_RANGES || !symbol->size_bytes ||
	    has_range(file, symbol->value))
		return;
	for (size_t i = 0; i < EV_LENGTH(code_names); i++)
		if (!strncmp(name, code_names[i], length) && !code_names[i][length])
			file->ranges[file->range_count++] =
				(struct ev_python_range){ .start = symbol->value,
							  .end = symbol->value + symbol->size_bytes,
							  .evaluates = !i };
}

static void see_symbols(struct ev_python_file *file, uint64_t data[DATA_COUNT], struct parts *parts,
			const struct elf_symbols *symbols)
{
	for (size_t at = 0; at < symbols->count; at++) {
		struct elf_symbol symbol = ev_elf_symbol(symbols, at);
		if (symbol.section == SHN_UNDEF)
			continue;
		const char *name = ev_elf_symbol_name(symbols, &symbol);
		for (size_t i = 0; i < DATA_COUNT; i++)
			if (!data[i] && !strcmp(name, data_names[i]))
				data[i] = symbol.value;
		if (symbol.type == STT_FUNC) {
			see_code(file, name, &symbol);
			see_part(parts, name, &symbol);
		}
	}
}

int ev_python_file_read(const char *path, struct ev_python_file *file)
{
	struct image image;
	uint64_t data[DATA_COUNT] = { 0 };
	struct parts parts = { 0 };
	*file = (struct ev_python_file){ 0 };
	int rc = ev_image_open(&image, path);
	if (rc)
		return rc;
	for (size_t i = 0; i < image.section_count; i++) {
		const struct section *section = &image.sections[i];
		struct elf_symbols symbols;
		if ((section->type != SHT_SYMTAB && section->type != SHT_DYNSYM) ||
		    ev_elf_symbols_read(&symbols, &image, section))
			continue;
		see_symbols(file, data, &parts, &symbols);
		ev_elf_symbols_done(&symbols);
	}
	add_parts(file, &parts);
	file->runtime = data[RUNTIME];
	file->version = data[VERSION];
	file->code_type = data[CODE_TYPE];
	file->python2 = !file->runtime && data[EVAL_OLD] && data[STRING_OLD];
	file->old = !file->runtime && data[EVAL_OLD] && !data[STRING_OLD];
	if (!image.swap)
		ev_python_parts_add(file, &image);
	if (image.segment_count) {
		file->load_offset = image.segments[0].offset;
		file->load_address = image.segments[0].address;
	}
	if (!file->runtime && !file->python2 && !file->old)
		rc = -ENOENT;
	else if (!image.wide || image.swap || !image.segment_count)
		rc = -ENOTSUP;
	ev_image_close(&image);
	return rc;
}
