//! The OIDs of PostgreSQL's own catalogs, the same on every server.

pub(super) const DEFAULT_ACL: u32 = 826;
pub(super) const TYPE: u32 = 1247;
pub(super) const PROC: u32 = 1255;
pub(super) const CLASS: u32 = 1259;
pub(super) const ATTRDEF: u32 = 2604;
pub(super) const CONSTRAINT: u32 = 2606;
pub(super) const NAMESPACE: u32 = 2615;
pub(super) const REWRITE: u32 = 2618;
pub(super) const TRIGGER: u32 = 2620;
pub(super) const EXTENSION: u32 = 3079;
pub(super) const POLICY: u32 = 3256;
pub(super) const STATISTIC_EXT: u32 = 3381;
pub(super) const EVENT_TRIGGER: u32 = 3466;
