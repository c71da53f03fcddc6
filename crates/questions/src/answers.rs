//! The answer to every question, drawn from rows of evidence alone: a number, a sentence, and whether it contradicts the open
//! letter by the thresholds that were fixed before.

use crate::Thresholds;
use crate::conduct::in_words;
use crate::hash_accuracy::DEPLOYED;
use crate::rogue_provider::{HONEST, SAFEGUARD};
use crate::scenario::{
    ANY_CONTENT, BENEFIT, BROKEN_ENCLAVE, COST, ENDPOINTS_ONLY, FRAME, HASH_ACCURACY, HASH_IDENTIFIES, LAWFUL_ACCESS,
    MANDATE, ONE_HOLE, OVERSIGHT, PLANTED_LIST, ROGUE_PROVIDER, STILL_E2EE, UNCOOPERATIVE_CLIENT,
};
use sightline_evidence::{Answer, AnswerLine, E2e, Profile, Row, Statement, Status, Unit, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// What answers are drawn from.
#[derive(Clone, Copy)]
pub(crate) struct Findings<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) profiles: &'a [Profile],
    pub(crate) statements: &'a [Statement],
    pub(crate) thresholds: &'a Thresholds,
    /// The error level of bounds on what adversaries win.
    pub(crate) level: f64,
}

/// A row and its number in the table, from 1 on.
#[derive(Clone, Copy)]
struct Numbered<'a> {
    number: u64,
    row: &'a Row,
}

impl Numbered<'_> {
    fn value(&self) -> f64 {
        self.row.value.unwrap_or(0.0)
    }

    /// Its ends; the value where there are none.
    fn ends(&self) -> [f64; 2] {
        [self.row.low, self.row.high].map(|end| end.unwrap_or_else(|| self.value()))
    }

    fn parameter(&self, key: &str) -> &str {
        self.row.parameters.value(key).unwrap_or_default()
    }
}

/// What one system says to a question.
struct Line {
    sentence: String,
    /// Its number in the summary, where that is not the value.
    brief: Option<String>,
    value: Option<[f64; 3]>,
    verdict: Verdict,
    row: Option<u64>,
}

impl Line {
    fn not_applicable(why: &str) -> Self {
        Self { sentence: why.to_owned(), brief: None, value: None, verdict: Verdict::NotApplicable, row: None }
    }

    fn not_run(why: &str) -> Self {
        Self { verdict: Verdict::NotRun, ..Self::not_applicable(why) }
    }

    /// A line that rests on one row.
    fn on(row: Numbered<'_>, verdict: Verdict, sentence: String) -> Self {
        let [low, high] = row.ends();
        Self { sentence, brief: None, value: Some([row.value(), low, high]), verdict, row: Some(row.number) }
    }
}

/// A question: what is fixed about it before anything is run.
struct Question {
    id: &'static str,
    asked: &'static str,
    procedure: &'static str,
    measure: &'static str,
    unit: Unit,
    threshold: fn(&Thresholds) -> (String, Option<f64>),
    would_change: &'static str,
    line: fn(&Findings<'_>, &str) -> Line,
}

const fn nothing_fixed(_: &Thresholds) -> (String, Option<f64>) {
    (String::new(), None)
}

const QUESTIONS: [Question; 16] = [
    Question {
        id: ENDPOINTS_ONLY,
        asked: "Is content readable by sender and recipients alone?",
        procedure: "Every outsider, alone and with others, plays games against the system with all that it receives, sends and holds.",
        measure: "parties beside sender and recipients that learn something of what is sent, of those there are",
        unit: Unit::Share,
        threshold: |_| ("a shortlisted design is end-to-end encrypted for every outsider".into(), Some(0.0)),
        would_change: "a design that tells no outsider more than plain end-to-end encryption does",
        line: endpoints_only,
    },
    Question {
        id: HASH_IDENTIFIES,
        asked: "Does what an outsider gets identify a picture, so that sharing it is sharing content?",
        procedure: "One of up to 1 024 known pictures is sent, padded to one length; the outsider says which.",
        measure: "bits that are learnt for certain about which picture it was",
        unit: Unit::Bit,
        threshold: |fixed| {
            (
                format!("less than {} is learnt", counted(fixed.identified_bits, ["bit", "bits"])),
                Some(fixed.identified_bits),
            )
        },
        would_change: "a fingerprint that many pictures share, or one that nobody but the endpoints sees",
        line: hash_identifies,
    },
    Question {
        id: PLANTED_LIST,
        asked: "If the list is compromised, are people who hold lawful pictures found?",
        procedure: "One lawful picture is put on the list; people send recompressed copies of it; who can tell whose they were?",
        measure: "holders of one planted picture who are found",
        unit: Unit::Share,
        threshold: |fixed| {
            (format!("less than {} of the holders are found", percent(fixed.holders_found)), Some(fixed.holders_found))
        },
        would_change: "a list whose entries outsiders can check, or matching that tells nobody of single matches",
        line: planted_list,
    },
    Question {
        id: ROGUE_PROVIDER,
        asked: "If the provider lies, what does it obtain?",
        procedure: "The provider follows each of its strategies in place of the protocol; what anybody can read is counted.",
        measure: "pictures that are on no list and become readable, beyond the honest run",
        unit: Unit::Share,
        threshold: |_| ("nothing is obtained beyond the honest run".into(), Some(0.0)),
        would_change: "clients that can verify verdicts, lists and code, and refuse what they cannot verify",
        line: rogue_provider,
    },
    Question {
        id: BROKEN_ENCLAVE,
        asked: "What follows when the enclave breaks?",
        procedure: "In the middle of a conversation the enclave's memory is read once, or it is taken over; what can be opened is counted.",
        measure: "ordinary pictures that become readable",
        unit: Unit::Share,
        threshold: |_| ("nothing becomes readable beyond verdicts".into(), Some(0.0)),
        would_change: "an enclave that is never given what it could give away",
        line: broken_enclave,
    },
    Question {
        id: MANDATE,
        asked: "Can an order turn the system on whistleblowers' documents?",
        procedure: "The legitimate authority lists pages; people send them as they are, recompressed, as screenshots, photographed (simulated).",
        measure: "people found who sent a listed page, in the form that is found most, before any client is changed",
        unit: Unit::Share,
        threshold: |fixed| {
            let few = percent(fixed.holders_found);
            (format!("every client has to be changed first, or less than {few} are found"), Some(fixed.holders_found))
        },
        would_change: "clients that accept no list entry without evidence of what it stands for",
        line: mandate,
    },
    Question {
        id: ONE_HOLE,
        asked: "Does one hole make devices spy at large?",
        procedure: "Each party alone is broken into, and the provider lies by each of its strategies: what is readable beyond plain end-to-end encryption under the same?",
        measure: "ordinary pictures that are opened once one party is broken into or the provider lies, beyond plain encryption",
        unit: Unit::Share,
        threshold: |_| ("no single compromise gains anything over plain end-to-end encryption's".into(), Some(0.0)),
        would_change: "a design in which no party but an endpoint can make a device disclose",
        line: one_hole,
    },
    Question {
        id: ANY_CONTENT,
        asked: "Is anything specific to the content that it is meant for?",
        procedure: "The list is swapped for pictures of one kind after another; recompressed copies of them are sent.",
        measure: "largest difference of detection between kinds of content",
        unit: Unit::Share,
        threshold: |fixed| {
            let points = fixed.kinds_differ * 100.0;
            (format!("detection differs by more than {points} points between kinds"), Some(fixed.kinds_differ))
        },
        would_change: "matching that works for one kind of content and not for others",
        line: any_content,
    },
    Question {
        id: UNCOOPERATIVE_CLIENT,
        asked: "What if the client does not play along?",
        procedure: "One user encrypts pictures beforehand, sends them as documents, has nothing checked or something else.",
        measure: "share of detection that is lost",
        unit: Unit::Share,
        threshold: |fixed| {
            (format!("less than {} of detection is lost", percent(fixed.detection_lost)), Some(fixed.detection_lost))
        },
        would_change: "a proof that binds what is checked to what is sent",
        line: uncooperative_client,
    },
    Question {
        id: FRAME,
        asked: "Can an innocent be made to look guilty, or reviewers be flooded?",
        procedure: "Entries are put beside or on what an innocent sends, listed pictures are sent to the innocent, reports forged, verdicts invented.",
        measure: "runs in which the report authority is given something that names the innocent, by the best attempt",
        unit: Unit::Share,
        threshold: nothing_fixed,
        would_change: "reviewers who see what an entry stands for, and reports that prove who sent what",
        line: frame,
    },
    Question {
        id: HASH_ACCURACY,
        asked: "How well does matching survive ordinary handling?",
        procedure: "Pictures are recompressed, scaled, cropped, turned, captioned and so on, in memory; does the fingerprint still find the original, and does it take another picture for it?",
        measure: "changed pictures that are found at the radius in use, every way of handling counted alike",
        unit: Unit::Share,
        threshold: nothing_fixed,
        would_change: "another fingerprint or radius, which also changes what is matched wrongly; how common each way of handling is, which is not measured",
        line: hash_accuracy,
    },
    Question {
        id: BENEFIT,
        asked: "What does each design detect that end-to-end encryption with user reports does not?",
        procedure: "The same people send the same listed and ordinary pictures, unchanged, in every system.",
        measure: "listed pictures of which an authority learns",
        unit: Unit::Share,
        threshold: nothing_fixed,
        would_change: "how many recipients report, which is assumed, and how many senders avoid detection, which is not measured here",
        line: benefit,
    },
    Question {
        id: LAWFUL_ACCESS,
        asked: "Can access be authorised, narrow, based on suspicion, necessary and proportionate?",
        procedure: "One account is under a court's order; two people converse with it, two do not.",
        measure: "people of five of whom law enforcement learns anything",
        unit: Unit::People,
        threshold: nothing_fixed,
        would_change: "what judges find, which is not measured, only that they found it",
        line: lawful_access,
    },
    Question {
        id: STILL_E2EE,
        asked: "What can be done without weakening encryption?",
        procedure: "The same people and pictures, in the systems that are end-to-end encrypted for every outsider but by an endpoint's will or a court's order; and what the sizes of encrypted pictures alone detect.",
        measure: "listed pictures that are reported, or of which the sender is warned",
        unit: Unit::Share,
        threshold: nothing_fixed,
        would_change: "how many recipients report",
        line: still_e2ee,
    },
    Question {
        id: OVERSIGHT,
        asked: "Can outsiders check list and matching?",
        procedure: "Entries are planted; an auditor has what any device is given, pictures that may be listed, and a second device to compare with.",
        measure: "suspected pictures whose listing the auditor can confirm, of those planted",
        unit: Unit::Share,
        threshold: nothing_fixed,
        would_change: "certifiers who vouch for entries, which no system here has",
        line: oversight,
    },
    Question {
        id: COST,
        asked: "What does each cost?",
        procedure: "One picture is sent in a group that exists, and counted in the same run as with plain end-to-end encryption.",
        measure: "bytes sent for one ordinary picture, against plain end-to-end encryption",
        unit: Unit::Ratio,
        threshold: nothing_fixed,
        would_change: "another padding, another list",
        line: cost,
    },
];

/// The answers to the questions that were asked, in their order.
pub(crate) fn answers(findings: &Findings<'_>, asked: &[String]) -> Vec<Answer> {
    let answered = QUESTIONS.iter().filter(|question| asked.iter().any(|id| id == question.id));
    answered.map(|question| answer(findings, question)).collect()
}

fn answer(findings: &Findings<'_>, question: &Question) -> Answer {
    let (threshold, limit) = (question.threshold)(findings.thresholds);
    let (fixed, _) = (question.threshold)(&Thresholds::default());
    let line = |profile: &Profile| {
        let line = (question.line)(findings, &profile.name);
        let unanswered = line.value.is_none();
        let broke_off = unanswered && findings.broke_off(question.id, &profile.name, line.verdict);
        let line = if broke_off { Line { verdict: Verdict::Failed, ..Line::not_run(BROKE_OFF) } } else { line };
        let [value, low, high] = [0, 1, 2].map(|place| line.value.map(|value| value[place]));
        let brief = line.brief.or_else(|| Some(scaled(value?, question)));
        let line = AnswerLine {
            architecture: profile.name.clone(),
            shortlisted: profile.is_shortlisted(),
            sentence: line.sentence,
            value,
            low,
            high,
            verdict: match line.verdict {
                unanswered @ (Verdict::NotApplicable | Verdict::NotRun | Verdict::Failed) => unanswered,
                _ if threshold.is_empty() => Verdict::NoThreshold,
                verdict => verdict,
            },
            row: line.row,
        };
        (line, brief)
    };
    let (lines, briefs): (Vec<AnswerLine>, Vec<Option<String>>) = findings.profiles.iter().map(line).unzip();
    let [counted, limits] = crate::method::of(question.id);
    let verdict = Verdict::of_all(lines.iter().filter(|line| line.shortlisted).map(|line| line.verdict));
    let verdict = if threshold.is_empty() { Verdict::NoThreshold } else { verdict };
    Answer {
        question: question.id.into(),
        asked: question.asked.into(),
        procedure: question.procedure.into(),
        counted: counted.into(),
        limits: limits.into(),
        sentence: if question.id == HASH_ACCURACY {
            withstands(findings).unwrap_or_else(|| NOT_ASKED.into())
        } else {
            summary(question, verdict, &lines, &briefs)
        },
        measure: question.measure.into(),
        unit: question.unit,
        changed_from: if fixed == threshold { String::new() } else { fixed },
        threshold,
        limit,
        verdict,
        would_change: question.would_change.into(),
        lines,
    }
}

/// The shortlisted designs in one sentence; all systems where none of these was measured.
fn summary(question: &Question, verdict: Verdict, lines: &[AnswerLine], briefs: &[Option<String>]) -> String {
    let measured = lines.iter().zip(briefs).filter_map(|(line, brief)| Some((line, brief.as_ref()?)));
    let (mut chosen, beside): (Vec<_>, Vec<_>) = measured.partition(|(line, _)| line.shortlisted);
    if chosen.is_empty() {
        chosen = beside;
    }
    if chosen.is_empty() {
        return NOT_ASKED.into();
    }
    let numbers = chosen.iter().map(|(line, brief)| format!("{} {brief}", line.architecture));
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    let says = match verdict {
        Verdict::Contradicted => {
            let where_ = lines.iter().filter(|line| line.shortlisted && line.verdict == Verdict::Contradicted);
            let names = where_.map(|line| line.architecture.as_str()).collect::<Vec<_>>().join(", ");
            format!(" This contradicts the letter for {names}.")
        }
        Verdict::Undecided => " It takes more trials to say whether this contradicts the letter.".into(),
        Verdict::Failed => " A measurement broke off.".into(),
        Verdict::Stands | Verdict::NoThreshold | Verdict::NotApplicable | Verdict::NotRun => String::new(),
    };
    format!("{}: {numbers}.{says}", capital(question.measure))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A number as people read it on the question's scale.
fn scaled(value: f64, question: &Question) -> String {
    match question.unit {
        Unit::Share => percent(value),
        Unit::Bit => format!("{value:.1} bit"),
        Unit::Ratio => format!("× {value:.2}"),
        Unit::People => format!("{value}"),
    }
}

/// `1 bit`, `2 bits`.
fn counted(count: f64, [one, many]: [&str; 2]) -> String {
    let count = count.to_string();
    let word = if count == "1" { one } else { many };
    format!("{count} {word}")
}

/// `0.123` as `12 %`; small shares with the digits that they have.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 9.95 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

fn interval(row: Numbered<'_>) -> String {
    let [low, high] = row.ends();
    format!("{} ({} to {})", percent(row.value()), percent(low), percent(high))
}

impl<'a> Findings<'a> {
    /// Decided rows of a question on a system with a quantity.
    fn of(self, question: &'static str, system: &'a str, quantity: &'static str) -> impl Iterator<Item = Numbered<'a>> {
        let numbered = (1..).zip(self.rows).map(|(number, row)| Numbered { number, row });
        numbered.filter(move |numbered| {
            let row = numbered.row;
            let same = row.question == question && row.architecture == system && row.quantity == quantity;
            same && row.status != Status::Failed && row.value.is_some()
        })
    }
}

impl Findings<'_> {
    /// Whether a question has no answer on a system because a measurement failed: its own, or one that it draws on.
    fn broke_off(&self, question: &str, system: &str, verdict: Verdict) -> bool {
        let draws_on = match question {
            BROKEN_ENCLAVE | ONE_HOLE => ENDPOINTS_ONLY,
            STILL_E2EE => BENEFIT,
            own => own,
        };
        self.rows.iter().any(|row| {
            let own = row.status == Status::Failed && row.architecture == system && row.question == draws_on;
            own && match question {
                BROKEN_ENCLAVE => row.observer == "enclave",
                ONE_HOLE | STILL_E2EE => verdict == Verdict::NotRun,
                _ => true,
            }
        })
    }
}

/// An observer in a sentence.
pub(crate) fn who(id: &str) -> String {
    let stem = id.split_once('-').filter(|(_, rest)| rest.parse::<u16>().is_ok()).map_or(id, |(stem, _)| stem);
    let words = stem.replace('-', " ");
    if stem == "law-enforcement" { words } else { format!("the {words}") }
}

/// The row with the greatest value; of several, the first.
fn greatest<'a>(rows: impl Iterator<Item = Numbered<'a>>) -> Option<Numbered<'a>> {
    rows.reduce(|best, row| if row.value() > best.value() { row } else { best })
}

/// Crossed if the number certainly lies below `limit`.
fn below([low, high]: [f64; 2], limit: f64) -> Verdict {
    if high < limit {
        Verdict::Contradicted
    } else if low >= limit {
        Verdict::Stands
    } else {
        Verdict::Undecided
    }
}

const NOT_MEASURED: &str = "Not measured.";
const NOT_ASKED: &str = "It was not measured in this run.";
const BROKE_OFF: &str = "The measurement broke off.";

fn endpoints_only(findings: &Findings<'_>, system: &str) -> Line {
    let own: Vec<&Statement> = findings.statements.iter().filter(|one| one.architecture == system).collect();
    if own.is_empty() {
        return Line::not_run(NOT_MEASURED);
    }
    let with = |answer| own.iter().filter(|one| one.end_to_end == answer).count();
    let (no, undecided) = (with(E2e::No), with(E2e::Undecided));
    let names = |answer| {
        let of = own.iter().filter(|one| one.end_to_end == answer);
        of.map(|one| who(&one.observer)).collect::<Vec<_>>().join(", ")
    };
    let share = |count: usize| count as f64 / own.len() as f64;
    let (verdict, sentence) = if no > 0 {
        (Verdict::Stands, format!("{no} of {} parties learn something of what is sent: {}.", own.len(), names(E2e::No)))
    } else if undecided > 0 {
        (
            Verdict::Undecided,
            format!(
                "No party was shown to learn anything; undecided for {undecided} of {}: {}.",
                own.len(),
                names(E2e::Undecided)
            ),
        )
    } else {
        (
            Verdict::Contradicted,
            format!("End-to-end encrypted: none of {} parties learns anything of what is sent.", own.len()),
        )
    };
    let brief = Some(format!("{no} of {}", own.len()));
    Line { sentence, brief, value: Some([share(no), share(no), share(no + undecided)]), verdict, row: None }
}

fn hash_identifies(findings: &Findings<'_>, system: &str) -> Line {
    let own: Vec<Numbered<'_>> = findings
        .of(HASH_IDENTIFIES, system, "min-entropy-leakage")
        .filter(|row| row.parameter("sizes") == "one-class" && row.parameter("copy") == "same")
        .filter(|row| !row.row.observer.contains('+'))
        .collect();
    let candidates = |row: &Numbered<'_>| row.parameter("candidates").parse::<u64>().unwrap_or(0);
    let Some(most) = own.iter().map(candidates).max() else { return Line::not_run(NOT_MEASURED) };
    let Some(best) = greatest(own.into_iter().filter(|row| candidates(row) == most)) else {
        return Line::not_run(NOT_MEASURED);
    };
    let [low, high] = best.ends();
    let bits = (most as f64).log2();
    let party = who(&best.row.observer);
    let limit = findings.thresholds.identified_bits;
    let mut said = vec![if low > 0.0 {
        capital(&format!("{party} learns at least {low:.1} of {bits} bits about which of {most} pictures was sent."))
    } else {
        format!(
            "No outsider was shown to guess better than chance among {most} pictures; what is learnt may still be up to {high:.1} \
             of {bits} bits."
        )
    }];
    let open = |quantity, copy: &'static str| {
        let own = findings.of(HASH_IDENTIFIES, system, quantity).filter(move |row| {
            row.row.task == "open-world" && row.row.observer == best.row.observer && row.parameter("copy") == copy
        });
        greatest(own).map(|row| percent(row.value()))
    };
    if low > 0.0
        && let (Some(copies), Some(wrong)) =
            (open("true-positive-rate", "jpeg-75"), open("false-positive-rate", "jpeg-75"))
    {
        said.push(format!(
            "It recognises {copies} of recompressed copies, and takes {wrong} of other pictures for one."
        ));
    }
    let verdict = below([low, high], limit);
    if verdict == Verdict::Undecided {
        let needed = (findings.level.ln() / (1.0 - limit.exp2() / most as f64).ln()).ceil();
        said.push(format!("If nobody guesses better, about {needed} trials decide it."));
    }
    // Fewer bits count as contradicting when the best tested adversary certainly learns fewer.
    Line { value: Some([low, low, high]), ..Line::on(best, verdict, said.join(" ")) }
}

fn planted_list(findings: &Findings<'_>, system: &str) -> Line {
    let planted =
        |row: &Numbered<'_>, count: &str| row.parameter("planted") == count && row.parameter("reviewer") == "confirms";
    let found = |count: &'static str| {
        greatest(findings.of(PLANTED_LIST, system, "true-positive-rate").filter(|row| planted(row, count)))
    };
    let Some(best) = found("1") else { return Line::not_run(NOT_MEASURED) };
    let verdict = below(best.ends(), findings.thresholds.holders_found);
    let mut said = vec![if best.value() > 0.0 {
        let party = who(&best.row.observer);
        let found = interval(best);
        capital(&format!("{party} finds {found} of {} people who sent a copy of one planted picture.", best.row.n))
    } else {
        let high = percent(best.ends()[1]);
        format!("None of {} people was found; a share of {high} or more is excluded.", best.row.n)
    }];
    if let Some(before) = found("0").filter(|before| before.value() > 0.0) {
        let party = who(&before.row.observer);
        let found = percent(before.value());
        said.push(format!("{} finds {found} of them without planting anything.", capital(&party)));
    }
    if verdict == Verdict::Undecided {
        let needed = (0.025_f64.ln() / (1.0 - findings.thresholds.holders_found).ln()).ceil();
        said.push(format!("With nobody found, {needed} people would decide it."));
    }
    let updates = findings.of(PLANTED_LIST, system, "client-updates").next();
    if updates.is_some_and(|row| row.value() > 0.0) {
        said.push("Devices hold something that has to change with the list.".to_owned());
    }
    Line::on(best, verdict, said.join(" "))
}

/// Per strategy, observer and class of contents, the share that is read beyond what the same observer reads of the honest run.
fn beyond_honest<'a>(
    findings: &Findings<'a>,
    system: &'a str,
    classes: &[&str],
    safeguard: &str,
) -> Vec<(f64, Numbered<'a>)> {
    let readable = findings.of(ROGUE_PROVIDER, system, "contents-readable");
    let (honest, strategies): (Vec<_>, Vec<_>) = readable
        .filter(|row| classes.contains(&row.row.content.as_str()) && row.parameter(SAFEGUARD) == safeguard)
        .partition(|row: &Numbered<'_>| row.row.variant == HONEST);
    let gain = |row: Numbered<'a>| {
        let same =
            |other: &&Numbered<'_>| other.row.observer == row.row.observer && other.row.content == row.row.content;
        let before = honest.iter().find(same).map_or(0.0, Numbered::value);
        ((row.value() - before) / 1e6, row)
    };
    strategies.into_iter().map(gain).collect()
}

/// Of several, the first.
fn most_gained<'a>(gains: impl IntoIterator<Item = (f64, Numbered<'a>)>) -> Option<(f64, Numbered<'a>)> {
    gains.into_iter().reduce(|best, one| if one.0 > best.0 { one } else { best })
}

fn safeguard_in_words(safeguard: &str) -> &str {
    match safeguard {
        "threshold-10" => "ten matches before anybody acts",
        "lists-per-user" => "lists that may differ by user",
        "review-thumbnail" => "reviewers who see thumbnails",
        other => other,
    }
}

fn rogue_provider(findings: &Findings<'_>, system: &str) -> Line {
    const INNOCENT: [&str; 3] = ["ordinary", "planted", "near"];
    let gains = beyond_honest(findings, system, &INNOCENT, "");
    let Some((gain, row)) = most_gained(gains.iter().copied()) else {
        return Line::not_applicable("The provider has no strategy here beside following the protocol.");
    };
    let refused = |variant: &str| {
        let own = findings.of(ROGUE_PROVIDER, system, "inputs-refused");
        own.filter(|row| row.row.variant == variant).any(|row| row.value() > 0.0)
    };
    let variants: BTreeSet<&str> = gains.iter().map(|(_, row)| row.row.variant.as_str()).collect();
    let stopped = variants.iter().copied().filter(|variant| refused(variant)).map(in_words);
    let stopped: Vec<&str> = stopped.collect();
    let mut said = vec![if gain > 0.0 {
        let party = who(&row.row.observer);
        let content =
            if row.row.content == "planted" { "pictures that it is after" } else { "pictures that are on no list" };
        let means = in_words(&row.row.variant);
        capital(&format!("{party} reads {} more of the {content}; the means is {means}.", percent(gain)))
    } else {
        match variants.len() {
            1 => format!("Nobody reads more by the one strategy there is, {}.", in_words(&row.row.variant)),
            many => format!("None of {many} strategies lets anybody read more."),
        }
    }];
    if !stopped.is_empty() {
        said.push(format!("Other parties refuse: {}.", stopped.join(", ")));
    }
    let beside =
        findings.of(ROGUE_PROVIDER, system, "contents-readable").map(|row| row.row.parameters.value(SAFEGUARD));
    for safeguard in beside.flatten().collect::<BTreeSet<_>>() {
        let gains = beyond_honest(findings, system, &INNOCENT, safeguard);
        let most = gains.iter().map(|(gain, _)| *gain).fold(0.0, f64::max);
        said.push(format!("With {}: {}.", safeguard_in_words(safeguard), percent(most)));
    }
    let verdict = if gain > 0.0 { Verdict::Stands } else { Verdict::Contradicted };
    Line { sentence: said.join(" "), brief: None, value: Some([gain; 3]), verdict, row: Some(row.number) }
}

/// Rows of `expose` in which one party that is no device is corrupted alone.
fn broken<'a>(findings: &Findings<'a>, system: &'a str, party: Option<&'a str>) -> impl Iterator<Item = Numbered<'a>> {
    findings.of(ENDPOINTS_ONLY, system, "contents-readable").filter(move |row| {
        let row = row.row;
        let single = !row.observer.contains('+') && !row.observer.starts_with("device-");
        let corrupted = row.corruption.starts_with("snapshot@") || row.corruption.starts_with("persistent@");
        row.game == "expose"
            && row.content == "ordinary"
            && single
            && corrupted
            && party.is_none_or(|party| row.observer == party)
    })
}

fn broken_enclave(findings: &Findings<'_>, system: &str) -> Line {
    let Some(most) = greatest(broken(findings, system, Some("enclave"))) else {
        return Line::not_applicable("There is no enclave.");
    };
    let share = |kind: &str, sent: &str| {
        let own = broken(findings, system, Some("enclave"));
        let own = own.filter(|row| row.row.corruption.starts_with(kind) && row.parameter("sent") == sent);
        percent(own.map(|row| row.value() / 1e6).fold(0.0, f64::max))
    };
    let sentence = format!(
        "Taken over, it gives away {} of what was sent before and {} of what is sent after; its memory, read once, {} and {}.",
        share("persistent", "before"),
        share("persistent", "after"),
        share("snapshot", "before"),
        share("snapshot", "after"),
    );
    let value = most.value() / 1e6;
    let verdict = if value > 0.0 { Verdict::Stands } else { Verdict::Contradicted };
    Line { sentence, brief: None, value: Some([value; 3]), verdict, row: Some(most.number) }
}

fn mandate(findings: &Findings<'_>, system: &str) -> Line {
    let form = |form: &'static str| {
        greatest(findings.of(MANDATE, system, "true-positive-rate").filter(|row| row.parameter("copy") == form))
    };
    let forms = [
        ("page", "as it is"),
        ("jpeg-75", "recompressed"),
        ("screenshot", "as a screenshot"),
        ("photograph", "photographed"),
    ];
    let forms = forms.into_iter().filter_map(|(name, words)| Some((words, form(name)?)));
    let forms: Vec<(&str, Numbered<'_>)> = forms.collect();
    let Some(best) = greatest(forms.iter().map(|(_, row)| *row)) else { return Line::not_run(NOT_MEASURED) };
    if best.value() <= 0.0 {
        let sentence = format!("None of {} people is found who sent a listed page, in any form.", best.row.n);
        return Line::on(best, below(best.ends(), findings.thresholds.holders_found), sentence);
    }
    let shown = forms.iter().map(|(words, row)| format!("{words} {}", percent(row.value())));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let updates = findings.of(MANDATE, system, "client-updates").next().filter(|row| row.value() > 0.0);
    if let Some(updates) = updates {
        let sentence = format!(
            "Nobody is found before what is installed on every device is changed, as with any change of the list. Found of those who \
             sent a listed page from then on: {shown}."
        );
        return Line { value: Some([0.0; 3]), ..Line::on(updates, Verdict::Contradicted, sentence) };
    }
    let approvals = findings.of(MANDATE, system, "approvals").next().map_or(0.0, |row| row.value());
    let sentence = format!(
        "Found of those who sent a listed page: {shown}. No client has to change; {} to approve.",
        counted(approvals, ["party has", "parties have"])
    );
    Line::on(best, below(best.ends(), findings.thresholds.holders_found), sentence)
}

fn one_hole(findings: &Findings<'_>, system: &str) -> Line {
    const PLAIN: &str = "e2ee";
    if system == PLAIN {
        return Line::not_applicable("It is what the others are compared with.");
    }
    if findings.profiles.iter().all(|profile| profile.name != PLAIN) {
        return Line::not_run("Plain end-to-end encryption was not run beside it.");
    }
    let plain: BTreeMap<&str, f64> =
        broken(findings, PLAIN, None).map(|row| (row.row.observer.as_str(), row.value())).collect();
    let gain = |row: Numbered<'_>| (row.value() - plain.get(row.row.observer.as_str()).copied().unwrap_or(0.0)) / 1e6;
    let intruder = most_gained(broken(findings, system, None).map(|row| (gain(row), row)));
    let liar = most_gained(beyond_honest(findings, system, &["ordinary"], ""));
    let Some((gain, row)) = most_gained([intruder, liar].into_iter().flatten()) else {
        return Line::not_run(NOT_MEASURED);
    };
    let reads = |(gain, row): (f64, Numbered<'_>)| format!("{} reads {}", who(&row.row.observer), percent(gain));
    let mut said = Vec::new();
    if let Some(found) = intruder {
        said.push(if found.0 > 0.0 {
            format!("Broken into, {} of the ordinary pictures that plain encryption would keep.", reads(found))
        } else {
            "Broken into, no party that keeps to the protocol opens more ordinary pictures than with plain encryption."
                .to_owned()
        });
    }
    if let Some(found) = liar {
        said.push(if found.0 > 0.0 {
            format!("If the provider lies ({}), {} of them.", in_words(&found.1.row.variant), reads(found))
        } else {
            "No lie of the provider opens more of them.".to_owned()
        });
    }
    let adds = [
        ("client-lines-added", ["line of code", "lines of code"]),
        ("client-messages-parsed-added", ["kind of messages that it reads", "kinds of messages that it reads"]),
        ("client-trust-roots-added", ["key or log that it trusts", "keys or logs that it trusts"]),
    ];
    let adds = adds
        .into_iter()
        .filter_map(|(quantity, words)| Some(counted(findings.of(ONE_HOLE, system, quantity).next()?.value(), words)));
    let adds: Vec<String> = adds.collect();
    if !adds.is_empty() {
        said.push(format!("The client grows by {}.", adds.join(", ")));
    }
    let verdict = if gain > 0.0 { Verdict::Stands } else { Verdict::Contradicted };
    Line { sentence: said.join(" "), brief: None, value: Some([gain; 3]), verdict, row: Some(row.number) }
}

fn any_content(findings: &Findings<'_>, system: &str) -> Line {
    let rows: Vec<Numbered<'_>> = findings.of(ANY_CONTENT, system, "detected").collect();
    let most = rows.iter().copied().reduce(|best, row| if row.value() > best.value() { row } else { best });
    let least = rows.iter().copied().reduce(|best, row| if row.value() < best.value() { row } else { best });
    let (Some(most), Some(least)) = (most, least) else { return Line::not_run(NOT_MEASURED) };
    if most.value() <= 0.0 {
        return Line::not_applicable("It detects nothing of any kind.");
    }
    let difference = most.value() - least.value();
    let certain = (most.ends()[0] - least.ends()[1]).max(0.0);
    let lows = rows.iter().map(|row| row.ends()[0]).fold(1.0, f64::min);
    let highs = rows.iter().map(|row| row.ends()[1]).fold(0.0, f64::max);
    let possible = highs - lows;
    let limit = findings.thresholds.kinds_differ;
    let verdict = if certain > limit {
        Verdict::Contradicted
    } else if possible <= limit {
        Verdict::Stands
    } else {
        Verdict::Undecided
    };
    let kinds = rows.iter().map(|row| format!("{} {}", row.parameter("kind"), percent(row.value())));
    let sentence = format!("Detected, by what the list holds: {}.", kinds.collect::<Vec<_>>().join(", "));
    Line { sentence, brief: None, value: Some([difference, certain, possible]), verdict, row: Some(least.number) }
}

fn uncooperative_client(findings: &Findings<'_>, system: &str) -> Line {
    let rows: Vec<Numbered<'_>> = findings.of(UNCOOPERATIVE_CLIENT, system, "detected").collect();
    let Some(honest) = rows.iter().find(|row| row.row.variant == HONEST).filter(|row| row.value() > 0.0) else {
        return Line::not_applicable("It detects nothing that could be lost.");
    };
    let others = rows.iter().copied().filter(|row| row.row.variant != HONEST);
    let Some(least) = others.clone().reduce(|best, row| if row.value() < best.value() { row } else { best }) else {
        return Line::not_run(NOT_MEASURED);
    };
    let lost = |detected: f64| (1.0 - detected / honest.value()).clamp(0.0, 1.0);
    let [low, high] = least.ends();
    let ends = [lost(high), lost(low)];
    let each = others.map(|row| format!("{} {}", in_words(&row.row.variant), percent(lost(row.value()))));
    let refused = |variant: &str| {
        let own = findings.of(UNCOOPERATIVE_CLIENT, system, "inputs-refused");
        own.filter(|row| row.row.variant == variant).any(|row| row.value() > 0.0)
    };
    let seen = rows.iter().map(|row| row.row.variant.as_str()).filter(|variant| refused(variant)).map(in_words);
    let seen: Vec<&str> = seen.collect();
    let mut said = vec![format!("Detection lost: {}.", each.collect::<Vec<_>>().join(", "))];
    said.push(if seen.is_empty() {
        "Nobody refuses any of it.".to_owned()
    } else {
        format!("Other parties refuse: {}.", seen.join(", "))
    });
    let verdict = below(ends, findings.thresholds.detection_lost);
    Line {
        sentence: said.join(" "),
        brief: None,
        value: Some([lost(least.value()), ends[0], ends[1]]),
        verdict,
        row: Some(least.number),
    }
}

fn frame(findings: &Findings<'_>, system: &str) -> Line {
    let named = |who: &'static str| {
        findings
            .of(FRAME, system, "success-rate")
            .filter(move |row| row.row.observer == who && row.row.variant != "nothing")
    };
    let Some(best) = greatest(named("report-authority")) else { return Line::not_run(NOT_MEASURED) };
    let all = |who| {
        let successful = named(who).filter(|row| row.value() > 0.0);
        let each: Vec<String> =
            successful.map(|row| format!("{} {}", in_words(&row.row.variant), percent(row.value()))).collect();
        if each.is_empty() { "nothing that was tried".to_owned() } else { each.join(", ") }
    };
    let sentence = format!(
        "The innocent is named to the report authority by {}; to a reviewer by {}.",
        all("report-authority"),
        all("reviewer")
    );
    Line::on(best, Verdict::NoThreshold, sentence)
}

/// A share of changed pictures from which on a way of handling counts as withstood.
const WITHSTOOD: f64 = 0.9;

/// What was found at the radius in use by the fingerprint that systems match by: for each kind of handling, its strengths.
fn handled<'a>(findings: &Findings<'a>) -> Vec<(&'a str, Vec<Numbered<'a>>)> {
    let mut kinds: Vec<(&str, Vec<Numbered<'_>>)> = Vec::new();
    for row in findings.of(HASH_ACCURACY, "", "true-positive-rate") {
        let parameter = |key| row.row.parameters.value(key).unwrap_or_default();
        let of_all = parameter("algorithm") == DEPLOYED && parameter("kind") == "any";
        let (kind, strength) = (parameter("transform"), parameter("strength"));
        if !of_all || strength.is_empty() {
            continue;
        }
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, rows)) => rows.push(row),
            None => kinds.push((kind, vec![row])),
        }
    }
    kinds
}

/// Which kinds of handling it withstands, in one sentence. A kind counts as withstood or not only if the intervals at all of its
/// strengths say so.
fn withstands(findings: &Findings<'_>) -> Option<String> {
    let kinds = handled(findings);
    let (_, first) = kinds.first()?;
    let strengths = kinds.iter().map(|(_, rows)| rows.len()).max()?;
    let verdicts = kinds.iter().map(|(kind, rows)| {
        let all = |wanted| rows.iter().all(|row| below(row.ends(), WITHSTOOD) == wanted);
        let some_undecided = rows.iter().any(|row| below(row.ends(), WITHSTOOD) == Verdict::Undecided);
        let place = match () {
            () if all(Verdict::Stands) => 0,
            () if all(Verdict::Contradicted) => 3,
            () if some_undecided => 2,
            () => 1,
        };
        (place, *kind)
    });
    let verdicts: Vec<(usize, &str)> = verdicts.collect();
    let [each, some, undecided, none] = [0, 1, 2, 3].map(|wanted| {
        let names = verdicts.iter().filter(|(place, _)| *place == wanted).map(|(_, kind)| *kind);
        names.collect::<Vec<_>>()
    });
    let list = |kinds: &[&str]| {
        let names = kinds.join(", ");
        if names.is_empty() { "0".into() } else { format!("{} ({names})", kinds.len()) }
    };
    let at = if strengths > 1 { "at every strength that was tried" } else { "at the one strength that was tried" };
    let mut said = vec![format!(
        "{} within {} of 256 bits finds at least {} of changed pictures after {} of {} kinds of handling {at}",
        DEPLOYED.to_uppercase(),
        first[0].parameter("threshold"),
        percent(WITHSTOOD),
        list(&each),
        kinds.len(),
    )];
    if !some.is_empty() {
        said.push(format!("at some strengths after {}", list(&some)));
    }
    if !none.is_empty() {
        said.push(format!("fewer after {}", list(&none)));
    }
    if !undecided.is_empty() {
        said.push(format!("not decided for {}", list(&undecided)));
    }
    Some(said.join("; ") + ".")
}

fn hash_accuracy(findings: &Findings<'_>, system: &str) -> Line {
    let compares =
        |profile: &&Profile| profile.name == system && !["", "none"].contains(&profile.match_relation.as_str());
    if !findings.profiles.iter().any(|profile| compares(&profile)) {
        return Line::not_applicable("It compares pictures with no list.");
    }
    let kinds = handled(findings);
    let Some(first) = kinds.first().map(|(_, rows)| rows[0]) else { return Line::not_run(NOT_MEASURED) };
    let radius = first.parameter("threshold");
    // Of all handling together, and of pictures as they are.
    let together = |quantity: &'static str, transform: &'static str| {
        findings.of(HASH_ACCURACY, "", quantity).find(|row| {
            let value = |key| row.row.parameters.value(key).unwrap_or_default();
            let at_radius = quantity == "auc" || value("threshold") == radius;
            value("algorithm") == DEPLOYED && value("transform") == transform && at_radius
        })
    };
    let Some(found) = together("true-positive-rate", "any") else { return Line::not_run(NOT_MEASURED) };
    let ways: Vec<Numbered<'_>> = kinds.into_iter().flat_map(|(_, rows)| rows).collect();
    let count = |wanted| ways.iter().filter(|row| below(row.ends(), WITHSTOOD) == wanted).count();
    let mut said = vec![format!(
        "It matches by {} within {radius} of 256 bits. Of {} changed pictures it finds {}. Of {} ways of handling {} certainly \
         leave {} or more to be found, {} certainly fewer, and {} cannot be decided.",
        DEPLOYED.to_uppercase(),
        ways.iter().map(|row| row.row.n).sum::<u64>(),
        interval(found),
        ways.len(),
        count(Verdict::Stands),
        percent(WITHSTOOD),
        count(Verdict::Contradicted),
        count(Verdict::Undecided),
    )];
    if let Some(wrong) = together("false-positive-rate-per-pair", "none") {
        let matching = (wrong.value() * wrong.row.n as f64).round();
        said.push(format!(
            "Of {} pairs of different pictures {matching} match: per pair {}.",
            wrong.row.n,
            interval(wrong)
        ));
    }
    if let Some(auc) = together("auc", "any") {
        said.push(format!("Area under the curve over all radii (AUC): {:.3}.", auc.value()));
    }
    Line::on(found, Verdict::NoThreshold, said.join(" "))
}

fn benefit(findings: &Findings<'_>, system: &str) -> Line {
    let detected: Vec<Numbered<'_>> =
        findings.of(BENEFIT, system, "detected").filter(|row| row.row.content == "listed").collect();
    let Some(best) = greatest(detected.iter().copied()) else {
        let warned = findings.of(BENEFIT, system, "warned").next();
        return match warned {
            Some(row) => Line {
                sentence: format!("No authority is told of anything; {}.", warned_of(row)),
                brief: None,
                value: Some([0.0; 3]),
                verdict: Verdict::NoThreshold,
                row: Some(row.number),
            },
            None => Line::not_run(NOT_MEASURED),
        };
    };
    let with = detected.iter().filter(|row| row.parameter("reporting") != "0 %");
    let by_share: Vec<String> = with
        .map(|row| format!("{} if {} of recipients report", percent(row.value()), row.parameter("reporting")))
        .collect();
    let party = who(&best.row.observer);
    let learns = if by_share.is_empty() { interval(best) } else { by_share.join(", ") };
    let mut said = vec![capital(&format!("of listed pictures, sent unchanged, {party} learns of {learns}."))];
    if let Some(time) = findings.of(BENEFIT, system, "time-to-report").next() {
        said.push(format!("Median time to report: {:.0} s.", time.value()));
    }
    let innocent = findings.of(BENEFIT, system, "detected").filter(|row| row.row.content == "ordinary");
    if let Some(innocent) = greatest(innocent).filter(|row| row.value() > 0.0) {
        said.push(format!("It has {} of the ordinary pictures as well.", interval(innocent)));
    }
    Line::on(best, Verdict::NoThreshold, said.join(" "))
}

/// Of how many listed pictures their sender is warned.
fn warned_of(row: Numbered<'_>) -> String {
    if row.value() > 0.0 {
        format!("the sender is warned of {} of listed pictures", percent(row.value()))
    } else {
        "nobody is warned either".into()
    }
}

fn lawful_access(findings: &Findings<'_>, system: &str) -> Line {
    let touched = |variant: bool| {
        findings.of(LAWFUL_ACCESS, system, "persons-touched").find(move |row| row.row.variant.is_empty() != variant)
    };
    let Some(row) = touched(false) else { return Line::not_applicable("No court orders access here.") };
    let number = |quantity| findings.of(LAWFUL_ACCESS, system, quantity).next().map_or(0.0, |row| row.value());
    let mut said = vec![format!(
        "Of five people law enforcement learns something of {}: the target and {} who converse with it; it has {} contents. Of two \
         bystanders {} see any difference.",
        row.value(),
        number("correspondents-touched"),
        number("contents-obtained"),
        number("views-changed-of-bystanders"),
    )];
    if let Some(rogue) = touched(true) {
        said.push(format!(
            "Without any order, a provider that does not wait for one gives it {} of five.",
            rogue.value()
        ));
    }
    if let Some(refused) = findings.of(LAWFUL_ACCESS, "", "defective-warrants-refused").next() {
        said.push(format!(
            "Of {} kinds of defective warrants {} are refused.",
            refused.row.n,
            percent(refused.value())
        ));
    }
    Line { value: Some([row.value(); 3]), ..Line::on(row, Verdict::NoThreshold, said.join(" ")) }
}

fn still_e2ee(findings: &Findings<'_>, system: &str) -> Line {
    let mut own = findings.statements.iter().filter(|one| one.architecture == system);
    if own.any(|one| one.end_to_end == E2e::No) {
        return Line::not_applicable("It is not end-to-end encrypted for every outsider.");
    }
    let detected = greatest(findings.of(BENEFIT, system, "detected").filter(|row| row.row.content == "listed"));
    let warned = findings.of(BENEFIT, system, "warned").next();
    let Some(row) = greatest(detected.into_iter().chain(warned)) else { return Line::not_run(NOT_MEASURED) };
    let forged = findings.of(FRAME, system, "success-rate").filter(|row| row.row.variant == "forge-report");
    let forged = greatest(forged.filter(|row| row.row.observer == "report-authority"));
    let exposed = findings
        .of(ENDPOINTS_ONLY, system, "contents-readable")
        .filter(|row| row.row.game == "expose" && row.row.corruption == "curious" && !row.row.observer.contains('+'));
    let exposed = greatest(exposed).map_or(0.0, |row| row.value());
    let mut said = vec![if row.row.quantity == "warned" && row.value() > 0.0 {
        capital(&warned_of(row)) + "."
    } else if row.value() > 0.0 {
        format!("{} of listed pictures are reported if every recipient reports.", percent(row.value()))
    } else {
        "The system detects nothing.".to_owned()
    }];
    let by_size = |content: &'static str| {
        let own = findings.of(ENDPOINTS_ONLY, system, "size-flagged");
        own.filter(|row| row.row.method == "known-sizes").find(move |row| row.row.content == content)
    };
    if let (Some(listed), Some(ordinary)) = (by_size("listed"), by_size("ordinary")) {
        said.push(format!(
            "By sizes alone, whoever carries the traffic and knows the sizes of {} listed pictures flags {} of these, sent unchanged, \
             and {} of ordinary pictures.",
            listed.parameter("list"),
            interval(listed),
            interval(ordinary),
        ));
    }
    said.push(if exposed > 0.0 {
        format!("Readable without an endpoint's will: {} of the contents.", percent(exposed / 1e6))
    } else {
        "No content is readable without an endpoint's will.".to_owned()
    });
    if let Some(forged) = forged {
        let refused = ((1.0 - forged.value()) * forged.row.n as f64).round();
        said.push(format!("Forged reports refused: {refused} of {}.", forged.row.n));
    }
    Line::on(row, Verdict::NoThreshold, said.join(" "))
}

fn oversight(findings: &Findings<'_>, system: &str) -> Line {
    let most = findings.of(OVERSIGHT, system, "entries-noticed");
    let Some(row) = greatest(most) else { return Line::not_applicable("There is no list to check.") };
    let bit = |quantity| findings.of(OVERSIGHT, system, quantity).next().is_some_and(|row| row.value() > 0.0);
    let split = findings.of(OVERSIGHT, system, "split-view-noticed").next().map(|row| row.value() > 0.0);
    let public = if bit("change-noticed") {
        "A device's owner notices that the list changed"
    } else {
        "A device's owner notices nothing when the list changes"
    };
    let candidate = if row.value() > 0.0 {
        "can check whether a picture is on it"
    } else {
        "cannot check whether a picture is on it"
    };
    let compared = match split {
        Some(true) => " A list for one user alone is noticed.",
        Some(false) => " A list for one user alone is not noticed.",
        None => "",
    };
    Line::on(row, Verdict::NoThreshold, format!("{public}, and {candidate}.{compared}"))
}

fn cost(findings: &Findings<'_>, system: &str) -> Line {
    let ratio = |content: &'static str| {
        findings.of(COST, system, "ratio-to-e2ee").find(move |row| {
            let of_bytes = row.row.parameters.iter().eq([("of", "bytes-sent")]);
            of_bytes && row.row.task == "send" && row.row.content == content && row.row.observer.is_empty()
        })
    };
    let Some(row) = ratio("ordinary") else { return Line::not_run(NOT_MEASURED) };
    let listed = ratio("listed").map_or_else(String::new, |row| format!(", {:.2} times for a listed one", row.value()));
    let sentence =
        format!("{:.2} times the bytes of plain end-to-end encryption for an ordinary picture{listed}.", row.value());
    Line::on(row, Verdict::NoThreshold, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(shortlisted: bool) -> Profile {
        let row = if shortlisted { "1b, shortlisted" } else { "" };
        let profile =
            sightline_architectures::by_name("device-hashing", &sightline_protocol::Policy::default()).unwrap();
        Profile { name: "x".into(), row: row.into(), ..crate::profile(profile.as_ref()) }
    }

    fn verdicts(question: &str, rows: &[Row]) -> (Verdict, Verdict) {
        let profiles = [profile(true)];
        let findings =
            Findings { rows, profiles: &profiles, statements: &[], thresholds: &Thresholds::default(), level: 1e-6 };
        let found = answers(&findings, &[question.to_owned()]);
        (found[0].verdict, found[0].lines[0].verdict)
    }

    fn row(question: &str, quantity: &str) -> Row {
        Row::new(quantity, "1").question(question).architecture("x").observer("provider").corruption("curious")
    }

    /// Of so many trials, a share with the ends of its interval.
    fn share(row: Row, [value, low, high]: [f64; 3]) -> Row {
        row.interval(value, low, high).n(100)
    }

    #[test]
    fn every_threshold_can_be_crossed_and_not() {
        const NONE: [f64; 3] = [0.0, 0.0, 0.001];
        const ALL: [f64; 3] = [1.0, 0.99, 1.0];
        let planted = |ends| {
            let row = row(PLANTED_LIST, "true-positive-rate").parameter("planted", 1).parameter("reviewer", "confirms");
            vec![share(row, ends)]
        };
        let identified = |low: f64, high: f64| {
            let row = row(HASH_IDENTIFIES, "min-entropy-leakage").parameter("candidates", 1024);
            vec![row.parameter("sizes", "one-class").parameter("copy", "same").lower(high, low, high)]
        };
        let kind = |kind: &str, ends| share(row(ANY_CONTENT, "detected").parameter("kind", kind), ends);
        let client = |conduct: &str, ends| share(row(UNCOOPERATIVE_CLIENT, "detected").variant(conduct), ends);
        let provider = |strategy: &str, count: f64| {
            row(ROGUE_PROVIDER, "contents-readable").variant(strategy).content("ordinary").exact(count)
        };
        let enclave = |count: f64| {
            let row =
                row(ENDPOINTS_ONLY, "contents-readable").game("expose").content("ordinary").parameter("sent", "after");
            vec![Row { observer: "enclave".into(), corruption: "persistent@9".into(), ..row.exact(count) }]
        };
        let page = |ends, updates: f64| {
            let found = share(row(MANDATE, "true-positive-rate").parameter("copy", "photograph"), ends);
            vec![found, row(MANDATE, "client-updates").exact(updates)]
        };
        let cases: [(&str, Vec<Row>, Verdict); 19] = [
            (PLANTED_LIST, planted(ALL), Verdict::Stands),
            (PLANTED_LIST, planted(NONE), Verdict::Contradicted),
            (PLANTED_LIST, planted([0.0, 0.0, 0.3]), Verdict::Undecided),
            (HASH_IDENTIFIES, identified(9.5, 10.0), Verdict::Stands),
            (HASH_IDENTIFIES, identified(0.0, 0.5), Verdict::Contradicted),
            (HASH_IDENTIFIES, identified(0.0, 4.0), Verdict::Undecided),
            (ANY_CONTENT, vec![kind("a", ALL), kind("b", ALL)], Verdict::Stands),
            (ANY_CONTENT, vec![kind("a", ALL), kind("b", [0.5, 0.4, 0.6])], Verdict::Contradicted),
            (ANY_CONTENT, vec![kind("a", ALL), kind("b", [0.95, 0.8, 1.0])], Verdict::Undecided),
            (UNCOOPERATIVE_CLIENT, vec![client(HONEST, ALL), client("omit", NONE)], Verdict::Stands),
            (UNCOOPERATIVE_CLIENT, vec![client(HONEST, ALL), client("omit", ALL)], Verdict::Contradicted),
            (ROGUE_PROVIDER, vec![provider(HONEST, 0.0), provider("lie", 1e6)], Verdict::Stands),
            (ROGUE_PROVIDER, vec![provider(HONEST, 0.0), provider("lie", 0.0)], Verdict::Contradicted),
            (BROKEN_ENCLAVE, enclave(1e6), Verdict::Stands),
            (BROKEN_ENCLAVE, enclave(0.0), Verdict::Contradicted),
            (MANDATE, page(ALL, 0.0), Verdict::Stands),
            (MANDATE, page(ALL, 1.0), Verdict::Contradicted),
            (MANDATE, page(NONE, 0.0), Verdict::Contradicted),
            (MANDATE, page([0.0, 0.0, 0.3], 0.0), Verdict::Undecided),
        ];
        for (question, rows, expected) in cases {
            assert_eq!(verdicts(question, &rows), (expected, expected), "{question} {rows:?}");
        }
    }

    /// A way of handling after which such a share is found.
    fn way(kind: &str, strength: u32, ends: [f64; 3]) -> Row {
        let row = Row::new("true-positive-rate", "1").question(HASH_ACCURACY).parameter("algorithm", DEPLOYED);
        let row = row.parameter("transform", kind).parameter("strength", strength);
        share(row.parameter("kind", "any").parameter("threshold", 31), ends)
    }

    #[test]
    fn a_fingerprint_that_withstands_everything_reads_otherwise_than_one_that_withstands_nothing() {
        const ALL: [f64; 3] = [1.0, 0.95, 1.0];
        const NONE: [f64; 3] = [0.0, 0.0, 0.05];
        const NEARLY: [f64; 3] = [0.9, 0.8, 0.95];
        let of_all = |transform: &str, quantity: &str, ends| {
            let row = Row::new(quantity, "1").question(HASH_ACCURACY).parameter("algorithm", DEPLOYED);
            share(row.parameter("transform", transform).parameter("threshold", 31), ends)
        };
        let found = |ways: [[f64; 3]; 4], of_all: Vec<Row>| {
            let kinds = [("scale", 1), ("scale", 2), ("crop", 1), ("crop", 2)];
            let mut rows: Vec<Row> = kinds.iter().zip(ways).map(|((kind, at), ends)| way(kind, *at, ends)).collect();
            // Neither another fingerprint nor one kind of pictures counts.
            rows.push(way("blur", 1, NONE).parameter("algorithm", "other"));
            rows.push(way("blur", 1, NONE).parameter("kind", "page"));
            rows.extend(of_all);
            let profiles = [
                Profile { match_relation: "radius".into(), ..profile(true) },
                Profile { name: "y".into(), match_relation: "none".into(), ..profile(false) },
            ];
            let thresholds = Thresholds::default();
            let findings =
                Findings { rows: &rows, profiles: &profiles, statements: &[], thresholds: &thresholds, level: 1e-6 };
            answers(&findings, &[HASH_ACCURACY.to_owned()]).remove(0)
        };
        let good = found(
            [ALL; 4],
            vec![of_all("any", "true-positive-rate", ALL), of_all("none", "false-positive-rate-per-pair", NONE)],
        );
        assert!(
            good.sentence.ends_with("after 2 (scale, crop) of 2 kinds of handling at every strength that was tried."),
            "{good:?}"
        );
        let line = &good.lines[0];
        assert_eq!((line.value, line.low, line.row), (Some(1.0), Some(0.95), Some(7)));
        assert_eq!((line.verdict, good.verdict), (Verdict::NoThreshold, Verdict::NoThreshold));
        assert!(line.sentence.contains("Of 4 ways of handling 4 certainly"), "{}", line.sentence);
        assert!(line.sentence.contains("Of 100 pairs of different pictures 0 match"), "{}", line.sentence);
        assert_eq!((good.lines[1].verdict, good.lines[1].value), (Verdict::NotApplicable, None));

        let mixed = found([ALL, NEARLY, ALL, NONE], vec![of_all("any", "true-positive-rate", [0.7, 0.6, 0.8])]);
        let says = "tried; at some strengths after 1 (crop); not decided for 1 (scale).";
        assert!(mixed.sentence.ends_with(says), "{}", mixed.sentence);
        let says = "2 certainly leave 90 % or more to be found, 1 certainly fewer, and 1 cannot be decided.";
        assert!(mixed.lines[0].sentence.contains(says), "{}", mixed.lines[0].sentence);

        let useless = found(
            [NONE; 4],
            vec![of_all("any", "true-positive-rate", NONE), of_all("none", "false-positive-rate-per-pair", ALL)],
        );
        assert!(
            useless.sentence.ends_with(
                "after 0 of 2 kinds of handling at every strength that was tried; fewer after 2 (scale, crop)."
            ),
            "{useless:?}"
        );
        assert!(useless.lines[0].sentence.contains("4 certainly fewer, and 0 cannot"), "{}", useless.lines[0].sentence);
        assert!(useless.lines[0].sentence.contains("100 match: per pair 100 %"), "{}", useless.lines[0].sentence);
    }

    #[test]
    fn what_was_not_measured_is_not_answered() {
        for question in QUESTIONS {
            let (_, line) = verdicts(question.id, &[]);
            assert!([Verdict::NotApplicable, Verdict::NotRun].contains(&line), "{} {line:?}", question.id);
        }
    }

    #[test]
    fn what_broke_off_is_said_to_have_failed_and_to_be_no_contradiction() {
        let failed = |question, quantity| vec![row(question, quantity).status(Status::Failed)];
        let enclave = || Row { observer: "enclave".into(), ..row(ENDPOINTS_ONLY, "contents-readable").game("expose") };
        for (question, rows) in [
            (PLANTED_LIST, failed(PLANTED_LIST, "true-positive-rate")),
            (ROGUE_PROVIDER, failed(ROGUE_PROVIDER, "contents-readable")),
            (STILL_E2EE, failed(BENEFIT, "detected")),
            (BROKEN_ENCLAVE, vec![enclave().status(Status::Failed)]),
        ] {
            assert_eq!(verdicts(question, &rows).1, Verdict::Failed, "{question}");
        }
        // Another party's failure does not make an enclave.
        let other = failed(ENDPOINTS_ONLY, "contents-readable");
        assert_eq!(verdicts(BROKEN_ENCLAVE, &other).1, Verdict::NotApplicable);
    }

    #[test]
    fn every_question_that_can_be_asked_has_an_answer() {
        assert_eq!(QUESTIONS.map(|question| question.id), crate::QUESTIONS);
    }

    #[test]
    fn shares_are_rounded_to_what_they_are() {
        assert_eq!([0.0, 0.004, 0.056, 0.123, 1.0].map(percent), ["0 %", "0.4 %", "5.6 %", "12 %", "100 %"]);
    }
}
