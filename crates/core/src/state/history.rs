//! Ancestry: who comes from whom, and where two lines of history last met. Pure functions.

use pleach_schema::Hash;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use time::OffsetDateTime;

/// A commit's place in history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The commits it was made from, the line of history it continues first.
    pub parents: Vec<Hash>,
    /// Higher than that of any of its ancestors.
    pub generation: i64,
    /// When it was made.
    pub at: OffsetDateTime,
}

/// A part of history that holds, with each commit, all of its ancestors.
#[derive(Debug, Clone, Default)]
pub struct Dag {
    links: HashMap<Hash, Link>,
}

impl Dag {
    /// Adds a commit.
    pub fn insert(&mut self, commit: Hash, link: Link) {
        self.links.insert(commit, link);
    }

    /// A commit's place, if it is in this part of history.
    pub fn get(&self, commit: Hash) -> Option<&Link> {
        self.links.get(&commit)
    }

    /// The number of commits.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there are no commits.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// The commit and everything it comes from, nearest first: by the number of steps, then in the
    /// order of parents.
    pub fn nearest_first(&self, from: Hash) -> Vec<Hash> {
        let mut seen = HashSet::from([from]);
        let mut queue = VecDeque::from([from]);
        let mut order = Vec::new();
        while let Some(commit) = queue.pop_front() {
            order.push(commit);
            queue.extend(self.parents(commit).iter().filter(|parent| seen.insert(**parent)));
        }
        order
    }

    /// How many commits `a` has in its history and `b` has not, and the other way round.
    pub fn apart(&self, a: Hash, b: Hash) -> (usize, usize) {
        let history = |of| self.nearest_first(of).into_iter().collect::<HashSet<Hash>>();
        let (of_a, of_b) = (history(a), history(b));
        (of_a.difference(&of_b).count(), of_b.difference(&of_a).count())
    }

    /// Whether `ancestor` is `commit` or something it comes from.
    pub fn is_ancestor(&self, ancestor: Hash, commit: Hash) -> bool {
        let Some(floor) = self.generation(ancestor) else { return false };
        let mut seen = HashSet::new();
        let mut stack = vec![commit];
        while let Some(commit) = stack.pop() {
            if commit == ancestor {
                return true;
            }
            let above = |parent: &&Hash| self.generation(**parent).is_some_and(|generation| generation >= floor);
            stack.extend(self.parents(commit).iter().filter(above).filter(|parent| seen.insert(**parent)));
        }
        false
    }

    /// The best common ancestors of two commits: those that no other common ancestor comes from.
    /// One where the history is simple, several where lines were merged crosswise, none where it
    /// has two beginnings. Latest generation first.
    pub fn merge_bases(&self, a: Hash, b: Hash) -> Vec<Hash> {
        let of_a: HashSet<Hash> = self.nearest_first(a).into_iter().collect();
        let mut common = self.nearest_first(b);
        common.retain(|commit| of_a.contains(commit));
        // Ancestors of a common ancestor are common, so whatever another one comes from is the
        // parent of some common one.
        let passed: HashSet<Hash> = common.iter().flat_map(|commit| self.parents(*commit)).copied().collect();
        common.retain(|commit| !passed.contains(commit));
        common.sort_unstable_by_key(|commit| (std::cmp::Reverse(self.generation(*commit)), *commit));
        common
    }

    /// The commit and what it comes from, in the order of a log: no commit before one that was
    /// made from it, and otherwise latest first.
    pub fn latest_first(&self, from: Hash, limit: usize) -> Vec<Hash> {
        let mut children: HashMap<Hash, usize> = HashMap::new();
        for commit in self.nearest_first(from) {
            for parent in self.parents(commit) {
                *children.entry(*parent).or_default() += 1;
            }
        }
        let rank = |commit: Hash| self.get(commit).map(|link| (link.at, link.generation, commit));
        let mut ready: BinaryHeap<_> = rank(from).into_iter().collect();
        let mut order = Vec::new();
        while let Some((_, _, commit)) = ready.pop() {
            if order.len() == limit {
                break;
            }
            order.push(commit);
            for parent in self.parents(commit) {
                if let Some(left) = children.get_mut(parent) {
                    *left -= 1;
                    if *left == 0 {
                        ready.extend(rank(*parent));
                    }
                }
            }
        }
        order
    }

    fn parents(&self, commit: Hash) -> &[Hash] {
        self.links.get(&commit).map_or(&[], |link| &link.parents)
    }

    fn generation(&self, commit: Hash) -> Option<i64> {
        self.links.get(&commit).map(|link| link.generation)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn commit(number: usize) -> Hash {
        Hash::of(&number.to_le_bytes())
    }

    /// A history in which commit `i` has these parents, all of them below `i`.
    fn dag(parents: &[Vec<usize>]) -> Dag {
        let mut dag = Dag::default();
        for (number, parents) in parents.iter().enumerate() {
            let parents: Vec<Hash> = parents.iter().map(|parent| commit(*parent)).collect();
            let generation = 1 + parents.iter().map(|p| dag.generation(*p).unwrap()).max().unwrap_or(0);
            let at = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(number as i64);
            dag.insert(commit(number), Link { parents, generation, at });
        }
        dag
    }

    #[test]
    fn the_base_of_two_branches_is_where_they_parted() {
        let dag = dag(&[vec![], vec![0], vec![1], vec![1], vec![3]]);
        assert_eq!(dag.merge_bases(commit(2), commit(4)), [commit(1)]);
        assert_eq!(dag.merge_bases(commit(4), commit(3)), [commit(3)]);
        assert_eq!(dag.merge_bases(commit(4), commit(4)), [commit(4)]);
    }

    #[test]
    fn after_a_merge_the_base_is_what_was_merged() {
        let dag = dag(&[vec![], vec![0], vec![0], vec![1, 2], vec![2]]);
        assert_eq!(dag.merge_bases(commit(3), commit(4)), [commit(2)]);
    }

    #[test]
    fn crosswise_merges_have_two_bases() {
        let dag = dag(&[vec![], vec![0], vec![0], vec![1, 2], vec![2, 1]]);
        let bases: BTreeSet<Hash> = dag.merge_bases(commit(3), commit(4)).into_iter().collect();
        assert_eq!(bases, BTreeSet::from([commit(1), commit(2)]));
    }

    #[test]
    fn unrelated_histories_have_no_base() {
        let dag = dag(&[vec![], vec![]]);
        assert_eq!(dag.merge_bases(commit(0), commit(1)), []);
        assert!(!dag.is_ancestor(commit(0), commit(1)));
    }

    #[test]
    fn a_log_shows_children_before_parents_and_latest_first() {
        let dag = dag(&[vec![], vec![0], vec![0], vec![1], vec![3, 2]]);
        assert_eq!(dag.latest_first(commit(4), 9), [4, 3, 2, 1, 0].map(commit));
        assert_eq!(dag.latest_first(commit(4), 2), [4, 3].map(commit));
    }

    #[test]
    fn ancestors_come_nearest_first() {
        let dag = dag(&[vec![], vec![0], vec![0], vec![1, 2]]);
        assert_eq!(dag.nearest_first(commit(3)), [3, 1, 2, 0].map(commit));
    }

    fn histories() -> impl Strategy<Value = Vec<Vec<usize>>> {
        prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 1..24).prop_map(|commits| {
            let place = |(number, parents): (usize, &Vec<prop::sample::Index>)| {
                if number == 0 {
                    return vec![];
                }
                let mut parents: Vec<usize> = parents.iter().map(|parent| parent.index(number)).collect();
                parents.dedup();
                parents
            };
            commits.iter().enumerate().map(place).collect()
        })
    }

    /// By definition, step by step, from the parents alone.
    fn ancestors(parents: &[Vec<usize>], of: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::from([of]);
        for parent in &parents[of] {
            all.extend(ancestors(parents, *parent));
        }
        all
    }

    proptest! {
        #[test]
        fn bases_are_the_common_ancestors_that_no_other_comes_from(
            parents in histories(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()
        ) {
            let (a, b) = (a.index(parents.len()), b.index(parents.len()));
            let (of_a, of_b) = (ancestors(&parents, a), ancestors(&parents, b));
            let common: BTreeSet<usize> = of_a.intersection(&of_b).copied().collect();
            let best: BTreeSet<Hash> = common
                .iter()
                .filter(|c| !common.iter().any(|d| d != *c && ancestors(&parents, *d).contains(c)))
                .map(|c| commit(*c))
                .collect();
            let dag = dag(&parents);
            prop_assert_eq!(dag.merge_bases(commit(a), commit(b)), dag.merge_bases(commit(b), commit(a)));
            prop_assert_eq!(dag.merge_bases(commit(a), commit(b)).into_iter().collect::<BTreeSet<_>>(), best);
            prop_assert_eq!(dag.is_ancestor(commit(a), commit(b)), of_b.contains(&a));
        }

        #[test]
        fn a_log_holds_every_ancestor_once_and_in_order(parents in histories()) {
            let last = parents.len() - 1;
            let dag = dag(&parents);
            let log = dag.latest_first(commit(last), usize::MAX);
            let expected: BTreeSet<Hash> = ancestors(&parents, last).into_iter().map(commit).collect();
            prop_assert_eq!(log.len(), expected.len());
            prop_assert_eq!(log.iter().copied().collect::<BTreeSet<_>>(), expected);
            for (place, commit) in log.iter().enumerate() {
                for parent in dag.parents(*commit) {
                    prop_assert!(log[place..].contains(parent));
                }
            }
        }
    }
}
