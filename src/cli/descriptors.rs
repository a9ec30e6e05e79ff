//! File descriptors, one a connection: as many as this process may have.

/// Raises the soft limit to the hard one: a shell's 1,024 are kept low for programs that use
/// select(2), which this is not. Gives back what is had now; `None` when the system does not say.
pub fn raise() -> Option<u64> {
    rlimit::increase_nofile_limit(u64::MAX).ok()
}
