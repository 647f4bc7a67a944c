"""A recording of Python programs as evprof makes them, with native and kernel frames below Python's
lines, for tests that read one. Usage: python_recording.py FILE [SOURCE] [CONFIG]: of a software event, 2 is page faults"""
import sys
from made_recording import CONTEXT_KERNEL, CONTEXT_USER, Recording

BASE, LENGTH, BLOCK = 1 << 52, 1 << 36, 64
SECTION = 202


def leb(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


class Functions:
    def __init__(self):
        self.texts, self.functions, self.blocks = [], [], []

    def number(self, things, thing):
        if thing not in things:
            things.append(thing)
        return things.index(thing)

    def at(self, name, file, first, line):
        words = tuple(self.number(self.texts, text) + 1 for text in (name, file)) + (first,)
        block = (self.number(self.functions, words), line // BLOCK)
        return BASE + self.number(self.blocks, block) * BLOCK + line % BLOCK

    def section(self):
        def numbers(rows):
            return leb(len(rows)) + b"".join(leb(number) for row in rows for number in row)
        texts = leb(len(self.texts)) + b"".join(text.encode() + b"\0" for text in self.texts)
        return b"EVPY\1" + texts + numbers(self.functions) + numbers(self.blocks)


def python_map(recording, pid):
    recording.mmap(pid, BASE, LENGTH, 0, "[python]")


def main(path, source="/nowhere/toy.py", config=0):
    r, f = Recording(), Functions()
    r.config = int(config)
    r.comm(7, 7, "python3")
    r.mmap(7, 0x400000, 0x1000, 0, "/nowhere/python3")
    r.mmap(7, 0x500000, 0x1000, 0, "/nowhere/speed.so")
    r.mmap(2**32 - 1, 0xffffffff81000000, 0x1000000, 0xffffffff81000000, "[kernel.kallsyms]_text")
    python_map(r, 7)
    r.comm(8, 8, "sh")
    r.mmap(8, 0x400000, 0x1000, 0, "/nowhere/sh")
    module = f.at("<module>", source, 1, 12)
    outer = f.at("outer", source, 1, 3)
    inner = [f.at("Work.inner", source, 6, line) for line in (7, 8, 9)]
    far = f.at("far", "/elsewhere/lib.py", 100, 170)
    start, native, kernel = 0x400100, 0x500100, 0xffffffff81000100
    r_k, r_u = CONTEXT_KERNEL, CONTEXT_USER
    for _ in range(30):  # in Python itself
        r.sample(7, 7, [r_u, inner[0], outer, module, start])
    for _ in range(20):  # in native code that a line called
        r.sample(7, 7, [r_u, native, inner[1], outer, module, start])
    for _ in range(10):  # in the kernel, from Python and from native code
        r.sample(7, 7, [r_k, kernel, r_u, inner[1], outer, module, start], misc=1)
    for _ in range(10):
        r.sample(7, 7, [r_k, kernel, r_u, native, inner[2], outer, module, start], misc=1)
    for _ in range(10):  # Python that native code called back
        r.sample(7, 7, [r_u, far, native, outer, module, start])
    for _ in range(5):  # a line of its own
        r.sample(7, 7, [r_u, outer, module, start])
    for _ in range(10):  # the interpreter, before there was any Python
        r.sample(7, 7, [r_u, start])
    for _ in range(5):  # another program
        r.sample(8, 8, [r_u, 0x400200])
    r.features[SECTION] = f.section()
    r.write(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
