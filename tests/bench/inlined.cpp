// What compilers inline most: sorts with lambdas, ranges, regular expressions and trees of the
// standard library, with full debug info. Runs for as many rounds as it is told.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>

struct shape {
	virtual ~shape() = default;
	virtual double area() const = 0;
};
struct circle : shape {
	double r;
	explicit circle(double radius) : r(radius) {}
	double area() const override { return r * r * 3.14159; }
};
struct square : shape {
	double a;
	explicit square(double side) : a(side) {}
	double area() const override { return a * a; }
};

static double sorted_areas(std::mt19937 &random)
{
	std::vector<std::unique_ptr<shape>> shapes;
	for (int i = 0; i < 2000; i++) {
		if (random() % 2)
			shapes.push_back(std::make_unique<circle>(random() % 100));
		else
			shapes.push_back(std::make_unique<square>(random() % 100));
	}
	std::stable_sort(shapes.begin(), shapes.end(),
			 [](const auto &a, const auto &b) { return a->area() < b->area(); });
	return std::accumulate(shapes.begin(), shapes.end(), 0.0,
			       [](double sum, const auto &s) { return sum + s->area(); });
}

static size_t matched_words(std::mt19937 &random)
{
	static const std::regex pattern("([a-f]+)([0-9]{1,3})(x|y|z)*");
	size_t found = 0;
	for (int i = 0; i < 60; i++) {
		std::string text;
		for (int k = 0; k < 12; k++)
			text += "abc" + std::to_string(random() % 2000) + (k % 2 ? "xyz " : "- ");
		found += std::distance(std::sregex_iterator(text.begin(), text.end(), pattern),
				       std::sregex_iterator());
	}
	return found;
}

static size_t counted_words(std::mt19937 &random)
{
	std::map<std::string, std::vector<int>> tree;
	std::unordered_map<std::string, int> table;
	for (int i = 0; i < 4000; i++) {
		std::string word = "w" + std::to_string(random() % 700);
		tree[word].push_back(i);
		table[word]++;
	}
	auto longer = tree | std::views::filter([](const auto &p) { return p.second.size() > 5; }) |
		      std::views::transform([&](const auto &p) { return table[p.first]; });
	return std::accumulate(longer.begin(), longer.end(), size_t{});
}

int main(int argc, char **argv)
{
	std::mt19937 random(7);
	double sum = 0;
	for (int i = 0, rounds = argc > 1 ? atoi(argv[1]) : 100; i < rounds; i++)
		sum += sorted_areas(random) + matched_words(random) + counted_words(random);
	printf("%g\n", sum);
}
