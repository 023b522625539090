"""What is laid out for an office calls commands that there are, with options that they have, and installs what is locked."""

import configparser
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from yiguang.cli import app

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
OPENED = {"%i": "1", "%H": "host"}
VARIABLE = re.compile(r"\$\{(\w+)\}")


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


def cluster_items() -> list[dict[str, Any]]:
    listed = yaml.safe_load((DEPLOY / "kubernetes/yiguang.yaml").read_text("utf-8"))
    return [*listed["items"], yaml.safe_load((DEPLOY / "kubernetes/init.yaml").read_text("utf-8"))]


def cluster_pods() -> dict[str, dict[str, Any]]:
    """What runs in a cluster, by kind and what it is called in its labels."""
    found = {}
    for item in cluster_items():
        if item["kind"] in ("Deployment", "Job", "CronJob"):
            spec = item["spec"]["jobTemplate"]["spec"] if item["kind"] == "CronJob" else item["spec"]
            found[f"{item['kind']} {spec['template']['metadata']['labels']['app']}"] = spec["template"]["spec"]
    return found


def env_example() -> Iterator[tuple[str, str]]:
    """What the environment file sets as long as nobody edits it."""
    for line in (DEPLOY / "systemd/yiguang.env.example").read_text("utf-8").splitlines():
        name, mark, value = line.partition("=")
        if mark and not line.startswith("#"):
            yield name, value


GIVEN = dict(env_example())


def command_lines() -> Iterator[tuple[str, list[str]]]:
    for path in UNITS:
        (line,) = unit(path)["ExecStart"]
        program, *arguments = line.split()
        assert program == "/opt/yiguang/.venv/bin/yiguang"
        arguments = [VARIABLE.sub(lambda mark: GIVEN[mark[1]], argument) for argument in arguments]
        yield path.name, [re.sub("%[iH]", lambda mark: OPENED[mark[0]], argument) for argument in arguments]
    compose = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text("utf-8"))
    for name, service in compose["services"].items():
        if "command" in service:
            yield f"compose {name}", [re.sub(r"\$\{\w+:\?\}", "name.example", part) for part in service["command"]]
    for pod in cluster_pods().values():
        for container in pod["containers"]:
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
    for pod in cluster_pods().values():
        assert pod["automountServiceAccountToken"] is False
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


def procedure() -> list[str]:
    """The commands for a machine with systemd, a line that goes on on the next joined to it."""
    page = (DEPLOY / "README.md").read_text("utf-8").partition("## On a machine with systemd")[2].partition("\n## ")[0]
    block = "\n".join(line.strip() for line in page.splitlines() if line.startswith("    "))
    return re.sub(r"\\\n", " ", block).splitlines()


def test_what_the_procedure_enables_it_copied_before_and_can_be_installed() -> None:
    enabled = {name for line in procedure() for name in re.findall(r"yiguang-[a-z]+\.(?:service|timer)", line)}
    (copy,) = (line for line in procedure() if line.startswith("cp "))
    patterns = [word for word in copy.split() if word.startswith("deploy/")]
    copied = {path.name: path for pattern in patterns for path in DEPLOY.parent.glob(pattern)}
    assert enabled and enabled <= copied.keys()
    assert all("[Install]" in copied[name].read_text("utf-8") for name in enabled)
    timers = {path.with_suffix(".service").name for path in copied.values() if path.suffix == ".timer"}
    assert timers <= copied.keys() and timers & enabled == set()


def test_the_procedure_starts_from_one_folder_and_initialises_what_the_units_use() -> None:
    lines = procedure()
    moved = next(number for number, line in enumerate(lines) if "cd /opt/yiguang" in line)
    first = next(number for number, line in enumerate(lines) if re.search(r"(?<![\w/])deploy/systemd", line))
    assert moved < first
    (init,) = (line for line in lines if re.search(r"\binit\b", line))
    (runs,) = (line for line in lines if line.startswith(init.split()[0] + "()"))
    for path in UNITS:
        service = unit(path)
        for key in ("EnvironmentFile", "UMask", "StateDirectory", "StateDirectoryMode", "WorkingDirectory"):
            assert f"-p {key}={service[key][0]}" in runs, (path.name, key)
        assert f"--uid={service['User'][0]}" in runs and service["ExecStart"][0].split()[0] in runs


def test_the_environment_file_names_what_units_put_into_their_commands() -> None:
    wanted = {name for path in UNITS for name in VARIABLE.findall(unit(path)["ExecStart"][0])}
    assert {"DESK_NAME", "VIEWER_NAME"} <= wanted <= GIVEN.keys()


def test_every_place_for_settings_shows_those_of_alerts() -> None:
    page = (DEPLOY.parent / "docs" / "zh" / "operation.md").read_text("utf-8")
    variables = set(re.findall(r"YIGUANG_ALERT_[A-Z_]*[A-Z]", page))
    assert len(variables) == 10
    for example in ("systemd/yiguang.env.example", "container/.env.example", "kubernetes/secret.yaml.example"):
        text = (DEPLOY / example).read_text("utf-8")
        assert variables <= set(re.findall(r"YIGUANG_[A-Z_]+", text)), example
        assert "digests.toml" in text
    lines = procedure()
    tried = next(number for number, line in enumerate(lines) if "alerts test" in line)
    assert tried < next(number for number, line in enumerate(lines) if "yiguang-alerts.timer" in line)


def test_a_cluster_initialises_and_does_by_the_clock_what_timers_do() -> None:
    pods = cluster_pods()
    assert pods["Job init"]["containers"][0]["args"] == ["init"]
    timed = {path.stem: unit(path.with_suffix(".service"))["ExecStart"][0] for path in DEPLOY.glob("systemd/*.timer")}
    for name, line in timed.items():
        arguments = pods[f"CronJob {name.removeprefix('yiguang-')}"]["containers"][0]["args"]
        words = [word for word in line.split()[1:] if not word.startswith("/")]
        assert [word for word in arguments if not word.startswith("/")] == words
    claims = {item["metadata"]["name"] for item in cluster_items() if item["kind"] == "PersistentVolumeClaim"}
    for name, pod in pods.items():
        claimed = {volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["volumes"]} - {None}
        assert "home" in claimed <= claims, name
        named = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == named, name
            assert container["envFrom"] == [{"secretRef": {"name": "settings"}}]
    page = (DEPLOY / "README.md").read_text("utf-8").partition("## In a cluster")[2].partition("\n## ")[0]
    assert page.index("yiguang.yaml") < page.index("init.yaml") < page.index("alerts test")


@pytest.mark.parametrize("where", [where for where, line in LINES.items() if line[0] == "serve"])
def test_every_desk_behind_a_proxy_has_names_for_itself_and_its_viewer(where: str) -> None:
    line = LINES[where]
    assert "--behind-proxy" in line
    desk, viewer = (line[line.index(option) + 1] for option in ("--public-name", "--viewer-url"))
    assert desk.count(".") and viewer.startswith("https://") and viewer.removeprefix("https://") != ""
