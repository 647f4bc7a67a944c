/* ---- colours ------------------------------------------------------------------------------ */

/* Told apart by those who do not see red or green too: hues of Okabe and Ito, unlike in lightness. */
const PALETTE = ['#f0a44b', '#74b9ec', '#f8e596', '#5cc2a0', '#e8a0c8', '#d8cff0', '#c9773a', '#5f8fd0'];
let colourOfObject = new Map();
function rankObjects() {
	const weights = new Map();
	functions.forEach((f, i) => weights.set(f.object, (weights.get(f.object) || 0) + selfOf[i]));
	const ranked = [...weights].sort((a, b) => b[1] - a[1]).slice(0, PALETTE.length);
	colourOfObject = new Map(ranked.map(([object], i) => [object, PALETTE[i]]));
}
const lastPart = path => path.startsWith('[') ? path : path.slice(path.lastIndexOf('/') + 1);
function shade(colour, name) {
	let hash = 7;
	for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
	const factor = 0.9 + ((hash >>> 8) % 11) / 100;
	const value = parseInt(colour.slice(1), 16);
	const part = shift => Math.round(((value >> shift) & 255) * factor);
	return `rgb(${part(16)},${part(8)},${part(0)})`;
}
/* The heaviest threads, and what every node has of each; made when it is asked for. */
let weighedThreads = null;
function weighThreads() {
	if (weighedThreads) return weighedThreads;
	const event = data.events[state.event], weights = event[state.measure], sums = new Float64Array(data.threads.length);
	eachCell(event, i => { sums[event.threads[i]] += weights[i]; });
	const ranked = [...sums.keys()].filter(thread => sums[thread]).sort((a, b) => sums[b] - sums[a]).slice(0, PALETTE.length);
	weighedThreads = ranked.map((thread, i) => ({ thread, colour: PALETTE[i], own: new Float64Array(count) }));
	const owns = [...sums].map(() => null);
	for (const each of weighedThreads) owns[each.thread] = each.own;
	eachCell(event, i => {
		const own = owns[event.threads[i]];
		if (own) own[event.nodes[i]] += weights[i];
	});
	for (const each of weighedThreads) each.whole = sumUp(each.own);
	return weighedThreads;
}
/* Of the thread that has more than half of a box. */
function colourOfThread(box) {
	for (const each of weighThreads())
		if (box.thread === undefined ? partOf(box, each) > box.weight / 2 : box.thread === each.thread) return each.colour;
	return KINDS.n[1];
}
/* Blue for less, red for more, the deeper the more it changed; marks say the same without colour. */
function colourOfChange(box) {
	const before = partOf(box, older), after = partOf(box, newer), change = (after - before) / Math.max(before, after);
	if (!(Math.abs(change) > 0.001)) return '#e9e7e2';
	const depth = Math.min(1, 0.15 + 0.85 * Math.abs(change)), full = change > 0 ? [226, 96, 70] : [84, 146, 222];
	return `rgb(${full.map(part => Math.round(238 + (part - 238) * depth)).join(',')})`;
}
function hueOf(name) {
	let hash = 5;
	for (let i = 0; i < name.length; i++) hash = (hash * 33 + name.charCodeAt(i)) | 0;
	return PALETTE[(hash >>> 4) % PALETTE.length];
}
let shades = new Map(); /* of frames */
function colourOf(box) {
	if (state.colour === 'change' && box.kind !== 'x') return box.change = box.change || colourOfChange(box);
	if (state.colour === 'thread' && box.kind !== 'x' && box.kind !== 'r')
		return box.shade = box.shade || shade(colourOfThread(box), nameOf(box));
	if (box.frame < 0) return shade(KINDS[box.kind][1], box.name);
	if (shades.has(box.frame)) return shades.get(box.frame);
	let colour = KINDS[box.kind][1];
	if (state.colour === 'object' && box.kind !== 'x')
		colour = colourOfObject.get(data.objects[frames[box.frame][OBJECT]]) || KINDS.n[1];
	if (state.colour === 'function' && box.kind !== 'x') colour = hueOf(nameOf(box));
	colour = shade(colour, nameOf(box));
	shades.set(box.frame, colour);
	return colour;
}
/* Of every way to colour: [colour, text] of what it tells. */
const LEGENDS = {
	kind: () => {
		const there = new Set(frames.map(frame => frame[KIND]));
		return Object.keys(KINDS).filter(kind => there.has(kind)).map(kind => [KINDS[kind][1], KINDS[kind][0]]);
	},
	object: () => [...[...colourOfObject].map(([object, colour]) => [colour, lastPart(object)]), [KINDS.n[1], 'others']],
	thread: () => [...weighThreads().map(each => [each.colour, threadName(each.thread)]), [KINDS.n[1], 'no thread has more than half']],
	function: () => [[PALETTE[0], 'a colour for each name; some names share one']],
	change: () => [['rgb(84,146,222)', '\u2212 less than before'], ['#e9e7e2', '= the same'], ['rgb(226,96,70)', '+ more than before']],
};
function showLegend() {
	shades = new Map();
	$('legend').replaceChildren(...LEGENDS[state.colour]().map(([colour, text]) => {
		const part = make('span'), patch = make('i');
		patch.style.background = colour;
		part.append(patch, make('bdi', text));
		return part;
	}));
}

