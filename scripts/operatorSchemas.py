"""Writes src/graph/operatorSchemas.json from the operator schemas of Python's onnx package: names, defaults, versions and
types, no sentences. Run: python3 scripts/operatorSchemas.py > src/graph/operatorSchemas.json"""
import json
import onnx
from onnx import defs

DOMAINS = ("", "ai.onnx.ml")
SOURCE = f"ONNX operator schemas, as Python's onnx {onnx.__version__} has them (Apache-2.0), written by scripts/operatorSchemas.py"
# How often an input or output may stand: once, once or never, any number of times.
OPTION_SIGNS = {0: "", 1: "?", 2: "*"}


def formal_parameter(parameter):
    """An input or output: "X", "bias?" or "inputs*"."""
    option = getattr(parameter.option, "value", parameter.option)
    return parameter.name + OPTION_SIGNS[int(option)]


def attribute(name, schema):
    """An attribute with its kind, and "!" where it is required, else its default: "axis:int=-1"."""
    kind = str(schema.type).split(".")[-1].lower().replace("_proto", "")
    text = f"{name}:{kind}"
    if schema.required:
        return text + "!"
    if not schema.default_value.name:
        return text
    value = onnx.helper.get_attribute_value(schema.default_value)
    if isinstance(value, list):
        return f"{text}=[{', '.join(plain(item) for item in value)}]"
    return f"{text}={plain(value)}"


def plain(value):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def element_types(schema):
    """The element types that each type name of a schema stands for: {"T": {"float", "double"}}."""
    return {
        constraint.type_param_str: {text.removeprefix("tensor(").removesuffix(")") for text in constraint.allowed_type_strs}
        for constraint in schema.type_constraints
    }


def type_changes(before, now):
    """What names of types take since the version before: "T+bfloat16,float8". Names that one version lacks say nothing."""
    changes = []
    for name in sorted(before.keys() & now.keys()):
        for sign, types in (("+", now[name] - before[name]), ("-", before[name] - now[name])):
            if types:
                changes.append(f"{name}{sign}{','.join(sorted(types))}")
    return changes


def schema_row(schema, types_before):
    """Version, inputs, outputs, attributes and, where there are any, changes of types."""
    row = [
        schema.since_version,
        [formal_parameter(parameter) for parameter in schema.inputs],
        [formal_parameter(parameter) for parameter in schema.outputs],
        [attribute(name, described) for name, described in sorted(schema.attributes.items())],
    ]
    changes = type_changes(types_before, element_types(schema))
    return row + [changes] if changes else row


def rows_by_operator():
    """The rows of each operator, oldest version first."""
    known = [schema for schema in defs.get_all_schemas_with_history() if schema.domain in DOMAINS]
    rows = {}
    types_before = {}
    for schema in sorted(known, key=lambda schema: (schema.domain, schema.name, schema.since_version)):
        name = f"{schema.domain}:{schema.name}" if schema.domain else schema.name
        rows.setdefault(name, []).append(schema_row(schema, types_before.get(name, {})))
        types_before[name] = element_types(schema)
    return rows


def main():
    """One line for each operator, so that a difference can be read."""
    lines = [
        f"    {json.dumps(name)}: {json.dumps(rows, ensure_ascii=False, separators=(',', ':'))}"
        for name, rows in rows_by_operator().items()
    ]
    print("{")
    print(f'  "source": "{SOURCE}",')
    print('  "operators": {')
    print(",\n".join(lines))
    print("  }\n}")


if __name__ == "__main__":
    main()
