"""Python programs whose time is known: each way of running functions, one of them named by the first
argument. `shares` says at its end which thread time its functions took, as they measured it."""
import functools
import multiprocessing
import os
import sys
import threading
import time


def spin(seconds):
    end = time.thread_time() + seconds
    count = 0
    while time.thread_time() < end:
        count += sum(range(50))
    return count


def half():
    return spin(0.30)


def third():
    return spin(0.20)


def sixth():
    return spin(0.10)


def shares():
    took = {}
    for function in (half, third, sixth):
        before = time.thread_time()
        function()
        took[function.__name__] = time.thread_time() - before
    for name, seconds in took.items():
        print(name, 100 * seconds / sum(took.values()))


def lines():
    total = 0
    for i in range(120):
        total += sum(range(40000))  # costly
        total += sum(range(4000))  # cheap
    return total


def recurse(depth):
    if not depth:
        return spin(0.1)
    return recurse(depth - 1)


def by_key(value):
    return -sum(range(value % 2000))


def in_a_callback():
    return spin(0.05)


class Sorted:
    def method(self):
        for _ in range(6):
            sorted(range(2000), key=lambda value: by_key(value))
        list(map(functools.partial(by_key), range(2000)))


def naïve_générateur():
    for i in range(60):
        yield sum(range(i * 60))


def generators():
    return [sum(naïve_générateur()) for _ in range(40)]


def made():
    scope = {"spin": spin}
    for i in range(30):
        exec("def made_%d():\n    return spin(0.004)\nmade_%d()\ndel made_%d\n" % (i, i, i), scope)


def in_child():
    spin(0.1)


def fork():
    pid = os.fork()
    if not pid:
        in_child()
        os._exit(0)
    os.waitpid(pid, 0)


def in_pool(seconds):
    spin(seconds)


def pool(how):
    with multiprocessing.get_context(how).Pool(2) as workers:
        workers.map(in_pool, [0.1, 0.1])


def in_thread():
    spin(0.1)


def in_threads():
    threads = [threading.Thread(target=in_thread) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def waits():
    time.sleep(0.2)


def main():
    sys.setrecursionlimit(5000)
    for how in sys.argv[1:]:
        if how == "recurse":
            recurse(500)
        elif how == "callbacks":
            Sorted().method()
        elif how in ("fork_pool", "spawn_pool"):
            pool(how.split("_")[0])
        else:
            globals()[how]()


if __name__ == "__main__":
    main()
