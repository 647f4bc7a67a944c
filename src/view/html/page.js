/* ---- switches ------------------------------------------------------------------------------ */

function showMatched() {
	const matches = matcher($('search').value.trim());
	state.hit = matches ? frames.map(frame => frame[KIND] !== 'x' && matches(frame[NAME])) : null;
	if (!matches) {
		$('matched').textContent = matches === false ? 'not a regular expression' : '';
		return;
	}
	const under = new Uint8Array(count);
	let weight = 0;
	for (let i = 1; i < count; i++) {
		under[i] = under[parents[i]] || state.hit[frameOf[i]] ? 1 : 0;
		if (under[i]) weight += own[i];
	}
	$('matched').textContent = `${left ? 'at least ' : ''}${percent(weight)} matched`;
}
function showStacks() {
	mainGraph.show(wholeBox(), $('side').value === 'bottom');
	mainGraph.told(mainGraph);
}
function redraw() {
	for (const graph of [mainGraph, callers, callees]) graph.draw();
}
/* What the range does not touch says of which time it is. */
function showLeftOut() {
	const out = data.left_out;
	$('left-out').hidden = !out.stacks;
	$('left-out').textContent = `To keep this page small, ${grouped.format(out.stacks)} stacks are left out, each below ` +
		`${(100 * out.below).toPrecision(2)}% of every event; boxes named [left out: small] stand for them ` +
		`(${percent(left)} of ${data.events[state.event].name}).`;
}
/* What the switches say is told on paper, where they are not. */
function showOnPaper() {
	const part = state.range ? `, ${$('range').textContent.replace('Everything below is of ', 'only ')}` : '';
	$('stacks-of').textContent = `Stacks of ${data.events[state.event].name} by ${state.measure}${part}`;
}
/* All views of the event, the measure and the range. */
function showViews() {
	weigh();
	showLeftOut();
	rankObjects();
	showLegend();
	showMatched();
	showStacks();
	showOnPaper();
	if (state.chosen >= 0) showSandwich(state.chosen);
	showRows(true);
	showCode(true);
}
function showEvent() {
	showViews();
	timeline.layout();
}

const LONG_FACT = 40; /* letters */
function showSummary() {
	const fact = name => (data.facts.find(each => each[0] === name) || [])[1];
	$('title').textContent = isDiff ? `${data.diff.old} \u2192 ${data.diff.new}` : fact('Recording') || '';
	document.title = `evprof: ${isDiff ? $('title').textContent : fact('Command') || fact('Recording') || ''}`;
	const samples = event => counted(event.total_samples, 'sample');
	const events = data.events.map(event => event.old ? `${event.name}: ${samples(event.old)} \u2192 ${samples(event)}`
		: event.total_samples ? `${event.name}: ${samples(event)}` : event.name);
	if (isEmpty && data.silent_events.length) events.length = 0;
	events.push(...data.silent_events.map(name => `${name}: no samples`));
	for (const [name, text] of [...data.facts.filter(each => each[0] !== 'Recording'), ['Events', events.join(', ')]]) {
		const pair = make('div');
		pair.append(make('dt', name), make('dd', text));
		if (text.length > LONG_FACT) pair.className = 'wide';
		$('facts').append(pair);
	}
	showFindings();
	$('quality').append(...data.quality.map(line => make('p', line)));
	const model = fact('Simulated');
	$('simulated').hidden = !model;
	$('simulated').textContent = `Simulated: exact counts of a model, nothing was measured (${model}).`;
	$('footer').textContent = `Made by evprof ${data.evprof}. This page holds all it shows and loads nothing.`;
	$('event').append(...data.events.map((event, i) => {
		const option = make('option', event.name);
		option.value = i;
		return option;
	}));
}

function showTheme(theme) {
	const dark = theme === 'dark' || theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches;
	document.documentElement.dataset.theme = dark ? 'dark' : 'light';
	$('theme').textContent = `Theme: ${theme}`;
	redraw();
	timeline.draw();
}
const THEMES = ['system', 'light', 'dark'];
let theme = 0;
$('theme').addEventListener('click', () => showTheme(THEMES[theme = (theme + 1) % THEMES.length]));
/* On paper everything is dark on light, and whole. */
addEventListener('beforeprint', () => {
	functionTable.settle();
	codeTable.settle();
	document.documentElement.classList.add('printing');
	document.documentElement.dataset.theme = 'light';
	for (const graph of [mainGraph, callers, callees]) graph.print(true);
	timeline.print(true);
});
addEventListener('afterprint', () => {
	document.documentElement.classList.remove('printing');
	for (const graph of [mainGraph, callers, callees]) graph.print(false);
	timeline.print(false);
	showTheme(THEMES[theme]);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => showTheme(THEMES[theme]));

const on = (id, type, act) => $(id).addEventListener(type, act);
on('event', 'change', () => { state.event = Number($('event').value); showEvent(); });
on('measure', 'change', () => { state.measure = $('measure').value; showEvent(); });
on('side', 'change', showStacks);
on('width', 'change', () => { state.side = $('width').value; showEvent(); });
on('colour', 'change', () => { state.colour = $('colour').value; showLegend(); redraw(); });
on('invert', 'change', () => { state.invert = $('invert').checked; showStacks(); });
on('by-thread', 'change', () => { state.byThread = $('by-thread').checked; showStacks(); });
on('fold', 'change', () => { state.fold = $('fold').checked; showStacks(); choose(state.chosen); });
on('search', 'input', () => { showMatched(); redraw(); });
on('filter', 'input', () => { functionTable.limit = FEW; showRows(); });
on('more', 'click', () => { functionTable.limit += 5 * FEW; showRows(); });
on('reset', 'click', () => mainGraph.zoomTo(mainGraph.root));
on('about', 'click', () => choose(functionOf[mainGraph.selected.frame], true));
on('from', 'change', () => timeline.enter());
on('to', 'change', () => timeline.enter());
on('all-time', 'click', () => timeline.set(null));
on('section', 'change', () => showSection(Number($('section').value)));
on('asm', 'change', () => showSection(codeView.section));
on('code-filter', 'input', () => codeTable.show());
on('close', 'click', () => choose(-1));
document.addEventListener('keydown', event => {
	if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
	if (event.key === '/') $('search').focus();
	else if (event.key === 'i') $('invert').click();
	else return;
	event.preventDefault();
});

$('by-thread').parentNode.hidden = isDiff;
$('stacks').parentNode.hidden = $('table').parentNode.hidden = isEmpty;
$('width').parentNode.hidden = !isDiff;
for (const option of [...$('colour').options]) if (option.value === (isDiff ? 'thread' : 'change')) option.remove();
$('colour').value = state.colour;
showSummary();
showTheme('system');
showEvent();
