/* An ELF file -> where the Python interpreter in it begins. */
#include <errno.h>
#include <evprof/symbol_python.h>
#include "elf_symbols.h"

int ev_python_file_read(const char *path, struct ev_python_file *file)
{
	struct image image;
	uint64_t unused;
	*file = (struct ev_python_file){ 0 };
	int rc = ev_image_open(&image, path);
	if (rc)
		return rc;
	if (!ev_elf_address_of(&image, "_PyRuntime", &file->runtime))
		file->runtime = 0;
	if (!file->runtime && ev_elf_address_of(&image, "PyEval_EvalFrameEx", &unused)) {
		file->python2 = ev_elf_address_of(&image, "PyString_Type", &unused);
		file->old = !file->python2;
	}
	if (!ev_elf_address_of(&image, "Py_Version", &file->version))
		file->version = 0;
	if (!ev_elf_address_of(&image, "PyCode_Type", &file->code_type))
		file->code_type = 0;
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
