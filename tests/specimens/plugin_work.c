// flags: -shared -fPIC
/* The library that dlopened.c loads: all its time is in plugin_work(). */
#include <stdint.h>

volatile uint64_t plugin_result;

void plugin_work(void);
void plugin_work(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	plugin_result = state;
}
