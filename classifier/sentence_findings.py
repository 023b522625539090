"""Findings by sentence: families that the sentence model sees and no rule found, through the same gates as rules."""

from collections.abc import Mapping

from classifier.analysis import Analysis
from classifier.findings import Bounds, Located, make_finding
from classifier.gates import Gate, Place
from classifier.page_gates import PageGates
from classifier.sentence_families import SentenceFamilies
from classifier.sentence_model import Proposal, SentenceModel


class SentenceFinder:
    """Reads pages by sentence. `sha256` stands for the model and for what its findings stand on."""

    def __init__(self, families: SentenceFamilies, model: SentenceModel, gates: Mapping[str, Gate]) -> None:
        self._families = families
        self._model = model
        self._gates = gates
        self.sha256 = f"{model.sha256} {families.sha256}"

    def find(self, analysis: Analysis, score: float) -> tuple[Located, ...]:
        """At most one finding a family; none on a page whose `score` (0..1) is below the least that is read."""
        if score < self._families.least_score:
            return ()
        live = {item.finding.family for item in analysis.live}
        proposals = self._model.propose(analysis.read.folded.text, live, self._families.wordings)
        if not proposals:
            return ()
        bounds, gates = Bounds(analysis.read.folded.text), PageGates(self._gates, analysis.facts)
        rules = self._families.rules
        return tuple(self._locate(analysis, item, bounds, gates) for item in proposals if item.family in rules)

    def _locate(self, analysis: Analysis, proposal: Proposal, bounds: Bounds, page_gates: PageGates) -> Located:
        rule, folded = self._families.rules[proposal.family], analysis.read.folded
        start, end = proposal.start, proposal.end
        place = Place(folded.text, start, end, bounds.clause(start, end), bounds.sentence(start, end), rule.family)
        gates = page_gates.silencing(rule.gates, place)
        first, last = folded.original_span(start, end)
        finding = make_finding(rule, analysis.read.document.text, first, last, gates)
        return Located(finding, rule, start, end, folded.is_disguised(start, end))
