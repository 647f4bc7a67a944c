/* Sleeps for as many milliseconds as told, in short naps, and computes nothing. */
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	unsigned long milliseconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 500;

	for (unsigned long i = 0; i < milliseconds / 10; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	return 0;
}
