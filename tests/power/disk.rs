//! A disk in memory that can lose its power, be full, and fail, as a file layer of SQLite.
//!
//! Every file has a durable image and a list of operations that are not synced yet. Names are
//! durable once their file is synced; a name that was removed without a sync of its folder may
//! come back.

use rusqlite::ffi;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::{Arc, Mutex, MutexGuard};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What becomes of operations that were not synced when the power goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// All of them are lost.
    All,
    /// The first ones of each file are there, the last of those torn at a sector.
    Prefix,
    /// Any sectors of any of them are there.
    Any,
}

/// What the disk does wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The power goes before the n-th change.
    Power { after: u64, loss: Loss },
    /// From the n-th change on nothing can be changed, with this code.
    Refuse { after: u64, code: c_int },
    /// The n-th change alone fails, with this code.
    Once { after: u64, code: c_int },
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                if image.len() < at + bytes.len() {
                    image.resize(at + bytes.len(), 0);
                }
                image[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::Truncate(size) => image.resize(*size, 0),
        }
    }

    /// The parts that a disk writes one by one.
    fn sectors(&self) -> Vec<Self> {
        let Self::Write { at, bytes } = self else { return vec![self.clone()] };
        let mut parts = Vec::new();
        let mut from = 0;
        while from < bytes.len() {
            let to = bytes.len().min((at + from) / SECTOR * SECTOR + SECTOR - at);
            parts.push(Self::Write { at: at + from, bytes: bytes[from..to].to_vec() });
            from = to;
        }
        parts
    }
}

#[derive(Default)]
struct Inode {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    fault: Option<Fault>,
    changes: u64,
    /// Handles of an earlier life read and write nothing.
    life: u64,
    dead: bool,
    rng: fastrand::Rng,
}

impl State {
    /// Counts a change, and refuses it where the fault says so.
    fn change(&mut self) -> Result<(), c_int> {
        if self.dead {
            return Err(ffi::SQLITE_IOERR);
        }
        self.changes += 1;
        match self.fault {
            Some(Fault::Power { after, loss }) if self.changes > after => {
                self.lose_power(loss);
                Err(ffi::SQLITE_IOERR)
            }
            Some(Fault::Refuse { after, code }) if self.changes > after => Err(code),
            Some(Fault::Once { after, code }) if self.changes == after + 1 => Err(code),
            _ => Ok(()),
        }
    }

    fn lose_power(&mut self, loss: Loss) {
        self.dead = true;
        let rng = &mut self.rng;
        for inode in &mut self.inodes {
            let parts: Vec<Change> = inode.unsynced.iter().flat_map(Change::sectors).collect();
            let upto = match loss {
                Loss::All => 0,
                Loss::Prefix => rng.usize(0..=parts.len()),
                Loss::Any => parts.len(),
            };
            for part in &parts[..upto] {
                if matches!(loss, Loss::Prefix) || rng.bool() {
                    part.apply(&mut inode.durable);
                }
            }
            inode.unsynced.clear();
            inode.now = inode.durable.clone();
        }
        let both: BTreeSet<String> =
            self.names.keys().chain(self.durable_names.keys()).cloned().collect();
        for name in both {
            let (now, durable) = (self.names.get(&name), self.durable_names.get(&name));
            let lost = match loss {
                Loss::All => true,
                Loss::Prefix | Loss::Any => rng.bool(),
            };
            if now != durable && lost {
                match durable.copied() {
                    Some(inode) => self.names.insert(name, inode),
                    None => self.names.remove(&name),
                };
            }
        }
        self.durable_names = self.names.clone();
    }
}

type Shared = Arc<Mutex<State>>;

/// The disk. Dropping it removes its file layer, so tables must be closed before.
pub(crate) struct Disk {
    state: Shared,
    vfs: *mut ffi::sqlite3_vfs,
    name: &'static str,
}

// The file layer is only registered and removed here; the state is behind a mutex.
unsafe impl Send for Disk {}

impl Disk {
    /// An empty disk whose accidents follow from the seed.
    pub(crate) fn new(seed: u64) -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let state: Shared = Arc::new(Mutex::new(State {
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            fault: None,
            changes: 0,
            life: 0,
            dead: false,
            rng: fastrand::Rng::with_seed(seed),
        }));
        // SQLite keeps a pointer to the name, the options take it for ever: a few bytes a test.
        let name: &'static str = Box::leak(format!("disk-{n}").into_boxed_str());
        let c_name = CString::new(name).unwrap();
        let vfs = Box::into_raw(Box::new(ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: c_int::try_from(size_of::<File>()).unwrap(),
            mxPathname: 512,
            pNext: std::ptr::null_mut(),
            zName: c_name.into_raw(),
            pAppData: Arc::into_raw(state.clone()).cast_mut().cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        assert_eq!(unsafe { ffi::sqlite3_vfs_register(vfs, 0) }, ffi::SQLITE_OK);
        Self { state, vfs, name }
    }

    /// The name of the file layer.
    pub(crate) fn vfs(&self) -> &'static str {
        self.name
    }

    /// What goes wrong from now on; changes are counted anew.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state.lock().unwrap();
        state.fault = fault;
        state.changes = 0;
    }

    /// How many changes there were since the fault was set.
    pub(crate) fn changes(&self) -> u64 {
        self.state.lock().unwrap().changes
    }

    /// Whether the power is gone.
    pub(crate) fn is_dead(&self) -> bool {
        self.state.lock().unwrap().dead
    }

    /// The power is back.
    pub(crate) fn power_on(&self) {
        let mut state = self.state.lock().unwrap();
        state.dead = false;
        state.life += 1;
        state.fault = None;
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unsafe {
            ffi::sqlite3_vfs_unregister(self.vfs);
            let vfs = Box::from_raw(self.vfs);
            drop(CString::from_raw(vfs.zName.cast_mut()));
            drop(Arc::from_raw(vfs.pAppData.cast::<Mutex<State>>()));
        }
    }
}

/// An open file, as SQLite allocates it.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

struct Handle {
    state: Shared,
    inode: usize,
    name: Option<String>,
    life: u64,
    /// SQLite's own layer syncs the folder with the first sync of a new journal or WAL.
    syncs_folder: bool,
}

impl Handle {
    /// The state, unless the power went since the file was opened.
    fn state(&self) -> Result<MutexGuard<'_, State>, c_int> {
        let state = self.state.lock().unwrap();
        if state.dead || state.life != self.life { Err(ffi::SQLITE_IOERR) } else { Ok(state) }
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

fn code(result: Result<(), c_int>) -> c_int {
    result.err().unwrap_or(ffi::SQLITE_OK)
}

unsafe fn shared<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a Mutex<State> {
    unsafe { &*(*vfs).pAppData.cast::<Mutex<State>>() }
}

unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a Handle {
    unsafe { &*(*file.cast::<File>()).handle }
}

unsafe fn text(name: *const c_char) -> String {
    unsafe { CStr::from_ptr(name) }.to_str().unwrap().to_owned()
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        (*file).pMethods = std::ptr::null();
        let name = (!name.is_null()).then(|| text(name));
        let shared_state = (*vfs).pAppData.cast::<Mutex<State>>().cast_const();
        Arc::increment_strong_count(shared_state);
        let shared_state: Shared = Arc::from_raw(shared_state);
        let mut state = shared_state.lock().unwrap();
        if state.dead {
            return ffi::SQLITE_IOERR;
        }
        let known = name.as_ref().and_then(|name| state.names.get(name).copied());
        let inode = match known {
            Some(inode) => inode,
            None if flags & ffi::SQLITE_OPEN_CREATE == 0 => return ffi::SQLITE_CANTOPEN,
            None => {
                if name.is_some()
                    && let Err(code) = state.change()
                {
                    return code;
                }
                state.inodes.push(Inode::default());
                let inode = state.inodes.len() - 1;
                if let Some(name) = &name {
                    state.names.insert(name.clone(), inode);
                }
                inode
            }
        };
        let life = state.life;
        drop(state);
        let syncs_folder = flags & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL) != 0;
        let handle = Box::new(Handle { state: shared_state, inode, name, life, syncs_folder });
        (*file.cast::<File>()).handle = Box::into_raw(handle);
        (*file).pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let (mut state, name) = unsafe { (shared(vfs).lock().unwrap(), text(name)) };
    if !state.names.contains_key(&name) {
        return if state.dead { ffi::SQLITE_IOERR } else { ffi::SQLITE_IOERR_DELETE_NOENT };
    }
    if let Err(code) = state.change() {
        return code;
    }
    state.names.remove(&name);
    if sync_folder != 0 {
        state.durable_names.remove(&name);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    unsafe {
        let state = shared(vfs).lock().unwrap();
        *out = c_int::from(state.names.contains_key(&text(name)));
        if state.dead { ffi::SQLITE_IOERR_ACCESS } else { ffi::SQLITE_OK }
    }
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    n: c_int,
    out: *mut c_char,
) -> c_int {
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > usize::try_from(n).unwrap_or(0) {
            return ffi::SQLITE_CANTOPEN;
        }
        std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(vfs: *mut ffi::sqlite3_vfs, n: c_int, out: *mut c_char) -> c_int {
    unsafe {
        let out = std::slice::from_raw_parts_mut(out.cast::<u8>(), usize::try_from(n).unwrap());
        shared(vfs).lock().unwrap().rng.fill(out);
    }
    n
}

unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    unsafe { *out = 2_461_000.5 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn last_error(
    _vfs: *mut ffi::sqlite3_vfs,
    _n: c_int,
    _out: *mut c_char,
) -> c_int {
    0
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    unsafe {
        drop(Box::from_raw((*file.cast::<File>()).handle));
        (*file).pMethods = std::ptr::null();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    out: *mut c_void,
    n: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let handle = unsafe { handle(file) };
    let (n, at) = (usize::try_from(n).unwrap(), usize::try_from(at).unwrap());
    let out = unsafe { std::slice::from_raw_parts_mut(out.cast::<u8>(), n) };
    let state = match handle.state() {
        Ok(state) => state,
        Err(code) => return code,
    };
    let image = &state.inodes[handle.inode].now;
    let have = image.len().saturating_sub(at).min(n);
    if have > 0 {
        out[..have].copy_from_slice(&image[at..at + have]);
    }
    out[have..].fill(0);
    if have == n { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

fn apply(handle: &Handle, change: Change) -> c_int {
    code(handle.state().and_then(|mut state| {
        // Temporary files are no part of the story.
        if handle.name.is_some() {
            state.change()?;
        }
        let inode = &mut state.inodes[handle.inode];
        change.apply(&mut inode.now);
        inode.unsynced.push(change);
        Ok(())
    }))
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    n: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let bytes =
        unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), usize::try_from(n).unwrap()) };
    let change = Change::Write { at: usize::try_from(at).unwrap(), bytes: bytes.to_vec() };
    apply(unsafe { handle(file) }, change)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    apply(unsafe { handle(file) }, Change::Truncate(usize::try_from(size).unwrap()))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    let handle = unsafe { handle(file) };
    code(handle.state().and_then(|mut state| {
        state.change()?;
        let inode = &mut state.inodes[handle.inode];
        let unsynced = std::mem::take(&mut inode.unsynced);
        for change in unsynced {
            change.apply(&mut inode.durable);
        }
        if let Some(name) = &handle.name
            && state.names.get(name) == Some(&handle.inode)
            && state.durable_names.get(name) != Some(&handle.inode)
        {
            if handle.syncs_folder {
                state.durable_names = state.names.clone();
            } else {
                state.durable_names.insert(name.clone(), handle.inode);
            }
        }
        Ok(())
    }))
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    out: *mut ffi::sqlite3_int64,
) -> c_int {
    let handle = unsafe { handle(file) };
    code(handle.state().map(|state| {
        let size = state.inodes[handle.inode].now.len();
        unsafe { *out = i64::try_from(size).unwrap() };
    }))
}

unsafe extern "C" fn lock(_file: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(
    _file: *mut ffi::sqlite3_file,
    _op: c_int,
    _arg: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// As SQLite takes disks to be unless it is told otherwise.
unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}
