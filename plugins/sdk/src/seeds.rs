//! The optional interface of factors whose keys come in a file. Beside [`crate::export_factor!`] such a plugin says
//! [`export_seeds!`].

pub use crate::bindings::seeds::exports::keyholder::factor::seed_import::{Guest as SeedImport, Imported};

/// Adds the import of keys: `export_seeds!(KeyboardKey);`, once, beside `export_factor!`.
#[macro_export]
macro_rules! export_seeds {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the exports that the contract asks for")]
        const _: () = {
            use $crate::private::seeds_bindings::export_seeds_world;
    export_seeds_world!($plugin with_types_in $crate::private::seeds_bindings);
        };
    };
}
