//! Numbers in memory of our own, or where they lie in a mapped file.

use crate::Mapping;
use bytemuck::Pod;
use std::ops::Deref;
use std::sync::Arc;

/// Numbers that are read as a slice wherever they lie.
#[derive(Debug, Clone)]
pub(crate) enum Slab<T> {
    Owned(Vec<T>),
    /// So many, from a byte of the file on that is a multiple of their alignment.
    Mapped {
        file: Arc<Mapping>,
        at: usize,
        count: usize,
    },
}

impl<T: Pod> Deref for Slab<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(all) => all,
            Self::Mapped { file, at, count } => bytemuck::cast_slice(&file[*at..*at + count * size_of::<T>()]),
        }
    }
}

impl<T: Pod> Slab<T> {
    /// As memory of our own, into which a mapped one is copied.
    pub(crate) fn to_mut(&mut self) -> &mut Vec<T> {
        if let Self::Mapped { .. } = self {
            *self = Self::Owned(self.to_vec());
        }
        match self {
            Self::Owned(all) => all,
            Self::Mapped { .. } => unreachable!("it was copied"),
        }
    }

    /// Bytes of our own memory.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Owned(all) => size_of_val(all.as_slice()),
            Self::Mapped { .. } => 0,
        }
    }
}

impl<T> From<Vec<T>> for Slab<T> {
    fn from(all: Vec<T>) -> Self {
        Self::Owned(all)
    }
}

impl<T: Pod + PartialEq> PartialEq for Slab<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Pod + Eq> Eq for Slab<T> {}
