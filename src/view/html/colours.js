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
const SHADES = 11;
function shadeOf(name) {
	let hash = 7;
	for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
	return (hash >>> 8) % SHADES;
}
const shadesOf = new Map(); /* of a colour */
function shaded(colour, step) {
	let all = shadesOf.get(colour);
	if (!all) {
		const value = parseInt(colour.slice(1), 16);
		all = Array.from({ length: SHADES }, (_, i) => {
			const part = shift => Math.round(((value >> shift) & 255) * (0.9 + i / 100));
			return `rgb(${part(16)},${part(8)},${part(0)})`;
		});
		shadesOf.set(colour, all);
	}
	return all[step];
}
const shadeOfFrame = new Int8Array(frames.length).fill(-1);
const shadeOfBox = box => {
	const { frame } = box;
	if (frame < 0) return shadeOf(box.name);
	return shadeOfFrame[frame] < 0 ? shadeOfFrame[frame] = shadeOf(frames[frame][NAME]) : shadeOfFrame[frame];
};
/* Of the thread that has more than half of a box. */
function colourOfThread(box) {
	const at = box.thread === undefined ? weighMajor().findIndex(each => partOf(box, each) > box.weight / 2)
		: rankThreads().findIndex(each => each.thread === box.thread);
	return at >= 0 && at < PALETTE.length ? PALETTE[at] : KINDS.n[1];
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
		return box.shade = box.shade || shaded(colourOfThread(box), shadeOfBox(box));
	if (box.frame < 0) return shaded(KINDS[box.kind][1], shadeOfBox(box));
	if (shades.has(box.frame)) return shades.get(box.frame);
	let colour = KINDS[box.kind][1];
	if (state.colour === 'object' && box.kind !== 'x')
		colour = colourOfObject.get(data.objects[frames[box.frame][OBJECT]]) || KINDS.n[1];
	if (state.colour === 'function' && box.kind !== 'x') colour = hueOf(nameOf(box));
	colour = shaded(colour, shadeOfBox(box));
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
	thread: () => [...rankThreads().slice(0, PALETTE.length).map((each, i) => [PALETTE[i], threadName(each.thread)]), [KINDS.n[1], 'no thread has more than half']],
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

