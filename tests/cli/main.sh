#!/bin/sh
# The program as a whole: version, help, wrong usage, install and uninstall.
. "$(dirname "$0")/harness.sh"

test_version_lists_what_is_built_in() {
	run --version
	expect_status 0
	expect_out '^evprof [0-9]+\.[0-9]+'
	expect_out 'libpfm'
	expect_out 'zstd'
	expect_out 'liblzma'
	expect_out 'BPF'
	expect_out 'capstone'
	expect_out 'ncurses'
}

test_a_build_without_bpf_says_so() {
	case " ${WITHOUT:-} " in *" bpf "*) ;; *) skip "this build has BPF" ;; esac
	run --version
	expect_out 'BPF.*(not|without|left out)'
}

test_a_build_without_capstone_says_so() {
	case " ${WITHOUT:-} " in *" capstone "*) ;; *) skip "this build has capstone" ;; esac
	run --version
	expect_out 'capstone: not built in \(left out'
}

test_a_build_without_ncurses_says_so_and_prints_text() {
	case " ${WITHOUT:-} " in *" ncurses "*) ;; *) skip "this build has ncurses" ;; esac
	run --version
	expect_out 'ncurses: not built in \(left out'
}

test_help_goes_to_stdout_and_names_every_verb() {
	run --help
	expect_status 0
	for verb in list stat record report; do expect_out "$verb"; done
	expect_empty err
}

test_every_verb_has_help_with_an_example() {
	for verb in list stat record report top; do
		run $verb --help
		expect_status 0
		expect_out "evprof $verb"
		expect_empty err
	done
}

test_the_manual_page_names_every_verb() {
	run --manual
	expect_status 0
	for verb in list stat record report top; do expect_out "^.BR evprof.*-$verb \(1\)"; done
	expect_out '^.SH EXAMPLES'
}

test_no_verb_is_wrong_usage() {
	run
	expect_status 129
	expect_err 'record'
	expect_empty out
}

test_an_unknown_verb_gets_the_nearest_name() {
	run reprot
	expect_status 129
	expect_err 'reprot'
	expect_err 'report'
	expect_empty out
}

test_an_unknown_option_is_named_with_the_nearest_one() {
	run stat --repaet 3 true
	expect_status 129
	expect_err '--repaet'
	expect_err '--repeat'
	run record --halp
	expect_err "did you mean '--help'"
	run record --help=x
	expect_status 129
	expect_err "'--help' takes no value"
}

test_an_unknown_letter_is_named() {
	run record -Q true
	expect_status 129
	expect_err 'Q'
}

test_an_option_without_its_value_is_wrong_usage() {
	run stat -e
	expect_status 129
	expect_err 'e'
}

test_a_number_that_is_none_is_wrong_usage() {
	run stat -r lots true
	expect_status 129
	expect_err 'lots'
	run record -F -3 true
	expect_status 129
	run record -F 12q true
	expect_status 129
	run stat -I 1e99 true
	expect_status 129
}

test_an_unambiguous_prefix_of_an_option_is_enough() {
	run stat --repe 2 -e task-clock true
	expect_status 0
	expect_err '2 runs'
}

test_an_ambiguous_prefix_is_refused_with_the_choices() {
	run stat --in 2 -e task-clock true
	expect_status 129
	expect_err 'in'
}

test_two_dashes_end_the_options() {
	needs_events
	run stat -e task-clock -- sh -c 'exit 4'
	expect_status 4
}

test_errors_name_the_verb_and_are_one_sentence() {
	run report -i nosuch.data
	expect_failure
	expect_err '^evprof report: '
	expect_err 'nosuch.data'
}

test_a_closed_stdout_is_an_error_and_no_crash() {
	timeout 20 "$evprof" list >&- 2>err
	status=$?
	expect_between $status 1 129 "exit status"
}

test_a_full_device_on_stdout_is_an_error() {
	[ -c /dev/full ] || skip "there is no /dev/full"
	timeout 60 "$evprof" list >/dev/full 2>err
	status=$?
	expect_failure
	expect_err '^evprof'
}

test_a_reader_that_goes_away_ends_it_quietly() {
	(timeout 60 "$evprof" list 2>err; echo $? >ended) | head -1 >/dev/null
	refuse_err 'Segmentation|Sanitizer|abort'
}

test_install_and_uninstall_leave_nothing_behind() {
	needs make
	for step in install uninstall; do
		# What is built is taken as it is.
		run_command env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" B="$B" SAN= -o "$B/evprof" -o examples \
			DESTDIR="$PWD/dest" PREFIX=/opt/evprof $step
		expect_status 0
		if [ $step = install ]; then
			[ -x dest/opt/evprof/bin/evprof ] || fail "nothing was installed"
			expect_file dest/opt/evprof/share/man/man1/evprof.1
			run_command dest/opt/evprof/bin/evprof --version
			expect_status 0
		fi
	done
	: >left
	[ ! -e dest ] || find dest >left
	expect_empty left
}

run_tests "$@"
