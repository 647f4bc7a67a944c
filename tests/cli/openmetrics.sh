#!/bin/sh
# stat --format openmetrics: a file that is always whole, scraped by Prometheus itself.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

# value FILE SAMPLE: the number behind a sample's name and labels
value() { sed -n "s/^$2{event=\"$3\"[^}]*} //p" "$1"; }

test_counts_of_intervals_grow() {
	needs_events
	run stat -I 50 --format openmetrics -e task-clock,page-faults sleep 0.4
	expect_status 0
	expect_err '^# TYPE evprof_events counter$'
	expect_err '^# EOF$'
	python3 - err 2>said <<-'END' || fail "$(cat said)"
		import re, sys
		expositions = open("err").read().split("# EOF\n")
		assert expositions.pop() == "", "something stands behind the last end"
		counts = [int(re.search(r'evprof_events_total\{event="page-faults"[^}]*\} (\d+)', e)[1]) for e in expositions]
		assert counts == sorted(counts) and counts[-1] > 0, counts
		for exposition in expositions:
		    family = None
		    for line in exposition.splitlines():
		        words = re.match(r'# (TYPE|UNIT|HELP) (\S+) \S', line)
		        if words:
		            family = words[2]
		        else:
		            name = re.match(r'([a-z_]+)\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\} -?[0-9.]+$', line)
		            assert name and name[1].startswith(family), line
	END
}

test_the_file_is_replaced_as_a_whole() {
	needs_events
	echo old >x.prom
	run stat --format openmetrics -o x.prom -e task-clock true
	expect_status 0
	expect_empty err
	has x.prom '^evprof_time_seconds_total\{event="task-clock"\} '
	expect_equal "$(tail -1 x.prom)" '# EOF'
	expect_equal "$(echo x.prom*)" x.prom 'what is left'
}

test_what_it_does_not_go_with_is_refused() {
	run stat --format openmetrics -r 3 true
	expect_status 129
	run stat --format openmetrics --append -o x true
	expect_status 129
	run stat --format openmetrics -o /dev/null true
	expect_status 129
	expect_err 'no regular file'
	run stat --format openmetrics -o nowhere/x true
	expect_failure
	expect_err "cannot write 'nowhere/x'"
	run stat --format xml true
	expect_status 129
	expect_err 'openmetrics'
}

test_prometheus_scrapes_it() {
	needs prometheus
	needs_events
	"$evprof" stat -I 200 --format openmetrics -o x.prom -e task-clock,page-faults sleep 120 2>said &
	counting=$!
	trap 'kill $counting 2>/dev/null' EXIT
	cat >scrape.py <<-'END'
		import http.server, json, os, signal, socket, subprocess, threading, time, urllib.error, urllib.request

		class File(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        body = open("x.prom", "rb").read()
		        self.send_response(200)
		        self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def log_message(self, *_):
		        pass

		server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), File)
		threading.Thread(target=server.serve_forever, daemon=True).start()
		with open("prometheus.yml", "w") as out:
		    out.write("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
		              f"- {{job_name: evprof, static_configs: [{{targets: ['127.0.0.1:{server.server_port}']}}]}}\n")
		with socket.socket() as probe:
		    probe.bind(("127.0.0.1", 0))
		    port = probe.getsockname()[1]
		prometheus = subprocess.Popen(["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
		                               f"--web.listen-address=127.0.0.1:{port}"],
		                              stdout=subprocess.DEVNULL, stderr=open("log", "w"))
		opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
		def ask(path):
		    try:
		        return json.load(opener.open(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=5))["data"]
		    except (OSError, ValueError):
		        return None
		try:
		    found, end = None, time.time() + 40
		    while not found and time.time() < end and prometheus.poll() is None:
		        answer = ask("query?query=evprof_time_seconds_total")
		        found = answer and answer["result"]
		        if not found:
		            time.sleep(0.2)
		    assert found or prometheus.poll() is not None, ask("targets")
		    if not found:
		        print("did not start")
		        raise SystemExit(2)
		    assert found[0]["metric"]["event"] == "task-clock" and float(found[0]["value"][1]) >= 0, found
		    kinds = {name: about[0] for name, about in (ask("metadata") or {}).items()}
		    assert kinds["evprof_events"]["type"] == "counter", kinds
		    assert kinds["evprof_time_seconds"]["unit"] == "seconds", kinds
		finally:
		    prometheus.terminate()
		    prometheus.wait()
	END
	last='prometheus'
	timeout -k 5 60 python3 scrape.py >out 2>err </dev/null
	status=$?
	[ $status = 2 ] && skip "prometheus does not start here: $(tail -1 log | cut -c 1-200)"
	expect_status 0
}

run_tests "$@"
