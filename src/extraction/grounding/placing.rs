//! Which mention gets which place.

use std::collections::{HashMap, HashSet};

use super::{
    Named,
    claims::{Claim, Claims},
    contest::Contest,
    mentions::{Fit, Mentions, Place, Words},
    span::Span,
};

/// What became of a mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It stands here.
    At(Place),
    /// It stands nowhere, or nowhere where it could be placed.
    Nowhere,
    /// It may stand somewhere: a bound was met before that was known.
    Unknown,
}

/// Places mentions in a text, each on whole characters. In this order, each rule for all mentions:
///
/// 1. A free place that is whole words; where two compete, the longer has it. Of several that are free
///    it is one letter by letter before a normalised one, then the first.
/// 2. None is free: others are moved, if that makes one free.
/// 3. None can be made free: a place that overlaps other words.
/// 4. The place of the same words, if they are of another type.
/// 5. The same four rules for parts of words.
///
/// What the same words have got is given out in order, and mentions of one type with the same words stand in
/// the text in the order of the list. So no two places overlap while one of the two mentions has a free place
/// of its kind, and no two mentions of one type have the same place. The most places without overlap are not
/// looked for: that is NP-hard.
pub(super) fn place(text: &str, named: &[Named<'_>]) -> Vec<Found> {
    Placing::of(text, named).found
}

/// What [`place`] does, and what came of it.
pub(super) struct Placing<'p, 'a> {
    named: &'p [Named<'a>],
    mentions: Mentions<'a>,
    claims: Claims,
    pub(super) found: Vec<Found>,
    /// The places that were taken though they overlap others, and may still.
    crowded: Vec<Span>,
    /// Whether places may have changed hands after they were given out.
    is_crowded: bool,
}

impl<'p, 'a> Placing<'p, 'a> {
    pub(super) fn of(text: &'a str, named: &'p [Named<'a>]) -> Self {
        let (mentions, unsought) = Mentions::of(text, named.iter().map(|(_, words)| *words));
        let (claims, found) = (Claims::new(text.len()), vec![Found::Nowhere; named.len()]);
        let mut placing = Self { named, mentions, claims, found, crowded: Vec::new(), is_crowded: false };
        placing.mentions.find_exact();
        for fit in [Fit::Whole, Fit::Part] {
            placing.take_free(fit);
            if placing.mentions.words.iter().any(|words| words.wanting() > 0) {
                placing.mentions.find_normalised(|words| words.wanting() > 0 && !words.is_cut);
                placing.take_free(fit);
                placing.crowd(fit);
            }
            placing.give_out(fit);
            placing.share(fit);
        }
        if placing.is_crowded {
            placing.give_out_anew();
        }
        placing.put_in_order();
        let cut = placing.mentions.words.iter().filter(|words| words.is_cut);
        let unknown: Vec<usize> = cut.flat_map(|words| words.open.iter().copied()).chain(unsought).collect();
        for entity in unknown {
            tell(&mut placing.found, entity, Found::Unknown);
        }
        placing
    }

    /// Rule 1.
    fn take_free(&mut self, fit: Fit) {
        let Self { mentions, claims, .. } = self;
        // Whether a part will do is unknown as long as there may be whole words.
        let is_sought = |words: &Words<'_>| fit == Fit::Whole || !words.is_cut;
        for (number, words) in mentions.words.iter_mut().enumerate().filter(|(_, words)| is_sought(words)) {
            let takes = |place: &&Place| {
                let is_free = claims.is_free(place.span);
                is_free.then(|| claims.take(Claim { words: number, fit, place: **place })).is_some()
            };
            words.claimed += words.places(fit).iter().filter(takes).take(words.wanting()).count();
        }
    }

    /// Rules 2 and 3.
    fn crowd(&mut self, fit: Fit) {
        let is_sought = |words: &Words<'_>| words.wanting() > 0 && !words.is_cut;
        if !self.mentions.words.iter().any(|words| is_sought(words) && !words.places(fit).is_empty()) {
            return;
        }
        // Those in the way may have places where they need not be.
        self.mentions.find_normalised(|_| true);
        self.is_crowded = true;
        let Self { mentions, claims, crowded, .. } = self;
        for (number, words) in mentions.words.iter_mut().enumerate().filter(|(_, words)| is_sought(words)) {
            let takes = |place: &&Place| {
                let is_bearable = claims.at(place.span).is_none() && !claims.overlaps_own(number, place.span);
                is_bearable.then(|| claims.take(Claim { words: number, fit, place: **place })).is_some()
            };
            let places = words.places(fit).iter().filter(takes).take(words.wanting());
            let before = crowded.len();
            crowded.extend(places.map(|place| place.span));
            words.claimed += crowded.len() - before;
        }
        if !Contest::new(mentions, claims).settle(crowded) {
            self.give_up();
        }
    }

    /// Leaves out what overlaps others: whether it need not is unknown.
    fn give_up(&mut self) {
        let Self { mentions, claims, crowded, .. } = self;
        let crowded: HashSet<Span> = crowded.drain(..).collect();
        let is_crowded = |claim: &Claim| crowded.contains(&claim.place.span);
        let (crowded, free): (Vec<Claim>, Vec<Claim>) = claims.release_all().partition(is_crowded);
        for claim in free.into_iter().chain(crowded) {
            if claims.is_free(claim.place.span) {
                claims.take(claim);
            } else if let Some(words) = mentions.words.get_mut(claim.words) {
                words.claimed = words.claimed.saturating_sub(1);
                words.is_cut = true;
            }
        }
    }

    /// Gives what words have taken to the mentions with these words, in order.
    fn give_out(&mut self, fit: Fit) {
        let Self { mentions, claims, found, .. } = self;
        let mut taken: Vec<Claim> = claims.all().filter(|claim| claim.fit == fit).collect();
        taken.sort_by_key(|claim| (claim.words, claim.place.span));
        for taken in taken.chunk_by(|a, b| a.words == b.words) {
            let number = taken.first().map(|claim| claim.words);
            let Some(words) = number.and_then(|number| mentions.words.get_mut(number)) else { continue };
            let entities = words.open.drain(..taken.len().min(words.open.len()));
            entities.zip(taken).for_each(|(entity, claim)| tell(found, entity, Found::At(claim.place)));
            words.claimed = 0;
        }
    }

    /// Gives out all places once more: for parts of words, whole words may have moved.
    fn give_out_anew(&mut self) {
        self.found.fill(Found::Nowhere);
        for words in &mut self.mentions.words {
            words.open.clone_from(&words.entities);
        }
        for fit in [Fit::Whole, Fit::Part] {
            self.give_out(fit);
            self.share(fit);
        }
    }

    /// Rule 4.
    fn share(&mut self, fit: Fit) {
        let Self { named, mentions, claims, found, .. } = self;
        if mentions.words.iter().all(|words| words.open.is_empty() || words.places(fit).is_empty()) {
            return;
        }
        let mut holders = HashMap::<Span, HashSet<&str>>::new();
        for (found, (kind, _)) in found.iter().zip(*named) {
            if let Found::At(place) = found {
                holders.entry(place.span).or_default().insert(kind);
            }
        }
        let is_sought = |words: &Words<'_>| !words.is_cut && !words.open.is_empty();
        for (number, words) in mentions.words.iter_mut().enumerate().filter(|(_, words)| is_sought(words)) {
            let mut open = std::mem::take(&mut words.open);
            let is_own = |span| claims.at(span).is_some_and(|claim| claim.words == number);
            let can_be_shared = |place: &&Place| {
                holders.contains_key(&place.span)
                    && (is_own(place.span) || !claims.overlaps_own(number, place.span))
            };
            let shared: Vec<&Place> = words.places(fit).iter().filter(can_be_shared).collect();
            // Where each type has got to: what it has once, it has for good.
            let mut rest = HashMap::new();
            open.retain(|entity| {
                let Some((kind, _)) = named.get(*entity) else { return true };
                let places = rest.entry(*kind).or_insert_with(|| shared.iter());
                let takes =
                    |place: &&&Place| holders.get_mut(&place.span).is_some_and(|kinds| kinds.insert(kind));
                let Some(place) = places.find(takes) else { return true };
                tell(found, *entity, Found::At(**place));
                false
            });
            words.open = open;
        }
    }

    /// Hands the places of mentions of one type with the same words round among them, so that who is named
    /// first stands first. Shared places and parts of words came after others that may stand behind them.
    fn put_in_order(&mut self) {
        let Self { named, mentions, found, .. } = self;
        for words in mentions.words.iter().filter(|words| words.entities.len() > 1) {
            let mut placed: Vec<(&str, usize, Place)> = Vec::with_capacity(words.entities.len());
            placed.extend(words.entities.iter().filter_map(|entity| match found.get(*entity)? {
                Found::At(place) => Some((named.get(*entity)?.0, *entity, *place)),
                Found::Nowhere | Found::Unknown => None,
            }));
            let mut in_order = placed.clone();
            placed.sort_by_key(|(kind, entity, _)| (*kind, *entity));
            in_order.sort_by_key(|(kind, _, place)| (*kind, place.span));
            for ((_, entity, _), (_, _, place)) in placed.into_iter().zip(in_order) {
                tell(found, entity, Found::At(place));
            }
        }
    }

    /// What it cost to take places and to give them back.
    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        self.claims.steps()
    }
}

fn tell(found: &mut [Found], entity: usize, what: Found) {
    found.get_mut(entity).into_iter().for_each(|found| *found = what);
}
