/* ---- source lines and instructions of hot functions ------------------------------------------ */

/* Sections: { frame, name, object, lines, code }, both of rows { label, text, self, called, times }: self and called as
 * [event, samples, period], times in fours of event, part of the time, samples and period. */
const sections = (data.code ? data.code.sections : []).map((section, id) => ({ id, ...section }));
const codeView = { section: -1, asm: false };
const eventIndex = () => data.events[state.event].index;
const sectionsOf = f => sections.filter(section => functionOf[section.frame] === f);

/* Self and called of a row, for the event, the measure and the range. */
function rowWeights(section, row) {
	const index = eventIndex(), at = state.measure === 'samples' ? 0 : 1;
	const find = list => (list || []).filter(entry => entry[0] === index).reduce((sum, entry) => sum + entry[1 + at], 0);
	if (!state.range || !section.timed) return { self: find(row.self), called: find(row.called) };
	let self = 0;
	const [from, to] = state.range, times = row.times || [];
	for (let i = 0; i < times.length; i += 4)
		if (times[i] === index && times[i + 1] * time.grain >= from && times[i + 1] * time.grain < to) self += times[i + 2 + at];
	return { self, called: 0 };
}
const LINE_COLUMNS = [
	['Self', 'number', row => row.weights.self, (row, cell) => { if (row.weights.self) shareCell(row.weights.self, cell); else cell.replaceChildren(); }],
	['With callees', 'number', row => row.weights.called, (row, cell) => say(cell, row.weights.called ? percent(row.weights.called) : '')],
	['Line', 'number', row => row.place, (row, cell) => say(cell, String(row.label))],
	['Text', 'code', row => row.text, (row, cell) => {
		if (!cell.firstChild) cell.append(make('code'));
		say(cell.firstChild, row.text);
	}],
];
/* In a range shares of rows that are not timed are of everything. */
const codeTable = new Table('lines', LINE_COLUMNS, 2, () => {
	const section = sections[codeView.section], matches = matcher($('code-filter').value);
	if (!section) return [];
	const rows = codeView.asm ? section.code : section.lines;
	return rows.map((row, id) => ({ id, place: id, label: row.label, text: row.text, weights: rowWeights(section, row) }))
		.filter(row => !matches || matches(row.text) || matches(String(row.label)));
}, {
	isChosen: row => row.weights.self > 0.05 * total,
	told: rows => {
		const self = rows.reduce((sum, row) => sum + row.weights.self, 0);
		$('code-shown').textContent = matcher($('code-filter').value) === false ? 'not a regular expression'
			: `${counted(rows.length, 'row')}, ${percent(self)} self`;
	},
});
codeTable.order.falling = false;

function showSection(id, soon) {
	const section = sections[id];
	codeView.section = id;
	$('section').value = id;
	codeView.asm = section.lines.length && section.code.length ? $('asm').checked : !section.lines.length;
	$('asm').parentNode.hidden = !(section.lines.length && section.code.length);
	$('lines').parentNode.hidden = $('code-shown').hidden = !section.lines.length && !section.code.length;
	$('code-of').textContent = `: ${section.name} (${lastPart(section.object)})`;
	$('code-about').textContent = [section.source || section.file || section.object, section.note, codeView.asm ? section.trouble : '',
		!state.range ? '' : section.timed ? 'in a range of time lines have what they weigh themselves only'
			: 'weights are of the whole time: there was no room for those of parts'].filter(Boolean).join(' \u00b7 ');
	if (soon) codeTable.showSoon();
	else codeTable.show();
}
/* Of the chosen function, else of what was shown. */
function showCode(soon) {
	if (!sections.length) return;
	const mine = state.chosen >= 0 ? sectionsOf(state.chosen) : [];
	/* Of a function without any text there is only why. */
	if (codeView.section < 0) codeView.section = Math.max(0, sections.findIndex(section => section.lines.length || section.code.length));
	showSection(mine.length && !mine.some(section => section.id === codeView.section) ? mine[0].id : codeView.section, soon);
}
$('code').hidden = !sections.length;
$('section').append(...sections.map(section => {
	const option = make('option', `${section.name} (${lastPart(section.object)})`);
	option.value = section.id;
	return option;
}));
