#!/usr/bin/env python3
"""Sorts random lists in three ways: by insertion, by a quicksort that makes new lists, and by a
quicksort in place. Which one takes the time, and how does that change with -n?"""

import argparse
import random


def insertion_sort(numbers):
    for i in range(1, len(numbers)):
        value = numbers[i]
        hole = i
        while hole > 0 and numbers[hole - 1] > value:
            numbers[hole] = numbers[hole - 1]
            hole -= 1
        numbers[hole] = value
    return numbers


def quicksort(numbers):
    if len(numbers) < 2:
        return numbers
    pivot = numbers[len(numbers) // 2]
    smaller = [n for n in numbers if n < pivot]
    equal = [n for n in numbers if n == pivot]
    larger = [n for n in numbers if n > pivot]
    return quicksort(smaller) + equal + quicksort(larger)


def quicksort_inplace(numbers, first=0, last=None):
    if last is None:
        last = len(numbers) - 1
    if first >= last:
        return numbers
    pivot = numbers[(first + last) // 2]
    left, right = first, last
    while left <= right:
        while numbers[left] < pivot:
            left += 1
        while numbers[right] > pivot:
            right -= 1
        if left <= right:
            numbers[left], numbers[right] = numbers[right], numbers[left]
            left += 1
            right -= 1
    quicksort_inplace(numbers, first, right)
    quicksort_inplace(numbers, left, last)
    return numbers


ALGORITHMS = {
    "insertion": insertion_sort,
    "quick": quicksort,
    "inplace": quicksort_inplace,
}


def sort_and_check(sort, numbers):
    if sort(list(numbers)) != sorted(numbers):
        raise SystemExit(f"sorts: {sort.__name__} left a list unsorted")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-a", "--algorithm", choices=[*ALGORITHMS, "all"], default="all")
    parser.add_argument("-n", "--numbers", type=int, default=300)
    parser.add_argument("-r", "--rounds", type=int, default=100)
    parser.add_argument("-s", "--seed", type=int, default=1)
    options = parser.parse_args()

    wanted = [f for name, f in ALGORITHMS.items() if options.algorithm in (name, "all")]
    random.seed(options.seed)
    for _ in range(options.rounds):
        numbers = [random.randrange(1 << 31) for _ in range(options.numbers)]
        for sort in wanted:
            sort_and_check(sort, numbers)
    print(f"{options.rounds * len(wanted)} lists of {options.numbers} numbers sorted"
          f" ({options.algorithm})")


if __name__ == "__main__":
    main()
