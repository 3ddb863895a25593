//! Files of our own: readable by their owner alone from before their first byte, on a local disk.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Only the owner may read and write.
const PRIVATE: u32 = 0o600;
/// What the others may.
const OTHERS: u32 = 0o077;

/// Creates a file that only its owner can read, or opens the one that is there and takes the
/// others' rights away. Not for a database: see [`make_private`].
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file =
        options.read(true).write(true).create(true).truncate(false).mode(PRIVATE).open(path)?;
    // The rights of a device or of a named pipe are its owner's business.
    if is_open_to_others(&file.metadata()?) {
        file.set_permissions(Permissions::from_mode(PRIVATE))?;
    }
    Ok(file)
}

fn is_open_to_others(found: &Metadata) -> bool {
    found.is_file() && found.permissions().mode() & OTHERS != 0
}

/// A file itself, whatever comes to lie at its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Whether the path still leads to the file. By name alone, as [`make_private`] explains.
    pub fn is_at(self, path: &Path) -> io::Result<bool> {
        match path.symlink_metadata() {
            Ok(found) => Ok(Self::of(&found) == self),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Creates an empty database that only its owner can read, and says which file that is; one that is
/// there stays as it is, and nothing is made.
pub fn create_private(path: &Path) -> io::Result<Option<FileId>> {
    let made = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path);
    match made {
        Ok(file) => Ok(Some(FileId::of(&file.metadata()?))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the others' rights to a database away, and to what SQLite keeps beside it.
///
/// By name alone: closing a file, by whatever handle, drops all locks that this process holds on
/// it, and SQLite's with them (sqlite.org/howtocorrupt.html, 2.2). The next reader would then
/// believe that it is alone, and rebuild the shared memory under the writer's feet.
pub fn make_private(path: &Path) -> io::Result<()> {
    for path in ["", "-wal", "-shm"].map(|suffix| beside(path, suffix)) {
        match path.metadata() {
            Ok(found) if is_open_to_others(&found) => {
                std::fs::set_permissions(&path, Permissions::from_mode(PRIVATE))?;
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Removes a database, and what SQLite keeps beside it, if the path still leads to the file that was
/// made: somebody may have put another one there.
pub fn remove_database(path: &Path, made: FileId) -> io::Result<()> {
    for suffix in ["-wal", "-shm", ""] {
        if !made.is_at(path)? {
            return Ok(());
        }
        match std::fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The path of a file that lies beside another and has its name and a suffix.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The one path of a file, whatever links lead to it, also when it is not there yet: two names of
/// one table must meet at one lock.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match path.canonicalize() {
            Ok(path) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let Some(name) = path.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"));
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.canonicalize()?,
            _ => Path::new(".").canonicalize()?,
        };
        let file = folder.join(name);
        // A link to what is not there yet: the file will be made where it points to.
        match file.read_link() {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(file),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many links"))
}

/// Whether the disk that holds `path` has no room left.
pub fn is_disk_full(path: &Path) -> bool {
    const ROOM: u64 = 1 << 20;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    rustix::fs::statvfs(folder.unwrap_or(Path::new(".")))
        .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM)
}

/// What is written to a path: a file that only its owner can read, which takes the place of the one that is
/// there only when the whole is written and [`Replacement::finish`] is called. What is there and is no file
/// (a device, a named pipe, a socket) is never replaced, but written to as it is.
pub struct Replacement {
    file: File,
    /// Where the file lies until it is whole, and where it goes then; none where it is written to as it is.
    places: Option<(PathBuf, PathBuf)>,
}

impl Replacement {
    /// Begins what takes the place of `target`. A link is followed: what it points to is written or made.
    pub fn create(target: &Path) -> io::Result<Self> {
        if let Some(file) = open_as_it_is(target)? {
            return Ok(Self { file, places: None });
        }
        let target = canonical(target)?;
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or(target.as_os_str()));
        // Nobody can have laid a link of this name there, and none is followed.
        name.push(format!(".{:016x}.tmp", fastrand::u64(..)));
        let temporary = target.with_file_name(name);
        let file = create_new(&temporary)?;
        Ok(Self { file, places: Some((temporary, target)) })
    }

    /// Begins what is written to `target` only where no file is yet: an error of the kind `AlreadyExists`
    /// where one is. It does not wait for [`Replacement::finish`].
    pub fn create_where_none_is(target: &Path) -> io::Result<Self> {
        let file = match open_as_it_is(target)? {
            Some(file) => file,
            None => create_new(&canonical(target)?)?,
        };
        Ok(Self { file, places: None })
    }

    /// Puts it in its place.
    pub fn finish(mut self) -> io::Result<()> {
        if let Some((temporary, target)) = &self.places {
            self.file.sync_all()?;
            std::fs::rename(temporary, target)?;
            self.places = None;
        }
        Ok(())
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path)
}

/// Opens what is at a path and is no regular file; none where there is such a file, or nothing. A folder is
/// refused, and so is a disk: what is written to it would destroy what it holds.
fn open_as_it_is(path: &Path) -> io::Result<Option<File>> {
    let refuse = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    let kind = match path.metadata() {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if kind.is_file() {
        return Ok(None);
    }
    if kind.is_dir() {
        return refuse("a directory, not a file");
    }
    if kind.is_block_device() {
        return refuse("a disk, not a file");
    }
    OpenOptions::new().write(true).open(path).map(Some)
}

impl io::Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.places {
            // Nothing to be done about a failure to remove what nobody will look at.
            drop(std::fs::remove_file(temporary));
        }
    }
}

/// The name of the network file system that holds `folder`, if it is one: SQLite's WAL and file
/// locks do not hold there (sqlite.org/wal.html).
#[cfg(target_os = "linux")]
pub fn network_file_system(folder: &Path) -> Option<&'static str> {
    let found = rustix::fs::statfs(folder).ok()?;
    #[expect(clippy::cast_sign_loss, reason = "a magic number")]
    network_name(found.f_type as u64)
}

#[cfg(target_os = "linux")]
fn network_name(magic: u64) -> Option<&'static str> {
    // From linux/magic.h.
    const NETWORK: [(u64, &str); 7] = [
        (0x6969, "NFS"),
        (0x517B, "SMB"),
        (0xFF53_4D42, "CIFS"),
        (0xFE53_4D42, "SMB2"),
        (0x0102_1997, "9p"),
        (0x00C3_6400, "Ceph"),
        (0x5346_414F, "AFS"),
    ];
    // 32 bits wide, and with a sign on some systems.
    let magic = magic & 0xFFFF_FFFF;
    NETWORK.iter().find(|(number, _)| *number == magic).map(|(_, name)| *name)
}

/// Not told on this system.
#[cfg(not(target_os = "linux"))]
pub fn network_file_system(_folder: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn with_mode(path: &Path, mode: u32) {
        std::fs::write(path, "old").unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_the_others_rights_are_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for (before, after) in [(0o644, 0o600), (0o606, 0o600), (0o400, 0o400), (0o700, 0o700)] {
            with_mode(&path, 0o600);
            with_mode(&path, before);
            make_private(&path).unwrap();
            assert_eq!(mode(&path), after, "{before:o}");
            if before != 0o400 {
                with_mode(&path, before);
                drop(open_private(&path).unwrap());
                assert_eq!(mode(&path), after, "{before:o}");
            }
            std::fs::remove_file(&path).unwrap();
        }
        make_private(&path).unwrap();
        drop(open_private(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
        assert!(make_private(&path.join("below-a-file")).is_err());
    }

    #[test]
    fn a_database_is_made_only_where_none_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let made = create_private(&path).unwrap().expect("made");
        assert!(made.is_at(&path).unwrap());
        assert_eq!((mode(&path), path.metadata().unwrap().len()), (0o600, 0));
        with_mode(&path, 0o640);
        assert_eq!(create_private(&path).unwrap(), None);
        assert_eq!((mode(&path), std::fs::read(&path).unwrap().len()), (0o640, 3));
        assert!(create_private(&folder.path().join("no/such/db")).is_err());
    }

    #[test]
    fn only_the_database_that_was_made_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let all = ["", "-wal", "-shm"].map(|suffix| beside(&path, suffix));
        let made = create_private(&path).unwrap().expect("made");
        // Moved away, so that its number is not given to the next file.
        std::fs::rename(&path, folder.path().join("moved")).unwrap();
        for path in &all {
            std::fs::write(path, "another").unwrap();
        }
        remove_database(&path, made).unwrap();
        assert!(all.iter().all(|path| std::fs::read(path).unwrap() == b"another"));
        std::fs::rename(folder.path().join("moved"), &path).unwrap();
        remove_database(&path, made).unwrap();
        assert!(!all.iter().any(|path| path.exists()));
        remove_database(&path, made).unwrap();
    }

    #[test]
    fn what_is_replaced_is_there_until_the_whole_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        with_mode(&path, 0o644);
        let mut given_up = Replacement::create(&path).unwrap();
        given_up.write_all(b"half").unwrap();
        drop(given_up);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let mut file = Replacement::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        file.finish().unwrap();
        assert_eq!((std::fs::read(&path).unwrap().as_slice(), mode(&path)), (&b"whole"[..], 0o600));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    fn pipe(path: &Path) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    }

    fn write_to(path: &Path, text: &'static str) -> io::Result<()> {
        let mut file = Replacement::create(path)?;
        file.write_all(text.as_bytes())?;
        file.finish()
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_a_pipe_also_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("pipe"), folder.path().join("link"));
        pipe(&path);
        let before = path.metadata().unwrap();
        std::os::unix::fs::symlink("pipe", &link).unwrap();
        for to in [&path, &link] {
            let from = path.clone();
            let reader = std::thread::spawn(move || std::fs::read_to_string(from).unwrap());
            write_to(to, "whole").unwrap();
            assert_eq!(reader.join().unwrap(), "whole");
        }
        make_private(&path).unwrap();
        let after = path.metadata().unwrap();
        assert!(after.file_type().is_fifo());
        assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn a_link_stays_and_what_it_points_to_is_replaced_or_made() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let (link, second) = (folder.path().join("link"), folder.path().join("second"));
        std::os::unix::fs::symlink("inner/file", &link).unwrap();
        std::os::unix::fs::symlink("link", &second).unwrap();
        let file = inner.join("file");
        for text in ["made", "replaced"] {
            write_to(&second, text).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
            assert_eq!(mode(&file), 0o600);
            with_mode(&file, 0o644);
        }
        assert!([&link, &second].iter().all(|one| one.symlink_metadata().unwrap().is_symlink()));
        assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 1, "nothing is left behind");
        let taken = Replacement::create_where_none_is(&link).err().map(|error| error.kind());
        assert_eq!(taken, Some(io::ErrorKind::AlreadyExists));
        std::fs::remove_file(&file).unwrap();
        Replacement::create_where_none_is(&link).unwrap().write_all(b"new").unwrap();
        assert_eq!((std::fs::read(&file).unwrap().as_slice(), mode(&file)), (&b"new"[..], 0o600));
    }

    #[test]
    fn a_directory_and_a_socket_are_left_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, link) = (folder.path().join("inner"), folder.path().join("link"));
        std::fs::create_dir(&inner).unwrap();
        std::os::unix::fs::symlink("inner", &link).unwrap();
        for path in [&inner, &link] {
            let refused = write_to(path, "").unwrap_err();
            assert_eq!(refused.to_string(), "a directory, not a file");
        }
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(write_to(&socket, "").is_err(), "nobody can open one");
        assert!(socket.metadata().unwrap().file_type().is_socket());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left behind");
    }

    #[test]
    fn a_path_below_a_file_or_in_a_ring_of_links_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "").unwrap();
        assert_eq!(canonical(&path.join("x")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        std::os::unix::fs::symlink(&a, &b).unwrap();
        std::os::unix::fs::symlink(&b, &a).unwrap();
        assert!(canonical(&a).is_err());
    }

    #[test]
    fn a_name_alone_is_a_file_of_this_folder() {
        let here = Path::new(".").canonicalize().unwrap();
        assert_eq!(canonical(Path::new("no-such-file")).unwrap(), here.join("no-such-file"));
    }

    /// The numbers are those of statfs(2).
    #[cfg(target_os = "linux")]
    #[test]
    fn network_file_systems_are_known_with_and_without_a_sign() {
        let names = [0x6969, 0xFF53_4D42, 0xFFFF_FFFF_FF53_4D42, 0xEF53].map(network_name);
        assert_eq!(names, [Some("NFS"), Some("CIFS"), Some("CIFS"), None], "the last is ext4");
    }

    #[test]
    fn this_disk_has_room_and_is_local() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_disk_full(&folder.path().join("f")));
        assert!(!is_disk_full(Path::new("f")));
        #[cfg(target_os = "linux")]
        assert!(is_disk_full(Path::new("/proc/f")), "nothing is ever free there");
        assert_eq!(network_file_system(folder.path()), None);
    }
}
