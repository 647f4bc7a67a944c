/* Gives the files named as arguments to a fuzzer's entry, one after another: a corpus becomes a
 * test that needs no libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static uint8_t *read_all(const char *path, size_t *size_bytes)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t room = 0, got;

	*size_bytes = 0;
	if (!file)
		return NULL;
	do {
		if (room - *size_bytes < 4096) {
			uint8_t *more = realloc(bytes, room = room * 2 + 4096);

			if (!more)
				abort();
			bytes = more;
		}
		got = fread(bytes + *size_bytes, 1, room - *size_bytes, file);
		*size_bytes += got;
	} while (got > 0);
	fclose(file);
	return bytes;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t size_bytes;
		uint8_t *bytes = read_all(argv[i], &size_bytes);

		if (!bytes) {
			perror(argv[i]);
			return 1;
		}
		/* Exactly as long as the input, so that a sanitizer sees a read behind it. */
		uint8_t *input = malloc(size_bytes ? size_bytes : 1);
		if (!input)
			abort();
		for (size_t at = 0; at < size_bytes; at++)
			input[at] = bytes[at];
		free(bytes);
		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput(input, size_bytes);
		free(input);
	}
	return 0;
}
