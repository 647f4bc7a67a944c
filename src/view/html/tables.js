/* ---- the table ----------------------------------------------------------------------------- */

const shareCell = (weight, cell) => {
	const share = make('span', '', 'share');
	share.style.width = (total ? 60 * weight / total : 0) + 'px';
	cell.append(share, percent(weight));
};
const changeOf = f => newer.selfOf[f.id] / (newer.total || 1) - older.selfOf[f.id] / (older.total || 1);
const verdicts = new Map(data.diff ? data.diff.verdicts.map(([frame, event, standsOut]) =>
	[functionOf[frame] + ' ' + event, standsOut]) : []);
const verdictOf = f => verdicts.get(f.id + ' ' + data.events[state.event].index);
const NAME_COLUMNS = [
	['Function', 'name', f => f.name, (f, cell) => {
		const button = make('button', f.name, 'name');
		button.type = 'button';
		button.addEventListener('click', () => choose(f.id, true));
		cell.append(button);
	}],
	['Module', 'name', f => f.object, (f, cell) => { cell.append(lastPart(f.object)); cell.title = f.object; }],
];
const COLUMNS = isDiff ? [
	['Old self', 'number', f => older.selfOf[f.id], (f, cell) => cell.append(percent(older.selfOf[f.id], older.total))],
	['New self', 'number', f => newer.selfOf[f.id], (f, cell) => cell.append(percent(newer.selfOf[f.id], newer.total))],
	['Change, points', 'number', f => Math.abs(changeOf(f)), (f, cell) => {
		cell.append(signed(100 * changeOf(f), 2));
		cell.className += changeOf(f) > 0 ? ' more' : ' less';
	}],
	['By chance', '', f => verdictOf(f) ? 1 : 0, (f, cell) => {
		cell.append(verdictOf(f) === undefined ? '' : verdictOf(f) ? 'more than chance' : '~ within chance');
	}],
	...NAME_COLUMNS,
] : [
	['Self', 'number', f => selfOf[f.id], (f, cell) => shareCell(selfOf[f.id], cell)],
	['Self weight', 'number', f => selfOf[f.id], (f, cell) => cell.append(weightText(selfOf[f.id]))],
	['Children', 'number', f => childrenOf[f.id], (f, cell) => cell.append(percent(childrenOf[f.id]))],
	['Children weight', 'number', f => childrenOf[f.id], (f, cell) => cell.append(weightText(childrenOf[f.id]))],
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
	/* Rows of equal keys go by `also`, falling. */
	show() {
		const { limit, also, isChosen } = this, rows = this.rowsOf();
		const [, , key] = this.columns[this.order.column], sign = this.order.falling ? -1 : 1;
		rows.sort((a, b) => {
			const x = key(a), y = key(b);
			return x < y ? -sign : x > y ? sign : also(b) - also(a) || a.id - b.id;
		});
		this.table.tBodies[0].replaceChildren(...rows.slice(0, limit).map(each => {
			const row = make('tr', undefined, isChosen(each) ? 'chosen' : '');
			for (const [, className, , fill] of this.columns) {
				const cell = make('td', undefined, className);
				fill(each, cell);
				row.append(cell);
			}
			return row;
		}));
		[...this.table.tHead.rows[0].cells].forEach((head, column) => {
			const mine = column === this.order.column;
			head.setAttribute('aria-sort', mine ? this.order.falling ? 'descending' : 'ascending' : 'none');
			head.firstChild.textContent = this.columns[column][0] + (mine ? this.order.falling ? ' \u25be' : ' \u25b4' : '');
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
const showRows = () => functionTable.show();
