use crate::profile::Parameter;
use crate::{Setup, Work};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the proposals leave open (ARCHITECTURES.md), with the defaults taken: the Commission's paper where its reading is
/// known, else what shows least. One policy holds for every system of an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Whose devices have contents checked.
    pub scanned: Scanned,
    /// Matches of one account from which on a match is acted upon; 1 acts upon every one.
    pub threshold: u32,
    /// What becomes of a content that is said to match.
    pub delivery: DeliveryRule,
    /// What a device does when it gets no verdict it can accept.
    pub outage: Outage,
    /// For how many days an honest provider keeps what devices had checked.
    pub log_days: u16,
    /// What a reviewer is shown of a content that is said to match.
    pub review: Review,
    /// Whether the time that checking takes is made the same for all contents of a size class.
    pub hide_timing: bool,
    /// Whether a provider may match different users against different lists.
    pub lists: Lists,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            scanned: Scanned::Senders,
            threshold: 1,
            delivery: DeliveryRule::Silent,
            outage: Outage::Open,
            log_days: 0,
            review: Review::Content,
            hide_timing: true,
            lists: Lists::One,
        }
    }
}

/// Whose devices have contents checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scanned {
    /// Those that send.
    Senders,
    /// Those that send, and those that receive.
    Everyone,
}

/// What becomes of a content that is said to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryRule {
    /// It is delivered as if nothing had happened; nobody waits for a verdict.
    Silent,
    /// It is not delivered, and every content waits for its verdict.
    Blocking,
}

/// What a device does when it gets no verdict it can accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outage {
    /// It sends unchecked.
    Open,
    /// It does not send; this shows only where contents wait for their verdict.
    Closed,
}

/// What a reviewer is shown of a content that is said to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Review {
    /// All of it.
    Content,
    /// A grey thumbnail of 64 × 64; the provider passes on the content if the reviewer confirms.
    Thumbnail,
    /// There is no reviewer: every match goes to the report authority.
    None,
}

/// Whether a provider may match different users against different lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lists {
    /// One published list for everyone; who can check which list is used refuses any other.
    One,
    /// Any list that the list authority signed.
    PerUser,
}

impl Policy {
    /// The work of hashing a content of this length: what its padded length takes if timing is hidden.
    pub fn fingerprint_work(&self, setup: &Setup, length: usize) -> Work {
        let padded = || usize::try_from(setup.padding.padded(length as u64)).unwrap_or(usize::MAX);
        Work::Fingerprint(if self.hide_timing { padded() } else { length })
    }

    /// The parameters as a profile shows them.
    pub fn parameters(&self) -> Vec<Parameter> {
        let parameter = |name, value: &str, meaning| Parameter { name, value: value.to_owned(), meaning };
        vec![
            parameter(
                "scanned",
                match self.scanned {
                    Scanned::Senders => "senders",
                    Scanned::Everyone => "everyone",
                },
                "whose devices have contents checked: `senders`, or `everyone` who sends or receives",
            ),
            parameter(
                "threshold",
                &self.threshold.to_string(),
                "matches of one account from which on a match is acted upon, counted by the provider",
            ),
            parameter(
                "delivery",
                match self.delivery {
                    DeliveryRule::Silent => "silent",
                    DeliveryRule::Blocking => "blocking",
                },
                "`silent` delivers whatever the verdict, `blocking` waits for it and drops what is said to match",
            ),
            parameter(
                "outage",
                match self.outage {
                    Outage::Open => "open",
                    Outage::Closed => "closed",
                },
                "without a verdict that it can accept a device sends unchecked (`open`) or not at all (`closed`)",
            ),
            parameter(
                "log_days",
                &self.log_days.to_string(),
                "days for which an honest provider keeps what was checked; a curious one remembers everything",
            ),
            parameter(
                "review",
                match self.review {
                    Review::Content => "content",
                    Review::Thumbnail => "thumbnail",
                    Review::None => "none",
                },
                "what a reviewer sees of a match: the `content`, a grey `thumbnail`, or there is `none`",
            ),
            parameter(
                "hide_timing",
                if self.hide_timing { "true" } else { "false" },
                "whether checking takes as long for all contents of a size class",
            ),
            parameter(
                "lists",
                match self.lists {
                    Lists::One => "one",
                    Lists::PerUser => "per-user",
                },
                "`one` published list for all, or `per-user`: any list that the list authority signed",
            ),
        ]
    }
}
