/* A file with debug information, opened for libdw, whatever its sections are packed with. */
#ifndef SYMBOL_DWARF_FILE_H
#define SYMBOL_DWARF_FILE_H

#include <elfutils/libdw.h>
#include <evprof/base.h>
#include "unlinked.h"

struct dwarf_file {
	int fd;
	bool has_fd;
	Elf *elf;
	Dwarf *dwarf;
	uint64_t size_bytes; /* of the file */
	EV_ARRAY(uint8_t *) unpacked;
	bool is_unlinked; /* a kernel module, or its debug file */
	struct unlinked unlinked;
	struct {
		const uint8_t *packed; /* NULL when there is nothing to do */
		uint8_t *bytes;
		size_t packed_bytes, size_bytes;
	} lines;
};
/* false when there is no such file, or no DWARF in it that can be read; then it is closed. */
bool ev_dwarf_file_open(struct dwarf_file *file, const char *path);
/* Before lines or names of files are asked for: a packed .debug_line is unpacked here only, since
 * it takes longer than all else and most reports show no lines. */
void ev_dwarf_file_need_lines(struct dwarf_file *file);
/* The descriptor is given back, which is needed no longer once what belongs to the file was looked
 * for: hundreds of objects are not as many descriptors. */
void ev_dwarf_file_settle(struct dwarf_file *file);
/* Takes a zeroed one. */
void ev_dwarf_file_close(struct dwarf_file *file);

#endif
