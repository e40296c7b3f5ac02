//! Zip files, as exports are downloaded.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime};
use zip::ZipArchive;

/// The largest member that is unpacked: 8 GiB. More is no export, but a trap.
const MAX_MEMBER_BYTES: u64 = 8 << 30;

/// A zip and what is in it.
#[derive(Debug)]
pub(crate) struct Archive {
    path: PathBuf,
    members: Vec<Member>,
}

/// A file in a zip.
#[derive(Debug)]
pub(crate) struct Member {
    pub name: String,
    pub modified: Option<NaiveDateTime>,
    index: usize,
}

impl Archive {
    pub fn open(path: &Path) -> Result<Self, String> {
        let mut zip = open(path).map_err(|error| {
            format!("cannot be read as a zip: {error}; unpack it and import the folder")
        })?;
        let mut members = Vec::new();
        for index in 0..zip.len() {
            let member = zip
                .by_index_raw(index)
                .map_err(|error| format!("the zip is damaged: {error}"))?;
            if member.is_dir() {
                continue;
            }
            let modified = member.last_modified().and_then(|time| {
                NaiveDate::from_ymd_opt(
                    i32::from(time.year()),
                    u32::from(time.month()),
                    u32::from(time.day()),
                )?
                .and_hms_opt(
                    u32::from(time.hour()),
                    u32::from(time.minute()),
                    u32::from(time.second()),
                )
            });
            let name = member.name().replace('\\', "/");
            members.push(Member {
                name,
                modified,
                index,
            });
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            path: path.to_path_buf(),
            members,
        })
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// A small member's text, empty where there is none.
    pub fn text(&self, name: &str) -> String {
        let index = self.members.iter().position(|member| member.name == name);
        let text = index
            .and_then(|index| self.unpack(index).ok())
            .and_then(|mut file| {
                let mut text = String::new();
                file.read_to_string(&mut text).ok()?;
                Some(text)
            });
        text.unwrap_or_default()
    }

    /// A member's bytes in a file of their own, which goes when it is closed.
    pub fn unpack(&self, index: usize) -> io::Result<File> {
        let mut zip = open(&self.path).map_err(io::Error::other)?;
        let mut member = zip
            .by_index(self.members[index].index)
            .map_err(io::Error::other)?;
        let mut copy = tempfile::tempfile()?;
        let written = io::copy(&mut member.by_ref().take(MAX_MEMBER_BYTES + 1), &mut copy)?;
        if written > MAX_MEMBER_BYTES {
            return Err(io::Error::other("it is larger than 8 GiB"));
        }
        io::Seek::rewind(&mut copy)?;
        Ok(copy)
    }
}

fn open(path: &Path) -> zip::result::ZipResult<ZipArchive<BufReader<File>>> {
    ZipArchive::new(BufReader::new(File::open(path)?))
}
