"""How the weak RSA keys in this folder were made, each with its certificate. They are frozen, as recipe.sh says."""

import base64
import random
import subprocess
from math import gcd


def is_prime(n):
    if n % 2 == 0:
        return n == 2
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for _ in range(24):
        x = pow(random.randrange(2, n - 1), d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(bits):
    while True:
        n = random.getrandbits(bits) | 3 << (bits - 2) | 1
        if is_prime(n):
            return n


def next_prime(n):
    n += 2
    while not is_prime(n):
        n += 2
    return n


def roca_prime(bits):
    m, small = 1, (n for n in range(2, 10_000) if all(n % d for d in range(2, int(n**0.5) + 1)))
    for _ in range(126):
        m *= next(small)
    while True:
        k = random.getrandbits(bits - m.bit_length()) | 3 << (bits - m.bit_length() - 2)
        n = k * m + pow(65537, random.getrandbits(200), m)
        if n.bit_length() == bits and is_prime(n):
            return n


def der(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def write(name, p, q, e=65537):
    n, totient = p * q, (p - 1) * (q - 1) // gcd(p - 1, q - 1)
    d = pow(e, -1, totient)
    numbers = [0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    integers = b"".join(der(2, i.to_bytes(i.bit_length() // 8 + 1, "big")) for i in numbers)
    text = base64.encodebytes(der(0x30, integers)).decode()
    with open(f"{name}.key.pem", "w") as file:
        file.write(f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----\n")
    subprocess.run(
        ["openssl", "req", "-x509", "-key", f"{name}.key.pem", "-subj", "/CN=www.example.com", "-days", "60",
         "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:www.example.com",
         "-addext", "extendedKeyUsage=serverAuth", "-out", f"{name}.pem"], check=True)


def coprime(make):
    """A pair whose totient has an inverse of 65537."""
    while True:
        p, q = make()
        if gcd(65537, (p - 1) * (q - 1)) == 1 and (p * q).bit_length() == 2048:
            return p, q


p = prime(1024)
write("rsa_close", p, next_prime(p))
write("rsa_small_factor", *coprime(lambda: (743, prime(2038))))
write("rsa_uneven", *coprime(lambda: (prime(1148), prime(900))))
write("rsa_roca", *coprime(lambda: (roca_prime(1024), roca_prime(1024))))
write("rsa_composite", *coprime(lambda: (prime(512) * prime(512), prime(1024))))
write("rsa_long_exponent", *coprime(lambda: (prime(1024), prime(1024))), e=2**40 + 15)
