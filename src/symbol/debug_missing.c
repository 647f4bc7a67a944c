/* Debug info that is spread over files becomes the name of one that is missing. */
#include <dwarf.h>
#include <gelf.h>
#include <string.h>
#include <evprof/base.h>
#include "debug_missing.h"

char *ev_debug_split_name(Dwarf_Die *skeleton)
{
	static const unsigned names[] = { DW_AT_dwo_name, DW_AT_GNU_dwo_name };
	for (size_t i = 0; i < EV_LENGTH(names); i++) {
		Dwarf_Attribute attribute;
		const char *name = dwarf_attr(skeleton, names[i], &attribute)
					   ? dwarf_formstring(&attribute)
					   : NULL;
		if (name)
			return ev_strdup(name);
	}
	return NULL;
}

char *ev_debug_shared_missing(Dwarf *dwarf, Elf *elf)
{
	size_t names;
	if (dwarf_getalt(dwarf) || elf_getshdrstrndx(elf, &names))
		return NULL;
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
		GElf_Shdr header;
		const char *name = gelf_getshdr(section, &header)
					   ? elf_strptr(elf, names, header.sh_name)
					   : NULL;
		/* The later .debug_sup, of DWARF 5, libdw does not follow at all. */
		bool later = name && !strcmp(name, ".debug_sup");
		if (!name || (!later && strcmp(name, ".gnu_debugaltlink")))
			continue;
		Elf_Data *data = elf_rawdata(section, NULL);
		size_t before = later ? 3 : 0; /* version, and whether this is the shared one */
		if (!data || !data->d_buf || data->d_size <= before)
			return NULL;
		const char *path = (const char *)data->d_buf + before;
		bool shared_itself = later && path[-1];
		if (!shared_itself && *path && memchr(path, 0, data->d_size - before))
			return ev_strdup(path);
	}
	return NULL;
}
