// Templates and inlining whose lines are known: scramble() is inlined into forward() and backward(),
// twice as often into forward(); Till<T>::add() has two instances with the same lines.
#include <cstdlib>
#include <vector>

template <typename T> static inline __attribute__((always_inline)) T scramble(T value, T by)
{
	for (int i = 0; i < 20; i++) {
		value = value * 3 + by; // scramble
		asm volatile("" : "+r"(value));
	}
	return value;
}

__attribute__((noinline)) static long forward(long value, long steps)
{
	for (long i = 0; i < steps; i++)
		value = scramble(value, i); // forward
	return value;
}

__attribute__((noinline)) static long backward(long value, long steps)
{
	for (long i = 0; i < steps; i++)
		value = scramble(value, -i); // backward
	return value;
}

namespace shop
{
template <typename T> class Till {
      public:
	__attribute__((noinline)) void add(const std::vector<T> &prices)
	{
		for (const T &price : prices)
			sum += price * price % 1001; // add
	}
	T sum = 0;
};
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 100;
	std::vector<long> pence(20000, 7);
	std::vector<int> pounds(20000, 7);
	shop::Till<long> small;
	shop::Till<int> large;
	volatile long sink = 1;
	for (long i = 0; i < rounds; i++) {
		sink = forward(sink, 4000);
		sink = backward(sink, 2000);
		for (int n = 0; n < 2; n++) {
			small.add(pence);
			large.add(pounds);
		}
	}
	return small.sum + large.sum + sink == 0;
}
