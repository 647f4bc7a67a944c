/* ---- boxes: made when somebody looks ------------------------------------------------------ */

/* Box: `items` are nodes, whose kids its kids are ('down') or whose callers ('up', with the weight that each brought, and
 * `from` which node, whose own weight it is or, `ofWhole`, with all above it). */
class Box {
	constructor(parent, frame, weight) {
		this.parent = parent;
		this.frame = frame;
		this.weight = weight;
		this.depth = parent ? parent.depth + 1 : 0;
		this.kids = null;
		this.kind = frame >= 0 ? frames[frame][KIND] : 'r';
		this.thread = parent ? parent.thread : undefined;
		this.tree = parent ? parent.tree : null;
		this.up = parent ? parent.up : false;
		this.ofWhole = parent ? parent.ofWhole : false;
		this.makeTree = null;
		this.items = this.weights = this.from = this.build = this.name = undefined;
		this.mark = this.change = this.shade = undefined;
	}
}
const boxOf = (parent, frame, weight, more) => Object.assign(new Box(parent, frame, weight), more);
/* What boxes stand on: all nodes with the weights of everything, or those of one thread. */
const treeOf = sums => ({ frameOf, firstKid, nextKid, sums });
const nameOf = box => box.frame >= 0 ? frames[box.frame][NAME] : box.name;

function kidsOf(box) {
	if (box.kids) return box.kids;
	if (box.build) return box.kids = box.build(box);
	if (!box.tree && box.makeTree) box.tree = box.makeTree();
	const groups = new Map();
	const add = (node, frame, weight, from) => {
		let group = groups.get(frame);
		if (!group) groups.set(frame, group = { items: [], weights: [], from: [], weight: 0 });
		group.items.push(node);
		group.weights.push(weight);
		if (box.up) group.from.push(from);
		group.weight += weight;
	};
	if (box.up) {
		box.items.forEach((node, i) => {
			let caller = parents[node];
			while (state.fold && caller && frameOf[caller] === box.frame) caller = parents[caller];
			if (caller) add(caller, frameOf[caller], box.weights[i], box.from[i]);
		});
	} else if (box.items.length === 1 && !state.fold) {
		/* Kids of one node differ in their frames. */
		const { tree } = box, kids = [];
		for (let kid = tree.firstKid[box.items[0]]; kid; kid = tree.nextKid[kid]) {
			const weight = tree.sums[kid];
			if (!weight) continue;
			const one = new Box(box, tree.frameOf[kid], weight);
			one.items = [kid];
			kids.push(one);
		}
		return box.kids = kids.sort((a, b) => b.weight - a.weight || a.frame - b.frame);
	} else {
		const open = box.items.slice(), { tree } = box;
		while (open.length) {
			for (let kid = tree.firstKid[open.pop()]; kid; kid = tree.nextKid[kid]) {
				const weight = tree.sums[kid];
				if (!weight) continue;
				if (state.fold && tree.frameOf[kid] === box.frame) open.push(kid);
				else add(kid, tree.frameOf[kid], weight);
			}
		}
	}
	box.kids = [...groups].map(([frame, group]) => boxOf(box, frame, group.weight,
		{ items: group.items, weights: group.weights, from: group.from }));
	return box.kids.sort((a, b) => b.weight - a.weight || a.frame - b.frame);
}

/* All stacks of some weights, from the root or from where they end. */
function standOn(box, weights, tree) {
	if (!state.invert) {
		box.items = [0];
		box.makeTree = tree;
		return box;
	}
	/* The kids are what stacks end in; below them it is callers. */
	box.build = self => {
		const groups = new Map();
		weights((node, weight) => {
			if (!weight || !node) return;
			let group = groups.get(frameOf[node]);
			if (!group) groups.set(frameOf[node], group = { items: [], weights: [], weight: 0 });
			group.items.push(node);
			group.weights.push(weight);
			group.weight += weight;
		});
		return [...groups].map(([frame, { items, weights: each, weight }]) =>
			boxOf(self, frame, weight, { up: true, items, weights: each, from: items }))
			.sort((a, b) => b.weight - a.weight || a.frame - b.frame);
	};
	return box;
}
/* The nodes that some weights are on and all above them, as a tree of its own, in which callers come first too. */
const place = new Int32Array(count), placed = new Int32Array(count), path = new Int32Array(count);
function smallTree(nodes, weights) {
	let length = 1;
	for (let i = 0; i < nodes.length; i++) {
		let depth = 0;
		for (let node = nodes[i]; node && !place[node]; node = parents[node]) path[depth++] = node;
		while (depth) {
			placed[length] = path[--depth];
			place[path[depth]] = length++;
		}
	}
	const tree = { frameOf: new Int32Array(length), firstKid: new Int32Array(length), nextKid: new Int32Array(length),
		sums: new Float64Array(length) };
	for (let i = 0; i < nodes.length; i++) tree.sums[place[nodes[i]]] += weights[i];
	for (let i = length - 1; i > 0; i--) {
		const parent = place[parents[placed[i]]];
		tree.frameOf[i] = frameOf[placed[i]];
		tree.nextKid[i] = tree.firstKid[parent];
		tree.firstKid[parent] = i;
		tree.sums[parent] += tree.sums[i];
	}
	for (let i = 1; i < length; i++) place[placed[i]] = 0;
	return tree;
}

/* Boxes of the whole time are kept, with those below them that somebody looked at. */
const keptBoxes = new Map();
function wholeBox() {
	if (state.range) return newWholeBox();
	const key = [state.event, state.measure, state.side, state.invert, state.byThread, state.fold].join();
	if (!keptBoxes.has(key)) keptBoxes.set(key, newWholeBox());
	return keptBoxes.get(key);
}
function newWholeBox() {
	const event = data.events[state.event];
	const root = boxOf(null, -1, whole[0], { name: event.name });
	if (!state.byThread) return standOn(root, visit => own.forEach((weight, node) => visit(node, weight)), () => treeOf(whole));
	root.build = () => rankThreads().map(({ thread, weight }) => {
		const box = boxOf(root, -1, weight, { name: threadName(thread), kind: 't', thread });
		return standOn(box, visit => {
			const { nodes, weights } = weighThread(thread);
			nodes.forEach((node, i) => visit(node, weights[i]));
		}, () => treeOfThread(thread));
	});
	return root;
}

/* What a box has of other weights: a sum alone and one with all above it per node. */
function partOf(box, side) {
	if (box.up) return box.from.reduce((sum, node) => sum + (box.ofWhole ? side.whole : side.own)[node], 0);
	return box.items ? box.items.reduce((sum, node) => sum + side.whole[node], 0) : side.whole[0];
}
