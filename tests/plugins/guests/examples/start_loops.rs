//! Never begins: it loops while its instance is made.

struct Guest;
guests::export_factor!(Guest with_types_in guests);
guests::plain_factor!(Guest, "start-loops", || ());

/// Called by the module's own initialisation, before any export.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = {
    extern "C" fn start() {
        loop {
            std::hint::black_box(());
        }
    }
    start
};
