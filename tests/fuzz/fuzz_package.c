/* A package of .dwo files, or one of them: its index, the units that it names, and what is looked
 * for in them. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../../src/symbol/debug_unit.h"
#include "../../src/symbol/split_unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void ask(Dwarf_Die die)
{
	struct unit unit = { .die = die, .scopes = die };
	for (uint64_t address = 0x1000; address < 0x1200; address += 0x11) {
		struct function *function = ev_debug_unit_find(&unit, address);
		Dwarf_Die chain[8];
		if (function)
			ev_debug_function_inlines(function, address, chain, 8);
	}
	ev_debug_unit_done(&unit);
}

/* false when the package has no such unit. */
static bool open_unit(struct split_package *package, uint64_t id, struct span all)
{
	struct split_slices slices;
	struct split_program program = { all, all, 0x1000 };
	struct split_unit unit;
	if (!ev_split_package_find(package, id, &slices))
		return false;
	if (ev_split_unit_open(&unit, id, &slices, &program)) {
		ask(unit.die);
		ev_split_unit_close(&unit);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct span all = { bytes, size_bytes };
	char path[64];
	unsigned opened = 0;
	uint64_t id = 0;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bool written = write(fd, bytes, size_bytes) == (ssize_t)size_bytes;
	struct split_package *package = written ? ev_split_package_open(path) : NULL;
	/* Numbers of units are in the file, wherever its index lies. */
	for (size_t at = 0; package && at + 8 <= size_bytes && opened < 16; at += 4) {
		memcpy(&id, bytes + at, sizeof(id));
		opened += open_unit(package, id, all);
	}
	ev_split_package_close(package);
	/* Of a .dwo file the last bytes say which. */
	if (size_bytes >= sizeof(id))
		memcpy(&id, bytes + size_bytes - sizeof(id), sizeof(id));
	package = written ? ev_split_package_open_file(path, id) : NULL;
	if (package)
		open_unit(package, id, all);
	ev_split_package_close(package);
	close(fd);
	return 0;
}
