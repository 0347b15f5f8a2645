//! Makes room where mentions stand in each other's way.

use std::collections::HashSet;

use super::{
    claims::{Claim, Claims},
    mentions::{Mentions, Place},
    span::Span,
};

/// Moves mentions from places where they overlap others to free ones, or others out of their way.
///
/// A mention that is moved goes to a free place of its own that is as good (whole words or not), which may
/// be made free in turn: augmenting paths, as for matchings.
pub(super) struct Contest<'p, 'a> {
    mentions: &'p Mentions<'a>,
    claims: &'p mut Claims,
    /// How many more places may be looked at.
    steps: usize,
    /// The places that are to become free, and the mentions that are to move there.
    wanted: Vec<(Span, Span)>,
    /// The places that were tried in vain for the mention at hand.
    tried: HashSet<Span>,
    /// The words that have no place to move to, as things stand.
    stuck: HashSet<usize>,
}

/// The most places that are looked at.
const STEPS_MAX: usize = 1 << 20;

/// The most mentions that move so that one can; bounds the stack.
const CHAIN_MAX: usize = 16;

impl<'p, 'a> Contest<'p, 'a> {
    pub(super) fn new(mentions: &'p Mentions<'a>, claims: &'p mut Claims) -> Self {
        let (tried, stuck) = (HashSet::new(), HashSet::new());
        Self { mentions, claims, steps: STEPS_MAX, wanted: Vec::new(), tried, stuck }
    }

    /// Moves mentions until of no two that overlap one can. Gives back what was not settled within the bound.
    pub(super) fn settle(mut self, mut crowded: Vec<Span>) -> Vec<Span> {
        let mut is_eased = true;
        while is_eased && self.steps > 0 {
            is_eased = false;
            crowded.retain(|span| {
                let ease = self.ease(*span);
                is_eased |= ease != Ease::None;
                ease != Ease::Full
            });
        }
        if self.steps > 0 { Vec::new() } else { crowded }
    }

    fn ease(&mut self, span: Span) -> Ease {
        let Some(claim) = self.claims.at(span).filter(|_| !self.is_alone(span)) else { return Ease::Full };
        self.tried.clear();
        if !self.stuck.contains(&claim.words) {
            if self.relocate(claim, CHAIN_MAX) {
                return Ease::Full;
            }
            self.stuck.insert(claim.words);
        }
        self.wanted.push((span, span));
        let others = self.others(span, span);
        let moved = others.into_iter().filter(|other| self.relocate(*other, CHAIN_MAX)).count();
        self.wanted.pop();
        match moved {
            0 => Ease::None,
            _ if self.is_alone(span) => Ease::Full,
            _ => Ease::Some,
        }
    }

    /// Moves a mention to a free place, or to one that others can leave.
    fn relocate(&mut self, claim: Claim, chain: usize) -> bool {
        let mentions = self.mentions;
        let places = mentions.words.get(claim.words).map_or(&[][..], |words| words.places(claim.fit));
        let from = claim.place.span;
        let free = places.iter().find(|place| self.is_free_for(place.span, from));
        let place = free.or_else(|| {
            let chain = chain.checked_sub(1)?;
            places
                .iter()
                .find(|place| self.tried.insert(place.span) && self.make_room(place.span, claim, chain))
        });
        place.is_some_and(|place| self.move_to(claim, *place))
    }

    /// Whether a place would be free if nobody were at `from`.
    fn is_free_for(&mut self, span: Span, from: Span) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
            && !self.wanted.iter().any(|(wanted, _)| wanted.overlaps(span))
            && (self.claims.is_free(span)
                || (span != from && span.overlaps(from) && self.others(span, from).is_empty()))
    }

    /// Moves all others away from a place.
    fn make_room(&mut self, span: Span, claim: Claim, chain: usize) -> bool {
        let from = claim.place.span;
        let others = self.others(span, from);
        self.steps = self.steps.saturating_sub(1 + others.len());
        let stays = |other: &Claim| {
            other.words == claim.words || self.wanted.iter().any(|(_, moves)| *moves == other.place.span)
        };
        if self.steps == 0
            || span == from
            || others.iter().any(stays)
            || self.wanted.iter().any(|(wanted, _)| wanted.overlaps(span))
        {
            return false;
        }
        self.wanted.push((span, from));
        let all = others.into_iter().all(|other| self.relocate(other, chain));
        self.wanted.pop();
        all && self.others(span, from).is_empty()
    }

    fn move_to(&mut self, claim: Claim, place: Place) -> bool {
        self.claims.release(claim.place.span);
        self.claims.take(Claim { place, ..claim });
        self.stuck.clear();
        true
    }

    /// Who is in the way at a place of the one at `from`.
    fn others(&self, span: Span, from: Span) -> Vec<Claim> {
        self.claims.overlapping(span).filter(|claim| claim.place.span != from).collect()
    }

    fn is_alone(&self, span: Span) -> bool {
        self.others(span, span).is_empty()
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
