/* The data: events with parallel lists of cells (node, by its distance from the one before; thread; part of the time;
 * samples; period in units), and sums of functions; nodes with parents (0 is the root, parents come first, in the order of
 * a depth-first walk) and frames; frames as [name, object, kind, file, line]; threads as [name, pid, tid, how many]. In a
 * difference events also have what was before, as `old`. Whatever is a name goes into the page as text. */
const data = JSON.parse(document.getElementById('data').textContent);
const noCells = () => ({ nodes: [], threads: [], samples: [], period: [], unit: 1, total_samples: 0, total_period: 0,
	functions: { all: 0, frames: [] } });
const isEmpty = !data.events.length;
if (isEmpty) data.events.push({ name: 'no samples', index: 0, ...noCells() });
const isDiff = data.events.some(event => event.old);
const time = data.time && !data.time.why ? data.time : null;
const $ = id => document.getElementById(id);
const make = (tag, text, className) => {
	const element = document.createElement(tag);
	if (text !== undefined) element.textContent = text;
	if (className) element.className = className;
	return element;
};

/* ---- the profile ------------------------------------------------------------------------- */

function unpack(cells) {
	if (cells.nodes) {
		let node = 0;
		cells.nodes = Int32Array.from(cells.nodes, step => node += step);
	}
	cells.threads = Int32Array.from(cells.threads);
	cells.times = cells.times && Int32Array.from(cells.times);
	cells.samples = Float64Array.from(cells.samples);
	cells.period = Float64Array.from(cells.period, period => period * cells.unit);
	cells.weighed = {};
}
for (const event of data.events) {
	unpack(event);
	if (event.heat) unpack(event.heat);
	if (event.old) unpack(event.old);
}
const parents = Int32Array.from(data.nodes.parents);
const frameOf = Int32Array.from(data.nodes.frames);
const count = parents.length;
const firstKid = new Int32Array(count), nextKid = new Int32Array(count);
for (let i = count - 1; i > 0; i--) {
	nextKid[i] = firstKid[parents[i]];
	firstKid[parents[i]] = i;
}
const NAME = 0, OBJECT = 1, KIND = 2, FILE = 3, LINE = 4;
const frames = data.frames;
/* Frames of one function: inlined here and called there. */
const functionOf = new Int32Array(frames.length), functions = [];
{
	const known = new Map();
	frames.forEach((frame, i) => {
		const key = frame[OBJECT] + ' ' + frame[NAME];
		if (!known.has(key)) {
			known.set(key, functions.length);
			functions.push({ id: functions.length, frame: i, name: frame[NAME],
				object: data.objects[frame[OBJECT]] });
		}
		functionOf[i] = known.get(key);
	});
}
const threadName = thread => {
	const [name, pid, tid, merged] = data.threads[thread] || [''];
	const shown = name || '[unknown]';
	return merged > 1 ? `${shown} (${merged} threads)` : tid ? `${shown} ${tid}` : pid ? `${shown} ${pid}` : shown;
};

const state = { event: 0, measure: 'period', colour: isDiff ? 'change' : 'kind', invert: false, byThread: false,
	fold: false, chosen: -1, side: 'both' /* of a difference: whose weights boxes have */,
	range: null /* [from, to) in columns of the time */,
	hit: null /* of frames: does the search find it; null without a search */ };
/* Of the event, the measure and the range: weights of nodes alone, with all above them, and of functions. */
let own, whole, total, selfOf, childrenOf, left /* weighs what stands for stacks left out */;
/* Of a difference: the same of both recordings, as { own, whole, selfOf, childrenOf, total }. */
let older, newer;

function sumUp(weights) {
	const sums = Float64Array.from(weights);
	for (let i = count - 1; i > 0; i--) sums[parents[i]] += sums[i];
	return sums;
}

/* Of nodes: their functions, and whether those are not among the ones that called them. */
const functionAt = frameOf.map(frame => functionOf[frame]), outermost = new Uint8Array(count);
{
	const path = [0], open = new Int32Array(functions.length);
	for (let i = 1; i < count; i++) {
		while (path[path.length - 1] !== parents[i]) open[functionAt[path.pop()]]--;
		outermost[i] = open[functionAt[i]]++ ? 0 : 1;
		path.push(i);
	}
}

/* Indices in the order of their keys, those of key k from starts[k] up to starts[k + 1]; of one key as they stood. */
function sortedBy(keys) {
	let most = 0;
	for (let i = 0; i < keys.length; i++) most = Math.max(most, keys[i]);
	const starts = new Int32Array(most + 2), order = new Int32Array(keys.length);
	for (let i = 0; i < keys.length; i++) starts[keys[i] + 1]++;
	for (let k = 0; k <= most; k++) starts[k + 1] += starts[k];
	const next = starts.slice();
	for (let i = 0; i < keys.length; i++) order[next[keys[i]]++] = i;
	return { order, starts };
}
/* Of a range its parts of the time, from the first to the one before the end; null without one. */
const partsOfRange = cells => state.range && cells.times ? state.range.map(column => Math.ceil(column / time.grain)) : null;
/* Adds what the cells of the range weigh to sums by their keys. Of a range no others are looked at. */
function addCells(cells, keys, sums, factor) {
	const weights = cells[state.measure], parts = partsOfRange(cells);
	if (!parts) {
		for (let i = 0; i < weights.length; i++) sums[keys[i]] += factor * weights[i];
		return;
	}
	const { order, starts } = cells.byTime = cells.byTime || sortedBy(cells.times);
	const [from, to] = parts.map(part => starts[Math.min(part, starts.length - 1)]);
	for (let k = from; k < to; k++) sums[keys[order[k]]] += factor * weights[order[k]];
}
/* What the cells of an event weigh, times a factor, which is one for each measure. Of the whole time it is kept. */
function weighOne(cells, factor) {
	if (!state.range && cells.weighed[state.measure]) return cells.weighed[state.measure];
	const side = { own: new Float64Array(count), selfOf: new Float64Array(functions.length),
		childrenOf: new Float64Array(functions.length) };
	addCells(cells, cells.nodes, side.own, factor);
	side.whole = sumUp(side.own);
	side.total = factor * cells['total_' + state.measure]; /* with what filters left out */
	if (!side.total || state.range) side.total = side.whole[0];
	if (state.range) {
		for (let i = 1; i < count; i++) {
			side.selfOf[functionAt[i]] += side.own[i];
			if (outermost[i]) side.childrenOf[functionAt[i]] += side.whole[i];
		}
		return side;
	}
	cells.functions.frames.forEach((frame, i) => {
		side.selfOf[functionOf[frame]] += factor * cells.functions['self_' + state.measure][i];
		side.childrenOf[functionOf[frame]] += factor * cells.functions['children_' + state.measure][i];
	});
	return cells.weighed[state.measure] = side;
}
/* What stands for stacks left out. */
const nodesLeftOut = [...frameOf.keys()].filter(node => node && frames[frameOf[node]][KIND] === 'x');
/* Of a difference boxes are as wide as both on average, so that what is gone is seen as well, or as one of them. */
const SIDES = { both: [0.5, 0.5], old: [1, 0], new: [0, 1] };

function weigh() {
	const event = data.events[state.event];
	let side;
	if (event.old) {
		older = weighOne(event.old, event.factors[0][state.measure]);
		newer = weighOne(event, event.factors[1][state.measure]);
		const [before, after] = SIDES[state.side];
		const mix = name => older[name].map((weight, i) => before * weight + after * newer[name][i]);
		side = { own: mix('own'), whole: mix('whole'), selfOf: mix('selfOf'), childrenOf: mix('childrenOf'),
			total: before * older.total + after * newer.total };
	} else {
		side = weighOne(event, 1);
	}
	({ own, whole, total, selfOf, childrenOf } = side);
	left = 0;
	for (const node of nodesLeftOut) left += own[node];
	turnToThreads();
}

