"""Ways of running Python functions, by name: the program runs the ones that its arguments name, in
their order. `shares` says what part of their time its functions took, as they measured it."""
import functools
import os
import signal
import subprocess
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


def lines_in_thread():
    thread = threading.Thread(target=lines)
    thread.start()
    thread.join()


def recurse(depth):
    if not depth:
        return spin(0.05)
    return recurse(depth - 1)


def by_key(value):
    return -sum(range(value % 2000))


class Sorted:
    def method(self):
        for _ in range(2):
            sorted(range(2000), key=lambda value: by_key(value))
        list(map(functools.partial(by_key), range(2000)))


def naïve_générateur():
    for i in range(60):
        yield sum(range(i * 60))


def generators():
    return [sum(naïve_générateur()) for _ in range(40)]


def made():
    """Each where the last one stood in memory, but for its name, which stays."""
    source = "def made():\n    return spin(0.004)\nmade()\nnames.append(made.__name__)\ndel made\n"
    scope = {"spin": spin, "names": []}
    for i in range(30):
        exec(source.replace("made", "made_%d" % i), scope)


# Not as the names of variables: those stay.
AGAIN = [b"def once_more(n):\n t = 0\n for i in range(n):\n  t += i * i\n return t\n",
         b"def otherwise(n):\n t = 0\n for i in range(n):\n  t += i * i\n return t\n"]


def run_again(which, count):
    scope = {}
    exec(compile(AGAIN[which], "<made>", "exec"), scope)
    scope.popitem()[1](count)


def reused():
    """Each part of a code object where that of the last one stood, its name as well."""
    for _ in range(30):
        run_again(0, 20000)
        run_again(1, 60000)


def in_fork():
    spin(0.05)


def fork():
    pid = os.fork()
    if not pid:
        in_fork()
        os._exit(7)
    assert os.waitpid(pid, 0)[1] == 7 << 8


def in_pool(seconds):
    spin(seconds)


def pool(how):
    import multiprocessing  # which not every interpreter has
    with multiprocessing.get_context(how).Pool(2) as workers:
        workers.map(in_pool, [0.1, 0.1])


def in_thread():
    spin(0.05)


def threads():
    both = [threading.Thread(target=in_thread) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()


def in_child():
    spin(0.05)


def child():
    code = "import python_truth; python_truth.in_child()"
    subprocess.run([sys.executable, "-c", code], check=True)
    subprocess.run(["true"], check=True)


def after_exec():
    spin(0.05)


def execs():
    code = "import python_truth; python_truth.after_exec()"
    os.execv(sys.executable, [sys.executable, "-c", code])


def grow():
    return [b"x" * (4096 * 300 + i) for i in range(5)]


got = []


def uses_the_signal():
    before = signal.signal(signal.SIGTRAP, lambda number, frame: got.append(number))
    assert before == signal.SIG_DFL, before
    os.kill(os.getpid(), signal.SIGTRAP)
    spin(0.05)
    assert got == [signal.SIGTRAP], got
    assert signal.signal(signal.SIGTRAP, signal.SIG_DFL) is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGTRAP) == signal.SIG_DFL


def blocks_the_signal():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTRAP})
    spin(0.05)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTRAP})
    spin(0.05)


def dies_of_the_signal():
    os.kill(os.getpid(), signal.SIGTRAP)


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
