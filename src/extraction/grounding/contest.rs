//! Makes room where mentions stand in each other's way.

use std::collections::{HashMap, HashSet};

use super::{
    claims::{Claim, Claims},
    mentions::{Fit, Mentions, Place},
    span::{Bits, Span},
};

/// Moves mentions from places where they overlap others to free ones, or others out of their way.
///
/// A mention that is moved goes to a free place of its own that is as good (whole words or not), which may
/// be made free in turn: augmenting paths, as for matchings.
pub(super) struct Contest<'p, 'a> {
    mentions: &'p Mentions<'a>,
    claims: &'p mut Claims,
    /// At how many steps of `claims` this ends.
    steps_end: usize,
    /// The words that have more places than they have taken. Others stay where they are.
    movable: HashSet<(usize, Fit)>,
    /// What those have taken that stay.
    fixed: Bits,
    /// The places that are to become free, and the mentions that are to move there.
    wanted: Vec<(Span, Span)>,
    /// The places that were tried in vain for the mention at hand.
    tried: HashSet<Span>,
    /// The words that have no place to move to, as things stand.
    stuck: HashSet<usize>,
    /// The places that are not left, as things stand.
    unmoved: HashSet<Span>,
}

/// The most steps that moving mentions may take, once for whole words and once for parts of words: the claims
/// and orders of claims that are looked at, and 64 bytes of text each. Mentions that overlap others when they
/// are used up are left out and counted.
pub(super) const STEPS_MAX: usize = 1 << 21;

/// The most mentions that move so that one can; bounds the stack.
const CHAIN_MAX: usize = 16;

impl<'p, 'a> Contest<'p, 'a> {
    pub(super) fn new(mentions: &'p Mentions<'a>, claims: &'p mut Claims) -> Self {
        let steps_end = claims.steps().saturating_add(STEPS_MAX);
        let mut taken = HashMap::<(usize, Fit), Vec<Span>>::new();
        for claim in claims.all() {
            taken.entry((claim.words, claim.fit)).or_default().push(claim.place.span);
        }
        let places = |words: usize, fit| mentions.words.get(words).map_or(0, |words| words.places(fit).len());
        let (mut movable, mut fixed) = (HashSet::new(), Bits::new(mentions.bytes()));
        for ((words, fit), spans) in taken {
            if places(words, fit) > spans.len() {
                movable.insert((words, fit));
            } else {
                for span in spans {
                    fixed.set(span);
                }
            }
        }
        let (wanted, tried, stuck, unmoved) = (Vec::new(), HashSet::new(), HashSet::new(), HashSet::new());
        Self { mentions, claims, steps_end, movable, fixed, wanted, tried, stuck, unmoved }
    }

    /// Moves mentions until of no two that overlap one can. Leaves in `crowded` what overlaps all the same, and
    /// says whether that is settled; if not, the steps were used up before.
    pub(super) fn settle(mut self, crowded: &mut Vec<Span>) -> bool {
        let mut is_eased = !self.movable.is_empty();
        while is_eased && !self.is_spent() {
            is_eased = false;
            crowded.retain(|span| {
                let ease = self.ease(*span);
                is_eased |= ease != Ease::None;
                ease != Ease::Full
            });
        }
        let is_settled = !self.is_spent();
        crowded.retain(|span| self.claims.at(*span).is_some() && !self.is_alone(*span));
        is_settled
    }

    fn ease(&mut self, span: Span) -> Ease {
        if self.is_spent() {
            return Ease::None;
        }
        let Some(claim) = self.claims.at(span).filter(|_| !self.is_alone(span)) else { return Ease::Full };
        if !self.stuck.contains(&claim.words) {
            if self.relocate_anew(claim) {
                return Ease::Full;
            }
            self.stuck.insert(claim.words);
        }
        let mut moved = 0;
        for other in self.others(span, span) {
            if self.unmoved.contains(&other.place.span) {
                continue;
            }
            if self.relocate_anew(other) {
                moved += 1;
            } else {
                self.unmoved.insert(other.place.span);
            }
        }
        match moved {
            0 => Ease::None,
            _ if self.is_alone(span) => Ease::Full,
            _ => Ease::Some,
        }
    }

    /// Moves a mention, whatever was tried for others.
    fn relocate_anew(&mut self, claim: Claim) -> bool {
        // A new one: clearing costs as much as there ever was in it.
        self.tried = HashSet::new();
        self.relocate(claim, CHAIN_MAX)
    }

    /// Moves a mention to a free place, or to one that others can leave.
    fn relocate(&mut self, claim: Claim, chain: usize) -> bool {
        if self.claims.at(claim.place.span) != Some(claim) {
            // It has left, so that another could move.
            return true;
        }
        if !self.movable.contains(&(claim.words, claim.fit)) {
            return false;
        }
        let mentions = self.mentions;
        let places = mentions.words.get(claim.words).map_or(&[][..], |words| words.places(claim.fit));
        let from = claim.place.span;
        let free = self.first(places, |contest, span| contest.is_free_for(span, from));
        let place = free.or_else(|| {
            let chain = chain.checked_sub(1)?;
            self.first(places, |contest, span| {
                contest.tried.insert(span) && contest.make_room(span, claim, chain)
            })
        });
        place.is_some_and(|place| self.move_to(claim, place))
    }

    /// The first place that will do, unless the steps are used up before.
    fn first(&mut self, places: &[Place], mut will_do: impl FnMut(&mut Self, Span) -> bool) -> Option<Place> {
        let places = places
            .iter()
            .map_while(|place| (!self.is_spent()).then(|| will_do(self, place.span).then_some(*place)));
        places.flatten().next()
    }

    /// Whether a place would be free if nobody were at `from`.
    fn is_free_for(&self, span: Span, from: Span) -> bool {
        (self.claims.is_free(span) || (span != from && span.overlaps(from) && !self.has_others(span, from)))
            && !self.is_wanted(span)
    }

    /// Moves all others away from a place.
    fn make_room(&mut self, span: Span, claim: Claim, chain: usize) -> bool {
        let from = claim.place.span;
        if span == from || self.fixed.any(span) || self.is_wanted(span) {
            return false;
        }
        let others = self.others(span, from);
        let stays = |other: &Claim| {
            other.words == claim.words || self.wanted.iter().any(|(_, moves)| *moves == other.place.span)
        };
        if others.iter().any(stays) {
            return false;
        }
        self.wanted.push((span, from));
        let all = others.into_iter().all(|other| self.relocate(other, chain));
        self.wanted.pop();
        all && !self.has_others(span, from)
    }

    fn move_to(&mut self, claim: Claim, place: Place) -> bool {
        self.claims.release(claim.place.span);
        self.claims.take(Claim { place, ..claim });
        (self.stuck, self.unmoved) = (HashSet::new(), HashSet::new());
        true
    }

    /// Who is in the way at a place of the one at `from`; not all of them, if the steps are used up.
    fn others(&self, span: Span, from: Span) -> Vec<Claim> {
        let all = self.claims.overlapping(span).take_while(|_| !self.is_spent());
        all.filter(|claim| claim.place.span != from).collect()
    }

    /// Whether anybody is in the way at a place of the one at `from`.
    fn has_others(&self, span: Span, from: Span) -> bool {
        self.claims.overlapping(span).any(|claim| claim.place.span != from)
    }

    fn is_alone(&self, span: Span) -> bool {
        !self.has_others(span, span)
    }

    /// Whether a place that is to become free has a part in common with this one.
    fn is_wanted(&self, span: Span) -> bool {
        self.wanted.iter().any(|(wanted, _)| wanted.overlaps(span))
    }

    fn is_spent(&self) -> bool {
        self.claims.steps() >= self.steps_end
    }
}

/// How far a mention that overlaps others got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ease {
    /// It overlaps nothing any more.
    Full,
    /// It overlaps less than before.
    Some,
    /// Nothing moved.
    None,
}
