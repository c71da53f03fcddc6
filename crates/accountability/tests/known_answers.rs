//! The tree of eight leaves that RFC 6962's first implementation published with its roots and proofs (Certificate
//! Transparency, `merkletree` tests; the same in transparency-dev/merkle, `testonly`).
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use sightline_accountability::log::verify::{leaf_hash, root};
use sightline_accountability::log::{Checkpoint, Log, LogError, Proof, Record, Witness};

const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// By size, from 0.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// From, to, hashes.
const CONSISTENCY: [(usize, usize, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// Index, size, hashes.
const INCLUSION: [(usize, usize, &[&str]); 3] = [
    (0, 8, CONSISTENCY[1].2),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
];

fn hash(digits: &str) -> [u8; 32] {
    hex::decode(digits).unwrap().try_into().unwrap()
}

fn proof(hashes: &[&str]) -> Proof {
    Proof::new(hashes.iter().map(|digits| hash(digits)).collect())
}

fn leaves() -> Vec<[u8; 32]> {
    LEAVES.iter().map(|digits| leaf_hash(&hex::decode(digits).unwrap())).collect()
}

fn checkpoint(size: usize) -> Checkpoint {
    Checkpoint { origin: "published".into(), size: size as u64, root: hash(ROOTS[size]) }
}

#[test]
fn roots() {
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(hex::encode(root(&leaves()[..size])), *expected, "{size}");
    }
}

#[test]
fn proofs() {
    let elsewhere = Checkpoint { origin: "elsewhere".into(), ..checkpoint(1) };
    let refused = checkpoint(8).extends(&elsewhere, &proof(CONSISTENCY[1].2));
    assert!(matches!(refused, Err(LogError::WrongOrigin { .. })));
    for (from, to, hashes) in CONSISTENCY {
        assert_eq!(checkpoint(to).extends(&checkpoint(from), &proof(hashes)), Ok(()), "{from}, {to}");
    }
    for (index, size, hashes) in INCLUSION {
        let leaf = leaves()[index];
        assert_eq!(checkpoint(size).includes_leaf(index as u64, leaf, &proof(hashes)), Ok(()), "{index}, {size}");
    }
}

/// 70,000 entries have the files that tlog-tiles lists for this size, and they can be read by their description alone.
#[test]
fn a_stranger_reads_the_files_of_a_large_log() {
    let mut log = Log::new("example.com/large", &[1; 32]).unwrap();
    for number in 0_u32..70_000 {
        log.append(&Record::new(1_780_272_000, number.to_be_bytes().to_vec()).unwrap());
    }
    let files: std::collections::BTreeMap<String, Vec<u8>> = log.tiles().collect();
    let count = |start: &str| files.keys().filter(|path| path.starts_with(start)).count();
    assert_eq!((count("tile/0/"), count("tile/1/"), count("tile/2/"), count("tile/entries/")), (274, 2, 1, 274));
    for path in
        ["tile/0/000", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"]
    {
        assert!(files.contains_key(path), "{path}");
    }
    let checkpoint = log.key().open(&log.checkpoint()).unwrap();
    let read = |path: &str| files.get(path).cloned();
    assert_eq!(checkpoint.check_tiles(read), Ok(()));
    let records = checkpoint.records(read).unwrap();
    assert_eq!((records.len(), records[69_999].body()), (70_000, 69_999_u32.to_be_bytes().as_slice()));

    // Every level is compared.
    for path in ["tile/0/100", "tile/1/001.p/17", "tile/2/000.p/1"] {
        let other = |asked: &str| if asked == path { Some(vec![0; files[path].len()]) } else { read(asked) };
        assert!(checkpoint.check_tiles(other).is_err(), "{path}");
    }

    // By hand, from the leaves' tiles and no path of this crate's reader.
    let tiles =
        (0..274).map(|number| if number < 273 { format!("tile/0/{number:03}") } else { "tile/0/273.p/112".into() });
    let leaves: Vec<[u8; 32]> = tiles.flat_map(|path| files[&path].as_chunks().0.to_vec()).collect();
    assert_eq!(root(&leaves), checkpoint.root);
}

/// What this log and witness sign, byte for byte. Its files and both signatures were once checked
/// with a reader written in Python from the specifications, with the signatures of its package `cryptography`.
#[test]
fn a_log_is_the_same_every_time() {
    let mut log = Log::new("example.com/requests", &[1; 32]).unwrap();
    let mut witness = Witness::new("example.org/w1", &[11; 32], log.key().clone()).unwrap();
    for number in 0..700 {
        log.append(&Record::new(1_780_272_000 + number, format!("request {number}").into_bytes()).unwrap());
    }
    let note = log.checkpoint();
    let line = witness.cosign(&note, &Proof::default(), 1_780_273_000).unwrap();
    let expected = "example.com/requests\n700\nRTOPxjR+BIJUe1eu+/wQWB1aqtEE/yrKeEKornBP/oI=\n\n\
        — example.com/requests \
        XlQyjB+0wCLxAs2CCgxgZvy/G1LN+EF0di60QgaNKuPHclXu1cnLMYSbD7dpU4Ts9oxVCQsLACsZqiTQQeS9O3oA0QM=\n\
        — example.org/w1 \
        wFYNOgAAAABqHM9oKeObk5VcAT3//evWrzkTHBj3XjRSophrR7cn4D0Nxd12TLy+jZBeX9hGQKkNqW29RqlEVrOI43PNp7TtElx3BA==\n";
    assert_eq!(String::from_utf8([note, line].concat()).unwrap(), expected);
    assert_eq!(log.key().to_string(), "example.com/requests+5e54328c+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
    assert_eq!(witness.key().to_string(), "example.org/w1+c0560d3a+BGa+fjMsekUzMr2dCn99sFX1xe8aBq2mbZizn7aBDEc6");
}
