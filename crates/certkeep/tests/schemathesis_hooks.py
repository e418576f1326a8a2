"""Signs what schemathesis sends, and lets it meet ids and domains that exist. The environment names them."""

import base64
import hashlib
import hmac
import os

import schemathesis
from requests.auth import AuthBase

ACCESS_KEY, SECRET_KEY = os.environ["CALLER"].split(":")
IDS = os.environ["IDS"].split(",")
DOMAINS = ["www.example.com", ".example.com"]


class QBox(AuthBase):
    """The scheme that signs path, query and form bodies."""

    def __call__(self, request):
        data = request.path_url.encode() + b"\n"
        if request.headers.get("Content-Type") == "application/x-www-form-urlencoded" and request.body:
            data += request.body if isinstance(request.body, bytes) else request.body.encode()
        tag = base64.urlsafe_b64encode(hmac.new(SECRET_KEY.encode(), data, hashlib.sha1).digest()).decode()
        request.headers["Authorization"] = f"QBox {ACCESS_KEY}:{tag}"
        return request


schemathesis.auth.set_from_requests(QBox())


def one_of(known, value):
    """Every second time something that exists; the rest stays as it was made up, and so does what is no text at all."""
    if not isinstance(value, str):
        return value
    number = sum(str(value).encode())
    return known[number // 2 % len(known)] if number % 2 else value


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for name, known in (("id", IDS), ("domain", DOMAINS)):
        if path_parameters and name in path_parameters:
            path_parameters[name] = one_of(known, path_parameters[name])
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name, known in (("certId", IDS), ("certid", IDS), ("domain", DOMAINS)):
            if name in body:
                body[name] = one_of(known, body[name])
    return body
