/* ---- what threads have of it: made when it is asked for; of the whole time it is kept ---------- */

let byThread;
function turnToThreads() {
	const event = data.events[state.event], none = { ranked: null, weighed: new Map(), trees: new Map(), major: null };
	event.byThreads = event.byThreads || {};
	byThread = state.range ? none : event.byThreads[state.measure] = event.byThreads[state.measure] || none;
}
/* Those that have anything, as { thread, weight }, the heaviest first. */
function rankThreads() {
	if (byThread.ranked) return byThread.ranked;
	const event = data.events[state.event], sums = new Float64Array(data.threads.length);
	addCells(event, event.threads, sums, 1);
	byThread.ranked = [...sums].map((weight, thread) => ({ thread, weight })).filter(each => each.weight);
	return byThread.ranked.sort((a, b) => b.weight - a.weight);
}
/* The nodes in which a thread was, each of them once (for cells go by nodes), and what they weigh. */
function weighThread(thread) {
	if (byThread.weighed.has(thread)) return byThread.weighed.get(thread);
	const event = data.events[state.event], all = event[state.measure], { times } = event;
	const { order, starts } = event.byThread = event.byThread || sortedBy(event.threads);
	const [from, to] = partsOfRange(event) || [0, Infinity], begin = starts[thread], end = starts[thread + 1];
	const nodes = new Int32Array(end - begin), weights = new Float64Array(end - begin);
	let length = 0;
	for (let k = begin; k < end; k++) {
		const i = order[k], node = event.nodes[i];
		if (times && (times[i] < from || times[i] >= to)) continue;
		if (!length || nodes[length - 1] !== node) nodes[length++] = node;
		weights[length - 1] += all[i];
	}
	const one = { nodes: nodes.subarray(0, length), weights: weights.subarray(0, length) };
	byThread.weighed.set(thread, one);
	return one;
}
function treeOfThread(thread) {
	if (!byThread.trees.has(thread)) {
		const { nodes, weights } = weighThread(thread);
		byThread.trees.set(thread, smallTree(nodes, weights));
	}
	return byThread.trees.get(thread);
}
/* The heaviest threads, those that have a colour, and what every node has of each. */
function weighMajor() {
	if (byThread.major) return byThread.major;
	return byThread.major = rankThreads().slice(0, PALETTE.length).map(({ thread }) => {
		const { nodes, weights } = weighThread(thread), own = new Float64Array(count);
		for (let i = 0; i < nodes.length; i++) own[nodes[i]] = weights[i];
		return { thread, own, whole: sumUp(own) };
	});
}
