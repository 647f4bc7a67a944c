/* An ELF file -> the extents of its code, in addresses and in the file. */
#include <evprof/symbol.h>
#include "image.h"

int ev_code_of_file(const char *path, struct ev_code *out, size_t limit)
{
	struct image image;
	int count = 0, rc = ev_image_open(&image, path);
	if (rc)
		return rc;
	for (size_t i = 0; i < image.segment_count; i++) {
		const struct segment *segment = &image.segments[i];
		if (!segment->executable || !segment->file_bytes)
			continue;
		if ((size_t)count < limit)
			out[count] = (struct ev_code){ segment->address, segment->offset,
						       segment->file_bytes };
		count++;
	}
	ev_image_close(&image);
	return count;
}
