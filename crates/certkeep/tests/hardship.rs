//! Clients that are slow, many or gone, a store that is, and a server that is told to stop: what is answered stays
//! true, and the server is well afterwards.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use server::{ALICE, Connection, Server, Site, Tenant};
use test_postgres::Server as Postgres;

/// Far above what anything takes here, and below what a hung test would.
const BOUND: Duration = Duration::from_secs(60);

fn connect(server: &Connection) -> TcpStream {
    let stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    stream
}

/// Everything that the server sends until it closes.
fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    // A connection that was cut says nothing more.
    let _ = stream.read_to_string(&mut text);
    text
}

fn is_well(server: &Connection) {
    assert_eq!(server.call(ALICE, "GET", "/sslcert", b"").unwrap().status, 200);
}

/// A signed request whose body has this length, as far as the head.
fn head(tenant: Tenant, length: usize) -> String {
    let signature = cert_http::sign_qbox(tenant.access_key, tenant.secret_key, "/sslcert");
    format!(
        "POST /sslcert HTTP/1.1\r\nHost: x\r\nAuthorization: {signature}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[test]
fn a_client_that_does_not_read_its_answers_loses_its_connection() {
    let site = Site::with("memory:", 10, "[limits]\nbody_timeout = \"1s\"");
    let server = site.start();
    let id = server.upload(ALICE, "a", &site.issue("a.example.com")).unwrap().json["certID"].clone();
    let target = format!("/sslcert/{}", id.as_str().unwrap());
    let signature = cert_http::sign_qbox(ALICE.access_key, ALICE.secret_key, &target);
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {signature}\r\n\r\n");
    let mut deaf = connect(&server);
    deaf.set_write_timeout(Some(Duration::from_millis(100))).unwrap();

    let started = Instant::now();
    let error = loop {
        assert!(started.elapsed() < BOUND, "the connection is still there");
        match deaf.write(request.as_bytes()) {
            // Part of a request may have gone: what the server makes of the rest does not matter here.
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => break error,
        }
    };
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
    assert!([BrokenPipe, ConnectionReset].contains(&error.kind()), "{error}");
    is_well(&server);
}

#[test]
fn slow_clients_and_half_sent_bodies_do_not_keep_their_places() {
    let limits = "[limits]\nheader_timeout = \"1s\"\nbody_timeout = \"1s\"";
    let site = Site::with("memory:", 10, limits);
    let server = site.start();
    let mut slow_head = connect(&server);
    slow_head.write_all(b"GET /sslcert HTT").unwrap();
    let silent = connect(&server);
    let mut slow_body = connect(&server);
    slow_body.write_all(format!("{}{{\"name\"", head(ALICE, 1000)).as_bytes()).unwrap();
    let mut cut_body = connect(&server);
    cut_body.write_all(format!("{}{{\"name\"", head(ALICE, 1000)).as_bytes()).unwrap();
    cut_body.shutdown(std::net::Shutdown::Write).unwrap();
    let mut stranger = connect(&server);
    stranger.write_all(head(Tenant { secret_key: "wrong", ..ALICE }, 1000).as_bytes()).unwrap();

    is_well(&server);
    let started = Instant::now();
    assert!(rest(slow_body).contains("body_too_slow"));
    let refused = rest(cut_body);
    assert!(refused.is_empty() || refused.contains("body_cut"), "{refused}");
    assert!(rest(stranger).contains("bad token"), "a body is not waited for when the signature is wrong");
    let slow_head = rest(slow_head);
    assert!(slow_head.is_empty() || slow_head.contains("408"), "{slow_head}");
    assert_eq!(rest(silent), "");
    assert!(started.elapsed() < BOUND);
    is_well(&server);
}

#[test]
fn ten_thousand_idle_connections_are_in_nobodys_way() {
    let site = Site::with("memory:", 10, "[limits]\nmax_connections = 10100");
    let server = site.start();
    let idle: Vec<_> = (0..10_000).map(|_| connect(&server)).collect();
    is_well(&server);
    assert_eq!(server.upload(ALICE, "www", &site.issue("www.example.com")).unwrap().status, 200);
    drop(idle);
    is_well(&server);
}

#[test]
fn above_the_limit_of_connections_clients_are_told() {
    let site = Site::with("memory:", 10, "[limits]\nmax_connections = 20");
    let server = site.start();
    let idle: Vec<_> = (0..20).map(|_| connect(&server)).collect();
    // The last of them may still stand in the queue.
    let answer = until(|| server.call(ALICE, "GET", "/sslcert", b"").filter(|answer| answer.status == 503));
    assert_eq!((&answer.json["code"], &answer.json["rule"]), (&json!(503), &json!("busy")));
    drop(idle);
    until(|| server.call(ALICE, "GET", "/sslcert", b"").filter(|answer| answer.status == 200));
}

/// What comes in time.
fn until<T>(mut what: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + BOUND;
    loop {
        if let Some(it) = what() {
            return it;
        }
        assert!(Instant::now() < end, "it did not come");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_and_a_hung_postgres_are_said_and_got_over() {
    if !test_postgres::is_available() {
        return;
    }
    let mut postgres = Postgres::start(&["fsync=off"]);
    let site = Site::on(&postgres.url(), 10);
    let server = site.start();
    let id = server.upload(ALICE, "www", &site.issue("www.example.com")).unwrap().json["certID"].clone();

    for fault in [Fault::Hung, Fault::Killed] {
        match fault {
            Fault::Hung => postgres.pause(),
            Fault::Killed => postgres.kill(),
        }
        let started = Instant::now();
        for (method, target, body) in [
            ("GET", format!("/sslcert/{}", id.as_str().unwrap()), String::new()),
            ("PUT", "/domain/www.example.com/httpsconf".to_owned(), json!({ "certId": id }).to_string()),
            ("GET", "/readyz".to_owned(), String::new()),
        ] {
            let answer = server.call(ALICE, method, &target, body.as_bytes()).unwrap();
            assert_eq!(answer.status, 503, "{fault:?} {target}: {}", answer.json);
            let rule = answer.json["rule"].as_str().unwrap();
            assert!(["unavailable", "outcome_unknown"].contains(&rule), "{fault:?} {target}: {rule}");
        }
        assert_eq!(server.call(ALICE, "GET", "/healthz", b"").unwrap().status, 200, "the process is well");
        assert!(started.elapsed() < BOUND, "{fault:?}");
        match fault {
            Fault::Hung => postgres.resume(),
            Fault::Killed => postgres.restart(),
        }
        until(|| server.call(ALICE, "GET", "/readyz", b"").filter(|answer| answer.status == 200));
        is_well(&server);
        assert_eq!(server.list(ALICE).len(), 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    if !test_postgres::small_disks_are_possible() {
        return;
    }
    let site = Site::new(100_000);
    let server = site.start_on_small_disk();
    let issued = site.issue("www.example.com");
    let mut ids = Vec::new();
    // The same certificate under other names: each is stored, and large with its labels.
    let labels: serde_json::Map<_, _> =
        (0..16).map(|n| (format!("label-{n}"), json!("x".repeat(255)))).collect();
    let mut upload = |name: usize| {
        let body = json!({
            "name": name.to_string(), "ca": issued.chain_pem(), "pri": issued.key_pem(), "labels": labels,
        });
        let answer = server.call(ALICE, "POST", "/sslcert", body.to_string().as_bytes()).unwrap();
        match answer.status {
            200 => ids.push(answer.json["certID"].as_str().unwrap().to_owned()),
            status => {
                let rule = answer.json["rule"].as_str().unwrap();
                assert!(
                    status == 503 && ["unavailable", "outcome_unknown"].contains(&rule),
                    "{}",
                    answer.json
                );
            }
        }
        answer.status == 200
    };
    let full = (0..).find(|&name| !upload(name)).unwrap();
    assert!(full > 100, "{full}");
    assert_eq!(server.list(ALICE).len(), full);
    site.make_room(&server);
    until(|| upload(full + 1).then_some(()));
    (full + 2..full + 50).for_each(|name| assert!(upload(name), "it works again"));
    for id in &ids {
        let answer = server.call(ALICE, "GET", &format!("/sslcert/{id}"), b"").unwrap();
        assert_eq!(answer.status, 200, "{id} was acknowledged: {}", answer.json);
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Hung,
    Killed,
}

#[test]
fn stopping_under_load_drops_no_request_and_loses_no_write() {
    let site = Site::new(500);
    let issued: Vec<_> = (0..400).map(|n| site.issue(&format!("n{n}.example.com"))).collect();
    let server = site.start();
    let connection = (*server).clone();
    let (next, stopping, begun) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    let Some(certificate) = issued.get(n) else { return };
                    let Ok(mut stream) = TcpStream::connect(connection.url.strip_prefix("http://").unwrap()) else {
                        return;
                    };
                    // What has connected before the signal is a request under way, wherever it stands.
                    let before = !stopping.load(Ordering::SeqCst);
                    let body = json!({ "name": format!("n{n}"), "ca": certificate.chain_pem(), "pri": certificate.key_pem() });
                    let body = body.to_string();
                    let answer = stream
                        .write_all(format!("{}{body}", head(ALICE, body.len())).as_bytes())
                        .ok()
                        .map(|()| rest(stream));
                    begun.lock().unwrap().push((before, n, answer.filter(|text| !text.is_empty())));
                    if !before {
                        return;
                    }
                }
            });
        }
        while begun.lock().unwrap().len() < 60 {
            thread::sleep(Duration::from_millis(1));
        }
        // A request may be in the middle of being sent while the signal is: all of these have to be answered.
        stopping.store(true, Ordering::SeqCst);
        assert_eq!(server.terminate(), Some(0));
    });

    let answered: Vec<_> = begun.into_inner().unwrap();
    let mut ids = Vec::new();
    for (before, n, answer) in answered {
        match answer {
            Some(answer) => {
                assert!(answer.starts_with("HTTP/1.1 200"), "{n}: {answer}");
                let json: serde_json::Value =
                    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
                ids.push(json["certID"].as_str().unwrap().to_owned());
            }
            None => assert!(!before, "request {n} was begun before the signal, and was dropped"),
        }
    }
    assert!(ids.len() >= 60);
    let again = site.start();
    let listed: Vec<_> = again.list(ALICE).iter().map(|cert| cert["certid"].clone()).collect();
    assert!(
        ids.iter().all(|id| listed.iter().any(|other| other == id.as_str())),
        "an acknowledged write is lost"
    );
}

#[test]
fn credentials_change_without_a_request_being_dropped() {
    let site = Site::new(100);
    let server: Server = site.start();
    let carol = Tenant { access_key: "AK-carol", secret_key: "SK-carol" };
    assert_eq!(server.call(carol, "GET", "/sslcert", b"").unwrap().status, 401);
    let config = site.folder().join("certkeep.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let more = "[[credential]]\naccess_key = \"AK-carol\"\nsecret_key = \"SK-carol\"\nowner = \"alice\"\n";

    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    is_well(&server);
                }
            });
        }
        let comes_to = |status: u16| {
            until(|| server.call(carol, "GET", "/sslcert", b"").filter(|answer| answer.status == status));
        };
        for _ in 0..5 {
            std::fs::write(&config, format!("{before}{more}")).unwrap();
            server.signal("HUP");
            comes_to(200);
            std::fs::write(&config, &before).unwrap();
            server.signal("HUP");
            comes_to(401);
        }
        // What does not read leaves everything as it is.
        std::fs::write(&config, "nonsense").unwrap();
        server.signal("HUP");
        is_well(&server);
        done.store(true, Ordering::SeqCst);
    });
}
