/* The formulas of all metrics, and the ways of top-down analysis. Adding one is adding a row. */
#include <evprof/figures.h>

#define PERCENT(formula_) .formula = "100 * " formula_, .format = "%7.2f", .percent = true
#define RATIO(formula_) .formula = formula_, .format = "%7.2f"
#define PER_SECOND(count_)                                                                         \
	.formula = "1000000000 * " count_ " / task-clock", .format = "%8.3f", .text = "/sec",      \
	.rate = true
/* Misses of a kind in a thousand instructions: unlike the miss rate it does not fall when there are
 * more accesses that hit, so it tells what the misses cost the program. */
#define MPKI(name_, event_, text_, about_)                                                         \
	{                                                                                          \
		.name = name_, .group = "mpki", .event = event_,                                   \
		RATIO("1000 * event / instructions"), .text = text_, .about = about_,              \
		.below = true                                                                      \
	}
#define TOPDOWN(way_, name_, event_, formula_, text_, about_)                                      \
	{                                                                                          \
		.name = name_, .group = way_, .event = event_, PERCENT(formula_), .text = text_,   \
		.about = about_, .below = true, .in_fields = true, .when_asked = true              \
	}

/* What the four parts of top-down level 1 mean is the same on all CPUs. */
#define RETIRING "slots for instructions that completed: the work that was wanted"
#define BAD_SPECULATION "slots lost to work that a wrong guess (mostly of a branch) made void"
#define FRONTEND                                                                                   \
	"slots left empty because no instructions came: fetching and decoding them was slow"
#define BACKEND "slots left empty because instructions waited for data or for a busy unit"

/* clang-format off */
const struct ev_metric ev_metrics[] = {
	{ .name = "cpus-utilized", .group = "general", .event = "task-clock",
	  .formula = "task-clock / elapsed", .format = "%8.3f", .text = "CPUs utilized",
	  .about = "CPU time over elapsed time: how many CPUs were busy with it on average" },
	{ .name = "cpus-watched", .group = "general", .event = "cpu-clock",
	  .formula = "cpu-clock / elapsed", .format = "%8.3f", .text = "CPUs utilized",
	  .about = "CPU time over elapsed time: how many CPUs were watched or busy on average" },
	{ .name = "ghz", .group = "general", .event = "cycles",
	  .formula = "cycles / task-clock", .format = "%8.3f", .text = "GHz",
	  .about = "the clock rate the CPU really ran at" },
	{ .name = "ipc", .group = "general", .event = "instructions",
	  RATIO("instructions / cycles"), .text = "insn per cycle",
	  .about = "below 1 the CPU mostly waits (for memory, for mispredicted branches); 4 and "
		   "more is a CPU kept full" },
	{ .name = "cpi", .group = "general", .event = "cycles",
	  RATIO("cycles / instructions"), .text = "cycles per insn", .when_asked = true,
	  .about = "what an instruction costs on average: 1 / ipc" },

	{ .name = "frontend-stalled", .group = "stalls", .event = "stalled-cycles-frontend",
	  PERCENT("stalled-cycles-frontend / cycles"), .text = "frontend cycles idle",
	  .about = "cycles in which no instruction could be fetched and decoded" },
	{ .name = "backend-stalled", .group = "stalls", .event = "stalled-cycles-backend",
	  PERCENT("stalled-cycles-backend / cycles"), .text = "backend cycles idle",
	  .about = "cycles in which instructions waited for data or for a busy unit" },
	{ .name = "stalled-per-insn", .group = "stalls", .event = "instructions",
	  RATIO("( stalled-cycles-frontend? max stalled-cycles-backend? ) / instructions"),
	  .text = "stalled cycles per insn", .below = true, .in_fields = true,
	  .about = "cycles lost for each instruction, by the worse of the two ends" },

	{ .name = "branch-miss", .group = "branches", .event = "branch-misses",
	  PERCENT("branch-misses / branches"), .text = "of all branches",
	  .about = "branches the CPU guessed wrong; each costs some 15 to 20 cycles" },
	{ .name = "branch-load-miss", .group = "branches", .event = "branch-load-misses",
	  PERCENT("branch-load-misses / branch-loads"), .text = "of all branch loads",
	  .about = "look-ups in the branch unit that missed" },

	{ .name = "cache-miss", .group = "cache", .event = "cache-misses",
	  PERCENT("cache-misses / cache-references"), .text = "of all cache refs",
	  .about = "accesses that reached the last cache level and had to go to memory" },
	{ .name = "l1d-miss", .group = "cache", .event = "L1-dcache-load-misses",
	  PERCENT("L1-dcache-load-misses / L1-dcache-loads"), .text = "of all L1-dcache accesses",
	  .about = "loads that the first-level data cache did not hold" },
	{ .name = "l1d-store-miss", .group = "cache", .event = "L1-dcache-store-misses",
	  PERCENT("L1-dcache-store-misses / L1-dcache-stores"), .text = "of all L1-dcache stores",
	  .about = "stores to lines that the first-level data cache did not hold" },
	{ .name = "l1d-prefetch-miss", .group = "cache", .event = "L1-dcache-prefetch-misses",
	  PERCENT("L1-dcache-prefetch-misses / L1-dcache-prefetches"),
	  .text = "of all L1-dcache prefetches",
	  .about = "prefetches of lines that had to come from farther away" },
	{ .name = "l1i-miss", .group = "cache", .event = "L1-icache-load-misses",
	  PERCENT("L1-icache-load-misses / L1-icache-loads"), .text = "of all L1-icache accesses",
	  .about = "instruction fetches that the first-level cache did not hold" },
	{ .name = "llc-miss", .group = "cache", .event = "LLC-load-misses",
	  PERCENT("LLC-load-misses / LLC-loads"), .text = "of all LL-cache accesses",
	  .about = "loads that went all the way to memory" },
	{ .name = "llc-store-miss", .group = "cache", .event = "LLC-store-misses",
	  PERCENT("LLC-store-misses / LLC-stores"), .text = "of all LL-cache stores",
	  .about = "stores that went all the way to memory" },
	{ .name = "llc-prefetch-miss", .group = "cache", .event = "LLC-prefetch-misses",
	  PERCENT("LLC-prefetch-misses / LLC-prefetches"), .text = "of all LL-cache prefetches",
	  .about = "prefetches that went all the way to memory" },
	{ .name = "node-miss", .group = "cache", .event = "node-load-misses",
	  PERCENT("node-load-misses / node-loads"), .text = "of all node loads",
	  .about = "loads from the memory of another NUMA node" },
	{ .name = "node-store-miss", .group = "cache", .event = "node-store-misses",
	  PERCENT("node-store-misses / node-stores"), .text = "of all node stores",
	  .about = "stores to the memory of another NUMA node" },
	{ .name = "dtlb-miss", .group = "tlb", .event = "dTLB-load-misses",
	  PERCENT("dTLB-load-misses / dTLB-loads"), .text = "of all dTLB cache accesses",
	  .about = "loads whose page's address had to be looked up" },
	{ .name = "dtlb-store-miss", .group = "tlb", .event = "dTLB-store-misses",
	  PERCENT("dTLB-store-misses / dTLB-stores"), .text = "of all dTLB stores",
	  .about = "stores whose page's address had to be looked up" },
	{ .name = "itlb-miss", .group = "tlb", .event = "iTLB-load-misses",
	  PERCENT("iTLB-load-misses / iTLB-loads"), .text = "of all iTLB cache accesses",
	  .about = "instruction fetches whose page's address had to be looked up" },

	MPKI("branch-mpki", "branch-misses", "branch MPKI",
	     "mispredicted branches in 1000 instructions; above 5 they cost much"),
	MPKI("cache-mpki", "cache-misses", "cache MPKI",
	     "misses of the last cache in 1000 instructions; above 10 memory decides the speed"),
	MPKI("l1d-mpki", "L1-dcache-load-misses", "L1-dcache MPKI",
	     "loads in 1000 instructions that the first-level data cache did not hold"),
	MPKI("l1i-mpki", "L1-icache-load-misses", "L1-icache MPKI",
	     "misses of instruction fetches in 1000 instructions; above 10 the code is too large"),
	MPKI("llc-mpki", "LLC-load-misses", "LL-cache MPKI",
	     "loads in 1000 instructions that went to memory"),
	MPKI("dtlb-mpki", "dTLB-load-misses", "dTLB MPKI",
	     "loads in 1000 instructions whose page had to be looked up"),
	MPKI("itlb-mpki", "iTLB-load-misses", "iTLB MPKI",
	     "instruction fetches in 1000 instructions whose page had to be looked up"),
	MPKI("mpki", "*-misses", "MPKI", "misses of this kind in 1000 instructions"),

	{ .name = "faults-per-second", .group = "software", .event = "page-faults",
	  PER_SECOND("page-faults"), .when_asked = true,
	  .about = "pages of memory touched for the first time, in a second of CPU time" },
	{ .name = "major-fault-share", .group = "software", .event = "major-faults",
	  PERCENT("major-faults / page-faults"), .text = "of all page faults", .when_asked = true,
	  .about = "page faults that had to wait for a disk" },
	{ .name = "switches-per-second", .group = "software", .event = "context-switches",
	  PER_SECOND("context-switches"), .when_asked = true,
	  .about = "how often it left the CPU, in a second of CPU time" },
	{ .name = "migrations-per-second", .group = "software", .event = "cpu-migrations",
	  PER_SECOND("cpu-migrations"), .when_asked = true,
	  .about = "how often it went on on another CPU, in a second of CPU time" },
	{ .name = "user-share", .group = "software", .event = "user_time",
	  PERCENT("user_time / ( user_time + system_time )"), .text = "of CPU time in user code",
	  .when_asked = true,
	  .about = "the rest is the kernel's, on behalf of the program" },

	/* Intel since Ice Lake: the PMU splits the slots itself. Intel SDM volume 3, "Performance
	 * Metrics"; A. Yasin, A Top-Down Method for Performance Analysis, ISPASS 2014. */
	TOPDOWN("topdown-intel-slots", "retiring", "topdown-retiring",
		"topdown-retiring / slots", "retiring", RETIRING),
	TOPDOWN("topdown-intel-slots", "bad-speculation", "topdown-bad-spec",
		"topdown-bad-spec / slots", "bad speculation", BAD_SPECULATION),
	TOPDOWN("topdown-intel-slots", "frontend-bound", "topdown-fe-bound",
		"topdown-fe-bound / slots", "frontend bound", FRONTEND),
	TOPDOWN("topdown-intel-slots", "backend-bound", "topdown-be-bound",
		"topdown-be-bound / slots", "backend bound", BACKEND),

	/* Intel from Sandy Bridge to Cascade Lake: Yasin 2014, table 2, over the kernel's events,
	 * which are scaled to slots. */
	TOPDOWN("topdown-intel-classic", "retiring", "topdown-slots-retired",
		"topdown-slots-retired / topdown-total-slots", "retiring", RETIRING),
	TOPDOWN("topdown-intel-classic", "bad-speculation", "topdown-recovery-bubbles",
		"( topdown-slots-issued - topdown-slots-retired + topdown-recovery-bubbles ) / "
		"topdown-total-slots", "bad speculation", BAD_SPECULATION),
	TOPDOWN("topdown-intel-classic", "frontend-bound", "topdown-fetch-bubbles",
		"topdown-fetch-bubbles / topdown-total-slots", "frontend bound", FRONTEND),
	TOPDOWN("topdown-intel-classic", "backend-bound", "topdown-total-slots",
		"( topdown-total-slots - topdown-fetch-bubbles - topdown-slots-issued - "
		"topdown-recovery-bubbles ) / topdown-total-slots", "backend bound", BACKEND),

	/* AMD Zen 4 and 5: Processor Programming Reference for family 19h model 11h (and 1Ah),
	 * "Guidance for pipeline utilization analysis": 6 (8) dispatch slots in a cycle. */
#define AMD(way_, slots_)                                                                          \
	TOPDOWN(way_, "retiring", "ex_ret_ops",                                                    \
		"ex_ret_ops / ( " slots_ " * ls_not_halted_cyc )", "retiring", RETIRING),          \
	TOPDOWN(way_, "bad-speculation", "de_src_op_disp.all",                                     \
		"( de_src_op_disp.all - ex_ret_ops ) / ( " slots_ " * ls_not_halted_cyc )",        \
		"bad speculation", BAD_SPECULATION),                                               \
	TOPDOWN(way_, "frontend-bound", "de_no_dispatch_per_slot.no_ops_from_frontend",            \
		"de_no_dispatch_per_slot.no_ops_from_frontend / "                                  \
		"( " slots_ " * ls_not_halted_cyc )", "frontend bound", FRONTEND),                 \
	TOPDOWN(way_, "backend-bound", "de_no_dispatch_per_slot.backend_stalls",                   \
		"de_no_dispatch_per_slot.backend_stalls / ( " slots_ " * ls_not_halted_cyc )",     \
		"backend bound", BACKEND),                                                         \
	TOPDOWN(way_, "smt-contention", "de_no_dispatch_per_slot.smt_contention",                  \
		"de_no_dispatch_per_slot.smt_contention / ( " slots_ " * ls_not_halted_cyc )",     \
		"SMT contention", "slots that went to the core's other thread")
	AMD("topdown-amd-zen4", "6"),
	AMD("topdown-amd-zen5", "8"),

	/* Arm Neoverse and other cores with Armv8.4 PMUv3: Arm Neoverse V1 and N2 Performance
	 * Analysis Methodology, "Topdown level 1"; the slots of a cycle are in the PMU's caps. */
	TOPDOWN("topdown-arm", "retiring", "op_retired",
		"op_retired / op_spec * ( 1 - stall_slot / ( #slots * cpu_cycles ) )",
		"retiring", RETIRING),
	TOPDOWN("topdown-arm", "bad-speculation", "op_spec",
		"( 1 - op_retired / op_spec ) * ( 1 - stall_slot / ( #slots * cpu_cycles ) )",
		"bad speculation", BAD_SPECULATION),
	TOPDOWN("topdown-arm", "frontend-bound", "stall_slot_frontend",
		"stall_slot_frontend / ( #slots * cpu_cycles )", "frontend bound", FRONTEND),
	TOPDOWN("topdown-arm", "backend-bound", "stall_slot_backend",
		"stall_slot_backend / ( #slots * cpu_cycles )", "backend bound", BACKEND),

	/* The last: what every other event gets. */
	{ .name = "rate", .group = "general", .event = "*", PER_SECOND("event"),
	  .about = "how often in a second of CPU time" },
};
const size_t ev_metric_count = EV_LENGTH(ev_metrics);

#define AMD_EVENTS                                                                                 \
	"{cpu/event=0x76,umask=0x0,name=ls_not_halted_cyc/,"                                       \
	"cpu/event=0xc1,umask=0x0,name=ex_ret_ops/,"                                               \
	"cpu/event=0xaa,umask=0x7,name=de_src_op_disp.all/,"                                       \
	"cpu/event=0x1a0,umask=0x1,name=de_no_dispatch_per_slot.no_ops_from_frontend/,"            \
	"cpu/event=0x1a0,umask=0x1e,name=de_no_dispatch_per_slot.backend_stalls/,"                 \
	"cpu/event=0x1a0,umask=0x60,name=de_no_dispatch_per_slot.smt_contention/}:W"

const struct ev_topdown_way ev_topdown_ways[] = {
	/* The large cores of a hybrid CPU: the small ones split their slots by other events. */
	{ "topdown-intel-slots", NULL,
	  "{cpu_core/slots/,cpu_core/topdown-retiring/,cpu_core/topdown-bad-spec/,"
	  "cpu_core/topdown-fe-bound/,cpu_core/topdown-be-bound/}" },
	{ "topdown-intel-slots", NULL,
	  "{slots,topdown-retiring,topdown-bad-spec,topdown-fe-bound,topdown-be-bound}" },
	{ "topdown-intel-classic", NULL,
	  "{topdown-total-slots,topdown-slots-issued,topdown-slots-retired,"
	  "topdown-fetch-bubbles,topdown-recovery-bubbles}:W" },
	/* These codes mean other things on other CPUs. Models as the kernel's amdzen4 table has
	 * them. */
	{ "topdown-amd-zen4", "AuthenticAMD,25,1[6-9],* AuthenticAMD,25,2[0-9],* "
			      "AuthenticAMD,25,3[01],* AuthenticAMD,25,9[6-9],* "
			      "AuthenticAMD,25,1[0-2][0-9],* AuthenticAMD,25,16[0-9],* "
			      "AuthenticAMD,25,17[0-5],*", AMD_EVENTS },
	{ "topdown-amd-zen5", "AuthenticAMD,26,*", AMD_EVENTS },
	{ "topdown-arm", NULL,
	  "{cpu_cycles,stall_slot,stall_slot_frontend,stall_slot_backend,op_retired,op_spec}:W" },
};
const size_t ev_topdown_way_count = EV_LENGTH(ev_topdown_ways);
/* clang-format on */

bool ev_topdown_suits(const struct ev_topdown_way *way, const char *cpuid)
{
	char pattern[64];
	if (!way->cpus)
		return true;
	for (const char *at = way->cpus; cpuid && *at; at += *at == ' ') {
		const char *from = at;
		while (*at && *at != ' ')
			at++;
		snprintf(pattern, sizeof(pattern), "%.*s", (int)(at - from), from);
		if (ev_glob_match(pattern, cpuid))
			return true;
	}
	return false;
}
