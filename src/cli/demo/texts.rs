//! What the demo asks about.

/// Who does something, in which firm.
const PEOPLE: [&str; 8] = [
    "Ada Lovelace",
    "Grace Hopper",
    "Alan Turing",
    "Margaret Hamilton",
    "Katherine Johnson",
    "Edsger Dijkstra",
    "Barbara Liskov",
    "Tony Hoare",
];
const FIRMS: [&str; 6] = [
    "Analytical Engines Ltd",
    "Harbour Freight GmbH",
    "Northwind Bank",
    "Tidewater Inc",
    "Lumen University",
    "Kestrel AG",
];
const PLACES: [&str; 6] = ["London", "Rotterdam", "Berlin", "Lisbon", "Singapore", "Oslo"];
const SUMS: [&str; 5] = ["$1,200", "€3.5 million", "£48,000", "$950", "€72,300"];
const DATES: [&str; 5] = ["2026-11-23", "3 March 2026", "14 July 2025", "2027-01-15", "30 September 2026"];

/// How many different texts there are before they repeat.
const VARIETY: usize = 240;

/// The `n`th text. Texts repeat, as real traffic does, so that the cache has something to do.
pub(super) fn text(n: usize) -> String {
    // A step that shares no factor with the variety visits every text before any comes back.
    let k = n.wrapping_mul(77) % VARIETY;
    let pick =
        |list: &[&'static str], step: usize| list.get(k / step % list.len()).copied().unwrap_or_default();
    let (person, firm, place) = (pick(&PEOPLE, 1), pick(&FIRMS, 8), pick(&PLACES, 3));
    let (sum, date) = (pick(&SUMS, 5), pick(&DATES, 2));
    let mail = person.to_lowercase().replace(' ', ".");
    format!(
        "On {date} {person} of {firm} in {place} agreed to pay {sum} (file {k}). Write to {mail}@example.com."
    )
}
