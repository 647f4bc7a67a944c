/* An ELF file's build-id or debug link becomes the path of the separate file with its symbols. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "build_id.h"
#include "regular_file.h"
#include "symbolizer.h"

#define DEBUG_ROOT "/usr/lib/debug"

struct debug_link {
	char *name;
	uint32_t crc;
};

static bool read_link(const struct image *image, struct debug_link *link)
{
	const struct section *section = ev_image_find(image, ".gnu_debuglink");
	uint8_t *bytes;
	size_t size;
	if (!section || section->size_bytes > 4096 ||
	    ev_image_section(image, section, &bytes, &size))
		return false;
	struct ev_cursor at = ev_cursor_of(bytes, size, image->swap);
	const char *name = ev_cursor_text(&at);
	if (name) {
		size_t length = strlen(name) + 1;
		ev_cursor_skip(&at, (4 - length % 4) % 4);
		link->crc = ev_cursor_u32(&at);
	}
	/* A plain name only: the link says which file, not where. */
	bool good = name && !at.bad && *name && !strchr(name, '/');
	link->name = good ? ev_strdup(name) : NULL;
	free(bytes);
	return good;
}

/* CRC-32 of IEEE 802.3, bit by bit in a table made here. */
static bool has_crc(const char *path, uint32_t wanted)
{
	uint32_t table[256], crc = UINT32_MAX;
	uint8_t bytes[65536];
	struct stat status;
	int fd = ev_regular_open(path, &status);
	if (fd < 0)
		return false;
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	ssize_t got;
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < got; i++)
			crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 255];
	close(fd);
	return !got && ~crc == wanted;
}

static bool fits(const struct image *image, const char *path, const struct debug_link *link)
{
	struct image candidate;
	if (ev_image_open(&candidate, path))
		return false;
	bool good = candidate.machine == image->machine && candidate.wide == image->wide;
	if (image->build_id_bytes)
		good = good && ev_build_id_equal(image->build_id, image->build_id_bytes,
						 candidate.build_id, candidate.build_id_bytes);
	ev_image_close(&candidate);
	if (good && !image->build_id_bytes)
		good = link && has_crc(path, link->crc);
	return good;
}

/* Takes `path` over; answers it when it is the one. */
static char *tried(const struct image *image, char *path, const struct debug_link *link)
{
	if (fits(image, path, link))
		return path;
	free(path);
	return NULL;
}

static char *find_by_link(const struct image *image, const char *path, const char *prefix)
{
	struct debug_link link;
	if (!read_link(image, &link))
		return NULL;
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) : 0;
	size_t skip = !strncmp(path, prefix, strlen(prefix)) ? strlen(prefix) : 0;
	if (length > 8192 || (size_t)length < skip)
		skip = 0, length = 0;
	char *found = tried(image, ev_printf("%.*s/.debug/%s", length, path, link.name), &link);
	if (!found)
		found = tried(image,
			      ev_printf("%s%s%.*s/%s", prefix, DEBUG_ROOT, length - (int)skip,
					path + skip, link.name),
			      &link);
	/* The same folder last: a link that names the file itself must not win. */
	if (!found) {
		char *beside = ev_printf("%.*s/%s", length, path, link.name);
		if (strcmp(beside, path))
			found = tried(image, beside, &link);
		else
			free(beside);
	}
	free(link.name);
	return found;
}

/* Where packages put the files of the kernel and of other programs that no link tells of: below the
 * same path. */
static char *find_by_path(const struct image *image, const char *path, const char *prefix)
{
	static const char *const ends[] = { "", ".debug" }, *const packed[] = { ".xz", ".zst",
										".gz" };
	size_t skip = !strncmp(path, prefix, strlen(prefix)) ? strlen(prefix) : 0;
	size_t length = strlen(path) - skip;
	char *found = NULL;
	for (size_t i = 0; i < EV_LENGTH(packed); i++) {
		size_t end = strlen(packed[i]);
		if (length > end && !strcmp(path + skip + length - end, packed[i]))
			length -= end;
	}
	for (size_t i = 0; i < EV_LENGTH(ends) && !found && length < 8192; i++)
		found = tried(image,
			      ev_printf("%s%s%.*s%s", prefix, DEBUG_ROOT, (int)length, path + skip,
					ends[i]),
			      NULL);
	return found;
}

char *ev_debug_file_find(const struct image *image, const char *path, const char *symfs)
{
	const char *prefix = symfs ? symfs : "";
	char *found = NULL;
	if (image->build_id_bytes > 1) {
		char id[41];
		ev_build_id_text(image->build_id, image->build_id_bytes, id);
		found = tried(image,
			      ev_printf("%s%s/.build-id/%.2s/%s.debug", prefix, DEBUG_ROOT, id,
					id + 2),
			      NULL);
	}
	if (!found)
		found = find_by_link(image, path, prefix);
	return found || !image->build_id_bytes ? found : find_by_path(image, path, prefix);
}
