"""`yiguang model train|evaluate`."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import Settings as OperatorSettings
from yiguang.settings import read_settings

if TYPE_CHECKING:
    from classifier.train import Chooser

TRAIN_HELP = """\
训练评分模型，输出交叉验证的指标，写出模型卡（model.json）与校准图（model.svg）。

不给 --data 时用词库自带的语料训练，直接写入词库目录；质量由 make gate 把关。

--data 给出审核人员导出的决定（JSON Lines：{"id","text","decision"}，decision 为 confirmed 或 dismissed，
也可写 label 1 或 0；可带 by、at、title、url、site_name、account、pair、genre、families、rules）。
人工标注与自带语料分开计数；同一文本有两种标注时列出并拒绝训练。人工标注的五分之一永不参与训练，
只用来比较新旧模型；新模型先写入数据目录的 models/ 下，加 --accept 且不比现行模型差时才替换现行模型。

阈值默认按误报率选定；--capacity 按每夜能审核的页数选定（需 --pages 与 --base-rate，或用 --scores 给出某一夜的得分）。
相同的数据与规则训练出逐字节相同的模型。

\b
例：
  yiguang model train
  yiguang model train --data 决定.jsonl
  yiguang model train --data 决定.jsonl --capacity 200 --pages 20000 --base-rate 0.01 --accept
"""
EVALUATE_HELP = """\
用现有模型评判标注数据，输出指标：AUC、AP、查全率、校准（ECE、Brier、可靠性表），以及按体裁与类别的结果。

数据不应参与过训练；参与过的会提示篇数。加 --cross-validate 时改用交叉验证：每篇由没有见过同组（pair）文本的
模型评判，这时可以不给 --data（即评判自带语料）。--plot 写出校准图（SVG）。

\b
例：
  yiguang model evaluate --data 留出.jsonl
  yiguang model evaluate --data 留出.jsonl --json
  yiguang model evaluate --cross-validate --plot 校准图.svg
"""
FAMILIES_HELP = """\
训练按句识别类别的模型（sentences.npz 与模型卡 sentences.json），输出交叉验证的指标。

用词库自带语料中标了类别的文本、各规则的 fires_on 示例和 sentences/*.tsv 的例句。规则改动后应重新训练；
它不影响评分，与评分模型的训练先后无关。相同的数据与规则训练出逐字节相同的模型。

\b
例：
  yiguang model train-families
"""
GROUP_HELP = """\
评分模型。

\b
例：
  yiguang model train
  yiguang model evaluate --data 留出.jsonl
"""
Data = Annotated[list[Path] | None, typer.Option("--data", metavar="FILE", help="标注数据，可多次给出")]

model_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(model_app, name="model")


@model_app.command("train", help=TRAIN_HELP)
def train(
    data: Data = None,
    accept: Annotated[bool, typer.Option("--accept", help="新模型不比现行模型差时替换现行模型")] = False,
    false_positive_rate: Annotated[
        float | None, typer.Option("--false-positive-rate", metavar="0..1", help="按这一误报率选定阈值")
    ] = None,
    capacity: Annotated[int | None, typer.Option("--capacity", metavar="N", help="每夜能审核的页数")] = None,
    pages: Annotated[int | None, typer.Option("--pages", metavar="N", help="每夜的正常页数")] = None,
    base_rate: Annotated[float | None, typer.Option("--base-rate", metavar="0..1", help="其中涉嫌违法的比例")] = None,
    scores: Annotated[Path | None, typer.Option("--scores", metavar="FILE", help="某一夜所有页面的得分")] = None,
) -> None:
    from classifier.errors import LexiconError
    from classifier.train import Settings
    from classifier.train import train as fit
    from yiguang.home import utc_now
    from yiguang.judgement.model_report import figures_table
    from yiguang.judgement.model_training import corpora, draw_reliability
    from yiguang.lexicon_words import said_of

    settings = read_settings()
    choose = _chooser(false_positive_rate, capacity, pages, base_rate, scores)
    date = _date(utc_now())
    try:
        if data:
            _train_candidate(settings, _files(data), date, choose, accept=accept)
            return
        card = fit(settings.lexicons, corpora(settings.lexicons), Settings(), date, choose=choose)
        draw_reliability(settings.lexicons)
    except (LexiconError, ValueError) as fault:
        raise CommandFailed(f"无法训练：{said_of(fault)}") from fault
    typer.echo(figures_table(card["cross_validated_by_group"]))
    typer.echo(f"已写入 {settings.lexicons / 'model.npz'} 与 model.json，阈值 {card['threshold']}", err=True)


def _train_candidate(
    settings: "OperatorSettings", files: list[Path], date: str, choose: "Chooser | None", *, accept: bool
) -> None:
    from classifier.train import Settings
    from yiguang.judgement.model_report import comparison_table, figures_table
    from yiguang.judgement.model_training import accept as replace_live
    from yiguang.judgement.model_training import compare_with_live, human_labels, train_candidate

    human, complaints = human_labels(files, settings.lexicons)
    if complaints:
        typer.echo("\n".join(complaints))
        raise CommandFailed(f"{len(complaints)} 个文本的标注互相矛盾，未训练；请先由审核人员确定")
    kept = f"人工标注：{len(human.training)} 篇训练，{len(human.held_out)} 篇留出"
    typer.echo(f"{kept}，{human.repeated} 篇与已有文本相同未计" if human.repeated else kept)
    folder, card = train_candidate(settings.lexicons, human, Settings(), date, settings.home / "models", choose)
    typer.echo(figures_table(card["cross_validated_by_group"]))
    verdict = compare_with_live(settings.lexicons, folder, human.held_out)
    for title, lines in (("留出的人工标注：", verdict.held_out), ("自带语料（交叉验证）：", verdict.on_corpora)):
        if lines:
            typer.echo(f"{title}\n{comparison_table(lines)}")
    for note in verdict.notes:
        typer.echo(note)
    typer.echo(f"新模型在 {folder}，阈值 {card['threshold']}", err=True)
    if verdict.objections and accept:
        raise CommandFailed(f"未替换现行模型：{'；'.join(verdict.objections)}")
    if accept:
        replace_live(folder, settings.lexicons)
        typer.echo("不比现行模型差，已替换现行模型", err=True)
    else:
        said = "；".join(verdict.objections) or "不比现行模型差；加 --accept 替换现行模型"
        typer.echo(said, err=True)


def _chooser(
    rate: float | None, capacity: int | None, pages: int | None, base_rate: float | None, scores: Path | None
) -> "Chooser | None":
    """How the threshold is to be chosen; None for the default. Raises UsageError for options that do not go together."""
    from classifier.operating_point import Night, UnusableCapacity, by_capacity, by_night_scores, by_rate
    from yiguang.judgement.model_training import read_night_scores

    if capacity is None:
        if pages is not None or base_rate is not None or scores is not None:
            raise UsageError("--pages、--base-rate、--scores 要与 --capacity 一起用")
        if rate is None:
            return None
        if not 0.0 < rate < 1.0:
            raise UsageError("--false-positive-rate 应在 0 与 1 之间")
        return lambda labels, values: by_rate(labels, values, rate)
    if rate is not None:
        raise UsageError("--capacity 与 --false-positive-rate 只能选一个")
    if capacity < 1:
        raise UsageError("--capacity 至少为 1")
    if scores is not None:
        night_scores = read_night_scores(_files([scores])[0])
        if not len(night_scores):
            raise UsageError(f"{scores} 中没有得分")
        return lambda *_corpus: by_night_scores(night_scores, capacity, pages)
    if pages is None or base_rate is None:
        raise UsageError("--capacity 需要 --pages 与 --base-rate，或 --scores")
    try:
        night = Night(pages, base_rate)
    except UnusableCapacity:
        raise UsageError("--pages 至少为 1，--base-rate 在 0 与 1 之间") from None
    return lambda labels, values: by_capacity(labels, values, night, capacity)


@model_app.command("train-families", help=FAMILIES_HELP)
def train_families() -> None:
    from classifier.errors import LexiconError
    from classifier.sentence_train import SentenceSettings, train_sentences
    from yiguang.home import utc_now
    from yiguang.judgement.model_training import corpora
    from yiguang.lexicon_words import said_of

    lexicons = read_settings().lexicons
    try:
        card = train_sentences(lexicons, corpora(lexicons), SentenceSettings(), utc_now().date().isoformat())
    except (LexiconError, ValueError) as fault:
        raise CommandFailed(f"无法训练：{said_of(fault)}") from fault
    for name, title in (("rules", "只用规则"), ("rules_and_sentences", "规则加按句识别")):
        measured = card["cross_validated_by_group"][name]
        typer.echo(
            f"{title}：F1 {measured['f1']:.3f}，查准率 {measured['precision']:.3f}，查全率 {measured['recall']:.3f}"
        )


@model_app.command("evaluate", help=EVALUATE_HELP)
def evaluate(
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    cross_validate: Annotated[bool, typer.Option("--cross-validate", help="由没有见过同组文本的模型评判")] = False,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE.svg", help="写出校准图")] = None,
) -> None:
    from classifier.errors import LexiconError
    from classifier.reliability_plot import reliability_svg
    from yiguang.judgement.model_evaluation import evaluate_cross_validated, evaluate_live
    from yiguang.judgement.model_report import evaluation_report
    from yiguang.lexicon_words import said_of

    if not data and not cross_validate:
        raise UsageError("用 --data 给出标注数据")
    settings = read_settings()
    try:
        measured, known = (evaluate_cross_validated if cross_validate else evaluate_live)(settings, _files(data or []))
    except (LexiconError, ValueError) as fault:
        raise CommandFailed(f"数据无法读取：{said_of(fault)}") from fault
    if known:
        typer.echo(f"注意：其中 {known} 篇参与过训练，指标偏高；用 --cross-validate 得到没有见过的结果", err=True)
    typer.echo(json.dumps(measured.as_json(), ensure_ascii=False) if as_json else evaluation_report(measured))
    if plot is not None:
        drawn = reliability_svg(measured.bins, "交叉验证" if cross_validate else "标注数据")
        try:
            plot.write_text(drawn, encoding="utf-8")
        except OSError as fault:
            raise CommandFailed(f"无法写入 {plot}：{fault.strerror}") from fault


def _files(paths: list[Path]) -> list[Path]:
    for path in paths:
        if not path.is_file():
            raise UsageError(f"找不到文件：{path}")
    return paths


def _date(now: datetime) -> str:
    return now.date().isoformat()
