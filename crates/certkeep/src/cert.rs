//! `certkeep cert`: the calls of the API from a terminal.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cert_core::{Input, Timestamp};
use serde_json::{Map, Value};
use ureq::http::Method;

use crate::{
    cli::{CertArgs, CertCommand},
    client::Client,
    failure::Failure,
    files, output,
};

/// Makes the call and prints the answer.
pub(crate) fn run(args: &CertArgs) -> Result<(), Failure> {
    let client = Client::new(&args.server)?;
    let json = args.server.json;
    match &args.command {
        CertCommand::Delete { id } => {
            let answer = client.call(Method::DELETE, &one(id)?, None)?;
            print(json, &answer, |_| format!("deleted {id}"))?;
        }
        CertCommand::Get { id, chain, key } => {
            let answer = client.call(Method::GET, &one(id)?, None)?;
            write_parts(&answer, chain.as_deref(), key.as_deref())?;
            print(json, &answer, describe)?;
        }
        CertCommand::List { limit } => list(&client, *limit, json)?,
        CertCommand::Upload { chain, key, passphrase_file, name, common_name, labels } => {
            let mut body = upload_body(chain, key.as_deref())?;
            if let Some(path) = passphrase_file {
                body.insert("passphrase".into(), read_passphrase(path)?.into());
            }
            body.insert("name".into(), name.as_str().into());
            body.insert("common_name".into(), common_name.as_str().into());
            body.insert("labels".into(), read_labels(labels)?.into());
            let body = Value::Object(body);
            let answer = client.call(Method::POST, "/sslcert", Some(&body))?;
            print(json, &answer, uploaded)?;
        }
    }
    Ok(())
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
fn read_passphrase(path: &Path) -> Result<String, Failure> {
    let text = as_text(path)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Fetches page after page until an empty one.
fn list(client: &Client<'_>, limit: u32, json: bool) -> Result<(), Failure> {
    let mut marker = String::new();
    loop {
        let page = client.call(Method::GET, &format!("/sslcert?marker={marker}&limit={limit}"), None)?;
        let certs = page["certs"].as_array().map(Vec::as_slice).unwrap_or_default();
        for cert in certs {
            print(json, cert, row)?;
        }
        marker = text(&page, "marker");
        if certs.is_empty() || marker.is_empty() {
            return Ok(());
        }
    }
}

fn print(json: bool, answer: &Value, describe: impl Fn(&Value) -> String) -> Result<(), Failure> {
    let text = if json { answer.to_string() } else { describe(answer) };
    output::print(&(text + "\n"))
}

fn uploaded(answer: &Value) -> String {
    let warnings = answer["warnings"].as_array().into_iter().flatten();
    let lines = warnings.map(|w| format!("\nwarning[{}]: {}", text(w, "rule"), text(w, "message")));
    format!("stored as {}{}", text(answer, "certID"), lines.collect::<String>())
}

fn row(cert: &Value) -> String {
    let until = instant(&cert["not_after"]);
    format!("{}  until {until}  {}  {}", text(cert, "certid"), text(cert, "name"), names(cert))
}

fn describe(answer: &Value) -> String {
    let cert = &answer["cert"];
    format!(
        "id           {}\nname         {}\ncommon name  {}\nDNS names    {}\nvalid        {} to {}\nstored       {}\n\
         certificates {}",
        text(cert, "certid"),
        text(cert, "name"),
        text(cert, "common_name"),
        names(cert),
        instant(&cert["not_before"]),
        instant(&cert["not_after"]),
        instant(&cert["create_time"]),
        text(cert, "ca").matches("-----BEGIN ").count(),
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

fn read_labels(labels: &[String]) -> Result<Map<String, Value>, Failure> {
    let pair = |label: &String| {
        let (key, value) = label
            .split_once('=')
            .ok_or_else(|| Failure::new(format!("--label {label}: write it as KEY=VALUE")))?;
        Ok((key.to_owned(), Value::from(value)))
    };
    labels.iter().map(pair).collect()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn instant(value: &Value) -> String {
    value.as_i64().map_or_else(String::new, |unix| Timestamp::from_unix(unix).to_string())
}
