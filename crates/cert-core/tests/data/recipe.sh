#!/usr/bin/env bash
# How the files in this folder were made, with OpenSSL 3.0. They are frozen: nothing makes them again, since tests
# compare what is said of them. None of the keys protects anything.
set -euo pipefail

openssl ecparam -name prime256v1 -genkey -out ec_with_parameters.pem
openssl pkey -in ec_with_parameters.pem -out ec_pkcs8.pem
openssl pkey -in ec_pkcs8.pem -pubout -out public_key.pem
openssl pkcs8 -topk8 -in ec_pkcs8.pem -passout pass:secret -v2 aes-256-cbc -out encrypted_pkcs8.pem
openssl ec -in ec_pkcs8.pem -aes128 -passout pass:secret -out encrypted_traditional.pem
openssl req -new -key ec_pkcs8.pem -subj /CN=www.example.com -out request.pem
openssl req -x509 -key ec_pkcs8.pem -subj /CN=www.example.com -days 60 -out self_signed.pem
openssl crl2pkcs7 -nocrl -certfile self_signed.pem -out bundle.p7b
openssl pkcs12 -export -inkey ec_pkcs8.pem -in self_signed.pem -passout pass:secret -out bundle.p12
openssl dhparam -out dh.pem 512
ssh-keygen -q -t ed25519 -N '' -C test -f openssh && rm openssh.pub && mv openssh openssh.pem

self_signed() {
    openssl req -x509 -key "$1.key.pem" -subj /CN=www.example.com -days 60 -addext basicConstraints=critical,CA:FALSE \
        -addext subjectAltName=DNS:www.example.com -addext extendedKeyUsage=serverAuth -out "$1.pem"
}
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out secp256k1.key.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224 -out p224.key.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out explicit.key.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.key.pem
openssl genpkey -algorithm ED448 -out ed448.key.pem
openssl dsaparam -genkey -out dsa.key.pem 1024
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa1024.key.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2047 -out rsa2047.key.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2052 -out rsa2052.key.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out rsa_e3.key.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa2048.key.pem
openssl rsa -in rsa2048.key.pem -traditional -out rsa2048_pkcs1.key.pem
for name in secp256k1 p224 explicit pss ed448 dsa rsa1024 rsa2047 rsa2052 rsa_e3 rsa2048; do self_signed "$name"; done

openssl req -x509 -key ec_pkcs8.pem -subj /CN=CA -days 60 -out ca.pem
: > index.txt
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=30\n' > ca.cnf
openssl ca -gencrl -config ca.cnf -keyfile ec_pkcs8.pem -cert ca.pem -out crl.pem
rm index.txt* ca.cnf ca.pem
