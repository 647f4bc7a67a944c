/* Adds up one large matrix of ints, once row by row and once column by column. Both do the same
 * additions; by columns every int comes from a cache line of its own. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTION static __attribute__((noinline))

FUNCTION long sum_rows(const int *matrix, size_t size)
{
	long sum = 0;

	for (size_t row = 0; row < size; row++)
		for (size_t column = 0; column < size; column++)
			sum += matrix[row * size + column];
	return sum;
}

FUNCTION long sum_columns(const int *matrix, size_t size)
{
	long sum = 0;

	for (size_t column = 0; column < size; column++)
		for (size_t row = 0; row < size; row++)
			sum += matrix[row * size + column];
	return sum;
}

FUNCTION void fill(int *matrix, size_t size)
{
	for (size_t i = 0; i < size * size; i++)
		matrix[i] = (int)(i % 7);
}

static void usage(void)
{
	fputs("usage: cachewalk [-o rows|columns|both] [-n size] [-r rounds]\n", stderr);
	exit(2);
}

static size_t number(const char *text, size_t limit)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || value < 1 || value > limit)
		usage();
	return value;
}

int main(int argc, char **argv)
{
	const char *order = "both";
	size_t size = 4096, rounds = 2;
	int option;

	while ((option = getopt(argc, argv, "o:n:r:")) != -1) {
		switch (option) {
		case 'o':
			order = optarg;
			break;
		case 'n':
			size = number(optarg, 32768);
			break;
		case 'r':
			rounds = number(optarg, 1000000);
			break;
		default:
			usage();
		}
	}
	int rows = strcmp(order, "columns") != 0, columns = strcmp(order, "rows") != 0;
	if (optind < argc || (rows && columns && strcmp(order, "both") != 0))
		usage();
	int *matrix = malloc(size * size * sizeof(*matrix));
	if (!matrix) {
		perror("cachewalk");
		return 1;
	}
	fill(matrix, size);
	for (size_t i = 0; i < rounds; i++) {
		if (rows)
			printf("by rows:    %ld\n", sum_rows(matrix, size));
		if (columns)
			printf("by columns: %ld\n", sum_columns(matrix, size));
	}
	free(matrix);
	return 0;
}
