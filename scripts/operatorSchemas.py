"""Writes src/graph/operatorSchemas.json from the operator schemas of Python's onnx package: names, defaults, versions and
types, no sentences. Run: python3 scripts/operatorSchemas.py > src/graph/operatorSchemas.json"""
import json
import onnx
from onnx import defs

KIND = {0: "", 1: "?", 2: "*"}


def formal(p):
    return p.name + KIND[int(getattr(p.option, "value", p.option))]


def attribute(name, a):
    kind = str(a.type).split(".")[-1].lower().replace("_proto", "")
    text = f"{name}:{kind}"
    if a.required:
        return text + "!"
    if not a.default_value.name:
        return text
    value = onnx.helper.get_attribute_value(a.default_value)
    if isinstance(value, list):
        value = "[" + ", ".join(plain(v) for v in value) + "]"
    return f"{text}={plain(value)}"


def plain(v):
    if isinstance(v, bytes):
        return v.decode("utf-8")
    return f"{v:.7g}" if isinstance(v, float) else str(v)


def element_types(s):
    """The element types that each type name of a schema stands for: {"T": {"float", "double"}}."""
    plain_types = lambda strings: {t.removeprefix("tensor(").removesuffix(")") for t in strings}
    return {c.type_param_str: plain_types(c.allowed_type_strs) for c in s.type_constraints}


def type_changes(before, now):
    """What names of types take since the version before: "T+bfloat16,float8". Names that one version lacks say nothing."""
    changes = []
    for name in sorted(before.keys() & now.keys()):
        for sign, types in (("+", now[name] - before[name]), ("-", before[name] - now[name])):
            if types:
                changes.append(f"{name}{sign}{','.join(sorted(types))}")
    return changes


found = {}
types_before = {}
for s in sorted(defs.get_all_schemas_with_history(), key=lambda s: (s.domain, s.name, s.since_version)):
    if s.domain not in ("", "ai.onnx.ml"):
        continue
    name = f"{s.domain}:{s.name}" if s.domain else s.name
    now = element_types(s)
    row = [s.since_version, [formal(p) for p in s.inputs], [formal(p) for p in s.outputs], [attribute(n, a) for n, a in sorted(s.attributes.items())]]
    changes = type_changes(types_before.get(name, {}), now)
    found.setdefault(name, []).append(row + [changes] if changes else row)
    types_before[name] = now

lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(rows, ensure_ascii=False, separators=(',', ':'))}" for name, rows in found.items())
print("{\n" + f'  "source": "ONNX operator schemas, as Python\'s onnx {onnx.__version__} has them (Apache-2.0), written by scripts/operatorSchemas.py",\n' + '  "operators": {\n' + lines + "\n  }\n}")
