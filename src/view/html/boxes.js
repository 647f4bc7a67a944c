/* ---- boxes: made when somebody looks ------------------------------------------------------ */

/* Box: `items` are nodes, whose kids its kids are ('down') or whose callers ('up', with the weight that each brought, and
 * `from` which node, whose own weight it is or, `ofWhole`, with all above it). */
function boxOf(parent, frame, weight, more) {
	return { parent, frame, weight, depth: parent ? parent.depth + 1 : 0, kids: null,
		kind: frame >= 0 ? frames[frame][KIND] : 'r', ...more };
}
const nameOf = box => box.frame >= 0 ? frames[box.frame][NAME] : box.name;

function kidsOf(box) {
	if (box.kids) return box.kids;
	if (box.build) return box.kids = box.build(box);
	const groups = new Map();
	const add = (node, weight, from) => {
		let group = groups.get(frameOf[node]);
		if (!group) groups.set(frameOf[node], group = { items: [], weights: [], from: [], weight: 0 });
		group.items.push(node);
		group.weights.push(weight);
		if (box.up) group.from.push(from);
		group.weight += weight;
	};
	if (box.up) {
		box.items.forEach((node, i) => {
			let caller = parents[node];
			while (state.fold && caller && frameOf[caller] === box.frame) caller = parents[caller];
			if (caller) add(caller, box.weights[i], box.from[i]);
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
		{ up: box.up, ofWhole: box.ofWhole, thread: box.thread, sums: box.sums, items: group.items, weights: group.weights,
			from: group.from }));
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
			return boxOf(self, frame, each.reduce((a, b) => a + b, 0), 
				{ up: true, thread: self.thread, items, weights: each, from: items });
		}).sort((a, b) => b.weight - a.weight || a.frame - b.frame);
	};
	return box;
}
/* Of few nodes: every node is passed once, however many are above it. */
function sumMap(weights) {
	const sums = new Map(weights), touched = [];
	const seen = new Set();
	weights.forEach((weight, node) => {
		for (; node && !seen.has(node); node = parents[node]) {
			seen.add(node);
			touched.push(node);
		}
	});
	/* Parents have lower numbers. */
	for (const node of Int32Array.from(touched).sort().reverse())
		if (parents[node]) sums.set(parents[node], (sums.get(parents[node]) || 0) + sums.get(node));
	return sums;
}

function wholeBox() {
	const event = data.events[state.event];
	const root = boxOf(null, -1, whole[0], { name: event.name });
	if (!state.byThread) return standOn(root, own);
	root.build = () => {
		const threads = new Map();
		eachCell(event, i => {
			const weight = event[state.measure][i], thread = event.threads[i], node = event.nodes[i];
			if (!weight) return;
			if (!threads.has(thread)) threads.set(thread, new Map());
			const weights = threads.get(thread);
			weights.set(node, (weights.get(node) || 0) + weight);
		});
		return [...threads].map(([thread, weights]) => {
			let weight = 0;
			weights.forEach(each => { weight += each; });
			return standOn(boxOf(root, -1, weight, { name: threadName(thread), kind: 't', thread }), weights);
		}).sort((a, b) => b.weight - a.weight);
	};
	return root;
}

/* What a box has of other weights: a sum alone and one with all above it per node. */
function partOf(box, side) {
	if (box.up) return box.from.reduce((sum, node) => sum + (box.ofWhole ? side.whole : side.own)[node], 0);
	return box.items ? box.items.reduce((sum, node) => sum + side.whole[node], 0) : side.whole[0];
}
