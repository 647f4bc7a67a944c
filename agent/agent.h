/* The parts of the agent, for one another. They run in a signal handler of somebody else's program:
 * system calls and own memory only. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <ucontext.h>
#include "python_agent.h"

/* What the recorder has answered, and what is known of this process. */
extern struct agent {
	pid_t pid;
	const uint8_t *runtime; /* _PyRuntime */
	struct python_agent_offsets at;
	int clock;
	struct python_agent_ring *ring; /* NULL: nothing is taken */
	uint64_t ring_bytes;
	uint32_t generation; /* of processes: after a fork all code is new to the recorder */
} agent;

/* ---- memory of the interpreter: false, or NULL, where there is none -----------------------------
 */

bool agent_read(uint64_t address, void *bytes, size_t size_bytes);
/* Pieces from several places, one after the other; how many bytes could be read before the first
 * that can't. */
size_t agent_gather(const struct iovec *pieces, size_t count, void *bytes, size_t size_bytes);
bool agent_read_word(uint64_t address, uint32_t offset, uint64_t *value);
/* Of a frame: it stays until the next one is asked for. */
const uint8_t *agent_read_frame(uint64_t address, size_t size_bytes);
/* What was read of frames is no longer so. */
void agent_forget_frames(void);

static inline uint64_t agent_word(const uint8_t *bytes, uint32_t offset)
{
	uint64_t value;
	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

static inline uint32_t agent_number(const uint8_t *bytes, uint32_t offset)
{
	uint32_t value;
	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

/* ---- the ring: of who has the turn --------------------------------------------------------------
 */

/* Room for a record, in one piece; NULL when there is none. */
uint8_t *agent_reserve(size_t size_bytes);
void agent_commit(size_t size_bytes);

/* ---- what is told -------------------------------------------------------------------------------
 */

/* Code may be other code in each moment: of a stack what is known is compared once more. */
void agent_codes_again(const uint64_t *addresses, size_t count);
/* The recorder's number of a code object, which it is told of first; 0 when it could not be. */
uint32_t agent_code_id(uint64_t address);
enum { AGENT_FRAMES_MAX = 4096 };
/* The frames of this thread, innermost first; says in flags what is missing. */
uint32_t agent_walk_thread(struct python_agent_frame *frames, uint32_t limit, uint32_t *flags);
/* Where this thread is goes into the ring. */
void agent_take_moment(const ucontext_t *context);
/* Of the threads of the parent only this one is here. */
void agent_moments_forked(void);

/* ---- the signal ---------------------------------------------------------------------------------
 */

/* From now on the kernel's events are taken, and what else comes is the program's. */
bool agent_install(void);

/* ---- in a simulator -----------------------------------------------------------------------------
 */

/* PY_VERSION_HEX as far as it is known; 0: there is no Python here. */
uint32_t agent_python_version(void);
/* Machine code that does nothing but call that function, at an address of its own; NULL: there is
 * no room. */
void *agent_make_call(void *function);
/* Adds to the file of this process in the folder: what is called at an address. */
void agent_tell_function(const struct python_agent_function *head, const char *name,
			 const char *file);
/* Functions of this process are told in that folder from now on. */
bool agent_begin_telling(const char *folder);

#endif
