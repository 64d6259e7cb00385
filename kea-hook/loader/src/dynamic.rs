//! What the dynamic linker knows of this process, and how it opens a build.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

/// A build of offhook, open for the rest of the process.
#[derive(Debug)]
pub(crate) struct Opened {
    load: unsafe extern "C-unwind" fn(*mut c_void) -> c_int,
    unload: unsafe extern "C-unwind" fn() -> c_int,
    check_only: unsafe extern "C-unwind" fn(c_int),
}

impl Opened {
    /// Hands Kea's `load` on.
    ///
    /// # Safety
    /// `library` is the `LibraryHandle&` that Kea calls `load` with.
    pub(crate) unsafe fn load(&self, library: *mut c_void, check_only: bool) -> c_int {
        // SAFETY: by `open` this is the build's function of that name and type, in a library that is
        // never closed.
        unsafe { (self.check_only)(c_int::from(check_only)) };
        // SAFETY: likewise; the handle is passed on as Kea gave it.
        unsafe { (self.load)(library) }
    }

    /// Hands Kea's `unload` on.
    pub(crate) fn unload(&self) -> c_int {
        // SAFETY: as in `load`; a build takes an `unload` without a `load`.
        unsafe { (self.unload)() }
    }
}

/// Keeps this library in the process when Kea closes it, as the build that it opens does.
pub(crate) fn stay() {
    let Some(name) = own_file().and_then(|file| CString::new(file.as_os_str().as_bytes()).ok())
    else {
        return;
    };
    let flags = libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
    // SAFETY: the name is a C string, and no library is loaded by this. The handle is not needed.
    unsafe { libc::dlopen(name.as_ptr(), flags) };
}

/// Opens a build; it stays open. The error is the dynamic linker's own text, a missing symbol for
/// instance.
pub(crate) fn open(path: &Path) -> Result<Opened, String> {
    let name = CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: the name is a C string. The file has been judged to be a whole build of offhook, whose
    // initialisers only register names of log messages.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        return Err(last_error());
    }
    let symbol = |name: &CStr| {
        // SAFETY: the handle is open, the name is a C string.
        let found = unsafe { libc::dlsym(handle, name.as_ptr()) };
        if found.is_null() { Err(last_error()) } else { Ok(found) }
    };
    let symbols = || Ok((symbol(c"load")?, symbol(c"unload")?, symbol(c"offhook_check_only")?));
    match symbols() {
        // SAFETY: a build exports functions of these names with these types
        // (kea-hook/src/ffi/entry.rs), and a file without its label is not opened.
        Ok((load, unload, check_only)) => unsafe {
            Ok(Opened {
                load: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C-unwind" fn(*mut c_void) -> c_int,
                >(load),
                unload: std::mem::transmute::<*mut c_void, unsafe extern "C-unwind" fn() -> c_int>(
                    unload,
                ),
                check_only: std::mem::transmute::<*mut c_void, unsafe extern "C-unwind" fn(c_int)>(
                    check_only,
                ),
            })
        },
        Err(error) => {
            // SAFETY: the handle is open, and nothing of the library is in use.
            unsafe { libc::dlclose(handle) };
            Err(error)
        }
    }
}

fn last_error() -> String {
    // SAFETY: returns null or a C string that stays until this thread's next call of that family.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "the dynamic linker gives no reason".to_owned();
    }
    // SAFETY: as above; it is copied at once.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// The object that an address belongs to.
fn object_at(address: *const c_void) -> Option<PathBuf> {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: any address may be requested; the structure is the caller's.
    let known = unsafe { libc::dladdr(address, info.as_mut_ptr()) };
    if known == 0 {
        return None;
    }
    // SAFETY: zeroed, which is a value of all its fields, and filled by dladdr.
    let info = unsafe { info.assume_init() };
    if info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the name of a mapped object, which this library's caller keeps mapped; copied at once.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

/// The file of this library, as Kea has named it.
pub(crate) fn own_file() -> Option<PathBuf> {
    let function: fn() -> Option<PathBuf> = own_file;
    object_at(function as *const c_void)
}

/// The file names of all objects in this process, `libkea-hooks.so.57` for instance.
pub(crate) fn mapped() -> Vec<String> {
    unsafe extern "C" fn note(
        info: *mut libc::dl_phdr_info,
        _: usize,
        names: *mut c_void,
    ) -> c_int {
        // SAFETY: the dynamic linker gives a filled structure, and the last argument is the vector that
        // `mapped` passes on; no other code has it meanwhile.
        let (info, names) = unsafe { (&*info, &mut *names.cast::<Vec<String>>()) };
        if !info.dlpi_name.is_null() {
            // SAFETY: the name of a mapped object, copied while the linker holds its lock.
            let path = unsafe { CStr::from_ptr(info.dlpi_name) }.to_string_lossy();
            names.push(path.rsplit('/').next().unwrap_or_default().to_owned());
        }
        0
    }
    let mut names: Vec<String> = Vec::new();
    // SAFETY: the callback takes the vector for what it is, and keeps no pointer.
    unsafe { libc::dl_iterate_phdr(Some(note), ptr::from_mut(&mut names).cast()) };
    names
}

/// More than `checkVersion` has in any release.
const LONGEST_FUNCTION: usize = 4096;

/// The machine code of a function of the program or of a library that it is linked to.
pub(crate) fn code_of(name: &CStr) -> Option<&'static [u8]> {
    struct Asked {
        address: usize,
        left: usize,
    }
    unsafe extern "C" fn measure(
        info: *mut libc::dl_phdr_info,
        _: usize,
        asked: *mut c_void,
    ) -> c_int {
        // SAFETY: as in `mapped`.
        let (info, asked) = unsafe { (&*info, &mut *asked.cast::<Asked>()) };
        for index in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: the linker's table of this object's program headers has that many entries.
            let segment = unsafe { &*info.dlpi_phdr.add(index) };
            let readable = segment.p_flags & (libc::PF_R | libc::PF_X) == libc::PF_R | libc::PF_X;
            if segment.p_type != libc::PT_LOAD || !readable {
                continue;
            }
            let begin = (info.dlpi_addr as usize).wrapping_add(segment.p_vaddr as usize);
            let inside = asked.address.wrapping_sub(begin);
            if inside < segment.p_memsz as usize {
                asked.left = segment.p_memsz as usize - inside;
                return 1;
            }
        }
        0
    }
    // SAFETY: the name is a C string.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if address.is_null() {
        return None;
    }
    let mut asked = Asked { address: address as usize, left: 0 };
    // SAFETY: as in `mapped`.
    unsafe { libc::dl_iterate_phdr(Some(measure), ptr::from_mut(&mut asked).cast()) };
    let length = asked.left.min(size_of_symbol(address).unwrap_or(LONGEST_FUNCTION));
    // SAFETY: that many bytes from there on belong to a readable segment with code, which is never
    // written to. Kea's own libraries stay mapped as long as the process lives.
    Some(unsafe { std::slice::from_raw_parts(address.cast::<u8>(), length) })
}

/// How long a function is by the symbol table; only the GNU C library records it.
#[cfg(target_env = "gnu")]
fn size_of_symbol(address: *mut c_void) -> Option<usize> {
    #[cfg(target_pointer_width = "64")]
    type Symbol = libc::Elf64_Sym;
    #[cfg(target_pointer_width = "32")]
    type Symbol = libc::Elf32_Sym;
    /// `RTLD_DL_SYMENT`, which the libc crate does not have.
    const SYMBOL_ENTRY: c_int = 1;
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    let mut symbol: *mut c_void = ptr::null_mut();
    // SAFETY: both are the caller's own.
    let known = unsafe { libc::dladdr1(address, info.as_mut_ptr(), &raw mut symbol, SYMBOL_ENTRY) };
    if known == 0 {
        return None;
    }
    // SAFETY: with this flag dladdr1 gives null or an entry of a mapped object's symbol table.
    let symbol = unsafe { symbol.cast::<Symbol>().as_ref() }?;
    usize::try_from(symbol.st_size).ok().filter(|size| *size > 0)
}

#[cfg(not(target_env = "gnu"))]
fn size_of_symbol(_: *mut c_void) -> Option<usize> {
    None
}

/// log4cplus counts levels so.
const ERROR: c_int = 40_000;

/// Writes a line by log4cplus, which Kea's log is made of. False: it is not in this process, or failed.
pub(crate) fn log4cplus_error(logger: &str, line: &str) -> bool {
    type Write = unsafe extern "C" fn(*const c_char, c_int, *const c_char) -> c_int;
    // SAFETY: the name is a C string.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"log4cplus_logger_log_str".as_ptr()) };
    if found.is_null() || !object_at(found).is_some_and(|file| is_log4cplus(&file)) {
        return false;
    }
    let (Ok(logger), Ok(line)) = (CString::new(logger), CString::new(line)) else { return false };
    // SAFETY: log4cplus exports this function with this type (log4cplus/clogger.h).
    let write = unsafe { std::mem::transmute::<*mut c_void, Write>(found) };
    // SAFETY: both texts outlive the call; log4cplus lets no exception out of its C functions.
    unsafe { write(logger.as_ptr(), ERROR, line.as_ptr()) == 0 }
}

/// Date and time as Kea's log has them, to the millisecond.
pub(crate) fn local_time() -> String {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seconds = libc::time_t::try_from(since.as_secs()).unwrap_or_default();
    let mut fields = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both are the caller's own; zeroed is a value of all fields, if localtime_r fills none.
    let fields = unsafe {
        libc::localtime_r(&raw const seconds, fields.as_mut_ptr());
        fields.assume_init()
    };
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
        fields.tm_year + 1900,
        fields.tm_mon + 1,
        fields.tm_mday,
        fields.tm_hour,
        fields.tm_min,
        fields.tm_sec,
        since.subsec_millis()
    )
}

/// Whether a library with this file name is log4cplus with texts of `char` (there is a variant with
/// `wchar_t`, whose file name says so).
fn is_log4cplus(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    name.is_some_and(|name| {
        name.starts_with("liblog4cplus-") || name.starts_with("liblog4cplus.so")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_objects_of_this_process() {
        let code = code_of(c"getpid").expect("the C library's code");
        assert!(!code.is_empty() && code.len() <= LONGEST_FUNCTION);
        assert_eq!(code_of(c"offhook_no_such_function"), None);
        assert!(mapped().iter().any(|name| name.starts_with("libc.so")), "{:?}", mapped());
        assert!(own_file().is_some());
    }

    #[test]
    fn what_cannot_be_opened_is_said() {
        let error = open(Path::new("/does/not/exist.so")).unwrap_err();
        assert!(error.contains("/does/not/exist.so"), "{error}");
        // A library that is none of offhook's.
        let error = open(Path::new("libc.so.6")).unwrap_err();
        assert!(error.contains("load"), "{error}");
    }

    #[test]
    fn a_time_has_kea_s_form() {
        let time = local_time();
        assert_eq!((time.len(), &time[4..5], &time[10..11], &time[19..20]), (23, "-", " ", "."));
    }

    #[test]
    fn only_the_variant_with_plain_characters_counts() {
        for (file, is) in [
            ("/usr/lib/liblog4cplus-2.0.so.3", true),
            ("/usr/lib/liblog4cplus.so.9", true),
            ("/usr/lib/liblog4cplusU-2.0.so.3", false),
            ("/usr/sbin/kea-dhcp4", false),
        ] {
            assert_eq!(is_log4cplus(Path::new(file)), is, "{file}");
        }
    }
}
