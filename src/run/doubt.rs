//! Jobs whose fate is not known: when to look them up, and when nobody found is an answer.

use crate::clock::Moment;
use crate::job::Job;
use crate::store::JobId;
use crate::user::Identifiers;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

/// The first look comes this soon: most users of a lost reply are there by then.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// How soon after a duplicate the first look comes; others gather meanwhile.
const GATHER: Duration = Duration::from_millis(20);
/// Looks after the quiet time that find nobody, where somebody must be.
const LOOKS: u32 = 5;
/// How soon after a lookup that failed the next one comes; doubles up to half a minute.
const MISSED: Duration = Duration::from_millis(500);
/// After so many failures rows are looked up in smaller groups.
const MISSES_TOGETHER: u32 = 2;
/// So many rows whose lookup is refused, and none is answered in between: it is not the rows.
const REFUSED_ALIKE: u32 = 20;

/// How long until nobody found means nobody.
#[derive(Clone, Copy, Debug)]
pub struct Quiet {
    /// A request may be under way for this long.
    pub request_timeout: Duration,
    /// And take this long to become visible.
    pub settle_time: Duration,
}

/// A job in doubt.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// The job.
    pub id: JobId,
    /// Its fence.
    pub sends: u32,
    /// What the rules need to know.
    pub job: Job,
    /// The identifiers that were sent.
    pub identifiers: Identifiers,
    /// When the attempt ended; for a crash, when this process started.
    pub ended_at: Moment,
    /// The breaker's epoch in which the attempt ended, if it may be held against the row: not for
    /// a crash, nor for the breaker's trial.
    pub epoch: Option<u64>,
    /// The provider's code, for a duplicate.
    pub code: Option<String>,
    /// How many rows its request had.
    pub size: usize,
    /// How many its next request may have, if nobody is found; none where that is not known yet.
    pub next_size: Option<usize>,
    /// By every identifier, whatever they are.
    thorough: bool,
    /// At most so many rows may be in its lookup: fewer after refusals and failures.
    lookup_limit: usize,
    quiet_at: Moment,
    look_at: Moment,
    looks: u32,
    misses: u32,
}

impl Doubt {
    /// Whether this run sent it; an earlier one did otherwise.
    fn is_own(&self) -> bool {
        self.ended_at > Moment::ZERO
    }
}

/// What is known of a job whose attempt ended in doubt.
#[derive(Clone, Debug)]
pub struct NewDoubt {
    pub id: JobId,
    /// Its fence.
    pub sends: u32,
    pub job: Job,
    /// The identifiers that were sent.
    pub identifiers: Identifiers,
    pub ended_at: Moment,
    pub epoch: Option<u64>,
    pub code: Option<String>,
    pub size: usize,
    pub next_size: Option<usize>,
    /// There was an answer: nothing of it is still under way.
    pub was_answered: bool,
}

/// The jobs in doubt of a run.
#[derive(Debug)]
pub struct Doubts {
    quiet: Quiet,
    /// Rows for one lookup.
    lookup: usize,
    waiting: HashMap<JobId, Doubt>,
    order: BTreeSet<(Moment, JobId)>,
    looking: usize,
    held: HashSet<JobId>,
    /// Rows that this run sent and that are in doubt: all of them, and those that are held.
    own: usize,
    own_held: usize,
    /// Rows whose lookup was refused since one was answered.
    refused: u32,
    lookups_fail: bool,
    witnesses: HashMap<u64, Moment>,
}

/// What a refused lookup says.
#[derive(Debug)]
pub enum Refused {
    /// One row of several is the reason, or all: they are looked up again in smaller groups.
    Divided,
    /// This row cannot be looked up; it stays unknown in this run.
    Held(Box<Doubt>),
    /// No row can be looked up.
    All,
}

impl Doubts {
    /// None yet; at most `lookup` rows may be looked up together.
    pub fn new(quiet: Quiet, lookup: usize) -> Self {
        Self {
            quiet,
            lookup: lookup.max(1),
            waiting: HashMap::new(),
            order: BTreeSet::new(),
            looking: 0,
            held: HashSet::new(),
            own: 0,
            own_held: 0,
            refused: 0,
            lookups_fail: false,
            witnesses: HashMap::new(),
        }
    }

    /// A job whose attempt ended in doubt.
    pub fn add(&mut self, new: NewDoubt) {
        let NewDoubt {
            id, sends, job, identifiers, ended_at, epoch, code, size, next_size, ..
        } = new;
        // A request that was answered is finished: only its becoming visible is to be waited for.
        let (quiet, first) = if new.was_answered {
            (self.quiet.settle_time, GATHER)
        } else {
            let quiet = self.quiet.request_timeout + self.quiet.settle_time;
            (quiet, FIRST_LOOK.min(self.quiet.settle_time))
        };
        let doubt = Doubt {
            thorough: new.was_answered || identifiers.external_id.is_none(),
            id,
            sends,
            job,
            identifiers,
            ended_at,
            epoch,
            code,
            size,
            next_size,
            lookup_limit: self.lookup,
            quiet_at: ended_at + quiet,
            look_at: ended_at + first,
            looks: 0,
            misses: 0,
        };
        self.own += usize::from(doubt.is_own());
        self.insert(doubt);
    }

    fn insert(&mut self, doubt: Doubt) {
        self.order.insert((doubt.look_at, doubt.id));
        self.waiting.insert(doubt.id, doubt);
    }

    /// When the next look is due.
    pub fn next_look(&self) -> Option<Moment> {
        self.order.first().map(|(at, _)| *at)
    }

    /// The jobs to look up now, at most as many as go into one lookup, of one kind (duplicates are looked up by every
    /// identifier, others by their key; those whose lookup was refused, in smaller groups).
    pub fn take(&mut self, now: Moment) -> Vec<Doubt> {
        let due: Vec<(Moment, JobId)> =
            self.order.range(..=(now, JobId(i64::MAX))).take(4 * self.lookup).copied().collect();
        let kind_of = |doubt: &Doubt| (doubt.thorough, doubt.lookup_limit);
        let Some(kind) = due.first().and_then(|(_, id)| self.waiting.get(id)).map(kind_of) else {
            return Vec::new();
        };
        let mut taken = Vec::new();
        for (at, id) in due {
            if taken.len() == kind.1 {
                break;
            }
            if self.waiting.get(&id).map(kind_of) == Some(kind) {
                self.order.remove(&(at, id));
                taken.extend(self.waiting.remove(&id));
            }
        }
        self.looking += taken.len();
        taken
    }

    /// This doubt, which was taken, is settled.
    pub fn settled(&mut self, doubt: &Doubt) {
        self.looking -= 1;
        self.own -= usize::from(doubt.is_own());
    }

    fn hold(&mut self, doubt: &Doubt) {
        self.held.insert(doubt.id);
        self.own_held += usize::from(doubt.is_own());
    }

    /// These doubts, which were taken together, could not be looked up: again soon, and later each
    /// time; and in halves, for it may be one of them that the target has no answer to.
    pub fn put_back(&mut self, doubts: Vec<Doubt>, now: Moment) {
        self.looking -= doubts.len();
        self.lookups_fail = true;
        let half = doubts.len().div_ceil(2);
        for mut doubt in doubts {
            doubt.look_at = now + MISSED * (1 << doubt.misses.min(6));
            doubt.misses += 1;
            if doubt.misses > MISSES_TOGETHER {
                doubt.lookup_limit = half;
            }
            self.insert(doubt);
        }
    }

    /// The lookup of these doubts, which were taken together, was refused. In halves it shows whose
    /// identifier the target dislikes: one in eighty costs no more than a dozen lookups.
    pub fn refused(&mut self, mut doubts: Vec<Doubt>) -> Refused {
        self.looking -= doubts.len();
        // Those of an earlier run may be in doubt for this very reason, and halt no other run.
        self.refused += u32::from(doubts.len() == 1 && doubts.iter().all(Doubt::is_own));
        let is_alike = self.refused >= REFUSED_ALIKE;
        if doubts.len() == 1 && !is_alike {
            let doubt = doubts.remove(0);
            self.hold(&doubt);
            return Refused::Held(Box::new(doubt));
        }
        let lookup_limit = doubts.len().div_ceil(2);
        for doubt in doubts {
            self.insert(Doubt { lookup_limit, ..doubt });
        }
        if is_alike { Refused::All } else { Refused::Divided }
    }

    /// A lookup was answered.
    pub fn answered(&mut self) {
        self.refused = 0;
        self.lookups_fail = false;
    }

    /// Whether the latest lookup got no usable answer.
    pub fn lookups_fail(&self) -> bool {
        self.lookups_fail
    }

    /// A doubt that was taken found nobody, and that settles nothing yet.
    pub fn look_again(&mut self, mut doubt: Doubt, now: Moment) {
        self.looking -= 1;
        doubt.lookup_limit = self.lookup;
        if now < doubt.quiet_at {
            doubt.look_at = doubt.quiet_at;
        } else {
            doubt.looks += 1;
            if doubt.looks >= LOOKS {
                return self.hold(&doubt);
            }
            let wait = self.quiet.settle_time.max(Duration::from_millis(100)) * (1 << doubt.looks);
            doubt.look_at = now + wait;
        }
        self.insert(doubt);
    }

    /// Nobody can be looked up: all that wait stay unknown in this run.
    pub fn hold_all(&mut self) {
        for doubt in std::mem::take(&mut self.waiting).into_values() {
            self.hold(&doubt);
        }
        self.order.clear();
    }

    /// Whether nobody found at `now` means that nobody is there.
    pub fn is_quiet(doubt: &Doubt, now: Moment) -> bool {
        now >= doubt.quiet_at
    }

    /// A create that left at `sent_at` got a definite answer in this closed epoch of the breaker.
    pub fn witness(&mut self, epoch: u64, sent_at: Moment) {
        let latest = self.witnesses.entry(epoch).or_default();
        *latest = sent_at.max(*latest);
    }

    /// Whether the target was answering others when this row's attempt ended: another row's create
    /// left after that, was answered, and no outage lay between.
    pub fn was_witnessed(&self, doubt: &Doubt) -> bool {
        doubt
            .epoch
            .and_then(|epoch| self.witnesses.get(&epoch))
            .is_some_and(|sent_at| *sent_at >= doubt.ended_at)
    }

    /// Jobs that are being looked up or wait for it.
    pub fn open(&self) -> usize {
        self.waiting.len() + self.looking
    }

    /// Jobs that this run gives up looking for; they stay unknown.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Which those are.
    pub fn held_rows(&self) -> impl Iterator<Item = JobId> {
        self.held.iter().copied()
    }

    /// Those of them that this run sent.
    pub fn own_held(&self) -> usize {
        self.own_held
    }

    /// All jobs in doubt that this run sent.
    pub fn own(&self) -> usize {
        self.own
    }
}

/// Whether a doubt is looked up by every identifier.
pub fn thorough(doubt: &Doubt) -> bool {
    doubt.thorough
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    const BATCH: usize = 80;

    fn doubts() -> Doubts {
        Doubts::new(Quiet { request_timeout: 30 * SECOND, settle_time: 5 * SECOND }, BATCH)
    }

    fn add(doubts: &mut Doubts, id: i64, duplicate: bool, ended_at: Moment) {
        let job = Job { spent: 0, first_sent_ms: Some(0), had_unknown: !duplicate, duplicate };
        let mut identifiers = Identifiers::default();
        identifiers.set(crate::user::IdKind::ExternalId, &id.to_string());
        doubts.add(NewDoubt {
            id: JobId(id),
            sends: 1,
            job,
            identifiers,
            ended_at,
            epoch: Some(1),
            code: None,
            size: 1,
            next_size: None,
            was_answered: duplicate,
        });
    }

    #[test]
    fn nobody_is_an_answer_only_after_the_quiet_time() {
        let mut doubts = doubts();
        add(&mut doubts, 1, false, SECOND);
        assert_eq!(doubts.next_look(), Some(2 * SECOND));
        let doubt = doubts.take(2 * SECOND).pop().unwrap();
        assert!(!Doubts::is_quiet(&doubt, 2 * SECOND));
        doubts.look_again(doubt, 2 * SECOND);
        assert_eq!(doubts.next_look(), Some(36 * SECOND));
        let doubt = doubts.take(36 * SECOND).pop().unwrap();
        assert!(Doubts::is_quiet(&doubt, 36 * SECOND));
    }

    #[test]
    fn a_batch_is_of_one_kind_and_at_most_eighty() {
        let mut doubts = doubts();
        for id in 0..100 {
            add(&mut doubts, id, false, SECOND);
        }
        add(&mut doubts, 1_000, true, SECOND);
        let now = 100 * SECOND;
        let sizes: Vec<usize> = std::iter::from_fn(|| {
            let taken = doubts.take(now);
            (!taken.is_empty()).then_some(taken.len())
        })
        .collect();
        assert_eq!(sizes.iter().sum::<usize>(), 101);
        assert!(sizes.contains(&80) && sizes.contains(&20) && sizes.contains(&1));
    }

    #[test]
    fn a_lookup_is_filled_though_others_are_due_in_between() {
        let mut doubts = doubts();
        add(&mut doubts, 1, false, SECOND);
        (100..200).for_each(|id| add(&mut doubts, id, true, 10 * SECOND));
        (200..279).for_each(|id| add(&mut doubts, id, false, 20 * SECOND));
        assert_eq!(doubts.take(100 * SECOND).len(), BATCH);
    }

    /// Looks all doubts up, where whoever has this id makes a lookup refused.
    fn look_all_up(doubts: &mut Doubts, disliked: impl Fn(i64) -> bool) -> (Vec<i64>, usize, bool) {
        let (mut held, mut lookups) = (Vec::new(), 0);
        let now = 100 * SECOND;
        loop {
            let taken = doubts.take(now);
            if taken.is_empty() {
                return (held, lookups, false);
            }
            lookups += 1;
            if !taken.iter().any(|doubt| disliked(doubt.id.0)) {
                doubts.answered();
                settle_all(doubts, &taken);
                continue;
            }
            match doubts.refused(taken) {
                Refused::Divided => {}
                Refused::Held(doubt) => held.push(doubt.id.0),
                Refused::All => return (held, lookups, true),
            }
        }
    }

    fn settle_all(doubts: &mut Doubts, taken: &[Doubt]) {
        for doubt in taken {
            doubts.settled(doubt);
        }
    }

    #[test]
    fn rows_of_an_earlier_run_are_not_counted_as_this_runs_own() {
        let mut doubts = doubts();
        for (id, ended_at) in [(1, Moment::ZERO), (2, Moment::ZERO), (3, SECOND), (4, SECOND)] {
            add(&mut doubts, id, false, ended_at);
        }
        assert_eq!((doubts.open(), doubts.own()), (4, 2));
        let taken = doubts.take(100 * SECOND);
        taken.iter().filter(|doubt| doubt.id.0 == 3).for_each(|doubt| doubts.settled(doubt));
        let rest = taken.into_iter().filter(|doubt| doubt.id.0 != 3).collect();
        doubts.put_back(rest, 100 * SECOND);
        doubts.hold_all();
        assert_eq!((doubts.held(), doubts.own_held(), doubts.own()), (3, 1, 1));
    }

    fn some(n: i64) -> Doubts {
        let mut doubts = doubts();
        (0..n).for_each(|id| add(&mut doubts, id, false, SECOND));
        doubts
    }

    #[test]
    fn a_row_whose_lookup_is_refused_is_found_out_in_halves() {
        for disliked in [0, 37, 79] {
            let mut doubts = some(80);
            let (held, lookups, all) = look_all_up(&mut doubts, |id| id == disliked);
            assert_eq!((held, all), (vec![disliked], false));
            assert!(lookups <= 15, "{lookups} lookups");
            assert_eq!((doubts.open(), doubts.held()), (0, 1));
        }
    }

    #[test]
    fn twenty_refused_in_a_row_are_everybody() {
        let mut doubts = some(100);
        let (held, lookups, all) = look_all_up(&mut doubts, |_| true);
        assert_eq!((held.len(), all), (19, true));
        assert!(lookups <= 150, "{lookups} lookups");
        assert_eq!(doubts.open(), 81, "the rest is in doubt");
        let mut earlier = super::tests::doubts();
        (0..100).for_each(|id| add(&mut earlier, id, false, Moment::ZERO));
        let (held, _, all) = look_all_up(&mut earlier, |_| true);
        assert_eq!((held.len(), all), (100, false), "those of an earlier run halt no other");
        let (held, _, all) = look_all_up(&mut some(1_000), |id| id % 10 == 0);
        assert_eq!((held.len(), all), (100, false), "one in ten is not everybody");
    }

    #[test]
    fn a_row_whose_lookup_always_fails_ends_up_alone() {
        let mut doubts = some(80);
        let (mut answered, mut now) = (0, 2 * SECOND);
        for _ in 0..100 {
            let taken = doubts.take(now);
            if taken.iter().any(|doubt| doubt.id.0 == 37) {
                doubts.put_back(taken, now);
                assert!(doubts.lookups_fail());
            } else if !taken.is_empty() {
                doubts.answered();
                assert!(!doubts.lookups_fail());
                answered += taken.len();
                settle_all(&mut doubts, &taken);
            }
            now = doubts.next_look().unwrap().max(now);
        }
        assert_eq!((answered, doubts.open(), doubts.held()), (79, 1, 0));
    }

    /// Twice it may be the network.
    #[test]
    fn a_lookup_is_halved_after_its_third_failure() {
        let mut doubts = some(80);
        for expected in [80, 80, 80, 40] {
            let now = doubts.next_look().unwrap();
            let taken = doubts.take(now);
            assert_eq!(taken.len(), expected);
            doubts.put_back(taken, now);
        }
    }

    #[test]
    fn all_that_wait_can_be_held_and_no_other() {
        let mut doubts = some(3);
        assert_eq!((doubts.open(), doubts.held()), (3, 0));
        let taken = doubts.take(100 * SECOND);
        add(&mut doubts, 9, true, 200 * SECOND);
        assert_eq!(doubts.open(), 4, "looked up or waiting");
        doubts.hold_all();
        assert_eq!((doubts.open(), doubts.held(), doubts.next_look()), (3, 1, None));
        settle_all(&mut doubts, &taken);
        assert_eq!((doubts.open(), doubts.held()), (0, 1));
    }

    #[test]
    fn somebody_who_must_be_there_is_looked_for_less_and_less_often() {
        let mut doubts = doubts();
        add(&mut doubts, 1, true, SECOND);
        let mut at = doubts.next_look().unwrap();
        let mut waits = Vec::new();
        loop {
            let doubt = doubts.take(at).remove(0);
            doubts.look_again(doubt, at);
            let Some(next) = doubts.next_look() else { break };
            waits.push(next.saturating_sub(at).as_millis());
            at = next;
        }
        assert_eq!(waits, [4_980, 10_000, 20_000, 40_000, 80_000], "until quiet, then doubling");
    }

    /// Of several hundred that are due some dozens are of another kind.
    #[test]
    fn a_batch_is_full_where_enough_of_its_kind_are_due() {
        let mut doubts = doubts();
        (0..200).for_each(|id| add(&mut doubts, id, id % 2 == 1, SECOND));
        assert_eq!(doubts.take(100 * SECOND).len(), 80);
    }

    #[test]
    fn a_lookup_that_fails_comes_again_later_each_time_up_to_half_a_minute() {
        let mut doubts = some(1);
        let waits: Vec<u128> = (0..9)
            .map(|_| {
                let at = doubts.next_look().unwrap();
                let taken = doubts.take(at);
                doubts.put_back(taken, at);
                doubts.next_look().unwrap().saturating_sub(at).as_millis()
            })
            .collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 32_000, 32_000]);
    }

    #[test]
    fn once_its_lookup_is_answered_a_row_is_looked_up_with_others_again() {
        let mut doubts = doubts();
        (0..2).for_each(|id| add(&mut doubts, id, false, 99 * SECOND));
        let taken = doubts.take(100 * SECOND);
        assert!(matches!(doubts.refused(taken), Refused::Divided));
        for _ in 0..2 {
            let mut taken = doubts.take(100 * SECOND);
            assert_eq!(taken.len(), 1);
            doubts.look_again(taken.remove(0), 100 * SECOND);
        }
        assert_eq!(doubts.take(200 * SECOND).len(), 2);
    }

    #[test]
    fn a_row_that_is_never_found_is_given_up_for_this_run() {
        let mut doubts = doubts();
        add(&mut doubts, 1, true, SECOND);
        let mut looks = 0;
        while let Some(at) = doubts.next_look() {
            let doubt = doubts.take(at).pop().unwrap();
            doubts.look_again(doubt, at);
            looks += 1;
        }
        assert_eq!((doubts.open(), doubts.held(), looks), (0, 1, 1 + LOOKS));
    }

    #[test]
    fn only_a_create_that_left_later_in_the_same_epoch_is_a_witness() {
        let mut doubts = doubts();
        add(&mut doubts, 1, false, 10 * SECOND);
        let doubt = doubts.take(99 * SECOND).pop().unwrap();
        doubts.witness(1, 9 * SECOND);
        doubts.witness(2, 11 * SECOND);
        assert!(!doubts.was_witnessed(&doubt));
        doubts.witness(1, 11 * SECOND);
        assert!(doubts.was_witnessed(&doubt));
    }
}
