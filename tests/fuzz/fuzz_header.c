/* Any bytes as a section that the header of a recording shows: one byte says which, one how many
 * CPUs and in which byte order. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <evprof/view.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct ev_recording recording = { 0 };
	char *text = NULL;
	size_t written;

	if (size_bytes < 2)
		return 0;
	recording.cpus_available = bytes[1] & 127;
	recording.swapped = bytes[1] & 128;
	ev_recording_add_event(&recording)->name = "cycles";
	ev_recording_add_event(&recording)->name = "branches";
	ev_recording_set_section(&recording, bytes[0] % 40, bytes + 2, size_bytes - 2);
	FILE *out = open_memstream(&text, &written);
	ev_print_header(out, &recording, true);
	fclose(out);
	for (uint32_t cpu = 0; cpu < 3; cpu++)
		ev_recording_socket(&recording, cpu * 63);
	free(text);
	ev_recording_done(&recording);
	return 0;
}
