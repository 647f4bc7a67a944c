/* perf's flags that evprof takes without doing anything for them, because it does so anyway, or
 * refuses with the sentence that tells what serves instead: rows for the tables of the verbs. */
#ifndef CMD_PERF_FLAGS_H
#define CMD_PERF_FLAGS_H

#include "options.h"

/* clang-format off */

#define NO_TRACES "traces of the hardware (Intel PT, CoreSight) are not followed; "
#define NO_SCRIPTS "evprof has no scripts of its own: what evprof script prints can be piped into any"
#define NO_GUESTS "functions of a virtual machine's guest have no names here; record inside it"
#define NO_BPF_SOURCES "events of BPF source files are not built: evprof trace and -e uprobe: count in the kernel"
#define NO_SWITCHING "--time START,STOP chooses from when to when"

/* Of every verb that shows what was recorded. */
#define PERF_NAME_ROWS                                                                              \
	OPTION_ANYWAY('m', "modules", NULL, "names of the kernel's modules are always looked up"),   \
	OPTION_ANYWAY(0, "ignore-vmlinux", NULL, "no image of the kernel is read but that of -k")
#define PERF_DEMANGLE_ROWS                                                                          \
	OPTION_ANYWAY(0, "demangle-kernel", NULL, "--no-demangle is for all names, the kernel's too")
#define PERF_TRACE_ROWS                                                                             \
	OPTION_REFUSED(0, "itrace", "OPTIONS", NO_TRACES "evprof trace counts calls exactly")
#define PERF_WINDOW_ROWS                                                                            \
	OPTION_REFUSED(0, "switch-on", "EVENT", NO_SWITCHING),                                       \
	OPTION_REFUSED(0, "switch-off", "EVENT", NO_SWITCHING),                                      \
	OPTION_REFUSED(0, "show-on-off-events", NULL, NO_SWITCHING),                                 \
	OPTION_REFUSED(0, "stitch-lbr", NULL,                                                        \
		       "record --call-graph auto follows deep stacks to their beginning")
#define PERF_CODE_ROWS                                                                              \
	OPTION_REFUSED(0, "objdump", "PROGRAM", "evprof takes instructions apart itself")

#define RECORD_PERF_ROWS                                                                            \
	OPTION_ANYWAY(0, "buildid-mmap", NULL, "mappings always carry build-ids; -B leaves them out"), \
	OPTION_ANYWAY(0, "running-time", NULL, "samples of :S groups always carry these times"),     \
	OPTION_ANYWAY(0, "timestamp-boundary", NULL, "the file always tells its first and last time"), \
	OPTION_REFUSED('n', "no-samples", NULL, "evprof stat counts without taking samples"),        \
	OPTION_REFUSED(0, "user-regs", "REGISTERS", "-I keeps the registers of each sample, and user stacks are unwound while recording"), \
	OPTION_REFUSED(0, "per-thread", NULL, "-i with -p or -t keeps to the threads that run now, and report -s tid tells them apart"), \
	OPTION_REFUSED(0, "kcore", NULL, "names of the kernel's functions are in the recording without it"), \
	OPTION_REFUSED(0, "tail-synthesize", NULL, "what runs at the start is in the recording without it, with --overwrite too"), \
	OPTION_REFUSED(0, "threads", "SPEC", "one thread empties the rings of all CPUs; -m makes them larger, and --bpf counts in the kernel"), \
	OPTION_REFUSED(0, "affinity", "node|cpu", "with -a or -p, taskset -c CPU evprof record … says where the recorder runs"), \
	OPTION_REFUSED(0, "aio", "N", "writing does not wait for the disk; -z makes it less"),        \
	OPTION_REFUSED(0, "mmap-flush", "BYTES", "rings are emptied several times a second, however little is in them"), \
	OPTION_REFUSED(0, "no-buffering", NULL, "the file is never older than a second, and evprof top shows samples as they come"), \
	OPTION_REFUSED(0, "num-thread-synthesize", "N", "one thread reads what runs already"),       \
	OPTION_REFUSED(0, "proc-map-timeout", "MS", "maps of what runs already are read to their end, however long that takes"), \
	OPTION_REFUSED('S', "snapshot", "OPTIONS", NO_TRACES "--overwrite keeps the last while of samples, for evprof control … snapshot"), \
	OPTION_REFUSED(0, "aux-sample", "OPTIONS", NO_TRACES "-b records the branches before each sample"), \
	OPTION_REFUSED(0, "clang-opt", "OPTIONS", NO_BPF_SOURCES),                                   \
	OPTION_REFUSED(0, "clang-path", "FILE", NO_BPF_SOURCES),                                     \
	OPTION_REFUSED(0, "debuginfod", "URLS", "evprof report --debuginfod asks the servers, for what matters"), \
	OPTION_REFUSED(0, "vmlinux", "FILE", "evprof report -k FILE reads names from it"),           \
	OPTION_REFUSED(0, "exclude-perf", NULL, "evprof report --filter comm!=evprof leaves its own samples out")

#define STAT_PERF_ROWS                                                                              \
	OPTION_ANYWAY(0, "hybrid-merge", NULL, "events of several PMUs are summed; --per-pmu keeps them apart"), \
	OPTION_ANYWAY(0, "metric-no-merge", NULL, "metrics never share a group; an event they have in common is counted once"), \
	OPTION_REFUSED(0, "cputype", "PMU", "-e PMU/EVENT/ counts on one kind of core, as cpu_atom/cycles/, and --per-pmu shows each"), \
	OPTION_REFUSED(0, "iostat", "PORTS", "evprof list pmu shows the uncore's events, -e counts them"), \
	OPTION_REFUSED(0, "percore-show-thread", NULL, "-A with an event's term percore shows the sum of a core beside each of its CPUs, as in -e cpu/event=0x3c,percore/"), \
	OPTION_REFUSED(0, "smi-cost", NULL, "-a -e msr/smi/,msr/aperf/,cycles counts what it is made of, where the machine has them")

#define REPORT_PERF_ROWS                                                                            \
	PERF_NAME_ROWS, PERF_DEMANGLE_ROWS, PERF_TRACE_ROWS, PERF_WINDOW_ROWS, PERF_CODE_ROWS,       \
	OPTION_ANYWAY(0, "disable-order", NULL, "reports never need their records in order"),        \
	OPTION_ANYWAY(0, "skip-empty", NULL, "events without samples are told in one line"),         \
	OPTION_REFUSED('v', "verbose", NULL, "what has no name, and why, is told without it"),       \
	OPTION_REFUSED('T', "threads", NULL, "evprof report -s tid tells threads apart"),            \
	OPTION_REFUSED(0, "pretty", "KEY", "evprof report -s tid tells threads apart"),              \
	OPTION_REFUSED(0, "asm-raw", NULL, "evprof annotate --asm-raw shows the bytes of instructions"), \
	OPTION_REFUSED(0, "source", NULL, "evprof annotate shows the source, with --asm the instructions between it"), \
	OPTION_REFUSED(0, "percent-type", "TYPE", "evprof annotate --percent-type is for lines, --percentage for rows"), \
	OPTION_REFUSED(0, "prefix", "FOLDER", "evprof annotate --prefix says where sources are"),     \
	OPTION_REFUSED(0, "prefix-strip", "N", "evprof annotate --prefix-strip says where sources are"), \
	OPTION_REFUSED(0, "full-source-path", NULL, "-s srcfile tells files, and evprof script --full-source-path their folders"), \
	OPTION_REFUSED(0, "ns", NULL, "-s time tells slices; evprof script --ns shows the time of each sample"), \
	OPTION_REFUSED(0, "time-quantum", "TIME", "evprof report --time 10%/2 shows a slice, and --format html a timeline"), \
	OPTION_REFUSED(0, "samples", "N", "evprof script shows the samples one by one, -S those of a function"), \
	OPTION_REFUSED(0, "group-sort-idx", "N", "--no-group sorts every event by itself"),          \
	OPTION_REFUSED(0, "show-ref-call-graph", NULL, "every event has call chains of its own"),    \
	OPTION_REFUSED(0, "total-cycles", NULL, "-s symbol_from,symbol_to,cycles tells the cycles between branches")

#define SCRIPT_PERF_ROWS                                                                            \
	PERF_DEMANGLE_ROWS, PERF_TRACE_ROWS, PERF_WINDOW_ROWS,                                       \
	OPTION_REFUSED('v', "verbose", NULL, "-F +FIELD shows more of each sample, -D all of every record"), \
	OPTION_REFUSED('a', "all-cpus", NULL, "evprof record -a -o - | evprof script -i - shows the whole machine"), \
	OPTION_REFUSED('d', "debug-mode", NULL, "what was lost or damaged is told without it"),      \
	OPTION_REFUSED('g', "gen-script", "LANGUAGE", NO_SCRIPTS),                                   \
	OPTION_REFUSED('l', "list", NULL, NO_SCRIPTS),                                               \
	OPTION_REFUSED('s', "script", "NAME", NO_SCRIPTS),                                           \
	OPTION_REFUSED(0, "dlfilter", "FILE", NO_SCRIPTS),                                           \
	OPTION_REFUSED(0, "dlarg", "ARGUMENT", NO_SCRIPTS),                                          \
	OPTION_REFUSED(0, "list-dlfilters", NULL, NO_SCRIPTS),                                       \
	OPTION_REFUSED('L', "Latency", NULL, "-F +trace shows the fields of tracepoints"),           \
	OPTION_REFUSED(0, "addr-range", "N", "-S 0xADDRESS chooses samples by where they were"),      \
	OPTION_REFUSED(0, "insn-trace", "HOW", NO_TRACES "evprof annotate --asm shows where instructions were sampled"), \
	OPTION_REFUSED(0, "call-trace", "HOW", NO_TRACES "evprof trace counts calls exactly"),       \
	OPTION_REFUSED(0, "call-ret-trace", "HOW", NO_TRACES "evprof trace counts calls exactly"),   \
	OPTION_REFUSED(0, "graph-function", "FUNCTION", NO_TRACES "evprof trace -f FUNCTION counts calls exactly"), \
	OPTION_REFUSED(0, "xed", "OPTIONS", "evprof annotate --asm takes instructions apart"),       \
	OPTION_REFUSED(0, "max-blocks", "N", "-F brstack shows branches, not the code between them"), \
	OPTION_REFUSED(0, "guest-code", NULL, NO_GUESTS),                                            \
	OPTION_REFUSED(0, "guestmount", "FOLDER", NO_GUESTS),                                        \
	OPTION_REFUSED(0, "guestkallsyms", "FILE", NO_GUESTS),                                       \
	OPTION_REFUSED(0, "guestmodules", "FILE", NO_GUESTS),                                        \
	OPTION_REFUSED(0, "guestvmlinux", "FILE", NO_GUESTS),                                        \
	OPTION_REFUSED(0, "show-kernel-path", NULL, "names of the kernel are those of the machine that recorded them, or of -k"), \
	OPTION_REFUSED(0, "show-text-poke-events", NULL, "-D shows every record")

#define ANNOTATE_PERF_ROWS                                                                          \
	PERF_NAME_ROWS, PERF_DEMANGLE_ROWS, PERF_TRACE_ROWS, PERF_CODE_ROWS,                         \
	OPTION_ANYWAY(0, "print-line", NULL, "lines of the source always stand there; --asm has both"), \
	OPTION_ANYWAY(0, "show-total-period", NULL, "each event has a column of its periods"),       \
	OPTION_ANYWAY(0, "skip-missing", NULL, "functions that nothing can be shown of are told and left out"), \
	OPTION_ANYWAY(0, "stdio2", NULL, "the output is text"),                                      \
	OPTION_REFUSED('v', "verbose", NULL, "what can not be shown, and why, is told without it"),   \
	OPTION_REFUSED('D', "dump-raw-trace", NULL, "evprof script -D shows every record"),          \
	OPTION_REFUSED(0, "tui", NULL, "evprof report on a terminal shows the lines of a function with the key a")

#define DIFF_PERF_ROWS                                                                              \
	OPTION_ANYWAY('m', "modules", NULL, "names of the kernel's modules are always looked up"),   \
	OPTION_REFUSED('v', "verbose", NULL, "what has no name, and why, is told without it"),       \
	OPTION_REFUSED('D', "dump-raw-trace", NULL, "evprof script -D shows every record"),          \
	OPTION_REFUSED(0, "stream", NULL, "--by stack compares call chains"),                        \
	OPTION_REFUSED(0, "cycles-hist", NULL, "rows that differ by no more than chance are told without it")

#define TOP_PERF_ROWS                                                                               \
	PERF_DEMANGLE_ROWS, PERF_WINDOW_ROWS, PERF_CODE_ROWS,                                        \
	OPTION_ANYWAY(0, "ignore-vmlinux", NULL, "no image of the kernel is read but that of -k"),    \
	OPTION_ANYWAY(0, "force", NULL, "nothing is asked for its owner"),                           \
	OPTION_ANYWAY(0, "tui", NULL, "it is one to move in where there is a terminal for it"),      \
	OPTION_ANYWAY(0, "no-bpf-event", NULL, "records of BPF programs are not shown"),              \
	OPTION_REFUSED('b', "branch-any", NULL, "record -b takes branches, and report -b shows them"), \
	OPTION_REFUSED('j', "branch-filter", "KINDS", "record -j takes branches, and report -b shows them"), \
	OPTION_REFUSED(0, "hierarchy", NULL, "the key o sorts by other keys; w writes a recording, for evprof report --hierarchy"), \
	OPTION_REFUSED('f', "count-filter", "N", "--percent-limit leaves small rows out"),           \
	OPTION_REFUSED('D', "dump-symtab", NULL, "the key i tells of names that are missing"),       \
	OPTION_REFUSED('v', "verbose", NULL, "the first line tells what is lost, and the key i more"), \
	OPTION_REFUSED('M', "disassembler-style", "STYLE", "w writes a recording, for evprof annotate -M"), \
	OPTION_REFUSED(0, "asm-raw", NULL, "w writes a recording, for evprof annotate --asm-raw"),   \
	OPTION_REFUSED(0, "source", NULL, "the key a shows the source of a function"),               \
	OPTION_REFUSED(0, "sym-annotate", "FUNCTION", "the key a shows the lines of the function under the cursor"), \
	OPTION_REFUSED(0, "prefix", "FOLDER", "w writes a recording, for evprof annotate --prefix"), \
	OPTION_REFUSED(0, "prefix-strip", "N", "w writes a recording, for evprof annotate --prefix-strip"), \
	OPTION_REFUSED(0, "group-sort-idx", "N", "the key Tab goes on to the next event"),           \
	OPTION_REFUSED(0, "all-cgroups", NULL, "-G CGROUP watches one, and record --all-cgroups tells them apart"), \
	OPTION_REFUSED(0, "namespaces", NULL, "record --namespaces tells them apart, for report -s cgroup_id"), \
	OPTION_REFUSED(0, "overwrite", NULL, "record --overwrite keeps the last while in memory"),   \
	OPTION_REFUSED(0, "raw-trace", NULL, "record, and report --raw-trace, show tracepoints' fields"), \
	OPTION_REFUSED(0, "num-thread-synthesize", "N", "one thread reads what runs already"),       \
	OPTION_REFUSED(0, "proc-map-timeout", "MS", "maps of what runs already are read to their end, however long that takes")

#define LIST_PERF_ROWS                                                                              \
	OPTION_ANYWAY('d', "desc", NULL, "the meaning of each event stands beside it"),              \
	OPTION_ANYWAY(0, "deprecated", NULL, "every event that is known is listed"),                 \
	OPTION_REFUSED(0, "long-desc", NULL, "the meaning of each event stands beside it, -v adds how it is encoded"), \
	OPTION_REFUSED(0, "details", NULL, "-v tells how each event is encoded"),                    \
	OPTION_REFUSED(0, "debug", NULL, "-v tells how each event is encoded"),                      \
	OPTION_REFUSED(0, "cputype", "PMU", "a word chooses events by their name: evprof list PMU/*")

/* clang-format on */

#endif
