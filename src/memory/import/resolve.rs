//! Which records are known: by an id that is one record's wherever it lies, else by what the collection they lie in has in
//! common with one that is known.
//!
//! Neither a path nor a name decides. A file is a known collection where at least three quarters of what both hold of the same
//! stretch of time is word for word the same; where it was read from the same path before, one record is enough, since then a
//! record's own id can say that it was edited. Records of a conversation with a name are held against conversations.

use super::stage::{Staged, StagedImport};
use crate::error::Result;
use codex_import::Scope;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

/// A memory that a record may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    pub ordinal: u32,
    pub memory: i64,
    /// Of [`Store::sources`].
    pub source: u32,
    /// Time, speaker and text are the same.
    pub same: bool,
    /// The id is.
    pub key: bool,
    /// The time is.
    pub time: bool,
    /// It is deleted: a living memory of the same id or words goes first.
    pub deleted: bool,
}

/// What the store knows of the records.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub sources: Vec<KnownSource>,
    /// By ordinal.
    pub matches: Vec<Match>,
    /// Names of sources that are taken, with their minds.
    pub names: HashSet<(u32, String)>,
}

/// A source in the store.
#[derive(Debug)]
pub(super) struct KnownSource {
    pub mind: u32,
    pub name: String,
    /// Where it was read; nothing for what earlier versions took in.
    pub paths: Vec<PathBuf>,
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// A new memory of the source of this number in [`Resolved::sources`].
    New(u32),
    /// A memory that is known; `by_id` where the id says so.
    Known { memory: i64, by_id: bool },
    /// The same as another record of this import.
    Repeat,
    /// The id of another record of this import, with other words.
    Clash(u32),
}

/// What was decided.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub decisions: Vec<Decision>,
    /// Mind and name.
    pub sources: Vec<(u32, String)>,
    /// Sources that lie in another file now: the source's number, and the file's.
    pub found_again: Vec<(u32, u32)>,
}

/// How many memories of a source lie between two times, both included, in microseconds.
pub(super) type Count<'a> = dyn FnMut(u32, i64, i64) -> Result<u64> + 'a;

/// The share of what two collections hold of the same time that makes them one.
const SHARE: (u64, u64) = (3, 4);

/// Records of one file and conversation.
#[derive(Debug, Default)]
struct Unit {
    ordinals: Vec<u32>,
    /// In order.
    times: Vec<i64>,
    source: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    same: u64,
    /// The same id and time, other words.
    edited: u64,
}

/// Decides for all records.
pub(super) fn resolve(
    staged: &StagedImport,
    store: &Store,
    named: Option<&str>,
    count: &mut Count<'_>,
) -> Result<Resolved> {
    let mut resolver = Resolver {
        staged,
        store,
        named,
        offsets: offsets(staged.records.len(), &store.matches),
        several: staged.files.len() > 1,
        texts: HashMap::new(),
        next_same: vec![
            u32::MAX;
            if staged.files.len() > 1 {
                staged.records.len()
            } else {
                0
            }
        ],
        ids: HashMap::new(),
        units: Vec::new(),
        unit_of: vec![u32::MAX; staged.records.len()],
        taken: store.names.clone(),
        numbers: HashMap::new(),
        resolved: Resolved {
            decisions: vec![Decision::Repeat; staged.records.len()],
            ..Resolved::default()
        },
    };
    let mut at = 0;
    while at < staged.records.len() {
        let file = staged.records[at].file;
        let end = staged.records[at..]
            .iter()
            .position(|record| record.file != file)
            .map_or(staged.records.len(), |n| at + n);
        resolver.file(file, at as u32..end as u32, count)?;
        at = end;
    }
    Ok(resolver.resolved)
}

struct Resolver<'a> {
    staged: &'a StagedImport,
    store: &'a Store,
    named: Option<&'a str>,
    offsets: Vec<u32>,
    /// More than one file: they are held against one another.
    several: bool,
    /// The latest new record of a text, and the one before it.
    texts: HashMap<u128, u32>,
    next_same: Vec<u32>,
    ids: HashMap<u128, u32>,
    units: Vec<Unit>,
    unit_of: Vec<u32>,
    taken: HashSet<(u32, String)>,
    numbers: HashMap<(u32, String), u32>,
    resolved: Resolved,
}

fn offsets(records: usize, matches: &[Match]) -> Vec<u32> {
    let mut offsets = vec![0; records + 1];
    for found in matches {
        offsets[found.ordinal as usize + 1] += 1;
    }
    for index in 0..records {
        offsets[index + 1] += offsets[index];
    }
    offsets
}

impl Resolver<'_> {
    fn record(&self, ordinal: u32) -> &Staged {
        &self.staged.records[ordinal as usize]
    }

    fn matches(&self, ordinal: u32) -> &[Match] {
        let range =
            self.offsets[ordinal as usize] as usize..self.offsets[ordinal as usize + 1] as usize;
        &self.store.matches[range]
    }

    fn file(
        &mut self,
        file: u32,
        range: std::ops::Range<u32>,
        count: &mut Count<'_>,
    ) -> Result<()> {
        let mut units: BTreeMap<(u32, u64), Unit> = BTreeMap::new();
        let mut home = None;
        let mut unique = Vec::new();
        for ordinal in range.clone() {
            let record = *self.record(ordinal);
            if record.scope == Scope::Collection {
                let unit = units.entry((record.mind, record.session)).or_default();
                unit.ordinals.push(ordinal);
                unit.times.push(record.created_at);
            } else {
                home = home.or_else(|| {
                    self.matches(ordinal)
                        .iter()
                        .find(|found| found.key)
                        .map(|found| found.source)
                });
                unique.push(ordinal);
            }
        }
        for ordinal in unique {
            self.unique(file, ordinal, home);
        }
        // An edited record of a conversation of one message is told by the rest of its file.
        let here = self.sources_here(file, range);
        for ((mind, _), mut unit) in units {
            unit.times.sort_unstable();
            self.unit(file, mind, unit, &here, count)?;
        }
        Ok(())
    }

    /// A record whose id is its own wherever it lies.
    fn unique(&mut self, file: u32, ordinal: u32, home: Option<u32>) {
        let record = *self.record(ordinal);
        let known = self
            .matches(ordinal)
            .iter()
            .filter(|found| found.key)
            .min_by_key(|found| (found.deleted, !found.same, found.memory));
        self.resolved.decisions[ordinal as usize] = if let Some(found) = known {
            Decision::Known {
                memory: found.memory,
                by_id: true,
            }
        } else if let Some(other) = self.ids.get(&record.id).copied() {
            self.repeat_or_clash(ordinal, other)
        } else {
            self.ids.insert(record.id, ordinal);
            let source = match home {
                Some(source) => self.number(
                    record.mind,
                    self.store.sources[source as usize].name.clone(),
                ),
                None => self.fresh(file, record.mind),
            };
            Decision::New(source)
        };
    }

    fn repeat_or_clash(&self, ordinal: u32, other: u32) -> Decision {
        if self.record(ordinal).text == self.record(other).text {
            Decision::Repeat
        } else {
            Decision::Clash(other)
        }
    }

    /// Sources that were read from this file's path before and have anything in common with it now.
    fn sources_here(&self, file: u32, range: std::ops::Range<u32>) -> HashSet<u32> {
        let path = &self.staged.files[file as usize].path;
        let mut here = HashSet::new();
        for ordinal in range {
            for found in self.matches(ordinal) {
                let common = found.same || (found.key && found.time);
                if common
                    && self.store.sources[found.source as usize]
                        .paths
                        .contains(path)
                {
                    here.insert(found.source);
                }
            }
        }
        here
    }

    fn unit(
        &mut self,
        file: u32,
        mind: u32,
        mut unit: Unit,
        here: &HashSet<u32>,
        count: &mut Count<'_>,
    ) -> Result<()> {
        let (mut known, mut fresh): (BTreeMap<u32, Tally>, BTreeMap<u32, Tally>) =
            Default::default();
        for ordinal in &unit.ordinals {
            let all = self.matches(*ordinal);
            let same: HashSet<u32> = all
                .iter()
                .filter(|found| found.same)
                .map(|found| found.source)
                .collect();
            for source in same {
                known.entry(source).or_default().same += 1;
            }
            let edited = all
                .iter()
                .filter(|found| !found.same && found.key && found.time);
            for source in edited.map(|found| found.source).collect::<HashSet<_>>() {
                known.entry(source).or_default().edited += 1;
            }
            if self.several {
                let units: HashSet<u32> = self
                    .same_here(*ordinal)
                    .map(|other| self.unit_of[other as usize])
                    .collect();
                for other in units {
                    fresh.entry(other).or_default().same += 1;
                }
            }
        }
        let mut accepted = HashSet::new();
        let mut best: Option<(u64, u32)> = None;
        for (source, tally) in &known {
            if self.accepts(file, &unit, *source, *tally, here, count)? {
                accepted.insert(*source);
                if best.is_none_or(|(same, _)| tally.same > same) {
                    best = Some((tally.same, *source));
                }
            }
        }
        let beside: HashSet<u32> = fresh
            .into_iter()
            .filter(|(other, tally)| {
                self.named.is_some()
                    || shares(&unit.times, &self.units[*other as usize].times, tally.same)
            })
            .map(|(other, _)| other)
            .collect();
        unit.source = match (best, beside.iter().min()) {
            (Some((_, source)), _) => {
                let number = self.number(mind, self.store.sources[source as usize].name.clone());
                if !here.contains(&source)
                    && self.store.sources[source as usize].name
                        != self.staged.files[file as usize].name
                {
                    self.resolved.found_again.push((number, file));
                }
                number
            }
            (None, Some(other)) => self.units[*other as usize].source,
            (None, None) => self.fresh(file, mind),
        };
        self.decide(unit, &accepted, &beside);
        Ok(())
    }

    fn accepts(
        &self,
        file: u32,
        unit: &Unit,
        source: u32,
        tally: Tally,
        here: &HashSet<u32>,
        count: &mut Count<'_>,
    ) -> Result<bool> {
        let known = &self.store.sources[source as usize];
        if let Some(name) = self.named {
            return Ok(known.name == name);
        }
        if here.contains(&source) {
            return Ok(true);
        }
        if tally.same == 0 {
            return Ok(false);
        }
        let all = tally.same >= unit.ordinals.len() as u64;
        // What lies where it always lay under the old rules needs no counting.
        if all
            && (known.paths.is_empty()
                || unit.ordinals.len() > 1
                || known.name == self.staged.files[file as usize].name)
        {
            return Ok(true);
        }
        let (Some(first), Some(last)) = (unit.times.first(), unit.times.last()) else {
            return Ok(false);
        };
        let there = count(source, *first, *last)?;
        let smaller = there.min(unit.ordinals.len() as u64);
        // Both sides are counted within the file's time. Where the file reaches further, what is beyond is no evidence.
        Ok(enough(tally.same, smaller))
    }

    fn same_here(&self, ordinal: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = self.texts.get(&self.record(ordinal).text).copied();
        std::iter::from_fn(move || {
            let found = next?;
            next = Some(self.next_same[found as usize]).filter(|other| *other != u32::MAX);
            Some(found)
        })
    }

    fn decide(&mut self, unit: Unit, accepted: &HashSet<u32>, beside: &HashSet<u32>) {
        let number = self.units.len() as u32;
        let source = unit.source;
        // A memory, or a record of this import, is one record of a file at most: the same line twice is two memories.
        let mut claimed: HashSet<i64> = HashSet::new();
        let mut ids: HashMap<u128, u32> = HashMap::new();
        let mut new = Vec::new();
        for ordinal in &unit.ordinals {
            let record = *self.record(*ordinal);
            if record.id != 0
                && let Some(other) = ids.insert(record.id, *ordinal)
            {
                ids.insert(record.id, other);
                self.resolved.decisions[*ordinal as usize] = self.repeat_or_clash(*ordinal, other);
                continue;
            }
            let in_reach = |found: &&Match| {
                accepted.contains(&found.source) && !claimed.contains(&found.memory)
            };
            let same = self
                .matches(*ordinal)
                .iter()
                .filter(|found| found.same)
                .filter(in_reach)
                .min_by_key(|found| (found.deleted, !found.key, found.memory));
            let keyed = || {
                self.matches(*ordinal)
                    .iter()
                    .filter(|found| found.key)
                    .filter(in_reach)
                    .min_by_key(|found| (found.deleted, found.memory))
            };
            let known = same.or_else(keyed).map(|found| (found.memory, found.key));
            let decision =
                if let Some((memory, by_id)) = known {
                    claimed.insert(memory);
                    Decision::Known { memory, by_id }
                } else if let Some(other) = self.same_here(*ordinal).find(|other| {
                    beside.contains(&self.unit_of[*other as usize])
                        && !claimed.contains(&-(i64::from(*other) + 1))
                }) {
                    claimed.insert(-(i64::from(other) + 1));
                    Decision::Repeat
                } else if let Some(other) = self.ids.get(&record.id).copied().filter(|other| {
                    record.id != 0 && beside.contains(&self.unit_of[*other as usize])
                }) {
                    Decision::Clash(other)
                } else {
                    new.push(*ordinal);
                    Decision::New(source)
                };
            self.resolved.decisions[*ordinal as usize] = decision;
        }
        for ordinal in new {
            self.unit_of[ordinal as usize] = number;
            if self.several {
                let record = *self.record(ordinal);
                if let Some(before) = self.texts.insert(record.text, ordinal) {
                    self.next_same[ordinal as usize] = before;
                }
                if record.id != 0 {
                    self.ids.entry(record.id).or_insert(ordinal);
                }
            }
        }
        self.units.push(Unit {
            ordinals: Vec::new(),
            times: if self.several { unit.times } else { Vec::new() },
            source,
        });
    }

    fn number(&mut self, mind: u32, name: String) -> u32 {
        let sources = &mut self.resolved.sources;
        *self
            .numbers
            .entry((mind, name))
            .or_insert_with_key(|(mind, name)| {
                sources.push((*mind, name.clone()));
                sources.len() as u32 - 1
            })
    }

    /// A source of the file's name, or of a longer one where that is another collection's already.
    fn fresh(&mut self, file: u32, mind: u32) -> u32 {
        let (path, name) = (
            &self.staged.files[file as usize].path,
            self.staged.files[file as usize].name.clone(),
        );
        if self.named.is_some() {
            return self.number(mind, name);
        }
        let own = format!("{file}\u{0}");
        if let Some(number) = self.numbers.get(&(mind, own.clone())) {
            return *number;
        }
        let read_here = self.store.sources.iter().any(|source| {
            source.mind == mind && source.name == name && source.paths.contains(path)
        });
        let mut free = name.clone();
        if !read_here && self.taken.contains(&(mind, free.clone())) {
            let folder = path
                .parent()
                .and_then(|folder| folder.file_name())
                .map(|folder| folder.to_string_lossy().into_owned());
            if let Some(folder) = folder.filter(|_| !name.contains('/')) {
                free = format!("{folder}/{name}");
            }
            let base = free.clone();
            let mut count = 1;
            while self.taken.contains(&(mind, free.clone())) {
                count += 1;
                free = format!("{base} ({count})");
            }
        }
        self.taken.insert((mind, free.clone()));
        let number = self.number(mind, free);
        self.numbers.insert((mind, own), number);
        number
    }
}

fn enough(same: u64, of: u64) -> bool {
    same > 0 && same * SHARE.1 >= of * SHARE.0
}

/// Whether two collections of this run are one, by what both hold of the time that they have in common.
fn shares(one: &[i64], other: &[i64], same: u64) -> bool {
    let (Some(first), Some(last)) = (one.first().max(other.first()), one.last().min(other.last()))
    else {
        return false;
    };
    let within = |times: &[i64]| {
        (times.partition_point(|time| time <= last) - times.partition_point(|time| time < first))
            as u64
    };
    enough(same, within(one).min(within(other)))
}
