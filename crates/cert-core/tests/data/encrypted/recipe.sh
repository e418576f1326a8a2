#!/usr/bin/env bash
# How the files in this folder were made, with OpenSSL 3.0 and its legacy provider, keytool of a JDK 17, and pk12util of
# NSS 3.87. They are frozen: nothing makes them again. The passphrase is `secret` where nothing else is said. None of
# the keys protects anything.
set -euo pipefail

# A root, a CA below it, a leaf of www.example.com with an EC key, and an RSA key.
extensions() { printf '%s\n' "$@" > extensions.cnf; }
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root.key
openssl req -x509 -key root.key -subj /CN=Root -days 60 -addext keyUsage=critical,keyCertSign -out root.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key
openssl req -new -key ca.key -subj /CN=CA -out ca.csr
extensions basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign subjectKeyIdentifier=hash authorityKeyIdentifier=keyid
openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -days 60 -extfile extensions.cnf -out ca.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key.pem
for name in ec rsa; do
    openssl req -new -key $name.key.pem -subj /CN=www.example.com -out leaf.csr
    extensions keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth subjectAltName=DNS:www.example.com \
        authorityKeyIdentifier=keyid
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 60 -extfile extensions.cnf -out $name.leaf
    cat $name.leaf ca.pem > $name.pem
done

# PEM as OpenSSL wrote it for long, and as it still does with -traditional.
for cipher in aes128 aes192 aes256 des3; do
    openssl ec -in ec.key.pem -$cipher -passout pass:secret -out ec_$cipher.key.pem
done
openssl rsa -in rsa.key.pem -traditional -aes256 -passout pass:secret -out rsa_aes256.key.pem
openssl rsa -in rsa.key.pem -traditional -des3 -passout pass:secret -out rsa_des3.key.pem
openssl ec -in ec.key.pem -provider legacy -provider default -des -passout pass:secret -out ec_des.key.pem
openssl ec -in ec.key.pem -camellia128 -passout pass:secret -out ec_camellia128.key.pem

# PKCS #8.
pkcs8() { openssl pkcs8 -topk8 -in ec.key.pem -passout pass:secret -provider legacy -provider default "${@:2}" -out "ec_$1.key.pem"; }
pkcs8 pbes2_aes128_sha512 -v2 aes-128-cbc -v2prf hmacWithSHA512
pkcs8 pbes2_aes192_sha384 -v2 aes-192-cbc -v2prf hmacWithSHA384
pkcs8 pbes2_aes256 -v2 aes-256-cbc
pkcs8 pbes2_des3_sha1 -v2 des3 -v2prf hmacWithSHA1
pkcs8 pbes2_aria -v2 aria-256-cbc
pkcs8 pbes2_sha224 -v2 aes-256-cbc -v2prf hmacWithSHA224
pkcs8 pbes2_iterations_at_cap -v2 aes-256-cbc -iter 1000000
pkcs8 pbes2_iterations_above_cap -v2 aes-256-cbc -iter 1000001
pkcs8 scrypt -scrypt
pkcs8 pbes1_md5_des -v1 PBE-MD5-DES
pkcs8 pbes1_sha1_des -v1 PBE-SHA1-DES
pkcs8 pkcs12_des3 -v1 PBE-SHA1-3DES
pkcs8 pkcs12_rc2 -v1 PBE-SHA1-RC2-40
pkcs8 pkcs12_rc4 -v1 PBE-SHA1-RC4-128
openssl pkcs8 -topk8 -in ec.key.pem -passout pass:secret -outform DER -out ec_pbes2.key.der
openssl pkcs8 -topk8 -in ec.key.pem -passout pass:'Пароль 密码' -out ec_unicode.key.pem

# PKCS #12.
p12() { openssl pkcs12 -export -inkey ec.key.pem -in ec.leaf -certfile "${@:2}" -out "$1.p12"; }
cat ca.pem root.pem > issuers
p12 modern issuers -passout pass:secret -name www
p12 legacy issuers -passout pass:secret -legacy
p12 rc2_128 issuers -passout pass:secret -provider legacy -provider default -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-2DES -macalg sha512
p12 plain issuers -passout pass:secret -keypbe NONE -certpbe NONE
p12 without_mac issuers -passout pass:secret -nomac
p12 without_passphrase issuers -passout pass:
p12 unicode issuers -passout pass:'Пароль 密码' -legacy
p12 iterations_below_cap issuers -passout pass:secret -iter 300000
p12 iterations_above_cap issuers -passout pass:secret -iter 350000
p12 aria issuers -passout pass:secret -keypbe aria-256-cbc
openssl pkcs12 -export -nokeys -in ec.pem -passout pass:secret -out without_key.p12
openssl pkcs12 -export -nocerts -inkey ec.key.pem -passout pass:secret -out without_certificate.p12
openssl pkcs12 -export -inkey rsa.key.pem -in rsa.pem -name second -passout pass:secret -out second.p12
cat root.pem ca.pem ec.leaf > reversed && openssl pkcs12 -export -inkey ec.key.pem -in reversed -passout pass:secret -out reversed.p12
base64 -w 64 modern.p12 > modern.p12.base64
keytool -importkeystore -srckeystore modern.p12 -srcstorepass secret -destkeystore java.p12 -deststoretype PKCS12 -deststorepass secret -noprompt
cp java.p12 two_keys.p12
keytool -importkeystore -srckeystore second.p12 -srcstorepass secret -destkeystore two_keys.p12 -deststoretype PKCS12 -deststorepass secret -noprompt
mkdir nss && certutil -d nss -N --empty-password
pk12util -d nss -i modern.p12 -W secret
pk12util -d nss -o nss.p12 -n www -W secret

rm -r nss extensions.cnf issuers reversed second.p12 ./*.csr ./*.leaf root.key ca.key ca.pem
