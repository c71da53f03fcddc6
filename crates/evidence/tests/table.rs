//! The table survives CSV and Parquet, byte for byte the same for the same rows, and says what is wrong with others.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs::File;

use proptest::prelude::*;
use sightline_evidence::{Bound, COLUMNS, EvidenceError, Parameters, Row, Status, Table, format_number};

#[test]
fn columns_are_those_of_the_design() {
    let csv = table().to_csv().unwrap();
    assert_eq!(
        csv.lines().next().unwrap(),
        "question,game,task,architecture,variant,observer,corruption,content,parameter,quantity,unit,value,low,high,bound,status,n,method,seed"
    );
    assert_eq!(
        csv.lines().nth(1).unwrap(),
        "endpoints-only,distinguish,ordinary-pair,device-hashing,,provider,curious,ordinary,list=1000;radius=31,advantage,1,1,0.986,1,lower,decided,1000,lookup,1"
    );
    assert_eq!(COLUMNS.len(), 19);
}

#[test]
fn numbers_are_short_and_read_back() {
    for (number, text) in [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.1, "0.1"), (-2.5, "-2.5"), (1e300, "1e300")] {
        assert_eq!(format_number(number), text);
    }
}

#[test]
fn a_row_that_cannot_be_read_back_is_refused() {
    for row in [
        Row::new("advantage", "1").exact(f64::NAN),
        Row::new("advantage", "1").interval(0.5, f64::NEG_INFINITY, 1.0),
        Row::new("advantage", "1").parameter("a;b", 1),
        Row::new("advantage", "1").parameter("a", "1;2"),
    ] {
        let table = Table::from_iter([row]);
        assert!(matches!(table.to_csv(), Err(EvidenceError::Unwritable { row: 0, .. })));
        assert!(matches!(table.to_parquet(), Err(EvidenceError::Unwritable { row: 0, .. })));
    }
}

#[test]
fn errors_name_line_and_column() {
    let csv = table().to_csv().unwrap();
    let cases = [
        (csv.replacen("0.986", "much", 1), 2, "low"),
        (csv.replacen(",lower,", ",upper,", 1), 2, "bound"),
        (csv.replacen("decided,0", "decided,-1", 1), 3, "n"),
        (csv.replacen("list=1000;radius=31", "radius=31;list=1000", 1), 2, "parameter"),
        (csv.replacen("0.986", "inf", 1), 2, "low"),
        (csv.replacen("observer", "watcher", 1), 1, "observer"),
    ];
    for (text, line, column) in cases {
        match Table::from_csv(&text) {
            Err(EvidenceError::Cell { line: at, column: named, .. }) => {
                assert_eq!((at, named.as_str()), (line, column));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(Table::from_csv(&format!("{csv}a,b\n")), Err(EvidenceError::Csv { line: 4, .. })));
    assert!(Table::from_csv("").is_err());
}

#[test]
fn parquet_of_an_empty_table_reads_back() {
    assert_eq!(through_parquet(&Table::new()), Table::new());
}

#[test]
fn foreign_bytes_are_no_parquet_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    for bytes in [&b""[..], b"PAR1", b"PAR1aaaaaaaaaaaaPAR1", &[0; 4096]] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(Table::from_parquet(File::open(&path).unwrap()), Err(EvidenceError::Parquet { .. })));
    }
}

proptest! {
    #[test]
    fn every_table_reads_back(rows in prop::collection::vec(row(), 0..12)) {
        let table = Table::from_iter(rows);
        let csv = table.to_csv().unwrap();
        prop_assert_eq!(&Table::from_csv(&csv).unwrap(), &table);
        prop_assert_eq!(Table::from_csv(&csv).unwrap().to_csv().unwrap(), csv);
        prop_assert_eq!(table.to_parquet().unwrap(), table.to_parquet().unwrap());
        prop_assert_eq!(&through_parquet(&table), &table);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = Table::from_csv(&text);
        let _ = text.parse::<Parameters>();
    }
}

fn through_parquet(table: &Table) -> Table {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &table.to_parquet().unwrap()).unwrap();
    Table::from_parquet(file).unwrap()
}

fn table() -> Table {
    Table::from_iter([
        Row::new("advantage", "1")
            .question("endpoints-only")
            .game("distinguish")
            .task("ordinary-pair")
            .architecture("device-hashing")
            .observer("provider")
            .corruption("curious")
            .content("ordinary")
            .parameter("radius", 31)
            .parameter("list", 1000)
            .lower(1.0, 0.986, 1.0)
            .n(1000)
            .method("lookup")
            .seed(1),
        Row::new("distinct-sizes", "1").exact(287.0),
    ])
}

fn row() -> impl Strategy<Value = Row> {
    let number = || prop::option::of(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO);
    let bound = prop::sample::select(vec![Bound::Exact, Bound::Lower, Bound::Interval, Bound::Model, Bound::Published]);
    let status = prop::sample::select(vec![Status::Decided, Status::Undecided, Status::NotApplicable, Status::Failed]);
    let parameters = prop::collection::btree_map("[a-z,\" ]{1,5}", "[^;]{0,5}", 0..4);
    ("\\PC{0,12}", "[a-z\n\",]{0,8}", number(), number(), bound, status, any::<u64>(), any::<u64>(), parameters)
        .prop_map(|(quantity, observer, value, low, bound, status, n, seed, parameters)| {
            let parameters = parameters.into_iter().fold(Parameters::new(), |all, (key, value)| all.with(key, value));
            let row = Row::new(quantity, "1").observer(observer).parameters(parameters).n(n).seed(seed).status(status);
            Row { value, low, bound, ..row }
        })
}
