/* A .dwp file: the debug information of all the .dwo files of a program, found by the number of a
 * unit. And a .dwo file as if it were one. */
#ifndef SYMBOL_SPLIT_PACKAGE_H
#define SYMBOL_SPLIT_PACKAGE_H

#include <evprof/base.h>

struct span {
	const uint8_t *bytes; /* borrowed */
	size_t size_bytes;
};
enum split_part {
	SPLIT_INFO,
	SPLIT_ABBREV,
	SPLIT_STR_OFFSETS,
	SPLIT_RNGLISTS,
	SPLIT_STR, /* of all units */
	SPLIT_PARTS
};
/* What a .dwo file would have in its sections; empty where it has none. */
struct split_slices {
	struct span parts[SPLIT_PARTS];
	uint16_t machine;
	bool swap, wide;
};

struct split_package;
/* NULL when there is no such file, or none that can be read. */
struct split_package *ev_split_package_open(const char *path);
/* A .dwo file as a package of one unit, whichever section that lies in; NULL when it is not in
 * there. */
struct split_package *ev_split_package_open_file(const char *path, uint64_t id);
/* The slices live as long as the package; false when it has no such unit. */
bool ev_split_package_find(struct split_package *package, uint64_t id, struct split_slices *slices);
void ev_split_package_close(struct split_package *package);

#endif
