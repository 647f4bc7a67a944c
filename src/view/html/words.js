/* ---- words ------------------------------------------------------------------------------- */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const counted = (count, what) => `${grouped.format(count)} ${what}${count === 1 ? '' : 's'}`;
const percent = (weight, of = total) => (of ? 100 * weight / of : 0).toFixed(2) + '%';
function weightText(weight) {
	const event = data.events[state.event];
	if (isDiff && data.diff.measure === 'share') return percent(weight);
	if (isDiff && data.diff.measure === 'second') return (weight >= 100 ? grouped.format(weight) : weight.toPrecision(3)) + ' per second';
	if (state.measure === 'samples') return counted(weight, 'sample');
	if (!event.is_time) return grouped.format(weight);
	if (weight >= 1e9) return (weight / 1e9).toFixed(3) + ' s';
	if (weight >= 1e6) return (weight / 1e6).toFixed(3) + ' ms';
	return (weight / 1e3).toFixed(3) + ' us';
}
const KINDS = {
	u: ['native', '#f0a44b'], p: ['Python', '#5cc2a0'], w: ['waiting', '#cfa7d9'], k: ['kernel', '#74b9ec'], i: ['inlined', '#f8e596'],
	n: ['unknown', '#b4b4b4'], t: ['thread', '#d8cff0'], r: ['everything', '#dcdcd6'],
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

const signed = (value, digits) => (value > 0 ? '+' : value < 0 ? '\u2212' : '\u00b1') + Math.abs(value).toFixed(digits);
/* How a weight of a difference changed: [mark, text]. */
function changeText(before, after) {
	const shares = data.diff.measure === 'share', change = after - before;
	const each = weight => shares ? (100 * weight).toFixed(2) + '%' : weightText(weight);
	const text = `${each(before)} \u2192 ${each(after)}`;
	if (!before && after) return ['+ new', `${text}, new`];
	if (before && !after) return ['\u2212 gone', `${text}, gone`];
	if (Math.abs(change) < 5e-5 * (shares ? 1 : before)) return ['=', `${text}, the same`];
	const by = shares ? `${signed(100 * change, 2)} points` : `${signed(100 * change / before, 1)}%`;
	return [change > 0 ? '+' : '\u2212', `${text}, ${by}`];
}
/* Of a column, with digits enough for steps of so many seconds. */
const seconds = (column, step) => (column * time.column_s).toFixed(Math.max(1, Math.min(6, Math.ceil(-Math.log10(step)) + 1)));
