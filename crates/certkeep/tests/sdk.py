"""Drives a Certkeep server through the official `qiniu` package.

Reads the addresses of servers on one store, two tenants and six certificates as JSON from the standard input. Alice's
quota is five. Every call goes to one of the servers by chance.
"""

import json
import random
import sys

from qiniu import Auth, DomainManager, QiniuMacAuth
from qiniu import http

given = json.load(sys.stdin)
CERTIFICATES = given["certificates"]


def server():
    return random.choice(given["urls"])


def domains(auth):
    manager = DomainManager(auth)
    manager.server = server()
    return manager


def create(auth, certificate, **changes):
    fields = dict(certificate, **changes)
    return domains(auth).create_sslcert(fields["name"], "", fields["pri"], fields["ca"])


def read(auth, certid):
    return http._get_with_auth(server() + "/sslcert/" + certid, None, auth)


def delete(mac, certid):
    return http._delete_with_qiniu_mac(server() + "/sslcert/" + certid, None, mac)


def put(mac, path, body):
    headers = {"Content-Type": "application/json"}
    return http._put_with_qiniu_mac_and_headers(server() + path, json.dumps(body), mac, headers)


def pages(auth, limit):
    seen, marker, count = [], "", 0
    while True:
        page = accepted(http._get_with_auth(server() + "/sslcert", {"marker": marker, "limit": limit}, auth))
        if not page["certs"]:
            assert page["marker"] == ""
            return seen, count
        assert len(page["certs"]) <= limit and page["marker"]
        assert all("pri" not in c and "ca" not in c and c["encrypt"] == "ECDSA" for c in page["certs"])
        seen += [c["certid"] for c in page["certs"]]
        marker, count = page["marker"], count + 1


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

for limit, expected in ((1, 5), (2, 3), (100, 1)):
    seen, count = pages(alice, limit)
    assert seen == ids and count == expected, (limit, seen, count)
signed_otherwise = accepted(http._get_with_qiniu_mac(server() + "/sslcert", {"limit": 10}, alice_mac))
assert [c["certid"] for c in signed_otherwise["certs"]] == ids
assert accepted(http._get_with_auth(server() + "/sslcert", None, bob))["certs"] == []
refused(http._get_with_auth(server() + "/sslcert", {"limit": "x"}, alice), 400, 400, "invalid_parameter")
print("listed by pages of 1, 2 and 100")

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

name = "sdk0.example.com"
refused(domains(alice).get_domain(name), 404, 404, "no_such_domain")
assert accepted(domains(alice).put_httpsconf(name, ids[0], True))["previous"] is None
shown = accepted(domains(alice).get_domain(name))
assert shown["name"] == name and shown["protocol"] == "https", shown
assert shown["https"] == {"certId": ids[0], "forceHttps": True, "http2Enable": False}, shown
body = refused(delete(alice_mac, ids[0]), 400, 400611, "still_bound")
print("bound:", body["error"])
assert accepted(put(alice_mac, "/cert/bind", {"certid": ids[1], "domain": "sdk1.example.com"})) == {"code": 200}
refused(delete(alice_mac, ids[1]), 400, 400911, "still_bound")
bound = accepted(http._get_with_auth(server() + "/cert/bindings", None, alice))["bindings"]
assert bound == [{"domain": "sdk1.example.com", "certid": ids[1]}], bound
body = refused(domains(alice).put_httpsconf("other.example.com", ids[0], False), 400, 400, "not_covered")
assert "other.example.com" in body["error"] and name in body["error"], body
refused(domains(bob).get_domain(name), 404, 404908, "bound_elsewhere")
refused(domains(bob).put_httpsconf(name, ids[0], False), 404, 404908, "not_owner")
assert accepted(put(alice_mac, "/domain/" + name + "/unsslize", {})) == {"code": 200}
assert accepted(put(alice_mac, "/cert/unbind", {"domain": "sdk1.example.com"})) == {"code": 200}
refused(domains(alice).get_domain(name), 404, 404, "no_such_domain")
print("bound, refused to delete, freed")

assert accepted(delete(alice_mac, ids[0])) == {"code": 200}
refused(read(alice, ids[0]), 400, 400401, "not_found")
refused(delete(alice_mac, ids[0]), 400, 400401, "not_found")
accepted(create(alice, CERTIFICATES[5]))
print("deleted, and its place is free again")

print("all steps done")
