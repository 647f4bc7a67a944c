# shellcheck shell=sh disable=SC2034,SC2154
# The page of report --format html, in a real browser without a screen.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

needs_browser() {
	needs chromedriver
	command -v chromium >/dev/null 2>&1 || needs google-chrome
}
page_of_sorts() {
	run record -q -g -o p.data -e cpu-clock -e page-faults "$examples/sorts" -r 300
	expect_status 0
	run report -i p.data --format html -o x.html
	expect_status 0
	expect_file x.html
}
# browse: a Python program from stdin, with the browser b in which x.html is open.
browse() {
	[ $sanitized = 1 ] && skip "the page was made; it is looked at without sanitizers"
	last='chromium x.html'
	{
		printf 'import json, sys\nsys.path.insert(0, "%s")\nfrom browser import Browser, DOWN, END, ENTER, ESCAPE, LEFT\n' "$here"
		printf 'with Browser() as b:\n    b.open("x.html")\n'
		sed 's/^/    /'
		printf '    assert not b.complaints() and not b.requests(), "the page complains or asks"\n'
	} >browse.py
	timeout -k 5 60 python3 browse.py >out 2>err </dev/null || fail 'the page is not as it should be'
}
# The data of x.html in the file data.
take_data() {
	python3 - <<-'END' || fail 'the data of the page is not JSON'
	import json, re
	page = open("x.html", encoding="utf-8").read()
	data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1]
	assert "<" not in data
	json.dump(json.loads(data), open("data", "w"))
	END
}

test_the_data_is_json_with_the_totals_of_the_report() {
	page_of_sorts
	refuse_err 'has no place'
	take_data
	run report -i p.data --format json
	expect_equal "$(json data "[(e['name'], e['total_samples'], sum(e['samples']), e['unit'] * sum(e['period'])) for e in j['events']]")" \
		"$(json out "[(e['name'], e['samples'], e['samples'], e['period']) for e in j['events']]")"
	expect_equal "$(json data "[f[1] for f in j['facts'] if f[0] == 'Host']")" "['$(uname -n)']"
}

test_a_great_many_stacks_make_a_page_below_5_mb_that_tells_what_is_left_out() {
	python3 - "$here" <<-'END'
	import random, sys
	sys.path.insert(0, sys.argv[1])
	from made_recording import CONTEXT_USER, Recording
	random.seed(1)
	r = Recording()
	r.comm(7, 7, "many")
	r.mmap(7, 0x400000, 0x1000000, 0, "/nowhere/many")
	for i in range(16000):
	    chain = [0x400000 + random.randrange(1 << 24) for _ in range(12)] if i % 4 else [0x400100, 0x400010]
	    r.sample(7, 7, [CONTEXT_USER, *chain])
	r.write("p.data")
	END
	run report -i p.data --format html -o x.html
	expect_status 0
	[ "$(wc -c <x.html)" -lt 5000000 ] || fail 'the page is larger than 5 MB'
	take_data
	expect_equal "$(json data "sum(j['events'][0]['samples'])")" 16000
	expect_equal "$(json data "j['left_out']['stacks']")" 12000
	expect_equal "$(json data "0 < j['left_out']['below'] < 0.25")" True
	[ -n "$(command -v chromedriver)" ] || return 0
	browse <<-'END'
	assert "12,000 stacks are left out" in b.text("#left-out")
	assert "(75.00% of " in b.text("#left-out"), b.text("#left-out")
	END
}

test_the_page_loads_and_shows_what_the_report_says() {
	needs_browser
	page_of_sorts
	run report -i p.data --format json --children
	expect_status 0
	mv out report.json
	browse <<-'END'
	rows = [r for r in json.load(open("report.json"))["rows"] if r["event"] == "cpu-clock"]
	total = sum(r["period"] for r in rows)
	assert b.text("#title") == "p.data"
	assert "sorts" in b.text("#facts") and "cpu-clock" in b.text("#facts")
	assert "Quality:" in b.text("#quality")
	shown = b.run("return [...document.querySelectorAll('#table tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
	for name in "insertion_sort", "main":
	    own = sum(r["period"] for r in rows if r["symbol"] == name)
	    children = sum(r["children_period"] for r in rows if r["symbol"] == name)
	    mine = next(row for row in shown if row[4] == name)
	    assert mine[0] == f"{100 * own / total:.2f}%", (mine, own, total)
	    assert mine[2] == f"{100 * children / total:.2f}%", (mine, children, total)
	assert shown[0][4] == "insertion_sort"
	b.click("#table th:nth-child(5) button")
	names = b.run("return [...document.querySelectorAll('#table tbody td:nth-child(5)')].map(c => c.textContent)")
	assert names == sorted(names), names
	b.type("#filter", "insertion")
	assert b.run("return document.querySelectorAll('#table tbody tr').length") == 1
	assert b.text("#shown").startswith("1 of "), b.text("#shown")
	b.choose("#event", "1")
	assert "page-faults" in b.text("#status")
	END
}

test_a_click_zooms_and_search_finds() {
	needs_browser
	page_of_sorts
	run report -i p.data --format json --children
	mv out report.json
	browse <<-'END'
	zoom = lambda: b.run("return document.querySelector('#stacks').dataset.zoom")
	row = lambda n: 19 * n + 9
	assert zoom() == "cpu-clock"
	b.point("#stacks canvas", 200, row(1))
	assert not b.run("return document.querySelector('#tip').hidden")
	first = b.run("return document.querySelector('#tip b').textContent")
	b.point("#stacks canvas", 200, row(1), press=True)
	assert zoom() == first != "cpu-clock", (zoom(), first)
	assert b.text("#status").startswith(first)
	b.click("#reset")
	assert zoom() == "cpu-clock"
	# By keys: down to the heaviest of all, into it, its callers, and out.
	b.run("document.querySelector('#stacks canvas').focus()")
	for _ in range(12):
	    if b.text("#status").startswith("insertion_sort"):
	        break
	    b.press(DOWN)
	assert b.text("#status").startswith("insertion_sort"), b.text("#status")
	b.press(ENTER)
	assert zoom() == "insertion_sort"
	b.press("s")
	assert b.text("#chosen") == "insertion_sort"
	assert b.run("return document.querySelector('#callers').dataset.zoom") == "insertion_sort"
	b.press(ESCAPE)
	assert zoom() == "cpu-clock"
	b.click("#invert")
	b.run("document.querySelector('#stacks canvas').focus()")
	b.press(DOWN)
	assert b.text("#status").startswith("insertion_sort"), b.text("#status")
	# Searching for what all stacks go through, for one function, for nothing that is there.
	rows = [r for r in json.load(open("report.json"))["rows"] if r["event"] == "cpu-clock"]
	total = sum(r["period"] for r in rows)
	share = 100 * sum(r["children_period"] for r in rows if r["symbol"] == "insertion_sort") / total
	b.type("#search", "/^insertion_sort$/")
	assert b.text("#matched") == f"{share:.2f}% matched", (b.text("#matched"), share)
	b.run("document.querySelector('#search').value = ''")
	b.type("#search", "no such name")
	assert b.text("#matched") == "0.00% matched"
	b.run("document.querySelector('#search').value = ''")
	b.type("#search", "/(/")
	assert b.text("#matched") == "not a regular expression"
	END
}

test_shares_are_of_the_total_that_the_text_report_has() {
	needs_browser
	page_of_sorts
	run report -i p.data --no-inline --no-children -s sym --dsos libc.so.6 -t ';'
	expect_status 0
	grep -m1 -E '^ *[0-9.]+%;' out >first
	[ -s first ] || skip 'no sample was in libc'
	run report -i p.data --format html --no-inline --dsos libc.so.6 -o x.html
	expect_status 0
	browse <<-'END'
	own = b.run("return document.querySelector('#table tbody td').textContent")
	assert own == open("first").read().split(";")[0].strip(), own
	END
}

test_where_filters_leave_nothing_the_page_says_so() {
	needs_browser
	page_of_sorts
	run report -i p.data --format html --comms nobody -o x.html
	expect_status 0
	run record -q -e cs:u -o none.data true
	run report -i none.data --format html -o none.html
	expect_status 0
	browse <<-'END'
	for switch in "#by-thread", "#fold", "#invert":
	    b.click(switch)
	    assert b.text("#status").startswith("cpu-clock \u00b7 0.000 us, 0.00%"), b.text("#status")
	assert b.text("#shown").startswith("0 of 0 functions"), b.text("#shown")
	b.open("none.html")
	assert b.text("#facts").endswith("no samples"), b.text("#facts")
	assert b.text("#timeless") and b.text("#stacks") == b.text("#table") == "", "there is a picture of nothing"
	END
}

test_every_switch_works_in_light_and_dark() {
	needs_browser
	page_of_sorts
	browse <<-'END'
	name_at = lambda y: (b.point("#stacks canvas", 200, y), b.run("return document.querySelector('#tip b').textContent"))[1]
	assert name_at(9) == "cpu-clock"
	b.choose("#side", "bottom")
	height = b.run("return document.querySelector('#stacks canvas').clientHeight")
	assert name_at(height - 9) == "cpu-clock" != name_at(height - 28)
	for switch in "#by-thread", "#fold", "#invert":
	    b.click(switch)
	    assert "100.00%" in b.text("#status")
	b.choose("#measure", "samples")
	assert "samples" in b.text("#status")
	b.choose("#colour", "object")
	assert "sorts" in b.text("#legend")
	paper = lambda: b.run("return getComputedStyle(document.body).backgroundColor")
	b.click("#theme")
	light = paper()
	b.click("#theme")
	assert paper() != light
	# Paper is light, and has all of the picture, not what is scrolled to, in parts that fit a page.
	dark = paper()
	for switch in "#by-thread", "#fold", "#invert":
	    b.click(switch)
	b.run("const all = document.styleSheets[0]; all.insertRule('.graph { max-height: 60px }', all.cssRules.length)")
	seen = "const q = s => [...document.querySelectorAll(s)]; const height = s => q(s).map(e => e.getBoundingClientRect().height);"
	b.run(seen + "addEventListener('beforeprint', () => { window.printed = [getComputedStyle(document.body).backgroundColor, height('#stacks svg'), q('#stacks text').map(e => e.textContent), q('#heat svg').length]; })")
	b.ask("POST", "/print", {})
	ground, heights, names, heats = b.run("return window.printed")
	assert ground == light and heats == 1 and "insertion_sort" in names, (ground, heats, names)
	assert sum(heights) > 80 and max(heights) < 300, heights
	assert paper() == dark and b.run("return document.querySelectorAll('svg').length") == 0
	# What cannot be pressed on paper is not there; what the switches said is, and nothing is cut.
	b.ask("POST", "/chromium/send_command", {"cmd": "Emulation.setEmulatedMedia", "params": {"media": "print"}})
	assert paper() == light
	assert b.run("return [...document.querySelectorAll('.bar, button:not(.name, th button), .keys')].filter(e => e.offsetHeight).length") == 0
	# Chromium leaves buttons out where it repeats a table's head on the next sheet.
	assert b.run("return getComputedStyle(document.querySelector('#table th button')).display") == "contents"
	assert b.text("#stacks-of") == "Stacks of cpu-clock by samples", b.text("#stacks-of")
	assert "insertion_sort (sorts)" in b.text("#code-of"), b.text("#code-of")
	assert b.run("return getComputedStyle(document.querySelector('.scrolled')).overflow") == "visible"
	assert b.run("return document.documentElement.scrollWidth <= innerWidth")
	b.ask("POST", "/chromium/send_command", {"cmd": "Emulation.setEmulatedMedia", "params": {"media": ""}})
	assert paper() == dark and b.text("#stacks-of") == ""
	# No name, however long, makes the page wider than the window.
	assert b.run("return document.documentElement.scrollWidth <= innerWidth")
	END
}

test_hostile_names_stay_text() {
	needs_browser
	needs gcc
	needs objcopy
	cat >hostile.c <<-'END'
	#include <sys/prctl.h>
	volatile unsigned long sum;
	__attribute__((noinline)) void work(void)
	{
		for (unsigned long i = 0; i < 300000000; i++)
			sum += i; /* </script><img src=y onerror="document.title=2"> */
	}
	int main(void)
	{
		prctl(PR_SET_NAME, "<b>\"'&\033[2J");
		work();
		return 0;
	}
	END
	evil=$(printf '</script><img src=x onerror="document.title=1">\342\200\256\033[2J')
	gcc -g -O1 -fno-omit-frame-pointer -c hostile.c && objcopy --redefine-sym work="$evil" hostile.o &&
		gcc -o '<i>hostile' hostile.o || skip 'no such program can be made here'
	run record -q -g -o p.data -e cpu-clock:u './<i>hostile'
	expect_status 0
	run report -i p.data --format html -o x.html
	expect_status 0
	take_data
	browse <<-'END'
	import re
	assert b.run("return document.title").startswith("evprof: "), "a name was run"
	assert b.run("return document.querySelectorAll('img, i:not(.legend i), main b').length") == 0
	names = b.run("return [...document.querySelectorAll('#table td:nth-child(5)')].map(c => c.textContent)")
	evil = next(name for name in names if "onerror" in name)
	assert evil.startswith("</script><img src=x onerror="), evil
	assert "\\xe2\\x80\\xae\\x1b[2J" in evil, evil
	b.type("#filter", "onerror")
	b.click("#table tbody button")
	assert b.run("return document.querySelector('#chosen').textContent") == evil
	lines = b.run("return [...document.querySelectorAll('#lines tbody tr')].map(r => r.cells[3].textContent)")
	assert any('</script><img src=y onerror="document.title=2">' in line for line in lines), lines
	assert evil in b.run("return document.querySelector('#section').textContent")
	assert evil in b.run("return document.querySelector('#findings').textContent")
	b.click("#by-thread")
	b.run("document.querySelector('#stacks canvas').focus()")
	b.press(DOWN)
	status = b.run("return document.querySelector('#status').textContent")
	assert status.startswith("<b>\"'&\\x1b[2J"), status
	assert b.run("return document.querySelectorAll('img, main b').length") == 0
	END
}

# Two threads, one after the other: "first" is in one, "second" in two. 100 samples each of 1 ms.
two_halves() {
	python3 - "$here" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1])
	from made_recording import CONTEXT_USER, Recording
	r = Recording()
	for thread, name in (7, "first"), (8, "second"):
	    r.comm(7, thread, name)
	r.mmap(7, 0x400000, 0x1000, 0, "/nowhere/one")
	r.mmap(7, 0x500000, 0x1000, 0, "/nowhere/two")
	for i in range(200):
	    r.time += 1000000
	    r.sample(7, 7 + i // 100, [CONTEXT_USER, 0x400010 if i < 100 else 0x500010], 1000)
	r.write("p.data")
	END
	run report -i p.data --format html -o x.html
	expect_status 0
}

test_a_range_of_the_time_is_brushed_and_every_view_follows() {
	needs_browser
	two_halves
	browse <<-'END'
	rows = lambda: b.settle() or b.run("return [...document.querySelectorAll('#table tbody tr')].map(r => [r.cells[0].textContent, r.cells[1].textContent, r.cells[4].textContent])")
	both = [["50.00%", "100.000 us", "[one]"], ["50.00%", "100.000 us", "[two]"]]
	assert rows() == both, rows()
	assert not b.run("return document.querySelector('#heat canvas') === null")
	# By the mouse: from the left edge to the middle of the picture, where names take 170 pixels.
	width = b.run("return document.querySelector('#heat canvas').clientWidth")
	b.drag("#heat canvas", 172, 170 + (width - 170) // 2 - 20, 8)
	assert b.text("#range").startswith("Everything below is of 0.0"), b.text("#range")
	assert [row[2] for row in rows()] == ["[one]"] and rows()[0][0] == "100.00%", rows()
	assert "100.00%" in b.text("#status") and "200.000 us" not in b.text("#status"), b.text("#status")
	b.click("#all-time")
	assert rows() == both and b.text("#range") == ""
	# By the keyboard: the last part, made longer to the left end by typing.
	b.run("document.querySelector('#heat canvas').focus()")
	b.press(END)
	assert [row[2] for row in rows()] == ["[two]"], rows()
	few = float(rows()[0][1].split()[0])
	assert 0 < few < 50, few
	b.press(LEFT)
	assert [row[2] for row in rows()] == ["[two]"] and b.text("#range") != ""
	b.press(ESCAPE)
	assert rows() == both
	b.run("document.querySelector('#to').value = '0.05'; document.querySelector('#to').dispatchEvent(new Event('change'))")
	assert [row[2] for row in rows()] == ["[one]"], rows()
	b.click("#by-thread")
	b.run("document.querySelector('#stacks canvas').focus()")
	b.press(DOWN)
	assert b.text("#status").startswith("first 7"), b.text("#status")
	b.choose("#measure", "samples")
	assert 40 <= int(rows()[0][1].split()[0]) <= 60, rows()
	END
}

test_only_what_changes_is_drawn_and_weighed_again() {
	needs_browser
	two_halves
	browse <<-'END'
	b.run("""window.calls = {};
	for (const name of ['fillRect', 'measureText', 'drawImage']) {
	    const old = CanvasRenderingContext2D.prototype[name];
	    CanvasRenderingContext2D.prototype[name] = function (...all) { calls[name] = (calls[name] || 0) + 1; return old.apply(this, all); };
	}""")
	calls = lambda script: b.run("calls = {}; const q = s => document.querySelector(s);" + script + "; return calls")
	search = "q('#search').value = 'two'; q('#search').dispatchEvent(new Event('input'))"
	# The root and two boxes, whose letters have been measured; nothing of the timeline.
	assert calls(search) == {"fillRect": 3}, calls(search)
	# The heat is painted once: a range lies over the picture of it.
	assert calls("q('#from').value = '0.15'; q('#from').dispatchEvent(new Event('change'))") == {"fillRect": 4, "drawImage": 1}
	assert calls("q('#all-time').click()") == {"fillRect": 3, "drawImage": 1}
	assert calls("q('#theme').click(); q('#theme').click()")["fillRect"] > 6
	# Of functions whose text is not to be had there is why, and no empty table.
	assert "not found" in b.text("#code-about") and b.text("#lines") == "", b.text("#code-about")
	# The weights of each thread, in the whole and in a part of the time.
	b.click("#by-thread")
	b.choose("#colour", "thread")
	keys = lambda: (b.press(DOWN), b.text("#status"))[1]
	b.run("document.querySelector('#stacks canvas').focus()")
	assert keys().startswith("first 7 \u00b7 100.000 us, 50.00%"), b.text("#status")
	assert keys().startswith("[one] \u00b7 100.000 us, 50.00%"), b.text("#status")
	b.run("document.querySelector('#from').value = '0.15'; document.querySelector('#from').dispatchEvent(new Event('change'))")
	b.run("document.querySelector('#stacks canvas').focus()")
	assert keys().startswith("second 8") and "100.00%" in b.text("#status"), b.text("#status")
	assert keys().startswith("[two]") and "100.00%" in b.text("#status"), b.text("#status")
	# What was made of the whole time is still there after a part of it: no sums are made anew.
	made = lambda script: b.run("""let made = 0; const old = Float64Array;
	window.Float64Array = new Proxy(old, { construct(of, all) { made++; return Reflect.construct(of, all); } });
	const q = s => document.querySelector(s);""" + script + "; window.Float64Array = old; return made")
	assert made("q('#all-time').click()") == 0
	assert made("q('#to').value = '0.05'; q('#to').dispatchEvent(new Event('change'))") > 0
	assert made("q('#all-time').click()") == 0
	b.run("document.querySelector('#stacks canvas').focus()")
	assert keys().startswith("first 7 \u00b7 100.000 us, 50.00%"), b.text("#status")
	END
}

test_findings_stand_first_and_show_what_they_are_about() {
	needs_browser
	page_of_sorts
	browse <<-'END'
	first = b.text("#findings li")
	assert "in one function: insertion_sort" in first and "evprof annotate -i p.data insertion_sort" in first, first
	assert b.run("const q = s => document.querySelector(s); return q('#findings').compareDocumentPosition(q('#stacks'))") & 4
	b.click("#findings li button")
	assert b.text("#chosen") == "insertion_sort"
	for colour in "function", "thread":
	    b.choose("#colour", colour)
	    assert b.text("#legend")
	assert "sorts " in b.text("#legend"), b.text("#legend")
	END
}

test_lines_and_instructions_of_hot_functions_are_in_the_page() {
	needs_browser
	page_of_sorts
	browse <<-'END'
	rows = lambda: b.run("return [...document.querySelectorAll('#lines tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
	assert "insertion_sort" in b.run("return document.querySelector('#section').selectedOptions[0].textContent")
	texts = [row[3] for row in rows()]
	assert any("void insertion_sort(" in text for text in texts), texts
	b.click("#lines th:first-child button")
	hot = rows()[0]
	assert float(hot[0].rstrip("%")) > 5 and "hole" in hot[3], hot
	b.type("#code-filter", "/size_t hole/")
	assert all("size_t hole" in row[3] for row in rows()) and rows(), rows()
	b.run("document.querySelector('#code-filter').value = ''")
	if b.run("return !document.querySelector('#asm').parentNode.hidden"):
	    b.click("#asm")
	    assert any("mov" in row[3] for row in rows()), rows()[:5]
	    b.click("#asm")
	# Another function, by its row in the table of functions.
	b.type("#filter", "/^quicksort_inplace$/")
	b.click("#table tbody button")
	assert any("quicksort_inplace" in row[3] for row in rows())
	END
	run report -i p.data --format html --no-code -o x.html
	take_data
	expect_equal "$(json data "'code' in j")" False
}

test_a_difference_shows_what_is_gone_and_what_is_new() {
	needs_browser
	run record -q -e cpu-clock -o a.data "$examples/sorts" -a insertion -r 100
	expect_status 0
	run record -q -e cpu-clock -o b.data "$examples/sorts" -a quick -r 1500
	expect_status 0
	run diff --format html --output x.html a.data b.data
	expect_status 0
	browse <<-'END'
	assert b.text("#title") == "a.data \u2192 b.data"
	rows = lambda: {row[4]: row for row in b.run("return [...document.querySelectorAll('#table tbody tr')].map(r => [...r.cells].map(c => c.textContent))")}
	gone = rows()["insertion_sort"]
	assert gone[1] == "0.00%" and gone[2].startswith("\u2212") and gone[3] == "more than chance", gone
	new = rows()["quicksort"]
	assert new[0] == "0.00%" and new[2].startswith("+"), new
	# Both stand in the picture, told by marks; and only one of them by its own side.
	b.type("#filter", "/^insertion_sort$/")
	b.click("#table tbody button")
	assert "gone" in b.text("#chosen-figures"), b.text("#chosen-figures")
	assert "less than before" in b.text("#legend")
	b.choose("#width", "new")
	assert "100.00% \u2192 100.00%" in b.text("#status"), b.text("#status")
	END
	run diff --format html --output x.html a.data b.data a.data
	expect_failure
	expect_err 'a page compares two recordings, not 3'
}

test_record_makes_the_page_in_one_go() {
	run record -q -e cpu-clock -o p.data --html x.html sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 3'
	expect_status 3
	take_data
	expect_equal "$(json data "[f[1] for f in j['facts'] if f[0] == 'Recording']")" "['p.data']"
	run record -o - --html y.html true
	expect_status 129
	expect_err '--html shows a recording in a file'
	refuse_file y.html
	run record -q -e cpu-clock -o p.data --html no/where.html true
	expect_failure
	expect_err "cannot write 'no/where.html'"
	expect_file p.data
}

run_tests "$@"
