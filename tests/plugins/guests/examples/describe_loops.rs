//! Never says who it is.

struct Guest;
guests::export_factor!(Guest with_types_in guests);
guests::plain_factor!(Guest, "describe-loops", || loop {
    std::hint::black_box(());
});
