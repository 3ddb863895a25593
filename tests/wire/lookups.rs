//! Lookups that fail, are refused, or answer in another form.

use super::server::{Act, Kind, Reply, Seen, Wire};
use super::{Rig, user};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use userferry::run::End;
use userferry::sandbox;

/// Every fourth create is carried out, and its reply lost.
fn loses_every_fourth(seen: &Seen) -> Option<Act> {
    let lost = seen.kind == Kind::Create && seen.n.is_multiple_of(4);
    lost.then(|| Act::after(Wire::Close))
}

fn is_read(kind: Kind) -> bool {
    matches!(kind, Kind::Lookup | Kind::Probe)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_that_fail_while_replies_are_lost_halt_the_run_and_send_nothing_twice() {
    let mut rig = Rig::with_users(40).await;
    rig.settings.max_outage = Duration::from_secs(2);
    rig.front.script(|seen| match seen.kind {
        Kind::Lookup => Act::instead(Wire::Reply(Reply::html(503))),
        Kind::Probe if seen.n > 1 => Act::instead(Wire::Reply(Reply::html(503))),
        _ => loses_every_fourth(seen).unwrap_or_else(Act::pass),
    });
    let halt = rig.expect_halt().await;
    assert!(halt.message.contains("no usable answer for 2 s"), "{halt:?}");
    let reads = rig.front.seen().iter().filter(|seen| is_read(seen.kind)).count();
    assert!((2..=100).contains(&reads), "{reads} lookups");
    rig.check(&rig.users().await);
    let in_doubt = rig.rows().values().filter(|row| row.status == "unknown").count();
    assert!(in_doubt > 0);
    rig.front.script(|_| Act::pass());
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert_eq!(rig.front.count(Kind::Create), 40, "nothing was sent twice");
}

/// Creates are answered all the while, so that no breaker holds the lookups back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_that_fail_between_good_creates_are_few() {
    let latency = "5ms".parse().unwrap();
    let mut rig = Rig::start(sandbox::Settings { latency, ..sandbox::Settings::default() }).await;
    rig.settings.ceiling = Some(200.0);
    rig.stage(&(1..=400).map(user).collect::<Vec<_>>());
    let mended = AtomicBool::new(false);
    rig.front.script(move |seen| match (seen.kind, seen.n) {
        (Kind::Create, 5 | 10) => Act::after(Wire::Close),
        (Kind::Create, 300) => {
            mended.store(true, Ordering::SeqCst);
            Act::pass()
        }
        (Kind::Lookup, _) if !mended.load(Ordering::SeqCst) => {
            Act::instead(Wire::Reply(Reply::html(503)))
        }
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert_eq!(rig.front.count(Kind::Create), 400);
    let lookups = rig.front.count(Kind::Lookup);
    assert!((3..=20).contains(&lookups), "{lookups} lookups");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lookup_refused_with_403_halts_the_run() {
    for from_the_start in [true, false] {
        let rig = Rig::with_users(100).await;
        rig.front.script(move |seen| {
            let hit = is_read(seen.kind) && (from_the_start || seen.kind == Kind::Lookup);
            if hit {
                return Act::instead(Wire::Reply(Reply::html(403)));
            }
            loses_every_fourth(seen).unwrap_or_else(Act::pass)
        });
        let halt = rig.expect_halt().await;
        assert!(halt.message.contains("may not look users up (code http-403)"), "{halt:?}");
        assert!(halt.hint.contains("hold"), "{halt:?}");
        assert_eq!(rig.front.count(Kind::Create) == 0, from_the_start);
        rig.check(&rig.users().await);
        rig.front.script(|_| Act::pass());
        assert_eq!(rig.run().await, End::Drained);
        rig.check_all("created").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_doubts_are_held_a_lookup_refused_with_403_stops_nothing() {
    let mut rig = Rig::with_users(12).await;
    rig.settings.hold_unknown = true;
    rig.front.script(|seen| {
        if is_read(seen.kind) {
            return Act::instead(Wire::Reply(Reply::html(403)));
        }
        loses_every_fourth(seen).unwrap_or_else(Act::pass)
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check(&rig.users().await);
    let of = |status: &str| rig.rows().values().filter(|row| row.status == status).count();
    assert_eq!((of("done"), of("unknown")), (9, 3));
    assert!(rig.front.count(Kind::Lookup) <= 1);
}

fn rejected() -> Wire {
    Wire::Reply(Reply::json(200, &json!({"code": 2003, "message": "no", "data": null})))
}

/// Users that nobody asked for.
fn strangers() -> Act {
    edited(|user| user["externalId"] = json!("somebody"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identifier_that_no_lookup_takes_costs_its_own_row_one_run() {
    let forbidden = || Act::instead(Wire::Reply(Reply::html(403)));
    let answers: [fn() -> Act; 3] = [|| Act::instead(rejected()), strangers, forbidden];
    for answer in answers {
        let rig = Rig::with_users(60).await;
        rig.front.script(move |seen| match seen.kind {
            Kind::Create if seen.n.is_multiple_of(2) || seen.key == "u6" => Act::after(Wire::Close),
            Kind::Lookup if seen.ids.iter().any(|id| id == "u6") => answer(),
            _ => Act::pass(),
        });
        assert_eq!(rig.run().await, End::Drained);
        rig.check(&rig.users().await);
        assert_eq!(rig.with_status("unknown"), ["u6"]);
        let reason = rig.reason("u6");
        assert!(reason.starts_with("cannot be looked up: "), "{reason}");
        rig.front.script(|_| Act::pass());
        assert_eq!(rig.run().await, End::Drained);
        rig.check_all("created").await;
        assert_eq!(rig.front.count(Kind::Create), 60, "nothing was sent twice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_lookup_is_taken_the_run_halts_and_sends_nothing_twice() {
    let rig = Rig::with_users(100).await;
    rig.front.script(|seen| match seen.kind {
        Kind::Create if seen.n.is_multiple_of(2) => Act::after(Wire::Close),
        Kind::Lookup => Act::instead(rejected()),
        _ => Act::pass(),
    });
    let halt = rig.expect_halt().await;
    assert_eq!(halt.message, "a read is refused (code 2003)");
    rig.check(&rig.users().await);
    assert!(rig.with_status("failed").is_empty());
    let lookups = rig.front.count(Kind::Lookup);
    assert!((20..=200).contains(&lookups), "{lookups} lookups");
    rig.front.script(|_| Act::pass());
    assert_eq!(rig.run().await, End::Drained);
    rig.check_all("created").await;
    assert_eq!(rig.front.count(Kind::Create), 100, "nothing was sent twice");
}

// ---- whom a lookup finds

/// A change of a user in an answer.
type Edit = fn(&mut Value);

/// Changes every user that a lookup finds.
fn edited(edit: impl Fn(&mut Value) + Copy + Send + Sync + 'static) -> Act {
    Act::edit(move |reply| {
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
        body["data"].as_array_mut().unwrap().iter_mut().for_each(edit);
        reply.body = body.to_string().into_bytes();
    })
}

/// Every create is carried out and its reply lost; lookups answer users changed like this.
async fn lost_and_found(users: &[Value], edit: Edit) -> Rig {
    let rig = Rig::start(sandbox::Settings::default()).await;
    rig.stage(users);
    rig.front.script(move |seen| match seen.kind {
        // Some are answered, so that there is no outage.
        Kind::Create if seen.n.is_multiple_of(2) => Act::after(Wire::Close),
        Kind::Lookup => edited(edit),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig
}

fn with_country_code(user: &mut Value) {
    user["phone"] = json!(format!("+86{}", user["phone"].as_str().unwrap()));
}

fn without_country_code(user: &mut Value) {
    user["phone"] = json!(user["phone"].as_str().unwrap().trim_start_matches("+86"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_number_found_with_or_without_its_country_code_is_ours() {
    for (prefix, edit) in [("", with_country_code as Edit), ("+86", without_country_code)] {
        for external_id in [true, false] {
            let users: Vec<Value> = (1..=8)
                .map(|n| {
                    let mut user = json!({"phone": format!("{prefix}138{n:08}")});
                    if external_id {
                        user["externalId"] = json!(format!("u{n}"));
                    }
                    user
                })
                .collect();
            let rig = lost_and_found(&users, edit).await;
            rig.check_all("created").await;
            assert_eq!(rig.front.count(Kind::Create), 8);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_phone_number_is_not_ours() {
    let users: Vec<Value> = (1..=4)
        .map(|n| json!({"externalId": format!("u{n}"), "phone": format!("138{n:08}")}))
        .collect();
    let rig = lost_and_found(&users, |user| user["phone"] = json!("+8613999999999")).await;
    let rows = rig.rows();
    let conflicts = rows.values().filter(|row| row.detail.as_deref() == Some("conflict"));
    assert_eq!(conflicts.count(), 2);
    assert_eq!(rig.front.count(Kind::Create), 4);
}

// ---- created, or there before

/// Details of the rows whose replies were lost.
async fn details_of_the_lost(rig: &Rig) -> Vec<String> {
    rig.check(&rig.users().await);
    let table = rusqlite::Connection::open(rig.db()).unwrap();
    let mut statement = table
        .prepare("SELECT detail FROM job WHERE evidence = 'lookup' AND status = 'done'")
        .unwrap();
    let details = statement.query_map([], |row| row.get(0)).unwrap();
    details.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_date_of_its_creation_or_with_an_early_one_a_user_found_existed() {
    let users: Vec<Value> = (1..=8).map(user).collect();
    let edits: [(Edit, &str); 4] = [
        (|_| {}, "created"),
        (|user| user["createdAt"] = Value::Null, "existed"),
        (|user| user["createdAt"] = json!("soon"), "existed"),
        (|user| user["createdAt"] = json!("2020-01-01T00:00:00.000Z"), "existed"),
    ];
    for (edit, detail) in edits {
        let rig = lost_and_found(&users, edit).await;
        assert_eq!(details_of_the_lost(&rig).await, [detail; 4]);
        assert_eq!(rig.front.count(Kind::Create), 8);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_server_tells_no_time_a_user_found_existed() {
    let without_external_id = |n: usize| json!({"phone": format!("138{n:08}")});
    for user in [user, without_external_id] {
        let knobs = sandbox::Settings { no_date_header: true, ..sandbox::Settings::default() };
        let rig = Rig::start(knobs).await;
        rig.stage(&(1..=8).map(user).collect::<Vec<_>>());
        rig.front.script(|seen| loses_every_fourth(seen).unwrap_or_else(Act::pass));
        assert_eq!(rig.run().await, End::Drained);
        assert_eq!(details_of_the_lost(&rig).await, ["existed"; 2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_that_were_there_before_existed_also_when_replies_are_lost() {
    let rig = Rig::with_users(8).await;
    let before: Vec<Value> = (1..=4)
        .map(|n| json!({"externalId": format!("u{n}"), "email": format!("u{n}@example.com")}))
        .collect();
    rig.add_users(&json!(before)).await;
    rig.front.script(|seen| match seen.kind {
        Kind::Create if seen.n.is_multiple_of(2) => Act::after(Wire::Close),
        Kind::Lookup => edited(|user| {
            if matches!(user["externalId"].as_str(), Some("u1" | "u2" | "u3" | "u4")) {
                user["createdAt"] = json!("2020-01-01T00:00:00.000Z");
            }
        }),
        _ => Act::pass(),
    });
    assert_eq!(rig.run().await, End::Drained);
    rig.check(&rig.users().await);
    for (key, row) in rig.rows() {
        let n: usize = key[1..].parse().unwrap();
        let expected = if n <= 4 { "existed" } else { "created" };
        assert_eq!(row.detail.as_deref(), Some(expected), "{key}: {row:?}");
    }
}
