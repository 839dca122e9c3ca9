//! A reading on its way.

use super::fields::Fields;
use super::references::{Dependency, Strength};
use super::scope::Scope;
use super::{CatalogId, Found, Reading, Unmodelled, stable};
use crate::Result;
use pleach_schema::{Address, Attr, Object};
use std::collections::HashMap;
use tokio_postgres::Row;

/// What was read so far, found by catalog identity.
pub(super) struct Draft {
    pub scope: Scope,
    /// Comments that no object has claimed yet.
    pub comments: HashMap<CatalogId, String>,
    /// What is the inside of what: index of constraint, row type of table, default of column.
    pub inside: HashMap<CatalogId, CatalogId>,
    pub unmodelled: Vec<Unmodelled>,
    objects: Vec<Found>,
    places: HashMap<CatalogId, usize>,
}

impl Draft {
    pub(super) fn new(scope: Scope, comments: &[Row], dependencies: &[Dependency]) -> Result<Self> {
        let mut draft = Self {
            scope,
            comments: HashMap::with_capacity(comments.len()),
            inside: HashMap::new(),
            unmodelled: Vec::new(),
            objects: Vec::new(),
            places: HashMap::new(),
        };
        for row in comments {
            let id =
                CatalogId { class: row.oid("classoid")?, oid: row.oid("objoid")?, sub: row.field::<i32>("objsubid")? };
            draft.comments.insert(id, row.text("description")?.to_owned());
        }
        for dependency in dependencies.iter().filter(|dependency| dependency.strength == Strength::Inside) {
            draft.inside.insert(dependency.from, dependency.to);
        }
        Ok(draft)
    }

    /// Adds an object, with its comment.
    pub(super) fn add(&mut self, id: CatalogId, address: Address, mut object: Object) {
        object.set_some(Attr::Comment, self.comments.remove(&id));
        self.places.insert(id, self.objects.len());
        self.objects.push(Found { id, address, object });
    }

    /// The address of an object that was added.
    pub(super) fn address(&self, id: CatalogId) -> Option<&Address> {
        self.places.get(&id).map(|&place| &self.objects[place].address)
    }

    /// An object that was added.
    pub(super) fn object_mut(&mut self, id: CatalogId) -> Option<&mut Object> {
        self.places.get(&id).map(|&place| &mut self.objects[place].object)
    }

    /// Where an object that was added stands in the reading.
    pub(super) fn place(&self, id: CatalogId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// What stands at a place.
    pub(super) fn at(&self, place: usize) -> &Found {
        &self.objects[place]
    }

    /// What stands at a place, to be changed.
    pub(super) fn at_mut(&mut self, place: usize) -> &mut Found {
        &mut self.objects[place]
    }

    /// Names something the model does not hold.
    pub(super) fn warn(&mut self, kind: &str, name: impl Into<String>) {
        self.unmodelled.push(Unmodelled { kind: kind.to_owned(), name: name.into() });
    }

    pub(super) fn finish(mut self) -> Reading {
        self.unmodelled.sort();
        self.objects.iter_mut().for_each(|found| stable::settle(&mut found.object));
        Reading { objects: self.objects, unmodelled: self.unmodelled, version: self.scope.version }
    }
}
