"""Drives a Certkeep server through the official `qiniu` package.

Reads the server's address, two tenants and six certificates as JSON from the standard input. Alice's quota is five.
"""

import json
import sys

from qiniu import Auth, DomainManager, QiniuMacAuth
from qiniu import http

given = json.load(sys.stdin)
SERVER = given["url"]
CERTIFICATES = given["certificates"]


def domains(auth):
    manager = DomainManager(auth)
    manager.server = SERVER
    return manager


def create(auth, certificate, **changes):
    fields = dict(certificate, **changes)
    return domains(auth).create_sslcert(fields["name"], "", fields["pri"], fields["ca"])


def read(auth, certid):
    return http._get_with_auth(SERVER + "/sslcert/" + certid, None, auth)


def delete(mac, certid):
    return http._delete_with_qiniu_mac(SERVER + "/sslcert/" + certid, None, mac)


def accepted(result):
    answer, info = result
    assert info.status_code == 200 and answer is not None, (info.status_code, info.text_body)
    assert info.req_id and answer["code"] == 200 and "error" not in answer, answer
    return answer


def refused(result, status, code, rule):
    answer, info = result
    assert answer is None and info.status_code == status, (info.status_code, info.text_body)
    body = json.loads(info.text_body)
    assert (body["code"], body["rule"]) == (code, rule), body
    assert body["error"] and isinstance(body["findings"], list) and info.req_id, body
    return body


alice, bob = Auth(*given["alice"]), Auth(*given["bob"])
alice_mac = QiniuMacAuth(*given["alice"])

ids = [accepted(create(alice, c))["certID"] for c in CERTIFICATES[:5]]
assert len(set(ids)) == 5
print("created", ids)

again = accepted(create(alice, CERTIFICATES[0]))["certID"]
assert again == ids[0], "the same upload has the same id"
body = refused(create(alice, CERTIFICATES[5]), 400, 400500, "quota_exceeded")
print("quota:", body["error"])

one = accepted(read(alice, ids[0]))
for record in (one, one["cert"]):
    assert record["name"] == "sdk0" and record["common_name"] == "sdk0.example.com", record
    assert record["dnsnames"] == ["sdk0.example.com"], record
    assert record["not_before"] < record["create_time"] < record["not_after"], record
    assert record["pri"].split() == CERTIFICATES[0]["pri"].split(), "the key comes back as it was sent"
    assert record["ca"].split() == CERTIFICATES[0]["ca"].split(), "and so does the chain"
assert one["cert"]["certid"] == ids[0]
print("read", ids[0])

seen, marker, pages = [], "", 0
while True:
    page = accepted(http._get_with_auth(SERVER + "/sslcert", {"marker": marker, "limit": 2}, alice))
    if not page["certs"]:
        assert page["marker"] == ""
        break
    assert len(page["certs"]) <= 2 and page["marker"]
    assert all("pri" not in c and "ca" not in c and c["encrypt"] == "ECDSA" for c in page["certs"])
    seen += [c["certid"] for c in page["certs"]]
    marker, pages = page["marker"], pages + 1
assert seen == ids and pages == 3, (seen, pages)
signed_otherwise = accepted(http._get_with_qiniu_mac(SERVER + "/sslcert", {"limit": 10}, alice_mac))
assert [c["certid"] for c in signed_otherwise["certs"]] == ids
assert accepted(http._get_with_auth(SERVER + "/sslcert", None, bob))["certs"] == []
refused(http._get_with_auth(SERVER + "/sslcert", {"limit": "x"}, alice), 400, 400, "invalid_parameter")
print("listed", pages, "pages")

refused(read(Auth("AK-alice", "wrong"), ids[0]), 401, 401, "bad_token")
refused(read(Auth("nobody", "SK-alice"), ids[0]), 401, 401, "bad_token")
refused(delete(QiniuMacAuth("AK-alice", "wrong"), ids[0]), 401, 401, "bad_token")
refused(create(bob, CERTIFICATES[5], ca="nothing"), 404, 404906, "no_pem")
body = refused(create(bob, CERTIFICATES[5], pri=CERTIFICATES[4]["pri"]), 404, 404906, "key_mismatch")
assert body["findings"][0]["location"]["field"] == "pri", body
refused(read(bob, ids[0]), 404, 404908, "not_owner")
refused(delete(QiniuMacAuth(*given["bob"]), ids[0]), 404, 404908, "not_owner")
refused(read(alice, "5cd118063405971836000359"), 400, 400401, "not_found")
print("refused as documented")

assert accepted(delete(alice_mac, ids[0])) == {"code": 200}
refused(read(alice, ids[0]), 400, 400401, "not_found")
refused(delete(alice_mac, ids[0]), 400, 400401, "not_found")
accepted(create(alice, CERTIFICATES[5]))
print("deleted, and its place is free again")

print("all steps done")
