//! The program as a plug-in asks it, on networks of one layer that are written here, byte by byte.
#![expect(clippy::unwrap_used, reason = "a test")]

use sightline_fingerprint::Algorithm as _;
use sightline_onnx::{Cut, Model, ModelError, Preparation};
use sightline_pictures::{Picture, generate};
use sightline_plugin::Plugin;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const SIDE: usize = 8;
const BITS: usize = 16;

/// Protocol Buffers: a field of bytes.
fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    let mut length = content.len();
    while length >= 128 {
        out.push(u8::try_from(length % 128).unwrap() | 128);
        length /= 128;
    }
    out.push(u8::try_from(length).unwrap());
    out.extend_from_slice(content);
    out
}

/// A field of a number below 128.
fn number(field: u8, value: usize) -> Vec<u8> {
    vec![field << 3, u8::try_from(value).unwrap()]
}

fn message(fields: &[Vec<u8>]) -> Vec<u8> {
    fields.concat()
}

/// A weight of the layer: of so many values in, for each bit.
fn weight(from: usize, to: usize) -> f32 {
    ((from * 7 + to * 13 + from * to) % 17) as f32 / 8.0 - 1.0
}

/// A network of ONNX 1 (`ModelProto` in `onnx.proto3`): `Flatten`, then `MatMul` with a constant. `shape` is what it takes; 0 leaves a length open.
fn network(shape: [usize; 4], bits: usize) -> Vec<u8> {
    let values: usize = shape[1..].iter().product();
    let dimension = |length: &usize| if *length == 0 { bytes(1, &bytes(2, b"n")) } else { bytes(1, &varint(*length)) };
    let shaped = |lengths: &[usize]| message(&lengths.iter().map(dimension).collect::<Vec<_>>());
    // ValueInfoProto: name, type (tensor of float, shape).
    let tensor = |lengths: &[usize]| bytes(1, &message(&[number(1, 1), bytes(2, &shaped(lengths))]));
    let value = |name: &[u8], lengths: &[usize]| message(&[bytes(1, name), bytes(2, &tensor(lengths))]);
    let node = |kind: &[u8], from: &[&[u8]], to: &[u8]| {
        let mut fields: Vec<Vec<u8>> = from.iter().map(|name| bytes(1, name)).collect();
        fields.extend([bytes(2, to), bytes(3, to), bytes(4, kind)]);
        message(&fields)
    };
    let weights: Vec<u8> = (0..values * bits).flat_map(|at| weight(at / bits, at % bits).to_le_bytes()).collect();
    let constant = message(&[
        [vec![1 << 3], raw(values)].concat(),
        [vec![1 << 3], raw(bits)].concat(),
        number(2, 1),
        bytes(8, b"weights"),
        bytes(9, &weights),
    ]);
    let graph = message(&[
        bytes(1, &node(b"Flatten", &[b"picture"], b"flat")),
        bytes(1, &node(b"MatMul", &[b"flat", b"weights"], b"numbers")),
        bytes(2, b"layer"),
        bytes(5, &constant),
        bytes(11, &value(b"picture", &shape)),
        bytes(12, &value(b"numbers", &[shape[0], bits])),
    ]);
    message(&[number(1, 8), bytes(7, &graph), bytes(8, &message(&[bytes(1, b""), number(2, 13)]))])
}

fn raw(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 128 {
        out.push(u8::try_from(value % 128).unwrap() | 128);
        value /= 128;
    }
    out.push(u8::try_from(value).unwrap());
    out
}

fn varint(value: usize) -> Vec<u8> {
    [vec![1 << 3], raw(value)].concat()
}

fn model(file: Vec<u8>) -> Result<Model, ModelError> {
    Model::read(file, None, Preparation::default(), Cut::Above(0.0))
}

fn picture(index: u64) -> Picture {
    generate(&[5; 32], index).picture
}

/// What the layer gives, in plain words: channels first.
fn expected(picture: &Picture, mean: f32, deviation: f32) -> Vec<f32> {
    let small = picture.scale(8, 8).unwrap();
    let level = |channel: usize, pixel: usize| f32::from(small.rgb()[3 * pixel + channel]) / 255.0;
    let value = |at: usize| (level(at / (SIDE * SIDE), at % (SIDE * SIDE)) - mean) / deviation;
    (0..BITS).map(|bit| (0..3 * SIDE * SIDE).map(|at| value(at) * weight(at, bit)).sum()).collect()
}

fn packed(numbers: &[f32], above: f32) -> Vec<u8> {
    numbers.chunks(8).map(|eight| eight.iter().fold(0, |byte, number| byte << 1 | u8::from(*number > above))).collect()
}

#[test]
fn bits_are_those_of_the_layer() {
    let model = model(network([1, 3, SIDE, SIDE], BITS)).unwrap();
    assert_eq!((model.bits(), model.size()), (BITS, (8, 8)));
    let mut seen = std::collections::BTreeSet::new();
    for index in 0..12 {
        let found = model.fingerprint(&picture(index)).unwrap();
        assert_eq!(found, packed(&expected(&picture(index), 0.0, 1.0), 0.0), "picture {index}");
        seen.insert(found);
    }
    assert!(seen.len() > 1, "pictures differ");
}

#[test]
fn preparation_cut_and_layout() {
    let preparation = Preparation { mean: [0.5; 3], deviation: [0.25; 3], side: 8 };
    let file = network([1, 3, SIDE, SIDE], BITS);
    let numbers = expected(&picture(3), 0.5, 0.25);
    let found = |cut| Model::read(file.clone(), Some("numbers"), preparation, cut).unwrap().fingerprint(&picture(3));
    assert_eq!(found(Cut::Above(1.5)).unwrap(), packed(&numbers, 1.5));
    let half = found(Cut::Median).unwrap();
    assert_eq!(half.iter().map(|byte| byte.count_ones()).sum::<u32>(), 8);
    // The same pixels in another order, one channel, and sides and number of pictures left open.
    let shapes = [[1, SIDE, SIDE, 3], [0, 3, SIDE, SIDE], [1, 1, SIDE, SIDE], [1, SIDE, SIDE, 1]];
    for shape in shapes {
        let model = Model::read(network(shape, BITS), None, preparation, Cut::Above(0.0)).unwrap();
        assert_eq!(model.fingerprint(&picture(0)).unwrap().len(), 2, "{shape:?}");
    }
}

#[test]
fn what_cannot_be_is_said() {
    let says = |file: Vec<u8>, wanted: &str| {
        let said = model(file).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(wanted), "{said}");
    };
    says(b"no model".to_vec(), "cannot be read");
    says(Vec::new(), "cannot be read");
    says(network([1, 4, SIDE, SIDE], BITS), "takes [1, 4, 8, 8]");
    says(network([2, 3, SIDE, SIDE], BITS), "takes [2, 3, 8, 8]");
    says(network([1, 3, SIDE, SIDE], 12), "gives 12 numbers");
    let other = Model::read(network([1, 3, 8, 8], 8), Some("hash"), Preparation::default(), Cut::Median).err().unwrap();
    assert_eq!(other.to_string(), "the model has no output `hash`; it has: numbers");
    // Cut off anywhere it is refused, or what is left is a model.
    let whole = network([1, 3, SIDE, SIDE], BITS);
    for end in (0..whole.len()).step_by(97).chain(0..200) {
        let _ = model(whole[..end].to_vec());
    }
    for place in 0..400 {
        let mut damaged = whole.clone();
        let at = place * (whole.len() - 1) / 399;
        damaged[at] ^= 1 << (place % 8);
        if let Ok(model) = model(damaged) {
            let _ = model.fingerprint(&picture(1));
        }
    }
}

fn program(arguments: &[&str], input: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_sightline-onnx");
    let pipes = || Stdio::piped();
    let started = Command::new(program).args(arguments).stdin(pipes()).stdout(pipes()).stderr(pipes()).spawn();
    let mut child = started.unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// As `docs/fingerprints.md` tells: describe, then ask the plug-in.
#[test]
fn what_it_describes_is_a_plug_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Tiny net.onnx");
    std::fs::write(&path, network([1, 3, SIDE, SIDE], BITS)).unwrap();
    let path = path.to_str().unwrap();
    let described = program(&[path, "--describe", "--mean", "0.5"], "");
    assert!(described.status.success(), "{described:?}");
    let described = String::from_utf8(described.stdout).unwrap();
    let plugin = Plugin::read(&described).unwrap_or_else(|error| panic!("{error}\n{described}"));
    assert_eq!((plugin.name(), plugin.bits(), plugin.threshold()), ("tiny-net", 16, 1));
    for index in 0..3 {
        let found = plugin.compute(&picture(index).to_png()).unwrap();
        assert_eq!(found.bytes, packed(&expected(&picture(index), 0.5, 1.0), 0.0));
    }
    let refused = plugin.compute(b"no picture").unwrap_err().to_string();
    assert!(refused.contains("no fingerprint"), "{refused}");
    assert_eq!(plugin.compute(&picture(0).to_png()).unwrap().bytes.len(), 2, "it goes on");
}

#[test]
fn the_person_at_the_keyboard_is_told() {
    let told = |arguments: &[&str]| {
        let done = program(arguments, "");
        assert_eq!(done.status.code(), Some(2), "{done:?}");
        String::from_utf8(done.stderr).unwrap()
    };
    assert!(told(&["nowhere.onnx"]).starts_with("sightline-onnx: nowhere.onnx: "));
    assert!(told(&["Cargo.toml"]).contains("the model cannot be read"));
    assert!(told(&["Cargo.toml", "--mean", "1,2"]).contains("one number, or three with commas between"));
    assert!(told(&["Cargo.toml", "--deviation", "0"]).contains("nothing can be divided by 0"));
}
