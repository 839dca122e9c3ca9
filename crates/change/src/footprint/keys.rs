//! Under which keys a footprint is found by those it may collide with.

use super::{Access, Footprint, Touch};
use pleach_schema::{Hash, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A key of a footprint. Two changes can only collide if they have a key in common that is strong
/// on at least one side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The place that is touched, at most 120 bytes: `relation public.users`.
    pub text: String,
    /// Whether it is changed and not only used.
    pub strong: bool,
}

/// The key that everybody has, and that is strong where a change may touch anything.
pub(super) const EVERYTHING: &str = "*";

impl Footprint {
    /// The keys under which it is found by those it may collide with, in order. A collision needs
    /// an equal text on both sides and a strong key on one of them: to find whom a change may
    /// collide with, look up its strong texts among all keys, and its weak ones among strong keys.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys: BTreeMap<String, bool> = BTreeMap::new();
        let mut add = |text: String, strong: bool| *keys.entry(short(text)).or_default() |= strong;
        add(EVERYTHING.to_owned(), self.opaque.iter().any(|opaque| opaque.boundless));
        for touch in &self.touches {
            for place in places(touch) {
                add(place, touch.is_strong());
            }
        }
        for opaque in &self.opaque {
            if let Some(key) = &opaque.key {
                add(key.clone(), opaque.access != Access::Read);
            }
        }
        if self.touches.iter().any(Touch::may_be_of_extension) {
            add("extension".to_owned(), false);
        }
        keys.into_iter().map(|(text, strong)| Key { text, strong }).collect()
    }
}

impl Touch {
    /// Whether it changes something for others, and does not only use it.
    pub(super) fn is_strong(&self) -> bool {
        match self.access {
            Access::Read => false,
            Access::Lock => !self.implied,
            _ => true,
        }
    }

    /// Whether what is missing might come with an extension.
    pub(super) fn may_be_of_extension(&self) -> bool {
        self.missing && (matches!(self.object.kind, Kind::Domain) || self.object.kind.is_routine())
    }
}

/// The places an object holds: objects that share one cannot both be there. Routines are told
/// apart by their arguments, and yet are one place, for a call does not say which one it means.
pub(super) fn places(touch: &Touch) -> Vec<String> {
    let address = &touch.object;
    let path = |names: &[String]| pleach_schema::qualified(names.iter().map(String::as_str));
    let in_schema = || {
        let schema = address.path.first().map_or("", String::as_str);
        pleach_schema::qualified([schema, address.name()])
    };
    match address.kind {
        Kind::Table | Kind::View | Kind::MaterializedView | Kind::Composite => {
            // The name of its row type is taken and given back with its own.
            match touch.access {
                Access::Create | Access::Drop | Access::Rename => {
                    vec![format!("relation {}", in_schema()), format!("type {}", in_schema())]
                }
                _ => vec![format!("relation {}", in_schema())],
            }
        }
        Kind::Sequence => vec![format!("relation {}", in_schema())],
        Kind::Index => vec![format!("relation {}", in_schema()), format!("index {}", path(&address.path))],
        Kind::Enum | Kind::Domain | Kind::Range => vec![format!("type {}", in_schema())],
        Kind::Function | Kind::Procedure | Kind::Aggregate => vec![format!("routine {}", in_schema())],
        Kind::Column | Kind::Attribute => vec![format!("column {}", path(&address.path))],
        kind => vec![format!("{kind} {}", path(&address.path))],
    }
}

/// A key's text: what is too long ends with a hash of the whole.
fn short(text: String) -> String {
    const LONGEST: usize = 120;
    if text.len() <= LONGEST {
        return text;
    }
    let hash = Hash::of(text.as_bytes()).to_string();
    let hash = hash.get(..32).unwrap_or_default();
    let room = LONGEST - hash.len() - 1;
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{} {hash}", &text[..end])
}
