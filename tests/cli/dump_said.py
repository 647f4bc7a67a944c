# Threads that wait in known places, and what Python itself says of them: a line "tid<TAB>function
# <TAB>file<TAB>line" for each frame, innermost first, in the file that is named.
import asyncio
import contextlib
import functools
import sys
import threading
import time

gate = threading.Lock()
gate.acquire()
ids = {}
ready = threading.Barrier(9)


def wait():
    ids[threading.get_ident()] = threading.get_native_id()
    ready.wait(); gate.acquire()


def recursion(depth):
    if depth:
        return (
            1 +
            recursion(depth - 1)
        )
    wait()


def generator():
    yield 1
    yield wait()


def from_generator():
    for one in generator():
        pass


class Größe:
    def методом(self, n):
        return [wait() for _ in range(n)]

    @property
    def 大きさ(self):
        return self.методом(1)


def callback():
    return sorted([3, 1, 2], key=lambda x: wait() or x)


async def inner():
    wait()


async def outer():
    await inner()


@functools.lru_cache()
def cached():
    @contextlib.contextmanager
    def held():
        wait()
        yield
    with held():
        pass


space = {"wait": wait}
exec(compile("\n\n\ndef made_𠀀(\n  a=1,\n):\n\n  b = (a,\n    wait())\n", "<ausgeführt é 𠀀>", "exec"), space)

big = {"wait": wait}
exec(compile("def long():\n" + " a = 1\n" + "\n" * 700 + " b = 2;" * 300 + "\n c = wait()\n", "long.py", "exec"), big)

for target, args in (
    (recursion, (int(sys.argv[2]),)), (from_generator, ()), (lambda: Größe().大きさ, ()), (callback, ()),
    (lambda: asyncio.run(outer()), ()), (cached, ()), (space["made_𠀀"], ()), (big["long"], ()),
):
    threading.Thread(target=target, args=args, daemon=True).start()


def say(path):
    frames = sys._current_frames()
    frames[threading.get_ident()] = sys._getframe(1)
    ids[threading.get_ident()] = threading.get_native_id()
    with open(path, "w", encoding="utf-8") as out:
        for ident, frame in frames.items():
            while frame:
                code = frame.f_code
                name = getattr(code, "co_qualname", code.co_name)
                print(ids[ident], name, code.co_filename, frame.f_lineno, sep="\t", file=out)
                frame = frame.f_back
        print("end", file=out)


def all_wait():
    others = [f for ident, f in sys._current_frames().items() if ident != threading.get_ident()]
    return all(f.f_code is wait.__code__ for f in others)


ready.wait()
while not all_wait():
    time.sleep(0.01)
say(sys.argv[1]); time.sleep(1000)
