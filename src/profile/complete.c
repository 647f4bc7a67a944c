/* Is a stack whole? One that ends where threads begin is; one that ends anywhere else was cut, or
 * its frame pointers led astray. */
#include <stdlib.h>
#include <string.h>
#include "named.h"
#include "profile.h"

/* Functions that no other called, as C libraries, runtimes and the kernel name them, sorted. A
 * chain of frame pointers may end one call later, because the first function clears the pointer. */
static const char *const roots[] = {
	"__clone",
	"__clone3",
	"__libc_start_call_main",
	"__libc_start_main",
	"__libc_start_main_impl",
	"__start_thread",
	"_dl_start_user",
	"_start",
	"_start_c",
	"clone",
	"clone3",
	"cpu_startup_entry",
	"main",
	"rest_init",
	"ret_from_fork",
	"ret_from_fork_asm",
	"runtime.goexit",
	"runtime.goexit.abi0",
	"runtime.mstart",
	"runtime.mstart.abi0",
	"runtime.rt0_go.abi0",
	"secondary_startup_64",
	"secondary_startup_64_no_verify",
	"start_kernel",
	"start_secondary",
	"start_thread",
};

static int by_text(const void *one, const void *other)
{
	return strcmp(one, *(const char *const *)other);
}

bool ev_frame_is_root(const struct ev_named *named, uint32_t frame)
{
	const char *function =
		ev_strings_text(named->profile->strings, named->frames.items[frame].function);
	return named->frames.items[frame].resolved &&
	       bsearch(function, roots, EV_LENGTH(roots), sizeof(roots[0]), by_text);
}

/* A frame that says why the stack was not followed further. */
static bool is_end(const struct ev_named *named, uint32_t frame)
{
	uint32_t object = named->frames.items[frame].object;
	return named->spaces && object < ev_space_set_object_count(named->spaces) &&
	       ev_space_set_object(named->spaces, object)->kind == EV_OBJECT_END;
}

uint64_t ev_named_truncated(const struct ev_named *named)
{
	/* Whether the outermost frame of each stack is a root; a parent comes before its children.
	 */
	size_t count = named->stacks.count;
	bool *whole = ev_alloc(count * sizeof(*whole));
	for (uint32_t i = 1; i < count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		if (stack->parent)
			whole[i] = whole[stack->parent];
		else if (named->profile->quality.ends_known)
			whole[i] = !is_end(named, stack->place);
		else
			whole[i] = ev_frame_is_root(named, stack->place);
	}
	uint64_t samples = 0;
	for (size_t i = 0; i < named->cells.count; i++)
		if (!whole[named->cells.items[i].stack])
			samples += ev_cell_samples(named->profile, &named->cells.items[i]);
	free(whole);
	uint64_t with_stack = named->profile->quality.with_stack;
	return samples < with_stack ? samples : with_stack;
}
