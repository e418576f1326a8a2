//! `certkeep cert`: the calls of the API from a terminal.

use std::path::{Path, PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cert_core::{Input, Timestamp};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use ureq::http::Method;

use crate::{
    client::{Client, encode},
    failure::Failure,
    files, output,
    server_args::ServerArgs,
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  export CERTKEEP_URL=http://127.0.0.1:8080 CERTKEEP_ACCESS_KEY=... CERTKEEP_SECRET_KEY=...
  certkeep cert upload fullchain.pem --key privkey.pem --name www --takeover
  certkeep cert upload bundle.pfx --passphrase-file passphrase.txt
  certkeep cert list
  certkeep cert find --domain www.example.com
  certkeep cert get 019aa0c8b3c0f3a21b2c3d4e --chain fullchain.pem --key privkey.pem
  certkeep cert replace 019aa0c8b3c0f3a21b2c3d4e fullchain.pem --key privkey.pem
  certkeep cert rollback 019aa0c8b3c0f3a21b2c3d4e
  certkeep cert delete 019aa0c8b3c0f3a21b2c3d4e")]
pub(crate) struct CertArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    command: CertCommand,
}

#[derive(Subcommand)]
enum CertCommand {
    /// Delete a certificate and its key
    Delete {
        /// The certificate's id
        id: String,
    },
    /// List the certificates that something is found by
    Find(FindArgs),
    /// Show a certificate with its domains, and write its chain and key to files
    Get {
        /// The certificate's id
        id: String,
        /// Write the chain to this file
        #[arg(long, value_name = "FILE")]
        chain: Option<PathBuf>,
        /// Write the private key to this file, with mode 0600
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// List certificates, oldest upload first
    List {
        /// How many to fetch at a time
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Put a renewed chain and its key under the id of a certificate
    Replace {
        /// The certificate's id
        id: String,
        #[command(flatten)]
        given: GivenArgs,
        /// A label in the place of those that it has; may be repeated. They stay if none is given
        #[arg(long = "label", value_name = "KEY=VALUE")]
        labels: Vec<String>,
        /// Take its labels away
        #[arg(long, conflicts_with = "labels")]
        no_labels: bool,
        /// Only while this generation stands, as `get --json` shows it
        #[arg(long, value_name = "NUMBER")]
        generation: Option<u64>,
    },
    /// Bring the previous version of a certificate back
    Rollback {
        /// The certificate's id
        id: String,
        /// Only while this generation stands
        #[arg(long, value_name = "NUMBER")]
        generation: Option<u64>,
    },
    /// Upload a chain and its key; prints the id
    Upload {
        #[command(flatten)]
        given: GivenArgs,
        /// What to call it
        #[arg(long, default_value = "")]
        name: String,
        /// A label; may be repeated
        #[arg(long = "label", value_name = "KEY=VALUE")]
        labels: Vec<String>,
        /// Let it serve every domain whose present certificate it covers and outlives; --takeover=false leaves them,
        /// whatever the class of the owner says
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
        takeover: Option<bool>,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct FindArgs {
    /// Those that cover this domain, by its name or as a wildcard
    #[arg(long)]
    domain: Option<String>,
    /// The one whose leaf has this SHA-256, in hex, with or without colons
    #[arg(long)]
    fingerprint: Option<String>,
    /// Those with this label
    #[arg(long, value_name = "KEY=VALUE")]
    label: Option<String>,
}

/// A chain and its key, in files.
#[derive(Args)]
struct GivenArgs {
    /// The chain, PEM, leaf first or not; or a PKCS #12 file with its key
    chain: PathBuf,
    /// The private key of the leaf; a PKCS #12 file has its own
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
    // A file only: a process list shows arguments to everybody.
    /// A file with the passphrase of the key or of the PKCS #12 file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The common name to show; the leaf's by default
    #[arg(long, default_value = "")]
    common_name: String,
}

/// Makes the call and prints the answer.
pub(crate) fn run(args: &CertArgs) -> Result<(), Failure> {
    let client = Client::new(&args.server)?;
    let json = args.server.json;
    match &args.command {
        CertCommand::Delete { id } => {
            let answer = client.call(Method::DELETE, &one(id)?, None)?;
            output::answer(json, &answer, format!("deleted {id}"))
        }
        CertCommand::Find(by) => list(&client, &by.query()?, json),
        CertCommand::Get { id, chain, key } => {
            let answer = client.call(Method::GET, &one(id)?, None)?;
            write_parts(&answer, chain.as_deref(), key.as_deref())?;
            let bindings = client.call(Method::GET, &format!("{}/bindings", one(id)?), None)?;
            let said = describe(&answer, &bindings);
            output::answer(json, &answer, said)
        }
        CertCommand::List { limit } => list(&client, &format!("limit={limit}"), json),
        CertCommand::Replace { id, given, labels, no_labels, generation } => {
            let mut body = given.read()?;
            if *no_labels || !labels.is_empty() {
                body.insert("labels".into(), read_labels(labels)?.into());
            }
            let answer = client.call_if(Method::PUT, &one(id)?, Some(&Value::Object(body)), *generation)?;
            output::answer(json, &answer, standing(id, &answer))
        }
        CertCommand::Rollback { id, generation } => {
            let target = format!("{}/rollback", one(id)?);
            let answer = client.call_if(Method::POST, &target, None, *generation)?;
            output::answer(json, &answer, standing(id, &answer))
        }
        CertCommand::Upload { given, name, labels, takeover } => {
            let mut body = given.read()?;
            body.insert("name".into(), name.as_str().into());
            body.insert("labels".into(), read_labels(labels)?.into());
            body.insert("takeover".into(), (*takeover).into());
            let answer = client.call(Method::POST, "/sslcert", Some(&Value::Object(body)))?;
            let said = uploaded(&answer);
            output::answer(json, &answer, said)
        }
    }
}

impl FindArgs {
    fn query(&self) -> Result<String, Failure> {
        let label = self.label.as_deref().map(split_label).transpose()?;
        let label = label.map(|(key, value)| format!("{key}:{value}"));
        let filters = [("domain", &self.domain), ("fingerprint", &self.fingerprint), ("label", &label)];
        let chosen =
            filters.iter().find_map(|(name, value)| Some(format!("{name}={}", encode(value.as_ref()?))));
        chosen.ok_or_else(|| Failure::new("find needs one of --domain, --fingerprint and --label"))
    }
}

impl GivenArgs {
    fn read(&self) -> Result<Map<String, Value>, Failure> {
        let mut body = upload_body(&self.chain, self.key.as_deref())?;
        if let Some(path) = &self.passphrase_file {
            body.insert("passphrase".into(), read_passphrase(path)?.into());
        }
        body.insert("common_name".into(), self.common_name.as_str().into());
        Ok(body)
    }
}

/// Chain and key, or the PKCS #12 file in their place.
fn upload_body(chain: &Path, key: Option<&Path>) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    if let Some(key) = key {
        body.insert("ca".into(), as_text(chain)?.into());
        body.insert("pri".into(), as_text(key)?.into());
        return Ok(body);
    }
    let file = files::read_secret(chain)?;
    if !Input::of_file(&file).is_pkcs12() {
        return Err(Failure::new("a chain needs its key: --key KEY (only a PKCS #12 file has its own)"));
    }
    let base64 = if file.starts_with(b"MI") { as_text(chain)? } else { BASE64_STANDARD.encode(&*file) };
    body.insert("pfx".into(), base64.into());
    Ok(body)
}

/// The text of a file, but for the line end that an editor puts behind it.
pub(crate) fn read_passphrase(path: &Path) -> Result<String, Failure> {
    let text = as_text(path)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Fetches page after page until an empty one.
fn list(client: &Client<'_>, query: &str, json: bool) -> Result<(), Failure> {
    let mut marker = String::new();
    loop {
        let page = client.call(Method::GET, &format!("/sslcert?marker={marker}&{query}"), None)?;
        let certs = page["certs"].as_array().map(Vec::as_slice).unwrap_or_default();
        for cert in certs {
            output::answer(json, cert, row(cert))?;
        }
        marker = text(&page, "marker");
        if certs.is_empty() || marker.is_empty() {
            return Ok(());
        }
    }
}

fn uploaded(answer: &Value) -> String {
    let taken = answer["taken_over"].as_array().into_iter().flatten();
    let taken = taken.map(|t| format!("\nserves {} in the place of {}", text(t, "domain"), text(t, "from")));
    format!("stored as {}{}{}", text(answer, "certID"), taken.collect::<String>(), warnings(answer))
}

fn standing(id: &str, answer: &Value) -> String {
    format!("{id} stands at generation {}{}", answer["generation"], warnings(answer))
}

fn warnings(answer: &Value) -> String {
    let warnings = answer["warnings"].as_array().into_iter().flatten();
    warnings.map(|w| format!("\nwarning[{}]: {}", text(w, "rule"), text(w, "message"))).collect()
}

fn row(cert: &Value) -> String {
    let until = instant(&cert["not_after"]);
    format!("{}  until {until}  {}  {}", text(cert, "certid"), text(cert, "name"), names(cert))
}

fn describe(answer: &Value, bindings: &Value) -> String {
    let cert = &answer["cert"];
    let domains = bindings["bindings"].as_array().into_iter().flatten();
    let domains = domains.map(|bound| {
        format!("\nserves       {} ({}, {})", text(bound, "domain"), text(bound, "kind"), text(bound, "slot"))
    });
    format!(
        "id           {}\nname         {}\ncommon name  {}\nDNS names    {}\nvalid        {} to {}\nstored       {}\n\
         certificates {}\ngeneration   {}{}",
        text(cert, "certid"),
        text(cert, "name"),
        text(cert, "common_name"),
        names(cert),
        instant(&cert["not_before"]),
        instant(&cert["not_after"]),
        instant(&cert["create_time"]),
        text(cert, "ca").matches("-----BEGIN ").count(),
        cert["generation"],
        domains.collect::<String>(),
    )
}

fn names(cert: &Value) -> String {
    let names = cert["dnsnames"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

fn write_parts(answer: &Value, chain: Option<&Path>, key: Option<&Path>) -> Result<(), Failure> {
    if let Some(path) = chain {
        std::fs::write(path, text(answer, "ca")).map_err(|error| Failure::file("write", path, &error))?;
    }
    if let Some(path) = key {
        let pem = answer["pri"].as_str().unwrap_or_default();
        if pem.is_empty() {
            return Err(Failure::refused(
                "the server does not give private keys out (expose_private_keys = false)",
            ));
        }
        files::write_private(path, pem.as_bytes())?;
    }
    Ok(())
}

/// The path of one certificate. What could not be an id would be another path.
fn one(id: &str) -> Result<String, Failure> {
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Failure::new(format!(
            "\"{id}\" is no id: an id is 24 hex digits, as upload and list print it"
        )));
    }
    Ok(format!("/sslcert/{id}"))
}

/// A file as JSON can carry it.
fn as_text(path: &Path) -> Result<String, Failure> {
    let bytes = files::read_secret(path)?;
    std::str::from_utf8(&bytes).map(str::to_owned).map_err(|_| {
        Failure::new(format!(
            "{} is not text: upload PEM (openssl x509 -inform DER -in FILE converts a certificate)",
            path.display()
        ))
    })
}

pub(crate) fn read_labels(labels: &[String]) -> Result<Map<String, Value>, Failure> {
    let pair = |label: &String| split_label(label).map(|(key, value)| (key.to_owned(), Value::from(value)));
    labels.iter().map(pair).collect()
}

fn split_label(label: &str) -> Result<(&str, &str), Failure> {
    label.split_once('=').ok_or_else(|| Failure::new(format!("--label {label}: write it as KEY=VALUE")))
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn instant(value: &Value) -> String {
    value.as_i64().map_or_else(String::new, |unix| Timestamp::from_unix(unix).to_string())
}
