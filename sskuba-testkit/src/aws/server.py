"""Moto, which looks at every request first as AWS's own client would have made it.

A request is read by the model of its service, as botocore has it: an operation that does not exist, a parameter that the
operation has not, a value of another type or beyond its limits is answered with 400 and the code RequestBreaksModel. What a
request would have been, had botocore written it, is compared with what came."""

import io
import json
import re
import sys
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session
from botocore.model import OperationNotFoundError
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator
from moto.core.model import ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response

CODE = "RequestBreaksModel"
SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
# Where the name that requests are signed with is not that of the model.
MODELS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
# What every form has beside the parameters.
GENERATED = {"Action", "Version"}

session = botocore.session.get_session()


class Broken(Exception):
    pass


@lru_cache
def model_of(signed):
    name = MODELS.get(signed, signed)
    return ServiceModel(session.get_component("data_loader").load_service_model(name, "service-2"), name)


@lru_cache
def routes(signed):
    """The operations of a service without action names: each with its method, path, the keys that its query must have,
    and the headers without which it is another one."""
    model, found = model_of(signed), []
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri = urlsplit(operation.http["requestUri"])
        path = re.sub(r"\\?\{(\w+)(\\?\+)?\\?\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(uri.path))
        members = operation.input_shape.members if operation.input_shape else {}
        required = operation.input_shape.required_members if operation.input_shape else []
        locations = {key: members[key].serialization for key in required}
        keys = set(parse_qs(uri.query, keep_blank_values=True))
        keys |= {s["name"] for s in locations.values() if s.get("location") == "querystring"}
        headers = {s["name"].lower() for s in locations.values() if s.get("location") == "header"}
        path = re.compile(path.rstrip("/") + "/?$")
        found.append((operation, operation.http["method"], path, keys, headers))
    # What asks for more comes first.
    return sorted(found, key=lambda route: (-len(route[3]), -len(route[4]), -len(route[2].pattern)))


def operation_of(signed, request):
    """Returns the operation of a request and the parameters that its path has."""
    target, model = request.headers.get("X-Amz-Target"), model_of(signed)
    action = target.rsplit(".", 1)[-1] if target else request.form.get("Action")
    if action:
        try:
            return model.operation_model(action), {}
        except OperationNotFoundError:
            raise Broken(f"{signed} has no operation {action}") from None
    for operation, method, path, keys, headers in routes(signed):
        match = path.match(request.path)
        sent = {name.lower() for name in request.headers.keys()}
        if match and method == request.method and keys <= set(request.args) and headers <= sent:
            return operation, {name: unquote(value) for name, value in match.groupdict().items()}
    raise Broken(f"{signed} has no operation {request.method} {request.path}")


def checked(signed, request):
    """Returns the operation of a request that fits its model; raises what is wrong with another."""
    operation, in_path = operation_of(signed, request)
    protocol = operation.service_model.protocol
    if operation.input_shape is None:
        return operation
    parser = PROTOCOL_PARSERS[protocol](operation)
    parameters = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": content(operation.input_shape, request.get_data()),
            "url_path": request.path,
            "url_params": in_path,
        }
    )
    report = ParamValidator().validate(parameters, operation.input_shape)
    if report.has_errors():
        raise Broken(f"{operation.name}: {report.generate_report()}")
    for wrong in beyond(operation.input_shape, parameters, operation.name):
        raise Broken(wrong)
    compared(operation, parameters, request, protocol)
    return operation


def content(shape, body):
    """Returns the body as a parser takes it: what an object of S3 holds is no text, and a model says nothing of it."""
    payload = shape.serialization.get("payload")
    is_blob = payload is not None and shape.members[payload].type_name == "blob"
    return b"" if is_blob else body


def beyond(shape, value, path):
    """Says what is beyond the limits of a model that botocore leaves to the service."""
    limits = shape.metadata
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        for name, part in value.items():
            yield from beyond(shape.members[name], part, f"{path}.{name}")
    elif shape.type_name == "list":
        if len(value) > limits.get("max", sys.maxsize):
            yield f"{path} has {len(value)} items, more than {limits['max']}"
        for part in value:
            yield from beyond(shape.member, part, path)
    elif shape.type_name == "map":
        for key, part in value.items():
            yield from beyond(shape.key, key, path)
            yield from beyond(shape.value, part, f"{path}.{key}")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{path} is {value}, none of {', '.join(shape.enum)}"
        if len(value) > limits.get("max", sys.maxsize):
            yield f"{path} has {len(value)} characters, more than {limits['max']}"
        pattern = python_pattern(limits.get("pattern"))
        if pattern and not pattern.search(value):
            yield f"{path} is {value[:80]}, which does not fit {limits['pattern']}"
    elif shape.type_name in ("integer", "long") and value > limits.get("max", sys.maxsize):
        yield f"{path} is {value}, more than {limits['max']}"


@lru_cache
def python_pattern(pattern):
    """Patterns are written in Java's notation; one that Python does not read is left out."""
    try:
        return re.compile(f"^(?:{pattern})$") if pattern else None
    except re.error:
        return None


def compared(operation, parameters, request, protocol):
    """Refuses what botocore would not have sent for these parameters: the parser leaves out what the model does not know."""
    if protocol not in ("query", "ec2", "json"):
        return
    body = create_serializer(protocol).serialize_to_request(parameters, operation)["body"]
    if protocol == "json":
        known, sent = set(leaves(json.loads(body or "{}"))), set(leaves(json.loads(request.get_data() or "{}")))
    else:
        known, sent = set(body), {key for key, value in request.form.items() if value != ""}
    odd = sorted(sent - known - GENERATED)
    if odd:
        raise Broken(f"{operation.name} has not: {', '.join(odd)}")


def leaves(value, path=""):
    """The paths of all that a document says."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from leaves(part, f"{path}[{i}]")
    elif value is not None:
        yield path


def refusal(protocol, words):
    if protocol == "json":
        return Response(json.dumps({"__type": CODE, "message": words}), 400, mimetype="application/x-amz-json-1.1")
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    error = f"<Error><Code>{CODE}</Code><Message>{words}</Message></Error>"
    forms = {
        "ec2": f"<Response><Errors>{error}</Errors><RequestID>model</RequestID></Response>",
        "query": f"<ErrorResponse>{error}<RequestId>model</RequestId></ErrorResponse>",
    }
    body = forms.get(protocol, f"<ErrorResponse>{error}<RequestId>model</RequestId></ErrorResponse>")
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{body}', 400, mimetype="text/xml")


def looked_at(app):
    def serve(environ, start_response):
        signed = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not signed:
            return app(environ, start_response)
        body = Request(environ).get_data()
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            checked(signed[1], Request({**environ, "wsgi.input": io.BytesIO(body)}))
        except Broken as broken:
            return refusal(model_of(signed[1]).protocol, str(broken))(environ, start_response)
        return app(environ, start_response)

    return serve


if __name__ == "__main__":
    app = DomainDispatcherApplication(create_backend_app)
    app.debug = True
    run_simple("127.0.0.1", int(sys.argv[1]), looked_at(app), threaded=True, use_reloader=False)
