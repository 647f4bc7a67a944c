/* Where in a function a probe costs least and still counts every call, and nothing else. */
#ifndef SYMBOL_PROBE_CODE_H
#define SYMBOL_PROBE_CODE_H

#include "probe_functions.h"

/* The code of a file. */
struct probe_code {
	const struct image *image;
	EV_ARRAY(struct code_part {
		uint64_t address;
		size_t size_bytes;
		uint8_t *bytes;
	})
	parts;
};
void ev_probe_code_read(struct probe_code *code, const struct image *image);
void ev_probe_code_done(struct probe_code *code);
/* A function's own bytes and how many of them there are; NULL when the file has none. */
const uint8_t *ev_probe_code_of(const struct probe_code *code,
				const struct probe_function *function, size_t *size);

struct probe_spot {
	const struct probe_function *function;
	uint64_t into_bytes; /* behind its start */
	bool cheap;          /* the kernel emulates the instruction there */
	const char *why;     /* in words; lives for ever */
};
struct probe_spots {
	struct probe_spot *items;
	size_t count, room;
};
/* Adds a spot for each function that is meant, by their places in the file. How many others of the
 * name there are that are chosen when the program is loaded. */
size_t ev_probe_functions_choose(const struct probe_functions *functions, const char *wanted,
				 struct probe_spots *chosen);
/* Chooses for every spot, whose function is set. Only on x86-64 is there anything to choose. */
void ev_probe_spots_choose(struct probe_spot *spots, size_t count,
			   const struct probe_functions *functions, const struct probe_code *code);

/* Does an instruction begin `into_bytes` behind the function's start? 1 yes, 0 no, -1 can't be
 * told; *before and *after get the nearest places where one begins. */
int ev_probe_boundary(const struct probe_code *code, const struct probe_function *function,
		      uint64_t into_bytes, uint64_t *before, uint64_t *after);

/* ---- one instruction ----------------------------------------------------------------
 */

enum instruction {
	INSTRUCTION_PLAIN,    /* registers only: nothing that could fail, jump or be jumped from */
	INSTRUCTION_OTHER,    /* anything else that may be passed by no probe */
	INSTRUCTION_INDIRECT, /* a jump to an address that is computed */
	INSTRUCTION_UNKNOWN,
};
struct disassembler; /* NULL when none is built in */
struct disassembler *ev_disassembler_open(uint16_t machine);
/* What stands there and how long it is. */
enum instruction ev_instruction_decode(struct disassembler *disassembler, const uint8_t *bytes,
				       size_t size_bytes, uint64_t address, size_t *length);
void ev_disassembler_close(struct disassembler *disassembler);

#endif
