"""`yiguang metrics`."""

from pathlib import Path
from typing import Annotated

import typer

from domain.system_words import file_fault
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings

HELP = """\
运行指标（Prometheus 格式）：最近一夜各结果的页数、队列、线索、访问用时、证据核验，以及磁盘余量等。

不给选项时输出一次；--out 写入文件（供 node_exporter 的 textfile collector 读取）；
--port 持续提供 /metrics、/healthz（进程存活）与 /readyz（数据库与磁盘可用），默认只在本机可达。

\b
例：
  yiguang metrics
  yiguang metrics --out /var/lib/node_exporter/yiguang.prom
  yiguang metrics --port 9464
"""


def add_to(app: typer.Typer) -> None:
    app.command("metrics", help=HELP)(metrics)


def metrics(
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="持续提供的端口")] = None,
    host: Annotated[str, typer.Option("--host", help="监听的地址")] = "127.0.0.1",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="写到文件")] = None,
) -> None:
    from storage.database import shared_clock
    from storage.durable_file import write_whole
    from yiguang.home import open_home, utc_now
    from yiguang.watching.metrics import exposition, metrics_app, metrics_server

    if port is not None and out is not None:
        raise UsageError("--port 与 --out 只能选一个")
    settings = read_settings()
    engine = open_home(settings)
    clock = shared_clock(engine, utc_now)
    if port is None:
        text = exposition(settings, engine, clock)
        if out is None:
            typer.echo(text.decode(), nl=False)
            return
        try:
            write_whole(out, text)
        except OSError as fault:
            raise CommandFailed(f"无法写入 {out}：{fault.strerror}") from fault
        return
    try:
        server = metrics_server(metrics_app(settings, engine, clock), host, port)
    except OSError as fault:
        raise CommandFailed(f"无法监听 {host}:{port}：{file_fault(fault)}") from fault
    typer.echo(f"指标：http://{host}:{server.server_port}/metrics", err=True)
    with server:
        server.serve_forever()
