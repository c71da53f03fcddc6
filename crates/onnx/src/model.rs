use rten::{Dimension, NodeId, RunOptions, ThreadPool};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use sightline_pictures::{Picture, PictureError};
use std::sync::Arc;

/// The longest side of what a model is given, in pixels.
const MOST_SIDE: usize = 4096;

/// The longest fingerprint, in bits, as plug-ins have it.
const MOST_BITS: usize = 1 << 16;

/// A network that makes fingerprints of pictures.
pub struct Model {
    network: rten::Model,
    input: NodeId,
    output: NodeId,
    layout: Layout,
    /// Width and height of what it is given, in pixels.
    width: u32,
    height: u32,
    preparation: Preparation,
    cut: Cut,
    options: RunOptions,
    bits: usize,
}

/// How pictures become numbers: for red, green and blue, ((level / 255) − mean) / deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preparation {
    /// What is taken off.
    pub mean: [f32; 3],
    /// What is divided by.
    pub deviation: [f32; 3],
    /// Width and height in pixels where the model leaves them open.
    pub side: u32,
}

impl Default for Preparation {
    /// Levels from 0 to 1, and 224 pixels, which most networks for pictures were trained on.
    fn default() -> Self {
        Self { mean: [0.0; 3], deviation: [1.0; 3], side: 224 }
    }
}

/// Which numbers that come out become a 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cut {
    /// Those above a number.
    Above(f32),
    /// Those above the median of all, so that about half of the bits are 1.
    Median,
}

/// Where channels stand in what a model is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Before rows and columns, so many of them.
    First(usize),
    /// After them.
    Last(usize),
}

/// Why a model gives no fingerprint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No ONNX, damaged, or with operators that the runtime does not know.
    #[error("the model cannot be read: {0}")]
    Load(String),
    /// It does not take one picture, or does not say what it takes.
    #[error("the model takes {found}, not one picture as [1, 3 or 1, height, width] or [1, height, width, 3 or 1]")]
    Input {
        /// What it takes.
        found: String,
    },
    /// A size beyond what is run.
    #[error("the model takes pictures of {width} × {height} pixels; sides from 1 to {MOST_SIDE} are run")]
    Side {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// It gives nothing, or there is no output of that name.
    #[error("the model has no output `{wanted}`; it has: {there}")]
    Output {
        /// What was asked for.
        wanted: String,
        /// Those that there are.
        there: String,
    },
    /// A number of outputs that makes no fingerprint.
    #[error("the model gives {0} numbers for a picture; a fingerprint has a multiple of 8 of them, up to {MOST_BITS}")]
    Bits(usize),
    /// It gave something that is no number.
    #[error("the model gave {0}")]
    Answer(String),
    /// It broke off.
    #[error("the model could not be run: {0}")]
    Run(String),
    /// The picture could not be brought to the model's size.
    #[error(transparent)]
    Picture(#[from] PictureError),
}

impl Model {
    /// The model that a file in ONNX holds, with all weights inside it. `output` names what counts; without it, the first does.
    /// It is run once on a grey picture, which tells how many bits its fingerprints have.
    ///
    /// # Errors
    /// [`ModelError`] that says what it takes or gives instead.
    pub fn read(file: Vec<u8>, output: Option<&str>, preparation: Preparation, cut: Cut) -> Result<Self, ModelError> {
        let network = rten::Model::load(file).map_err(|error| ModelError::Load(error.to_string()))?;
        let [input] = *network.input_ids() else {
            return Err(ModelError::Input { found: format!("{} inputs", network.input_ids().len()) });
        };
        let shape = network.node_info(input).and_then(|info| info.shape());
        let (layout, width, height) = taken(shape, preparation.side)?;
        let name = |id: &NodeId| network.node_info(*id).and_then(|info| info.name().map(str::to_owned));
        let outputs = network.output_ids();
        let chosen = match output {
            None => outputs.first(),
            Some(wanted) => outputs.iter().find(|id| name(id).as_deref() == Some(wanted)),
        };
        let Some(&output) = chosen else {
            let there: Vec<String> = outputs.iter().filter_map(name).collect();
            return Err(ModelError::Output { wanted: output.unwrap_or_default().to_owned(), there: there.join(", ") });
        };
        // Whoever measures asks several models side by side already.
        let alone = Some(Arc::new(ThreadPool::with_num_threads(1)));
        let options = RunOptions::default().with_thread_pool(alone);
        let mut model = Self { network, input, output, layout, width, height, preparation, cut, options, bits: 0 };
        let grey = vec![128; 3 * width as usize * height as usize];
        model.bits = model.numbers(&Picture::new(width, height, grey)?)?.len();
        if model.bits == 0 || model.bits > MOST_BITS || !model.bits.is_multiple_of(8) {
            return Err(ModelError::Bits(model.bits));
        }
        Ok(model)
    }

    /// Bits of each fingerprint, a multiple of 8.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Width and height in pixels of what the network is given.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The fingerprint of a picture, the first number in the highest bit of the first byte. The picture is brought to the model's
    /// size, whatever its proportions, as [`Picture::scale`] does.
    ///
    /// # Errors
    /// [`ModelError`] if the network breaks off, or gives what is no number.
    pub fn fingerprint(&self, picture: &Picture) -> Result<Vec<u8>, ModelError> {
        let numbers = self.numbers(picture)?;
        if numbers.len() != self.bits {
            return Err(ModelError::Answer(format!("{} numbers where it gave {} before", numbers.len(), self.bits)));
        }
        if let Some(place) = numbers.iter().position(|number| !number.is_finite()) {
            return Err(ModelError::Answer(format!("{} at place {place}", numbers[place])));
        }
        let above = match self.cut {
            Cut::Above(number) => number,
            Cut::Median => median(&numbers),
        };
        let byte = |eight: &[f32; 8]| eight.iter().fold(0, |byte, number| byte << 1 | u8::from(*number > above));
        Ok(numbers.as_chunks().0.iter().map(byte).collect())
    }

    /// What the network gives for a picture.
    fn numbers(&self, picture: &Picture) -> Result<Vec<f32>, ModelError> {
        let scaled = picture.scale(self.width, self.height)?;
        let (pixels, _) = scaled.rgb().as_chunks::<3>();
        let prepared = |pixel: &[u8; 3]| -> [f32; 3] {
            std::array::from_fn(|i| {
                (f32::from(pixel[i]) / 255.0 - self.preparation.mean[i]) / self.preparation.deviation[i]
            })
        };
        // One channel is brightness (ITU-R BT.601) of what was prepared.
        let grey = |[red, green, blue]: [f32; 3]| 0.299 * red + 0.587 * green + 0.114 * blue;
        let pixels = pixels.iter().map(prepared);
        let (width, height) = (self.width as usize, self.height as usize);
        let (shape, values): ([usize; 4], Vec<f32>) = match self.layout {
            Layout::First(1) => ([1, 1, height, width], pixels.map(grey).collect()),
            Layout::Last(1) => ([1, height, width, 1], pixels.map(grey).collect()),
            Layout::Last(_) => ([1, height, width, 3], pixels.flatten().collect()),
            Layout::First(_) => {
                let channel = |i: usize| pixels.clone().map(move |pixel| pixel[i]);
                ([1, 3, height, width], (0..3).flat_map(channel).collect())
            }
        };
        let tensor = Tensor::from_data(&shape, values);
        let run = self.network.run(vec![(self.input, tensor.into())], &[self.output], Some(self.options.clone()));
        let output = run.map_err(|error| ModelError::Run(error.to_string()))?.pop();
        let kind = output.as_ref().map(|output| format!("{:?}", output.dtype()));
        let numbers = output.and_then(rten::Value::into_tensor::<f32>);
        let numbers = numbers.ok_or_else(|| ModelError::Answer(kind.unwrap_or_else(|| "nothing".to_owned())))?;
        Ok(numbers.to_vec())
    }
}

/// Layout, width and height of what a model takes.
fn taken(shape: Option<Vec<Dimension>>, side: u32) -> Result<(Layout, u32, u32), ModelError> {
    let Some(shape) = shape else { return Err(ModelError::Input { found: "something without a shape".to_owned() }) };
    let fixed = |dimension: &Dimension| match dimension {
        Dimension::Fixed(length) => Some(*length),
        Dimension::Symbolic(_) => None,
    };
    let lengths: Vec<Option<usize>> = shape.iter().map(fixed).collect();
    let channels = |length: Option<usize>| length.filter(|length| [1, 3].contains(length));
    let (layout, height, width) = match lengths[..] {
        [None | Some(1), first, height, width] if channels(first).is_some() => {
            (Layout::First(first.unwrap_or(3)), height, width)
        }
        [None | Some(1), height, width, last] if channels(last).is_some() => {
            (Layout::Last(last.unwrap_or(3)), height, width)
        }
        _ => {
            let shown = |length: &Option<usize>| length.map_or_else(|| "?".to_owned(), |length| length.to_string());
            let found = format!("[{}]", lengths.iter().map(shown).collect::<Vec<_>>().join(", "));
            return Err(ModelError::Input { found });
        }
    };
    let open = side as usize;
    let (width, height) = (width.unwrap_or(open), height.unwrap_or(open));
    let short = |length: usize| u32::try_from(length).ok().filter(|_| (1..=MOST_SIDE).contains(&length));
    match (short(width), short(height)) {
        (Some(width), Some(height)) => Ok((layout, width, height)),
        _ => Err(ModelError::Side { width, height }),
    }
}

/// The mean of the two middle ones of an even number of numbers.
fn median(numbers: &[f32]) -> f32 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f32::total_cmp);
    f32::midpoint(sorted[numbers.len() / 2 - 1], sorted[numbers.len() / 2])
}
