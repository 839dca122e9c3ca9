//! Conflicts as data: they can be stored, shown and resolved later.

use pleach_schema::{Address, Attr, Value};
use serde::{Deserialize, Serialize};

/// Two changes that cannot both be had as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The same for the same conflict each time the same trees are merged.
    pub key: String,
    /// What sort of conflict.
    pub kind: ConflictKind,
    /// The objects it is about; the first is the one to name.
    #[serde(with = "pleach_schema::readable::many")]
    pub objects: Vec<Address>,
    /// The attributes that both sides changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttrConflict>,
    /// What happened, in one sentence.
    pub message: String,
    /// What our side has, as SQL; `None` if it dropped the object.
    pub ours: Option<String>,
    /// What their side has, as SQL; `None` if it dropped the object.
    pub theirs: Option<String>,
    /// What each way out would do.
    pub ways: Ways,
    /// What may settle it without a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto: Option<Choice>,
    /// What PostgreSQL said, for a merge it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<String>,
}

/// What each way out of a conflict would do, in words; `None` where it is not open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    /// Taking our side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<String>,
    /// Taking their side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<String>,
    /// Keeping both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub both: Option<String>,
    /// What SQL of somebody's own is run for, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

/// What sort of conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConflictKind {
    /// Both changed the same attributes of one object to different values.
    #[serde(rename = "edit/edit")]
    EditEdit,
    /// One changed what the other dropped.
    #[serde(rename = "edit/delete")]
    EditDelete,
    /// Both added an object of one kind and name, differently.
    #[serde(rename = "add/add")]
    AddAdd,
    /// Two different objects want one name.
    #[serde(rename = "name taken")]
    NameTaken,
    /// One dropped what the other builds on.
    #[serde(rename = "dependency")]
    Dependency,
    /// PostgreSQL refused the merged schema.
    #[serde(rename = "refused")]
    Refused,
}

impl ConflictKind {
    /// The name, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EditEdit => "edit/edit",
            Self::EditDelete => "edit/delete",
            Self::AddAdd => "add/add",
            Self::NameTaken => "name taken",
            Self::Dependency => "dependency",
            Self::Refused => "refused",
        }
    }
}

/// One attribute that both sides changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttrConflict {
    /// Which; `None` for the object's name or schema.
    pub attr: Option<Attr>,
    /// What it was.
    pub base: Option<Value>,
    /// What our side made of it.
    pub ours: Option<Value>,
    /// What their side made of it.
    pub theirs: Option<Value>,
}

/// How a conflict is settled between the sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Our side holds.
    Ours,
    /// Their side holds.
    Theirs,
    /// Both stay; theirs takes another name.
    Both,
}

/// How somebody resolved a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// By a side.
    Choice(Choice),
    /// By SQL that runs after the merge with our side's choice.
    Sql(String),
}
