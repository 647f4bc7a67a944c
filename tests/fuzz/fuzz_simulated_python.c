/* What a process may leave in the name of an agent in a simulator: functions of any bytes. */
#include <stdlib.h>
#include "../../src/collect/simulation_python.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct ev_python_functions *functions = ev_python_functions_open();
	struct ev_simulated_python *python = ev_simulated_python_open(functions, 8);
	ev_simulated_python_read(python, bytes, size_bytes, 1, 0);
	if (ev_python_function_count(functions) > size_bytes)
		abort();
	ev_simulated_python_close(python);
	ev_python_functions_close(functions);
	return 0;
}
