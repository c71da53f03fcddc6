//! The messenger from outside: what devices say to each other, and what hostile bytes do.

mod conversations;
mod hostile;
mod world;
