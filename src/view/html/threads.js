/* ---- what threads have of it: made when it is asked for, once for an event, a measure and a range ---- */

let rankedThreads, weighedThreads, threadTrees, majorThread;
function forgetThreads() {
	rankedThreads = majorThread = null;
	weighedThreads = new Map();
	threadTrees = new Map();
}
/* Those that have anything, as { thread, weight }, the heaviest first. */
function rankThreads() {
	if (rankedThreads) return rankedThreads;
	const event = data.events[state.event], sums = new Float64Array(data.threads.length);
	addCells(event, event.threads, sums, 1);
	rankedThreads = [...sums].map((weight, thread) => ({ thread, weight })).filter(each => each.weight);
	return rankedThreads.sort((a, b) => b.weight - a.weight);
}
/* The nodes in which a thread was, each of them once (for cells go by nodes), and what they weigh. */
function weighThread(thread) {
	if (weighedThreads.has(thread)) return weighedThreads.get(thread);
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
	weighedThreads.set(thread, one);
	return one;
}
function treeOfThread(thread) {
	if (!threadTrees.has(thread)) {
		const { nodes, weights } = weighThread(thread);
		threadTrees.set(thread, smallTree(nodes, weights));
	}
	return threadTrees.get(thread);
}
/* The heaviest threads, those that have a colour, and what every node has of each. */
function weighMajor() {
	if (majorThread) return majorThread;
	return majorThread = rankThreads().slice(0, PALETTE.length).map(({ thread }) => {
		const { nodes, weights } = weighThread(thread), own = new Float64Array(count);
		for (let i = 0; i < nodes.length; i++) own[nodes[i]] = weights[i];
		return { thread, own, whole: sumUp(own) };
	});
}
