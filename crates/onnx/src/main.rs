//! `sightline-onnx MODEL.onnx`: reads the path of a picture a line and writes a fingerprint a line, as plug-ins of
//! `sightline fingerprint` and `sightline accuracy` do.
#![expect(clippy::print_stderr, reason = "a program for terminals")]

use clap::Parser;
use sightline_onnx::{Cut, Model, Preparation};
use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Fingerprints of pictures by a neural network in ONNX. Reads the path of a picture a line on standard input and writes its
/// fingerprint in hexadecimal digits a line, a bit for each number that the network gives.
///
/// `sightline-onnx MODEL.onnx --describe > neural.toml` writes a plug-in, and `sightline accuracy --plugin neural.toml` measures it.
/// What has to be done to the numbers besides (a projection, say) belongs into the model.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The network, with all weights in the file; it takes one picture of 1 or 3 channels.
    model: PathBuf,
    /// Write a plug-in for `sightline` that runs this command, and end.
    #[arg(long)]
    describe: bool,
    /// The output that counts, by its name; the first unless said.
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    /// What becomes a 1: numbers above this one, or above the `median` of all.
    #[arg(long, value_name = "NUMBER|median", default_value = "0", value_parser = cut, allow_hyphen_values = true)]
    above: Cut,
    /// What is taken off levels from 0 to 1: one number, or three for red, green and blue.
    #[arg(long, value_name = "R,G,B", default_value = "0", value_parser = three, allow_hyphen_values = true)]
    mean: Three,
    /// What they are divided by then.
    #[arg(long, value_name = "R,G,B", default_value = "1", value_parser = three)]
    deviation: Three,
    /// Width and height in pixels where the model leaves them open.
    #[arg(long, value_name = "PIXELS", default_value_t = 224, value_parser = clap::value_parser!(u32).range(1..=4096))]
    side: u32,
}

#[derive(Debug, Clone, Copy)]
struct Three([f32; 3]);

fn three(text: &str) -> Result<Three, String> {
    let number = |part: &str| part.trim().parse().ok().filter(|number: &f32| number.is_finite());
    let numbers: Option<Vec<f32>> = text.split(',').map(number).collect();
    match numbers.as_deref() {
        Some([one]) => Ok(Three([*one; 3])),
        Some([red, green, blue]) => Ok(Three([*red, *green, *blue])),
        _ => Err("one number, or three with commas between".to_owned()),
    }
}

fn cut(text: &str) -> Result<Cut, String> {
    if text == "median" {
        return Ok(Cut::Median);
    }
    let number = text.parse().ok().filter(|number: &f32| number.is_finite());
    number.map(Cut::Above).ok_or_else(|| "a number, or `median`".to_owned())
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sightline-onnx: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let shown = arguments.model.display();
    if arguments.deviation.0.contains(&0.0) {
        return Err("--deviation: nothing can be divided by 0".into());
    }
    let file = std::fs::read(&arguments.model).map_err(|error| format!("{shown}: {error}"))?;
    let (mean, deviation) = (arguments.mean.0, arguments.deviation.0);
    let preparation = Preparation { mean, deviation, side: arguments.side };
    let model = Model::read(file, arguments.output.as_deref(), preparation, arguments.above)
        .map_err(|error| format!("{shown}: {error}"))?;
    if arguments.describe {
        return Ok(io::stdout().lock().write_all(description(&arguments.model, &model)?.as_bytes())?);
    }
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = fingerprint(&model, line.trim_end_matches('\r'));
        // Who asks waits for a line, whatever it says.
        let answer = answer.unwrap_or_else(|error| format!("no fingerprint: {error}").replace(['\n', '\r'], " "));
        let mut output = io::stdout().lock();
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn fingerprint(model: &Model, path: &str) -> Result<String, Box<dyn Error>> {
    let picture = sightline_pictures::decode(&std::fs::read(path)?)?;
    Ok(hex::encode(model.fingerprint(&picture)?))
}

/// A plug-in that runs this program with the same arguments.
fn description(path: &Path, model: &Model) -> Result<String, Box<dyn Error>> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().take(32).map(letter).collect();
    let full = |path: &Path| -> Result<String, Box<dyn Error>> {
        let full = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(full.to_str().ok_or("a path that is not Unicode cannot stand in a plug-in")?.to_owned())
    };
    let mut run = vec![full(&std::env::current_exe()?)?];
    for argument in std::env::args_os().skip(1).filter(|argument| argument != "--describe") {
        let argument =
            argument.into_string().map_err(|_| "an argument that is not Unicode cannot stand in a plug-in")?;
        run.push(if Path::new(&argument) == path { full(path)? } else { argument });
    }
    let run: Vec<String> = run.into_iter().map(|argument| toml::Value::String(argument).to_string()).collect();
    let (width, height) = model.size();
    Ok(format!(
        "name = \"{name}\"
bits = {}
# As large a share of the bits as PDQ's 31 of 256. Choose it before you measure.
threshold = {}
source = \"a network in ONNX, given {width} × {height} pixels\"
run = [{}]
pictures = \"lines\"
seconds = 60
",
        model.bits(),
        model.bits() * 31 / 256,
        run.join(", "),
    ))
}
