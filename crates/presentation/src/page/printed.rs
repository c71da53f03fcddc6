//! The report for reading on paper: the same answers, figures and tables, as data for a typesetter.

use std::collections::BTreeSet;

use serde::Serialize;
use sightline_evidence::{GalleryPicture, Row, RunFolder, Status};

use super::{controls, draw, expected, facts, lead, list_of_systems, provenance, settings, value};
use crate::answers;
use crate::matrix::{self, State};
use crate::reading::{Reading, is_coalition};
use crate::words::{count, title};
use crate::{Figure, PresentationError, sequence};

/// Everything that a printed report shows.
#[derive(Debug, Clone, Serialize)]
pub struct Printed {
    /// The systems, in words.
    pub title: String,
    /// Day of the run, ISO 8601.
    pub date: String,
    /// What was done.
    pub lead: String,
    /// The run at a glance: name and value.
    pub facts: Vec<(&'static str, String)>,
    /// Whether the instrument worked, in a few words.
    pub controls: String,
    /// Whether it did not: nothing of the run may be quoted then.
    pub controls_failed: bool,
    /// Every control: name, repetitions, result, detail.
    pub control_rows: Vec<[String; 4]>,
    /// How many claims of the scenario are met, in a few words; empty if it claims nothing.
    pub expected: String,
    /// Every claim: the claim, what was found, whether it is met, what speaks against it.
    pub expected_rows: Vec<[String; 4]>,
    /// States of a cell: class, symbol, heading, meaning.
    pub legend: Vec<[&'static str; 4]>,
    /// Observers with a column.
    pub heads: Vec<String>,
    /// Observers without one, in sentences.
    pub folded: Vec<String>,
    /// The answer.
    pub matrix: Vec<PrintedRow>,
    /// Whether the thresholds are not those that the project fixed, in words.
    pub changed_thresholds: Vec<String>,
    /// The answers to the questions.
    pub questions: Vec<PrintedQuestion>,
    /// The systems.
    pub systems: Vec<PrintedSystem>,
    /// Findings with their figures, in the order of the report.
    pub findings: Vec<PrintedFigure>,
    /// What no figure shows.
    pub tables: Vec<PrintedTable>,
    /// Pictures as parties see them.
    pub gallery: Vec<PrintedPicture>,
    /// Where the numbers come from.
    pub provenance: Vec<(&'static str, String)>,
    /// Command that makes the same evidence again.
    pub command: String,
    /// Settings of the scenario: key and value.
    pub settings: Vec<(String, String)>,
    /// Files that the above refer to by name: drawings and pictures.
    #[serde(skip)]
    pub files: Vec<(String, Vec<u8>)>,
}

/// A system in the answer.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedRow {
    /// Its name in words.
    pub title: String,
    /// Its identifier.
    pub name: String,
    /// What it is for all outsiders together.
    pub verdict: String,
    /// One for each head.
    pub cells: Vec<PrintedCell>,
}

/// What an observer learns in a system.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedCell {
    /// State, as in the legend.
    pub class: &'static str,
    /// Its symbol.
    pub symbol: &'static str,
    /// Its name.
    pub heading: &'static str,
    /// What is learnt, in words.
    pub words: Vec<String>,
    /// The number that it rests on; empty for none.
    pub number: String,
    /// What is opened when something is broken; empty for a party that does not exist.
    pub broken: String,
}

/// The answer to a question.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedQuestion {
    /// The question in words.
    pub asked: String,
    /// The answer.
    pub sentence: String,
    /// Symbol and words of the verdict.
    pub verdict: [&'static str; 2],
    /// How it was asked.
    pub procedure: String,
    /// What the numbers are.
    pub measure: String,
    /// How the numbers are counted.
    pub counted: String,
    /// What the numbers do not say.
    pub limits: String,
    /// Figures of the literature: what was published, where, how it is known, in what it differs.
    pub published: Vec<[&'static str; 4]>,
    /// What would contradict the letter; empty for nothing.
    pub threshold: String,
    /// What would change the answer; empty for nothing.
    pub would_change: String,
    /// Its figure, if it has numbers.
    pub figure: Option<PrintedFigure>,
    /// For each system: name, verdict, number, sentence.
    pub lines: Vec<[String; 4]>,
}

/// A system.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedSystem {
    /// Its name in words.
    pub title: String,
    /// Its identifier.
    pub name: String,
    /// Row of the 2020 technical paper; empty for none.
    pub row: String,
    /// Publication that the design follows.
    pub source: String,
    /// Its sequence diagram.
    pub diagram: PrintedFigure,
    /// The steps of the diagram in words.
    pub steps: Vec<String>,
    /// Who learns what by declaration.
    pub leakage: Vec<(String, Vec<String>)>,
    /// What was found.
    pub statements: Vec<PrintedStatement>,
    /// Parameters: name, value with unit, meaning.
    pub parameters: Vec<[String; 3]>,
    /// What this implementation does not show.
    pub limits: Vec<String>,
    /// Where it departs from its source.
    pub deviations: Vec<String>,
}

/// What was found of one observer.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedStatement {
    /// The observer in words, with its corruption unless it is curious.
    pub observer: String,
    /// State, as in the legend.
    pub class: &'static str,
    /// Symbol of the state.
    pub symbol: &'static str,
    /// Whether the system is end-to-end encrypted against it.
    pub verdict: &'static str,
    /// The answer.
    pub sentence: String,
}

/// A figure.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedFigure {
    /// Name of its file.
    pub file: String,
    /// The finding.
    pub title: String,
    /// What it shows, for readers who do not see it; never empty.
    pub description: String,
    /// The table behind it in the run folder; empty for none.
    pub data: String,
}

/// A table of measurements.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedTable {
    /// What it answers.
    pub title: String,
    /// What is in it.
    pub caption: String,
    /// Names of the columns.
    pub heads: [&'static str; 6],
    /// The cells.
    pub rows: Vec<[String; 6]>,
    /// How many rows were left out.
    pub hidden: usize,
}

/// A picture of the gallery.
#[derive(Debug, Clone, Serialize)]
pub struct PrintedPicture {
    /// Name of its file.
    pub file: String,
    /// System.
    pub system: String,
    /// Who sees it.
    pub party: String,
    /// What it shows.
    pub caption: String,
}

impl Printed {
    /// The report of a run for a typesetter. The same folder gives the same.
    ///
    /// # Errors
    /// [`PresentationError`] when a file of the run cannot be read or a figure cannot be drawn.
    pub fn of(run: &RunFolder) -> Result<Self, PresentationError> {
        let reading = &Reading::of(run)?;
        let report = draw(reading)?;
        let systems = reading.systems();
        let observers = reading.observers();
        let (columns, folded) = super::columns(reading, &systems, &observers);
        let (diagrams, others) = report.figures.split_at(reading.profiles.len());
        let sections = answers::sections(reading)?;
        let answered: BTreeSet<&str> =
            sections.iter().filter_map(|one| Some(one.figure.as_ref()?.id.as_str())).collect();
        let findings = others.iter().filter(|figure| !answered.contains(figure.id.as_str()));
        let checked = controls(reading);
        let claims = expected(reading);
        let drawings = report.figures.iter().map(|figure| (file(figure), figure.inline().into_bytes()));
        let drawn = reading.gallery.iter().filter(|(picture, _)| !picture.file.is_empty());
        let pictures = drawn.map(|(picture, png)| (gallery_file(picture), png.clone()));
        Ok(Self {
            title: list_of_systems(&systems),
            date: reading.summary.provenance.date.clone(),
            lead: lead(reading, systems.len()),
            facts: facts(reading, &systems),
            controls: checked.short,
            controls_failed: checked.class == "failed",
            control_rows: checked.rows,
            expected: claims.as_ref().map(|all| all.short.clone()).unwrap_or_default(),
            expected_rows: claims.map(|all| all.rows.into_iter().map(claim).collect()).unwrap_or_default(),
            legend: State::ALL.map(|state| [state.class(), state.symbol(), state.heading(), state.meaning()]).to_vec(),
            heads: columns.iter().map(|id| reading.party(id)).collect(),
            folded,
            matrix: systems.iter().map(|system| matrix_row(reading, system, &columns, &observers)).collect(),
            systems: reading
                .profiles
                .iter()
                .zip(diagrams)
                .map(|(profile, figure)| system(reading, profile, figure))
                .collect(),
            findings: findings.map(printed).collect(),
            changed_thresholds: answers::changed_thresholds(reading),
            questions: sections.iter().map(question).collect(),
            tables: tables(reading),
            gallery: reading
                .gallery
                .iter()
                .filter(|(picture, _)| !picture.file.is_empty())
                .map(|(picture, _)| PrintedPicture {
                    file: gallery_file(picture),
                    system: picture.architecture.clone(),
                    party: reading.party(&picture.party),
                    caption: picture.caption.clone(),
                })
                .collect(),
            provenance: provenance(reading),
            command: reading.summary.provenance.command.clone(),
            settings: settings(&reading.lock),
            files: drawings.chain(pictures).collect(),
        })
    }
}

fn claim((claim, found, against): (String, String, Vec<String>)) -> [String; 4] {
    let result = if against.is_empty() { "✓ met" } else { "✕ not met" };
    [claim, found, result.to_owned(), against.join("; ")]
}

fn question(section: &answers::Section<'_>) -> PrintedQuestion {
    let answer = section.answer;
    let verdict = |(_, symbol, words): answers::Mark| [symbol, words];
    PrintedQuestion {
        asked: answer.asked.clone(),
        sentence: answer.sentence.clone(),
        verdict: verdict(section.mark),
        procedure: answer.procedure.clone(),
        measure: answer.measure.clone(),
        counted: answer.counted.clone(),
        limits: answer.limits.clone(),
        published: section.published.iter().map(|one| [one.figure, one.source, one.standing, one.differs]).collect(),
        threshold: answer.threshold.clone(),
        would_change: answer.would_change.clone(),
        figure: section.figure.as_ref().map(printed),
        lines: section
            .lines
            .iter()
            .map(|line| {
                let verdict = verdict(line.mark).join(" ");
                [line.found.architecture.clone(), verdict, line.value.clone(), line.found.sentence.clone()]
            })
            .collect(),
    }
}

fn file(figure: &Figure) -> String {
    format!("{}.svg", figure.id)
}

fn gallery_file(picture: &GalleryPicture) -> String {
    format!("gallery-{}", picture.file)
}

fn printed(figure: &Figure) -> PrintedFigure {
    PrintedFigure {
        file: file(figure),
        title: figure.title.clone(),
        description: if figure.description.is_empty() { &figure.title } else { &figure.description }.clone(),
        data: figure.data.as_ref().map(|_| figure.data_file()).unwrap_or_default(),
    }
}

fn matrix_row(reading: &Reading, system: &str, columns: &[String], observers: &[String]) -> PrintedRow {
    let cell = |observer: &String| {
        let super::MatrixCell { cell, broken, .. } = super::MatrixCell::of(reading, system, observer);
        let broken = broken.map(|broken| format!("{}: {}.", broken.when, broken.words));
        PrintedCell {
            class: cell.state.class(),
            symbol: cell.state.symbol(),
            heading: cell.state.heading(),
            words: cell.words,
            number: cell.number,
            broken: broken.unwrap_or_default(),
        }
    };
    PrintedRow {
        title: reading.profile(system).map_or_else(|| title(system), |profile| profile.title.clone()),
        name: system.to_owned(),
        verdict: matrix::verdict(reading, system, observers),
        cells: columns.iter().map(cell).collect(),
    }
}

fn system(reading: &Reading, profile: &sightline_evidence::Profile, figure: &Figure) -> PrintedSystem {
    let statements = reading.statements.iter().filter(|statement| statement.architecture == profile.name);
    let (coalitions, singles): (Vec<_>, Vec<_>) = statements.partition(|statement| is_coalition(&statement.observer));
    let said = singles.into_iter().chain(coalitions).map(|statement| {
        let card = super::card(reading, statement);
        let corruption = if card.corruption.is_empty() { String::new() } else { format!(" ({})", card.corruption) };
        PrintedStatement {
            observer: format!("{}{corruption}", card.observer),
            class: card.state.class(),
            symbol: card.state.symbol(),
            verdict: card.verdict,
            sentence: statement.sentence.clone(),
        }
    });
    PrintedSystem {
        title: profile.title.clone(),
        name: profile.name.clone(),
        row: profile.row.clone(),
        source: profile.source.clone(),
        diagram: printed(figure),
        steps: sequence::in_words(profile),
        leakage: profile.leakage.iter().map(|(observer, learns)| (reading.party(observer), learns.clone())).collect(),
        statements: said.collect(),
        parameters: profile
            .parameters
            .iter()
            .map(|one| [one.name.clone(), format!("{} {}", one.value, one.unit).trim().to_owned(), one.meaning.clone()])
            .collect(),
        limits: profile.limits.clone(),
        deviations: profile.deviations.clone(),
    }
}

/// Questions whose answers are tables: title, question, quantity, what is in it, and which rows tell most.
type Asked = (&'static str, &'static str, &'static str, &'static str, fn(&Row) -> bool);

const TABLES: [Asked; 6] = [
    (
        "What does a break-in expose?",
        "endpoints-only",
        "contents-readable",
        "Ordinary contents that can be read per 10⁶ sent before and after a party is broken into; without a break-in where \
         everyone is curious. What is not listed can read none.",
        |row| row.content == "ordinary" && row.value != Some(0.0),
    ),
    (
        "Which kinds of content are checked?",
        "endpoints-only",
        "contents-reported",
        "Listed pictures that are reported per 10⁶, by the kind of content as which they are sent.",
        |_| true,
    ),
    (
        "If the provider lies, what does it obtain?",
        "rogue-provider",
        "contents-readable",
        "Lawful contents that an outsider can read per 10⁶ sent, under every strategy of the provider; planted ones are what \
         some strategies are after. What is not listed can read none.",
        |row| ["ordinary", "planted"].contains(&row.content.as_str()) && row.value != Some(0.0),
    ),
    (
        "How much of a picture can be seen?",
        "hash-identifies",
        "ssim-over-guess",
        "By how much what an observer can make of its view is nearer to the picture than the best guess without it (SSIM). \
         Who is not listed can make nothing of it.",
        |row| !is_coalition(&row.observer) && row.value != Some(0.0),
    ),
    (
        "What does it cost beside plain end-to-end encryption?",
        "cost",
        "ratio-to-e2ee",
        "Costs of an ordinary picture for all parties together, as a multiple of the same in plain end-to-end encryption.",
        |row| row.content == "ordinary" && row.observer.is_empty() && row.parameters.value("link").is_none(),
    ),
    (
        "How long does a message take?",
        "cost",
        "delivery-latency",
        "From sending an ordinary picture to showing it.",
        |row| row.content == "ordinary",
    ),
];

fn tables(reading: &Reading) -> Vec<PrintedTable> {
    const SHOWN: usize = 120;
    let table = |(title, question, quantity, caption, tells): Asked| {
        let asked = |row: &&Row| row.question == question && row.quantity == quantity;
        let rows = reading.rows.iter().filter(asked).filter(|row| row.status != Status::NotApplicable && tells(row));
        let rows: Vec<&Row> = rows.collect();
        PrintedTable {
            title: title.to_owned(),
            caption: caption.to_owned(),
            heads: ["System", "Observer", "Corruption", "Conditions", "Value", "Trials"],
            hidden: rows.len().saturating_sub(SHOWN),
            rows: rows.iter().take(SHOWN).map(|row| line(reading, row)).collect(),
        }
    };
    TABLES.into_iter().map(table).filter(|table| !table.rows.is_empty()).collect()
}

/// The cells of a row; settings of the scenario are said once, at the end of the report.
fn line(reading: &Reading, row: &Row) -> [String; 6] {
    const SETTINGS: [&str; 3] = ["list", "radius", "padding"];
    let variant = if row.variant.is_empty() { String::new() } else { format!(", {}", row.variant) };
    let curious = row.corruption.split('+').all(|member| member == "curious");
    let corruption = if curious { "curious".to_owned() } else { row.corruption.replace('+', " + ") };
    let swept = row.parameters.iter().filter(|(key, _)| !SETTINGS.contains(key));
    let conditions = std::iter::once(row.content.clone()).filter(|content| !content.is_empty());
    let conditions = conditions.chain(swept.map(|(key, value)| format!("{key} {value}")));
    let trials = if row.n == 0 { String::new() } else { count(row.n) };
    [
        format!("{}{variant}", row.architecture),
        reading.party(&row.observer),
        corruption,
        conditions.collect::<Vec<_>>().join(", "),
        value(row),
        trials,
    ]
}
