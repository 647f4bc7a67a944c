"""perf.data files of any byte order, record by record, for tests of what no recorder here writes."""
import struct

IP, TID, TIME, CALLCHAIN, PERIOD, BRANCH_STACK = 1, 2, 4, 32, 256, 2048
USER, KERNEL = 2, 1
CALL_STACK = 1 << 11  # a branch type
CONTEXT_KERNEL, CONTEXT_USER, CONTEXT_USER_DEFERRED = 2**64 - 128, 2**64 - 512, 2**64 - 640
MMAP, LOST, COMM, SAMPLE, DEFERRED, FINISHED_ROUND, AUXTRACE = 1, 2, 3, 9, 22, 68, 71


class Recording:
    """One event with IP, TID, TIME, CALLCHAIN, PERIOD and sample ids, and branches where their
    type is given."""

    def __init__(self, order="<", attr_bytes=128, branch_type=0):
        self.branch_type = branch_type
        self.order, self.attr_bytes, self.data, self.time = order, attr_bytes, [], 1000
        self.features, self.config = {}, 0  # of the kernel's software events

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def add(self, type, misc, body):
        body += b"\0" * (-len(body) % 8)
        self.data.append(self.pack("IHH", type, misc, 8 + len(body)) + body)

    def ids(self, pid, tid):
        self.time += 10
        return self.pack("IIQ", pid, tid, self.time)

    def text(self, text):
        text = text.encode() + b"\0"
        return text + b"\0" * (-len(text) % 8)

    def comm(self, pid, tid, name):
        self.add(COMM, 0, self.pack("II", pid, tid) + self.text(name) + self.ids(pid, tid))

    def mmap(self, pid, start, length, offset, path):
        self.add(MMAP, USER, self.pack("IIQQQ", pid, pid, start, length, offset) +
                 self.text(path) + self.ids(pid, pid))

    def sample(self, pid, tid, chain, period=1, misc=USER, branches=()):
        self.time += 10
        ip = next((a for a in chain if a < 2**64 - 4096), 0)
        self.add(SAMPLE, misc, self.pack("QIIQQQ", ip, pid, tid, self.time, period, len(chain)) +
                 self.pack(f"{len(chain)}Q", *chain) + self.stack(branches))

    def stack(self, branches):
        if not self.branch_type:
            return b""
        return self.pack("Q", len(branches)) + b"".join(self.pack("QQQ", *b, 0) for b in branches)

    def deferred(self, pid, tid, cookie, chain):
        self.add(DEFERRED, USER, self.pack("QQ", cookie, len(chain)) +
                 self.pack(f"{len(chain)}Q", *chain) + self.ids(pid, tid))

    def auxtrace(self, payload):
        payload += b"\0" * (-len(payload) % 8)
        self.add(AUXTRACE, 0, self.pack("QQQIIII", len(payload), 0, 0, 0, 0, 0, 0))
        self.data.append(payload)

    def write(self, path, finished=True):
        flags = 1 << 18  # sample_id_all
        if self.order == ">":  # bit fields are allotted from the top there
            flags = 1 << (63 - 18)
        fields = IP | TID | TIME | CALLCHAIN | PERIOD | (BRANCH_STACK if self.branch_type else 0)
        attr = self.pack("IIQQQQQ", 1, self.attr_bytes, self.config, 1000, fields, 0, flags)
        if self.branch_type:
            attr += self.pack("IIQQQ", 0, 0, 0, 0, self.branch_type)
        attr += b"\0" * (self.attr_bytes - len(attr))
        data = b"".join(self.data)
        begin = 104 + len(attr) + 16
        bits = [0] * 4
        table, sections = b"", b""
        place = begin + len(data) + 16 * len(self.features)
        for number in sorted(self.features):
            bits[number // 64] |= 1 << number % 64
            table += self.pack("QQ", place + len(sections), len(self.features[number]))
            sections += self.features[number]
        magic = b"PERFILE2" if self.order == "<" else b"2ELIFREP"
        with open(path, "wb") as file:
            file.write(magic + self.pack("12Q", 104, len(attr) + 16, 104, len(attr) + 16, begin,
                                         len(data) if finished else 0, 0, 0, *bits))
            file.write(attr + self.pack("QQ", 0, 0) + data + table + sections)
