//! Fingerprints that a neural network makes: a picture in, a tensor of numbers out, a bit for each number. The network is a file
//! in ONNX (Open Neural Network Exchange), which whoever measures brings along.

mod model;

pub use model::{Cut, Model, ModelError, Preparation};
