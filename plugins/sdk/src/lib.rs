//! What the author of a Keyholder plugin depends on.
//!
//! Owns the bindings of the contract (`plugins/wit`) for Rust, small conveniences over them, and, behind the feature `testing`, fakes
//! of what the host lends, so that a plugin is tested on its author's machine without WebAssembly. Does not own the contract, nor
//! anything that the host decides: what a plugin must and must not do stands in the WIT and in the guide (`docs/plugins/guide.md`).
//!
//! A factor enables the feature `factor`, implements [`factor::Factor`] and says [`export_factor!`]; a policy does the same with
//! `policy`, [`policy::Policy`] and [`export_policy!`]. One crate is one plugin.

mod bindings;
#[cfg(feature = "factor")]
pub mod factor;
pub mod host;
#[cfg(feature = "policy")]
pub mod policy;
#[cfg(feature = "seeds")]
pub mod seeds;
#[cfg(feature = "testing")]
pub mod testing;

pub use subtle;

/// Compares without telling by its duration where the two differ. Lengths are not secret.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    left.ct_eq(right).into()
}

// What the macros expand to. Not for authors.
#[doc(hidden)]
pub mod private {
    #[cfg(feature = "factor")]
    pub use crate::bindings::factor as factor_bindings;
    #[cfg(feature = "policy")]
    pub use crate::bindings::policy as policy_bindings;
    #[cfg(feature = "seeds")]
    pub use crate::bindings::seeds as seeds_bindings;
}
