"""The pages that are made from the code are what the code says, and say all of it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from nypower import messages
from nypower.core.origin import ROOTS, Kind
from nypower.messages import TOPICS, Topic

from .pages import ROOT, text


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The generator, as `make docs` calls it."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "scripts.docs", *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_pages_are_up_to_date() -> None:
    """`make docs` would change nothing."""
    check = run("--check")
    assert (check.stderr, check.returncode) == ("", 0)


@pytest.mark.parametrize("row", TOPICS, ids=lambda row: row.pattern)
def test_every_topic_is_documented(row: Topic) -> None:
    """With a line in the table, a section of its own, and a channel."""
    assert f"| [`{row.pattern}`](#" in text("docs/topics.md")
    assert re.search(rf"^### `?{re.escape(row.pattern)}`?$", text("docs/topics.md"), re.MULTILINE)
    assert f'address: "{{root}}/{row.pattern}"\n' in text("docs/asyncapi.yaml")


def test_every_variable_is_documented() -> None:
    """Whatever config.py reads from the environment stands in the settings."""
    variables = set(re.findall(r'"(NYPOWER_[A-Z_]+)"', text("src/nypower/config.py")))
    assert len(variables) > 15
    assert variables == set(re.findall(r"`(NYPOWER_[A-Z_]+)`", text("docs/settings.md")))


@pytest.mark.parametrize("name", ["up", "pump", "archive", "web", "twin", "export", "tail"])
def test_every_option_is_documented(name: str) -> None:
    """Whatever `--help` lists stands in the command's section, and nothing else."""
    said = subprocess.run(
        [sys.executable, "-m", "nypower", name, "--help"],
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    options = set(re.findall(r"^  (?:.* / )?(--[a-z-]+)", said.stdout, re.MULTILINE))
    options |= set(re.findall(r"^  (--[a-z-]+) / ", said.stdout, re.MULTILINE))
    section = text("docs/settings.md").split(f"\n## nypower {name}\n")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| ")]
    assert {flag for row in rows for flag in re.findall(r"--[a-z-]+", row)} == options


def test_secrets_have_no_option() -> None:
    """A password is a variable alone."""
    rows = [row for row in text("docs/settings.md").splitlines() if "_PASSWORD`" in row]
    assert rows
    assert all(row.startswith("|  | `NYPOWER_") for row in rows)


# --- the AsyncAPI document, by the rules that can be checked without its own parser ------


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The document that is written to docs/asyncapi.yaml."""
    monkeypatch.syspath_prepend(str(ROOT))
    from scripts.docs.asyncapi import asyncapi

    made: dict[str, Any] = json.loads(json.dumps(asyncapi()))
    return made


def references(part: Any) -> Iterator[str]:
    """Every ``$ref`` below a part."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
    if isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from references(each)


def resolve(document: dict[str, Any], reference: str) -> Any:
    """What a reference points at; ``KeyError`` where nothing is."""
    part: Any = document
    for level in reference.removeprefix("#/").split("/"):
        part = part[level]
    return part


def test_the_document_is_whole(document: dict[str, Any]) -> None:
    """What AsyncAPI 3 asks for is there, and every reference finds its target."""
    assert document["asyncapi"].startswith("3.")
    assert document["info"]["title"]
    assert document["info"]["version"]
    found = list(references(document))
    assert found
    for each in found:
        assert each.startswith("#/")
        resolve(document, each)


def test_channels_have_their_parameters(document: dict[str, Any]) -> None:
    """A parameter for each level of an address that varies, and no other."""
    assert len(document["channels"]) == len(TOPICS)
    for channel in document["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == channel["parameters"].keys()
    assert document["components"]["parameters"]["root"]["enum"] == [*ROOTS.values()]


def test_operations_say_how_each_is_sent(document: dict[str, Any]) -> None:
    """Each channel has one sender, with the contract's QoS, retain flag and expiry."""
    bindings = {}
    for operation in document["operations"].values():
        assert operation["action"] == "send"
        channel = resolve(document, operation["channel"]["$ref"])
        for message in operation["messages"]:
            assert message["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")
        binding = operation["bindings"]["mqtt"]
        sender = operation["tags"][0]["name"]
        bindings[channel["address"]] = (
            sender, binding["qos"], binding["retain"], binding.get("messageExpiryInterval"),
        )  # fmt: skip
    assert bindings["{root}/computed/co2"] == ("archive", 1, True, 604_800)
    assert bindings["{root}/history/{feed}"] == ("pump", 1, False, None)
    assert bindings["{root}/status/pump"] == ("pump", 1, True, 86_400)
    assert bindings == {
        f"{{root}}/{row.pattern}": (row.writer.value, 1, row.retain, row.expiry) for row in TOPICS
    }


TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "number": int | float, "integer": int,
    "boolean": bool, "null": type(None),
}  # fmt: skip


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is what its schema says: as much of JSON Schema as is used here."""
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kinds = [TYPES[name] for name in names]
    if not any(isinstance(value, kind) for kind in kinds):
        return False
    if isinstance(value, bool) and bool not in kinds:
        return False
    if isinstance(value, list):
        return all(fits(each, schema["items"]) for each in value)
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return schema["required"] == [*value] and all(fits(value[n], known[n]) for n in value)
    if isinstance(value, dict):
        return all(fits(each, schema["additionalProperties"]) for each in value.values())
    return value in schema.get("enum", [value])


def test_examples_are_what_they_show(document: dict[str, Any]) -> None:
    """Every example fits its schema and can be read by the contract's own decoder."""
    for name, message in document["components"]["messages"].items():
        schema = message["payload"]
        if "$ref" in schema:
            schema = resolve(document, schema["$ref"])
        address = document["channels"][name]["address"].removeprefix("{root}/")
        topic = re.sub(r"\{\w+\}", "Wind", address.replace("{feed}", "fuel-mix"))
        for example in message["examples"]:
            payload = example["payload"]
            assert fits(payload, schema), name
            sent = payload if isinstance(payload, str) else json.dumps(payload)
            messages.decode(topic, sent.encode())


def test_a_payload_of_another_kind_fits_too(document: dict[str, Any]) -> None:
    """Under the other roots `kind` is one of those the schema allows."""
    allowed = document["components"]["schemas"]["Co2"]["properties"]["kind"]["enum"]
    assert allowed == [Kind.REPLAY, Kind.SIMULATED]


def test_the_yaml_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are quoted, so that nothing is taken for a number or a yes; the rest is YAML."""
    monkeypatch.syspath_prepend(str(ROOT))
    from scripts.docs.yaml_text import to_yaml

    data = {"a": "yes", "no": 1, "b": {"c": [1, None], "d": {}}, "e": [{"f": "g: h", "i": True}]}
    assert to_yaml(data) == (
        'a: "yes"\n"no": 1\nb:\n  c: [1, null]\n  d: {}\ne:\n  - f: "g: h"\n    i: true\n'
    )
