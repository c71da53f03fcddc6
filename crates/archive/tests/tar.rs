//! Archives of GNU tar 1.34 in its three forms (`tar --format=gnu|pax|ustar`), and what is wrong with others.

use proptest::prelude::*;
use sightline_archive::{ArchiveError, BLOCK, Member, MemberError, Tar};
use std::io::{self, Read};

const GNU: &[u8] = include_bytes!("data/gnu.tar");
const PAX: &[u8] = include_bytes!("data/pax.tar");
const USTAR: &[u8] = include_bytes!("data/ustar.tar");
const SPARSE: [&[u8]; 2] = [include_bytes!("data/sparse-gnu.tar"), include_bytes!("data/sparse-pax.tar")];

fn read(bytes: &[u8]) -> (Vec<Member>, Option<ArchiveError>) {
    let mut members = Vec::new();
    let mut tar = Tar::new(bytes, 600);
    let error = tar.by_ref().find_map(|member| member.map(|member| members.push(member)).err());
    assert!(tar.next().is_none(), "after its end nothing comes");
    (members, error)
}

/// What all three archives hold, besides folders and a link.
fn expected() -> Vec<(String, Result<Vec<u8>, MemberError>)> {
    let deep = format!("d/{}/{}/deep.txt", "n".repeat(60), "m".repeat(60));
    let mut all = vec![
        ("d/empty".to_owned(), Ok(vec![])),
        (deep, Ok(b"deep".to_vec())),
        ("d/one.txt".into(), Ok(b"one".to_vec())),
        ("d/two.bin".into(), Err(MemberError::TooLong { bytes: 700, limit: 600 })),
    ];
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn sorted(members: Vec<Member>) -> Vec<(String, Result<Vec<u8>, MemberError>)> {
    let mut all: Vec<_> = members.into_iter().map(|member| (member.name, member.bytes)).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

#[test]
fn every_form_of_gnu_tar_is_read() {
    for bytes in [GNU, PAX, USTAR] {
        let (members, error) = read(bytes);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(sorted(members), expected());
        assert!(Tar::begins(bytes));
    }
    assert!(!Tar::begins(&[0; BLOCK]) && !Tar::begins(b"pictures/a.jpg\n"));
}

#[test]
fn archives_one_after_the_other_are_read_as_one() {
    let (members, error) = read(&[GNU, USTAR, PAX].concat());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(members.len(), 12);
}

#[test]
fn sparse_files_are_refused_by_name_and_the_rest_is_read() {
    for bytes in SPARSE {
        let (members, error) = read(bytes);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(members[0].bytes, Err(MemberError::Sparse));
        assert_eq!(members[1], Member { name: "d/one.txt".into(), bytes: Ok(b"one".to_vec()) });
    }
}

#[test]
fn lengths_in_binary_and_names_without_an_end_are_read() {
    let mut header = made(&"n".repeat(100), b"");
    header[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    seal(&mut header);
    let mut archive = header;
    archive.extend(b"ab");
    archive.resize(2 * BLOCK, 0);
    archive.resize(4 * BLOCK, 0);
    let (members, error) = read(&archive);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(members, [Member { name: "n".repeat(100), bytes: Ok(b"ab".to_vec()) }]);
}

#[test]
fn what_came_before_a_cut_stands_and_its_place_is_said() {
    let archive = [made("first", b"1"), made("second", &[2; 600]), vec![0; 2 * BLOCK]].concat();
    let names = |members: &[Member]| members.iter().map(|member| member.name.clone()).collect::<Vec<_>>();
    let (members, error) = read(&archive[..4 * BLOCK]);
    assert_eq!(names(&members), ["first"]);
    let error = error.expect("it is cut off").to_string();
    assert!(error.contains("it ends at byte 2048, inside `second`"), "{error}");
    let (members, error) = read(&archive[..5 * BLOCK]);
    assert_eq!(names(&members), ["first", "second"]);
    let error = error.expect("the mark of the end is missing").to_string();
    assert!(error.contains("it ends at byte 2560, before the mark of an end"), "{error}");
    // One block of the mark is enough.
    assert!(read(&archive[..6 * BLOCK]).1.is_none());
    for end in 0..6 * BLOCK {
        assert!(matches!(read(&archive[..end]).1, Some(ArchiveError::CutOff { at, .. }) if at == end as u64), "{end}");
    }
}

#[test]
fn a_damaged_header_is_named_by_its_place() {
    let mut archive = [made("first", b"1"), made("second", b"2"), vec![0; 2 * BLOCK]].concat();
    archive[2 * BLOCK + 3] ^= 1;
    let (members, error) = read(&archive);
    assert_eq!(members.len(), 1);
    assert!(matches!(error, Some(ArchiveError::Damaged { at: 1024, .. })), "{error:?}");
    let (members, error) = read(b"no archive at all");
    assert!(members.is_empty() && matches!(error, Some(ArchiveError::CutOff { at: 17, .. })), "{error:?}");
}

#[test]
fn a_reader_that_fails_is_told_from_a_cut() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let start = made("first", b"1");
    let mut tar = Tar::new(start.as_slice().chain(Broken), 600);
    assert!(tar.next().is_some_and(|member| member.is_ok()));
    assert!(matches!(tar.next(), Some(Err(ArchiveError::Unreadable { at: 1024, .. }))));
}

#[test]
fn long_names_take_no_more_memory_than_names_do() {
    let mut header = made("@LongLink", b"");
    header[156] = b'L';
    header[124..135].copy_from_slice(b"77777777777");
    seal(&mut header);
    assert!(matches!(read(&header).1, Some(ArchiveError::Damaged { .. })));
}

proptest! {
    #[test]
    fn a_flipped_bit_in_a_header_is_noticed(at in 0..BLOCK, bit in 0..8) {
        let mut archive = [made("first", b"1"), vec![0; 2 * BLOCK]].concat();
        archive[at] ^= 1_u8 << bit;
        // But for the digits of the checksum, which may mean the same number in other digits.
        if !(148..156).contains(&at) {
            prop_assert!(read(&archive).1.is_some());
        }
    }

    #[test]
    fn any_cut_of_any_form_is_noticed_and_loses_nothing_before(at: prop::sample::Index) {
        for bytes in [GNU, PAX, USTAR] {
            // The mark of the end takes the last two blocks, of which one is enough.
            let at = at.index(bytes.len() - 2 * BLOCK);
            let (whole, _) = read(bytes);
            let (members, error) = read(&bytes[..at]);
            prop_assert!(error.is_some());
            prop_assert_eq!(&whole[..members.len()], &members[..]);
        }
    }
}

/// A member in the oldest form.
fn made(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut member = vec![0; BLOCK];
    member[..name.len()].copy_from_slice(name.as_bytes());
    member[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
    member[156] = b'0';
    seal(&mut member);
    member.extend(bytes);
    member.resize(member.len().next_multiple_of(BLOCK), 0);
    member
}

fn seal(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header[..BLOCK].iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
