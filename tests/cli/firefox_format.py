"""Holds a profile against the description of the Firefox Profiler's processed format, version 66:
every field that it must have is there and of its kind, none is there that it does not know, and
every index is within what it is of.

    python3 firefox_format.py PROFILE.json
"""
import json
import sys

# Kinds: number, count (a whole number of at least 0), text, bool, list, null; "a|b" is either; ">x"
# is an index into x, ">x|-1" one of those or -1. A field with "?" behind its name may be missing.
META = {
    "interval": "number", "startTime": "number", "processType": "count", "product": "text",
    "stackwalk": "count", "version": "count", "preprocessedProfileVersion": "count",
    "categories": "list", "markerSchema": "list", "oscpu?": "text", "symbolicated?": "bool",
    "sampleUnits?": "object", "usesOnlyOneStackType?": "bool", "sourceCodeIsNotOnSearchfox?": "bool",
    "importedFrom?": "text", "arguments?": "text", "CPUName?": "text", "logicalCPUs?": "count",
}
CATEGORY = {"name": "text", "color": "text", "subcategories": "list"}
COLOURS = {"transparent", "purple", "green", "orange", "yellow", "lightblue", "blue", "brown",
           "magenta", "red", "lightred", "darkgrey", "grey"}
LIBRARY = {"arch": "text", "name": "text", "path": "text", "debugName": "text",
           "debugPath": "text", "breakpadId": "text", "codeId": "text|null"}
PROFILE = {"meta": "object", "libs": "list", "pages?": "list", "counters?": "list",
           "profilerOverhead?": "list", "shared": "object", "threads": "list"}
THREAD = {
    "processType": "text", "processStartupTime": "number", "processShutdownTime": "number|null",
    "registerTime": "number", "unregisterTime": "number|null", "pausedRanges": "list",
    "showMarkersInTimeline?": "bool", "name": "text", "isMainThread": "bool",
    "processName?": "text", "pid": "text", "tid": "count|text", "samples": "object",
    "markers": "object",
}
# Columns: each as long as the table's `length`.
TABLES = {
    "stackTable": {"frame": ">frameTable", "prefixOffset": "count"},
    "frameTable": {"address": "count|-1", "category": ">categories|null", "subcategory": "count|null",
                   "func": ">funcTable", "nativeSymbol": ">nativeSymbols|null",
                   "inlineDepth": "count", "innerWindowID": "count|null", "line": "count|null",
                   "column": "count|null", "originalLocation": ">sourceLocationTable|null"},
    "funcTable": {"name": ">stringArray", "isJS": "bool", "relevantForJS": "bool",
                  "resource": ">resourceTable|-1", "source": ">sources|null",
                  "lineNumber": "count|null", "columnNumber": "count|null",
                  "originalLocation": ">sourceLocationTable|null"},
    "resourceTable": {"lib": ">libs|null", "name": ">stringArray", "host": ">stringArray|null",
                      "type": "count"},
    "nativeSymbols": {"libIndex": ">libs", "address": "count", "name": ">stringArray",
                      "functionSize": "count|null"},
    "sources": {"id": "text|null", "filename": ">stringArray", "startLine": "count",
                "startColumn": "count", "sourceMapURL": ">stringArray|null",
                "content": "text|null"},
    "sourceLocationTable": {"source": ">sources", "line": "count", "column": "count"},
}
SAMPLES = {"stack": ">stackTable|null", "time": "number", "weight": "number"}
MARKERS = {"data": "object|null", "name": ">stringArray", "startTime": "number|null",
           "endTime": "number|null", "phase": "count", "category": ">categories"}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


KINDS = {
    "number": is_number,
    "count": lambda value: is_number(value) and value >= 0 and value == int(value),
    "text": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
    "-1": lambda value: value == -1 and is_number(value),
}


def fits(value, kinds, sizes):
    for kind in kinds.split("|"):
        if kind.startswith(">"):
            if KINDS["count"](value) and value < sizes[kind[1:]]:
                return True
        elif KINDS[kind](value):
            return True
    return False


def check_object(what, it, fields):
    assert isinstance(it, dict), what
    known = {name.rstrip("?"): kind for name, kind in fields.items()}
    assert not set(it) - set(known), f"{what} has {set(it) - set(known)}, which nobody knows"
    for name, kind in fields.items():
        if not name.endswith("?"):
            assert name in it, f"{what} has no {name}"
    for name, value in it.items():
        assert fits(value, known[name], {}), f"{what}.{name} is {value!r}, not {known[name]}"


def check_table(what, table, columns, sizes, also=()):
    names = {*columns, "length", *also}
    assert set(table) == names, f"{what} has {set(table) ^ names} too many or too few"
    for name, kind in columns.items():
        assert len(table[name]) == table["length"], f"{what}.{name} is not as long as the table"
        for value in table[name]:
            assert fits(value, kind, sizes), f"{what}.{name} has {value!r}, not {kind}"


def check(profile):
    check_object("profile", profile, PROFILE)
    meta, shared = profile["meta"], profile["shared"]
    check_object("meta", meta, META)
    assert meta["preprocessedProfileVersion"] == 66 and meta["interval"] > 0
    for category in meta["categories"]:
        check_object("category", category, CATEGORY)
        assert category["color"] in COLOURS and category["subcategories"][0] == "Other"
    assert any(category["color"] == "grey" for category in meta["categories"]), "no usual category"
    for library in profile["libs"]:
        check_object("lib", library, LIBRARY)
        assert len(library["breakpadId"]) in (0, 33), library
    assert set(shared) == {*TABLES, "stringArray"}, set(shared)
    assert all(isinstance(text, str) for text in shared["stringArray"])
    assert len(set(shared["stringArray"])) == len(shared["stringArray"]), "a text stands twice"
    sizes = {name: shared[name]["length"] for name in TABLES}
    sizes |= {"stringArray": len(shared["stringArray"]), "libs": len(profile["libs"]),
              "categories": len(meta["categories"])}
    for name, columns in TABLES.items():
        check_table(name, shared[name], columns, sizes)
    stacks = shared["stackTable"]
    assert all(offset <= i for i, offset in enumerate(stacks["prefixOffset"])), "a caller is missing"
    assert len(set(zip((i - o if o else -1 for i, o in enumerate(stacks["prefixOffset"])),
                       stacks["frame"]))) == stacks["length"], "a stack stands twice"
    for thread in profile["threads"]:
        check_object("thread", thread, THREAD)
        samples = thread["samples"]
        check_table("samples", samples, SAMPLES, sizes, ["weightType"])
        assert samples["weightType"] in ("samples", "tracing-ms", "bytes")
        assert samples["time"] == sorted(samples["time"]), "samples go back in time"
        assert all(thread["registerTime"] <= time <= thread["unregisterTime"]
                   for time in samples["time"])
        check_table("markers", thread["markers"], MARKERS, sizes)


if __name__ == "__main__":
    check(json.load(open(sys.argv[1], encoding="utf-8")))
