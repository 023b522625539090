"""What is laid out for an office calls commands that there are, with options that they have, and installs what is locked."""

import configparser
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
import yaml

from yiguang.cli import app

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
OPENED = {"%i": "1", "%H": "host"}


def unit(path: Path) -> dict[str, list[str]]:
    """The settings of the service section; a key may stand more than once."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def command_lines() -> Iterator[tuple[str, list[str]]]:
    for path in UNITS:
        (line,) = unit(path)["ExecStart"]
        program, *arguments = line.split()
        assert program == "/opt/yiguang/.venv/bin/yiguang"
        yield path.name, [re.sub("%[iH]", lambda mark: OPENED[mark[0]], argument) for argument in arguments]
    compose = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text("utf-8"))
    for name, service in compose["services"].items():
        if "command" in service:
            yield f"compose {name}", [re.sub(r"\$\{\w+:\?\}", "name.example", part) for part in service["command"]]
    listed = yaml.safe_load((DEPLOY / "kubernetes/yiguang.yaml").read_text("utf-8"))
    for item in listed["items"]:
        if item["kind"] == "Deployment":
            for container in item["spec"]["template"]["spec"]["containers"]:
                yield f"kubernetes {container['name']}", container["args"]


LINES = dict(command_lines())


@pytest.mark.parametrize("where", LINES)
def test_every_command_line_is_understood(where: str) -> None:
    name, *arguments = LINES[where]
    commands = typer.main.get_group(app).commands
    assert name in commands
    commands[name].make_context(name, arguments)  # raises for an option that there is not


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_run_without_privileges(path: Path) -> None:
    service = unit(path)
    assert service["User"] == ["yiguang"] and service["NoNewPrivileges"] == ["yes"]
    assert service["CapabilityBoundingSet"] == [""] and service["ProtectSystem"] == ["strict"]
    timer = path.with_suffix(".timer")  # what a timer starts is installed by the timer
    installed = configparser.ConfigParser(strict=False, interpolation=None)
    installed.read(timer if timer.exists() else path, "utf-8")
    assert installed["Install"]["WantedBy"]


def test_containers_run_without_privileges() -> None:
    compose = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text("utf-8"))
    ours = [service for service in compose["services"].values() if service["image"] == "yiguang"]
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in ours)
    assert all("no-new-privileges:true" in service["security_opt"] for service in ours)
    listed = yaml.safe_load((DEPLOY / "kubernetes/yiguang.yaml").read_text("utf-8"))
    for item in (each for each in listed["items"] if each["kind"] == "Deployment"):
        pod = item["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert all(one["securityContext"]["readOnlyRootFilesystem"] for one in pod["containers"])


def test_the_profile_allows_namespaces_and_refuses_what_kernels_were_attacked_by() -> None:
    profile = json.loads((DEPLOY / "container/chromium-seccomp.json").read_text("utf-8"))
    (rule,) = profile["syscalls"]
    assert rule["action"] == "SCMP_ACT_ERRNO"
    assert {"kexec_load", "bpf", "mount", "userfaultfd"} <= set(rule["names"])
    assert not {"clone", "clone3", "unshare", "chroot"} & set(rule["names"])


def test_the_image_installs_what_the_tests_ran_with() -> None:
    def pins(path: Path) -> dict[str, str]:
        lines = re.findall(r"^([a-z0-9._-]+(?:\[[^]]*\])?)==(\S+)", path.read_text("utf-8"), re.MULTILINE)
        return dict(lines)

    server, everything = pins(DEPLOY / "server.lock"), pins(DEPLOY.parent / "requirements.lock")
    assert len(server) > 80
    assert {name: version for name, version in server.items() if everything.get(name) != version} == {}
    assert not {"pytest", "hypothesis", "ruff", "mypy"} & set(server)
