/* Sorts random arrays in three ways: by insertion, by a quicksort that copies into new arrays, and
 * by a quicksort in place. Which one takes the time, and how does that change with -n? */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTION static __attribute__((noinline))

FUNCTION void insertion_sort(int *numbers, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		int value = numbers[i];
		size_t hole = i;

		for (; hole > 0 && numbers[hole - 1] > value; hole--)
			numbers[hole] = numbers[hole - 1];
		numbers[hole] = value;
	}
}

/* Smaller, equal and larger numbers go to arrays of their own, which are sorted and joined. */
FUNCTION void quicksort(int *numbers, size_t count)
{
	if (count < 2)
		return;
	int *smaller = malloc(count * sizeof(*smaller));
	int *larger = malloc(count * sizeof(*larger));
	if (!smaller || !larger)
		abort();
	size_t smaller_count = 0, larger_count = 0, equal_count = 0;
	int pivot = numbers[count / 2];

	for (size_t i = 0; i < count; i++) {
		if (numbers[i] < pivot)
			smaller[smaller_count++] = numbers[i];
		else if (numbers[i] > pivot)
			larger[larger_count++] = numbers[i];
		else
			equal_count++;
	}
	quicksort(smaller, smaller_count);
	quicksort(larger, larger_count);
	memcpy(numbers, smaller, smaller_count * sizeof(*numbers));
	for (size_t i = 0; i < equal_count; i++)
		numbers[smaller_count + i] = pivot;
	memcpy(numbers + smaller_count + equal_count, larger, larger_count * sizeof(*numbers));
	free(smaller);
	free(larger);
}

FUNCTION void quicksort_inplace(int *numbers, size_t count)
{
	if (count < 2)
		return;
	int pivot = numbers[count / 2];
	size_t left = 0, right = count - 1;

	for (;; left++, right--) {
		while (numbers[left] < pivot)
			left++;
		while (numbers[right] > pivot)
			right--;
		if (left >= right)
			break;
		int swap = numbers[left];
		numbers[left] = numbers[right];
		numbers[right] = swap;
	}
	quicksort_inplace(numbers, left);
	quicksort_inplace(numbers + right + 1, count - right - 1);
}

static const struct {
	const char *name;
	void (*sort)(int *numbers, size_t count);
} algorithms[] = {
	{ "insertion", insertion_sort },
	{ "quick", quicksort },
	{ "inplace", quicksort_inplace },
};
#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

FUNCTION void fill_random(int *numbers, size_t count, unsigned *seed)
{
	for (size_t i = 0; i < count; i++)
		numbers[i] = rand_r(seed);
}

FUNCTION void check_sorted(const int *numbers, size_t count, const char *name)
{
	for (size_t i = 1; i < count; i++) {
		if (numbers[i - 1] > numbers[i]) {
			fprintf(stderr, "sorts: %s left the array unsorted at %zu\n", name, i);
			exit(1);
		}
	}
}

static void usage(void)
{
	fputs("usage: sorts [-a insertion|quick|inplace|all] [-n numbers] [-r rounds] [-s seed]\n",
	      stderr);
	exit(2);
}

/* Text as a number from 1 to a thousand million. */
static size_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || value < 1 || value > 1000000000)
		usage();
	return value;
}

int main(int argc, char **argv)
{
	const char *wanted = "all";
	size_t count = 2000, rounds = 1200;
	unsigned seed = 1;
	int option;

	while ((option = getopt(argc, argv, "a:n:r:s:")) != -1) {
		switch (option) {
		case 'a':
			wanted = optarg;
			break;
		case 'n':
			count = number(optarg);
			break;
		case 'r':
			rounds = number(optarg);
			break;
		case 's':
			seed = (unsigned)number(optarg);
			break;
		default:
			usage();
		}
	}
	int *original = malloc(count * sizeof(*original)),
	    *numbers = malloc(count * sizeof(*numbers));
	if (!original || !numbers || optind < argc)
		usage();

	size_t done = 0;
	for (size_t round = 0; round < rounds; round++) {
		fill_random(original, count, &seed);
		for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
			if (strcmp(wanted, "all") != 0 && strcmp(wanted, algorithms[i].name) != 0)
				continue;
			memcpy(numbers, original, count * sizeof(*numbers));
			algorithms[i].sort(numbers, count);
			check_sorted(numbers, count, algorithms[i].name);
			done++;
		}
	}
	free(original);
	free(numbers);
	if (!done)
		usage();
	printf("%zu arrays of %zu numbers sorted (%s)\n", done, count, wanted);
	return 0;
}
