/* The code of a function of a kernel module, out of the module's file, and what the kernel filled
 * in when it loaded it. */
#ifndef SYMBOL_MODULE_CODE_H
#define SYMBOL_MODULE_CODE_H

#include "assembly.h"
#include "image.h"
#include "symbolizer.h"

struct module_code {
	uint8_t *bytes;
	size_t size_bytes;
	uint16_t machine;
	bool swap, wide;
	/* By place in the function. */
	EV_ARRAY(struct relocation {
		uint64_t at;
		const char *name; /* of what it leads to */
		int64_t addend;
		bool relative; /* to where it stands */
	})
	relocations;
	struct ev_arena arena;
};
/* The function of a module that begins at `start`, an address of the kernel's, and has this size at
 * most. -ENOENT and why, when there is no file with it. */
int ev_module_code_read(struct module_code *code, struct ev_symbolizer *symbolizer,
			struct ev_place start, uint64_t size_bytes, const char **trouble);
/* Instructions whose operands the kernel filled in say what those are instead. */
void ev_module_code_tell(const struct module_code *code, struct ev_assembly *assembly);
void ev_module_code_done(struct module_code *code);

/* The module's file, unpacked into `bytes` where it is packed, which are to be done with when the
 * image is closed, and its path, to be freed, where `path` is not NULL; -errno and why, when it is
 * not here. */
int ev_module_open(const struct ev_symbolizer *symbolizer, const struct ev_object *object,
		   struct image *image, struct ev_buffer *bytes, char **path, const char **trouble);
/* Of a module's file, packed or not. */
#define MODULE_BYTES ((size_t)256 << 20)
/* Opens a module's file, packed or not, as ev_module_open does. */
int ev_module_image(struct image *image, const char *path, struct ev_buffer *bytes);
/* What a packed module holds; -ENOEXEC for what is neither of xz, zstd and gzip. */
int ev_module_unpack(const uint8_t *bytes, size_t size_bytes, struct ev_buffer *out);

#endif
