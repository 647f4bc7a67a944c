/* Reads one word of each of many pages in read_pages(), then writes one word of each of as many
 * others in write_pages(): about one miss of the address translation for each page.
 *   page_walks [PAGES [ROUNDS]] */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t result;

static __attribute__((noinline)) void read_pages(const volatile uint64_t *word, size_t pages,
						 size_t words)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < pages; i++)
		sum += word[i * words];
	result = sum;
}

static __attribute__((noinline)) void write_pages(volatile uint64_t *word, size_t pages,
						  size_t words)
{
	for (size_t i = 0; i < pages; i++)
		word[i * words] = i;
}

int main(int argc, char **argv)
{
	size_t pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 4096, page_bytes;
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 4;

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	for (unsigned long i = 0; i < 2 * rounds; i++) {
		void *base = mmap(NULL, pages * page_bytes, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (base == MAP_FAILED)
			return 1;
		(i % 2 ? write_pages((volatile uint64_t *)base, pages, page_bytes / 8)
		       : read_pages((const volatile uint64_t *)base, pages, page_bytes / 8));
		munmap(base, pages * page_bytes);
	}
	return 0;
}
