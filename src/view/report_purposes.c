/* The table of what groups of functions are for, by their names in the C library, CPython and the
 * kernel. */
#include <evprof/base.h>
#include "report_purposes.h"

/* clang-format off */
const struct ev_purpose ev_purposes[] = {
	{ "page faults",
	  "^(asm_)?(exc_page_fault|do_page_fault|do_user_addr_fault|handle_mm_fault|do_mem_abort)$",
	  true, "page faults: memory that is touched for the first time, or was given back",
	  "record -e page-faults -c 1 …" },
	{ "disk", "^(submit_bio(_noacct)?|blk_mq_submit_bio|io_schedule)$", true,
	  "input and output of disks", "report%s --peek io_schedule" },
	{ "locks in the kernel",
	  "^(native_queued_spin_lock_slowpath|queued_spin_lock_slowpath|osq_lock|mutex_spin_on_"
	  "owner|"
	  "rwsem_(down_write|down_read)_slowpath)$",
	  true, "spent on contended locks of the kernel", "report%s --peek slowpath" },
	{ "waiting on locks", "^\\[waiting: lock\\]$", false, "waiting on locks (futex)",
	  "report%s -g callee --symbols '[waiting: lock]'" },
	{ "waiting for a CPU", "^\\[waiting: CPU\\]$", false,
	  "waiting for a CPU: more threads want to run than there are CPUs", NULL },
	{ "waiting for disks", "^\\[waiting: (disk|page fault)\\]$", false, "waiting for disks, or for memory that is read from them",
	  NULL },
	{ "locks",
	  "^(_*(pthread_mutex_(lock|unlock)|lll_(lock|unlock)_wa(it|ke)(_private)?)|futex_(wait|"
	  "wake))$",
	  false, "taking and giving back locks", "report%s --peek pthread_mutex_lock" },
	{ "the interpreter's lock", "^(take_gil|drop_gil)$", false,
	  "spent on Python's global lock (GIL)", "report%s --peek take_gil" },
	{ "allocation",
	  "^(_*(libc_)?(malloc|calloc|realloc|free|cfree)|_int_(malloc|free|realloc)|malloc_"
	  "consolidate|"
	  "operator new.*|operator delete.*|_PyObject_(Malloc|Free)|tcache_(get|put))$",
	  false, "allocating and freeing memory", "report%s --peek malloc" },
	{ "copying", "^_*(memcpy|memmove|memset|mempcpy)(_.*)?$", false,
	  "copying or filling memory", "report%s --peek mem" },
	{ "comparing text", "^_*(str(n)?(case)?cmp|strlen|strchr|strstr|memcmp|memchr)(_.*)?$",
	  false, "comparing and searching text", "report%s --peek str" },
};
/* clang-format on */
const size_t ev_purpose_count = EV_LENGTH(ev_purposes);
