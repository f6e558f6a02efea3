//! The rules, one test or more each. Files are named after the specification or the attack.

mod core_3_1_2;
mod core_5_5_claims;
mod id_token_hint_attacks;
mod rfc6749_untrusted_requests;
mod rfc7636_pkce;
