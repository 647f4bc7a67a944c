/* Passes markers (USDT) a known number of times: specimen:plain 3 times, specimen:twice from two
 * places 2 + 5 times, specimen:guarded 4 times, but only while its semaphore says that someone
 * watches. The notes are made by hand, as <sys/sdt.h> would make them. */
#include <stdio.h>

#if __SIZEOF_POINTER__ == 8
#define WORD ".8byte "
#else
#define WORD ".4byte "
#endif

#define MARKER(name, semaphore)                                                                    \
	__asm__ volatile("990: nop\n"                                                              \
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"                              \
			 ".balign 4\n"                                                             \
			 ".4byte 992f-991f, 994f-993f, 3\n"                                        \
			 "991: .asciz \"stapsdt\"\n"                                               \
			 "992: .balign 4\n"                                                        \
			 "993: " WORD "990b\n" WORD "_.stapsdt.base\n" WORD semaphore "\n"         \
			 ".asciz \"specimen\"\n"                                                   \
			 ".asciz \"" name "\"\n"                                                   \
			 ".asciz \"\"\n"                                                           \
			 "994: .balign 4\n"                                                        \
			 ".popsection\n"                                                           \
			 ".ifndef _.stapsdt.base\n"                                                \
			 ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"   \
			 ".weak _.stapsdt.base\n"                                                  \
			 ".hidden _.stapsdt.base\n"                                                \
			 "_.stapsdt.base: .space 1\n"                                              \
			 ".size _.stapsdt.base, 1\n"                                               \
			 ".popsection\n"                                                           \
			 ".endif\n")

/* The kernel raises it in the memory of who is watched. */
unsigned short guard __attribute__((section(".probes"), visibility("hidden"))) = 0;

static __attribute__((noinline)) void pass(int times)
{
	for (int i = 0; i < times; i++)
		MARKER("twice", "0");
}

int main(void)
{
	volatile unsigned short *watched = &guard;
	int seen = 0;

	for (int i = 0; i < 3; i++)
		MARKER("plain", "0");
	for (int i = 0; i < 2; i++)
		MARKER("twice", "0");
	pass(5);
	for (int i = 0; i < 4; i++)
		if (*watched) {
			seen++;
			MARKER("guarded", "guard");
		}
	printf("watched %d of 4 times\n", seen);
	return 0;
}
