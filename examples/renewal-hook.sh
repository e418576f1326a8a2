#!/bin/sh
# Uploads a renewed certificate, and lets it take over the domains of the one that it renews.
#
# certbot:  certbot renew --deploy-hook /usr/local/bin/renewal-hook.sh
# acme.sh:  acme.sh --install-cert -d www.example.com --fullchain-file /etc/tls/www/fullchain.pem \
#               --key-file /etc/tls/www/privkey.pem \
#               --reloadcmd 'RENEWED_LINEAGE=/etc/tls/www /usr/local/bin/renewal-hook.sh'
# lego:     lego renew --renew-hook 'CHAIN=$LEGO_CERT_PATH KEY=$LEGO_CERT_KEY_PATH /usr/local/bin/renewal-hook.sh'
#
# It needs CERTKEEP_URL, CERTKEEP_ACCESS_KEY and CERTKEEP_SECRET_KEY or CERTKEEP_SECRET_KEY_FILE. They may stand in
# the file /etc/certkeep/hook.env, which then is only for its owner to read.
set -eu

settings=${CERTKEEP_HOOK_ENV:-/etc/certkeep/hook.env}
if [ -r "$settings" ]; then
    set -a
    # shellcheck source=/dev/null
    . "$settings"
    set +a
fi

chain=${CHAIN:-${RENEWED_LINEAGE:?"neither RENEWED_LINEAGE nor CHAIN and KEY are set"}/fullchain.pem}
key=${KEY:-${RENEWED_LINEAGE:-}/privkey.pem}
name=${NAME:-$(basename "$(dirname "$chain")")}

# Server, store and network may be away for a moment. A refusal (exit code 1) stays one, however often it is asked.
attempt=1
while :; do
    code=0
    ${CERTKEEP:-certkeep} cert upload "$chain" --key "$key" --name "$name" --label from=renewal --takeover || code=$?
    case $code in
        0) exit 0 ;;
        1) exit 1 ;;
    esac
    [ "$attempt" -lt "${ATTEMPTS:-5}" ] || exit "$code"
    sleep "${PAUSE:-10}"
    attempt=$((attempt + 1))
done
