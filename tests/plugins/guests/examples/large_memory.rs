//! Begins with more memory than a factor may have.

struct Guest;
guests::export_factor!(Guest with_types_in guests);

static mut LARGE: [u8; 20 << 20] = [0; 20 << 20];

guests::plain_factor!(Guest, "large-memory", || {
    // SAFETY: one thread. Read, so that it is not left out.
    let byte = unsafe { std::ptr::read_volatile((&raw const LARGE).cast::<u8>()) };
    std::hint::black_box(byte);
});
