"""`yiguang model train|evaluate`."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings

TRAIN_HELP = """\
训练评分模型，写入词库目录（model.npz 与模型卡 model.json），输出交叉验证的指标。

数据为 JSON Lines：{"id","text","label"}，label 为 1（涉嫌违法）或 0，可带 pair、title、url、site_name、account。
不给 --data 时用词库自带的语料。相同的数据与规则训练出逐字节相同的模型。

\b
例：
  yiguang model train
  yiguang model train --data 标注.jsonl
"""
EVALUATE_HELP = """\
用现有模型评判标注数据，输出指标；数据不应参与过训练。

\b
例：
  yiguang model evaluate --data 留出.jsonl
  yiguang model evaluate --data 留出.jsonl --json
"""
GROUP_HELP = """\
评分模型。

\b
例：
  yiguang model train
  yiguang model evaluate --data 留出.jsonl
"""
NAMES = {
    "auc": "AUC",
    "recall_fpr5": "召回率（误报率 5% 时）",
    "recall_fpr1": "召回率（误报率 1% 时）",
    "ece": "校准误差 ECE",
    "brier": "Brier 分数",
    "recall": "召回率（现行阈值）",
    "false_positive_rate": "误报率（现行阈值）",
}

Data = Annotated[list[Path] | None, typer.Option("--data", metavar="FILE", help="标注数据，可多次给出")]

model_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(model_app, name="model")


@model_app.command("train", help=TRAIN_HELP)
def train(data: Data = None) -> None:
    from classifier.errors import LexiconError
    from classifier.train import Settings, train
    from yiguang.home import utc_now
    from yiguang.lexicon_check import corpora

    lexicons = read_settings().lexicons
    try:
        card = train(lexicons, _files(data or corpora(lexicons)), Settings(), _date(utc_now()))
    except (LexiconError, ValueError) as fault:
        raise CommandFailed(f"无法训练：{fault}") from fault
    typer.echo(_table(card["cross_validated_by_group"]))
    typer.echo(f"已写入 {lexicons / 'model.npz'} 与 model.json，阈值 {card['threshold']}", err=True)


@model_app.command("evaluate", help=EVALUATE_HELP)
def evaluate(data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False) -> None:
    import numpy as np

    from classifier.errors import LexiconError
    from classifier.measure import figures
    from classifier.train import read_rows
    from yiguang.wiring import load_classifier

    if not data:
        raise UsageError("用 --data 给出标注数据")
    classifier = load_classifier(read_settings())
    try:
        rows = [row for path in _files(data) for row in read_rows(path)]
    except (LexiconError, ValueError) as fault:
        raise CommandFailed(f"数据无法读取：{fault}") from fault
    labels = np.array([row.label for row in rows], dtype=np.int64)
    if set(labels.tolist()) != {0, 1}:
        raise CommandFailed("数据中要同时有 label 为 0 与 1 的文本")
    scores = np.array([classifier.judge(row.document).score for row in rows])
    measured = figures(labels, scores, classifier.threshold)
    typer.echo(json.dumps(measured) if as_json else _table(measured))


def _files(paths: list[Path]) -> list[Path]:
    for path in paths:
        if not path.is_file():
            raise UsageError(f"找不到文件：{path}")
    return paths


def _date(now: datetime) -> str:
    return now.date().isoformat()


def _table(measured: Mapping[str, float]) -> str:
    return "\n".join(f"{measured[name]:.4f}  {label}" for name, label in NAMES.items())
