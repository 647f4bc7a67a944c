"""Ways of running Python functions; the first three print what share of their time each has taken."""
import os
import signal
import subprocess
import sys
import threading
import time


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(50))


def half():
    spin(0.15)


def third():
    spin(0.10)


def sixth():
    spin(0.05)


def shares():
    took = {}
    for function in (half, third, sixth):
        before = time.thread_time()
        function()
        took[function.__name__] = time.thread_time() - before
    for name, seconds in took.items():
        print(name, 100 * seconds / sum(took.values()))


def recurse(depth):
    return recurse(depth - 1) if depth else spin(0.05)


def générateur():
    for _ in range(5):
        yield spin(0.01)


def generators():
    return list(générateur())


def by_key(value):
    return -sum(range(value % 2000))


def callbacks():
    for _ in range(2):
        sorted(range(2000), key=by_key)


def in_thread():
    spin(0.05)


def threads():
    both = [threading.Thread(target=in_thread) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()


def in_fork():
    spin(0.05)


def fork():
    pid = os.fork()
    if not pid:
        in_fork()
        os._exit(7)
    assert os.waitpid(pid, 0)[1] == 7 << 8


def in_child():
    spin(0.05)


def child():
    code = "import python_agent; python_agent.in_child()"
    subprocess.run([sys.executable, "-c", code], check=True)
    subprocess.run(["true"], check=True)


def after_exec():
    spin(0.05)


def execs():
    code = "import python_agent; python_agent.after_exec()"
    os.execv(sys.executable, [sys.executable, "-c", code])


def lines():
    total = 0
    for _ in range(100):
        total += sum(range(40000))  # costly
        total += sum(range(4000))  # cheap
    return total


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


if __name__ == "__main__":
    sys.setrecursionlimit(5000)
    for what in sys.argv[1:]:
        recurse(500) if what == "recurse" else globals()[what]()
