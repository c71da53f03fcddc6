//! A claim is borne out by every row that fits, or by none; what speaks against it is said.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use serde_json::{Value, json};
use sightline_evidence::{Expectation, Row, Status, Table};

fn expect(more: &Value) -> Expectation {
    let mut claim = json!({ "question": "endpoints-only", "architecture": "e2ee", "quantity": "advantage" });
    claim.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(claim).unwrap()
}

fn row(observer: &str) -> Row {
    Row::new("advantage", "1").question("endpoints-only").architecture("e2ee").observer(observer).parameter("list", 40)
}

fn table() -> Table {
    [
        row("provider").lower(0.02, 0.0, 0.08),
        row("network").lower(0.3, 0.2, 0.4),
        row("reviewer").status(Status::Undecided),
        row("third-party").status(Status::Failed),
        row("judge-0").exact(3.0).content("listed"),
        row("log").published(0.7),
    ]
    .into_iter()
    .collect()
}

fn against(claim: &Value) -> Vec<String> {
    let claim = expect(claim);
    assert_eq!(claim.check(), Ok(()));
    claim.judge(&table())
}

#[test]
fn the_end_that_proves_the_claim_is_judged() {
    let nothing = Vec::<String>::new();
    assert_eq!(against(&json!({ "observer": "provider", "below": 0.1 })), nothing);
    let found = against(&json!({ "observer": "provider", "below": 0.05 }));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("high end of 0.08") && found[0].contains("not below 0.05"), "{found:?}");
    assert_eq!(against(&json!({ "observer": "provider", "below": 0.05, "bound": "value" })), nothing);
    assert_eq!(against(&json!({ "observer": "network", "above": 0.1 })), nothing);
    assert!(against(&json!({ "observer": "network", "above": 0.25 }))[0].contains("low end of 0.2"));
    assert_eq!(against(&json!({ "observer": "network", "above": 0.25, "bound": "high" })), nothing);
    assert_eq!(against(&json!({ "observer": "judge-0", "equals": 3 })), nothing);
    assert!(against(&json!({ "observer": "judge-0", "equals": 2 }))[0].contains("not equal to 2"));
    assert_eq!(against(&json!({ "observer": "log", "above": 0.5, "below": 0.8 })), nothing);
    assert!(against(&json!({ "observer": "log", "above": 0.5, "below": 0.6 }))[0].contains("not below 0.6"));
    // A limit itself is neither below nor above.
    assert_eq!(against(&json!({ "observer": "judge-0", "below": 3 })).len(), 1);
    assert_eq!(against(&json!({ "observer": "judge-0", "above": 3 })).len(), 1);
}

#[test]
fn every_row_that_fits_must_bear_it_out() {
    let found = against(&json!({ "below": 0.1 }));
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(found.iter().any(|one| one.contains("reviewer") && one.contains("undecided")));
    assert!(found.iter().any(|one| one.contains("third-party") && one.contains("failed")));
    assert!(found.iter().all(|one| !one.contains("provider")));
}

#[test]
fn a_claim_that_fits_no_row_names_the_nearest() {
    let found = against(&json!({ "observer": "provder", "below": 0.1 }));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("no row fits") && found[0].contains("observer `provider`"), "{found:?}");
    let found = against(&json!({ "observer": "provider", "parameter": "list=50", "below": 0.1 }));
    assert!(found[0].contains("parameter `list=40`"), "{found:?}");
    let found = against(&json!({ "observer": "provider", "parameter": "radius=31", "below": 0.1 }));
    assert!(found[0].contains("no parameter `radius`"), "{found:?}");
    assert_eq!(expect(&json!({ "below": 1 })).judge(&Table::new()), ["no row fits"]);
}

#[test]
fn columns_and_parameters_select() {
    assert_eq!(against(&json!({ "content": "listed", "parameter": "list=40", "above": 2 })), Vec::<String>::new());
    assert!(against(&json!({ "content": "", "above": 2 })).len() > 1, "an empty text is an empty cell");
}

#[test]
fn a_claim_without_a_limit_or_with_a_wrong_one_is_refused() {
    for (claim, why) in [(json!({}), "no limit"), (json!({ "below": 1, "parameter": "list" }), "not key=value")] {
        let said = expect(&claim).check().unwrap_err();
        assert!(said.contains(why), "{said}");
    }
    let mut endless = expect(&json!({ "below": 1 }));
    endless.below = Some(f64::NAN);
    assert!(endless.check().unwrap_err().contains("finite"));
    let unknown = json!({ "question": "q", "architecture": "a", "quantity": "x", "bellow": 1 });
    assert!(serde_json::from_value::<Expectation>(unknown).is_err());
}

#[test]
fn a_claim_reads_as_a_sentence() {
    let claim = expect(&json!({ "observer": "provider", "parameter": "list=40", "below": 0.1, "bound": "value" }));
    assert_eq!(claim.to_string(), "endpoints-only, e2ee, provider, list=40: advantage below 0.1 by its value");
}
