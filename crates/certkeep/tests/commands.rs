//! The commands beside `cert upload|get|list|delete`: domains, renewal, key rotation, credentials, import, manual pages.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cert_core::testing::{Issued, TestLeaf};
use serde_json::{Value, json};
use server::{ALICE, ROOT, Server, Site, Tenant, now};

struct Terminal<'a> {
    folder: &'a Path,
    url: &'a str,
    tenant: Tenant,
}

impl<'a> Terminal<'a> {
    fn of(site: &'a Site, server: &'a Server) -> Self {
        Self { folder: site.folder(), url: &server.url, tenant: ALICE }
    }

    fn output(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_certkeep"))
            .args(arguments)
            .current_dir(self.folder)
            .env("CERTKEEP_URL", self.url)
            .env("CERTKEEP_ACCESS_KEY", self.tenant.access_key)
            .env("CERTKEEP_SECRET_KEY", self.tenant.secret_key)
            .output()
            .unwrap()
    }

    /// What it prints; it must end with this code.
    #[track_caller]
    fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        text
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.output(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {output:?}"))
    }
}

fn write(folder: &Path, name: &str, issued: &Issued) {
    fs::write(folder.join(format!("{name}.pem")), issued.chain_pem()).unwrap();
    fs::write(folder.join(format!("{name}.key")), issued.key_pem()).unwrap();
}

#[test]
fn domains_and_renewals() {
    let site = Site::new(10);
    let server = site.start();
    let terminal = Terminal::of(&site, &server);
    let later = TestLeaf::new(&["www.example.com"]).valid(now() - 86_400, now() + 80 * 86_400);
    write(site.folder(), "old", &site.issue("www.example.com"));
    write(site.folder(), "new", &site.authority.issue(&later));

    let id = terminal.json(&["cert", "upload", "old.pem", "--key", "old.key"])["certID"].clone();
    let id = id.as_str().unwrap();
    let said = terminal.ends(0, &["domain", "bind", "www.example.com", id, "--force-https"]);
    assert_eq!(said, format!("{id} serves www.example.com\n"));
    let said = terminal.ends(0, &["domain", "show", "www.example.com"]);
    assert!(said.contains(id) && said.contains("force HTTPS") && !said.contains("HTTP/2"), "{said}");
    let said = terminal.ends(1, &["cert", "delete", id]);
    assert!(said.contains("400611") && said.contains("www.example.com"), "{said}");
    let said = terminal.ends(1, &["domain", "bind", "other.example.com", id]);
    assert!(said.contains("not_covered") && said.contains("www.example.com"), "{said}");

    let said = terminal.ends(0, &["cert", "replace", id, "new.pem", "--key", "new.key"]);
    assert!(said.starts_with(&format!("{id} stands at generation 2")), "{said}");
    let replace = ["cert", "replace", id, "old.pem", "--key", "old.key", "--generation", "1"];
    assert!(terminal.ends(1, &replace).contains("stale_generation"));
    let said = terminal.ends(0, &["cert", "rollback", id, "--generation", "2"]);
    assert!(said.starts_with(&format!("{id} stands at generation 3")), "{said}");

    let replace = ["cert", "replace", id, "new.pem", "--key", "new.key", "--label", "team=web"];
    terminal.ends(0, &replace);
    assert!(terminal.ends(0, &["cert", "find", "--label", "team=web"]).starts_with(id));
    terminal.ends(0, &["cert", "replace", id, "old.pem", "--key", "old.key"]);
    assert!(terminal.ends(0, &["cert", "find", "--label", "team=web"]).starts_with(id), "they stay");
    terminal.ends(0, &["cert", "replace", id, "old.pem", "--key", "old.key", "--no-labels"]);
    assert_eq!(terminal.ends(0, &["cert", "find", "--label", "team=web"]), "");

    for by in [["--domain", "www.example.com"], ["--domain", "WWW.example.com"]] {
        assert!(terminal.ends(0, &[&["cert", "find"], &by[..]].concat()).starts_with(id));
    }
    assert_eq!(terminal.ends(0, &["cert", "find", "--label", "a=b"]), "");
    terminal.ends(2, &["cert", "find"]);

    let upload = ["cert", "upload", "new.pem", "--key", "new.key", "--takeover", "--label", "a=b"];
    let said = terminal.ends(0, &upload);
    assert!(said.contains(&format!("serves www.example.com in the place of {id}")), "{said}");
    assert!(terminal.ends(0, &["cert", "find", "--label", "a=b"]).contains("www.example.com"));
    assert_eq!(
        terminal.ends(0, &["domain", "unbind", "www.example.com"]),
        "nothing serves www.example.com\n"
    );
    assert!(terminal.ends(1, &["domain", "show", "www.example.com"]).contains("no_such_domain"));
    terminal.ends(0, &["domain", "bind", "www.example.com", id, "--storage"]);
    assert!(terminal.ends(0, &["cert", "get", id]).contains("www.example.com (storage, primary)"));
    terminal.ends(0, &["domain", "unbind", "www.example.com", "--storage"]);
    terminal.ends(0, &["cert", "delete", id]);
}

#[test]
fn operators_rotate_keys_and_act_for_owners() {
    let site = Site::new(10);
    let ring = site.folder().join("keyring.toml");
    let server = site.start();
    write(site.folder(), "a", &site.issue("a.example.com"));
    let id =
        Terminal::of(&site, &server).json(&["cert", "upload", "a.pem", "--key", "a.key"])["certID"].clone();
    assert_eq!(server.terminate(), Some(0));

    let old = quoted(&fs::read_to_string(&ring).unwrap(), "id");
    let offline = Terminal { folder: site.folder(), url: "", tenant: ALICE };
    let new = offline.ends(0, &["key-ring", "add", "keyring.toml"]);
    let new = new.trim();
    assert!(offline.ends(2, &["key-ring", "activate", "keyring.toml", "x"]).contains("no key x"));
    assert_eq!(offline.ends(0, &["key-ring", "activate", "keyring.toml", new]), format!("{new} is active\n"));
    assert_eq!(fs::metadata(&ring).unwrap().permissions().mode() & 0o777, 0o600);
    let server = site.start();
    let tenant = Terminal::of(&site, &server);
    assert!(tenant.ends(1, &["rewrap", &old]).contains("not_allowed"));
    let operator = Terminal { tenant: ROOT, ..Terminal::of(&site, &server) };
    assert!(operator.ends(1, &["retire", &old]).contains("kek_in_use"));
    assert_eq!(operator.ends(0, &["rewrap", &old]), "1 keys were wrapped anew\n");
    assert_eq!(operator.json(&["rewrap", &old])["keys"], 0);
    assert!(operator.ends(0, &["retire", &old]).contains("is retired"));
    assert_eq!(server.terminate(), Some(0));

    let text = fs::read_to_string(&ring).unwrap();
    let alone = text.rfind("[[key]]").unwrap();
    fs::write(&ring, format!("version = 1\n{}", &text[alone..])).unwrap();
    let server = site.start();
    let operator = Terminal { tenant: ROOT, ..Terminal::of(&site, &server) };
    assert!(operator.ends(1, &["cert", "list"]).contains("owner_required"));
    let listed = operator.json(&["cert", "list", "--owner", "alice"]);
    assert_eq!(listed["certid"], id);
    let got = operator.json(&["cert", "get", id.as_str().unwrap()]);
    assert!(got["pri"].as_str().unwrap().contains("PRIVATE KEY"), "the key opens under the new ring alone");
}

/// The value of a key in TOML, from its first line.
fn quoted(text: &str, key: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key} = \""))).unwrap();
    line.trim_end_matches('"').to_owned()
}

#[test]
fn credentials_are_made_as_the_configuration_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let terminal = Terminal { folder: folder.path(), url: "", tenant: ALICE };
    let text = terminal.ends(0, &["credential", "new", "--owner", "al\"ice", "--class", "internal"]);
    let parsed: toml::Table = text.parse().unwrap();
    let credential = &parsed["credential"][0];
    assert_eq!(credential["owner"].as_str(), Some("al\"ice"));
    assert_eq!(credential["secret_key"].as_str().map(str::len), Some(40));
    let other = terminal.ends(0, &["credential", "new", "--owner", "alice"]);
    assert_ne!(quoted(&text, "access_key"), quoted(&other, "access_key"));

    let made = terminal.json(&["credential", "new", "--role", "operator", "--secret-key-file", "secret"]);
    assert_eq!((&made["secret_key"], &made["secret_key_file"]), (&Value::Null, &json!("secret")));
    let secret = folder.path().join("secret");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&secret).unwrap().len(), 40);
    let again = ["credential", "new", "--role", "operator", "--secret-key-file", "secret"];
    assert!(terminal.ends(2, &again).contains("exists already"));
    terminal.ends(2, &["credential", "new"]);
    terminal.ends(2, &["credential", "new", "--role", "tenant"]);
}

#[test]
fn shells_and_man_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let terminal = Terminal { folder: folder.path(), url: "", tenant: ALICE };
    for shell in ["bash", "zsh", "fish"] {
        assert!(terminal.ends(0, &["completion", shell]).contains("rollback"), "{shell}");
    }
    assert!(terminal.ends(0, &["man"]).contains(".TH certkeep"));
    terminal.ends(0, &["man", "."]);
    let page = fs::read_to_string(folder.path().join("certkeep-domain-bind.1")).unwrap();
    assert!(page.contains("force\\-https"), "{page}");
}

/// A folder with one certificate in each layout that is known, and some that cannot be taken.
fn collection(site: &Site) -> std::path::PathBuf {
    let folder = site.folder().join("collection");
    let put = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let certbot = site.issue("certbot.example.com");
    put("live/README", "about");
    put("live/certbot.example.com/fullchain.pem", &certbot.chain_pem());
    put("live/certbot.example.com/cert.pem", &certbot.leaf_pem());
    put("live/certbot.example.com/privkey.pem", &certbot.key_pem());
    let acme = site.issue("acme.example.com");
    put("acme.example.com_ecc/fullchain.cer", &acme.chain_pem());
    put("acme.example.com_ecc/acme.example.com.key", &acme.key_pem());
    put("acme.example.com_ecc/ca.cer", "");
    let caddy = site.issue("*.caddy.example.com");
    put("certificates/local/wildcard_.caddy.example.com/wildcard_.caddy.example.com.crt", &caddy.chain_pem());
    put("certificates/local/wildcard_.caddy.example.com/wildcard_.caddy.example.com.key", &caddy.key_pem());
    put("certificates/local/wildcard_.caddy.example.com/wildcard_.caddy.example.com.json", "{\"sans\":[]}");
    let secret = site.issue("secret.example.com");
    let data = |text: &str| BASE64_STANDARD.encode(text);
    put(
        "secrets/web.yaml",
        &format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\ndata:\n  a: b\n---\napiVersion: v1\nkind: Secret\n\
             type: kubernetes.io/tls\nmetadata:\n  name: web-tls\n  namespace: web\ndata:\n  tls.crt: {}\n  tls.key: {}\n",
            data(&secret.chain_pem()),
            data(&secret.key_pem()),
        ),
    );
    let listed = site.issue("listed.example.com");
    let item = json!({ "kind": "Secret", "type": "kubernetes.io/tls", "metadata": { "name": "listed" },
        "data": { "tls.crt": data(&listed.chain_pem()), "tls.key": data(&listed.key_pem()) } });
    put("secrets/list.json", &json!({ "kind": "List", "items": [item] }).to_string());
    put("alone/site.pem", &site.issue("alone.example.com").chain_pem());
    put("wrong/site.pem", &site.issue("wrong.example.com").chain_pem());
    put("wrong/site.key", &site.issue("wrong.example.com").key_pem());
    folder
}

#[test]
fn folders_are_imported_with_a_word_on_each_certificate() {
    let site = Site::new(20);
    let server = site.start();
    let terminal = Terminal::of(&site, &server);
    collection(&site);
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cert-core/tests/data/encrypted/modern.p12");
    fs::copy(bundle, site.folder().join("collection/bundle.p12")).unwrap();
    fs::write(site.folder().join("passphrase"), "secret\n").unwrap();

    let dry = terminal.ends(1, &["import", "collection", "--dry-run"]);
    assert!(dry.contains("5 would be taken, 1 skipped, 2 refused"), "{dry}");
    assert!(dry.contains("key_encrypted"), "without the passphrase: {dry}");
    assert_eq!(terminal.ends(0, &["cert", "list"]), "", "nothing was stored");

    let import = ["import", "collection", "--label", "from=disk", "--passphrase-file", "passphrase"];
    let said = terminal.ends(1, &import);
    assert!(said.contains("5 taken, 1 skipped, 2 refused"), "{said}");
    assert!(said.contains("alone/site.pem: no private key lies beside it"), "{said}");
    assert!(said.contains("key_mismatch"), "{said}");
    assert!(said.contains("bundle.p12: refused with 4003"), "opened, and its root is a stranger: {said}");
    let listed = terminal.ends(0, &["cert", "find", "--label", "from=disk"]);
    for name in ["certbot.example.com", "acme.example.com", "*.caddy.example.com", "web-tls", "listed"] {
        assert!(listed.contains(&format!("  {name}  ")), "{name}: {listed}");
    }
    let again = terminal.ends(1, &import);
    assert!(
        again.contains("0 taken, 6 skipped, 2 refused") && again.contains("stored already, as"),
        "{again}"
    );
    fs::create_dir(site.folder().join("empty")).unwrap();
    assert!(terminal.ends(2, &["import", "empty"]).contains("no certificates"));
}
