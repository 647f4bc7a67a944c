#!/bin/sh
# What shells complete, asked of evprof itself and through the scripts of each shell.
# shellcheck source=tests/cli/harness.sh
. "$(dirname "$0")/harness.sh"

# words TYPED…: what can stand for the last of them, without the meanings
words() {
	run completion words -- evprof "$@"
	expect_status 0
	cut -f 1 out >found
}
expect_word() { grep -qxF -e "$1" found || fail "'$1' is not offered: $(head -5 found | tr '\n' ' ')"; }
refuse_word() { ! grep -qxF -e "$1" found || fail "'$1' is offered"; }
# in_bash LINE: what the function makes of it, one a line, in found
in_bash() {
	last="bash: $1"
	PATH=$B:$PATH bash -c 'source <(evprof completion bash)
		COMP_LINE=$1 COMP_POINT=${#1}
		_evprof
		printf "%s\n" "${COMPREPLY[@]}"' bash "$1" >found 2>err </dev/null || fail 'bash refuses the script'
	expect_empty err
}

test_commands_options_and_their_values_are_offered() {
	words ''
	for verb in stat record report import completion; do expect_word $verb; done
	words rep
	expect_word report
	refuse_word record
	words help an
	expect_word annotate
	words report --per
	expect_word --percent-limit
	refuse_word --sort
	words report --format ''
	for format in text firefox chrome pprof; do expect_word $format; done
	words report --format=fire
	expect_word --format=firefox
	words diff --format ''
	expect_word json
	refuse_word pprof
	words report -M in
	expect_word intel
	words report -s comm,sy
	expect_word comm,sym
	words import --format ''
	expect_word folded
	words completion f
	expect_word fish
}

test_every_option_of_a_verb_is_offered() {
	for verb in stat record report; do
		words $verb --
		run $verb --help
		sed -n 's/^  \(-.,\|   \) \(--[a-z0-9-]*\).*/\2/p' out >options
		expect_file options
		while read -r option; do expect_word "$option"; done <options
	done
}

test_events_are_completed_behind_a_comma_too() {
	words stat -e cpu-cl
	expect_word cpu-clock
	words record -e cpu-clock,page-f
	expect_word cpu-clock,page-faults
	words stat --event={cpu-clock,task
	expect_word '--event={cpu-clock,task-clock'
}

test_what_belongs_to_the_command_is_left_to_the_shell() {
	words record -F 99 ./prog --
	expect_empty found
	words stat -- --
	expect_empty found
	words report -o x
	expect_empty found
}

test_recordings_and_the_folders_to_them_are_offered() {
	mkdir 'a folder'
	printf 'PERFILE2rest' >'a folder/my.data'
	printf 'PERFILE2rest' >two.data
	printf 'PERFILE2rest' >"$(printf 'bad\033name')"
	echo text >notes
	words report -i ''
	expect_word two.data
	expect_word 'a folder/'
	refuse_word notes
	grep -q bad found && fail 'a name that a terminal should not get is offered'
	words report 'a folder/m'
	expect_word 'a folder/my.data'
	words report --input=tw
	expect_word --input=two.data
}

test_bash_completes() {
	needs bash
	in_bash 'evprof rep'
	expect_word report
	in_bash 'evprof report --form'
	expect_word --format
	in_bash 'evprof report --format '
	expect_word firefox
	# bash keeps what stands before = and : by itself
	in_bash 'evprof report --format=fi'
	expect_word firefox
	in_bash 'evprof stat -e cpu-clock:u,page-f'
	expect_word u,page-faults
	in_bash 'evprof record ./x --'
	expect_equal "$(cat found)" ''
}

test_fish_completes() {
	needs fish
	last=fish
	HOME=$PWD PATH=$B:$PATH fish -c 'evprof completion fish | source; complete -C "evprof report --format fi"' >out 2>err </dev/null ||
		skip "this fish has no complete -C"
	expect_out '^firefox'
	HOME=$PWD PATH=$B:$PATH fish -c 'evprof completion fish | source; complete -C "evprof rep"' >out 2>err </dev/null
	expect_out '^report'
}

test_zsh_completes() {
	needs zsh
	last=zsh
	"$evprof" completion zsh >_evprof
	zsh -n _evprof 2>err || fail 'zsh does not take it'
	# The completion system gives words and takes what is added; here both are played.
	PATH=$B:$PATH zsh -f -c 'compdef() { : }
		compadd() { print -l $plain }
		_files() { print FILES }
		source ./_evprof
		words=(evprof report --format fi) CURRENT=4 PREFIX=fi
		_evprof
		words=(evprof record ./x "") CURRENT=4 PREFIX=""
		_evprof' >found 2>err </dev/null || fail 'zsh does not run it'
	expect_empty err
	expect_word firefox
	expect_word FILES
}

test_another_shell_is_refused() {
	run completion tcsh
	expect_status 129
	expect_err 'bash, zsh or fish'
	run completion
	expect_status 129
}

test_scripts_are_installed_where_shells_look() {
	needs make
	run_command env -u MAKEFLAGS -u MAKELEVEL make -s -C "$root" B="$B" SAN= -o "$B/evprof" -o examples \
		DESTDIR="$PWD/dest" PREFIX=/usr install
	expect_status 0
	for file in bash-completion/completions/evprof zsh/site-functions/_evprof fish/vendor_completions.d/evprof.fish; do
		expect_file "dest/usr/share/$file"
	done
	[ -e /usr/share/bash-completion/bash_completion ] && command -v bash >/dev/null || return 0
	PATH=$PWD/dest/usr/bin:$PATH bash -c 'source dest/usr/share/bash-completion/completions/evprof
		complete -p evprof' >out 2>err || fail 'bash does not load it'
	expect_out '_evprof evprof'
}

run_tests "$@"
