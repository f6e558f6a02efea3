//! Calls the host from the function with which the host asks for room: host, guest, host, guest.

struct Guest;
guests::export_factor!(Guest with_types_in guests);
guests::plain_factor!(Guest, "realloc-recurses", || ());

/// In place of the one that comes with the bindings.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(_: *mut u8, _: usize, align: usize, size: usize) -> *mut u8 {
    // The host has to ask for room for these bytes, here.
    let bytes = guests::random::bytes(16);
    std::hint::black_box(&bytes);
    // SAFETY: nothing that was allocated before is handed in by this host.
    unsafe { std::alloc::alloc(std::alloc::Layout::from_size_align_unchecked(size, align)) }
}
