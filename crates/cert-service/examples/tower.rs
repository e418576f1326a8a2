//! Any transport can carry the service: here it is a plain `tower` service of requests and answers of one's own, with
//! a layer of tower's around it. A message queue, an RPC or an HTTP server would do the same.
//!
//! `cargo run -p cert-service --example tower --features testing`

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use cert_core::{DnsName, ValidationPolicy};
use cert_service::testing::{TestCa, TestLeaf};
use cert_service::{Caller, CertService, LocalKeyRing, Plan, ServiceError, SystemClock, Upload, now};
use cert_store::{BindOptions, CertId, MemoryStore, Target};
use tower::{Service, ServiceBuilder, ServiceExt as _};

/// What may be asked, by somebody whom the transport has identified.
struct Request {
    caller: Caller,
    call: Call,
}

enum Call {
    Bind { id: CertId, domain: DnsName },
    Delete { id: CertId },
    Upload(Upload),
}

#[derive(Debug)]
enum Answer {
    Bound,
    Deleted,
    Uploaded(CertId),
}

/// The whole adapter.
#[derive(Clone)]
struct Certificates(CertService);

impl Service<Request> for Certificates {
    type Response = Answer;
    type Error = ServiceError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, ServiceError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, Request { caller, call }: Request) -> Self::Future {
        let certs = self.0.clone();
        Box::pin(async move {
            Ok(match call {
                Call::Bind { id, domain } => {
                    let target = Target::cdn(domain);
                    certs.bind(&caller, id, &target, BindOptions::default()).await?;
                    Answer::Bound
                }
                Call::Delete { id } => certs.delete(&caller, id).await.map(|()| Answer::Deleted)?,
                Call::Upload(upload) => Answer::Uploaded(certs.upload(&caller, upload).await?.id()),
            })
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let root = TestCa::root("Platform Root", now(&SystemClock));
    let issued = root.issue(&TestLeaf::new(&["www.example.com"]));
    let certs = CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral()?)
        .policies(Plan::new(Arc::new(ValidationPolicy::new(Arc::new(root.trust())))))
        .build()
        .await?;

    // Whatever tower has goes around it: limits, timeouts, retries. Here every answer is printed on its way out.
    let mut service = ServiceBuilder::new()
        .map_result(|answer: Result<Answer, ServiceError>| {
            println!("{answer:?}");
            answer
        })
        .service(Certificates(certs));

    let mut ask = async |call| {
        let caller = Caller::tenant("alice").map_err(Box::<dyn Error>::from)?; // your transport said so
        service.ready().await?.call(Request { caller, call }).await.map_err(Box::<dyn Error>::from)
    };
    let upload = Upload::pem(issued.chain_pem(), issued.key_pem());
    let Answer::Uploaded(id) = ask(Call::Upload(upload)).await? else { unreachable!("it was an upload") };
    ask(Call::Bind { id, domain: "www.example.com".parse()? }).await?;
    let refused = ask(Call::Delete { id }).await.expect_err("a domain uses it");
    println!("not deleted: {refused}");
    Ok(())
}
