//! `certkeep domain`: which certificate serves which domain.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::{
    client::{Client, encode},
    failure::Failure,
    output,
    server_args::ServerArgs,
};

#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep domain bind www.example.com 019aa0c8b3c0f3a21b2c3d4e --force-https
  certkeep domain bind '*.example.com' 019aa0c8b3c0f3a21b2c3d4e
  certkeep domain bind www.example.com 019aa0c8b3c0f3a21b2c3d4f --slot alternate
  certkeep domain bind files.example.com 019aa0c8b3c0f3a21b2c3d4e --storage
  certkeep domain show www.example.com
  certkeep domain unbind www.example.com")]
pub(crate) struct DomainArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    command: DomainCommand,
}

#[derive(Subcommand)]
enum DomainCommand {
    /// Let a certificate serve a domain, in the place of the one that does
    Bind {
        /// The domain; a wildcard in quotes, as '*.example.com'
        domain: String,
        /// The certificate's id
        id: String,
        #[command(flatten)]
        place: Place,
        /// Redirect plain HTTP; as it was if left out
        #[arg(long, conflicts_with = "storage", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
        force_https: Option<bool>,
        /// Offer HTTP/2; as it was if left out
        #[arg(long, conflicts_with = "storage", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
        http2: Option<bool>,
    },
    /// Show what serves a CDN domain
    Show {
        /// The domain
        domain: String,
    },
    /// Free a domain
    Unbind {
        /// The domain
        domain: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
struct Place {
    /// A domain of the object storage, not of the CDN
    #[arg(long, conflicts_with = "slot")]
    storage: bool,
    /// primary, or alternate for a second certificate with another type of key
    #[arg(long, value_parser = ["primary", "alternate"])]
    slot: Option<String>,
}

/// Makes the call and prints the answer.
pub(crate) fn run(args: &DomainArgs) -> Result<(), Failure> {
    let client = Client::new(&args.server)?;
    let (answer, said) = match &args.command {
        DomainCommand::Bind { domain, id, place, force_https, http2 } => {
            let answer = if place.storage {
                let body = json!({ "domain": domain, "certid": id });
                client.call(Method::PUT, "/cert/bind", Some(&body))?
            } else {
                let body = json!({ "certId": id, "forceHttps": force_https, "http2Enable": http2, "slot": place.slot });
                client.call(Method::PUT, &cdn(domain, "/httpsconf"), Some(&body))?
            };
            let before =
                answer["previous"].as_str().map(|id| format!(", which {id} served")).unwrap_or_default();
            (answer, format!("{id} serves {domain}{before}"))
        }
        DomainCommand::Show { domain } => {
            let answer = client.call(Method::GET, &cdn(domain, ""), None)?;
            let said = describe(&answer);
            (answer, said)
        }
        DomainCommand::Unbind { domain, place } => {
            let answer = if place.storage {
                client.call(Method::PUT, "/cert/unbind", Some(&json!({ "domain": domain })))?
            } else {
                let slot = place.slot.iter().map(|slot| ("slot".to_owned(), Value::from(slot.as_str())));
                let body = Value::Object(slot.collect::<Map<_, _>>());
                client.call(Method::PUT, &cdn(domain, "/unsslize"), Some(&body))?
            };
            (answer, format!("nothing serves {domain}"))
        }
    };
    output::answer(args.server.json, &answer, said)
}

/// The path of a CDN domain, where a wildcard begins with its dot.
fn cdn(domain: &str, call: &str) -> String {
    format!("/domain/{}{call}", encode(domain.strip_prefix('*').unwrap_or(domain)))
}

fn describe(answer: &Value) -> String {
    let part = |name: &str, part: &Value| {
        let options = [("forceHttps", "force HTTPS"), ("http2Enable", "HTTP/2")];
        let set =
            options.iter().filter(|(key, _)| part[key] == json!(true)).map(|(_, words)| format!(", {words}"));
        let id = part["certId"].as_str().unwrap_or_default();
        format!("{name} {id}{}", set.collect::<String>())
    };
    let mut text = format!("domain       {}\n", answer["name"].as_str().unwrap_or_default());
    text.push_str(&part("certificate ", &answer["https"]));
    if !answer["alternate"].is_null() {
        text.push_str(&format!("\n{}", part("alternate   ", &answer["alternate"])));
    }
    text
}
