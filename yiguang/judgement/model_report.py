"""Figures of a model as tables for people."""

from collections.abc import Iterable, Mapping, Sequence

from classifier.comparison import Line
from classifier.evaluation import Evaluation
from domain.findings import FAMILY_ZH

FIGURES = {
    "auc": "AUC",
    "ap": "平均精度 AP",
    "recall_fpr5": "查全率（误报率 5% 时）",
    "recall_fpr1": "查全率（误报率 1% 时）",
    "ece": "校准误差 ECE",
    "brier": "Brier 分数",
    "recall": "查全率（现行阈值）",
    "false_positive_rate": "误报率（现行阈值）",
}
GENRES_ZH = {
    "promotion": "宣传推广",
    "disclosure": "信息公开",
    "science": "科普",
    "news": "新闻",
    "regulatory": "监管执法",
    "research": "学术研究",
    "recruitment": "招聘",
    "forum": "论坛问答",
    "commerce": "商品销售",
    "other": "其他",
}
_BAR = 20


def figures_table(measured: Mapping[str, float]) -> str:
    return "\n".join(f"{measured[name]:.4f}  {label}" for name, label in FIGURES.items() if name in measured)


def reliability_table(bins: Iterable[Sequence[float]]) -> str:
    """Of pages that score so, how many are unlawful: the two columns should agree."""
    lines = ["平均得分  实际比例  篇数"]
    for score, share, count in bins:
        bar = "█" * round(share * _BAR)
        lines.append(f"{score:8.3f}  {share:8.3f}  {count:4.0f}  {bar}")
    return "\n".join(lines)


def evaluation_report(evaluation: Evaluation) -> str:
    """All tables of an evaluation."""
    parts = [
        figures_table(evaluation.whole),
        f"{evaluation.family_f1:.4f}  命中类别 F1（微平均，仅涉嫌违法文本）",
        "",
        reliability_table(evaluation.bins),
    ]
    if evaluation.genres:
        parts += ["", "体裁        合法篇数  误报率    涉嫌篇数  查全率"]
        parts += [
            f"{_wide(GENRES_ZH[name], 10)}  {lawful.count:8}  {lawful.share:6.3f}    {unlawful.count:8}  {unlawful.share:6.3f}"
            for name, (lawful, unlawful) in evaluation.genres.items()
        ]
    wanted = {name: one for name, one in evaluation.families.items() if one.wanted}
    if wanted:
        parts += ["", "类别                    篇数  成为线索  类别 F1"]
        parts += [
            f"{_wide(FAMILY_ZH[name], 22)}  {one.wanted:4}    {one.flagged / one.wanted:6.3f}   {one.f1:6.3f}"
            for name, one in sorted(wanted.items(), key=lambda item: (-item[1].wanted, item[0]))
        ]
    return "\n".join(parts)


def comparison_table(lines: Iterable[Line]) -> str:
    """The live model against the new one."""
    rows = ["现行     新模型   容差     指标"]
    for line in lines:
        mark = "  ← 变差" if line.worse else ""
        rows.append(f"{line.live:.4f}   {line.new:.4f}   {line.tolerance:.4f}   {FIGURES[line.figure]}{mark}")
    return "\n".join(rows)


def _wide(text: str, width: int) -> str:
    """Padded to `width` columns of a terminal, in which a Chinese character takes two."""
    return text + " " * max(0, width - sum(2 if ord(character) > 0x2E7F else 1 for character in text))
