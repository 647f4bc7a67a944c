/* ---- a picture of boxes ------------------------------------------------------------------- */

const PAPER_WIDTH = 1000 /* what is printed is drawn as wide, whatever the window is */, SLICE = 10 /* rows */;
const ROW = 19, LEAST_WIDTH = 0.7, LEAST_NAMED = 26 /* wide */, LETTER_FONT = '12px system-ui, sans-serif';
/* As much of a text as fits, by the widths of its letters, each of which is measured once. */
const letterWidths = new Map();
function fitted(pen, text, space) {
	const widthOf = letter => {
		if (!letterWidths.has(letter)) letterWidths.set(letter, pen.measureText(letter).width);
		return letterWidths.get(letter);
	};
	const dots = widthOf('\u2026');
	let wide = 0, length = 0, kept = 0;
	for (const letter of text) {
		wide += widthOf(letter);
		if (wide > space) return kept ? text.slice(0, kept) + '\u2026' : '';
		length += letter.length;
		if (wide + dots <= space) kept = length;
	}
	return text;
}
/* Paper: what a canvas' pen would draw becomes shapes, as sharp as the printer is. */
class PaperPen {
	constructor(width, height) {
		this.svg = this.add('svg', { viewBox: `0 0 ${width} ${height}` });
		this.globalAlpha = 1;
		this.fillStyle = this.strokeStyle = '#000';
		this.measure = make('canvas').getContext('2d');
		this.measure.font = LETTER_FONT;
	}
	add(tag, values) {
		const shape = document.createElementNS('http://www.w3.org/2000/svg', tag);
		for (const name in values) shape.setAttribute(name, values[name]);
		if (this.svg) this.svg.append(shape);
		return shape;
	}
	rect(x, y, width, height, more) {
		this.add('rect', { x, y, width: Math.max(width, 0), height: Math.max(height, 0), opacity: this.globalAlpha, ...more });
	}
	fillRect(x, y, width, height) { this.rect(x, y, width, height, { fill: this.fillStyle }); }
	strokeRect(x, y, width, height) {
		this.rect(x, y, width, height, { fill: 'none', stroke: this.strokeStyle, 'stroke-width': this.lineWidth });
	}
	fillText(text, x, y) {
		this.add('text', { x, y, fill: this.fillStyle, 'dominant-baseline': 'central' }).textContent = text;
	}
	measureText(text) { return this.measure.measureText(text); }
}

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
		host.addEventListener('scroll', () => { if (host.scrollTop !== this.drawnFrom) this.draw(); });
		this.canvas.addEventListener('mousemove', event => this.point(event));
		this.canvas.addEventListener('mouseleave', () => this.point(null));
		this.canvas.addEventListener('click', event => {
			const box = this.at(event);
			if (box) this.zoomTo(box);
		});
		this.canvas.addEventListener('keydown', event => this.press(event));
		new ResizeObserver(() => { if (host.clientWidth !== this.width && !this.onPaper) this.layout(); }).observe(host);
	}
	show(root, atBottom) {
		this.root = this.zoom = this.selected = root;
		this.atBottom = atBottom;
		this.layout(true);
	}
	zoomTo(box) {
		this.zoom = this.selected = box;
		this.layout();
		this.told(this);
	}
	/* What is wide enough to be seen, as { box, x, width }. */
	layout(toRoot) {
		if (!this.root || !this.host.clientWidth) return;
		const width = this.width = this.onPaper ? PAPER_WIDTH : this.host.clientWidth, strips = [];
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
		if (toRoot) this.host.scrollTop = this.atBottom ? this.height : 0;
		if (!this.onPaper) this.draw();
	}
	/* For paper everything is drawn, in slices that pages end between; null ends it. */
	print(onPaper) {
		this.onPaper = onPaper;
		for (const slice of this.slices || []) slice.remove();
		this.slices = [];
		this.layout();
		for (let from = 0; onPaper && this.width && from < this.height; from += SLICE * ROW) {
			const seen = Math.min(SLICE * ROW, this.height - from), pen = new PaperPen(this.width, seen);
			this.drawWith(pen, from, seen);
			this.slices.push(pen.svg);
		}
		this.host.append(...this.slices);
	}
	top(box) { return this.atBottom ? this.height - (box.depth + 1) * ROW : box.depth * ROW; }
	draw() {
		if (!this.root || !this.width) return;
		const from = this.drawnFrom = this.host.scrollTop;
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
		this.drawWith(pen, from, seen);
	}
	drawWith(pen, from, seen) {
		const named = [], gap = this.onPaper ? 1.6 : 1;
		let colour;
		for (const strip of this.strips) {
			const { box, x, width } = strip, y = this.top(box) - from;
			if (y <= -ROW || y >= seen) continue;
			const matches = state.hit && box.frame >= 0 && state.hit[box.frame];
			const faded = box.depth < this.zoom.depth || Boolean(state.hit && !matches);
			const wanted = matches ? '#d355b5' : colourOf(box);
			if (wanted !== colour) pen.fillStyle = colour = wanted;
			pen.globalAlpha = faded ? 0.5 : 1;
			pen.fillRect(x, y, width > 3 ? width - gap : width, ROW - gap);
			if (width >= LEAST_NAMED || box === this.selected) named.push({ strip, y, faded });
		}
		pen.globalAlpha = 1;
		for (const { strip, y, faded } of named) this.drawName(pen, strip, y, faded);
	}
	drawName(pen, { box, x, width }, y, faded) {
		if (box === this.selected && !this.onPaper) {
			pen.strokeStyle = getComputedStyle(document.body).color;
			pen.lineWidth = 2;
			pen.strokeRect(x + 1, y + 1, Math.max((width > 3 ? width - 1 : width) - 2, 1), ROW - 3);
		}
		if (width < LEAST_NAMED) return;
		pen.fillStyle = faded && document.documentElement.dataset.theme === 'dark' ? '#f4f4f4' : '#141414';
		const mark = markOf(box), name = nameOf(box), whole = fitted(pen, mark + name, width - 8);
		/* Where there is no room for "+ new name", "+ name" tells more. */
		pen.fillText(whole === mark + name ? whole : fitted(pen, mark.slice(0, 2) + name, width - 8), x + 4, y + ROW / 2);
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

/* Of a difference: what says without colours how a box changed. */
function markOf(box) {
	if (!isDiff) return '';
	return box.mark = box.mark || changeText(partOf(box, older), partOf(box, newer))[0] + ' ';
}
function factsOf(box) {
	const name = data.events[state.event].name;
	const facts = [isDiff ? `${changeText(partOf(box, older), partOf(box, newer))[1]} of ${name}`
		: `${weightText(box.weight)}, ${percent(box.weight)} of ${name}`];
	if (!isDiff && !box.up && box.kind !== 'r' && box.kind !== 't') {
		const self = Math.max(0, box.weight - kidsOf(box).reduce((sum, kid) => sum + kid.weight, 0));
		facts.push(`of that itself: ${weightText(self)}, ${percent(self)}`);
	}
	if (box.frame < 0 || box.kind === 'x') return facts;
	const frame = frames[box.frame], file = data.files[frame[FILE]];
	facts.push(`${KINDS[box.kind][0]}, ${data.objects[frame[OBJECT]]}`);
	if (file) facts.push(frame[LINE] ? `${file}:${frame[LINE]}` : file);
	return facts;
}

