/* How to leave a function: for an address of an object's code the rule that says where the caller's
 * frame begins, and where the return address and the frame pointer were saved. */
#ifndef SYMBOL_CFI_H
#define SYMBOL_CFI_H

#include "image.h"

enum cfi_base {
	CFI_NOTHING, /* no rule, or none that can be followed */
	CFI_SP,
	CFI_FP,
	CFI_PLT, /* sp + 8, and 8 more from byte `cfa_offset` of each 16-byte entry on */
};
enum cfi_where {
	CFI_KEPT,   /* still in its register */
	CFI_AT_CFA, /* saved at the frame's beginning + offset */
	CFI_AT_SP,
	CFI_AT_FP,
	CFI_LOST, /* of the return address: nobody called this */
};
struct cfi_rule {
	uint8_t base;   /* of the CFA: enum cfi_base */
	bool indirect;  /* the CFA is what is stored at base + offset */
	bool signal;    /* a signal handler's frame: the caller was interrupted, it did not call */
	uint8_t fp, ra; /* enum cfi_where */
	int32_t cfa_offset, fp_offset, ra_offset; /* bytes */
};

/* The rules of one object's .eh_frame, each address looked up once. */
struct cfi;
/* Takes a copy of what it needs of the image. NULL when it has no .eh_frame, or its machine is not
 * known. */
struct cfi *ev_cfi_open(const struct image *image);
/* By the file's offset; of base CFI_NOTHING where nothing is known. */
struct cfi_rule ev_cfi_find(struct cfi *cfi, uint64_t offset);
/* Is this the code at the file's entry point, which nobody calls? The loader's has no rule. */
bool ev_cfi_begins_at(const struct cfi *cfi, uint64_t offset);
uint16_t ev_cfi_machine(const struct cfi *cfi); /* EM_… */
void ev_cfi_close(struct cfi *cfi);

#endif
