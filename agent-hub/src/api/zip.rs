//! Packs a folder into a zip, deflated, under one top folder. Blocking: call it where waiting is allowed.

use std::fs::File;
use std::io::{BufWriter, copy};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::Error;

/// Writes every file of `dir` (not of folders inside it) to `target` as `<name>/<file>`, in the order of their names.
///
/// # Errors
/// [`Error::Listener`] (an I/O error) when something cannot be read or written; [`Error::Internal`].
pub fn pack(dir: &Path, name: &str, target: &Path) -> Result<(), Error> {
    let mut files: Vec<_> = std::fs::read_dir(dir)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut archive = ZipWriter::new(BufWriter::new(File::create_new(target)?));
    for file in files {
        let file_name = file.file_name();
        let file_name = file_name
            .to_str()
            .ok_or(Error::Internal("a file name that is not text"))?;
        // ZIP64 beyond 4 GiB
        let large = file.metadata()?.len() >= u64::from(u32::MAX);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(large)
            .unix_permissions(0o644);
        archive
            .start_file(format!("{name}/{file_name}"), options)
            .map_err(broken)?;
        copy(&mut File::open(file.path())?, &mut archive)?;
    }
    archive
        .finish()
        .map_err(broken)?
        .into_inner()
        .map_err(|error| error.into_error())?
        .sync_all()?;
    Ok(())
}

fn broken(error: zip::result::ZipError) -> Error {
    Error::Listener(error.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_folder_comes_out_as_it_went_in() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("folder");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("b.bin"), [0_u8, 255, 7]).unwrap();
        std::fs::write(dir.join("a.txt"), "olá\n".repeat(1_000)).unwrap();
        let target = place.path().join("out.zip");
        pack(&dir, "balcao-audit", &target).unwrap();
        let mut archive = zip::ZipArchive::new(File::open(&target).unwrap()).unwrap();
        let names: Vec<String> = archive
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .collect();
        assert_eq!(names, ["balcao-audit/a.txt", "balcao-audit/b.bin"]);
        let mut bytes = Vec::new();
        archive
            .by_name("balcao-audit/b.bin")
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        assert_eq!(bytes, [0, 255, 7]);
        assert!(
            std::fs::metadata(&target).unwrap().len() < 1_000,
            "deflated"
        );
    }
}
