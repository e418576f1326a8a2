//! `certkeep import`: uploads what people have in folders, and says of each certificate what became of it.

mod layout;
mod secret;

use std::path::PathBuf;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cert_core::Chain;
use clap::Args;
use serde_json::{Value, json};
use ureq::http::Method;
use zeroize::Zeroizing;

use crate::{
    cert::{read_labels, read_passphrase},
    client::Client,
    failure::Failure,
    output,
    server_args::ServerArgs,
};

/// Finds certificates with their keys below a folder and uploads them. What it knows:
/// certbot (`live/NAME/fullchain.pem`), acme.sh (`NAME/fullchain.cer`), Caddy (`NAME/NAME.crt`), mounted Kubernetes
/// TLS Secrets (`tls.crt`), Secrets in YAML or JSON, PKCS #12 files, and any `NAME.pem`, `NAME.crt` or `NAME.cer` with
/// its `NAME.key` beside it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep import /etc/letsencrypt/live --dry-run
  certkeep import ~/.acme.sh --takeover
  certkeep import ~/.local/share/caddy/certificates --label from=caddy
  kubectl get secrets -A -o json > secrets/all.json && certkeep import secrets
  certkeep import bundles --passphrase-file passphrase.txt

Exit code 0: nothing was refused. 1: something was. 2: it could not run.")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The folder; files are looked for below it, too
    folder: PathBuf,
    /// Ask the server what it would say, and store nothing
    #[arg(long)]
    dry_run: bool,
    /// A file with the passphrase of PKCS #12 files and encrypted keys
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// A label for each; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE")]
    labels: Vec<String>,
    /// Let each serve every domain whose present certificate it covers and outlives
    #[arg(long)]
    takeover: bool,
}

/// What was found in one place.
struct Found {
    /// Where, for people.
    place: String,
    /// What to call it.
    name: String,
    material: Material,
}

enum Material {
    Pair {
        chain: Vec<u8>,
        key: Zeroizing<Vec<u8>>,
    },
    Pkcs12(Zeroizing<Vec<u8>>),
    /// Nothing that could be uploaded, and why.
    Unusable(String),
}

/// What became of it.
enum Outcome {
    Taken { id: Option<String>, taken_over: usize },
    Skipped { why: String },
    Refused { why: String },
}

/// Imports, and reports one line a certificate and a sum.
pub(crate) fn run(args: &ImportArgs) -> Result<(), Failure> {
    let client = Client::new(&args.server)?;
    let importer = Importer {
        client: &client,
        dry_run: args.dry_run,
        passphrase: args.passphrase_file.as_deref().map(read_passphrase).transpose()?,
        labels: Value::Object(read_labels(&args.labels)?),
        takeover: args.takeover,
    };
    let found = layout::find(&args.folder)?;
    if found.is_empty() {
        return Err(Failure::new(format!(
            "{} holds no certificates that import knows\n  see certkeep import --help for the layouts that it knows",
            args.folder.display()
        )));
    }
    let mut counts = [0; 3];
    for one in &found {
        let outcome = importer.bring(one)?;
        counts[outcome.kind()] += 1;
        output::answer(args.server.json, &outcome.to_json(one), outcome.describe(one, args.dry_run))?;
    }
    let [taken, skipped, refused] = counts;
    if !args.server.json {
        let verb = if args.dry_run { "would be taken" } else { "taken" };
        output::print(&format!("{taken} {verb}, {skipped} skipped, {refused} refused\n"))?;
    }
    match refused {
        0 => Ok(()),
        _ => Err(Failure::refused(format!("{refused} of {} were refused", found.len()))),
    }
}

struct Importer<'a> {
    client: &'a Client<'a>,
    dry_run: bool,
    passphrase: Option<String>,
    labels: Value,
    takeover: bool,
}

impl Importer<'_> {
    /// Only what keeps the rest from being imported, too, is an error.
    fn bring(&self, found: &Found) -> Result<Outcome, Failure> {
        let mut body = match &found.material {
            Material::Unusable(why) => return Ok(Outcome::Skipped { why: why.clone() }),
            Material::Pkcs12(file) => json!({ "pfx": BASE64_STANDARD.encode(&**file) }),
            Material::Pair { chain, key } => {
                if let Some(id) = self.stored(chain)? {
                    return Ok(Outcome::Skipped { why: format!("it is stored already, as {id}") });
                }
                let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned);
                match (text(chain), text(key)) {
                    (Ok(chain), Ok(key)) => json!({ "ca": chain, "pri": key }),
                    _ => return Ok(Outcome::Refused { why: "it is not PEM".to_owned() }),
                }
            }
        };
        body["name"] = json!(found.name);
        body["labels"] = self.labels.clone();
        body["passphrase"] = json!(self.passphrase);
        if self.takeover {
            body["takeover"] = json!(true);
        }
        self.send(&body)
    }

    fn send(&self, body: &Value) -> Result<Outcome, Failure> {
        if self.dry_run {
            let report = self.client.call(Method::POST, "/sslcert/inspect", Some(body))?;
            return Ok(match report["accepted"] == json!(true) {
                true => Outcome::Taken { id: None, taken_over: 0 },
                false => Outcome::Refused { why: first_finding(&report) },
            });
        }
        match self.client.call(Method::POST, "/sslcert", Some(body)) {
            Ok(answer) => Ok(Outcome::Taken {
                id: answer["certID"].as_str().map(str::to_owned),
                taken_over: answer["taken_over"].as_array().map_or(0, Vec::len),
            }),
            Err(refusal) if refusal.is_refusal() => Ok(Outcome::Refused { why: refusal.to_string() }),
            Err(broken) => Err(broken),
        }
    }

    /// The id under which the same leaf is stored. What does not decode is for the server to explain.
    fn stored(&self, chain: &[u8]) -> Result<Option<String>, Failure> {
        let Ok(chain) = Chain::decode(chain) else { return Ok(None) };
        let target = format!("/sslcert?fingerprint={}", chain.leaf().fingerprint());
        let page = self.client.call(Method::GET, &target, None)?;
        Ok(page["certs"][0]["certid"].as_str().map(str::to_owned))
    }
}

impl Outcome {
    const fn kind(&self) -> usize {
        match self {
            Self::Taken { .. } => 0,
            Self::Skipped { .. } => 1,
            Self::Refused { .. } => 2,
        }
    }

    fn describe(&self, found: &Found, dry_run: bool) -> String {
        let place = &found.place;
        match self {
            Self::Taken { .. } if dry_run => format!("would take {place}"),
            Self::Taken { id, taken_over } => {
                let domains =
                    if *taken_over > 0 { format!(", took over {taken_over} domains") } else { String::new() };
                format!("taken      {place} as {}{domains}", id.as_deref().unwrap_or_default())
            }
            Self::Skipped { why } => format!("skipped    {place}: {why}"),
            Self::Refused { why } => format!("refused    {place}: {}", why.replace('\n', "\n           ")),
        }
    }

    fn to_json(&self, found: &Found) -> Value {
        let (outcome, id, why) = match self {
            Self::Taken { id, .. } => ("taken", id.as_deref(), None),
            Self::Skipped { why } => ("skipped", None, Some(why)),
            Self::Refused { why } => ("refused", None, Some(why)),
        };
        json!({ "place": found.place, "name": found.name, "outcome": outcome, "id": id, "why": why })
    }
}

fn first_finding(report: &Value) -> String {
    let finding = &report["findings"][0];
    let text = |key: &str| finding[key].as_str().unwrap_or_default();
    format!("{} ({}): {} {}", report["verdict"], text("rule"), text("message"), text("fix"))
}
