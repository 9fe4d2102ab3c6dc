"""Write ``google.json``: what Google's Terraform provider knows of the resources that our modules name.

The source is an unpacked npm package ``@cdktf/provider-google``, whose classes were generated from provider 6.50.0::

    npm pack @cdktf/provider-google@16.12.1 && tar xzf cdktf-provider-google-16.12.1.tgz
    .venv/bin/python tests/contract/terraform/schema_reader.py package

An attribute is [type, required | optional | computed]; a block is [nesting, most, its body].
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TERRAFORM = Path(__file__).parents[3] / "infra" / "terraform"
NAMED = re.compile(r'^\s*(resource|data) "google_([a-z0-9_]+)"', re.MULTILINE)
ARGUMENT = re.compile(
    r'^ +(\w+): \{\s*value: .*?\n\s*isBlock: (true|false),\s*type: "(\w+)",\s*storageClassType: "(\w+)"',
    re.MULTILINE | re.DOTALL,
)
SIMPLE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
ANSWERS = {"string": "string", "number": "number", "cdktf.IResolvable": "bool", "string[]": ["list", "string"]}
NOT_OURS = {"friendly_unique_id", "fqn", "path", "terraform_resource_type"}


def schema(package: Path) -> dict[str, Any]:
    """Resources and data sources by their full names."""
    provider = [(package / "lib" / "provider" / f"index.{kind}").read_text() for kind in ("js", "d.ts")]
    found: dict[str, Any] = {"provider": _configured("GoogleProviderConfig", *provider), "resource": {}, "data": {}}
    texts = "\n".join(path.read_text() for path in TERRAFORM.rglob("*.tf"))
    for sort, name in sorted(set(NAMED.findall(texts))):
        folder = package / "lib" / f"{'data-google-' if sort == 'data' else ''}{name.replace('_', '-')}"
        script, types = (folder / "index.js").read_text(), (folder / "index.d.ts").read_text()
        owner = re.search(r"export interface (\w+)Config extends cdktf.TerraformMetaArguments", types)
        if owner is None:
            raise ValueError(name)
        made = _configured(f"{owner[1]}Config", script, types)
        found[sort][f"google_{name}"] = _with_answers(made, types[types.index(f"export declare class {owner[1]} ") :])
    return found


def text(read: dict[str, Any]) -> str:
    """The file: one line a resource."""
    parts = [f'"provider": {json.dumps(read["provider"])}']
    for sort in ("resource", "data"):
        lines = ",\n".join(f'"{name}": {json.dumps(body)}' for name, body in read[sort].items())
        parts.append(f'"{sort}": {{\n{lines}\n}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _configured(interface: str, script: str, types: str) -> dict[str, Any]:
    return _body(interface, script[script.rindex("synthesizeHclAttributes()") :], script, types)


def _with_answers(made: dict[str, Any], own: str) -> dict[str, Any]:
    for name, answer in re.findall(r"^ {4}get (\w+)\(\): ([^;]+);", own, re.MULTILINE):
        known = made["attributes"].keys() | made["blocks"].keys() | NOT_OURS
        if answer in ANSWERS and _snake(name) not in known and not name.endswith("Input"):
            made["attributes"][_snake(name)] = [ANSWERS[answer], "computed"]
    return made


def _body(interface: str, script_part: str, script: str, types: str) -> dict[str, Any]:
    declared = re.search(rf"export interface {interface}\b.*?\n}}", types, re.DOTALL)
    made: dict[str, Any] = {"attributes": {}, "blocks": {}}
    if declared is None:
        return made
    arguments = script_part[: script_part.index("return ", script_part.index("const attrs"))]
    for name, block, sort, storage in ARGUMENT.findall(arguments):
        camel = re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)
        line = re.search(rf"readonly {camel}(Attribute)?(\??): ([^;{{]*)", declared[0])
        if line is None:
            raise ValueError(f"{interface}.{name}")
        how = "optional" if line[2] else "required"
        if block == "false" or sort not in {"list", "set", "struct"}:
            made["attributes"][name] = [_type(sort, storage), how]
            continue
        inner = re.sub(r"List$", "", storage)
        start = script.find(f"function {inner[0].lower()}{inner[1:]}ToHclTerraform(")
        nested = _body(inner, script[start:], script, types) if start >= 0 else {"attributes": {}, "blocks": {}}
        nesting = "single" if sort == "struct" else sort
        made["blocks"][name] = [nesting, 0 if "[]" in line[3] else 1, how, nested]
    return made


def _type(sort: str, storage: str) -> Any:
    inner = re.sub(r"(List|Map)$", "", storage)
    simple = SIMPLE.get(inner, "dynamic")
    return simple if sort == "simple" else [sort, simple] if sort in {"list", "set", "map"} else "dynamic"


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)


if __name__ == "__main__":
    (HERE / "google.json").write_text(text(schema(Path(sys.argv[1]))))
