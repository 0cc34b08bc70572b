"""Live functions as contracts: the whole way from schemas to files that compile."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from iii_bridge.contract.compat.document import as_object
from iii_bridge.types import Json
from iii_codegen.importing.bindings import HTTP_ENVELOPE, event_messages
from iii_codegen.importing.compiling import settle_files
from iii_codegen.importing.draft import DraftField, DraftMessage, DraftMethod, Finding, Function
from iii_codegen.importing.literal import Word
from iii_codegen.importing.merging import merge_messages, name_enums, name_fields, name_messages
from iii_codegen.importing.names import free_name, json_name, pascal, snake
from iii_codegen.importing.placing import Place, place_of
from iii_codegen.importing.presence import settle
from iii_codegen.importing.schema import is_schema
from iii_codegen.importing.text import DraftFile, DraftService
from iii_codegen.importing.types import Types
from iii_codegen.model.naming import is_function_id
from iii_codegen.validate_file import is_installed

__all__ = ["Imported", "import_functions"]

_STRUCT: Final = "google.protobuf.Struct"
_RAW: Final = event_messages("http")


@dataclass(frozen=True, slots=True)
class Imported:
    """Files by their path below the directory of contracts, and what they cannot say."""

    files: dict[str, str]
    findings: list[Finding]


def import_functions(
    functions: Sequence[Function],
    *,
    package: str | None = None,
    comment: str = "",
    rules: bool | None = None,
    taken: Collection[str] = (),
) -> Imported:
    """Contracts for functions that are described by schemas only.

    `package` puts all of them into one package; packages that are `taken` get
    `imported` in front. `rules` says whether limits
    become rules of `buf.validate`, by default where its file is installed.
    """
    findings: list[Finding] = []
    groups: dict[str, list[tuple[Place, DraftMethod]]] = {}
    for function in functions:
        place = place_of(function, package, taken)
        method = _method(function, place, findings)
        if method is not None:
            groups.setdefault(place.package, []).append((place, method))
    with_rules = is_installed() if rules is None else rules
    files = [_file(name, members, findings, comment, with_rules) for name, members in groups.items()]
    return Imported(settle_files(files, findings), findings)


# --- methods -----------------------------------------------------------------


def _method(function: Function, place: Place, findings: list[Finding]) -> DraftMethod | None:
    comment = [function.description] if function.description else []
    method = DraftMethod(function, place.method, "", "", comment=comment)

    def say(side: str, problem: str, path: str = "$") -> None:
        findings.append(Finding(function.function_id, side, path, problem))
        if path == "$":
            method.comment.append(f"Not in this contract: {problem}.")

    if not is_function_id(function.function_id):
        say("contract", "its id is none that a contract can have; the function is left out")
        return None
    method.bindings = list(function.bindings)
    if _takes_raw_http(function):
        method.request, method.response = _RAW
        for side, schema in (("request", function.request), ("response", function.response)):
            if schema is not None:
                say(side, "its schema is left out: the engine hands over and takes back what http needs")
        return method
    events = {event_messages(binding.trigger_type)[0] for binding in function.bindings if not binding.adapted}
    event = events.pop() if len(events) == 1 and function.request is None else ""
    for side, schema in (("request", function.request), ("response", function.response)):
        root = event if side == "request" and event else _root(side, schema, place, say)
        if root is None:
            say(side, "its payload is no object, as every message is; the function is left out")
            return None
        setattr(method, side, root)
    for binding in function.bindings:
        if binding.trigger_type == "http" and not binding.adapted:
            say("binding", "its http route hands over the whole request today; by this contract, the message")
    return method


def _takes_raw_http(function: Function) -> bool:
    """Whether it is called by http itself: it then gets the engine's request, whatever its schemas say."""
    if not any(binding.trigger_type == "http" and not binding.adapted for binding in function.bindings):
        return False
    described = as_object(function.request) or {}
    return function.request is None or bool(HTTP_ENVELOPE & (as_object(described.get("properties")) or {}).keys())


def _root(side: str, schema: Json, place: Place, say: Any) -> str | DraftMessage | None:
    if schema is None:
        say(side, f"no {side} is described; any object is taken")
        return _STRUCT
    if not is_schema(schema):
        say(side, f"the description of the {side} is no JSON Schema; any object is taken")
        return _STRUCT
    types = Types(
        schema, response=side == "response", method=place.method, report=lambda path, text: say(side, text, path)
    )
    return types.root()


# --- files -------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    prefix: str
    namespace: str
    methods: list[DraftMethod] = field(default_factory=lambda: list[DraftMethod]())


def _file(
    package: str, members: Sequence[tuple[Place, DraftMethod]], findings: list[Finding], comment: str, with_rules: bool
) -> DraftFile:
    methods = [method for _, method in members]
    _one_spelling(methods, findings)
    services = _services(members)
    taken = {name for service in services for name in _generated_names(service.name)}
    taken |= {method.name for method in methods}  # a type is looked for among the methods first
    messages = merge_messages(methods)
    name_messages(messages, taken)
    proto_names = _writes_field_names(messages)
    for message in messages:
        name_fields(message, as_written=proto_names)
        for item in message.fields:
            _finish(item, methods[0].function.function_id, findings, with_rules)
        if not with_rules:
            message.required_oneofs.clear()
    enums = name_enums(messages, taken)
    file = DraftFile(package, services, messages, enums, proto_names=proto_names, comment=comment)
    _profiles(file, methods)
    for method in methods:
        _strictness(method, findings)
    return file


def _generated_names(service: str) -> Iterable[str]:
    base = service.removesuffix("Service") or service
    return (service, f"{base}Service", f"{base}ServiceSync", f"{base}Client", f"{base}ClientSync")


def _services(members: Sequence[tuple[Place, DraftMethod]]) -> list[DraftService]:
    groups: dict[tuple[str, str], _Group] = {}
    services: dict[str, DraftService] = {}
    names: dict[tuple[str, str], str] = {}
    for place, method in members:
        namespace = "" if method.function.namespace == "default" else method.function.namespace
        key = (place.service, f"{place.prefix}\0{namespace}")
        if key not in groups:
            groups[key] = _Group(place.prefix, namespace)
            base = place.service.removesuffix("Service")
            names[key] = free_name((place.service, f"{base}{pascal(namespace)}Service"), services)
            services[names[key]] = DraftService(names[key], {}, groups[key].methods)
        service = services[names[key]]
        own = Place(place.package, service.name, place.method, place.prefix)
        method.name = free_name((method.name,), {other.name for other in service.methods})
        service.methods.append(method)
        _identity(service, method, own, namespace)
    return list(services.values())


def _identity(service: DraftService, method: DraftMethod, place: Place, namespace: str) -> None:
    bare = Place(place.package, service.name, place.method, "")
    if place.prefix and Place(place.package, service.name, "", place.prefix).function_id("X") != bare.function_id("X"):
        service.options["prefix"] = place.prefix
    if namespace:
        service.options["namespace"] = namespace
    if place.function_id(method.name) != method.function.function_id:
        method.options["id"] = method.function.function_id
    plain = {name: value for name, value in method.function.metadata.items() if name != "iii-bridge"}
    texts = {name: value for name, value in plain.items() if isinstance(value, str)}
    if texts:
        method.options["metadata"] = [{"key": name, "value": value} for name, value in sorted(texts.items())]
    rest = {name: value for name, value in plain.items() if name not in texts}
    if rest:
        method.options["metadata_json"] = json.dumps(rest, ensure_ascii=False, sort_keys=True)


def _finish(item: DraftField, function_id: str, findings: list[Finding], with_rules: bool) -> None:
    side = "response" if all(seen.response for seen in item.seen) else "request"
    findings += [Finding(function_id, side, item.path, problem) for problem in settle(item)]
    if item.rules and not with_rules:
        shown = json.dumps(item.rules, ensure_ascii=False)
        item.rules = {}
        item.comment.append(f"Not in this contract: the limits {shown}.")
        findings.append(Finding(function_id, side, item.path, "its limits need iii-bridge[validate]"))


# --- profiles ----------------------------------------------------------------


def _writes_field_names(messages: Sequence[DraftMessage]) -> bool:
    """Whether members are called as fields are in a contract, snake_case throughout."""
    members = [item.member for message in messages for item in message.fields]
    as_json = all(json_name(snake(member)) == member for member in members)
    return not as_json and all(snake(member) == member for member in members)


def _one_spelling(methods: Sequence[DraftMethod], findings: list[Finding]) -> None:
    """A function writes 64-bit integers in one way; where there are both, those that are numbers become doubles."""
    for method in methods:
        fields = [item for message in method.drafts() for item in message.fields]
        if not any(item.long_text for item in fields):
            continue
        for item in fields:
            if item.long_number:
                item.type, item.rules, item.long_number = "double", {}, False
                problem = "a 64-bit integer is a number here and a string elsewhere; any number is taken"
                item.comment.append(f"Not in this contract: {problem}.")
                findings.append(Finding(method.function.function_id, "contract", item.path, problem))


def _profiles(file: DraftFile, methods: Sequence[DraftMethod]) -> None:
    numbers = {id(method): _longs(method) for method in methods}
    wanted = {value for value in numbers.values() if value is not None}
    profile: dict[str, Any] = {"names": Word("NAMES_PROTO")} if file.proto_names else {}
    if wanted == {True}:
        profile["int64"] = Word("INT64_NUMBER")
    elif wanted == {True, False}:
        for method in methods:
            if numbers[id(method)]:
                method.options["json"] = {"int64": Word("INT64_NUMBER")}
    if profile:
        file.options["json"] = profile


def _longs(method: DraftMethod) -> bool | None:
    """Whether its 64-bit integers are numbers; None where it has none."""
    fields = [item for message in method.drafts() for item in message.fields]
    if any(item.long_number for item in fields):
        return True
    return False if any(item.long_text for item in fields) else None


def _strictness(method: DraftMethod, findings: list[Finding]) -> None:
    """Members besides those named: a policy of the whole function, or nothing."""
    asked = [item for item in method.drafts() if False in item.closed]
    given = [item for item in method.drafts() if True in item.closed]
    refusing = [item for item in asked if item.closed[False]]
    if not refusing:
        return
    if len(refusing) == len(asked) and all(item.closed[True] for item in given):
        method.options["unknown_members"] = Word("UNKNOWN_MEMBERS_REJECT")
        return
    problem = "members that are not named are refused in requests"
    findings.append(Finding(method.function.function_id, "request", "$", problem))
    for item in refusing:
        line = f"Not in this contract: {problem}."
        if line not in item.comment:
            item.comment.append(line)
