/* evprof: every stage, for examples and embedders. */
#ifndef EVPROF_EVPROF_H
#define EVPROF_EVPROF_H

#include <evprof/collect_bpf.h>
#include <evprof/collect_python_bpf.h>
#include <evprof/collect_stopped.h>
#include <evprof/collect_waits.h>
#include <evprof/import.h>
#include <evprof/perfdata_flight.h>
#include <evprof/perfdata_python.h>
#include <evprof/view.h>
#include <evprof/view_calls.h>
#include <evprof/view_dump.h>
#include <evprof/view_records.h>
#include <evprof/symbol_calls.h>
#include <evprof/symbol_python.h>
#include <evprof/symbol_unwind.h>

#endif
