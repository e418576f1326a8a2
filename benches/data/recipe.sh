#!/usr/bin/env bash
# How the keys in this folder were made, with OpenSSL 3.0: the longest modulus and the slowest public exponent that are
# verified with. Making one takes half a minute, so they are frozen. They protect nothing.
set -euo pipefail

for name in a b; do
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:8192 -pkeyopt rsa_keygen_pubexp:8589934591 \
        -out "rsa8192_$name.key.pem"
done
