//! Words for pages and screens: everyday, neutral, and about nobody.

use super::random::Random;

const WORDS: [&str; 84] = [
    "the", "a", "of", "and", "to", "in", "on", "for", "with", "from", "under", "between", "after", "before", "river",
    "market", "letter", "green", "morning", "bridge", "window", "garden", "train", "station", "paper", "stone",
    "winter", "summer", "water", "light", "quiet", "early", "late", "slow", "broad", "narrow", "table", "figure",
    "result", "report", "number", "section", "method", "value", "measure", "signal", "record", "survey", "harbour",
    "valley", "orchard", "copper", "silver", "cotton", "engine", "wheel", "circle", "travel", "return", "carry",
    "open", "close", "follow", "begin", "remain", "change", "grow", "build", "repair", "listen", "found", "made",
    "seen", "kept", "shown", "north", "south", "east", "west", "seven", "twelve", "hundred", "ticket", "lantern",
];

/// Words with spaces between, at most `length` characters.
pub(super) fn line(random: &mut Random, length: usize) -> String {
    let mut line = String::new();
    loop {
        let word = random.pick(&WORDS);
        let between = match line.len() {
            0 => "",
            _ if random.chance(0.06) => ", ",
            _ => " ",
        };
        if line.len() + between.len() + word.len() > length {
            return line;
        }
        line.push_str(between);
        line.push_str(word);
    }
}

/// A line that begins with a capital.
pub(super) fn title(random: &mut Random, length: usize) -> String {
    let mut title = line(random, length);
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

/// A number with up to `digits` digits, sometimes with a decimal.
pub(super) fn number(random: &mut Random, digits: u32) -> String {
    let whole = random.integer(0, 10_i32.pow(digits) - 1);
    if random.chance(0.5) { whole.to_string() } else { format!("{whole}.{}", random.integer(0, 9)) }
}
