'use strict';
/* The data: events with parallel lists of nodes, threads, samples and period, and sums of functions; nodes with parents (0
 * is the root, parents come first, in the order of a depth-first walk) and frames; frames as
 * [name, object, kind, file, line]. Whatever is a name goes into the page as text. */
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
if (!data.events.length)
	data.events.push({ name: 'no samples', total_samples: 0, nodes: [], threads: [], samples: [], period: [],
		functions: { all: 0, frames: [] } });
const $ = id => document.getElementById(id);
const make = (tag, text, className) => {
	const element = document.createElement(tag);
	if (text !== undefined) element.textContent = text;
	if (className) element.className = className;
	return element;
};

/* ---- the profile ------------------------------------------------------------------------- */

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
const threadName = thread => data.threads[thread] || '[unknown]';

const state = { event: 0, measure: 'period', colour: 'kind', invert: false, byThread: false,
	fold: false, chosen: -1,
	hit: null /* of frames: does the search find it; null without a search */ };
/* Of the event and the measure: weights of nodes alone, with all above them, and of functions. */
let own, whole, total, selfOf, childrenOf, left /* weighs what stands for stacks left out */;

function sumUp(weights) {
	const sums = Float64Array.from(weights);
	for (let i = count - 1; i > 0; i--) sums[parents[i]] += sums[i];
	return sums;
}

/* Calls visit(node, whether its function is not among those that called it). */
function walk(visit) {
	const path = [0], open = new Int32Array(functions.length);
	for (let i = 1; i < count; i++) {
		while (path[path.length - 1] !== parents[i]) open[functionOf[frameOf[path.pop()]]]--;
		const f = functionOf[frameOf[i]];
		visit(i, f, !open[f]);
		open[f]++;
		path.push(i);
	}
}

function weigh() {
	const event = data.events[state.event];
	own = new Float64Array(count);
	selfOf = new Float64Array(functions.length);
	childrenOf = new Float64Array(functions.length);
	event.nodes.forEach((node, i) => { own[node] += event[state.measure][i]; });
	whole = sumUp(own);
	total = event['total_' + state.measure] || whole[0]; /* with what filters left out */
	left = 0;
	for (let i = 1; i < count; i++) if (frames[frameOf[i]][KIND] === 'x') left += own[i];
	event.functions.frames.forEach((frame, i) => {
		selfOf[functionOf[frame]] += event.functions['self_' + state.measure][i];
		childrenOf[functionOf[frame]] += event.functions['children_' + state.measure][i];
	});
}

/* ---- words ------------------------------------------------------------------------------- */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const percent = (weight, of = total) => (of ? 100 * weight / of : 0).toFixed(2) + '%';
function weightText(weight) {
	const event = data.events[state.event];
	if (state.measure === 'samples') return grouped.format(weight) + (weight === 1 ? ' sample' : ' samples');
	if (!event.is_time) return grouped.format(weight);
	if (weight >= 1e9) return (weight / 1e9).toFixed(3) + ' s';
	if (weight >= 1e6) return (weight / 1e6).toFixed(3) + ' ms';
	return (weight / 1e3).toFixed(3) + ' us';
}
const KINDS = {
	u: ['user', '#f0a44b'], k: ['kernel', '#74b9ec'], i: ['inlined', '#f8e596'],
	p: ['Python', '#8fc98a'], n: ['unknown', '#b4b4b4'], t: ['thread', '#d8cff0'], r: ['everything', '#dcdcd6'],
	x: ['left out', '#ececec'],
};
/* What text or /expression/ matches; null for nothing asked, false for a bad expression. */
function matcher(text) {
	if (!text) return null;
	if (text.length > 2 && text.startsWith('/') && text.endsWith('/')) {
		try {
			const expression = new RegExp(text.slice(1, -1), 'i');
			return name => expression.test(name);
		} catch { return false; }
	}
	const lower = text.toLowerCase();
	return name => name.toLowerCase().includes(lower);
}

/* ---- boxes: made when somebody looks ------------------------------------------------------ */

/* Box: `items` are nodes, whose kids its kids are ('down') or whose callers ('up', with the weight
 * that each brought). */
function boxOf(parent, frame, weight, more) {
	return { parent, frame, weight, depth: parent ? parent.depth + 1 : 0, kids: null,
		kind: frame >= 0 ? frames[frame][KIND] : 'r', ...more };
}
const nameOf = box => box.frame >= 0 ? frames[box.frame][NAME] : box.name;

function kidsOf(box) {
	if (box.kids) return box.kids;
	if (box.build) return box.kids = box.build(box);
	const groups = new Map();
	const add = (node, weight) => {
		let group = groups.get(frameOf[node]);
		if (!group) groups.set(frameOf[node], group = { items: [], weights: [], weight: 0 });
		group.items.push(node);
		group.weights.push(weight);
		group.weight += weight;
	};
	if (box.up) {
		box.items.forEach((node, i) => {
			let caller = parents[node];
			while (state.fold && caller && frameOf[caller] === box.frame) caller = parents[caller];
			if (caller) add(caller, box.weights[i]);
		});
	} else {
		const open = box.items.slice();
		while (open.length) {
			for (let kid = firstKid[open.pop()]; kid; kid = nextKid[kid]) {
				const weight = box.sums.get ? box.sums.get(kid) : box.sums[kid];
				if (!weight) continue;
				if (state.fold && frameOf[kid] === box.frame) open.push(kid);
				else add(kid, weight);
			}
		}
	}
	box.kids = [...groups].map(([frame, group]) => boxOf(box, frame, group.weight,
		{ up: box.up, sums: box.sums, items: group.items, weights: group.weights }));
	return box.kids.sort((a, b) => b.weight - a.weight || a.frame - b.frame);
}

/* All stacks of some weights, from the root or from where they end. */
function standOn(box, weights) {
	if (!state.invert) {
		box.items = [0];
		box.sums = weights instanceof Map ? sumMap(weights) : whole;
		return box;
	}
	/* The kids are what stacks end in; below them it is callers. */
	box.build = self => {
		const groups = new Map();
		weights.forEach((weight, node) => {
			if (!weight || !node) return;
			if (!groups.has(frameOf[node])) groups.set(frameOf[node], []);
			groups.get(frameOf[node]).push(node);
		});
		const weightOf = node => weights.get ? weights.get(node) : weights[node];
		return [...groups].map(([frame, items]) => {
			const each = items.map(weightOf);
			return boxOf(self, frame, each.reduce((a, b) => a + b, 0), { up: true, items, weights: each });
		}).sort((a, b) => b.weight - a.weight || a.frame - b.frame);
	};
	return box;
}
function sumMap(weights) {
	const sums = new Map();
	weights.forEach((weight, node) => {
		for (; node; node = parents[node]) sums.set(node, (sums.get(node) || 0) + weight);
	});
	return sums;
}

function wholeBox() {
	const event = data.events[state.event];
	const root = boxOf(null, -1, whole[0], { name: event.name });
	if (!state.byThread) return standOn(root, own);
	root.build = () => {
		const threads = new Map();
		event.nodes.forEach((node, i) => {
			const weight = event[state.measure][i], thread = event.threads[i];
			if (!weight) return;
			if (!threads.has(thread)) threads.set(thread, new Map());
			const weights = threads.get(thread);
			weights.set(node, (weights.get(node) || 0) + weight);
		});
		return [...threads].map(([thread, weights]) => {
			let weight = 0;
			weights.forEach(each => { weight += each; });
			return standOn(boxOf(root, -1, weight, { name: threadName(thread), kind: 't' }), weights);
		}).sort((a, b) => b.weight - a.weight);
	};
	return root;
}

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
let shades = new Map(); /* of frames */
function colourOf(box) {
	if (box.frame < 0) return shade(KINDS[box.kind][1], box.name);
	if (shades.has(box.frame)) return shades.get(box.frame);
	let colour = KINDS[box.kind][1];
	if (state.colour === 'object' && box.kind !== 'x')
		colour = colourOfObject.get(data.objects[frames[box.frame][OBJECT]]) || KINDS.n[1];
	colour = shade(colour, nameOf(box));
	shades.set(box.frame, colour);
	return colour;
}
function showLegend() {
	shades = new Map();
	const entry = (colour, text) => {
		const part = make('span'), patch = make('i');
		patch.style.background = colour;
		part.append(patch, make('bdi', text));
		return part;
	};
	if (state.colour === 'kind') {
		const there = new Set(frames.map(frame => frame[KIND]));
		$('legend').replaceChildren(...Object.keys(KINDS).filter(kind => there.has(kind))
			.map(kind => entry(KINDS[kind][1], KINDS[kind][0])));
	} else {
		$('legend').replaceChildren(...[...colourOfObject].map(([object, colour]) => entry(colour, lastPart(object))),
			entry(KINDS.n[1], 'others'));
	}
}

/* ---- a picture of boxes ------------------------------------------------------------------- */

const ROW = 19, LEAST_WIDTH = 0.7, LETTER_FONT = '12px system-ui, sans-serif';
class Graph {
	constructor(host, label, told) {
		this.host = host;
		this.told = told || (() => {});
		this.canvas = make('canvas');
		this.canvas.tabIndex = 0;
		this.canvas.setAttribute('role', 'application');
		this.canvas.setAttribute('aria-label', label);
		this.room = make('div');
		this.room.append(this.canvas);
		host.append(this.room);
		this.atBottom = false;
		this.strips = [];
		host.addEventListener('scroll', () => this.draw());
		this.canvas.addEventListener('mousemove', event => this.point(event));
		this.canvas.addEventListener('mouseleave', () => this.point(null));
		this.canvas.addEventListener('click', event => {
			const box = this.at(event);
			if (box) this.zoomTo(box);
		});
		this.canvas.addEventListener('keydown', event => this.press(event));
		new ResizeObserver(() => { if (host.clientWidth !== this.width) this.layout(); }).observe(host);
	}
	show(root, atBottom) {
		this.root = this.zoom = this.selected = root;
		this.atBottom = atBottom;
		this.layout();
		this.host.scrollTop = atBottom ? this.room.clientHeight : 0;
	}
	zoomTo(box) {
		this.zoom = this.selected = box;
		this.layout();
		this.told(this);
	}
	/* What is wide enough to be seen, as { box, x, width }. */
	layout() {
		if (!this.root || !this.host.clientWidth) return;
		const width = this.width = this.host.clientWidth, strips = [];
		let deepest = 0;
		for (let box = this.zoom.parent; box; box = box.parent) strips.push({ box, x: 0, width });
		strips.reverse();
		const open = [{ box: this.zoom, x: 0, width }];
		while (open.length) {
			const strip = open.pop();
			strips.push(strip);
			deepest = Math.max(deepest, strip.box.depth);
			const scale = strip.width / (strip.box.weight || 1);
			let x = strip.x;
			for (const box of strip.width < LEAST_WIDTH ? [] : kidsOf(strip.box)) {
				if (box.weight * scale < LEAST_WIDTH) break;
				open.push({ box, x, width: box.weight * scale });
				x += box.weight * scale;
			}
		}
		this.strips = strips;
		this.height = Math.max((deepest + 1) * ROW, ROW * 3);
		this.room.style.height = this.height + 'px';
		this.host.dataset.zoom = nameOf(this.zoom);
		this.draw();
	}
	top(box) { return this.atBottom ? this.height - (box.depth + 1) * ROW : box.depth * ROW; }
	draw() {
		if (!this.root || !this.width) return;
		const ratio = window.devicePixelRatio || 1, seen = Math.min(this.height, this.host.clientHeight);
		const canvas = this.canvas, pen = canvas.getContext('2d');
		canvas.width = Math.round(this.width * ratio);
		canvas.height = Math.round(seen * ratio);
		canvas.style.width = this.width + 'px';
		canvas.style.height = seen + 'px';
		pen.scale(ratio, ratio);
		pen.font = LETTER_FONT;
		pen.textBaseline = 'middle';
		pen.direction = 'ltr';
		for (const strip of this.strips) {
			const y = this.top(strip.box) - this.host.scrollTop;
			if (y > -ROW && y < seen) this.drawStrip(pen, strip, y);
		}
	}
	drawStrip(pen, { box, x, width }, y) {
		const name = nameOf(box), matches = state.hit && box.frame >= 0 && state.hit[box.frame];
		const gap = width > 3 ? 1 : 0, faded = box.depth < this.zoom.depth || (state.hit && !matches);
		pen.globalAlpha = faded ? 0.5 : 1;
		pen.fillStyle = matches ? '#d355b5' : colourOf(box);
		pen.fillRect(x, y, width - gap, ROW - 1);
		pen.globalAlpha = 1;
		if (box === this.selected) {
			pen.strokeStyle = getComputedStyle(document.body).color;
			pen.lineWidth = 2;
			pen.strokeRect(x + 1, y + 1, Math.max(width - gap - 2, 1), ROW - 3);
		}
		if (width < 26) return;
		let text = name.length > 300 ? name.slice(0, 300) : name;
		const space = width - 8, wide = pen.measureText(text).width;
		if (wide > space) {
			let letters = Math.floor(text.length * space / wide);
			while (letters > 0 && pen.measureText(text.slice(0, letters) + '\u2026').width > space) letters--;
			text = letters > 0 ? text.slice(0, letters) + '\u2026' : '';
		}
		pen.fillStyle = faded && document.documentElement.dataset.theme === 'dark' ? '#f4f4f4' : '#141414';
		pen.fillText(text, x + 4, y + ROW / 2);
	}
	at(event) {
		const x = event.offsetX, y = event.offsetY + this.host.scrollTop;
		for (const strip of this.strips) {
			const top = this.top(strip.box);
			if (y >= top && y < top + ROW && x >= strip.x && x < strip.x + strip.width) return strip.box;
		}
		return null;
	}
	point(event) {
		const box = event && this.at(event), tip = $('tip');
		tip.hidden = !box;
		if (!box) return;
		tip.replaceChildren(make('b', nameOf(box)), ...factsOf(box).map(fact => make('div', fact)));
		const width = tip.offsetWidth, height = tip.offsetHeight;
		tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8)) + 'px';
		tip.style.top = Math.max(4, event.clientY + 18 + height > innerHeight ? event.clientY - height - 10
			: event.clientY + 18) + 'px';
	}
	select(box) {
		this.selected = box;
		const top = this.top(box);
		if (top < this.host.scrollTop) this.host.scrollTop = top;
		else if (top + ROW > this.host.scrollTop + this.host.clientHeight)
			this.host.scrollTop = top + ROW - this.host.clientHeight;
		this.draw();
		this.told(this);
	}
	press(event) {
		const box = this.selected, shown = new Set(this.strips.map(strip => strip.box));
		const beside = step => {
			const kids = box.parent ? kidsOf(box.parent).filter(kid => shown.has(kid)) : [];
			return kids[kids.indexOf(box) + step];
		};
		const moves = {
			ArrowLeft: () => beside(-1), ArrowRight: () => beside(1), ArrowIn: () => kidsOf(box)[0],
			ArrowOut: () => box.parent, Home: () => this.root,
		};
		const key = { ArrowUp: this.atBottom ? 'ArrowIn' : 'ArrowOut',
			ArrowDown: this.atBottom ? 'ArrowOut' : 'ArrowIn' }[event.key] || event.key;
		if (event.ctrlKey || event.altKey || event.metaKey) return;
		if (moves[key]) {
			const next = moves[key]();
			if (next && shown.has(next)) this.select(next);
		} else if (key === 'Enter' || key === ' ') {
			this.zoomTo(box);
		} else if (key === 'Escape' || key === 'Backspace') {
			this.zoomTo(key === 'Escape' ? this.root : this.zoom.parent || this.root);
		} else if (key === 's' && box.frame >= 0) {
			choose(functionOf[box.frame], true);
		} else {
			return;
		}
		event.preventDefault();
	}
}

function factsOf(box) {
	const facts = [`${weightText(box.weight)}, ${percent(box.weight)} of ${data.events[state.event].name}`];
	if (!box.up && box.kind !== 'r' && box.kind !== 't') {
		const self = Math.max(0, box.weight - kidsOf(box).reduce((sum, kid) => sum + kid.weight, 0));
		facts.push(`of that itself: ${weightText(self)}, ${percent(self)}`);
	}
	if (box.frame < 0 || box.kind === 'x') return facts;
	const frame = frames[box.frame], file = data.files[frame[FILE]];
	facts.push(`${KINDS[box.kind][0]}, ${data.objects[frame[OBJECT]]}`);
	if (file) facts.push(frame[LINE] ? `${file}:${frame[LINE]}` : file);
	return facts;
}

const mainGraph = new Graph($('stacks'), 'Stacks', graph => {
	const box = graph.selected;
	$('status').textContent = [nameOf(box), ...factsOf(box)].join(' \u00b7 ');
	$('reset').disabled = graph.zoom === graph.root;
	$('about').disabled = box.frame < 0 || box.kind === 'x';
});
const callers = new Graph($('callers'), 'Callers'), callees = new Graph($('callees'), 'Callees');

/* ---- callers and callees of one function --------------------------------------------------- */

function choose(f, scroll) {
	state.chosen = f;
	$('sandwich').hidden = f < 0;
	showRows();
	if (f < 0) return;
	const items = [], chosen = functions[f];
	walk((node, at, outermost) => {
		if (at === f && outermost && whole[node]) items.push(node);
	});
	const weights = items.map(node => whole[node]), drawn = weights.reduce((a, b) => a + b, 0);
	$('chosen').textContent = chosen.name;
	$('chosen-figures').textContent = `${chosen.object}: itself ${weightText(selfOf[f])} (${percent(selfOf[f])}), ` +
		`with what it called ${weightText(childrenOf[f])} (${percent(childrenOf[f])})` +
		(drawn < childrenOf[f] ? `; ${percent(childrenOf[f] - drawn, childrenOf[f])} of that is in stacks that are left out` : '');
	const box = up => boxOf(null, chosen.frame, childrenOf[f], { up, items, weights, sums: whole });
	callers.show(box(true), true);
	callees.show(box(false), false);
	if (scroll) $('sandwich').scrollIntoView({ block: 'start' });
}

/* ---- the table ----------------------------------------------------------------------------- */

const COLUMNS = [
	['Self', 'number', f => selfOf[f.id], (f, cell) => {
		const share = make('span', '', 'share');
		share.style.width = (total ? 60 * selfOf[f.id] / total : 0) + 'px';
		cell.append(share, percent(selfOf[f.id]));
	}],
	['Self weight', 'number', f => selfOf[f.id], (f, cell) => cell.append(weightText(selfOf[f.id]))],
	['Children', 'number', f => childrenOf[f.id], (f, cell) => cell.append(percent(childrenOf[f.id]))],
	['Children weight', 'number', f => childrenOf[f.id], (f, cell) => cell.append(weightText(childrenOf[f.id]))],
	['Function', 'name', f => f.name, (f, cell) => {
		const button = make('button', f.name, 'name');
		button.type = 'button';
		button.addEventListener('click', () => choose(f.id, true));
		cell.append(button);
	}],
	['Module', 'name', f => f.object, (f, cell) => { cell.append(lastPart(f.object)); cell.title = f.object; }],
];
const FEW = 50;
let order = { column: 0, falling: true }, limit = FEW;

function makeHead() {
	$('table').tHead.rows[0].append(...COLUMNS.map(([title, className], column) => {
		const head = make('th', undefined, className === 'number' ? 'number' : ''), button = make('button', title);
		head.scope = 'col';
		button.type = 'button';
		button.addEventListener('click', () => {
			order = { column, falling: order.column === column ? !order.falling : className === 'number' };
			showRows();
		});
		head.append(button);
		return head;
	}));
}

function showRows() {
	const matches = matcher($('filter').value), [, , key] = COLUMNS[order.column];
	const rows = functions.filter(f => childrenOf[f.id] > 0 &&
		(!matches || matches(f.name) || matches(f.object)));
	const sign = order.falling ? -1 : 1;
	rows.sort((a, b) => {
		const x = key(a), y = key(b);
		return x < y ? -sign : x > y ? sign : childrenOf[b.id] - childrenOf[a.id] || a.id - b.id;
	});
	$('table').tBodies[0].replaceChildren(...rows.slice(0, limit).map(f => {
		const row = make('tr', undefined, f.id === state.chosen ? 'chosen' : '');
		for (const [, className, , fill] of COLUMNS) {
			const cell = make('td', undefined, className);
			fill(f, cell);
			row.append(cell);
		}
		return row;
	}));
	[...$('table').tHead.rows[0].cells].forEach((head, column) => {
		const mine = column === order.column;
		head.setAttribute('aria-sort', mine ? order.falling ? 'descending' : 'ascending' : 'none');
		head.firstChild.textContent = COLUMNS[column][0] + (mine ? order.falling ? ' \u25be' : ' \u25b4' : '');
	});
	const all = data.events[state.event].functions.all;
	const self = rows.reduce((sum, f) => sum + selfOf[f.id], 0);
	$('shown').textContent = matches === false ? 'not a regular expression'
		: `${grouped.format(rows.length)} of ${grouped.format(all)} functions, ${percent(self)} self`;
	$('more').hidden = rows.length <= limit;
}

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
function redraw() { for (const graph of [mainGraph, callers, callees]) graph.draw(); }
function showLeftOut() {
	const out = data.left_out;
	$('left-out').hidden = !out.stacks;
	$('left-out').textContent = `To keep this page small, ${grouped.format(out.stacks)} stacks are left out, each below ` +
		`${(100 * out.below).toPrecision(2)}% of every event; boxes named [left out: small] stand for them ` +
		`(${percent(left)} of ${data.events[state.event].name}).`;
}
function showEvent() {
	weigh();
	showLeftOut();
	rankObjects();
	showLegend();
	showMatched();
	showStacks();
	choose(state.chosen);
}

function showSummary() {
	const fact = name => (data.facts.find(each => each[0] === name) || [])[1];
	$('title').textContent = fact('Recording') || '';
	document.title = `evprof: ${fact('Command') || fact('Recording') || ''}`;
	const events = data.events.map(event => !event.total_samples ? event.name :
		`${event.name}: ${grouped.format(event.total_samples)} ${event.total_samples === 1 ? 'sample' : 'samples'}`);
	for (const [name, text] of [...data.facts.filter(each => each[0] !== 'Recording'), ['Events', events.join(', ')]]) {
		const pair = make('div');
		pair.append(make('dt', name), make('dd', text));
		$('facts').append(pair);
	}
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
}
const THEMES = ['system', 'light', 'dark'];
let theme = 0;
$('theme').addEventListener('click', () => showTheme(THEMES[theme = (theme + 1) % THEMES.length]));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => showTheme(THEMES[theme]));

const on = (id, type, act) => $(id).addEventListener(type, act);
on('event', 'change', () => { state.event = Number($('event').value); showEvent(); });
on('measure', 'change', () => { state.measure = $('measure').value; showEvent(); });
on('side', 'change', showStacks);
on('colour', 'change', () => { state.colour = $('colour').value; showLegend(); redraw(); });
on('invert', 'change', () => { state.invert = $('invert').checked; showStacks(); });
on('by-thread', 'change', () => { state.byThread = $('by-thread').checked; showStacks(); });
on('fold', 'change', () => { state.fold = $('fold').checked; showStacks(); choose(state.chosen); });
on('search', 'input', () => { showMatched(); redraw(); });
on('filter', 'input', () => { limit = FEW; showRows(); });
on('more', 'click', () => { limit += 5 * FEW; showRows(); });
on('reset', 'click', () => mainGraph.zoomTo(mainGraph.root));
on('about', 'click', () => choose(functionOf[mainGraph.selected.frame], true));
on('close', 'click', () => choose(-1));
document.addEventListener('keydown', event => {
	if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
	if (event.key === '/') $('search').focus();
	else if (event.key === 'i') $('invert').click();
	else return;
	event.preventDefault();
});

makeHead();
showSummary();
showTheme('system');
showEvent();
})();
