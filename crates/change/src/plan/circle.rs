//! Circles of objects that stand on each other: a table whose default calls a function that reads
//! the table, two tables with foreign keys or policies on each other.
//!
//! PostgreSQL makes such circles one statement at a time, so there is always a part that can be
//! left out of its table at first and be taken away from it before.

use super::bind::binds;
use super::fate::Fates;
use super::table::{folded, inlined};
use pleach_schema::{Address, Attr, Kind, Lineage, Tree};
use std::collections::{HashMap, HashSet};

/// Finds the parts that close circles among what comes and among what goes.
pub(super) fn break_circles(from: &Tree, to: &Tree, fates: &mut Fates) {
    let coming: Vec<Lineage> = fates.created.union(&fates.recreated).copied().collect();
    let within =
        |address: &Address| !address.kind.is_part() || folded(to, fates, address) || inlined(to, fates, address);
    let mut detached: Vec<Lineage> = Vec::new();
    let mut apart: Vec<Lineage> = Vec::new();
    for (address, support) in closing(to, &coming, within) {
        let (Some(lineage), Some(object)) = (to.lineage(&address), to.object(&address)) else { continue };
        let of_default = object.get(Attr::Default).is_some() && !binds(to, object, Attr::Type, &support);
        match address.kind {
            Kind::Column if of_default => detached.push(lineage),
            Kind::Column if !object.is(Attr::Inherited) => apart.push(lineage),
            _ => {}
        }
    }
    let going: Vec<Lineage> = fates.dropped.union(&fates.recreated).copied().collect();
    for (address, support) in closing(from, &going, |_| true) {
        let (Some(lineage), Some(object)) = (from.lineage(&address), from.object(&address)) else { continue };
        let of_default = object.get(Attr::Default).is_some() && !binds(from, object, Attr::Type, &support);
        match address.kind {
            Kind::Column if of_default => detached.push(lineage),
            kind if kind.is_part() && !object.is(Attr::Inherited) && object.get(Attr::AttachedTo).is_none() => {
                apart.push(lineage);
            }
            _ => {}
        }
    }
    fates.detached.extend(detached);
    fates.apart.extend(apart);
}

/// The parts that make their relation stand on another one of the same circle, with what they
/// stand on. `counts` says which parts count as their relation.
fn closing(tree: &Tree, among: &[Lineage], counts: impl Fn(&Address) -> bool) -> Vec<(Address, Address)> {
    let mut numbers: HashMap<Address, usize> = HashMap::new();
    let mut edges: Vec<HashSet<usize>> = Vec::new();
    let mut ties = Vec::new();
    let acting: HashSet<Lineage> = among.iter().copied().collect();
    let acts = |address: &Address| tree.lineage(address).is_some_and(|lineage| acting.contains(&lineage));
    let mut number = |address: Address, edges: &mut Vec<HashSet<usize>>| {
        *numbers.entry(address).or_insert_with(|| {
            edges.push(HashSet::new());
            edges.len() - 1
        })
    };
    for (address, entry) in tree.iter().filter(|(address, entry)| acting.contains(&entry.lineage) && counts(address)) {
        let own = number(whole(tree, address), &mut edges);
        for support in entry.object.derived.references.iter().filter(|support| acts(support)) {
            let other = number(whole(tree, support), &mut edges);
            if own != other {
                edges[own].insert(other);
                ties.push((address, support, own, other));
            }
        }
    }
    let circle = components(&edges);
    let closes =
        ties.into_iter().filter(|(address, _, own, other)| address.kind.is_part() && circle[*own] == circle[*other]);
    closes.map(|(address, support, ..)| (address.clone(), support.clone())).collect()
}

/// The relation or type that an object is part of, or itself.
fn whole(tree: &Tree, address: &Address) -> Address {
    tree.parent(address).unwrap_or_else(|| address.clone())
}

/// Numbers the strongly connected components of a graph (Tarjan's algorithm, without recursion).
pub(super) fn components(edges: &[HashSet<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let (mut order, mut low) = (vec![NEW; edges.len()], vec![NEW; edges.len()]);
    let (mut component, mut stack) = (vec![NEW; edges.len()], Vec::new());
    let mut count = 0;
    for start in 0..edges.len() {
        if order[start] != NEW {
            continue;
        }
        let mut path = vec![(start, edges[start].iter())];
        order[start] = count;
        low[start] = count;
        count += 1;
        stack.push(start);
        while let Some((at, rest)) = path.last_mut() {
            let at = *at;
            if let Some(&next) = rest.next() {
                if order[next] == NEW {
                    order[next] = count;
                    low[next] = count;
                    count += 1;
                    stack.push(next);
                    path.push((next, edges[next].iter()));
                } else if component[next] == NEW {
                    low[at] = low[at].min(order[next]);
                }
                continue;
            }
            path.pop();
            if let Some((before, _)) = path.last() {
                low[*before] = low[*before].min(low[at]);
            }
            if low[at] == order[at] {
                while let Some(member) = stack.pop() {
                    component[member] = at;
                    if member == at {
                        break;
                    }
                }
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found() {
        let edges = [vec![1], vec![2], vec![0, 3], vec![4], vec![]].map(|to| to.into_iter().collect());
        let found = components(&edges);
        assert!(found[0] == found[1] && found[1] == found[2]);
        assert!(found[3] != found[0] && found[4] != found[3]);
    }
}
