//! What `sightline fingerprint` reads, and how it goes on after an interruption; index files.

use sightline_pictures::Corpus;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    /// A folder with five pictures below `own`, and what they hash to.
    fn with_pictures() -> (Self, Vec<String>) {
        let folder = Self(TempDir::new().expect("a temporary folder can be made"));
        let corpus = Corpus::generated([7; 32], 5, &mut |_, _| ());
        fs::create_dir(folder.0.path().join("own")).expect("a temporary folder can be written to");
        for (number, picture) in corpus.pictures.iter().enumerate() {
            folder.write(&format!("own/{number}.jpg"), &picture.bytes);
        }
        let listed = folder.run(&["fingerprint", "own"], b"");
        assert!(listed.status.success());
        let hash = |line: &String| line.split_once(',').expect("two fields").1.to_owned();
        let hashes = lines(&listed)[1..].iter().map(hash).collect();
        (folder, hashes)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.path().join(name), bytes).expect("a temporary folder can be written to");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).expect("it is there")
    }

    fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
        command.args(arguments).current_dir(self.0.path());
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("the program starts");
        // It may end before it has read everything.
        let _ = child.stdin.take().expect("it is piped").write_all(input);
        child.wait_with_output().expect("the program ends")
    }
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A tar archive of these files, in ustar.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in files {
        let mut header = vec![0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.extend(header);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

#[test]
fn archives_are_read_as_if_they_were_folders() {
    let (folder, hashes) = Folder::with_pictures();
    let [first, second] = ["own/0.jpg", "own/1.jpg"].map(|name| folder.read(name));
    let files: [(&str, &[u8]); 5] = [
        ("000.jpg", &first),
        ("000.json", b"{}"),
        ("001.bin", &second),
        ("002.jpg", b"<html>not found</html>"),
        ("003.txt", b"a caption"),
    ];
    folder.write("own/shard.tar", &tar(&files));
    let done = folder.run(&["fingerprint", "own/shard.tar"], b"");
    let expected = [format!("own/shard.tar/000.jpg,{}", hashes[0]), format!("own/shard.tar/001.bin,{}", hashes[1])];
    assert_eq!(lines(&done)[1..], expected);
    let said = stderr(&done);
    assert!(said.contains("own/shard.tar/002.jpg: the content is not JPEG") && !said.contains("000.json"), "{said}");
    assert!(said.contains("2 other members of archives were passed over"), "{said}");
    assert_eq!(done.status.code(), Some(2));
    // Within a folder, it has its place among the files.
    let walked = lines(&folder.run(&["fingerprint", "own"], b""));
    assert_eq!(walked.len(), 8);
    assert_eq!(walked[6..], expected);
    // What came before a cut stands.
    folder.write("cut.tar", &tar(&files)[..512 + first.len() + 300]);
    let cut = folder.run(&["fingerprint", "cut.tar"], b"");
    assert!(stderr(&cut).contains("cut.tar: it is cut off: it ends at byte"), "{}", stderr(&cut));
    folder.write("cut.tar", &tar(&files)[..1024 + first.len().next_multiple_of(512) + 512]);
    let cut = folder.run(&["fingerprint", "cut.tar"], b"");
    assert_eq!(lines(&cut)[1..], [format!("cut.tar/000.jpg,{}", hashes[0])]);
    assert_eq!(cut.status.code(), Some(2));
    let no_table = folder.run(&["fingerprint", "cut.parquet"], b"");
    assert!(stderr(&no_table).contains("cut.parquet: No such file"), "{}", stderr(&no_table));
}

#[test]
fn standard_input_is_an_archive_a_picture_or_a_list() {
    let (folder, hashes) = Folder::with_pictures();
    let picture = folder.read("own/3.jpg");
    let archive = tar(&[("a.jpg", &picture), ("b.jpg", &folder.read("own/4.jpg"))]);
    let found = |input: &[u8]| lines(&folder.run(&["fingerprint", "-"], input))[1..].to_vec();
    assert_eq!(found(&archive), [format!("a.jpg,{}", hashes[3]), format!("b.jpg,{}", hashes[4])]);
    // As `cat *.tar` gives them.
    let two = [&archive[..], &tar(&[("c.jpg", &picture)])].concat();
    assert_eq!(found(&two).len(), 3);
    assert_eq!(found(&picture), [format!("-,{}", hashes[3])]);
    assert_eq!(found(b"own/3.jpg\nown/4.jpg\n").len(), 2);
    for (input, why) in [(&b"PAR1"[..], "name the file"), (b"\x1f\x8b", "zcat")] {
        let refused = folder.run(&["fingerprint", "-"], input);
        assert!(stderr(&refused).contains(why), "{}", stderr(&refused));
        assert_eq!(refused.status.code(), Some(2));
    }
}

#[test]
fn an_interrupted_command_goes_on_wherever_it_was_stopped() {
    let (folder, _) = Folder::with_pictures();
    // A name that has to be quoted, with a line feed in it.
    fs::rename(folder.0.path().join("own/2.jpg"), folder.0.path().join("own/2,\"\n\".jpg")).expect("it is there");
    let start = ["fingerprint", "own", "--output", "hashes.csv"];
    let resume = [&start[..], &["--resume"]].concat();
    let done = folder.run(&start, b"");
    assert!(done.status.success() && done.stdout.is_empty(), "{}", stderr(&done));
    let whole = folder.read("hashes.csv");
    assert_eq!(String::from_utf8_lossy(&whole).replace("\n\"\"", "").lines().count(), 6);
    let again = folder.run(&start, b"");
    assert!(stderr(&again).contains("--resume goes on with it"), "{}", stderr(&again));
    for end in (0..=whole.len()).step_by(13).chain([whole.len() - 1, whole.len()]) {
        folder.write("hashes.csv", &whole[..end]);
        let done = folder.run(&resume, b"");
        assert!(done.status.success(), "{}", stderr(&done));
        assert_eq!(folder.read("hashes.csv"), whole, "cut after {end} bytes");
    }
    // What is finished is not looked at again.
    let mut lines: Vec<String> = String::from_utf8_lossy(&whole).split_inclusive('\n').map(str::to_owned).collect();
    lines[1] = lines[1].replace(|digit: char| digit.is_ascii_hexdigit() && digit > '9', "0");
    folder.write("hashes.csv", lines.concat().as_bytes());
    assert!(folder.run(&resume, b"").status.success());
    assert_eq!(String::from_utf8_lossy(&folder.read("hashes.csv")), lines.concat());
    // A file of something else is left as it is.
    folder.write("hashes.csv", b"file,phash_hex,quality\n");
    let refused = folder.run(&resume, b"");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(folder.read("hashes.csv"), b"file,phash_hex,quality\n");
}

#[test]
fn an_index_file_answers_as_its_list_does() {
    let (folder, hashes) = Folder::with_pictures();
    let hex = |line: &String| line.split(',').next().expect("a hash").to_owned() + "\n";
    folder.write("one.txt", hashes[..4].iter().map(hex).collect::<String>().as_bytes());
    folder.write("two.txt", hashes[4..].iter().map(hex).collect::<String>().as_bytes());
    folder.write("all.txt", hashes.iter().map(hex).collect::<String>().as_bytes());
    let asked = |entries: &[&str]| {
        let done = folder.run(&[&["match"][..], entries, &["all.txt", "own/2.jpg"]].concat(), b"");
        assert!(done.status.success(), "{}", stderr(&done));
        lines(&done)
    };
    let made = folder.run(&["index", "one.txt", "-o", "codes"], b"");
    assert!(stderr(&made).contains("codes: 4 entries; scan: for 4 codes"), "{}", stderr(&made));
    assert_eq!(asked(&["--index", "codes"]), asked(&["--list", "one.txt"]));
    assert_eq!(folder.run(&["index", "one.txt", "-o", "codes"], b"").status.code(), Some(4), "nothing is overwritten");
    let added = folder.run(&["index", "two.txt", "--add", "-o", "codes"], b"");
    assert!(added.status.success() && stderr(&added).contains("5 entries"), "{}", stderr(&added));
    assert_eq!(asked(&["--index", "codes"]), asked(&["--list", "all.txt"]));
    assert!(!folder.0.path().join("codes.unfinished").exists());

    let whole = folder.read("codes");
    let refused = |bytes: &[u8], why: &str| {
        folder.write("codes", bytes);
        for command in [&["match", "--index", "codes", "all.txt"][..], &["index", "two.txt", "--add", "-o", "codes"]] {
            let done = folder.run(command, b"");
            assert_eq!(done.status.code(), Some(2));
            let said = stderr(&done).replace("\n  │ ", " ");
            assert!(said.contains(why), "{said}");
        }
        assert_eq!(folder.read("codes"), bytes, "it is left as it is");
    };
    let mut damaged = whole.clone();
    damaged[200] ^= 1;
    refused(&damaged, "damaged in section 0");
    refused(&whole[..whole.len() - 1], "cut off in section 0");
    refused(&folder.read("own/2.jpg"), "no file of codes");
    refused(&[&whole[..], b"more"].concat(), "4 bytes follow");
    let missing = folder.run(&["match", "--index", "nowhere", "all.txt"], b"");
    assert_eq!(missing.status.code(), Some(4));
    assert!(Path::new(env!("CARGO_BIN_EXE_sightline")).exists());
}

/// Many additions, small and large: what is appended and what is written anew answer as one list.
#[test]
fn additions_are_appended_or_everything_is_written_anew() {
    let folder = Folder(TempDir::new().expect("a temporary folder can be made"));
    let hash = |number: u64| {
        let words = [1, 2, 3, 4].map(|word| number.wrapping_mul(word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        words.iter().map(|word| format!("{word:016x}")).collect::<String>() + "\n"
    };
    let list = |numbers: std::ops::Range<u64>| numbers.map(hash).collect::<String>();
    folder.write("first.txt", list(1..60_000).as_bytes());
    let made = folder.run(&["index", "first.txt", "-o", "codes"], b"");
    assert!(stderr(&made).contains("multi-index"), "{}", stderr(&made));
    let mut end = 60_000;
    let mut anew = 0;
    for count in [10, 1, 6000, 5000] {
        let before = folder.read("codes");
        let added = folder.run(&["index", "-", "--add", "-o", "codes"], list(end..end + count).as_bytes());
        assert!(added.status.success(), "{}", stderr(&added));
        end += count;
        // What is appended leaves all before it but the header.
        anew += u64::from(!folder.read("codes")[96..].starts_with(&before[96..]));
        folder.write("all.txt", list(1..end).as_bytes());
        let asked: String = [1, 59_999, 60_005, end - 1].map(hash).concat();
        let ask = |entries: [&str; 2]| lines(&folder.run(&["match", entries[0], entries[1], "-"], asked.as_bytes()));
        assert_eq!(ask(["--index", "codes"]), ask(["--list", "all.txt"]));
        assert!(ask(["--index", "codes"]).len() > 4);
    }
    assert_eq!(anew, 1, "11 011 of 59 999 are more than an eighth, 6011 are not");
}

/// A program of the system stands in for a proprietary or neural hash: its bits must be those that are computed here.
#[test]
#[cfg(unix)]
fn another_program_can_make_the_fingerprints() {
    let (folder, hashes) = Folder::with_pictures();
    let plugin = |run: &str| {
        let text = format!("name = \"outside\"\nbits = 256\nthreshold = 0\nrun = [\"sh\", \"-c\", \"{run}\"]\n");
        folder.write("outside.toml", text.as_bytes());
    };
    plugin("sha256sum | cut -c1-64");
    let found = folder.run(&["fingerprint", "--plugin", "outside.toml", "own"], b"");
    let expected = folder.run(&["fingerprint", "--algorithm", "sha256", "own"], b"");
    assert_eq!(lines(&found)[0], "file,outside_hex,quality");
    assert_eq!(lines(&found)[1..], lines(&expected)[1..], "{}", stderr(&found));
    // One that fails for some pictures is named with them.
    plugin("head -c 20000 | wc -c | grep -q 20000 && echo no hash || sha256sum | cut -c1-64");
    let found = folder.run(&["fingerprint", "--plugin", "outside.toml", "own"], b"");
    assert_eq!(found.status.code(), Some(2));
    let said = stderr(&found);
    assert!(said.contains(".jpg: outside gave `no hash` where 64 hexadecimal digits are expected"), "{said}");
    assert!(lines(&found).len() < 1 + hashes.len());
    let measure =
        ["accuracy", "--quick", "--count", "8", "--algorithms", "sha256", "--plugin", "outside.toml", "--out", "out"];
    let failed = folder.run(&measure, b"");
    assert_eq!(failed.status.code(), Some(2), "{}", stderr(&failed));
    assert!(stderr(&failed).contains("nothing was written: outside failed"), "{}", stderr(&failed));
    assert!(!folder.0.path().join("out").exists());
    plugin("sha256sum | cut -c1-64");
    let done = folder.run(&measure, b"");
    assert!(done.status.success(), "{}", stderr(&done));
    // No changed picture is the same file.
    assert!(lines(&done).iter().any(|line| line.starts_with("outside ") && line.contains("0.5000")), "{done:?}");
    folder.write("outside.toml", b"name = \"pdq\"\nbits = 256\nthreshold = 0\nrun = [\"true\"]\n");
    let taken = folder.run(&["fingerprint", "--plugin", "outside.toml", "own"], b"");
    assert!(stderr(&taken).contains("there is a fingerprint `pdq` already"), "{}", stderr(&taken));
    assert_eq!(taken.status.code(), Some(2));
}
