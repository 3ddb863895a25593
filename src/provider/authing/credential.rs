//! A token or a key that all requests share: fetched once for all, renewed in time, fetched anew
//! once when the target says that it is out of date.

use crate::clock::{Clock, Moment};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// One fetched value.
pub(super) struct Held<V> {
    pub value: V,
    renew_at: Moment,
    ends_at: Moment,
    /// The target has accepted it.
    proven: AtomicBool,
    /// The target has said that it is out of date.
    stale: AtomicBool,
    /// When a read was first refused with it before it was ever accepted, milliseconds; `u64::MAX`
    /// while none was.
    refused_at_ms: AtomicU64,
}

/// How long a value that was just fetched may take until all instances of the target know it.
const SPREAD: Duration = Duration::from_secs(5);

impl<V> Held<V> {
    /// The target has accepted it.
    pub(super) fn prove(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// Whether the target has accepted it.
    pub(super) fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    /// A read was refused with it at `now` though it was never accepted. Whether it may only not be
    /// known everywhere yet.
    pub(super) fn may_still_spread(&self, now: Moment) -> bool {
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let first_ms = self.refused_at_ms.fetch_min(now_ms, Ordering::Relaxed).min(now_ms);
        Duration::from_millis(now_ms - first_ms) < SPREAD
    }

    /// The target has said that it is out of date. Whether it had ever accepted it; if not, a
    /// fresh one will be no better.
    pub(super) fn mark_stale(&self) -> bool {
        self.stale.store(true, Ordering::Relaxed);
        self.proven.load(Ordering::Relaxed)
    }
}

/// A value with its life.
pub(super) struct Fetched<V> {
    pub value: V,
    /// How long it lives; `None` for ever.
    pub life: Option<Duration>,
}

/// How long one that is still good serves on after it could not be renewed, before that is tried again.
const RENEW_AGAIN: Duration = Duration::from_secs(1);

/// A shared credential; `E` is why it could not be fetched.
pub(super) struct Credential<V, E> {
    clock: Clock,
    held: RwLock<Option<Arc<Held<V>>>>,
    /// Locked by who fetches.
    fetching: Mutex<Fetching<E>>,
    attempts: AtomicU64,
    /// Whether nobody is to ask again after this.
    is_final: fn(&E) -> bool,
}

struct Fetching<E> {
    failed: Option<(u64, E)>,
    /// No renewal ahead of time before this.
    quiet_until: Moment,
}

impl<V, E: Clone> Credential<V, E> {
    /// One that is not held yet. After an error that `is_final`, nobody asks again: those who come
    /// later, with requests that had left before, share it.
    pub(super) fn new(clock: Clock, is_final: fn(&E) -> bool) -> Self {
        let fetching = Fetching { failed: None, quiet_until: Moment::ZERO };
        let (held, attempts) = (RwLock::new(None), AtomicU64::new(0));
        Self { clock, held, fetching: Mutex::new(fetching), attempts, is_final }
    }

    /// The value, fetched if need be. All who wait while one fetches share what comes of it, also
    /// its failure: an outage must not be met by as many requests for tokens as there are waiters.
    /// While one renews it ahead of time, the old one serves the others.
    pub(super) async fn get<F>(&self, fetch: impl FnOnce() -> F) -> Result<Arc<Held<V>>, E>
    where
        F: Future<Output = Result<Fetched<V>, E>>,
    {
        if let Some(held) = self.usable().filter(|held| self.clock.now() < held.renew_at) {
            return Ok(held);
        }
        let seen = self.attempts.load(Ordering::Acquire);
        let mut fetching = match (self.fetching.try_lock(), self.usable()) {
            (Ok(fetching), _) => fetching,
            (Err(_), Some(held)) => return Ok(held),
            (Err(_), None) => self.fetching.lock().await,
        };
        let now = self.clock.now();
        match (self.usable(), &fetching.failed) {
            (Some(held), _) if now < held.renew_at || now < fetching.quiet_until => {
                return Ok(held);
            }
            (None, Some((attempt, error))) if *attempt > seen || (self.is_final)(error) => {
                return Err(error.clone());
            }
            _ => {}
        }
        let attempt = self.attempts.load(Ordering::Acquire) + 1;
        let result = fetch().await;
        self.attempts.store(attempt, Ordering::Release);
        match result {
            Ok(fetched) => {
                fetching.failed = None;
                Ok(self.hold(fetched))
            }
            Err(error) => {
                // Renewed ahead of time: the old one may still be good for a while.
                if let Some(held) = self.usable() {
                    fetching.quiet_until = self.clock.now() + RENEW_AGAIN;
                    return Ok(held);
                }
                fetching.failed = Some((attempt, error.clone()));
                Err(error)
            }
        }
    }

    /// What is held and has neither ended nor been called out of date.
    fn usable(&self) -> Option<Arc<Held<V>>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let is_usable = !held.stale.load(Ordering::Relaxed) && self.clock.now() < held.ends_at;
        is_usable.then_some(held)
    }

    fn hold(&self, fetched: Fetched<V>) -> Arc<Held<V>> {
        let now = self.clock.now();
        let held = Arc::new(Held {
            value: fetched.value,
            renew_at: fetched.life.map_or(Moment::MAX, |life| now + life.mul_f64(0.9)),
            ends_at: fetched.life.map_or(Moment::MAX, |life| now + life),
            proven: AtomicBool::new(false),
            stale: AtomicBool::new(false),
            refused_at_ms: AtomicU64::new(u64::MAX),
        });
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&held));
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    type Shared = Credential<u32, &'static str>;

    fn shared() -> Shared {
        Shared::new(Clock::starting_at(0), |error| *error == "refused")
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a fetch returns")]
    fn fetched(value: u32) -> Result<Fetched<u32>, &'static str> {
        Ok(Fetched { value, life: Some(Duration::from_secs(100)) })
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_fetched_once_for_all_and_renewed_after_nine_tenths_of_its_life() {
        let shared = Arc::new(shared());
        let fetches = Arc::new(AtomicU32::new(0));
        let get = || {
            let (shared, fetches) = (Arc::clone(&shared), Arc::clone(&fetches));
            async move {
                let fetch = || async move {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    fetched(fetches.fetch_add(1, Ordering::SeqCst))
                };
                shared.get(fetch).await.map(|held| held.value)
            }
        };
        let all: Vec<_> = (0..10).map(|_| tokio::spawn(get())).collect();
        for one in all {
            assert_eq!(one.await.unwrap(), Ok(0));
        }
        tokio::time::sleep(Duration::from_secs(89)).await;
        assert_eq!(get().await, Ok(0));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(get().await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_one_failure() {
        let shared = Arc::new(shared());
        let fetches = Arc::new(AtomicU32::new(0));
        let all: Vec<_> = (0..10)
            .map(|_| {
                let (shared, fetches) = (Arc::clone(&shared), Arc::clone(&fetches));
                tokio::spawn(async move {
                    let fetch = || async move {
                        fetches.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(10)).await;
                        Err("down")
                    };
                    shared.get(fetch).await.map(|held| held.value)
                })
            })
            .collect();
        for one in all {
            assert_eq!(one.await.unwrap(), Err("down"));
        }
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
        assert_eq!(shared.get(|| async { fetched(7) }).await.map(|held| held.value), Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_shared_with_those_who_come_later() {
        let shared = shared();
        let first = shared.get(|| async { fetched(1) }).await.unwrap();
        first.mark_stale();
        for _ in 0..3 {
            let fetch = || async { Err("refused") };
            assert_eq!(shared.get(fetch).await.map(|held| held.value), Err("refused"));
            let fetch = || async { panic!("asked again after a refusal") };
            assert_eq!(shared.get(fetch).await.map(|held| held.value), Err("refused"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stale_one_is_fetched_anew_and_a_fresh_one_that_is_refused_was_never_proven() {
        let shared = shared();
        let first = shared.get(|| async { fetched(1) }).await.unwrap();
        first.prove();
        assert!(first.mark_stale());
        let second = shared.get(|| async { fetched(2) }).await.unwrap();
        assert_eq!(second.value, 2);
        assert!(!second.mark_stale());
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_one_may_take_five_seconds_to_be_known_everywhere() {
        let shared = shared();
        let held = shared.get(|| async { fetched(1) }).await.unwrap();
        let second = Duration::from_secs(1);
        assert!([7, 8, 11].iter().all(|at| held.may_still_spread(*at * second)));
        assert!(!held.may_still_spread(12 * second));
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_renews_it_nobody_waits_and_what_has_ended_meanwhile_is_not_handed_out() {
        let shared = Arc::new(shared());
        shared.get(|| async { fetched(1) }).await.unwrap();
        tokio::time::sleep(Duration::from_secs(91)).await;
        let renewing = Arc::clone(&shared);
        let slow = async move {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Err("hangs")
        };
        let first = tokio::spawn(async move { renewing.get(|| slow).await.map(|held| held.value) });
        tokio::task::yield_now().await;
        let asked = tokio::time::Instant::now();
        let other = shared.get(|| async { panic!("one renews it already") }).await;
        assert_eq!((other.map(|held| held.value), asked.elapsed()), (Ok(1), Duration::ZERO));
        assert_eq!(first.await.unwrap(), Err("hangs"), "it ended at 100 s");
    }

    #[tokio::test(start_paused = true)]
    async fn when_renewal_fails_the_old_one_serves_to_its_end() {
        let shared = shared();
        shared.get(|| async { fetched(1) }).await.unwrap();
        tokio::time::sleep(Duration::from_secs(95)).await;
        for why in ["down", "refused"] {
            assert_eq!(shared.get(|| async { Err(why) }).await.map(|held| held.value), Ok(1));
            let fetch = || async { panic!("asked again at once") };
            assert_eq!(shared.get(fetch).await.map(|held| held.value), Ok(1));
            tokio::time::sleep(RENEW_AGAIN).await;
        }
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(shared.get(|| async { Err("down") }).await.map(|held| held.value), Err("down"));
    }
}
