"""Compares evprof script's text with perf script's, field by field.

  script_compare.py PERF OURS [COUNTS [IGNORED]]

PERF may be the first part of the text only. COUNTS has "event<TAB>samples<TAB>sum of periods" of the
whole recording, which OURS must add up to exactly, but for the events in IGNORED (comma list).
Differences that have a name in REASONS are counted and told; any other ends it with status 1.
"""
import collections
import re
import sys

# The differences that are meant, each with why.
REASONS = {
    "forked": "a thread without a name of its own: ours has its parent's, perf 6.1 prints :TID",
    "suffix": "perf versions put other modifiers behind an event's name, or name it by its attr",
    "kernel-unmapped": "a kernel's address outside of what was recorded as mapped: ours says kernel",
    "module": "a module is called by its file or by [name], as the header lists build-ids",
    "arguments": "C++ names with or without their arguments",
    "alias": "another of the names that stand at the same address, or its symbol version",
    "plt": "a stub of the procedure linkage table, which perf takes for the function before it",
    "exec": "while a program is replaced perf looks into the memory of the one before",
    "generated": "code in memory that no file holds, by its address instead of an offset",
    "no-cpu": "perf shows a CPU that it does not know as -01",
    "return": "a return address behind a call that never returns: ours is the function that called",
    "unnamed": "perf found a name in a file that is not here, or of data, or guessed one in a PLT",
    "named": "ours finds a name that perf does not",
    "retired": "how long it took to retire: a column that perf has since 6.3",
    "inlined": "which functions are inlined: perf calls a function's other name inlined",
    "payload": "a tracepoint's text that needs the kernel's variables is ?, names of bits that only "
               "the kernel knows are left out, and %p of nothing is (nil)",
}

SAMPLE = re.compile(r"^\s*(?P<comm>\S.*?)\s+(?P<id>-?\d+(?:/-?\d+)?)\s+(?:\[(?P<cpu>-?\d+)\]\s+)?"
                    r"(?:(?P<misc>[KUHGgMESp]+)\s+)?(?P<time>\d+\.\d+):\s+(?:(?P<period>\d+)\s+)?(?P<event>\S+):(?:\s(?P<rest>.*))?$")
PLACE = re.compile(r"^(?P<before>.*?)\s*\b(?P<ip>[0-9a-f]+) (?![0-9a-f]{6,16} )(?P<sym>.*?)(?:\+(?P<off>0x[0-9a-f]+))?"
                   r" \((?P<dso>(?:[^()]|\([^()]*\))*)\)$")
INLINED = re.compile(r"^\s+[0-9a-f]+ .* \(inlined\)$")

reasons = collections.Counter()


class Different(Exception):
    pass


def allow(reason):
    assert reason in REASONS
    reasons[reason] += 1


def compare_dso(perf, ours):
    if perf == ours:
        return
    if ours == "[kernel.kallsyms]" and perf == "[unknown]":
        return allow("kernel-unmapped")
    if "/" in perf + ours and {perf[0], ours[0]} == {"[", "/"}:
        path, name = (perf, ours) if perf[0] == "/" else (ours, perf)
        if name.strip("[]").replace("-", "_") == path.rsplit("/", 1)[1].split(".ko")[0].replace("-", "_"):
            return allow("module")
    raise Different("object")


def bare(name):
    return re.sub(r"@.*|\(.*|<.*", "", name)


def bare_event(name):
    return {"hw-cpu-cycles": "cycles"}.get(name, name).split(":")[0]


def compare_symbol(perf, ours):
    if (perf["sym"], perf["off"]) == (ours["sym"], ours["off"]):
        return
    if perf["sym"] == "[unknown]":
        return allow("named")
    if ours["sym"] == "[unknown]":
        return allow("unnamed")
    if ours["sym"].endswith("@plt"):
        return allow("plt")
    if perf["off"] == ours["off"]:
        return allow("arguments" if bare(perf["sym"]) == bare(ours["sym"]) and "@" not in perf["sym"] else "alias")
    if perf["off"] == "0x0":
        return allow("return")
    raise Different("symbol")


def compare_place(perf, ours):
    p, o = PLACE.match(perf), PLACE.match(ours)
    if not p or not o:
        if perf.split() != ours.split():
            raise Different("text")
        return
    if o["dso"] == o["sym"] == "[unknown]" != p["dso"]:
        return allow("exec")
    if re.search(r"memfd:|/dev/zero|//anon|_jit_app_cache:", p["dso"]):
        return allow("generated")
    before, our_before = p["before"].split(), o["before"].split()
    if p["ip"] != o["ip"]:
        raise Different("address")
    if before != our_before:
        if before != our_before[:-1] or not before[-2:][0].isdigit():
            raise Different("before the address")
        allow("retired")
    compare_symbol(p, o)
    compare_dso(p["dso"], o["dso"])


def compare_payload(perf, ours):
    if perf.split() == ours.split():
        return
    # Every part with a value is the same, or is one that only the kernel can tell.
    p, o = (re.findall(r"[^ ,]+", re.sub(r"\bI_[A-Z_|]+", "", text)) for text in (perf, ours))
    for one, other in zip(p, o):
        if one != other and not re.search(r"=\?$|flags=|fragmenting=|\(nil\)", other + "\n" + one, re.M):
            raise Different("payload")
    allow("payload")


def compare_sample(perf, ours):
    p, o = SAMPLE.match(perf), SAMPLE.match(ours)
    if not p or not o:
        if perf.split() != ours.split():
            raise Different("layout")
        return
    for field in "id", "misc", "cpu", "time", "period":
        if (p[field], o[field]) == ("-01", None):
            allow("no-cpu")
        elif p[field] != o[field]:
            raise Different(field)
    if p["comm"] != o["comm"]:
        if not re.match(r":-?\d+$", p["comm"]):
            raise Different("comm")
        allow("forked")
    if p["event"] != o["event"]:
        if bare_event(p["event"]) != bare_event(o["event"]):
            raise Different("event")
        allow("suffix")
    rest = p["rest"] or "", o["rest"] or ""
    if p["period"] is None and rest[0].strip():
        compare_payload(*rest)
    else:
        compare_place(*rest)


def read(path):
    """Samples: the line and the frames below it; frames of inlined functions are counted only."""
    samples, inlined = [], 0
    for line in open(path, errors="replace"):
        line = line.rstrip("\n")
        if not line:
            continue
        if line[0] != "\t":
            samples.append((line, []))
        elif INLINED.match(line):
            inlined += 1
        elif samples:
            samples[-1][1].append(line)
    return samples, inlined


def only_inlined(perf, ours):
    """Frames that the one has and the other calls inlined."""
    addresses = [[line.split()[0] for line in frames] for frames in (perf, ours)]
    return set(addresses[0]) <= set(addresses[1]) and len(ours) > len(perf)


def compare_frames(perf, ours):
    if len(perf) != len(ours):
        if not only_inlined(perf, ours):
            raise Different("depth %d, ours %d" % (len(perf), len(ours)))
        allow("inlined")
        kept = []
        rest = list(perf)
        for line in ours:
            if rest and line.split()[0] == rest[0].split()[0]:
                kept.append(line)
                rest.pop(0)
        if rest:
            raise Different("frames")
        ours = kept
    for one, other in zip(perf, ours):
        compare_place(one, other)


def compare_totals(samples, path, ignored):
    sums = collections.defaultdict(lambda: [0, 0])
    for line, _ in samples:
        found = SAMPLE.match(line)
        sums[found["event"]][0] += 1
        sums[found["event"]][1] += int(found["period"] or 1)
    wanted = {}
    for line in open(path):
        event, count, period = line.rstrip("\n").split("\t")
        if event not in ignored:
            wanted[event] = [int(count), int(period)]
    if dict(sums) == wanted:
        return True
    # Another spelling of the same events: the totals decide.
    if sorted(sums.values()) == sorted(wanted.values()):
        allow("suffix")
        return True
    print("totals differ: perf", wanted, "ours", dict(sums))
    return False


def main():
    perf, perf_inlined = read(sys.argv[1])
    ours, our_inlined = read(sys.argv[2])
    ignored = sys.argv[4].split(",") if len(sys.argv) > 4 else []
    if perf_inlined != our_inlined:
        allow("inlined")
    if ignored:
        perf = [s for s in perf if (m := SAMPLE.match(s[0])) and m["event"] not in ignored]
    if len(sys.argv) == 3 and len(perf) != len(ours) or len(perf) > len(ours):
        print("perf has %d samples, ours %d" % (len(perf), len(ours)))
        return 1
    bad = 0
    for p, o in zip(perf, ours):
        try:
            compare_sample(p[0], o[0])
            compare_frames(p[1], o[1])
        except Different as how:
            bad += 1
            if bad <= 3:
                print("differs in %s:\n  perf %s\n  ours %s" % (how, "\n       ".join([p[0]] + p[1]),
                                                              "\n       ".join([o[0]] + o[1])))
    if len(sys.argv) > 3 and not compare_totals(ours, sys.argv[3], ignored):
        bad += 1
    if reasons["exec"] > 2 + len(ours) // 20:
        print("%d places are not known" % reasons["exec"])
        bad += 1
    for reason, count in sorted(reasons.items()):
        print("meant: %s (%d): %s" % (reason, count, REASONS[reason]))
    return bad > 0


sys.exit(main())
