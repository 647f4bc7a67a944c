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
	if (f >= 0) showSandwich(f);
	showRows();
	showCode();
	if (f >= 0 && scroll) $('sandwich').scrollIntoView({ block: 'start' });
}
function showSandwich(f) {
	const items = [], chosen = functions[f];
	for (let i = 1; i < count; i++) if (functionAt[i] === f && outermost[i] && whole[i]) items.push(i);
	const weights = items.map(node => whole[node]), drawn = weights.reduce((a, b) => a + b, 0);
	$('chosen').textContent = chosen.name;
	const figures = name => isDiff ? changeText(older[name][f], newer[name][f])[1]
		: `${weightText((name === 'selfOf' ? selfOf : childrenOf)[f])} (${percent((name === 'selfOf' ? selfOf : childrenOf)[f])})`;
	$('chosen-figures').textContent = `${chosen.object}: itself ${figures('selfOf')}, with what it called ${figures('childrenOf')}` +
		(drawn < childrenOf[f] * (1 - 1e-9) ? `; ${percent(childrenOf[f] - drawn, childrenOf[f])} of that is in stacks that are left out` : '');
	const box = up => boxOf(null, chosen.frame, childrenOf[f], { up, items, weights, tree: treeOf(whole), from: items, ofWhole: true });
	callers.show(box(true), true);
	callees.show(box(false), false);
}

