/* ---- what matters --------------------------------------------------------------------------- */

/* What a finding's button does, by the word that the finding has. */
const SHOWS = {
	function: finding => choose(functionOf[finding.frame], true),
	search: finding => {
		$('search').value = `/${finding.search}/`;
		showMatched();
		redraw();
		$('stacks').scrollIntoView({ block: 'start' });
	},
	threads: () => {
		if (!$('by-thread').checked) $('by-thread').click();
		$('stacks').scrollIntoView({ block: 'start' });
	},
	timeline: () => $('timeline').scrollIntoView({ block: 'start' }),
};
function showFindings() {
	const findings = data.findings || [];
	$('findings').hidden = !findings.length;
	$('findings').append(...findings.map(finding => {
		const item = make('li'), act = SHOWS[finding.view];
		item.append(make('span', finding.text, 'name'));
		if (act) {
			const button = make('button', 'Show');
			button.type = 'button';
			button.setAttribute('aria-label', `Show: ${finding.text}`);
			button.addEventListener('click', () => {
				const at = data.events.findIndex(event => event.index === finding.event);
				if (at >= 0 && at !== state.event) {
					$('event').value = state.event = at;
					showEvent();
				}
				act(finding);
			});
			item.append(' ', button);
		}
		if (finding.command) item.append(' ', make('code', finding.command));
		return item;
	}));
}
