/* Makes code in memory that counts down, and says so in a perf map (map FOLDER) or in a jitdump
 * (dump FOLDER), where a second function takes the place of the first half way through. The
 * first runs 100 ms, the second 200 ms of its CPU time; with a perf map there is only the second.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const unsigned char code[] = { 0xb9, 0, 0, 4, 0, 0xff, 0xc9, 0x75, 0xfc, 0xc3 };

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void run_for(void *made, uint64_t time_ns)
{
	uint64_t end = now_ns(CLOCK_PROCESS_CPUTIME_ID) + time_ns;
	while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		((void (*)(void))made)();
}

static void begin_dump(FILE *dump)
{
	uint32_t header[] = { 0x4a695444, 1, 40, 62, 0, (uint32_t)getpid() };
	uint64_t rest[] = { now_ns(CLOCK_REALTIME), 0 }; /* as V8 has it */
	fwrite(header, sizeof(header), 1, dump);
	fwrite(rest, sizeof(rest), 1, dump);
	fflush(dump);
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump), 0);
}

static void load(FILE *dump, void *made, uint64_t index, const char *name, uint32_t line)
{
	const char *file = "/app/made.js";
	uint64_t time_ns = now_ns(CLOCK_MONOTONIC), address = (uintptr_t)made;
	uint32_t lines[] = { 2, (uint32_t)(16 + 16 + 16 + strlen(file) + 1) };
	uint64_t first[] = { time_ns, address, 1, address };
	uint32_t where[] = { line, 0 };
	uint32_t prefix[] = { 0, (uint32_t)(16 + 40 + strlen(name) + 1 + sizeof(code)) };
	uint64_t body[] = { time_ns, 0, address, address, sizeof(code), index };
	fwrite(lines, sizeof(lines), 1, dump);
	fwrite(first, sizeof(first), 1, dump);
	fwrite(where, sizeof(where), 1, dump);
	fwrite(file, strlen(file) + 1, 1, dump);
	fwrite(prefix, sizeof(prefix), 1, dump);
	fwrite(body, sizeof(body), 1, dump);
	fwrite(name, strlen(name) + 1, 1, dump);
	fwrite(code, sizeof(code), 1, dump);
	fflush(dump);
}

int main(int argc, char **argv)
{
	char path[512];
	bool dumps = argc > 2 && !strcmp(argv[1], "dump");
	unsigned char *made = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (argc < 3 || made == MAP_FAILED)
		return 2;
	memcpy(made, code, sizeof(code));
	snprintf(path, sizeof(path), dumps ? "%s/jit-%d.dump" : "%s/perf-%d.map", argv[2],
		 (int)getpid());
	FILE *file = fopen(path, "w+");
	if (!file)
		return 2;
	if (dumps) {
		begin_dump(file);
		load(file, made, 0, "made first", 10);
		run_for(made, 100000000);
		load(file, made, 1, "made later", 20);
	} else {
		fprintf(file, "%lx %zx made later\n", (unsigned long)made, sizeof(code));
		fflush(file);
	}
	run_for(made, 200000000);
	return 0;
}
