/* ---- the table ----------------------------------------------------------------------------- */

/* Cells are filled again and again, each with another row's: what is there stays, and only what differs is laid out anew. */
const say = (cell, text) => {
	if (!cell.lastChild) cell.append(text);
	else if (cell.lastChild.data !== text) cell.lastChild.data = text;
};
const shareCell = (weight, cell) => {
	if (!cell.firstChild) cell.append(make('span', '', 'share'), '');
	cell.firstChild.style.width = (total ? Math.round(60 * weight / total) : 0) + 'px';
	say(cell, percent(weight));
};
const changeOf = f => newer.selfOf[f.id] / (newer.total || 1) - older.selfOf[f.id] / (older.total || 1);
const verdicts = new Map(data.diff ? data.diff.verdicts.map(([frame, event, standsOut]) =>
	[functionOf[frame] + ' ' + event, standsOut]) : []);
const verdictOf = f => verdicts.get(f.id + ' ' + data.events[state.event].index);
const NAME_COLUMNS = [
	['Function', 'name', f => f.name, (f, cell) => {
		if (!cell.firstChild) {
			const button = make('button', undefined, 'name');
			button.type = 'button';
			button.addEventListener('click', () => choose(button.f, true));
			cell.append(button);
		}
		cell.firstChild.f = f.id;
		say(cell.firstChild, f.name);
	}],
	['Module', 'name', f => f.object, (f, cell) => {
		say(cell, lastPart(f.object));
		if (cell.title !== f.object) cell.title = f.object;
	}],
];
const COLUMNS = isDiff ? [
	['Old self', 'number', f => older.selfOf[f.id], (f, cell) => say(cell, percent(older.selfOf[f.id], older.total))],
	['New self', 'number', f => newer.selfOf[f.id], (f, cell) => say(cell, percent(newer.selfOf[f.id], newer.total))],
	['Change, points', 'number', f => Math.abs(changeOf(f)), (f, cell) => {
		say(cell, signed(100 * changeOf(f), 2));
		cell.className = changeOf(f) > 0 ? 'number more' : 'number less';
	}],
	['By chance', '', f => verdictOf(f) ? 1 : 0, (f, cell) => {
		say(cell, verdictOf(f) === undefined ? '' : verdictOf(f) ? 'more than chance' : '~ within chance');
	}],
	...NAME_COLUMNS,
] : [
	['Self', 'number', f => selfOf[f.id], (f, cell) => shareCell(selfOf[f.id], cell)],
	['Self weight', 'number', f => selfOf[f.id], (f, cell) => say(cell, weightText(selfOf[f.id]))],
	['Children', 'number', f => childrenOf[f.id], (f, cell) => say(cell, percent(childrenOf[f.id]))],
	['Children weight', 'number', f => childrenOf[f.id], (f, cell) => say(cell, weightText(childrenOf[f.id]))],
	...NAME_COLUMNS,
];
/* A table that is sorted by a click on a column's head and filtered: rows() gives all that pass. */
class Table {
	constructor(id, columns, column, rowsOf, more) {
		Object.assign(this, { table: $(id), columns, rowsOf, order: { column, falling: true }, limit: Infinity,
			also: () => 0, isChosen: () => false, told: () => {}, ...more });
		this.table.tHead.rows[0].append(...columns.map(([title, className], at) => {
			const head = make('th', undefined, className === 'number' ? 'number' : ''), button = make('button', title);
			head.scope = 'col';
			button.type = 'button';
			button.addEventListener('click', () => {
				const falling = this.order.column === at ? !this.order.falling : className === 'number';
				this.order = { column: at, falling };
				this.show();
			});
			head.append(button);
			return head;
		}));
	}
	newRow(body) {
		const row = body.insertRow();
		for (const [, className] of this.columns) row.insertCell().className = className;
		return row;
	}
	/* Where nobody looks at it, it waits until what is looked at is drawn: its rows take longer than all else. */
	showSoon() {
		const { top, bottom } = this.table.getBoundingClientRect();
		if (top < innerHeight && bottom > 0) return this.show();
		cancelAnimationFrame(this.frame);
		this.frame = requestAnimationFrame(() => { this.timer = setTimeout(() => this.show()); });
	}
	/* What waits is shown now. */
	settle() { if (this.frame) this.show(); }
	/* Rows of equal keys go by `also`, falling. */
	show() {
		cancelAnimationFrame(this.frame);
		clearTimeout(this.timer);
		this.frame = 0;
		const { limit, also, isChosen } = this, rows = this.rowsOf();
		const [, , key] = this.columns[this.order.column], sign = this.order.falling ? -1 : 1;
		rows.sort((a, b) => {
			const x = key(a), y = key(b);
			return x < y ? -sign : x > y ? sign : also(b) - also(a) || a.id - b.id;
		});
		const body = this.table.tBodies[0], shown = Math.min(rows.length, limit);
		while (body.rows.length > shown) body.deleteRow(-1);
		for (let at = 0; at < shown; at++) {
			const row = body.rows[at] || this.newRow(body), chosen = isChosen(rows[at]) ? 'chosen' : '';
			if (row.className !== chosen) row.className = chosen;
			this.columns.forEach(([, , , fill], column) => fill(rows[at], row.cells[column]));
		}
		[...this.table.tHead.rows[0].cells].forEach((head, column) => {
			const mine = column === this.order.column;
			head.setAttribute('aria-sort', mine ? this.order.falling ? 'descending' : 'ascending' : 'none');
			say(head.firstChild, this.columns[column][0] + (mine ? this.order.falling ? ' \u25be' : ' \u25b4' : ''));
		});
		this.told(rows);
	}
}

const FEW = 50;
const functionTable = new Table('table', COLUMNS, isDiff ? 2 : 0, () => {
	const matches = matcher($('filter').value);
	return functions.filter(f => (childrenOf[f.id] > 0 || isDiff && (older.childrenOf[f.id] || newer.childrenOf[f.id])) &&
		(!matches || matches(f.name) || matches(f.object)));
}, {
	limit: FEW,
	also: f => childrenOf[f.id],
	isChosen: f => f.id === state.chosen,
	told: rows => {
		const event = data.events[state.event];
		const all = state.range ? rows.length : Math.max(event.functions.all, event.old ? event.old.functions.all : 0, rows.length);
		const self = rows.reduce((sum, f) => sum + selfOf[f.id], 0);
		$('shown').textContent = matcher($('filter').value) === false ? 'not a regular expression'
			: `${grouped.format(rows.length)} of ${counted(all, 'function')}, ${percent(self)} self`;
		$('more').hidden = rows.length <= functionTable.limit;
		$('functions-of').textContent = rows.length > functionTable.limit || rows.length < all
			? ` (${grouped.format(Math.min(rows.length, functionTable.limit))} of ${grouped.format(all)})` : '';
	},
});
const showRows = soon => soon ? functionTable.showSoon() : functionTable.show();
