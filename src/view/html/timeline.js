/* ---- activity of threads over time ---------------------------------------------------------- */

const HEAT_ROW = 17, HEAT_ROWS = 24, HEAT_NAMES = 170, HEAT_AXIS = 20, HEAT_WIDEST = 1024;
/* Light to dark, and dark to light: one hue after another, each step of another lightness. */
const HEAT = { light: ['#dbe9f6', '#9ecae1', '#5aa3cf', '#2171b5', '#08306b'],
	dark: ['#1d2b4a', '#2f5d8c', '#3f9aa8', '#86cf7c', '#f6e75a'] };

class Timeline {
	constructor(host) {
		this.host = host;
		this.cells = null;
		if (!time) return;
		this.canvas = make('canvas');
		this.canvas.tabIndex = 0;
		this.canvas.setAttribute('role', 'application');
		this.canvas.setAttribute('aria-label', 'Activity over time: arrows move the range, with Shift they change its end');
		host.append(this.canvas);
		this.canvas.addEventListener('pointerdown', event => this.begin(event));
		this.canvas.addEventListener('pointermove', event => this.move(event));
		this.canvas.addEventListener('pointerup', event => this.end(event));
		this.canvas.addEventListener('pointercancel', () => { this.from = undefined; this.draw(); });
		this.canvas.addEventListener('pointerleave', () => { $('tip').hidden = true; });
		this.canvas.addEventListener('keydown', event => this.press(event));
		new ResizeObserver(() => { if (host.clientWidth !== this.width && !this.onPaper) this.layout(); }).observe(host);
	}
	print(onPaper) {
		this.onPaper = onPaper;
		this.picture = null;
		if (this.paper) this.paper.remove();
		if (!onPaper || !time || !this.rows) return this.draw();
		const width = this.width = PAPER_WIDTH, height = this.rows.length * this.rowHeight + HEAT_AXIS;
		const pen = new PaperPen(width, height);
		this.paper = pen.svg;
		this.drawAll(pen, width, height);
		this.drawRange(pen, width, height);
		this.host.append(this.paper);
	}
	/* Columns as wide as the data is dense: a grid of single samples shows nothing. Ranges are of all threads, rows of one. */
	choose(event) {
		this.of = event.heat || event;
		const grain = event.heat ? time.heat_grain : time.grain, each = new Float64Array(data.threads.length);
		const { samples, threads } = this.of;
		for (let i = 0; i < samples.length; i++) each[threads[i]] += samples[i];
		const stepFor = (count, from) => {
			let step = from;
			while (time.columns / step > HEAT_WIDEST || (time.columns / step > 64 && count * step / time.columns < 6)) step *= 2;
			return step;
		};
		this.snap = Math.max(stepFor(event.total_samples, grain), time.grain);
		const step = this.step = stepFor(each.reduce((a, b) => Math.max(a, b), 0), grain);
		this.columns = Math.ceil(time.columns / step);
		this.scale = grain / step;
	}
	/* Weights of the heaviest threads in every column; the others are one row. */
	layout() {
		if (!time || !this.host.clientWidth || !data.events[state.event].times) return;
		const event = data.events[state.event], sums = new Float64Array(data.threads.length);
		this.choose(event);
		const weights = this.of[state.measure], { threads, times } = this.of;
		for (let i = 0; i < weights.length; i++) sums[threads[i]] += weights[i];
		const ranked = [...sums].map((weight, thread) => [thread, weight]).filter(each => each[1]).sort((a, b) => b[1] - a[1]);
		const shown = ranked.slice(0, ranked.length > HEAT_ROWS ? HEAT_ROWS - 1 : HEAT_ROWS);
		this.rows = shown.map(([thread, weight]) => ({ name: threadName(thread), weight }));
		const rowOf = new Int32Array(data.threads.length).fill(shown.length);
		shown.forEach(([thread], i) => { rowOf[thread] = i; });
		if (ranked.length > shown.length)
			this.rows.push({ name: `${ranked.length - shown.length} others`,
				weight: ranked.slice(shown.length).reduce((sum, [, weight]) => sum + weight, 0) });
		for (const row of this.rows) row.cells = new Float64Array(this.columns);
		const cells = this.rows.map(row => row.cells);
		for (let i = 0; i < weights.length; i++)
			if (weights[i]) cells[rowOf[threads[i]]][Math.floor(times[i] * this.scale)] += weights[i];
		this.greatest = this.rows.reduce((most, row) => row.cells.reduce((a, b) => Math.max(a, b), most), 0);
		this.rowHeight = this.rows.length < 3 ? 2 * HEAT_ROW : HEAT_ROW;
		this.picture = null;
		this.draw();
		this.tell();
	}
	x(column) { return this.names + (this.width - this.names) * column / time.columns; }
	columnAt(event) {
		const column = (event.offsetX - this.names) / (this.width - this.names) * time.columns;
		return Math.max(0, Math.min(time.columns, column));
	}
	/* What the range does not change is painted once. */
	paint(width, height, ratio, theme) {
		const picture = make('canvas'), pen = picture.getContext('2d');
		picture.width = Math.round(width * ratio);
		picture.height = Math.round(height * ratio);
		this.picture = picture;
		this.painted = [width, ratio, theme];
		pen.scale(ratio, ratio);
		pen.font = LETTER_FONT;
		pen.textBaseline = 'middle';
		pen.direction = 'ltr';
		this.drawAll(pen, width, height);
	}
	drawAll(pen, width, height) {
		this.names = Math.min(HEAT_NAMES, width / 4);
		this.ink = getComputedStyle(document.body).color;
		this.rows.forEach((row, i) => this.drawRow(pen, row, i * this.rowHeight));
		this.drawAxis(pen, height);
	}
	draw() {
		if (!time || !this.rows || !this.host.clientWidth || this.onPaper) return;
		const width = this.width = this.host.clientWidth, height = this.rows.length * this.rowHeight + HEAT_AXIS;
		const ratio = window.devicePixelRatio || 1, { theme } = document.documentElement.dataset;
		if (!this.picture || String(this.painted) !== String([width, ratio, theme])) this.paint(width, height, ratio, theme);
		const { canvas, picture } = this, pen = canvas.getContext('2d');
		canvas.width = picture.width;
		canvas.height = picture.height;
		canvas.style.width = width + 'px';
		canvas.style.height = height + 'px';
		pen.drawImage(picture, 0, 0);
		pen.scale(ratio, ratio);
		this.drawRange(pen, width, height);
	}
	drawRange(pen, width, height) {
		const range = this.dragged || state.range;
		if (!range) return;
		pen.globalAlpha = 0.6;
		pen.fillStyle = getComputedStyle(document.body).backgroundColor;
		pen.fillRect(this.names, 0, this.x(range[0]) - this.names, height - HEAT_AXIS);
		pen.fillRect(this.x(range[1]), 0, width - this.x(range[1]), height - HEAT_AXIS);
		pen.globalAlpha = 1;
		pen.strokeStyle = this.ink;
		pen.lineWidth = 2;
		pen.strokeRect(this.x(range[0]), 1, Math.max(2, this.x(range[1]) - this.x(range[0])), height - HEAT_AXIS - 2);
	}
	drawRow(pen, row, y) {
		const ramp = HEAT[document.documentElement.dataset.theme] || HEAT.light;
		pen.fillStyle = this.ink;
		pen.fillText(fitted(pen, row.name, this.names - 8), 2, y + this.rowHeight / 2);
		/* Roots, so that a little shows as well. */
		const shadeOf = weight => weight ? Math.min(ramp.length - 1, Math.floor(Math.sqrt(weight / this.greatest) * ramp.length)) : -1;
		for (let column = 0, end; column < this.columns; column = end) {
			const shade = shadeOf(row.cells[column]);
			for (end = column + 1; end < this.columns && shadeOf(row.cells[end]) === shade;) end++;
			if (shade < 0) continue;
			const x = this.x(column * this.step), next = this.x(end * this.step);
			pen.fillStyle = ramp[shade];
			pen.fillRect(x, y, Math.max(next - x, 0.8), this.rowHeight - 1);
		}
	}
	drawAxis(pen, height) {
		const all = time.columns * time.column_s, room = (this.width - this.names) / 90;
		let step = 10 ** Math.floor(Math.log10(all / room));
		for (const times of [1, 2, 5, 10]) if (all / (step * times) <= room) { step *= times; break; }
		pen.fillStyle = this.ink;
		for (let at = 0; at <= all; at += step) {
			const x = this.x(at / time.column_s), text = parseFloat(at.toPrecision(6)) + ' s';
			pen.fillRect(x, height - HEAT_AXIS, 1, 4);
			if (x + pen.measureText(text).width < this.width) pen.fillText(text, x + 3, height - HEAT_AXIS / 2 + 2);
		}
	}
	snapped(one, other) {
		const from = Math.floor(Math.min(one, other) / this.snap) * this.snap;
		const to = Math.ceil(Math.max(one, other) / this.snap) * this.snap;
		return [Math.max(0, from), Math.min(time.columns, Math.max(to, from + this.snap))];
	}
	begin(event) {
		if (event.button) return;
		this.from = this.columnAt(event);
		this.start = event.offsetX;
		try { this.canvas.setPointerCapture(event.pointerId); } catch { /* of a pointer that is gone */ }
	}
	move(event) {
		if (this.from !== undefined && Math.abs(event.offsetX - this.start) > 2) {
			this.dragged = this.snapped(this.from, this.columnAt(event));
			this.draw();
			return;
		}
		this.point(event);
	}
	end(event) {
		if (this.from === undefined) return;
		const dragged = this.dragged && this.snapped(this.from, this.columnAt(event));
		this.from = this.dragged = undefined;
		/* A click alone shows everything again. */
		this.set(dragged || null);
	}
	point(event) {
		const row = this.rows[Math.floor(event.offsetY / this.rowHeight)], tip = $('tip');
		tip.hidden = !row || event.offsetX < this.names;
		if (tip.hidden) return;
		const column = Math.min(this.columns - 1, Math.floor(this.columnAt(event) / this.step));
		tip.replaceChildren(make('b', row.name), make('div', [column, column + 1].map(at => seconds(at * this.step, this.step * time.column_s)).join(' to ') + ' s'),
			make('div', weightText(row.cells[column])), make('div', `in all: ${weightText(row.weight)}`));
		tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
		tip.style.top = event.clientY + 18 + 'px';
	}
	set(range) {
		if (range && range[0] <= 0 && range[1] >= time.columns) range = null;
		const same = String(range) === String(state.range);
		state.range = range;
		this.draw();
		this.tell();
		if (!same) showViews();
	}
	tell() {
		const range = state.range || [0, time.columns];
		const at = column => seconds(column, this.snap * time.column_s);
		$('from').value = at(range[0]);
		$('to').value = at(range[1]);
		$('all-time').disabled = !state.range;
		$('range').textContent = state.range ? `Everything below is of ${at(range[0])} s to ${at(range[1])} s` : '';
		$('grain').textContent = `In steps of ${(1000 * time.column_s * this.snap).toPrecision(3)} ms` +
			(time.grain > this.step ? ', so many that this page stays small.' : '.') +
			(data.events[state.event].waits ? ' A wait stands where it ended.' : '');
	}
	press(event) {
		if (event.ctrlKey || event.altKey || event.metaKey) return;
		const step = this.snap, [from, to] = state.range || [0, 0], length = to - from;
		const by = { ArrowLeft: -step, ArrowRight: step, PageUp: -8 * step, PageDown: 8 * step }[event.key];
		if (event.key === 'Escape') this.set(null);
		else if (event.key === 'Home') this.set([0, length || step]);
		else if (event.key === 'End') this.set([time.columns - (length || step), time.columns]);
		else if (by && !state.range) this.set(by > 0 ? [0, step] : [time.columns - step, time.columns]);
		else if (by && event.shiftKey) this.set([from, Math.max(from + step, Math.min(time.columns, to + by))]);
		else if (by) {
			const at = Math.max(0, Math.min(time.columns - length, from + by));
			this.set([at, at + length]);
		} else return;
		event.preventDefault();
	}
	/* As typed. */
	enter() {
		const from = parseFloat($('from').value) / time.column_s, to = parseFloat($('to').value) / time.column_s;
		if (from >= 0 && to > from) this.set(this.snapped(Math.min(from + 1e-6, time.columns - 1), Math.min(to - 1e-6, time.columns)));
		else this.tell();
	}
}
const timeline = new Timeline($('heat'));
$('timeline').hidden = isDiff;
$('heat-bar').hidden = $('heat-keys').hidden = !time;
$('timeless').hidden = Boolean(time);
$('timeless').textContent = data.time && data.time.why ? `No timeline: ${data.time.why}.` : '';
