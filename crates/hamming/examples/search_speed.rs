//! Times of scan and multi-index on one thread: `speed COUNT random|skewed [FOLDER]`. Each line is a name, a tab and a
//! number. With a folder, codes and queries are written there for others to be timed on. `cargo xtask bench hamming`
//! runs it.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark")]

use sightline_hamming::scan::Scan;
use sightline_hamming::{Codes, Index, Kernel, MultiIndex};
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const RADIUS: u32 = 31;
/// Queries timed at most.
const QUERIES: usize = 512;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count: usize = arguments.first().ok_or("COUNT is missing")?.parse()?;
    let skewed = arguments.get(1).is_some_and(|kind| kind == "skewed");
    let (words, asked) = data(count, skewed);
    if let Some(folder) = arguments.get(2) {
        write(&Path::new(folder).join("codes"), &words)?;
        write(&Path::new(folder).join("queries"), &asked)?;
    }
    let codes = Codes::from_words(&words)?;
    drop(words);
    let queries = Codes::from_words(&asked)?;
    limits(&codes);

    let mut expected = Vec::new();
    for kernel in Kernel::available() {
        for reject in [false, true] {
            let scan = Scan { kernel, reject };
            let way = if reject { "rejecting" } else { "full width" };
            for batch in [1, 8, 64] {
                let (time, found) = per_query(&queries, batch, |some| scan.within(&codes, some, RADIUS));
                println!("scan, {kernel:?}, {way}, {batch} a batch\t{time:.3}");
                expected = found;
            }
        }
    }
    let start = Instant::now();
    let index = MultiIndex::new(&codes, RADIUS);
    println!("seconds to make the multi-index\t{:.2}", start.elapsed().as_secs_f64());
    let Some(multi) = index else {
        println!("multi-index: none pays\t0");
        return Ok(());
    };
    println!("gigabytes of multi-index and codes\t{:.3}", (multi.bytes() + codes.bytes()) as f64 / 1e9);
    let slices: Vec<_> = multi.slices().map(|slice| format!("{}/{}", slice.width, slice.threshold)).collect();
    println!("slices, {}\t{}", slices.join(" "), slices.len());
    for batch in [1, 8, 64, QUERIES] {
        let (time, found) = per_query(&queries, batch, |some| multi.within(&codes, some, RADIUS));
        println!("multi-index, {batch} a batch\t{time:.3}");
        assert_eq!(found[..found.len().min(expected.len())], expected[..found.len().min(expected.len())]);
    }
    drop(multi);
    let index = Index::new(codes, RADIUS);
    let (time, found) = per_query(&queries, 64, |some| index.within(some, RADIUS));
    println!("index, 64 a batch\t{time:.3}");
    println!("neighbours of the first 64 queries\t{}", found.iter().take(64).map(Vec::len).sum::<usize>());
    Ok(())
}

/// Codes and queries: every second query is 0 to 31 bits away from a code, the others are random. Skewed: half of the
/// codes and queries lie within a few bits of one of 16 centres, as near-duplicates do.
fn data(count: usize, skewed: bool) -> (Vec<[u64; 4]>, Vec<[u64; 4]>) {
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    };
    let centres: Vec<[u64; 4]> = (0..16).map(|_| [(); 4].map(|()| next())).collect();
    let mut code = |hot: bool| {
        if !hot {
            return [(); 4].map(|()| next());
        }
        // Each bit of a centre is flipped with probability 1/8: codes of one centre are 56 bits apart on average.
        centres[usize::from(next().to_le_bytes()[0]) % centres.len()].map(|word| word ^ (next() & next() & next()))
    };
    let words: Vec<[u64; 4]> = (0..count).map(|place| code(skewed && place % 2 == 0)).collect();
    let asked = (0..QUERIES).map(|place| {
        if place % 2 == 0 {
            return code(skewed && place % 4 == 0);
        }
        let mut near = words[place * (count / QUERIES)];
        for bit in 0..place / 2 % 32 {
            near[bit % 4] ^= 1 << (bit / 4 * 5);
        }
        near
    });
    let asked = asked.collect();
    (words, asked)
}

fn write(path: &Path, codes: &[[u64; 4]]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    codes.iter().flatten().try_for_each(|word| file.write_all(&word.to_le_bytes()))?;
    file.flush()
}

/// Microseconds a query takes (the best of up to ten passes of about 0.1 s, and a second in all), and what was found
/// in the last.
fn per_query<T>(queries: &Codes, batch: usize, mut search: impl FnMut(&Codes) -> Vec<T>) -> (f64, Vec<T>) {
    let mut best = f64::INFINITY;
    let mut found = Vec::new();
    let batches: Vec<Codes> =
        (0..queries.len() / batch).map(|place| queries.part(place * batch..(place + 1) * batch)).collect();
    let all = Instant::now();
    for _ in 0..10 {
        found.clear();
        let start = Instant::now();
        for some in &batches {
            found.extend(search(some));
            if start.elapsed() > Duration::from_millis(100) {
                break;
            }
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / found.len() as f64);
        if all.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    (best, found)
}

/// What the machine can do: reading memory, and counting ones in the first-level cache.
fn limits(codes: &Codes) {
    let large = vec![1_u64; 1 << 25];
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        black_box(black_box(&large).iter().fold(0, |sum: u64, word| sum.wrapping_add(*word)));
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("gigabytes a second from memory\t{:.1}", size_of_val(large.as_slice()) as f64 / best / 1e9);
    // The kernel itself on 1024 codes, which stay in the first-level cache: its own limit.
    let some = codes.part(0..codes.len().min(1024));
    let queries = codes.part(0..codes.len().min(64));
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..200 {
            black_box(Scan::default().within(black_box(&some), &queries, 0));
        }
        best = best.min(start.elapsed().as_secs_f64() / 200.0);
    }
    println!(
        "billion comparisons a second in the first-level cache\t{:.2}",
        (some.len() * queries.len()) as f64 / best / 1e9
    );
}
