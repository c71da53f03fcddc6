//! Small settings for tests.

use sightline_fingerprint::Memo;
use sightline_lists::{Entry, HashList, Provenance, Radius};
use sightline_messenger::Padding;
use sightline_pictures::{Corpus, decode};
use sightline_protocol::{Content, ContentKind, Order, Setup, Span, Time};
use std::sync::Arc;

/// A setting with generated pictures, the first of which is listed, and a court's order about user 0 for ten minutes.
pub struct World {
    /// The setting.
    pub setup: Setup,
    /// The pictures.
    pub corpus: Corpus,
}

impl World {
    /// A setting for `users` users with three pictures.
    ///
    /// # Panics
    /// If a generated picture cannot be hashed, which is a bug elsewhere.
    pub fn new(users: u16) -> Self {
        let corpus = Corpus::generated([7; 32], 3, &mut |_, _| {});
        let memo = Memo::default();
        let listed = memo.look(&corpus.pictures[0].bytes).marks.clone().expect("generated pictures can be hashed").pdq;
        let list = HashList::new([Entry { hash: listed.hash, provenance: Provenance::Picture }]);
        let setup = Setup {
            users,
            padding: Padding::Padme,
            list: Arc::new(list),
            radius: Radius::default(),
            target: None,
            memo: Arc::new(memo),
            order: Some(Order {
                accounts: [0].into(),
                applied: Time::START,
                from: Time::START,
                until: Time::after_start(Span::seconds(600)),
            }),
        };
        Self { setup, corpus }
    }

    /// Picture `number` as a content; number 0 is listed.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn picture(&self, number: usize) -> Content {
        let bytes = self.corpus.pictures[number].bytes.to_vec();
        debug_assert!(decode(&bytes).is_ok());
        Content { kind: ContentKind::Picture, bytes }
    }
}
