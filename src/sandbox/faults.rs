//! What goes wrong on purpose: the switches that change while the sandbox runs, and the decisions.
//!
//! Which fault hits a create follows from the settings, the seed and the number of the create
//! alone, so a rehearsal can be repeated.

use super::directory::{Fields, Identifier};
use super::settings::Settings;
use super::units::{Effect, Rate};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Switches that exist only while the sandbox runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Switches {
    /// Every request fails so.
    pub(super) outage: Outage,
    /// Every write fails so; reads, tokens and the key are answered.
    pub(super) write_outage: Outage,
    /// Every create is refused with this code.
    pub(super) refuse_all_code: Option<i64>,
    /// The pool does not exist: code 2224.
    pub(super) pool_gone: bool,
    /// Every request is redirected there with HTTP 307.
    pub(super) redirect: Option<String>,
    /// The secret is refused with code 1001.
    pub(super) revoke_secret: bool,
}

/// How a service is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outage {
    /// It is not.
    #[default]
    None,
    Http503,
    Reset,
    /// Nothing is answered.
    Hang,
}

impl Outage {
    /// The effect on one request.
    pub(super) fn effect(self) -> Option<Effect> {
        match self {
            Self::None => None,
            Self::Http503 => Some(Effect::Http503),
            Self::Reset => Some(Effect::Reset),
            Self::Hang => Some(Effect::Hang),
        }
    }
}

/// What becomes of a create that would otherwise be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is handled as usual.
    Pass,
    /// It fails, nothing is stored; the knob that did it.
    Fail(Effect, &'static str),
    /// The connection is closed, nothing is stored.
    DropBeforeStore,
    /// The user is stored if it can be, then the connection is closed.
    DropAfterStore,
    /// The user is stored if it can be, then nothing is answered.
    StoreAndHang,
}

/// The fate of create number `number` (from 1).
pub(super) fn fate(
    settings: &Settings,
    refuse_all_code: Option<i64>,
    number: u64,
    user: &Fields,
) -> Fate {
    if let Some(poison) = settings.poison.iter().find(|poison| names(user, &poison.key)) {
        return Fate::Fail(poison.effect, "poison");
    }
    if let Some(code) = refuse_all_code {
        return Fate::Fail(Effect::Code(code), "refuse_all_code");
    }
    if settings.fail_every.is_some_and(|every| every > 0 && number.is_multiple_of(every)) {
        return Fate::Fail(settings.fail_with, "fail_every");
    }
    let mut draws = draws(settings.seed, number);
    let chances = [
        (settings.drop_before_store, Fate::DropBeforeStore),
        (settings.drop_after_store, Fate::DropAfterStore),
        (settings.hang, Fate::StoreAndHang),
    ];
    let mut hit = |chance: f64| draws.f64() < chance;
    let hits = chances.map(|(chance, fate)| (hit(chance.0), fate));
    hits.into_iter().find(|(hit, _)| *hit).map_or(Fate::Pass, |(_, fate)| fate)
}

/// Whether one of the user's identifiers is `key`.
fn names(user: &Fields, key: &str) -> bool {
    Identifier::ALL.into_iter().any(|identifier| {
        let value = user.get(identifier.field()).and_then(Value::as_str);
        value.is_some_and(|value| match identifier {
            Identifier::Email => value.to_lowercase() == key.to_lowercase(),
            Identifier::Phone | Identifier::Username | Identifier::ExternalId => value == key,
        })
    })
}

/// Random numbers that belong to one numbered event.
fn draws(seed: u64, number: u64) -> fastrand::Rng {
    fastrand::Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// How long request `number` takes when it is one of `in_flight`.
pub(super) fn delay(settings: &Settings, number: u64, in_flight: usize) -> Duration {
    let jitter = settings.jitter.0.mul_f64(draws(!settings.seed, number).f64());
    let crowd = settings.knee.map_or(1.0, |knee| {
        let in_flight = f64::from(u32::try_from(in_flight).unwrap_or(u32::MAX));
        (in_flight / f64::from(knee.max(1))).max(1.0)
    });
    (settings.latency.0 + jitter).mul_f64(crowd)
}

/// A token bucket that holds a tenth of a second's requests, and at least one.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// When it is full again, since the start of the server.
    full_at: Duration,
}

impl Bucket {
    /// Takes one request out, if the rate allows it at `now` (since the start of the server).
    pub(super) fn take(&mut self, rate: Rate, now: Duration) -> bool {
        let one = Duration::try_from_secs_f64(1.0 / rate.per_second).unwrap_or(Duration::MAX);
        let burst = one.mul_f64((rate.per_second / 10.0).max(1.0));
        let full_at = self.full_at.max(now).saturating_add(one);
        let fits = full_at.saturating_sub(now) <= burst;
        if fits {
            self.full_at = full_at;
        }
        fits
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::sandbox::units::Chance;
    use serde_json::json;

    fn user(value: &Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn fates_are_repeatable_and_as_frequent_as_asked() {
        let settings = Settings {
            drop_before_store: Chance(0.1),
            drop_after_store: Chance(0.2),
            ..Settings::default()
        };
        let nobody = Fields::new();
        let run = |settings: &Settings| -> Vec<Fate> {
            (1..=10_000).map(|n| fate(settings, None, n, &nobody)).collect()
        };
        let fates = run(&settings);
        assert_eq!(fates, run(&settings));
        assert_ne!(fates, run(&Settings { seed: 8, ..settings }));
        let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count();
        assert!((900..1100).contains(&count(Fate::DropBeforeStore)));
        assert!((1650..1950).contains(&count(Fate::DropAfterStore)));
        assert_eq!(count(Fate::StoreAndHang), 0);
    }

    #[test]
    fn every_nth_create_fails_and_poison_comes_first() {
        let settings = Settings {
            fail_every: Some(3),
            poison: vec!["Bad@x.org=hang".parse().unwrap(), "0099=reset".parse().unwrap()],
            ..Settings::default()
        };
        let of = |n, value| fate(&settings, None, n, &user(&value));
        assert_eq!(of(2, json!({})), Fate::Pass);
        assert_eq!(of(3, json!({})), Fate::Fail(Effect::Code(2003), "fail_every"));
        assert_eq!(of(3, json!({"email": "bad@X.org"})), Fate::Fail(Effect::Hang, "poison"));
        assert_eq!(of(1, json!({"externalId": "0099"})), Fate::Fail(Effect::Reset, "poison"));
        assert_eq!(of(1, json!({"nickname": "0099"})), Fate::Pass);
        let all = fate(&settings, Some(1000), 1, &Fields::new());
        assert_eq!(all, Fate::Fail(Effect::Code(1000), "refuse_all_code"));
        let never = Settings { fail_every: Some(0), ..Settings::default() };
        assert_eq!(fate(&never, None, 5, &Fields::new()), Fate::Pass);
    }

    #[test]
    fn the_bucket_never_gives_more_than_its_rate_and_burst() {
        let rate: Rate = "50/s".parse().unwrap();
        let mut bucket = Bucket::default();
        let given = (0..10_000).filter(|ms| bucket.take(rate, Duration::from_millis(*ms))).count();
        assert!((500..=505).contains(&given), "{given} in ten seconds");
        let mut slow = Bucket::default();
        let rate: Rate = "1/s".parse().unwrap();
        let start = Duration::from_secs(100);
        assert!(slow.take(rate, start));
        assert!(!slow.take(rate, start + Duration::from_millis(999)));
        assert!(slow.take(rate, start + Duration::from_secs(1)));
    }

    #[test]
    fn latency_grows_beyond_the_knee() {
        let settings =
            Settings { latency: "100ms".parse().unwrap(), knee: Some(4), ..Settings::default() };
        assert_eq!(delay(&settings, 1, 4).as_millis(), 100);
        assert_eq!(delay(&settings, 1, 8).as_millis(), 200);
        let jitter = Settings { jitter: "10ms".parse().unwrap(), knee: None, ..settings };
        assert!((100..=110).contains(&delay(&jitter, 1, 100).as_millis()));
    }
}
