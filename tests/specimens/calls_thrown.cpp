// Exceptions through several calls, and objects that are destroyed on the way: thrown N.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#define FUNCTION __attribute__((noipa))

namespace shop
{
static int destroyed;

struct basket {
	FUNCTION ~basket()
	{
		destroyed++;
	}
};

FUNCTION int pay(int n)
{
	if (n % 3 == 0)
		throw std::runtime_error("no money");
	return n;
}

FUNCTION int buy(int n)
{
	basket mine;
	return pay(n) + 1;
}
} // namespace shop

int main(int argc, char **argv)
{
	int count = argc > 1 ? std::atoi(argv[1]) : 9, caught = 0;
	for (int i = 0; i < count; i++)
		try {
			shop::buy(i);
		} catch (const std::exception &) {
			caught++;
		}
	std::printf("%d caught, %d destroyed\n", caught, shop::destroyed);
	return 0;
}
