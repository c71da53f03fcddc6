//! Distinct observations in a k-d tree (Bentley, Communications of the ACM 18, 1975), with the secrets seen at each.

use std::collections::BinaryHeap;
use std::ops::Range;

/// Points of a fixed dimension, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Points {
    pub(super) values: Vec<f64>,
    pub(super) columns: usize,
}

impl Points {
    pub(super) fn len(&self) -> usize {
        self.values.len() / self.columns
    }

    pub(super) fn at(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// These rows, in this order.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        Self { values: rows.iter().flat_map(|row| self.at(*row)).copied().collect(), columns: self.columns }
    }

    /// The rows sorted so that equal ones are neighbours.
    pub(super) fn sorted(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.len()).collect();
        let order = |a: &usize, b: &usize| {
            let values = self.at(*a).iter().zip(self.at(*b));
            values.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(a.cmp(b))
        };
        rows.sort_unstable_by(order);
        rows
    }
}

/// The square of the Euclidean distance.
pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The tree. Its cells are the distinct points.
pub(super) struct Tree {
    cells: Points,
    /// Per cell where its ballots start; one more at the end.
    starts: Vec<usize>,
    /// A secret and how often it was seen, cell after cell.
    ballots: Vec<(u32, u32)>,
    /// Per cell how many samples fell into it.
    weights: Vec<u64>,
    nodes: Vec<Node>,
    /// Per node the least and the largest value of each column.
    boxes: Vec<f64>,
}

struct Node {
    cells: Range<usize>,
    /// The children; without, it is a leaf.
    children: Option<(usize, usize)>,
}

const LEAF: usize = 8;

impl Tree {
    /// The tree of these samples.
    pub(super) fn new(points: &Points, secrets: &[u32]) -> Self {
        let rows = points.sorted();
        let cells: Vec<&[usize]> = rows.chunk_by(|a, b| points.at(*a) == points.at(*b)).collect();
        let distinct = points.select(&cells.iter().map(|cell| cell[0]).collect::<Vec<_>>());
        let mut shape = Shape { points: &distinct, nodes: Vec::new(), boxes: Vec::new() };
        let mut order: Vec<usize> = (0..cells.len()).collect();
        shape.grow(&mut order, 0);
        let Shape { nodes, boxes, .. } = shape;
        let (mut starts, mut ballots, mut weights) = (vec![0], Vec::new(), Vec::new());
        for cell in &order {
            let mut seen: Vec<u32> = cells[*cell].iter().map(|row| secrets[*row]).collect();
            seen.sort_unstable();
            let counted = seen.chunk_by(|a, b| a == b);
            ballots.extend(counted.map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX))));
            starts.push(ballots.len());
            weights.push(seen.len() as u64);
        }
        Self { cells: distinct.select(&order), starts, ballots, weights, nodes, boxes }
    }

    /// The secrets seen at a cell, and how often.
    pub(super) fn ballots(&self, cell: usize) -> &[(u32, u32)] {
        &self.ballots[self.starts[cell]..self.starts[cell + 1]]
    }

    pub(super) fn weight(&self, cell: usize) -> u64 {
        self.weights[cell]
    }

    /// The cells of the k nearest samples and of all others as far away as the k-th, by distance; all if there are fewer.
    pub(super) fn nearest(&self, point: &[f64], k: u64, found: &mut Vec<(f64, usize)>) {
        found.clear();
        if self.nodes.is_empty() {
            return;
        }
        let mut search = Search { tree: self, point, k, radius: f64::INFINITY, inside: 0, heap: BinaryHeap::new() };
        search.narrow(0);
        let radius = search.radius;
        self.within(0, point, radius, found);
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }

    fn within(&self, node: usize, point: &[f64], radius: f64, found: &mut Vec<(f64, usize)>) {
        let Node { cells, children } = &self.nodes[node];
        if self.gap(node, point) > radius {
            return;
        }
        if let Some((left, right)) = children {
            self.within(*left, point, radius, found);
            self.within(*right, point, radius, found);
            return;
        }
        let distances = cells.clone().map(|cell| (distance(point, self.cells.at(cell)), cell));
        found.extend(distances.filter(|(distance, _)| *distance <= radius));
    }

    /// The distance to a node's box. Rounding keeps order, so it is never more than that to a point inside.
    fn gap(&self, node: usize, point: &[f64]) -> f64 {
        let columns = self.cells.columns;
        let (low, high) = self.boxes[2 * columns * node..2 * columns * (node + 1)].split_at(columns);
        let outside = |((value, low), high): ((&f64, &f64), &f64)| value - value.clamp(*low, *high);
        point.iter().zip(low).zip(high).map(outside).map(|gap| gap * gap).sum()
    }
}

/// The search for the distance of the k-th sample.
struct Search<'a> {
    tree: &'a Tree,
    point: &'a [f64],
    k: u64,
    radius: f64,
    /// Samples in the heap.
    inside: u64,
    /// Bits of the distance, which sort as it does, and the weight; the farthest on top.
    heap: BinaryHeap<(u64, u64)>,
}

impl Search<'_> {
    fn narrow(&mut self, node: usize) {
        let Node { cells, children } = &self.tree.nodes[node];
        let Some((left, right)) = *children else {
            for cell in cells.clone() {
                self.add(distance(self.point, self.tree.cells.at(cell)), self.tree.weights[cell]);
            }
            return;
        };
        let gaps = [left, right].map(|node| (self.tree.gap(node, self.point), node));
        let ordered = if gaps[0].0 <= gaps[1].0 { gaps } else { [gaps[1], gaps[0]] };
        for (gap, node) in ordered {
            if gap < self.radius {
                self.narrow(node);
            }
        }
    }

    fn add(&mut self, distance: f64, weight: u64) {
        if distance >= self.radius {
            return;
        }
        self.heap.push((distance.to_bits(), weight));
        self.inside += weight;
        while let Some((farthest, weight)) = self.heap.peek().copied() {
            if self.inside < self.k {
                return;
            }
            self.radius = f64::from_bits(farthest);
            if self.inside - weight < self.k {
                return;
            }
            self.heap.pop();
            self.inside -= weight;
        }
    }
}

/// A tree that grows.
struct Shape<'a> {
    points: &'a Points,
    nodes: Vec<Node>,
    boxes: Vec<f64>,
}

impl Shape<'_> {
    /// Adds the node of these cells, which stand at `start` in the order, and everything below; returns its number.
    fn grow(&mut self, order: &mut [usize], start: usize) -> usize {
        let columns = self.points.columns;
        let number = self.nodes.len();
        self.nodes.push(Node { cells: start..start + order.len(), children: None });
        let mut low = vec![f64::INFINITY; columns];
        let mut high = vec![f64::NEG_INFINITY; columns];
        for cell in order.iter() {
            for ((value, low), high) in self.points.at(*cell).iter().zip(&mut low).zip(&mut high) {
                *low = low.min(*value);
                *high = high.max(*value);
            }
        }
        let widest = (0..columns).max_by(|a, b| (high[*a] - low[*a]).total_cmp(&(high[*b] - low[*b]))).unwrap_or(0);
        self.boxes.extend(low);
        self.boxes.extend(high);
        if order.len() > LEAF {
            let middle = order.len() / 2;
            let points = self.points;
            order.select_nth_unstable_by(middle, |a, b| {
                points.at(*a)[widest].total_cmp(&points.at(*b)[widest]).then(a.cmp(b))
            });
            let (left, right) = order.split_at_mut(middle);
            let children = (self.grow(left, start), self.grow(right, start + middle));
            self.nodes[number].children = Some(children);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Lattice points, so that many distances are equal, and some off the lattice.
        #[test]
        fn the_nearest_are_found_with_all_ties(
            columns in 1..4_usize,
            values in proptest::collection::vec(prop_oneof![(-9..10_i32).prop_map(f64::from), -9.0..9.0], 3..900),
            k in 1..60_u64,
        ) {
            let rows = values.len() / columns;
            let points = Points { values: values[..rows * columns].to_vec(), columns };
            let secrets: Vec<u32> = (0..).take(rows).collect();
            let tree = Tree::new(&points, &secrets);
            let mut found = Vec::new();
            for query in 0..rows.min(20) {
                let query: Vec<f64> = points.at(query).iter().map(|value| value + 0.5 * f64::from(query % 2 == 0)).collect();
                let mut distances: Vec<(f64, u32)> =
                    secrets.iter().map(|row| (distance(&query, points.at(*row as usize)), *row)).collect();
                distances.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let radius = distances[rows.min(usize::try_from(k).unwrap()) - 1].0;
                distances.retain(|(distance, _)| *distance <= radius);
                tree.nearest(&query, k, &mut found);
                prop_assert!(found.is_sorted_by(|a, b| a.0 <= b.0));
                let ballots = |(distance, cell): &(f64, usize)| {
                    tree.ballots(*cell).iter().map(|(row, _)| (*distance, *row)).collect::<Vec<_>>()
                };
                let mut rows: Vec<(f64, u32)> = found.iter().flat_map(ballots).collect();
                rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                prop_assert_eq!(rows, distances);
            }
        }
    }
}
