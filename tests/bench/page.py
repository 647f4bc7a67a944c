#!/usr/bin/env python3
"""How quickly a page of a great recording answers: makes one of so many samples (3 million), and
prints the size of its page and how long Chromium takes for each action until the frame with its
answer is made, in milliseconds: the least of several rounds, which other programs disturb least, and
their median.

    python3 tests/bench/page.py [SAMPLES] [EVPROF]
"""
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "cli"))
from browser import Browser  # noqa: E402
from made_recording import CONTEXT_USER, Recording  # noqa: E402

THREADS, STACKS, START, SECONDS, ROUNDS = 24, 30000, 0x10000000, 750, 7


def text_section(path):
    """(offset, size) of the machine code in an ELF file of 64 bits."""
    with open(path, "rb") as file:
        bytes_ = file.read()
    at, size, count, names = struct.unpack_from("<Q10xHHH", bytes_, 40)
    headers = [struct.unpack_from("<IIQQQQ", bytes_, at + i * size) for i in range(count)]
    for header in headers:
        start = headers[names][4] + header[0]
        if bytes_[start:start + 6] == b".text\0":
            return header[4], header[5]
    raise SystemExit(f"{path} has no code")


def chains(program):
    """Stacks as of a program: a tree in which few ways are gone often."""
    offset, size = text_section(program)
    functions = [START + offset + random.randrange(size) for _ in range(1500)]
    found, kids = [], {}
    while len(found) < STACKS:
        path = ()
        for _ in range(random.randint(4, 28)):
            known = kids.setdefault(path, [])
            if not known or (len(known) < 6 and random.random() < 0.25):
                known.append(random.choice(functions))
            path += (random.choice(known),)
        found.append([CONTEXT_USER, *reversed(path)])
    return found


def record(path, program, samples):
    random.seed(1)
    made = Recording()
    for thread in range(THREADS):
        made.comm(7, 7 + thread, f"worker-{thread}")
    made.mmap(7, START, os.path.getsize(program), 0, os.path.abspath(program))
    known = chains(program)
    bodies = [struct.pack(f"<Q{len(c)}Q", len(c), *c) for c in known]
    step = SECONDS * 10**9 // samples
    for i in range(samples):
        made.time += step
        at = min(int(random.paretovariate(0.7)) - 1, STACKS - 1)
        at = (at + i * 40 // samples) % STACKS  # what it does changes in the course of time
        thread = 7 + min(int(random.expovariate(0.3)), THREADS - 1)
        body = struct.pack("<QIIQQ", known[at][1], 7, thread, made.time, 250000) + bodies[at]
        made.data.append(struct.pack("<IHH", 9, 2, 8 + len(body)) + body)
    made.write(path)


ACTIONS = {
    "search": "set('#search', '/_find$/', 'input')",
    "search nothing": "set('#search', '', 'input')",
    "brush a tenth": "timeline.set(timeline.snapped(300, 400))",
    "whole time": "timeline.set(null)",
    "by thread": "q('#by-thread').click()",
    "colour by thread": "set('#colour', 'thread', 'change')",
    "brush by thread": "timeline.set(timeline.snapped(100, 500))",
    "whole time again": "timeline.set(null)",
    "not by thread": "q('#by-thread').click()",
    "invert": "q('#invert').click()",
    "fold recursion": "q('#fold').click()",
    "not inverted": "q('#invert').click()",
    "not folded": "q('#fold').click()",
    "zoom": "mainGraph.zoomTo(kidsOf(mainGraph.root)[0])",
    "zoom out": "mainGraph.zoomTo(mainGraph.root)",
    "callers and callees": "q('#table tbody button').click()",
    "samples": "set('#measure', 'samples', 'change')",
    "period": "set('#measure', 'period', 'change')",
    "sort by name": "q('#table th:nth-child(5) button').click()",
    "filter": "set('#filter', 'ev_', 'input')",
    "dark": "q('#theme').click()",
}
MEASURE = """
const q = selector => document.querySelector(selector);
const set = (selector, value, type) => { q(selector).value = value; q(selector).dispatchEvent(new Event(type)); };
"""


def main():
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 3000000
    evprof = sys.argv[2] if len(sys.argv) > 2 else os.path.join(here, "..", "..", "build", "evprof")
    with tempfile.TemporaryDirectory() as folder:
        data, page = os.path.join(folder, "p.data"), os.path.join(folder, "x.html")
        record(data, evprof, samples)
        began = time.monotonic()
        subprocess.run([evprof, "report", "-i", data, "--format", "html", "-o", page], check=True)
        print(f"{samples} samples, {os.path.getsize(data) / 1e6:.1f} MB: "
              f"page of {os.path.getsize(page) / 1e6:.2f} MB in {time.monotonic() - began:.1f} s")
        # The page's script is a module, whose names nobody outside sees: these are let out.
        with open(page, encoding="utf-8") as file:
            text = file.read()
        text = text.replace("</script>\n</body>",
                            "Object.assign(window, { timeline, mainGraph, kidsOf });\n"
                            "window.ready = performance.now();\n</script>\n</body>")
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
        with Browser() as browser:
            browser.open(page)
            print(f"{'open':>24} {browser.run('return ready'):8.1f} ms")
            print(f"{'grain':>24} {browser.text('#grain')}")
            spent = {name: [] for name in ACTIONS}
            for _ in range(ROUNDS):
                for name, action in ACTIONS.items():
                    spent[name].append(browser.run(
                        MEASURE + "const began = performance.now();" + action +
                        "; return new Promise(done => requestAnimationFrame(() => {"
                        "const channel = new MessageChannel();"
                        "channel.port1.onmessage = () => done(performance.now() - began);"
                        "channel.port2.postMessage(0); }))"))
            for name, times in spent.items():
                print(f"{name:>24} {min(times):8.1f} ms, median {sorted(times)[ROUNDS // 2]:.1f}")


main()
