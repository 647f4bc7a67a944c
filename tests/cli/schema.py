"""A document against a JSON Schema: type, required, properties, additionalProperties, items. A word
of a schema that is not known here is an error: it would not be checked.
    python3 schema.py SCHEMA DOCUMENT..."""
import json
import sys

KNOWN = {"$schema", "title", "description", "type", "required", "properties",
         "additionalProperties", "items"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
         "boolean": bool, "null": type(None)}


def is_of(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def check(value, schema, where, complaints):
    unknown = set(schema) - KNOWN
    if unknown:
        complaints.append(f"{where}: the schema says {unknown}")
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(is_of(value, name) for name in types):
        complaints.append(f"{where}: {value!r} is no {types}")
    elif isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        complaints += [f"{where}: lacks {name}" for name in schema.get("required", [])
                       if name not in value]
        for name, member in value.items():
            if name in properties:
                check(member, properties[name], f"{where}.{name}", complaints)
            elif others is False:
                complaints.append(f"{where}: has {name}")
            elif others is not True:
                check(member, others, f"{where}.{name}", complaints)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check(item, schema.get("items", {"type": list(TYPES)}), f"{where}[{index}]", complaints)


def main(schema, *documents):
    with open(schema, encoding="utf-8") as file:
        schema = json.load(file)
    complaints = []
    for path in documents:
        with open(path, encoding="utf-8") as file:
            check(json.load(file), schema, path, complaints)
    print("\n".join(complaints[:20]))
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
